// The page. Text enters as text nodes only.
const $ = id => document.getElementById(id), svg = document.querySelector("#graph svg");
const html = (tag, properties = {}, ...children) => { const e = Object.assign(document.createElement(tag), properties); e.append(...children); return e; };
function draw(tag, attributes = {}, ...children) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const name in attributes) e.setAttribute(name, attributes[name]);
  e.append(...children);
  return e;
}
const math = text => html("span", { className: "math" }, text);

// The edges of the picture, by the boxes that they join, and the links that each stands for.
const arcs = new Map();
for (const g of svg.querySelectorAll(".edge")) arcs.set(g.querySelector("title").textContent.replace("->", " "), { g, links: [] });
for (const v of variables) for (const link of v.links) {
  link.arc = arcs.get(`${variables[link.wrt].box} ${v.box}`);
  link.arc?.links.push(link);
}
let chosen = null, rows = 20;

// The boxes of the picture, each with three lines of its own, as wide as they may be.
for (const [id, box] of Object.entries(boxes)) {
  const g = box.g = $(id), { x, y, width, height } = g.querySelector("path").getBBox();
  const line = i => ({ x: x + width / 2, y: y + height / 2 + 17 * i - 9 });
  g.querySelectorAll("text").forEach(text => text.remove());
  box.numbers = ["data", "grad"].map((key, i) => {
    const number = draw("tspan", { class: "number" }), text = draw("text", line(i + 1), draw("tspan", { class: "key" }, `${key} `), number);
    return { number, text, width: width - 8 };
  });
  box.name = draw("text", line(0), draw("tspan", { class: "name" }, box.title), draw("tspan", { class: "made" }, box.made && ` = ${box.made}`));
  box.width = width - 8;
  g.append(box.name, ...box.numbers.map(({ text }) => text));
}
const wide = Object.values(boxes).filter(box => box.name.getComputedTextLength() > box.width);
for (const box of wide) squeeze(box.name, box.width);

function squeeze(text, width) {
  for (const [name, value] of [["textLength", width], ["lengthAdjust", "spacingAndGlyphs"]]) width ? text.setAttribute(name, value) : text.removeAttribute(name);
}

// The numbers in the boxes. Their width is estimated: to measure it at every turn of a slider would be slow.
function write() {
  for (const box of Object.values(boxes)) {
    const v = variables[box.head], data = pretty(nodes[v.node].data), grad = pretty(v.grad);
    [data, grad].forEach((text, i) => {
      box.numbers[i].number.textContent = text;
      squeeze(box.numbers[i].text, 7.3 * text.length + 34 > box.width ? box.width : 0);
    });
    box.g.setAttribute("aria-label", `${v.name}, data ${data}, grad ${grad}`);
  }
  for (const { g, links } of arcs.values()) for (const text of g.querySelectorAll(":scope > text")) text.textContent = links.length === 1 ? pretty(links[0].value) : "";
}

// Light up what the paths from w run along, or one of them: width by contribution, colour by direction.
function light(w, at, path) {
  for (const g of svg.querySelectorAll(".lit, .chosen")) g.classList.remove("lit", "chosen", "against", "killed");
  for (const g of svg.querySelectorAll(".pill")) g.remove();
  svg.classList.toggle("lit", w !== null);
  if (w === null) return;
  const pulls = new Map(), all = variables.slice(w + 1).flatMap(v => v.links.filter(link => at[link.wrt].count));
  for (const link of path?.links ?? all) {
    const pull = path ? path.product : at[link.wrt].slope * link.value * variables[link.of].grad;
    if (link.arc) pulls.set(link.arc, (pulls.get(link.arc) ?? 0) + pull);
    for (const v of [link.wrt, link.of]) boxes[variables[v].box]?.g.classList.add("lit");
  }
  boxes[variables[w].box]?.g.classList.add("lit", "chosen");
  const most = Math.max(...[...pulls.values()].map(Math.abs));
  for (const [{ g, links }, pull] of pulls) {
    const killed = links.every(link => Math.abs(link.value) <= words.tiny);
    g.classList.add("lit", ...killed ? ["killed"] : pull * at[output].slope < 0 ? ["against"] : []);
    g.style.setProperty("--width", 1.2 + 4.3 * Math.abs(pull) / most || 1.2);
    pill(g, links.length === 1 ? (killed ? "✕ " : "× ") + pretty(links[0].value) : `${links.length} links`);
  }
}

