// The verdict on a derivative, as engine/chain/verdict.py has it: the thresholds and the sentences are its own.

// Whether an operation multiplies an operand by an independent variable: a weight, or a change of units.
function isScale(w, { of, wrt }) {
  const { op, operands } = nodes[of],
    slot = operands.indexOf(wrt),
    n = (operands.length - 1) / 2;
  const by =
    op === "mul" || (op === "div" && slot === 0)
      ? operands[1 - slot]
      : op === "dot" && slot < 2 * n
        ? operands[(slot + n) % (2 * n)]
        : undefined;
  return by !== undefined && !nodes[by].op && by !== variables[w].node;
}
const kills = (w, step) =>
  Math.abs(step.value) <= words.tiny && !isError(step) && (!step.value || !isScale(w, step));

// The output, and the operations from which only sums, differences and given factors lead to it; once for each graph.
const termsOf = new WeakMap();
function lossTerms() {
  if (termsOf.has(nodes)) return termsOf.get(nodes);
  const found = new Set([variables[output].node]);
  termsOf.set(nodes, found);
  for (let i = nodes.length - 1; i >= 0; i--) {
    const { op, operands } = nodes[i];
    const isScaled = ["mul", "div"].includes(op) && operands.some(j => !nodes[j].op);
    if (found.has(i) && (isScaled || ["add", "sub", "neg", "sum"].includes(op))) operands.forEach(j => found.add(j));
  }
  return found;
}

// Whether an operation is the power of an error in a loss, whose slope is to become 0.
function isError({ of, wrt }) {
  const { op, operands } = nodes[of];
  const isPower =
    op === "square" ||
    (op === "mul" && operands[0] === operands[1]) ||
    (op === "pow" && operands[0] === wrt && nodes[operands[1]].data > 1);
  return isPower && lossTerms().has(of);
}

// The function that an operation is for an operand: an entry of a softmax is a sigmoid, and bounds clip.
function functionOf(of, wrt) {
  const { op, operands } = nodes[of];
  if (op === "clip" && operands[0] !== wrt) return "";
  return op === "sigmoid" && nodes[wrt].op === "ahead" ? "softmax" : op;
}

// Whether a slope of 0 was rounded to it.
const underflows = ({ of, wrt, value }) =>
  value === 0 && words.sloping.includes(nodes[of].op) && Number.isFinite(nodes[wrt].data);

function isRounded(steps) {
  const zeros = steps.filter(({ value }) => value === 0);
  return zeros.length > 0 && zeros.every(underflows);
}

// The verdict and its sentence.
function judge(w, at, paths) {
  const { tiny, vanished, sentences } = words,
    { count, slope: total, up, down } = at[output];
  const ends = { of: variables[output].name, wrt: variables[w].name },
    data = dataOf(output);
  if (!count) return ["disconnected", sentenceOf(nodes[variables[output].node].op ? "disconnected" : "leaf", ends)];
  const ways = operations(w),
    found = ways.at(-1),
    steps = largest(ways)[0].links,
    pull = plus(found.up, found.down);
  if (![total, data].every(Number.isFinite)) {
    const path = (Number.isNaN(total) && paths.find(({ product }) => Number.isNaN(product))) || paths[0];
    const wild = path.links.filter(link => !Number.isFinite(link.value));
    return [
      "non_finite",
      wild.length
        ? blame(wild)
        : Number.isFinite(data)
          ? sentences.overflow
          : sentenceOf("undefined", { of: ends.of, number: pretty(data) }),
    ];
  }
  const isModerate = x => Math.abs(x) > tiny && Math.abs(x) < 1 / tiny;
  const told = (name, reason) => [name, `${rise(w, total, ends)}; ${reason}`];
  const killing = new Set(steps.filter(step => kills(w, step)));
  const factors = steps
    .filter(step => !step.value || !isScale(w, step) || isModerate(step.value))
    .map(step => Math.abs(step.value));
  const product = numbers => numbers.reduce((sum, number) => sum + size(number), 0),
    made = found.ways[0].size === -Infinity ? -Infinity : product(factors);
  if (killing.size && Math.max(pull, made) <= Math.log2(tiny))
    return told(isRounded([...killing]) ? "underflow" : "killed", blame(folded(w, steps, killing)));
  const errors = steps.filter(step => isError(step) && Math.abs(step.value) <= tiny);
  const others = product(steps.filter(step => step !== errors[0]).map(step => Math.abs(step.value)));
  if (errors.length === 1 && pull <= Math.log2(tiny) && others > Math.log2(vanished)) {
    const [link] = folded(w, steps, new Set(errors));
    const nearly = link.value ? "nearly " : "";
    return told("ok", sentenceOf("error", { why: reason(link), inside: describe(errors[0].wrt), nearly }));
  }
  const whole = product(steps.map(step => Math.abs(step.value)).filter(Boolean));
  const small = how => told(how, sentenceOf(how, { size: power(whole) }));
  if (pull < -1022) return small("underflow");
  if (Math.max(pull, made) <= Math.log2(vanished)) return small("vanishing");
  // The paths that cancel: the labelled ones, or those of the operations inside the factors.
  const seen = part => (cancel({ up, down }, part) ? { count, up, down } : found);
  const sides = (how, way) =>
    sentenceOf(how, { count: many(way.count), ...bothWays(way.up, way.down), total: pretty(total) });
  if (cancel(found, words.cancelled)) return told("cancelled", sides("cancelled", seen(words.cancelled)));
  const moderate = factors.filter(number => number < 1 / tiny);
  if (moderate.filter(number => number > 1).length >= words.many && product(moderate) >= -Math.log2(vanished))
    return small("exploding");
  const way = cancel(found, words.mixed) ? seen(words.mixed) : { count, up, down };
  return told(
    "ok",
    way.up > -Infinity && way.down > -Infinity
      ? sides("mixed", way)
      : count === 1n
        ? sentences.single
        : sentenceOf("ok", { count: many(count), share: pretty(paths[0].product), total: pretty(total) }),
  );
}

