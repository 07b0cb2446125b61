// The graph. Nodes and variables stand in order, operands first; a variable's links lead to what it is made of.
const page = JSON.parse(document.getElementById("data").textContent);
const { nodes, variables, boxes, words } = page, output = variables.length - 1;
const variableOf = new Map(variables.map((v, i) => [v.node, i]));
for (const node of nodes) { if (!node.op) node.data = node.recorded = Number(node.data); }
variables.forEach((v, i) => { v.inside = behind(v.node); for (const link of v.links) link.of = i; });

// A variable's node and the unnamed nodes that it is computed from, results first.
function behind(node) {
  const seen = new Set([node]);
  for (const i of seen) for (const j of nodes[i].operands ?? []) if (nodes[j].op && !variableOf.has(j)) seen.add(j);
  return [...seen].filter(i => nodes[i].op).sort((i, j) => j - i);
}

// Every value, slope, link and gradient, from the leaves on.
function run() {
  for (const node of nodes) if (node.op) compute(node);
  for (const v of variables) { v.grad = 0; fold(v); }
  variables[output].grad = 1;
  for (const v of variables.slice().reverse()) for (const link of v.links) variables[link.wrt].grad += v.grad * link.value;
}

function compute(node) {
  const groups = split(node);
  node.data = f[node.op](...groups);
  node.slopes = slopes[node.op](node.data, ...groups).flatMap(
    (slope, i) => Array.isArray(groups[i]) && !Array.isArray(slope) ? groups[i].map(() => slope) : slope);
  for (const slot of node.constant ?? []) node.slopes[slot] = 0;
}

// The operands' numbers, one entry a name of the row: an array for a capital letter.
function split(node) {
  const numbers = node.operands.map(i => nodes[i].data), names = [...operands[node.op]];
  const scalars = names.filter(name => name > "Z").length, size = (numbers.length - scalars) / (names.length - scalars);
  return names.map(name => name > "Z" ? numbers.shift() : numbers.splice(0, size));
}

// Reverse mode from a variable down to the next ones.
function fold(v) {
  const adjoint = new Map([[v.node, 1]]);
  for (const i of v.inside) nodes[i].operands.forEach((operand, slot) =>
    adjoint.set(operand, (adjoint.get(operand) ?? 0) + adjoint.get(i) * nodes[i].slopes[slot]));
  for (const link of v.links) link.value = "slot" in link ? nodes[v.node].slopes[link.slot] : adjoint.get(variables[link.wrt].node);
}

// The steps of a link: the operations it is folded from, on the way to its wrt.
function steps(link) {
  const found = [], depends = new Set([variables[link.wrt].node]);
  for (const i of variables[link.of].inside.slice().reverse()) nodes[i].operands.forEach((operand, slot) => {
    if (!depends.has(operand) || (link.slot ?? slot) !== slot) return;
    depends.add(i);
    found.push({ node: nodes[i], operand, slope: nodes[i].slopes[slot] });
  });
  return found;
}

// Sizes are logarithms, which do not underflow; what is not finite comes first.
const size = x => Number.isFinite(x) ? Math.log2(Math.abs(x)) : Infinity;
const plus = (a, b) => Math.max(a, b) === -Infinity ? a : Math.max(a, b) + Math.log2(1 + 2 ** -Math.abs(a - b));

// All paths from variable w, by variable: how many (exact), their sum, what pulls up and down, and the k largest.
function chain(w, k) {
  const none = { count: 0n, slope: 0, up: -Infinity, down: -Infinity, ways: [] };
  const at = variables.map(() => none);
  at[w] = { count: 1n, slope: 1, up: 0, down: -Infinity, ways: [{ size: 0 }] };
  variables.forEach((v, i) => { if (i > w) at[i] = v.links.reduce((sum, link) => add(sum, link, at[link.wrt]), none); });
  variables.forEach((v, i) => { if (i > w && at[i].count) at[i].ways = best(v.links, at, k); });
  return at;
}