function pill(g, text) {
  const width = 7 * text.length + 12, { x, y } = middle(g);
  const frame = draw("rect", { x: x - width / 2, y: y - 9, width, height: 18, rx: 5 });
  g.append(draw("g", { class: "pill" }, frame, draw("text", { x, y: y + 4.5 }, text)));
}

function middle(g) {
  const curve = g.querySelector("path");
  return g.middle ??= curve.getPointAtLength(curve.getTotalLength() / 2);
}

// What is said of a Value: its derivative, the verdict, and path by path formulas above numbers.
function show(w) {
  const at = w === null ? null : chain(w, rows), paths = at ? largest(at) : [];
  light(w, at);
  $("answer").replaceChildren(...w === null ? welcome() : answer(w, at, paths));
  $("paths").replaceChildren(...w === null ? [] : table(w, at, paths));
}

function welcome() {
  const leaves = variables.map((v, i) => [v, i]).filter(([v]) => !nodes[v.node].op).sort(([a], [b]) => Math.abs(b.grad) - Math.abs(a.grad));
  const item = ([v, i]) => html("button", { onclick: () => choose(i) }, math(v.name), ` ${pretty(v.grad)}`);
  return [html("h1", {}, math(variables[output].name), " = ", html("b", { title: nodes[variables[output].node].data }, pretty(nodes[variables[output].node].data))),
    html("p", { className: "soft" }, `Hover, click or choose a Value to see why its derivative is what it is. `, html("kbd", {}, "/"), " searches, ", html("kbd", {}, "↑ ↓ ← →"), " move, ", html("kbd", {}, "Enter"), " chooses, ", html("kbd", {}, "Esc"), " lets go."),
    html("h2", {}, `Largest derivatives ∂${variables[output].name}/∂…`), html("div", { id: "members" }, ...leaves.slice(0, 24).map(item))];
}

function answer(w, at, paths) {
  const { count, slope } = at[output], v = variables[w], [verdict, sentence] = judge(w, at, paths);
  const tone = verdict === "ok" ? "ok" : ["cancelled", "vanishing"].includes(verdict) ? "doubtful" : "bad";
  const members = boxes[v.box]?.members ?? [];
  return [html("h1", {}, math(`∂${variables[output].name}/∂${v.name}`), " = ", html("b", { id: "total", className: tone === "bad" ? "killed" : "with", title: slope }, pretty(slope))),
    html("p", { className: "soft" }, `${count === 1n ? "one path" : `sum of ${many(count)} paths`} · `, math(v.name), v.made && [" = ", math(v.made)], ` = ${pretty(nodes[v.node].data)}`),
    html("p", { id: "verdict", className: tone }, html("b", {}, verdict.replace("_", "-")), `: ${sentence}`),
    ...members.length > 1 ? [html("h2", {}, `In ${boxes[v.box].title}`), html("div", { id: "members" }, ...members.map(i =>
      html("button", { ariaPressed: i === w, onclick: () => choose(i) }, math(variables[i].name))))] : []];
}

function table(w, at, paths) {
  const { count, slope } = at[output], left = count - BigInt(paths.length);
  const rest = slope - paths.reduce((sum, path) => sum + path.product, 0);
  const more = html("button", { onclick: () => { rows *= 2; show(w); } }, "More");
  return paths.length ? [html("h2", {}, "Path by path, strongest first"), html("ol", {}, ...paths.map(path => row(w, at, path))),
    ...left ? [html("p", {}, `… and ${many(left)} more, together ${pretty(rest)} `, more)] : []] : [];
}

