// The graph: nodes and variables stand in order, operands first; a variable's links lead to what it is made of.
let nodes, variables, output, leaves, variableOf, by;
let adjoints; // of nodes, 0 between one use and the next

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
  v.inside = [...seen].filter(i => nodes[i].op).sort((i, j) => j - i);
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
  const slopesOf = slopes[node.op](node.data, ...groups);
  node.slopes = groups.some(Array.isArray)
    ? slopesOf.flatMap((slope, i) =>
        Array.isArray(groups[i]) && !Array.isArray(slope) ? groups[i].map(() => slope) : slope,
      )
    : slopesOf;
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
function split(node) {
  const numbers = Array.from(node.operands, i => nodes[i].data),
    names = rows[node.op].operands;
  const scalars = names.filter(name => name > "Z").length,
    size = (numbers.length - scalars) / (names.length - scalars);
  return names.map(name => (name > "Z" ? numbers.shift() : numbers.splice(0, size)));
}

// Whether an edge passes no gradient, not even an infinite one: behind a detach, or in a branch not taken.
const cuts = ({ op, slopes: partials }, slot) => partials[slot] === 0 && (op === "select" || isZero(rows[op], slot));

// Whether a partial is 0 by its formula, as of detach and rounding; of sequences, whether all are.
const isZero = ({ operands, partials }, slot) =>
  operands.some(name => name < "a") ? partials.every(text => text === "0") : partials[slot] === "0";

function backward() {
  for (const node of nodes) [node.grad, node.reached] = [0, false];
  Object.assign(nodes[variables[output].node], { grad: 1, reached: true });
  for (let i = nodes.length - 1; i >= 0; i--) {
    const { op, operands, slopes: partials, grad, reached } = nodes[i];
    if (!op || !reached) continue;
    for (let slot = 0; slot < operands.length; slot++) {
      if (cuts(nodes[i], slot)) continue;
      nodes[operands[slot]].grad += grad * partials[slot];
      nodes[operands[slot]].reached = true;
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
  const reached = new Set([node]);
  adjoints[node] = 1;
  for (const j of inside) {
    const { operands, slopes: partials } = nodes[j],
      adjoint = adjoints[j];
    if (!reached.has(j)) continue;
    for (let slot = 0; slot < operands.length; slot++) {
      if (cuts(nodes[j], slot)) continue;
      adjoints[operands[slot]] += adjoint * partials[slot];
      reached.add(operands[slot]);
    }
  }
  for (const link of links) {
    const end = variables[link.wrt].node;
    [link.value, link.isCut] = [adjoints[end], !reached.has(end)];
  }
  for (const j of inside) for (const operand of nodes[j].operands) adjoints[operand] = 0;
  adjoints[node] = 0;
  return links;
}

// The steps of a link: the operations it is folded from, on the way to its wrt.
function stepsOf(link) {
  const found = [],
    depends = new Set([variables[link.wrt].node]);
  for (const i of variables[link.of].inside.slice().reverse())
    nodes[i].operands.forEach((operand, slot) => {
      if (!depends.has(operand) || (link.slot ?? slot) !== slot) return;
      depends.add(i);
      found.push({ node: nodes[i], operand, slope: nodes[i].slopes[slot] });
    });
  return found;
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
