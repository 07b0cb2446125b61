// The picture: boxes, arcs between them and what is written on both. Widths are computed from the letters, not
// measured on the screen, so that a hidden page can be drawn.
const $ = id => document.getElementById(id),
  svg = $("picture");
const SPELLED = 24; // boxes up to which each shows what it is made of, and each arc its formula
const FONTS = {
  name: "italic 18px var(--serif)",
  symbol: "italic 14px var(--serif)",
  formula: "italic 15px var(--serif)",
  key: "13px var(--sans)",
  number: "600 13px var(--sans)",
};
const ruler = document.createElement("canvas").getContext("2d");
let scene = { width: 0, height: 0 };
const WIDEST = "−1.234e−22"; // a number, for which there is room

function wide(text, kind) {
  const family = FONTS[kind].includes("serif")
    ? `"Times New Roman", Times, "Liberation Serif", serif`
    : `"Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif`;
  ruler.font = FONTS[kind].replace(/var.*/, family);
  return ruler.measureText(text).width;
}

function element(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const chart = (width, height, text, ...parts) =>
  element("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img", "aria-label": text }, ...parts);

// Draws everything again, when the graph or its open groups have changed.
function draw() {
  regard();
  const spelled = boxes.size <= SPELLED;
  for (const box of boxes.values()) measure(box, spelled);
  for (const arc of arcs.values()) arc.pill = spelled && arcs.size <= 2 * SPELLED ? room(arc) : null;
  scene = layout(boxes, arcs);
  $("arcs").replaceChildren(...[...arcs.values()].map(drawArc));
  $("boxes").replaceChildren(...[...boxes.values()].map(drawBox));
  $("strips").replaceChildren(...[...boxes.values()].flatMap(({ strip }) => strip));
  $("crumbs").replaceChildren(
    ...[...openGroups].filter(group => !group.parent.parent || openGroups.has(group.parent)).map(crumb),
  );
  renew();
}

// What is written in a box, as lines of spans, and its size.
function measure(box, spelled) {
  const { group, head } = box,
    v = head === null ? null : variables[head];
  const made = !group && spelled ? definition(head) : "";
  box.title = group ? group.name : v.name;
  box.lines = [
    [["name", shortened(box.title)], ...(made && wide(made, "symbol") < 240 ? [["symbol", ` = ${made}`]] : [])],
  ];
  box.cells = group && head === null ? cellsOf(group) : [];
  const line = (what, most) => [["key", what], ["number", most]];
  box.lines.push(
    ...(v
      ? [line("data ", WIDEST), line("grad ", WIDEST)]
      : [[["key", `${group.all.length} numbers`]], line("|grad| ≤ ", WIDEST.slice(1))]),
  );
  box.width =
    18 +
    Math.max(
      6 * box.cells.length,
      ...box.lines.map((line, i) => line.reduce((sum, [kind, text]) => sum + wide(text, kind), group && !i ? 36 : 0)),
    );
  box.height = 17 * box.lines.length + (box.cells.length ? 28 : 10);
}

const shortened = text => (text.length > 36 ? `${text.slice(0, 18)}…${text.slice(-16)}` : text);

// The parts of a group, several together where they are many.
function cellsOf(group) {
  const parts = [...group.groups.values(), ...group.members.map(i => ({ all: [i], name: variables[i].name }))];
  const size = Math.ceil(parts.length / 48),
    cells = [];
  for (let i = 0; i < parts.length; i += size) {
    const some = parts.slice(i, i + size),
      [first, last] = [some[0], some.at(-1)];
    cells.push({
      all: some.flatMap(({ all }) => all),
      name: some.length > 1 ? `${first.name} to ${last.name}` : first.name,
    });
  }
  return cells;
}

// Room for a pill on an arc: whose factor it is, its formula and its number.
function room(arc) {
  const lines = pillLines(arc, 1);
  return {
    width: 14 + Math.max(wide(`× ${WIDEST}`, "number"), ...lines.map(([kind, text]) => wide(text, kind))),
    height: 17 * lines.length + 5,
  };
}

