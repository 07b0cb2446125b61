// Formulas as trees, in the grammar of the table's own parser: numbers, names, + - * / **, rows and lists of operands, and
// where(a < 1, a, b) with comparisons, which `and or not & | ~` combine: their trees have `tests`.
// A tree is { number }, { name }, { list: trees } or { call: name of a row, args: trees }. Where it is said which `names`
// have a meaning, a * may be left out before them.
const DEEPEST = 200;
const COMPARISONS = { "<": "less", "<=": "less_equal", ">": "less", ">=": "less_equal" };
const trees = new Map(); // of the table's own formulas

function tableFormula(text) {
  if (!trees.has(text)) trees.set(text, parse(text));
  return trees.get(text);
}

function parse(text, offset = 0, names = null) {
  const line = tokens(text, offset, names);
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
      else if (names && operand === signed && isBeside()) tree = { call: "mul", args: [tree, raised()], at: tree.at };
      else return tree;
    }
  }
  const sum = () => left({ "+": "add", "-": "sub" }, product),
    product = () => left({ "*": "mul", "/": "div" }, signed);

  // The precedence is Python's, and what stands first is joined last: a and (b and c).
  const whole = () => joined("or", "maximum", () => joined("and", "minimum", negated));
  const bits = () => combined("|", "maximum", () => combined("&", "minimum", sum));

  function joined(word, call, part) {
    const parts = [part()];
    while (is(word)) parts.push(test(parts.pop(), take().token), part());
    if (parts.length > 1) test(parts.at(-1), word);
    return nested(call, parts);
  }

  const nested = (call, parts) =>
    parts.reduceRight((rest, first) => ({ call, args: [first, rest], at: first.at, tests: true }));

  function combined(sign, call, part) {
    let tree = part();
    while (is(sign)) {
      test(tree, take().token);
      tree = { call, args: [tree, test(part(), sign)], at: tree.at, tests: true };
    }
    return tree;
  }

  function negated() {
    return is("not") ? opposite(negated) : compared();
  }

  function opposite(part) {
    const { token, at } = take();
    return { call: "sub", args: [{ number: 1 }, test(deeper(part), token)], at, tests: true };
  }

  function compared() {
    const parts = [];
    let left = bits();
    while (here().kind === "sign" && here().token in COMPARISONS) {
      const { token } = take(),
        right = bits();
      parts.push({
        call: COMPARISONS[token],
        args: token[0] === ">" ? [right, left] : [left, right],
        at: left.at,
        tests: true,
        bare: token,
      });
      left = right;
    }
    return parts.length > 1 ? { ...nested("minimum", parts), bare: "<" } : (parts[0] ?? left);
  }

  function test(tree, sign) {
    return tree.tests ? tree : fail(`${sign} combines comparisons, as in (x > 0) ${sign} (y > 0)`, tree);
  }

  // Whether the next token is a factor without a sign; a number after a name or number is not.
  function isBeside() {
    const before = line[next - 1].kind;
    return here().kind === "name" || is("(") || (here().kind === "number" && before !== "number" && before !== "name");
  }

  function signed() {
    if (is("~")) return opposite(signed);
    if (!is("-")) return raised();
    const { at } = take();
    return deeper(() => ({ call: "neg", args: [signed()], at }));
  }

  function raised() {
    const base = atom(),
      power = exponent();
    return power ? { call: "pow", args: [base, power], at: base.at } : base;
  }

  function exponent() {
    if (here().kind === "raised") {
      const { token, at } = take(),
        power = exponent(),
        own = { number: Number(token), text: token, at };
      return power ? { call: "pow", args: [own, power], at } : own;
    }
    return is("**") && take() ? deeper(signed) : null;
  }

  function atom() {
    const token = take();
    if (token.kind === "number") return number(token);
    if (token.kind === "name") return named(token);
    if (token.kind === "sign" && token.token === "(") {
      const tree = deeper(whole);
      expect(")");
      return { ...tree, at: token.at };
    }
    if (token.kind === "sign" && token.token === "[") return bracketed(token);
    return fail(token.token ? `nothing may begin with ${token.token} here` : "the formula ends too early", token);
  }

  function named(token) {
    const { token: name, root, at } = token;
    if (names?.has(name) && !token.prime) return { name, at };
    if (is("(")) return called(token);
    if (root) return { call: "sqrt", args: [atom()], at, written: true };
    return names && CONSTANTS.has(name) ? { number: CONSTANTS.get(name), at } : { name, at };
  }

  // A list, or a bare comparison such as [a > b], which is 1 if it holds, else 0.
  function bracketed({ at }) {
    const list = listed("]"),
      [only] = list;
    if (list.length !== 1 || !only.bare) return { list, at };
    return only.bare === ">" ? { call: "above", args: only.args.toReversed(), at, written: true } : { ...only, at };
  }

  function number({ token, at }) {
    const value = Number(token);
    if (/^0\d*[1-9]/.test(token) && !/[.e]/i.test(token)) fail("a number does not begin with 0", { at });
    if (value === Infinity && !/[.eE]/.test(token)) fail("that number is too large", { at });
    return { number: value, text: token, at };
  }

  function called({ token, prime, at }) {
    take();
    const args = listed(")"),
      call = FUNCTIONS.get(token) ?? token;
    if (call === "where") {
      if (args.length === 3 && args[0].tests) return { call: "select", args, at, written: true };
      fail("where is written where(condition, a, b), with a comparison such as x > 0 as the condition", { at });
    }
    if (!Object.hasOwn(rows, call)) fail(`there is no function ${call}${nearest(call)}`, { at });
    const { operands } = rows[call];
    if (args.length !== operands.length) fail(usage(call), { at });
    if (prime && operands.join() !== "a") fail(`${token}' is neither a name nor a function of the table`, { at });
    return { call, args, at, written: true, ...(prime && { prime }) };
  }

  function listed(end) {
    const items = [];
    while (!is(end)) {
      items.push(deeper(whole));
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

  const tree = whole();
  if (here().kind !== "end") fail(`a formula is written as in Python: ${here().token} has no operator before it`);
  return tree;
}

function nearest(name) {
  const [close] = Object.keys(rows)
    .map(row => [distance(name, row), row])
    .sort(([a], [b]) => a - b);
  return close[0] <= 2 ? `: ${close[1]} is one` : "";
}

// The edit distance of two words.
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

// A tree over an algebra: `apply(name, ...arguments)` does one row; scalars are repeated beside lists.
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

const usage = call =>
  `${call} is written ${call}(${rows[call].operands.map(name => (name > "Z" ? name : `[${name}, …]`)).join(", ")})`;

function elementwise({ call, at }, args, apply) {
  const lists = args.filter(Array.isArray),
    variadic = isVariadic(call);
  const fits = variadic
    ? rows[call].operands.every((name, i) => name < "a" === Array.isArray(args[i]))
    : lists.every(list => list.length === lists[0].length);
  if (!fits) throw new FormulaError(`${usage(call)}, with lists of one length`, at);
  if (variadic || !lists.length) return apply(call, ...args);
  return lists[0].map((_, i) => apply(call, ...args.map(arg => (Array.isArray(arg) ? arg[i] : arg))));
}
