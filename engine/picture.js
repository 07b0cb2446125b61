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
for (const title of svg.querySelectorAll("title")) title.remove();  // else it would pop up

// A box is lettered anew, so that its numbers can change: a name, and two lines of numbers, never wider than the box.
for (const [id, box] of Object.entries(boxes)) {
  box.g = $(id);
  const { x, y, width, height } = box.g.querySelector("path").getBBox(), middle = y + height / 2;
  const line = (i, ...spans) => draw("text", { x: x + width / 2, y: middle + 17 * i - 9 }, ...spans);
  box.width = width - 8;
  box.name = line(0, draw("tspan", { class: "name" }, box.title), draw("tspan", { class: "made" }, box.made && ` = ${box.made}`));
  box.numbers = ["data", "grad"].map((key, i) => line(i + 1, draw("tspan", { class: "key" }, `${key} `), draw("tspan", { class: "number" })));
  box.g.querySelectorAll("text").forEach(text => text.remove());
  box.g.append(box.name, ...box.numbers);
}
for (const box of Object.values(boxes)) if (box.name.getComputedTextLength() > box.width) squeeze(box.name, box.width);

function squeeze(text, width) {
  text.setAttribute("textLength", width);
  text.setAttribute("lengthAdjust", "spacingAndGlyphs");
}

// The numbers on boxes and edges. How wide they are is estimated, since measuring at every turn of a slider is slow.
function write() {
  for (const box of Object.values(boxes)) {
    const { node, name, grad } = variables[box.head], numbers = [nodes[node].data, grad].map(pretty);
    box.numbers.forEach((text, i) => {
      text.lastChild.textContent = numbers[i];
      text.removeAttribute("textLength");
      if (7.3 * numbers[i].length + 34 > box.width) squeeze(text, box.width);
    });
    box.g.setAttribute("aria-label", `${name}, data ${numbers[0]}, grad ${numbers[1]}`);
  }
  for (const arc of arcs.values()) {
    arc.value = factor(arc.links);
    if (arc.label) arc.label.textContent = pretty(arc.value);
  }
}

// The derivative of one box's head in another's along the links between them, through what is inside the box.
function factor(links) {
  const box = boxes[variables[links[0].of].box], inner = new Map([[box.head, 1]]);
  for (const i of box.members.slice().reverse()) for (const link of variables[i].links) {
    inner.set(link.wrt, (inner.get(link.wrt) ?? 0) + (inner.get(i) ?? 0) * link.value);
  }
  return links.reduce((sum, link) => sum + link.value * (inner.get(link.of) ?? 0), 0);
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
    for (const i of [link.wrt, link.of]) boxes[variables[i].box]?.g.classList.add("lit");
  }
  boxes[variables[w].box]?.g.classList.add("lit", "chosen");
  const most = Math.max(...[...pulls.values()].map(Math.abs));
  for (const [arc, pull] of pulls) {
    const killed = Math.abs(arc.value) <= words.tiny;
    arc.g.classList.add("lit", ...killed ? ["killed"] : pull * at[output].slope < 0 ? ["against"] : []);
    arc.g.style.setProperty("--width", 1.2 + 4.3 * Math.abs(pull) / most || 1.2);
    pill(arc, (killed ? "✕ " : "× ") + pretty(arc.value));
  }
}

function pill(arc, text) {
  const curve = arc.g.querySelector("path"), width = 7 * text.length + 12;
  const { x, y } = arc.middle ??= curve.getPointAtLength(curve.getTotalLength() / 2);
  const frame = draw("rect", { x: x - width / 2, y: y - 9, width, height: 18, rx: 5 });
  arc.g.append(draw("g", { class: "pill" }, frame, draw("text", { x, y: y + 4.5 }, text)));
}

// Pan and zoom: what part of the picture is seen.
const { x: left, y: top_, width: full, height: high } = svg.viewBox.baseVal;
let view, fitted = true;

function look(next, all = false) {
  view = next;
  fitted = all;
  svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
}

// All of it: not much larger than life, and on a narrow screen not too small to read, but from `focus` on.
function fit(focus = svg.querySelector(".chosen")) {
  const { clientWidth, clientHeight } = $("graph"), scale = Math.min(clientWidth / full, clientHeight / high);
  const shown = Math.min(Math.max(scale, 0.55), 1.5), width = clientWidth / shown, height = clientHeight / shown;
  const start = focus ? focus.getBBox().x - left - 12 : full;
  const x = width > full ? (full - width) / 2 : Math.min(Math.max(start, 0), full - width);
  look({ x: left + x, y: top_ + (high - height) / 2, width, height }, true);
}

function zoom(factor, { x, y } = { x: view.x + view.width / 2, y: view.y + view.height / 2 }) {
  const [width, height] = [view.width / factor, view.height / factor];
  look({ x: x - (x - view.x) / factor, y: y - (y - view.y) / factor, width, height });
}

const fingers = new Map();
let moved = false;
const point = event => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
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
