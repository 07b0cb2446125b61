// Formulas as text, in the grammar of the table's own parser: numbers, names, + - * / **, rows and lists of operands.
// Nothing is executed. A tree is { number }, { name }, { list: trees } or { call: name of a row, args: trees }.
// A learner may also leave out a *, and write labels as they are, σ'(z) and [z > 0]: `labels` are theirs.
class FormulaError extends Error {
  constructor(message, at) {
    super(message);
    this.at = at;
  }
}

const RESPELLED = { "·": "*", "×": "*", "−": "-", "^": "**", "²": "**2", "³": "**3", σ: "sigmoid" };
const KEYWORDS = new Set(
  `False None True and as assert async await break class continue def del elif else except finally
  for from global if import in is lambda nonlocal not or pass raise return try while with yield`.split(/\s+/),
);
const TOKEN =
  /\s*(?:(?<number>(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][-+]?\d(?:_?\d)*)?)|(?<name>[\p{L}_][\p{L}\p{N}\p{M}_]*(?:['′](?=\s*\())?)|(?<sign>\*\*|[-+*/()[\],>]))/uy;
const DEEPEST = 200;

// What people write as formulas have it, and where each letter of it came from.
function respell(text) {
  const parts = [...text].map(letter => (RESPELLED[letter] ?? letter).normalize("NFKC"));
  const from = [];
  let at = 0;
  [...text].forEach((letter, i) => {
    for (let k = 0; k < parts[i].length; k++) from.push(at);
    at += letter.length;
  });
  return { text: parts.join(""), from: [...from, at] };
}

function tokens(text, from, labels) {
  const found = [],
    known = [...(labels ?? [])].sort((a, b) => b.length - a.length);
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim()) {
    const before = TOKEN.lastIndex,
      start = before + text.slice(before).search(/\S/),
      at = from[start];
    const label = known.find(
      name => text.startsWith(name, start) && !/^[\p{L}\p{N}_.]/u.test(text.slice(start + name.length)),
    );
    if (label) {
      found.push({ token: label, kind: "name", at });
      TOKEN.lastIndex = start + label.length;
      continue;
    }
    const match = TOKEN.exec(text);
    if (!match)
      throw new FormulaError(
        `a formula is made of numbers, names, + - * / ** and functions, not of ${[...text.slice(start)][0]}`,
        at,
      );
    const { number, name, sign } = match.groups,
      token = number ?? name ?? sign;
    if (KEYWORDS.has(name))
      throw new FormulaError(`${name} is a word of Python, which no name can be: take another, such as ${name[0]}`, at);
    if (number && (/^0[\d_]*[1-9]\d*$/.test(number) || (!labels && /[\p{L}_]/u.test(text[TOKEN.lastIndex] ?? ""))))
      throw new FormulaError(`${number} is no number, or a sign is missing after it`, at);
    found.push({ token, kind: number ? "number" : name ? "name" : "sign", at });
  }
  return [...found, { token: "", kind: "end", at: from[text.length] }];
}

const trees = new Map(); // of the table's own formulas

function tableFormula(text) {
  if (!trees.has(text)) trees.set(text, parse(text));
  return trees.get(text);
}

function parse(written, offset = 0, labels = null) {
  const { text, from } = respell(written),
    line = tokens(
      text,
      from.map(at => at + offset),
      labels,
    );
  let next = 0,
    depth = 0;
  const here = () => line[next],
    take = () => line[next++],
    is = token => here().kind === "sign" && here().token === token;
  const fail = (what, { at } = here()) => {
    throw new FormulaError(what, at);
  };
  const expect = token =>
    is(token)
      ? take()
      : fail(
          here().token ? `here stands ${here().token} in place of ${token}` : `the formula ends before its ${token}`,
        );

  function left(operators, operand) {
    let tree = operand();
    for (;;) {
      if (here().kind === "sign" && here().token in operators)
        tree = { call: operators[take().token], args: [tree, operand()], at: tree.at };
      else if (labels && operand === signed && beside()) tree = { call: "mul", args: [tree, raised()], at: tree.at };
      else return tree;
    }
  }
  const beside = () =>
    here().kind === "name" || (here().kind === "number" && line[next - 1].token === ")") || is("(") || is("[");
  const sum = () => left({ "+": "add", "-": "sub" }, product),
    product = () => left({ "*": "mul", "/": "div" }, signed);

  function signed() {
    if (!is("-")) return raised();
    const { at } = take();
    return deeper(() => ({ call: "neg", args: [signed()], at }));
  }

  function raised() {
    const base = atom();
    if (!is("**")) return base;
    take();
    return { call: "pow", args: [base, deeper(signed)], at: base.at };
  }

  function atom() {
    const token = take();
    if (token.kind === "number") return number(token);
    if (token.kind === "name")
      return is("(") && !labels?.has(token.token) ? called(token) : { name: token.token, at: token.at };
    if (token.token === "(" && token.kind === "sign") {
      const tree = deeper(sum);
      expect(")");
      return { ...tree, at: token.at };
    }
    if (token.token === "[" && labels) return iverson(token);
    if (token.token === "[" && token.kind === "sign") return { list: listed("]"), at: token.at };
    return fail(
      token.token
        ? `a formula is written as in Python: nothing may begin with ${token.token} here`
        : "the formula ends too early",
      token,
    );
  }

  function number({ token, at }) {
    const value = Number(token.replaceAll("_", ""));
    if (value === Infinity && !/[.eE]/.test(token)) fail("that number is too large", { at });
    return { number: value, text: token, at };
  }

  function iverson({ at }) {
    const args = [sum(), expect(">") && sum()];
    expect("]");
    return { call: "above", args, at };
  }

  function called({ token, at }) {
    take();
    const args = listed(")"),
      call = token.replace(/['′]$/, ""),
      prime = call !== token;
    if (!Object.hasOwn(rows, call)) fail(`there is no function ${call}${nearest(call)}`, { at });
    const { operands } = rows[call];
    if (args.length !== operands.length)
      fail(`${call} is written ${call}(${operands.map(name => (name > "Z" ? name : `[${name}, …]`)).join(", ")})`, {
        at,
      });
    if (prime && !(labels && operands.join() === "a"))
      fail(`${token} is no function: a derivative has no name here`, { at });
    return { call, args, at, written: true, ...(prime && { prime }) };
  }

  function listed(end) {
    const items = [];
    while (!is(end)) {
      items.push(deeper(sum));
      if (!is(end)) expect(",");
    }
    take();
    return items;
  }

  function deeper(inner) {
    if (++depth > DEEPEST)
      fail("the expression is nested too deeply: name its parts, as in a = sigmoid(w*x); (a - y)**2");
    const tree = inner();
    depth--;
    return tree;
  }

  const tree = sum();
  if (here().kind !== "end") fail(`a formula is written as in Python: ${here().token} has no sign before it`);
  return tree;
}

function nearest(name) {
  const [close] = Object.keys(rows)
    .map(row => [distance(name, row), row])
    .sort(([a], [b]) => a - b);
  return close[0] <= 2 ? `: ${close[1]} is one` : "";
}

// How many letters have to change to make one word of another.
function distance(a, b) {
  let row = [...b, ""].map((_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++)
      row[j] = Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] !== b[j - 1]));
  }
  return row[b.length];
}

// The names in a tree, in order.
const namesIn = tree => ("name" in tree ? [tree] : (tree.list ?? tree.args ?? []).flatMap(namesIn));

// A tree over an algebra: `apply(name, ...arguments)` does one row; what is no list is repeated beside one.
function evaluate(tree, scope, apply) {
  if ("number" in tree) return tree.number;
  if ("list" in tree) return tree.list.map(item => evaluate(item, scope, apply));
  if ("name" in tree) {
    if (!Object.hasOwn(scope, tree.name))
      throw new FormulaError(`${tree.name} has no meaning here: there are ${Object.keys(scope).join(", ")}`, tree.at);
    return scope[tree.name];
  }
  const args = tree.args.map(arg => evaluate(arg, scope, apply));
  if (tree.prime)
    return evaluate(tableFormula(rows[tree.call].partials[0]), { a: args[0], y: apply(tree.call, args[0]) }, apply);
  return elementwise(tree, args, apply);
}

function elementwise({ call, at }, args, apply) {
  const lists = args.filter(Array.isArray),
    variadic = rows[call].operands.some(name => name < "a");
  if (
    variadic
      ? rows[call].operands.some((name, i) => name < "a" !== Array.isArray(args[i]))
      : lists.some(list => list.length !== lists[0].length)
  ) {
    throw new FormulaError(
      `${call} is written ${call}(${rows[call].operands.map(name => (name > "Z" ? name : `[${name}, …]`)).join(", ")}), with lists of one length`,
      at,
    );
  }
  if (variadic || !lists.length) return apply(call, ...args);
  return lists[0].map((_, i) => apply(call, ...args.map(arg => (Array.isArray(arg) ? arg[i] : arg))));
}
