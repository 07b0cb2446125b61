// What is lit: the paths from one variable, or one of them, with the factors on them. Width is by contribution, colour
// by direction.
const MARKS = ["lit", "chosen", "cut", "with", "against", "killed"];

function light(told, path) {
  for (const { g } of [...boxes.values(), ...arcs.values()]) g.classList.remove(...MARKS);
  svg.classList.toggle("lit", told !== null);
  if (told) placeAll(lit(told, path));
  else glow([...arcs.values()].filter(arc => arc.pill));
}

// The factors on some arcs, of no path in particular.
const glow = some => placeAll(some.map(arc => ({ arc, tone: "plain", mark: "×" })));

function placeAll(pills) {
  $("pills").replaceChildren();
  const taken = [...boxes.values()].map(({ x, y, width, height }) => ({ x, y, width, height }));
  for (const pill of pills) place(pill, taken);
}

// Lights boxes and arcs, and returns the pills to place, the strongest first.
function lit(told, path) {
  const { runs, alive } = flow(told, path),
    total = told.at[output].slope,
    strength = new Map();
  const seen = new Set([...runs.keys()].flatMap(link => [link.wrt, link.of]));
  for (const box of boxes.values()) if (box.members.some(i => seen.has(i))) enter(box, alive);
  for (const [link, { pull, passes }] of runs) {
    if (!link.arc) continue;
    const before = strength.get(link.arc) ?? { pull: 0, passes: false },
      head = variables[link.of].box.first;
    strength.set(link.arc, { pull: before.pull + pull, arrives: alive.has(head), passes: before.passes || passes });
  }
  enter(variables[told.w].box, alive, "chosen");
  const strongest = [...strength].sort(([, a], [, b]) => Math.abs(b.pull) - Math.abs(a.pull)),
    most = Math.abs(strongest[0]?.[1].pull);
  for (const [arc, { pull, passes }] of [...strongest].reverse()) {
    arc.g.classList.add("lit", passes ? direction(pull, total) : "killed");
    arc.g.style.setProperty("--width", !passes ? 1.4 : 1.2 + (4.3 * Math.abs(pull)) / most || 1.2);
    $("arcs").append(arc.g);
  }
  return strongest.slice(0, 150).map(([arc, run]) => toned(arc, run, total));
}

function toned(arc, { pull, arrives, passes }, total) {
  const value = factorOf(arc),
    killed = arrives && !passes,
    wild = value !== null && !Number.isFinite(value);
  return {
    arc,
    tone: killed || wild ? "killed" : arrives ? direction(pull, total) : "dead",
    mark: killed ? "✕" : wild ? "!" : "×",
  };
}

function enter({ g, head }, alive, ...marks) {
  g.classList.add("lit", ...marks, ...(head !== null && !alive.has(head) ? ["cut"] : []));
}

// A pill where the layout keeps room for it, else where nothing stands yet along its arc.
function place({ arc, tone, mark }, taken) {
  const value = factorOf(arc);
  if (value === null) return;
  const lines = pillLines(arc, value, mark),
    needed = 14 + Math.max(...lines.map(([kind, text]) => wide(text, kind)));
  const width = arc.pill ? Math.min(arc.pill.width, needed) : needed,
    height = 17 * lines.length + 5;
  const free = ({ x, y }) =>
    !taken.some(
      other => Math.abs(other.x - x) < (other.width + width) / 2 && Math.abs(other.y - y) < (other.height + height) / 2,
    );
  const apart = arc.from.outs.length > arc.to.ins.length ? [0.85, 0.75, 0.65, 0.5] : [0.15, 0.25, 0.35, 0.5]; // where arcs do not meet
  const spot = arc.pill ? arc.at : apart.map(part => along(arc, part)).find(free);
  if (!spot) return;
  taken.push({ ...spot, width, height });
  $("pills").append(
    pillAt(
      spot,
      lines,
      { width, height, tone, squeezed: needed > width },
      `${lines[0][1]}${lines[2] ? ` = ${lines[1][1]}` : ""} = ${value}`,
    ),
  );
}

function pillAt({ x, y }, lines, { width, height, tone, squeezed }, tip) {
  const texts = lines.map(([kind, words], i) =>
    element(
      "text",
      {
        x,
        y: y - height / 2 + 17 * i + 15,
        class: kind,
        ...(squeezed && wide(words, kind) > width - 10 && { textLength: width - 10, lengthAdjust: "spacingAndGlyphs" }),
      },
      words,
    ),
  );
  return element(
    "g",
    { class: `pill ${tone}` },
    element("title", {}, tip),
    element("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: 7 }),
    ...texts,
  );
}
