// The picture: the boxes and edges of an SVG, what is written on them, what is lit, and what part of it is seen.
const $ = id => document.getElementById(id), svg = document.querySelector("#graph svg");

function draw(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// An edge by the boxes that it joins, with the links that it stands for.
const arcs = new Map();
for (const g of svg.querySelectorAll(".edge")) {
  arcs.set(g.querySelector("title").textContent.replace("->", " "), { g, links: [], label: g.querySelector("text") });
}
for (const { links } of variables) for (const link of links) {
  link.arc = arcs.get(`${variables[link.wrt].box} ${variables[link.of].box}`);
  link.arc?.links.push(link);
}
const picture = $("picture"), pills = draw("g", {});
const bottom = draw("g", {});  // edges below boxes below factors
bottom.append(...[...arcs.values()].map(arc => arc.g));
picture.prepend(bottom);
picture.append(pills);
for (const title of svg.querySelectorAll("title")) title.remove();  // these would pop up, with the old numbers
for (const a of svg.querySelectorAll("a")) a.removeAttribute("xlink:title");

// A box is lettered anew, line by line, so that its numbers can change; never wider than it is.
for (const [id, box] of Object.entries(boxes)) {
  const g = box.g = $(id), { x, y, width, height } = g.querySelector("path").getBBox();
  box.width = width - 8;
  box.head = box.heads.length === 1 ? box.heads[0] : null;  // whose numbers stand in the box
  box.first = box.head ?? box.members[0];
  box.title = box.lines.slice(0, box.head === null ? 2 : 1).map(([[, words]]) => words).join(" ");
  box.texts = box.lines.map((spans, i) => draw("text",
    { x: x + width / 2, y: y + height / 2 + 17 * (i - box.lines.length / 2) + 14 },
    ...spans.map(([name, words]) => draw("tspan", { class: name }, words))));
  g.querySelectorAll("text").forEach(text => text.remove());
  g.append(...box.texts);
}
for (const { texts, width } of Object.values(boxes)) if (texts[0].getComputedTextLength() > width) squeeze(texts[0], width);

function squeeze(text, width) {
  text.setAttribute("textLength", width);
  text.setAttribute("lengthAdjust", "spacingAndGlyphs");
}

// The numbers on boxes and edges. How wide they are is estimated, since measuring at every turn of a slider is slow.
function write() {
  for (const box of Object.values(boxes)) {
    const { node, name, grad } = variables[box.first], numbers = [nodes[node].data, grad].map(x => pretty(x));
    box.g.setAttribute("aria-label", box.head === null ? box.title : `${name}, data ${numbers[0]}, grad ${numbers[1]}`);
    if (box.head !== null) box.texts.slice(1).forEach((text, i) => {
      text.lastChild.textContent = numbers[i];
      text.removeAttribute("textLength");
      if (7.3 * numbers[i].length + 34 > box.width) squeeze(text, box.width);
    });
  }
  for (const arc of arcs.values()) {
    arc.value = factor(arc.links);
    if (arc.label && arc.value !== null) arc.label.textContent = pretty(arc.value);
  }
}

// The derivative of one box's head in another's along the links between them, through what is inside the box.
function factor(links) {
  const box = boxes[variables[links[0].of].box], inner = new Map([[box.first, 1]]);
  if (boxes[variables[links[0].wrt].box].head === null || box.head === null) return null;
  for (const i of box.members.slice().reverse()) for (const link of variables[i].links) {
    inner.set(link.wrt, (inner.get(link.wrt) ?? 0) + (inner.get(i) ?? 0) * link.value);
  }
  return links.reduce((sum, link) => sum + link.value * (inner.get(link.of) ?? 0), 0);
}

// Light up what the paths from w run along, or one of them: width by contribution, colour by direction.
const MARKS = ["lit", "chosen", "cut", "with", "against", "killed"];

function light(told, path) {
  for (const g of svg.querySelectorAll(".lit, .chosen")) g.classList.remove(...MARKS);
  pills.replaceChildren();
  svg.classList.toggle("lit", told !== null);
  if (told === null) return;
  const { runs, alive } = flow(told, path), total = told.at[output].slope, lit = new Map();
  for (const [link, { pull, passes }] of runs) {
    const before = lit.get(link.arc) ?? { pull: 0, passes: false }, head = boxes[variables[link.of].box]?.first;
    lit.set(link.arc, { pull: before.pull + pull, arrives: alive.has(head), passes: before.passes || passes });
    for (const i of [link.wrt, link.of]) enter(i, alive);
  }
  enter(told.w, alive, "chosen");
  lit.delete(undefined);  // links within one box
  const strongest = [...lit].sort(([, a], [, b]) => Math.abs(b.pull) - Math.abs(a.pull));
  for (const [arc, run] of strongest.slice().reverse()) trace(arc, run, total, Math.abs(strongest[0][1].pull));
  strongest.forEach(([arc, run]) => label(arc, run, total));
}

function enter(i, alive, ...marks) {
  const box = boxes[variables[i].box];
  box?.g.classList.add("lit", ...marks, ...box.head === i && !alive.has(i) ? ["cut"] : []);
}


function trace(arc, { pull, passes }, total, most) {
  arc.g.classList.add("lit", passes ? direction(pull, total) : "killed");
  arc.g.style.setProperty("--width", !passes ? 1.4 : 1.2 + 4.3 * Math.abs(pull) / most || 1.2);
  bottom.append(arc.g);
}

// The factor on an edge, where no stronger one stands already.
function label(arc, { pull, arrives, passes }, total) {
  if (arc.value === null) return;
  const killed = arrives && !passes, wild = !Number.isFinite(arc.value);
  const tone = killed || wild ? "killed" : arrives ? direction(pull, total) : "dead";
  const text = `${killed ? "✕" : wild ? "!" : "×"} ${pretty(arc.value)}`, width = 7 * text.length + 12;
  const curve = arc.g.querySelector("path"), { x, y } = arc.middle ??= curve.getPointAtLength(curve.getTotalLength() / 2);
  const taken = pill => Math.abs(pill.x - x) < (pill.width + width) / 2 && Math.abs(pill.y - y) < 18;
  if ([...pills.children].some(taken)) return;
  const frame = draw("rect", { x: x - width / 2, y: y - 9, width, height: 18, rx: 5 });
  const pill = draw("g", { class: `pill ${tone}` }, frame, draw("text", { x, y: y + 4.5 }, text));
  pills.append(Object.assign(pill, { x, y, width }));
}

// Pan and zoom: what part of the picture is seen.
const { x: left, y: top_, width: full, height: high } = svg.viewBox.baseVal;
let view, fitted = true;
$("graph").style.setProperty("--aspect", high / full);

function look(next, all = false) {
  view = next;
  fitted = all;
  svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
}

// All of it: not much larger than life, and on a narrow screen not too small to read, but from `focus` on.
function fit(focus = svg.querySelector(".chosen")) {
  const { clientWidth, clientHeight } = $("graph"), scale = Math.min(clientWidth / (full + 40), clientHeight / (high + 40));
  const shown = Math.min(Math.max(scale, 0.5), 1.5), width = clientWidth / shown, height = clientHeight / shown;
  const start = focus ? focus.getBBox().x - left - 12 : full;
  const x = width > full ? (full - width) / 2 : Math.min(Math.max(start, 0), full - width);
  look({ x: left + x, y: top_ + (high - height) / 2, width, height }, true);
}

const point = event => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());