function add(sum, link, from) {
  if (!from.count) return sum;
  const large = size(link.value), [up, down] = link.value > 0 ? [from.up, from.down] : [from.down, from.up];
  return { count: sum.count + from.count, slope: sum.slope + link.value * from.slope,
    up: plus(sum.up, up + large), down: plus(sum.down, down + large) };
}

function best(links, at, k) {
  const ways = links.flatMap(link => at[link.wrt].ways.map(before => ({ before, link, size: before.size + size(link.value) })));
  return ways.sort((a, b) => b.size - a.size || 0).slice(0, k);
}

// The largest paths to the output, each as its links from w on.
function largest(at) {
  const paths = at[output].ways.map(way => {
    const links = [];
    for (; way.link; way = way.before) links.unshift(way.link);
    return { links, product: links.reduce((product, link) => product * link.value, 1) };
  });
  const comparable = paths.every(path => Number.isFinite(path.product) && path.product);
  return comparable ? paths.sort((a, b) => Math.abs(b.product) - Math.abs(a.product)) : paths;
}

// The links that kill: the tiny factors of paths that come to next to nothing beside the strongest, or all do, of no
// other path. The rule is that of engine/pull.py, which the pictures follow.
function killers(paths, allDie) {
  const largest = paths.map(path => Math.abs(path.product)).reduce((a, b) => b > a ? b : a, 0), limit = words.tiny * largest;
  const tiny = new Set(), alive = new Set();
  for (const { links, product } of paths) {
    const small = links.filter(link => Math.abs(link.value) <= words.tiny);
    const dies = small.length && (allDie || Math.abs(product) <= limit && limit < Infinity);
    for (const link of small) (dies ? tiny : alive).add(link);
  }
  return new Set([...tiny].filter(link => !alive.has(link)));
}

// What runs along each link from w, or along one path: its share, whether it arrives there from the output, and whether
// it passes, which a link that kills lets nothing do; and the variables where something arrives.
function flow({ w, at, killing }, path) {
  const runs = new Map(), alive = new Set([output]);
  const links = path?.links ?? variables.slice(w + 1).flatMap(v => v.links.filter(link => at[link.wrt].count));
  for (const link of links.slice().reverse()) {
    const pull = path ? path.product : at[link.wrt].slope * link.value * variables[link.of].grad;
    const arrives = alive.has(link.of), passes = arrives && !killing.has(link);
    runs.set(link, { pull, arrives, passes });
    if (passes) alive.add(link.wrt);
  }
  return { runs, alive };
}

// Whether a contribution pulls with the total or against it; where the total is 0, upwards is with it.
const direction = (pull, total) => pull * (total < 0 || Object.is(total, -0) ? -1 : 1) < 0 ? "against" : "with";

// All that is to be said of the derivative in variable w.
function tell(w, k) {
  const at = chain(w, k), paths = largest(at), [verdict, sentence] = judge(w, at, paths);
  return { w, at, paths, verdict, sentence, killing: killers(paths, verdict === "killed") };
}

// The verdict, as engine/verdict.py has it: the thresholds and the sentences are its own.
function judge(w, at, paths) {
  const { tiny, vanished, cancelled, sentences } = words, { count, slope: total, up, down } = at[output];
  const say = (name, fields) => sentences[name].replace(/\{(\w+)\}/g, (_, field) => fields[field]);
  const ends = { of: variables[output].name, wrt: variables[w].name };
  if (!count) return ["disconnected", say(nodes[variables[output].node].op ? "disconnected" : "leaf", ends)];
  const { links, product } = paths[0], pull = plus(up, down), wild = links.filter(link => !Number.isFinite(link.value));
  if (wild.length || !Number.isFinite(total)) return ["non_finite", wild.length ? blame(wild) : sentences.overflow];
  const killing = links.filter(link => Math.abs(link.value) <= tiny);
  if (killing.length && pull <= Math.log2(tiny)) return ["killed", blame(killing)];
  if (Math.min(up, down) > -Infinity && Math.abs(2 ** (up - pull) - 2 ** (down - pull)) <= cancelled)
    return ["cancelled", say("cancelled", { count: many(count), ...bothWays(up, down), total: pretty(total) })];
  const sum = links.reduce((sum, link) => sum + size(link.value), 0);
  const small = how => [how, say(how, { length: links.length, mean: power(sum / links.length), size: power(sum) })];
  if (pull < -1022) return small("underflow");
  if (pull <= Math.log2(vanished)) return small("vanishing");
  return ["ok", count === 1n ? sentences.single
    : say("ok", { count: many(count), share: pretty(product), total: pretty(total) })];
}

