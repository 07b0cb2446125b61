// The graph: nodes and variables stand in order, operands first; a variable's links lead to what it is made of.
let nodes, variables, output, variableOf, by;

// Takes a graph: of each node its operation and operands or its number, and of each variable its node and names.
function load(graph) {
  nodes = graph.nodes.map(({ op, operands, data, fixed }, i) => op
    ? { i, op, operands: Int32Array.from(operands), fixed, data: NaN, slopes: [], grad: 0 }
    : { i, data, recorded: data, grad: 0 });
  by = graph.by ?? "labels";
  variables = graph.variables.map(({ node, label, name }, i) => ({ i, node, label, name, links: null }));
  variableOf = new Map(variables.map(v => [v.node, v]));
  output = variables.length - 1;
  run();
  for (const v of variables) connect(v);
}

// A variable's node and the unnamed nodes that it is computed from, results first, and the links to what is named.
function connect(v) {
  const seen = new Set([v.node]), ends = new Set();
  for (const i of seen) for (const j of nodes[i].operands ?? []) {
    const end = variableOf.get(j);
    if (end) ends.add(end);
    else if (nodes[j].op) seen.add(j);
  }
  v.inside = [...seen].filter(i => nodes[i].op).sort((i, j) => j - i);
  v.links = by === "operations"
    ? [...nodes[v.node].operands ?? []].map((operand, slot) => ({ of: v.i, wrt: variableOf.get(operand).i, slot }))
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
  const slopesOf = slopes[node.op](node.data, ...groups);
  node.slopes = groups.some(Array.isArray) ? slopesOf.flatMap(
    (slope, i) => Array.isArray(groups[i]) && !Array.isArray(slope) ? groups[i].map(() => slope) : slope) : slopesOf;
  for (const slot of node.fixed ?? []) node.slopes[slot] = 0;
}

// What the row says, without a list for each sequence: most of a network are these.
function computeDot(node) {
  const { operands } = node, n = (operands.length - 1) / 2, partials = node.slopes;
  let total = 0;
  for (let i = 0; i < n; i++) {
    total += (partials[i + n] = nodes[operands[i]].data) * (partials[i] = nodes[operands[i + n]].data);
  }
  partials[2 * n] = 1;
  node.data = total + nodes[operands[2 * n]].data;
}

// The operands' numbers, one entry a name of the row: an array for a capital letter.
function split(node) {
  const numbers = Array.from(node.operands, i => nodes[i].data), names = rows[node.op].operands;
  const scalars = names.filter(name => name > "Z").length, size = (numbers.length - scalars) / (names.length - scalars);
  return names.map(name => name > "Z" ? numbers.shift() : numbers.splice(0, size));
}

function backward() {
  for (const node of nodes) node.grad = 0;
  nodes[variables[output].node].grad = 1;
  for (let i = nodes.length - 1; i >= 0; i--) {
    const { op, operands, slopes: partials, grad } = nodes[i];
    if (!op) continue;
    for (let slot = 0; slot < operands.length; slot++) nodes[operands[slot]].grad += grad * partials[slot];
  }
}

const dataOf = i => nodes[variables[i].node].data, gradOf = i => nodes[variables[i].node].grad;

// The links of a variable with their values: reverse mode from it down to the next variables.
function linksOf(i) {
  const v = variables[i];
  if (v.fresh) return v.links;
  v.fresh = true;
  if (v.links[0] && "slot" in v.links[0]) {
    for (const link of v.links) link.value = nodes[v.node].slopes[link.slot];
    return v.links;
  }
  const adjoint = new Map([[v.node, 1]]);
  for (const j of v.inside) nodes[j].operands.forEach((operand, slot) =>
    adjoint.set(operand, (adjoint.get(operand) ?? 0) + adjoint.get(j) * nodes[j].slopes[slot]));
  for (const link of v.links) link.value = adjoint.get(variables[link.wrt].node);
  return v.links;
}

// The steps of a link: the operations it is folded from, on the way to its wrt.
function stepsOf(link) {
  const found = [], depends = new Set([variables[link.wrt].node]);
  for (const i of variables[link.of].inside.slice().reverse()) nodes[i].operands.forEach((operand, slot) => {
    if (!depends.has(operand) || (link.slot ?? slot) !== slot) return;
    depends.add(i);
    found.push({ node: nodes[i], operand, slope: nodes[i].slopes[slot] });
  });
  return found;
}

// What `read` finds in the graph with another number at one node, leaf or not; then all is as before.
function elsewhere(start, number, read) {
  const held = nodes.map(({ data, slopes: partials, grad }) => ({ data, slopes: partials, grad }));
  nodes[start].data = number;
  for (const node of nodes) if (node.op && node.i !== start) compute(Object.assign(node, { slopes: [] }));
  backward();
  for (const v of variables) v.fresh = false;
  const found = read();
  nodes.forEach((node, i) => Object.assign(node, held[i]));
  for (const v of variables) v.fresh = false;
  return found;
}
const slopeAt = (start, number) => elsewhere(start, number, () => nodes[start].grad);

// Leaves that have a name, and of these what is learnt rather than given, by convention.
const leaves = () => variables.filter(v => !nodes[v.node].op).map(v => v.i);
const isGiven = i => page.given.test(variables[i].label.replace(/\[\d+\]$/, ""));