function row(w, at, path) {
  const side = path.product * at[output].slope < 0 ? "against" : "with", only = () => light(w, at, path), all = () => light(w, at);
  const cells = path.links.map(link => html("span", { className: "factor", title: `${derivative(link)} = ${link.value}` }, math(formula(link)),
    html("b", { className: Math.abs(link.value) <= words.tiny ? "killed" : side }, link.value < 0 ? `(${pretty(link.value)})` : pretty(link.value))));
  return html("li", { tabIndex: 0, onmouseenter: only, onmouseleave: all, onfocus: only, onblur: all },
    html("span", { className: "math route" }, elided([w, ...path.links.map(link => link.of)].map(i => variables[i].name)).join(" → ")),
    html("span", { className: `sum big ${side}`, title: path.product }, `= ${pretty(path.product)}`),
    html("span", { className: "factors" }, ...elided(cells).flatMap((cell, i) => i ? [times(), cell] : [cell])));
}

const times = () => html("span", { className: "factor" }, math("·"), html("b", {}, "·"));
const elided = items => items.length <= 16 ? items : [...items.slice(0, 8), "…", ...items.slice(-8)];

function choose(w, quietly) {
  chosen = w;
  rows = 20;
  if (w !== null && !nodes[variables[w].node].op) leaf(w);
  show(w);
  const hash = w === null ? " " : `#wrt=${encodeURIComponent(variables[w].label)}`;
  try { history.replaceState(null, "", hash); } catch { /* a page inside a notebook has no address */ }
  if (!quietly) say();
}

function say() {
  if (chosen !== null) $("status").textContent = ["h1", "#verdict"].map(part => $("answer").querySelector(part).textContent).join(", ");
}

// A leaf's number, by slider and field.
function leaf(i) {
  const x = nodes[variables[i].node].data, reach = Math.max(1, 2 * Math.abs(x)) || 1;
  $("leaf").value = i;
  Object.assign($("slider"), { min: x - reach, max: x + reach, value: x });
  $("field").value = x;
}

function change(x) {
  if (!Number.isFinite(x)) return;
  nodes[variables[$("leaf").value].node].data = x;
  update();
}

function update() { run(); write(); show(chosen); say(); }

// Pan and zoom: the part of the picture that is seen.
const whole = svg.viewBox.baseVal, home = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
let view = { ...home };
function look(next) {
  view = next;
  svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
}

function fit() {  // never larger than life by much, and on a narrow screen never too small to read
  const { clientWidth, clientHeight } = $("graph"), scale = Math.min(clientWidth / home.width, clientHeight / home.height);
  const shown = Math.min(Math.max(scale, 0.5), 1.5), width = clientWidth / shown, height = clientHeight / shown;
  const focus = scale < shown && chosen !== null && $(variables[chosen].box)?.getBBox();
  const x = focus ? Math.min(Math.max(focus.x - width / 8, 0), home.width - width) : (home.width - width) / 2;
  look({ x: home.x + (scale < shown && !focus ? home.width - width : x), y: home.y + (home.height - height) / 2, width, height });
}

function zoom(factor, at = { x: view.x + view.width / 2, y: view.y + view.height / 2 }) {
  look({ x: at.x - (at.x - view.x) / factor, y: at.y - (at.y - view.y) / factor, width: view.width / factor, height: view.height / factor });
}

const point = event => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
const fingers = new Map();
let moved = false;
$("graph").addEventListener("wheel", event => { event.preventDefault(); zoom(1.0015 ** -event.deltaY, point(event)); }, { passive: false });
$("graph").addEventListener("pointerdown", event => { fingers.set(event.pointerId, event); moved = false; });
addEventListener("pointermove", event => {
  const before = fingers.get(event.pointerId);
  if (!before || Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY) < (moved ? 0 : 5)) return;
  moved = true;
  const [a, b] = [point(before), point(event)], other = [...fingers.values()].find(finger => finger.pointerId !== event.pointerId);
  if (other) zoom(Math.hypot(b.x - point(other).x, b.y - point(other).y) / Math.hypot(a.x - point(other).x, a.y - point(other).y), point(other));
  else look({ ...view, x: view.x + a.x - b.x, y: view.y + a.y - b.y });
  fingers.set(event.pointerId, event);
});
for (const name of ["pointerup", "pointercancel"]) addEventListener(name, event => fingers.delete(event.pointerId));

