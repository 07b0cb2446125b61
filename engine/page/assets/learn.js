// Learning by hand: leaves by slider and field, a nudge beside the derivative, and gradient steps with their losses.
const FEW = 8; // leaves up to which each has a slider, not only the one that is chosen
const learning = { losses: [], undo: [], given: new Set(), held: new Set(), timer: 0 };

const rateOf = () => $("rate").valueAsNumber,
  parameters = () => leaves.filter(i => !learning.held.has(i));

// The controls of a graph that was just loaded.
function controls() {
  learning.given = new Set(leaves.filter(isGiven));
  learning.held = new Set(learning.given);
  forget();
  $("numbers").hidden = !leaves.length;
  list(leaves.length <= FEW ? leaves : leaves.slice(0, 1));
}

function list(some) {
  $("sliders").replaceChildren(...some.map(slider));
}

function slider(i) {
  const { name } = variables[i],
    x = dataOf(i),
    reach = Number.isFinite(x) ? Math.max(1, 2 * Math.abs(x)) : 1;
  const range = html("input", {
    type: "range",
    step: "any",
    min: x - reach,
    max: x + reach,
    ariaLabel: `${name}, by slider`,
  });
  const field = html("input", { type: "number", step: "any", ariaLabel: name });
  const learns = html("input", {
    type: "checkbox",
    checked: !learning.held.has(i),
    title: "Gradient steps change it",
    ariaLabel: `Gradient steps change ${name}`,
  });
  range.addEventListener("input", () => {
    field.value = range.value;
    change(i, range.valueAsNumber);
  });
  field.addEventListener("input", () => {
    range.value = field.value;
    change(i, field.valueAsNumber);
  });
  learns.addEventListener("change", () => {
    hold(i, !learns.checked);
  });
  const row = Object.assign(
    html("div", { className: "slider" }, html("span", { className: "math" }, name), range, field, learns),
    { i, range, field },
  );
  fill(row);
  return row;
}

function hold(i, is) {
  if (is) learning.held.add(i);
  else learning.held.delete(i);
}

// A row shows its number; a field cannot hold an infinite one, which stands behind it.
function fill({ i, range, field }) {
  const x = dataOf(i),
    finite = Number.isFinite(x);
  field.placeholder = finite ? "" : pretty(x);
  if (!finite || field.valueAsNumber !== x) field.value = finite ? x : "";
  if (finite) range.value = x;
}

function change(i, x) {
  if (Number.isNaN(x)) return; // a field half written
  nodes[variables[i].node].data = x;
  update();
}

// All that follows from the numbers of the leaves.
function update() {
  run();
  renew();
  tellBranches();
  tellOf(chosen);
  if (passes.at !== null) showStep();
  nudge();
  for (const row of $("sliders").children) fill(row);
  remember();
}

function forget() {
  stop();
  Object.assign(learning, { losses: [dataOf(output)], undo: [] });
  plot("");
}

function reset() {
  for (const { node } of variables) if (!nodes[node].op) nodes[node].data = nodes[node].recorded;
  update();
  forget();
}

// One step down the gradient.
function descend() {
  const some = parameters(),
    before = some.map(dataOf),
    rate = rateOf();
  if (!Number.isFinite(rate)) return;
  learning.undo.push({ some, before });
  for (const i of some) nodes[variables[i].node].data -= rate * gradOf(i);
  update();
  const old = learning.losses.at(-1),
    loss = dataOf(output),
    { name } = variables[output];
  learning.losses.push(loss);
  const said = Number.isFinite(loss)
    ? loss > old
      ? `${name} rose from ${pretty(old)} to ${pretty(loss)}: the step was too long`
      : ""
    : `${name} is ${pretty(loss)}: undo, and take a shorter step`;
  if (!Number.isFinite(loss)) stop();
  plot(said);
}

function undo() {
  const last = learning.undo.pop();
  if (!last) return;
  stop();
  for (const [k, i] of last.some.entries()) nodes[variables[i].node].data = last.before[k];
  learning.losses.pop();
  update();
  plot("");
}

function train() {
  if (learning.timer) return stop();
  learning.timer = setInterval(descend, 120);
  $("train").textContent = "Stop";
}

function stop() {
  clearInterval(learning.timer);
  learning.timer = 0;
  $("train").textContent = "Play steps";
}

// The losses so far as a curve.
function plot(said) {
  const { losses, undo: steps } = learning,
    finite = losses.filter(Number.isFinite),
    [low, high] = [Math.min(...finite), Math.max(...finite)];
  const X = i => 6 + (308 * i) / Math.max(losses.length - 1, 1),
    Y = loss => 8 + 64 * (high > low ? (high - loss) / (high - low) : 0.5);
  const points = losses
    .map((loss, i) => (Number.isFinite(loss) ? `${X(i).toFixed(1)},${Y(loss).toFixed(1)}` : ""))
    .filter(Boolean);
  const { name } = variables[output],
    count = `${steps.length} step${steps.length === 1 ? "" : "s"}`;
  const text = steps.length ? `${name} over ${count}: ${pretty(losses[0])} to ${pretty(losses.at(-1))}` : "";
  const curve = element("polyline", { class: "curve", points: points.join(" ") });
  $("losses").replaceChildren(...(steps.length ? [chart(320, 80, text, curve), html("figcaption", {}, text)] : []));
  $("said").textContent = said;
  $("undo").disabled = !steps.length;
}

// What a small change of the chosen variable does, beside the derivative.
function nudge() {
  const w = chosen ?? leaves[0],
    by = $("epsilon").valueAsNumber;
  if (quiz.on || w === undefined || !(by && Number.isFinite(by))) return $("nudged").replaceChildren();
  const { node, name } = variables[w],
    x = dataOf(w),
    of = variables[output].name,
    loss = dataOf(output);
  const moved = elsewhere(node, move => {
      move(x + by);
      return dataOf(output);
    }),
    ratio = (moved - loss) / (x + by - x);
  $("nudged").replaceChildren(
    math(`Δ${of}/ε`),
    " = ",
    html("b", { id: "ratio", title: ratio }, pretty(ratio)),
    " beside ",
    math(`d${of}/d${name}`),
    " = ",
    html("b", {}, pretty(gradOf(w))),
    `, as ${name} goes from ${pretty(x)} to ${pretty(x + by, 6)}`,
  );
}

$("reset").addEventListener("click", reset);
$("descend").addEventListener("click", () => {
  stop();
  descend();
});
$("train").addEventListener("click", train);
$("undo").addEventListener("click", undo);
$("epsilon").addEventListener("input", nudge);