// Moves the view, if a box is not in it, until it is.
function reveal(g) {
  const { left, right, top, bottom } = g.getBoundingClientRect(), edge = 12 * view.width / $("graph").clientWidth;
  const [from, to] = [point({ clientX: left, clientY: top }), point({ clientX: right, clientY: bottom })];
  const across = Math.min(0, from.x - edge - view.x) || Math.max(0, to.x + edge - view.x - view.width);
  const down = Math.min(0, from.y - edge - view.y) || Math.max(0, to.y + edge - view.y - view.height);
  if (across || down) look({ ...view, x: view.x + across, y: view.y + down });
}

function zoom(factor, { x, y } = { x: view.x + view.width / 2, y: view.y + view.height / 2 }) {
  const [width, height] = [view.width / factor, view.height / factor];
  look({ x: x - (x - view.x) / factor, y: y - (y - view.y) / factor, width, height });
}

const fingers = new Map();
let moved = false;
const apart = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

$("graph").addEventListener("wheel", event => {
  event.preventDefault();
  zoom(1.0015 ** -event.deltaY, point(event));
}, { passive: false });
$("graph").addEventListener("pointerdown", event => {
  fingers.set(event.pointerId, event);
  moved = fingers.size > 1;
});
addEventListener("pointermove", event => {
  const before = fingers.get(event.pointerId), other = [...fingers.values()].find(finger => finger.pointerId !== event.pointerId);
  if (!before || !moved && apart(before, event) < 5) return;
  const [from, to] = [point(before), point(event)];
  moved = true;
  if (other) zoom(apart(to, point(other)) / apart(from, point(other)), point(other));
  else look({ ...view, x: view.x + from.x - to.x, y: view.y + from.y - to.y });
  fingers.set(event.pointerId, event);
});
for (const name of ["pointerup", "pointercancel"]) addEventListener(name, event => fingers.delete(event.pointerId));
new ResizeObserver(() => { if (fitted) fit(); }).observe($("graph"));

// The nearest box in a direction.
function neighbour(g, [dx, dy]) {
  const center = e => { const r = e.getBoundingClientRect(); return { x: r.x + r.width / 2, y: r.y + r.height / 2 }; };
  const here = center(g), far = e => {
    const { x, y } = center(e), ahead = (x - here.x) * dx + (y - here.y) * dy;
    return ahead > 1 ? ahead + 2 * Math.abs((x - here.x) * dy + (y - here.y) * dx) : Infinity;
  };
  return Object.values(boxes).map(box => box.g).filter(e => far(e) < Infinity).sort((a, b) => far(a) - far(b))[0];
}