// Boxes: hover, click, keys. The nearest box in a direction is the one an arrow key goes to.
for (const [id, box] of Object.entries(boxes)) {
  const g = $(id);
  for (const [name, value] of Object.entries({ tabindex: 0, role: "button" })) g.setAttribute(name, value);
  const preview = () => show(box.members.includes(chosen) ? chosen : box.head), back = () => show(chosen);
  g.addEventListener("pointerenter", event => { if (event.pointerType === "mouse" && !fingers.size) preview(); });
  g.addEventListener("pointerleave", event => { if (event.pointerType === "mouse" && !fingers.size) back(); });
  g.addEventListener("focus", () => { if (g.matches(":focus-visible")) preview(); });
  g.addEventListener("blur", back);
  g.addEventListener("click", event => { event.stopPropagation(); if (!moved) choose(box.head); });
  g.addEventListener("keydown", event => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step) neighbour(g, step)?.focus();
    if (event.key === "Enter" || event.key === " ") choose(box.head);
    if (step || event.key === "Enter" || event.key === " ") event.preventDefault();
  });
}
$("graph").addEventListener("click", event => { if (!moved && !event.target.closest("button, .node")) choose(null); });

function neighbour(g, [dx, dy]) {
  const middle = e => { const { x, y, width, height } = e.getBoundingClientRect(); return [x + width / 2, y + height / 2]; };
  const [x, y] = middle(g), away = e => { const [u, v] = middle(e), ahead = (u - x) * dx + (v - y) * dy, aside = Math.abs((u - x) * dy) + Math.abs((v - y) * dx); return ahead > 1 ? ahead + 2 * aside : Infinity; };
  return Object.keys(boxes).map($).filter(e => away(e) < Infinity).sort((a, b) => away(a) - away(b))[0];
}

addEventListener("keydown", event => {
  if (event.key === "Escape") choose(null);
  if (event.target.closest("input, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = { "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: fit, "/": () => $("search").focus() }[event.key];
  if (act) { event.preventDefault(); act(); }
});

// Search, deep link, theme.
const named = text => variables.findIndex(v => v.label === text || v.name === text);
$("search").addEventListener("input", event => {
  const text = event.target.value.toLowerCase(), hits = new Set(text ? variables.filter(v => `${v.label} ${v.name}`.toLowerCase().includes(text)).map(v => v.box) : []);
  for (const id of Object.keys(boxes)) $(id).classList.toggle("found", hits.has(id));
});
$("search").addEventListener("change", event => {
  const text = event.target.value, exact = named(text), first = exact >= 0 ? exact : variables.findIndex(v => text && `${v.label} ${v.name}`.toLowerCase().includes(text.toLowerCase()));
  if (first >= 0) { choose(first); event.target.value = ""; }
  event.target.dispatchEvent(new Event("input"));
});
function follow() {
  const label = new URLSearchParams(location.hash.slice(1)).get("wrt"), i = label === null ? page.wrt : named(label);
  choose(i === -1 ? null : i);
}
addEventListener("hashchange", follow);
$("theme").addEventListener("click", () => {
  const now = document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
});
for (const [id, act] of [["closer", () => zoom(1.25)], ["farther", () => zoom(0.8)], ["fit", fit]]) $(id).addEventListener("click", act);

const leaves = variables.flatMap((v, i) => nodes[v.node].op ? [] : [i]);
$("names").append(...variables.map(v => html("option", { value: v.label })));
$("leaf").append(...leaves.map(i => html("option", { value: i }, variables[i].name)));
$("numbers").hidden = !leaves.length;
$("leaf").addEventListener("change", event => leaf(event.target.value));
$("slider").addEventListener("input", event => { $("field").value = event.target.value; change(event.target.valueAsNumber); });
$("field").addEventListener("input", event => { $("slider").value = event.target.value; change(event.target.valueAsNumber); });
$("reset").addEventListener("click", () => { for (const node of nodes) node.data = node.recorded; update(); if (leaves.length) leaf($("leaf").value); });
$("note").textContent = page.note;

run();
write();
if (leaves.length) leaf(leaves[0]);
follow();
fit();
new ResizeObserver(fit).observe($("graph"));
