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
  for (const v of variables) { v.grad = 0; v.reached = false; fold(v); }
  Object.assign(variables[output], { grad: 1, reached: true });
  for (const v of variables.slice().reverse()) for (const link of v.links) if (v.reached && !link.isCut) {
    variables[link.wrt].grad += v.grad * link.value;
    variables[link.wrt].reached = true;
  }
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

// Whether nothing passes from a node to an operand, not even an infinite slope: behind a detach, or not taken.
const cuts = ({ op, slopes }, slot) => slopes[slot] === 0 && (op === "detach" || op === "select");

// Reverse mode from a variable down to the next ones.
function fold(v) {
  const adjoint = new Map([[v.node, 1]]);
  for (const i of v.inside) if (adjoint.has(i)) nodes[i].operands.forEach((operand, slot) => {
    if (!cuts(nodes[i], slot)) adjoint.set(operand, (adjoint.get(operand) ?? 0) + adjoint.get(i) * nodes[i].slopes[slot]);
  });
  for (const link of v.links) {
    const { node } = variables[link.wrt];
    link.isCut = "slot" in link ? cuts(nodes[v.node], link.slot) : !adjoint.has(node);
    link.value = "slot" in link ? nodes[v.node].slopes[link.slot] : adjoint.get(node) ?? 0;
  }
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
  if (link.isCut) return { ...sum, count: sum.count + from.count };
  const large = size(link.value), [up, down] = link.value > 0 ? [from.up, from.down] : [from.down, from.up];
  return { count: sum.count + from.count, slope: sum.slope + link.value * from.slope,
    up: plus(sum.up, up + large), down: plus(sum.down, down + large) };
}

function best(links, at, k) {
  const ways = links.flatMap(link => at[link.wrt].ways.map(
    before => ({ before, link, size: link.isCut ? -Infinity : before.size + size(link.value) })));
  return ways.sort((a, b) => b.size - a.size || 0).slice(0, k);
}

// The largest paths to the output, each as its links from w on.
function largest(at) {
  const paths = at[output].ways.map(way => {
    const links = [];
    for (; way.link; way = way.before) links.unshift(way.link);
    const isCut = links.some(link => link.isCut);
    return { links, isCut, product: isCut ? 0 : links.reduce((product, link) => product * link.value, 1) };
  });
  const comparable = paths.every(path => Number.isFinite(path.product) && path.product);
  return comparable ? paths.sort((a, b) => Math.abs(b.product) - Math.abs(a.product)) : paths;
}

// Whether a factor takes away by itself what comes through it.
const isTiny = (w, link) => Math.abs(link.value) <= words.tiny && (!link.value || steps(link).some(step => kills(w, step)));