function pillLines({ from, to, links }, value, mark = "×") {
  const of = to.head,
    wrt = from.head;
  if (of === null || wrt === null) return [];
  const whose = ["symbol", `∂${to.title}/∂${from.title}`],
    number = ["number", `${mark} ${pretty(value)}`];
  const [link] = links,
    single = links.length === 1 && link.of === of && link.wrt === wrt && boxes.size <= SPELLED;
  const { alone } = single && linksOf(of) ? formOf(link) : { alone: "" };
  return [
    whose,
    ...(alone && alone !== pretty(value) && wide(alone, "formula") < 200 ? [["formula", alone]] : []),
    number,
  ];
}

function drawArc(arc) {
  arc.g = element(
    "g",
    { class: "arc" },
    element("path", { d: arc.d }),
    element("polygon", { class: "onward", points: arc.tips[0] }),
    element("polygon", { class: "homeward", points: arc.tips[1] }),
  );
  return arc.g;
}

function drawBox(box) {
  const { x, y, width, height, group, head } = box,
    v = variables[box.first],
    top = y - height / 2;
  const leaf = nodes[v.node].op ? "made" : isGiven(box.first) ? "given" : "leaf",
    kind = group ? "group" : box.first === output ? "output" : leaf;
  box.texts = box.lines.map((line, i) =>
    element(
      "text",
      { x, y: top + 17 * i + 19 },
      ...line.map(([kind, words]) => element("tspan", { class: kind }, words)),
    ),
  );
  box.strip = box.cells.map((cell, i) =>
    element(
      "rect",
      {
        class: "cell",
        x: x - width / 2 + 9 + ((width - 18) * i) / box.cells.length,
        y: top + height - 20,
        width: (width - 18) / box.cells.length - 1,
        height: 12,
      },
      element("title", {}),
    ),
  );
  box.g = element(
    "g",
    { class: `box ${kind}`, id: `box${box.id}`, role: "button", tabindex: -1 },
    element("rect", { class: "frame", x: x - width / 2, y: top, width, height, rx: 10 }),
    ...box.texts.flatMap((text, i) => (i ? [", ", text] : [text])),
  );
  if (group)
    box.g.append(element("text", { class: "opener", "aria-hidden": true, x: x + width / 2 - 12, y: top + 16 }, "⊞"));
  listen(box);
  return box.g;
}

// The numbers in the boxes.
function renew() {
  const most = Math.max(...variables.map(v => Math.abs(nodes[v.node].grad) || 0));
  for (const box of boxes.values())
    if (box.head === null) writeGroup(box, most);
    else writeNumbers(box);
}

function writeNumbers(box) {
  const numbers = [dataOf(box.head), gradOf(box.head)];
  box.texts.slice(1).forEach((text, i) => {
    text.lastChild.textContent = known(box, i) ? pretty(numbers[i]) : "·";
  });
  nameBox(box);
}

// The name of a box is the text in it.
const nameBox = ({ g, texts }) => g.setAttribute("aria-label", texts.map(text => text.textContent).join(", "));

function writeGroup(box, most) {
  const sizes = box.cells.map(({ all }) => Math.max(...all.map(i => Math.abs(gradOf(i)))));
  const largest = Math.max(...sizes);
  box.texts[2].lastChild.textContent = known(box, 1) ? pretty(largest) : "·";
  box.strip.forEach((cell, i) => {
    const strength = sizes[i] ? Math.min(1, Math.max(0.06, 1 + Math.log10(sizes[i] / most) / 6)) : 0;
    cell.setAttribute("fill-opacity", known(box, 1) ? strength || 1 : 0);
    cell.classList.toggle("none", known(box, 1) && !strength);
    cell.firstChild.textContent = `${box.cells[i].name}: |grad| up to ${pretty(sizes[i])}`;
  });
  nameBox(box);
}