const sentenceOf = (name, fields) => words.sentences[name].replace(/\{(\w+)\}/g, (_, field) => fields[field]);

function cancel({ up, down }, part) {
  const pull = plus(up, down);
  return Math.min(up, down) > -Infinity && Math.abs(2 ** (up - pull) - 2 ** (down - pull)) <= part;
}

// The links that some steps of a path are folded into.
function folded(w, steps, some) {
  const links = [];
  let before = w,
    inside = false;
  for (const step of steps) {
    const v = variableOf.get(step.of);
    inside ||= some.has(step);
    if (!v) continue;
    if (inside) links.push(v.links.find(link => link.wrt === before && (link.slot ?? step.slot) === step.slot));
    [before, inside] = [v.i, false];
  }
  return links;
}

// What raising w does to the output, by a step over which the slope holds.
function rise(w, total, ends) {
  const { node } = variables[w],
    x = dataOf(w),
    near = slope => Math.abs(slope - total) <= words.holds * Math.abs(total);
  const step =
    total &&
    elsewhere(node, move =>
      words.steps.find(
        step =>
          x + step > x &&
          [x + words.inside * step, x + step].every(x => {
            move(x);
            return near(nodes[node].grad);
          }),
      ),
    );
  if (!step) return sentenceOf("slope", { ...ends, total: pretty(total) });
  return sentenceOf("raising", {
    ...ends,
    step: pretty(step),
    moves: total > 0 ? "raises" : "lowers",
    change: pretty(Math.abs(total) * step),
  });
}

// What pulls each way, to as many digits as it takes to see a difference.
function bothWays(up, down) {
  const digits = [4, 5, 6, 7, 8, 9, 10, 11, 12].find(n => power(up, n) !== power(down, n)) ?? 4;
  return { up: power(up, digits), down: power(down, digits) };
}

const blame = links => links.slice(0, 3).map(reason).join("; and ") + (links.length > 3 ? "; and more" : "");

function reason(link) {
  const { alone, names } = formOf(link),
    number = pretty(link.value);
  const equation = `${derivative(link)} = ${alone}` + (alone === number ? "" : ` = ${number}`);
  const inside = stepsOf(link),
    infinite = inside.find(({ value }) => Math.abs(value) === Infinity),
    measured = i => `${describe(i)} = ${pretty(nodes[i].data)}`;
  if (Number.isNaN(link.value) && infinite && inside.some(({ value }) => value === 0))
    return `${equation}: ${sentenceOf("masked", { node: nodes[infinite.of].op, inside: measured(infinite.wrt) })}`;
  const cut = inside.filter(({ of, value }) => link.isCut && nodes[of].op === "select" && !value),
    decides = cut.every(({ slot }) => slot === 0);
  if (cut.length) return `${equation}: ${words.sentences[decides ? "decides" : "untaken"]}`;
  const { of, wrt } = culprit(link),
    op = functionOf(of, wrt),
    kind = !Number.isFinite(link.value) ? words.breaks : Math.abs(link.value) <= words.tiny ? words.conditions : {};
  if (op in kind) {
    const why = underflows({ of, wrt, value: link.value }) ? sentenceOf("rounded", { why: kind[op] }) : kind[op];
    return `${equation} because ${measured(wrt)}: ${why}`;
  }
  if (alone === number) return isConstant(link) ? `${equation}, whatever ${variables[link.wrt].name} is` : equation;
  const where = names.slice(0, words.named).map(v => `${v.name} = ${pretty(dataOf(v.i))}`);
  return where.length ? `${equation} where ${where.join(" and ")}` : equation;
}

// The operation inside a link with the smallest partial, or with one that is not finite.
function culprit(link) {
  const weight = ({ value }) => (Number.isFinite(value) ? Math.abs(value) : -1);
  return stepsOf(link).reduce((a, b) => (weight(b) < weight(a) ? b : a));
}

function describe(i) {
  const term = termOf(i);
  return hasElided(term) ? pretty(nodes[i].data) : show(term);
}
