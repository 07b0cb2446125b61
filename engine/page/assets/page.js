// The panel, the controls and the keys. Text enters as text nodes only.
let chosen = null, rows = 20;

function html(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
const math = text => html("span", { className: "math" }, text);
const key = text => html("kbd", {}, text);

// What is said of a Value: its derivative, the verdict, and path by path formulas above numbers.
function show(w) {
  const told = w === null ? null : tell(w, rows);
  light(told);
  $("answer").replaceChildren(...told ? answer(told) : welcome());
  $("paths").replaceChildren(...told?.paths.length ? table(told) : []);
}

function welcome() {
  const { name, node } = variables[output], size = i => Math.abs(variables[i].grad) || 0;
  const strongest = leaves.slice().sort((i, j) => size(j) - size(i)).slice(0, 24);
  const item = i => html("button", { onclick: () => choose(i) }, math(variables[i].name), ` ${pretty(variables[i].grad)}`);
  return [
    html("h1", {}, math(name), " = ", html("b", { title: nodes[node].data }, pretty(nodes[node].data))),
    html("p", { className: "soft" }, "Hover, click or choose a Value to see why its derivative is what it is. ",
      key("/"), " searches, ", key("↑ ↓ ← →"), " move, ", key("Enter"), " chooses, ", key("Esc"), " lets go."),
    html("h2", {}, `Largest derivatives d${name}/d…`),
    html("div", { className: "chips" }, ...strongest.map(item)),
  ];
}

const tones = { ok: "ok", cancelled: "doubtful", vanishing: "doubtful" };

function answer({ w, at, verdict, sentence }) {
  const { count, slope } = at[output], v = variables[w];
  const tone = tones[verdict] ?? "bad", made = v.made ? [" = ", math(v.made)] : [];
  const sum = count === 0n ? "no path" : count === 1n ? "one path" : `sum of ${many(count)} paths`;
  const total = html("b", { id: "total", className: tone === "bad" ? "killed" : "with", title: slope }, pretty(slope));
  return [
    html("h1", {}, math(`d${variables[output].name}/d${v.name}`), " = ", total),
    html("p", { className: "soft" }, `${sum} · `, math(v.name), ...made, ` = ${pretty(nodes[v.node].data)}`),
    html("p", { id: "verdict", className: tone }, html("b", {}, verdict.replace("_", "-")), `: ${sentence}`),
    ...others(w),
  ];
}

// What else is in the same box.
function others(w) {
  const box = boxes[variables[w].box];
  const item = i => html("button", { ariaPressed: i === w, onclick: () => choose(i) }, math(brief(variables[i].name, box.first)));
  return box?.members.length > 1 ? [html("h2", {}, `In ${box.title}`), html("div", { className: "chips" }, ...box.members.map(item))] : [];
}

function table(told) {
  const { w, at, paths } = told, { count, slope } = at[output], left = count - BigInt(paths.length);
  const rest = slope - paths.reduce((sum, path) => sum + path.product, 0);
  const more = html("button", { onclick: () => { rows *= 2; show(w); } }, "More");
  return [
    html("h2", {}, "Path by path, strongest first"),
    html("ol", {}, ...paths.map(path => row(told, path))),
    ...left ? [html("p", {}, `… and ${many(left)} more, together ${pretty(rest)} `, more)] : [],
  ];
}

function row(told, path) {
  const tone = path.links.some(link => isWrong(link, told)) ? "killed" : side(path, told);
  const [only, all] = [() => light(told, path), () => light(told)];
  const route = [variables[told.w].name, ...path.links.map(link => brief(variables[link.of].name, link.wrt))];
  const factors = elided(path.links).flatMap((link, i) => i ? [cell("·", "·"), times(link, path, told)] : [times(link, path, told)]);
  return html("li", { tabIndex: 0, onmouseenter: only, onmouseleave: all, onfocus: only, onblur: all },
    html("span", { className: "math route" }, elided(route).join(" → ")),
    html("span", { className: `sum ${tone}`, title: path.product }, `= ${pretty(path.product)}`),
    html("span", { className: "factors" }, ...factors));
}

const isWrong = (link, { killing, paths }) => killing.has(link)
  || !Number.isFinite(link.value) && paths.some(path => !path.isCut && path.links.includes(link));
const side = (path, { at }) => direction(path.product, at[output].slope);
const elided = items => items.length <= 16 ? items : [...items.slice(0, 8), "…", ...items.slice(-8)];
const cell = (above, below, properties = {}) => html("span", { className: "factor", ...properties }, math(above), html("b", {}, below));

// A text without the place that variable i is in, as layer1.neuron2.a is, where that is clear.
function brief(text, i) {
  const place = /^(.*\.)[^\W\d]\w*(\[\d+\])?$/u.exec(variables[i].label)?.[1];
  return place ? text.split(place).join("") : text;
}

function times(link, path, told) {
  if (link === "…") return cell("…", "…");
  const number = link.value < 0 ? `(${pretty(link.value)})` : pretty(link.value);
  const tone = isWrong(link, told) ? "killed" : side(path, told);
  return cell(brief(formula(link), link.of), number, { className: `factor ${tone}`, title: `${derivative(link)} = ${link.value}` });
}

function choose(w) {
  chosen = w;
  rows = 20;
  if (leaves.includes(w)) pick(w);
  for (const { g, members } of Object.values(boxes)) g.setAttribute("aria-pressed", members.includes(w));
  show(w);
  say();
  if (view && boxes[variables[w]?.box]) reveal(boxes[variables[w].box].g);
  try {
    history.replaceState(null, "", w === null ? "#" : `#wrt=${encodeURIComponent(variables[w].label)}`);
  } catch { /* a page in a notebook has no address of its own */ }
}

// For those who listen.
function say() {
  const [title, verdict] = ["h1", "#verdict"].map(part => $("answer").querySelector(part)?.textContent);
  $("status").textContent = chosen === null ? "" : `${title}, ${verdict}`;
}

// A leaf's number, by slider and field.
const leaves = variables.flatMap((v, i) => nodes[v.node].op ? [] : [i]);

function pick(i) {
  const x = nodes[variables[i].node].data, reach = Number.isFinite(x) ? Math.max(1, 2 * Math.abs(x)) : 1;
  $("leaf").value = i;
  Object.assign($("slider"), { min: x - reach, max: x + reach, value: x });
  $("field").value = x;
}

function change(x) {
  if (!Number.isFinite(x)) return;  // a field half written
  nodes[variables[$("leaf").value].node].data = x;
  update();
}

function reset() {
  for (const { node } of variables) nodes[node].data = nodes[node].recorded;
  update();
  pick($("leaf").value);
}

function update() {
  run();
  write();
  show(chosen);
  say();
}

$("leaf").append(...leaves.map(i => html("option", { value: i }, variables[i].name)));
$("leaf").addEventListener("change", event => pick(event.target.value));
for (const [from, to] of [["slider", "field"], ["field", "slider"]]) $(from).addEventListener("input", event => {
  $(to).value = event.target.value;
  change(event.target.valueAsNumber);
});
$("reset").addEventListener("click", reset);
$("numbers").hidden = !leaves.length;

// Boxes: hover and focus show, a click or Enter chooses, arrow keys go to the next box.
const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
for (const { g, first, members } of Object.values(boxes)) {
  const mouse = event => event.pointerType === "mouse" && !fingers.size;
  const preview = () => show(members.includes(chosen) ? chosen : first);
  g.setAttribute("tabindex", 0);
  g.setAttribute("role", "button");
  g.addEventListener("pointerenter", event => { if (mouse(event)) preview(); });
  g.addEventListener("pointerleave", event => { if (mouse(event)) show(chosen); });
  g.addEventListener("focus", () => { if (g.matches(":focus-visible")) preview(); });
  g.addEventListener("blur", () => show(chosen));
  g.addEventListener("click", () => { if (!moved) choose(first); });
  g.addEventListener("keydown", event => {
    if (event.key in arrows) neighbour(g, arrows[event.key])?.focus();
    else if (event.key === "Enter" || event.key === " ") choose(first);
    else return;
    event.preventDefault();
  });
}
$("graph").addEventListener("click", event => { if (!moved && !event.target.closest("button, .node")) choose(null); });

const acts = { "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: () => fit(), "/": () => $("search").focus() };
addEventListener("keydown", event => {
  if (event.key === "Escape") choose(null);
  if (event.target.closest("input, select") || event.ctrlKey || event.metaKey || event.altKey || !(event.key in acts)) return;
  event.preventDefault();
  acts[event.key]();
});
$("skip").addEventListener("click", acts["/"]);
for (const [id, name] of [["closer", "+"], ["farther", "-"], ["fit", 0]]) $(id).addEventListener("click", acts[name]);

// Search by label: what is typed is marked in the picture, and the first match is chosen.
const matches = text => variables.filter(v => text && `${v.label} ${v.name}`.toLowerCase().includes(text.toLowerCase()));
const named = text => variables.findIndex(v => v.label === text || v.name === text);

function mark(text) {
  const found = new Set(matches(text).map(v => v.box));
  for (const [id, { g }] of Object.entries(boxes)) g.classList.toggle("found", found.has(id));
}
$("names").append(...variables.map(v => html("option", { value: v.label })));
$("search").addEventListener("input", event => mark(event.target.value));
$("search").addEventListener("change", event => {
  const exact = named(event.target.value), w = exact < 0 ? variables.indexOf(matches(event.target.value)[0]) : exact;
  if (w < 0) return;
  choose(w);
  event.target.value = "";
  mark("");
});

// The address says which Value; light or dark is the system's choice until it is made here.
function follow() {
  const label = new URLSearchParams(location.hash.slice(1)).get("wrt"), w = label === null ? page.wrt : named(label);
  choose(w < 0 ? null : w);
}
addEventListener("hashchange", follow);
$("theme").addEventListener("click", () => {
  const { dataset } = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)").matches;
  dataset.theme = (dataset.theme ?? (dark ? "dark" : "light")) === "dark" ? "light" : "dark";
});

$("note").textContent = page.note;
run();
write();
if (leaves.length) pick(leaves[0]);
follow();
fit();