// What pulls each way, to as many digits as it takes to see a difference.
function bothWays(up, down) {
  const digits = [4, 5, 6, 7, 8, 9, 10, 11, 12].find(n => power(up, n) !== power(down, n)) ?? 4;
  return { up: power(up, digits), down: power(down, digits) };
}

const blame = links => links.slice(0, 3).map(reason).join("; and ") + (links.length > 3 ? "; and more" : "");

function reason(link) {
  const { alone, names = [] } = form(link), number = pretty(link.value), written = alone || number;
  const equation = `${derivative(link)} = ${written}` + (written === number ? "" : ` = ${number}`);
  const weight = step => Number.isFinite(step.slope) ? Math.abs(step.slope) : -1;
  const { node, operand } = steps(link).reduce((a, b) => weight(b) < weight(a) ? b : a);
  const kind = !Number.isFinite(link.value) ? words.breaks : Math.abs(link.value) <= words.tiny ? words.conditions : {};
  if (node.op in kind) return `${equation} because ${describe(operand)} = ${pretty(nodes[operand].data)}: ${kind[node.op]}`;
  if (link.constant) return `${equation}, whatever ${variables[link.wrt].name} is`;
  const where = names.map(i => `${variables[i].name} = ${pretty(nodes[variables[i].node].data)}`);
  return where.length ? `${equation} where ${where.join(" and ")}` : equation;
}

const derivative = link => `∂${variables[link.of].name}/∂${variables[link.wrt].name}`;
const describe = i => variableOf.has(i) ? variables[variableOf.get(i)].name : nodes[i].text ?? pretty(nodes[i].data);

// A factor as a formula: the textbook form of a slope, y (1 − y), while it has the same number.
function form({ forms: [plain, textbook], ...link }) {
  const holds = ({ node, slope }) => !forms[node.op] || Math.abs(forms[node.op](node.data, ...split(node)) - slope) <= words.same * Math.abs(slope);
  return textbook?.text && steps(link).every(holds) ? textbook : plain;
}
const formula = link => form(link).text || pretty(link.value);

// Numbers as pictures show them: four digits and a real minus.
function pretty(x, digits = 4) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "∞" : "−∞";
  const [mantissa, exponent] = x.toExponential(digits - 1).split("e").map(Number);
  const text = exponent < -4 || exponent >= digits ? `${mantissa}e${exponent}` : String(Number(x.toPrecision(digits)));
  return text.replaceAll("-", "−");
}

// 2 to some power, which may be more or less than a float holds.
function power(log2, digits = 4) {
  if (Math.abs(log2) < 1000 || !Number.isFinite(log2)) return pretty(2 ** log2, digits);
  const log10 = log2 * Math.log10(2), exponent = Math.floor(log10);
  return `${pretty(10 ** (log10 - exponent), digits)}e${exponent}`.replace("-", "−");
}

// How many: exact as far as it can be read, then four digits.
function many(count) {
  const digits = count.toString(), rest = digits.length - 1;
  return rest < 100 ? count.toLocaleString("en") : `${pretty(Number(`${digits[0]}.${digits.slice(1, 17)}`))}e${rest}`;
}
