// The graph: nodes and variables stand in order, operands first; a variable's links lead to what it is made of.
let nodes, variables, output, leaves, variableOf, by;
let adjoints, reached; // of nodes, 0 between one use and the next

// Takes a graph: of each node its operation and operands or its number, and of each variable its node and names.
function load(graph) {
  nodes = graph.nodes.map(({ op, operands, data, fixed }, i) =>
    op
      ? { i, op, operands: Int32Array.from(operands), fixed, data: NaN, slopes: [], grad: 0 }
      : { i, data, recorded: data, grad: 0 },
  );
  by = graph.by ?? "labels";
  variables = graph.variables.map(({ node, label, name }, i) => ({ i, node, label, name, links: null }));
  variableOf = new Map(variables.map(v => [v.node, v]));
  output = variables.length - 1;
  leaves = variables.filter(v => !nodes[v.node].op).map(v => v.i);
  adjoints = new Float64Array(nodes.length);
  reached = new Uint8Array(nodes.length);
  run();
  for (const v of variables) connect(v);
}

// A variable's node and the unnamed nodes that it is computed from, results first, and the links to what is named.
function connect(v) {
  const seen = new Set([v.node]),
    ends = new Set();
  for (const i of seen)
    for (const j of nodes[i].operands ?? []) {
      const end = variableOf.get(j);
      if (end) ends.add(end);
      else if (nodes[j].op) seen.add(j);
    }
  v.inside = [...seen].sort((i, j) => j - i).map(i => nodes[i]).filter(({ op }) => op);
  v.links =
    by === "operations"
      ? [...(nodes[v.node].operands ?? [])].map((operand, slot) => ({ of: v.i, wrt: variableOf.get(operand).i, slot }))
      : [...ends].sort((a, b) => a.i - b.i).map(end => ({ of: v.i, wrt: end.i }));
}

// Every value, partial and gradient, from the leaves on.
function run() {
  for (const node of nodes) if (node.op) compute(node);
  backward();
  for (const v of variables) v.fresh = false;
}

function compute(node) {
  if (node.op === "dot") return computeDot(node);
  const groups = split(node);
  node.data = f[node.op](...groups);
  node.slopes = flatten(slopes[node.op](node.data, ...groups), groups);
  for (const slot of node.fixed ?? []) node.slopes[slot] = 0;
}

// The row dot without a list for each sequence: most of a network are dots.
function computeDot(node) {
  const { operands } = node,
    n = (operands.length - 1) / 2,
    partials = node.slopes;
  let total = 0;
  for (let i = 0; i < n; i++) {
    total += (partials[i + n] = nodes[operands[i]].data) * (partials[i] = nodes[operands[i + n]].data);
  }
  partials[2 * n] = 1;
  node.data = total + nodes[operands[2 * n]].data;
}

// The operands' numbers, one entry a name of the row: an array for a capital letter.
const split = node => groupsOf(node.op, Array.from(node.operands, i => nodes[i].data));

function groupsOf(op, flat) {
  const names = rows[op].operands,
    scalars = names.filter(name => name > "Z").length,
    size = (flat.length - scalars) / (names.length - scalars);
  return names.map(name => (name > "Z" ? flat.shift() : flat.splice(0, size)));
}

// The partials, an entry for each operand.
const flatten = (partials, groups) =>
  partials.flatMap((x, i) => (Array.isArray(groups[i]) && !Array.isArray(x) ? groups[i].map(() => x) : x));
const isVariadic = op => rows[op].operands.some(name => name < "a");

// Whether an edge passes no gradient, not even an infinite one: behind a detach, or in a branch not taken.
const cuts = ({ op, slopes: partials }, slot) => partials[slot] === 0 && (op === "select" || isZero(op, slot));

// Whether a partial is 0 by its formula, as of detach and rounding; of sequences, whether all are.
function isZero(op, slot) {
  const { partials } = rows[op];
  return isVariadic(op) ? partials.every(text => text === "0") : partials[slot] === "0";
}

// The derivatives of the output with respect to every node.
function backward() {
  sweep(nodes.length - 1, nodes.toReversed(), adjoints, reached);
  for (const node of nodes) [node.grad, node.reached] = [adjoints[node.i], reached[node.i]];
  adjoints.fill(0);
  reached.fill(0);
}

// Reverse mode over an algebra from a node down through those `inside`, results first: `adjoints` of all that are
// `reached`, as nothing is behind a detach or in a branch not taken.
function sweep(start, inside, adjoints, reached, partialsOf = node => node.slopes, add = (sum, x, y) => sum + x * y) {
  adjoints[start] = reached[start] = 1;
  for (const node of inside) {
    if (!node.op || !reached[node.i]) continue;
    const { operands } = node,
      adjoint = adjoints[node.i],
      partials = partialsOf(node);
    for (let slot = 0; slot < operands.length; slot++) {
      if (cuts(node, slot)) continue;
      adjoints[operands[slot]] = add(adjoints[operands[slot]] ?? 0, adjoint, partials[slot]);
      reached[operands[slot]] = 1;
    }
  }
}

const dataOf = i => nodes[variables[i].node].data,
  gradOf = i => nodes[variables[i].node].grad;

// The links of a variable with their values: reverse mode from it down to the next variables.
function linksOf(i) {
  const v = variables[i],
    { links, inside, node } = v;
  if (v.fresh) return links;
  v.fresh = true;
  if (by === "operations") {
    for (const link of links) [link.value, link.isCut] = [nodes[node].slopes[link.slot], cuts(nodes[node], link.slot)];
    return links;
  }
  sweep(node, inside, adjoints, reached);
  for (const link of links) {
    const end = variables[link.wrt].node;
    [link.value, link.isCut] = [adjoints[end], !reached[end]];
  }
  for (const i of [node, ...inside.flatMap(({ operands }) => [...operands])]) adjoints[i] = reached[i] = 0;
  return links;
}

// The links of an operation to its operands, by their nodes.
const stepsAt = ({ i, operands, slopes }) =>
  Array.from(operands ?? [], (wrt, slot) => ({ of: i, wrt, slot, value: slopes[slot], isCut: cuts(nodes[i], slot) }));

// The steps of a link: the operations it is folded from, on the way to its wrt.
function stepsOf(link) {
  const depends = new Set([variables[link.wrt].node]);
  return variables[link.of].inside.toReversed().flatMap(node => {
    const found = stepsAt(node).filter(({ wrt, slot }) => depends.has(wrt) && (link.slot ?? slot) === slot);
    if (found.length) depends.add(node.i);
    return found;
  });
}

// The result of `look`, which may set the data of one node and recompute the rest; then restores the graph.
function elsewhere(start, look) {
  const node = nodes[start],
    { data } = node;
  const found = look(number => {
    node.data = number;
    for (const other of nodes) if (other.op && other !== node) compute(other);
    backward();
    for (const v of variables) v.fresh = false;
  });
  node.data = data;
  run();
  return found;
}

// What is given rather than learnt, by convention of its name.
const isGiven = i => page.given.test(variables[i].label.replace(/\[\d+\]$/, ""));
