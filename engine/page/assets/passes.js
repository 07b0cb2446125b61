// The passes, step by step: forward box by box, then backward, with every number known only from its step on.
const passes = { at: null, order: [], timer: 0 }; // at: how many steps are done, null where all numbers are shown

const NUMBERS = { ...PRETTY, name: v => (v === ELIDED ? "…" : factored(dataOf(v.i))) };
const TERMS = 4; // of a sum that are written out

function known({ turn }, line) {
  const { at, order } = passes;
  return at === null || (line ? 2 * order.length - 1 - turn : turn) < at;
}

function toStep(at) {
  passes.order = [...boxes.values()].sort((a, b) => a.serial - b.serial);
  passes.order.forEach((box, turn) => {
    box.turn = turn;
  });
  passes.at = at === null ? null : Math.min(Math.max(at, 0), 2 * passes.order.length);
  if (at === null || passes.at === 2 * passes.order.length) pause();
  showStep();
}

function showStep() {
  const { at, order } = passes,
    n = order.length,
    on = at !== null,
    back = on && at > n;
  const box = at ? order[back ? 2 * n - at : at - 1] : null;
  for (const other of boxes.values()) other.g.classList.toggle("now", other === box);
  for (const arc of arcs.values()) arc.g.classList.toggle("now", Boolean(box) && (back ? arc.from : arc.to) === box);
  svg.classList.toggle("backward", back);
  renew();
  if (on) {
    light(null);
    glow([...arcs.values()].filter(arc => arc.pill && back && known(arc.from, 1)));
  } else if (chosen !== null) light(tell(chosen, listed));
  else light(null);
  $("leave").hidden = !on;
  Object.assign($("progress"), { max: 2 * n, value: at ?? 0 });
  $("progress").setAttribute("aria-valuetext", on ? `step ${at} of ${2 * n}` : "not playing");
  $("caption").replaceChildren(
    ...(!on
      ? ["Play the forward and backward pass, step by step."]
      : !box
        ? ["Nothing is computed yet."]
        : back
          ? backwardText(box)
          : forwardText(box)),
  );
  if (box) reveal(box);
}

// z = w·x + b = 0.8·0.5 + 0.1 = 0.5
function forwardText({ group, head, title, members }) {
  if (head === null) return [`Forward: ${title}, ${members.length} numbers`];
  const { node, name } = variables[head],
    number = pretty(dataOf(head));
  if (!nodes[node].op) return ["Forward: ", math(name), ` = ${number} is given`];
  const term = expressionOf(node),
    written = hasElided(term) ? [] : [show(term), show(term, NUMBERS)];
  return [
    `Forward${group ? ` through ${title}` : ""}: `,
    math([name, ...written].join(" = ")),
    html("b", {}, ` = ${number}`),
  ];
}

// dL/dh = dL/do₁ · ∂o₁/∂h + dL/do₂ · ∂o₂/∂h = (−1.433) · 0.7 + (−0.1961) · (−1.1) = −0.7873
function backwardText({ head, title, members }) {
  const of = variables[output].name;
  if (head === null)
    return [
      `Backward: ${title}, ${members.length} grads, the largest ${pretty(Math.max(...members.map(i => Math.abs(gradOf(i)))))}`,
    ];
  const total = i => `d${of}/d${variables[i].name}`;
  if (head === output) return ["Backward: ", math(total(head)), html("b", {}, " = 1"), ", where it starts"];
  const links = variables.flatMap(v =>
    v.links.some(link => link.wrt === head) ? linksOf(v.i).filter(link => link.wrt === head) : [],
  );
  const rest = links.length > TERMS ? [`… ${links.length - TERMS} more`] : [],
    few = links.slice(0, TERMS);
  const symbols = [...few.map(link => `${total(link.of)}·${derivative(link)}`), ...rest].join(" + ");
  const numbers = [...few.map(link => `${factored(gradOf(link.of))}·${factored(link.value)}`), ...rest].join(" + ");
  return [
    "Backward, grad = Σ child’s grad × factor: ",
    math(`${total(head)} = ${symbols} = `),
    numbers,
    html("b", {}, ` = ${pretty(gradOf(head))}`),
  ];
}

function play() {
  if (passes.timer) return pause();
  if (passes.at === null || passes.at === 2 * passes.order.length) toStep(0);
  passes.timer = setInterval(() => toStep(passes.at + 1), 1200);
  label("❚❚", "Pause");
}

function pause() {
  clearInterval(passes.timer);
  passes.timer = 0;
  label("▶", "Play");
}

function label(sign, name) {
  $("play").textContent = sign;
  $("play").setAttribute("aria-label", name);
}

function onward(by) {
  pause();
  toStep((passes.at ?? 0) + by);
}
$("play").addEventListener("click", play);
$("forth").addEventListener("click", () => onward(1));
$("back").addEventListener("click", () => onward(-1));
$("leave").addEventListener("click", () => toStep(null));
$("progress").addEventListener("input", event => {
  pause();
  toStep(event.target.valueAsNumber);
});