// The links that kill: the tiny factors of paths that come to next to nothing beside the strongest, or all do, of no
// other path. The rule is that of engine/picture/contributions.py, which the pictures follow.
function killers(w, paths, allDie) {
  const largest = paths.map(path => Math.abs(path.product)).reduce((a, b) => b > a ? b : a, 0), limit = words.tiny * largest;
  const tiny = new Set(), alive = new Set();
  for (const { links, product } of paths) {
    const small = links.filter(link => isTiny(w, link));
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
    const { reached, grad } = variables[link.of];
    const pull = path ? path.product : reached && !link.isCut ? at[link.wrt].slope * link.value * grad : 0;
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
  return { w, at, paths, verdict, sentence, killing: killers(w, paths, verdict === "killed") };
}

// The same derivative operation by operation, whatever is labelled: how many paths, what pulls up and down, and the
// steps of the largest path.
function operations(w) {
  const at = new Map([[variables[w].node, { count: 1n, up: 0, down: -Infinity, size: 0 }]]);
  nodes.forEach((node, i) => {
    if (!node.op || at.has(i)) return;
    node.operands.forEach((operand, slot) => {
      const from = at.get(operand), slope = node.slopes[slot], large = size(slope);
      if (!from) return;
      const sum = at.get(i) ?? { count: 0n, up: -Infinity, down: -Infinity };
      const isCut = cuts(node, slot), way = isCut ? -Infinity : from.size + large;
      const [up, down] = slope > 0 ? [from.up, from.down] : [from.down, from.up];
      const best = sum.step && !(way > sum.size) ? sum : { size: way, step: { i, node, operand, slot, slope } };
      at.set(i, { count: sum.count + from.count, up: plus(sum.up, isCut ? -Infinity : up + large), down: plus(sum.down, isCut ? -Infinity : down + large),
        size: best.size, step: best.step });
    });
  });
  const found = at.get(variables[output].node), steps = [];
  for (let step = found?.step; step; step = at.get(step.operand).step) steps.unshift(step);
  return { ...found, steps };
}

// Whether an operation multiplies an operand by an independent variable: a weight, or a change of units.
function isScale(w, { node: { op, operands }, operand }) {
  const slot = operands.indexOf(operand), n = (operands.length - 1) / 2;
  const by = op === "mul" || op === "div" && slot === 0 ? operands[1 - slot]
    : op === "dot" && slot < 2 * n ? operands[(slot + n) % (2 * n)] : undefined;
  return by !== undefined && !nodes[by].op && by !== variables[w].node;
}
const kills = (w, step) => Math.abs(step.slope) <= words.tiny && (!step.slope || !isScale(w, step));

// The verdict, as engine/chain/verdict.py has it: the thresholds and the sentences are its own.
function judge(w, at, paths) {
  const { tiny, vanished, sentences } = words, { count, slope: total, up, down } = at[output];
  const ends = { of: variables[output].name, wrt: variables[w].name }, data = nodes[variables[output].node].data;
  if (!count) return ["disconnected", sentenceOf(nodes[variables[output].node].op ? "disconnected" : "leaf", ends)];
  const found = operations(w), pull = plus(found.up, found.down);
  if (![total, data].every(Number.isFinite)) {
    const wild = paths[0].links.filter(link => !Number.isFinite(link.value));
    return ["non_finite", wild.length ? blame(wild) : Number.isFinite(data) ? sentences.overflow
      : sentenceOf("undefined", { of: ends.of, number: pretty(data) })];
  }
  const told = (name, reason) => [name, `${rise(w, total, ends)}; ${reason}`];
  const killing = new Set(found.steps.filter(step => kills(w, step)));
  const factors = found.steps.filter(step => !step.slope || !isScale(w, step)
    || Math.abs(step.slope) > tiny && Math.abs(step.slope) < 1 / tiny).map(step => Math.abs(step.slope));
  const product = numbers => numbers.reduce((sum, number) => sum + size(number), 0), made = found.size === -Infinity ? found.size : product(factors);
  if (killing.size && Math.max(pull, made) <= Math.log2(tiny)) return told("killed", blame(folded(w, found.steps, killing)));
  const those = found.steps.map(step => Math.abs(step.slope)).filter(number => number !== 0 && number !== 1), sum = product(those);
  const small = how => told(how, sentenceOf(how, { length: those.length, mean: power(sum / Math.max(those.length, 1)), size: power(sum) }));
  if (pull < -1022) return small("underflow");
  if (Math.max(pull, made) <= Math.log2(vanished)) return small("vanishing");
  if (cancel(found)) {
    const way = cancel({ up, down }) ? { count, up, down } : found;
    return told("cancelled", sentenceOf("cancelled", { count: many(way.count), ...bothWays(way.up, way.down), total: pretty(total) }));
  }
  const moderate = factors.filter(number => number < 1 / tiny);
  if (moderate.filter(number => number > 1).length >= words.many && product(moderate) >= -Math.log2(vanished)) return small("exploding");
  return told("ok", count === 1n ? sentences.single : up > -Infinity && down > -Infinity
    ? sentenceOf("mixed", { count: many(count), ...bothWays(up, down), total: pretty(total) })
    : sentenceOf("ok", { count: many(count), share: pretty(paths[0].product), total: pretty(total) }));
}

const sentenceOf = (name, fields) => words.sentences[name].replace(/\{(\w+)\}/g, (_, field) => fields[field]);

function cancel({ up, down }) {
  const pull = plus(up, down);
  return Math.min(up, down) > -Infinity && Math.abs(2 ** (up - pull) - 2 ** (down - pull)) <= words.cancelled;
}

// The links that some steps of a path are folded into.
function folded(w, steps, some) {
  const links = [];
  let before = w, inside = false;
  for (const step of steps) {
    const v = variables[variableOf.get(step.i)];
    inside ||= some.has(step);
    if (!v) continue;
    if (inside) links.push(v.links.find(link => link.wrt === before && (link.slot ?? step.slot) === step.slot));
    [before, inside] = [variableOf.get(step.i), false];
  }
  return links;
}

// What raising w does to the output, by a step over which the slope holds.
function rise(w, total, ends) {
  const x = nodes[variables[w].node].data, near = slope => Math.abs(slope - total) <= words.holds * Math.abs(total);
  const step = total && words.steps.find(step => x + step > x && [x + step / 2, x + step].every(at => near(slopeAt(w, at))));
  if (!step) return sentenceOf("slope", { ...ends, total: pretty(total) });
  return sentenceOf("raising", { ...ends, step: pretty(step), moves: total > 0 ? "raises" : "lowers", change: pretty(Math.abs(total) * step) });
}

// The derivative of the output in variable w if that had another number.
function slopeAt(w, number) {
  const start = variables[w].node, held = nodes.map(({ data, slopes }) => ({ data, slopes }));
  const adjoint = new Map([[variables[output].node, 1]]);
  nodes[start].data = number;
  nodes.forEach((node, i) => { if (node.op && i !== start) compute(node); });
  for (let i = nodes.length - 1; i > 0; i--) if (adjoint.has(i) && nodes[i].op && i !== start)
    nodes[i].operands.forEach((operand, slot) => adjoint.set(operand, (adjoint.get(operand) ?? 0) + adjoint.get(i) * nodes[i].slopes[slot]));
  nodes.forEach((node, i) => Object.assign(node, held[i]));
  return adjoint.get(start) ?? 0;
}

// What pulls each way, to as many digits as it takes to see a difference.
function bothWays(up, down) {
  const digits = [4, 5, 6, 7, 8, 9, 10, 11, 12].find(n => power(up, n) !== power(down, n)) ?? 4;
  return { up: power(up, digits), down: power(down, digits) };
}

const blame = links => links.slice(0, 3).map(reason).join("; and ") + (links.length > 3 ? "; and more" : "");

function reason(link) {
  const { alone, names = [] } = Number.isNaN(link.value) ? {} : form(link), number = pretty(link.value), written = alone || number;
  const equation = `${derivative(link)} = ${written}` + (written === number ? "" : ` = ${number}`);
  const inside = steps(link), infinite = inside.find(step => Math.abs(step.slope) === Infinity);
  if (Number.isNaN(link.value) && infinite && inside.some(step => !step.slope && !Number.isNaN(step.slope)))
    return `${equation}: ${sentenceOf("masked", { node: infinite.node.op, inside: `${describe(infinite.operand)} = ${pretty(nodes[infinite.operand].data)}` })}`;
  const weight = step => Number.isFinite(step.slope) ? Math.abs(step.slope) : -1;
  const { node, operand } = inside.reduce((a, b) => weight(b) < weight(a) ? b : a);
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
const formula = link => Number.isNaN(link.value) ? "nan" : form(link).text || pretty(link.value);

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
