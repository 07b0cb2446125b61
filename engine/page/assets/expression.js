// An expression as a graph: "w = 0.8; a = sigmoid(w*x); (a - y)^2". A part that is a number is a leaf, as is every name
// that no part has, with its number among `numbers`, or 1.
const ASSIGNED = /^\s*([\p{L}_][\p{L}\p{N}\p{M}_]*)\s*=(?!=)/u;

function graphOf(text, numbers = {}) {
  const parts = written(text),
    plain = parts.filter(isPlain),
    builder = new Builder();
  for (const { name, tree } of plain) builder.leaf(name, plainNumber(tree));
  const made = computed(
    parts.filter(part => !isPlain(part)),
    new Set(plain.map(({ name }) => name)),
  );
  for (const name of leavesOf(made))
    if (!builder.scope[name]) builder.leaf(name, Object.hasOwn(numbers, name) ? numbers[name] : 1);
  for (const { name, tree } of made) builder.part(name, tree);
  return builder.graph();
}

// The parts as written. The * may be left out before any name that stands for a number, a part's or another.
function written(text) {
  const names = mentioned(text.replace(/[;=]/g, ","));
  return text.split(";").reduce(
    ({ found, at }, part) => {
      const name = ASSIGNED.exec(part),
        start = name?.[0].length ?? 0;
      if (part.trim())
        found.push({ name: name ? name[1].normalize("NFKC") : "", tree: parse(part.slice(start), at + start, names) });
      return { found, at: at + part.length + 1 };
    },
    { found: [], at: 0 },
  ).found;
}

// The computed parts, each with a name; a single one is split, so that operands of functions have names, too.
function computed(parts, plain) {
  const unnamed = parts.slice(0, -1).find(part => !part.name);
  if (unnamed)
    throw new FormulaError("only the last part may have no name: write a = before this one", unnamed.tree.at);
  const last = parts.at(-1),
    repeated = parts.find(({ name }) => plain.has(name));
  if (!last) throw new FormulaError("there is no expression, such as (sigmoid(w*x) - y)^2", 0);
  if (repeated) throw new FormulaError(`${repeated.name} has two meanings`, repeated.tree.at);
  const taken = new Set([...leavesOf(parts), ...plain, ...parts.map(({ name }) => name)]);
  if (!parts.some(({ tree }) => namesIn(tree).length))
    throw new FormulaError("there is no variable in it to differentiate by, such as w in w * 2", last.tree.at);
  const steps = parts.length === 1 ? named(last, taken) : parts;
  return steps.map(part => (part.name ? part : { ...part, name: ["C", "L", "output"].find(name => !taken.has(name)) }));
}

const isPlain = ({ name, tree }) => Boolean(name) && !namesIn(tree).length;

function plainNumber(tree) {
  const number = evaluate(tree, {}, (op, ...args) => f[op](...args));
  if (isNumber(number)) return number;
  throw new FormulaError("that is a list: a part is one number", tree.at);
}

// The names that no part has, in order.
function leavesOf(parts) {
  const found = new Set(),
    made = new Set();
  for (const part of parts) {
    if (made.has(part.name) || found.has(part.name))
      throw new FormulaError(`${part.name} has two meanings`, part.tree.at);
    for (const { name } of namesIn(part.tree)) if (!made.has(name)) found.add(name);
    if (part.name && found.has(part.name)) throw new FormulaError(`${part.name} has two meanings`, part.tree.at);
    if (part.name) made.add(part.name);
  }
  return found;
}

// Splits an expression: z is the operand of a unary function, a its result; the next ones are z2 and a2.
function named(whole, taken) {
  const parts = [],
    names = new Map();

  function name(letter, tree) {
    const formula = JSON.stringify(tree, (field, value) => (field === "at" ? undefined : value));
    if (!names.has(formula)) {
      let free = letter;
      for (let k = 2; taken.has(free); k++) free = letter + k;
      taken.add(free);
      names.set(formula, free);
      parts.push({ name: free, tree });
    }
    return { name: names.get(formula), at: tree.at };
  }

  function visit(tree) {
    if ("list" in tree) return { ...tree, list: tree.list.map(visit) };
    if (!("call" in tree)) return tree;
    const args = tree.args.map(visit),
      [only] = args;
    if (!tree.written || args.length > 1 || "list" in only) return { ...tree, args };
    const call = { ...tree, args: ["name" in only || "number" in only ? only : name("z", only)] };
    return tree === whole.tree ? call : name("a", call);
  }

  const tree = visit(whole.tree);
  return [...parts, { ...whole, tree }];
}

class Builder {
  constructor() {
    this.nodes = [];
    this.labels = new Map();
    this.scope = Object.create(null);
  }

  leaf(name, data) {
    this.name(this.push({ data }), name);
  }

  part(name, tree) {
    const found = evaluate(tree, this.scope, (op, ...args) => this.apply(op, args));
    if (Array.isArray(found))
      throw new FormulaError(`that is a list of ${found.length}: a part is one number`, tree.at);
    const value = isNumber(found)
      ? this.push({ data: found })
      : this.labels.has(found.node)
        ? this.apply("pos", [found])
        : found;
    this.name(value, name);
  }

  // One operation, folded if all operands are numbers. A plain exponent is fixed, and plain ones of three or more.
  apply(op, args) {
    const flat = args.flat();
    if (flat.every(isNumber)) return f[op](...args);
    const scalar = !args.some(Array.isArray) && args.length > 2,
      fixed = [];
    const operands = flat.map((arg, i) => {
      if (!isNumber(arg)) return arg.node;
      if (scalar || (op === "pow" && i === 1)) fixed.push(i);
      return this.push({ data: arg }).node;
    });
    return this.push({ op, operands, ...(fixed.length && { fixed }) });
  }

  push(node) {
    return { node: this.nodes.push(node) - 1 };
  }
  name(value, name) {
    this.scope[name] = value;
    this.labels.set(value.node, name);
    this.last = value.node;
  }

  // What the last part is computed from.
  graph() {
    const used = new Set([this.last]);
    for (const i of used) for (const j of this.nodes[i].operands ?? []) used.add(j);
    const order = [...used].sort((a, b) => a - b),
      index = new Map(order.map((old, i) => [old, i]));
    return {
      nodes: order.map(i => ({ ...this.nodes[i], operands: this.nodes[i].operands?.map(j => index.get(j)) })),
      variables: order
        .filter(i => this.labels.has(i))
        .map(i => ({ node: index.get(i), label: this.labels.get(i), name: prettyName(this.labels.get(i)) })),
    };
  }
}
