// The panel: what is said of a variable. Text enters as text nodes only.
let chosen = null,
  listed = 10;

function html(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}
const math = text => html("span", { className: "math" }, text);
const button = (text, onclick, properties) => html("button", { onclick, ...properties }, text);

// The derivative of a variable, its verdict, and path by path formulas above numbers; in a quiz what is asked.
function tellOf(w) {
  const told = w === null ? null : tell(w, listed),
    hidden = told && quiz.asks(told);
  light(hidden ? null : told);
  if (hidden) $("pills").replaceChildren();
  $("answer").replaceChildren(...(!told ? welcome() : hidden ? quiz.question(told) : answer(told)));
  $("paths").replaceChildren(...(told?.paths.length && !hidden ? table(told) : []));
}

const DOES = { "/": "searches, ", "↑ ↓ ← →": "move, ", Enter: "chooses, ", o: "opens, ", Esc: "lets go." };

function welcome() {
  const { name, node } = variables[output],
    sizeOf = i => Math.abs(gradOf(i)) || 0;
  const strongest = [...leaves].sort((i, j) => sizeOf(j) - sizeOf(i)).slice(0, 24);
  const item = i => html("button", { onclick: () => choose(i) }, math(variables[i].name), ` ${pretty(gradOf(i))}`);
  const keys = Object.entries(DOES).flatMap(([key, does]) => [html("kbd", {}, key), ` ${does}`]);
  return [
    html("h1", {}, math(name), " = ", html("b", { title: nodes[node].data }, pretty(nodes[node].data))),
    html("p", { className: "soft" }, "Choose a box to see why its derivative is what it is. ", ...keys),
    html("h2", {}, `Largest derivatives d${name}/d…`),
    roving(html("div", { className: "chips" }, ...strongest.map(item))),
  ];
}

const TONES = { ok: "ok", cancelled: "doubtful", vanishing: "doubtful" };

function answer({ w, at, verdict, sentence, paths, killing }) {
  const { count, slope } = at[output],
    v = variables[w],
    made = definition(w),
    written = made ? [" = ", math(made)] : [];
  const tone = TONES[verdict] ?? "bad",
    sum = count === 0n ? "no path" : count === 1n ? "one path" : `sum of ${many(count)} paths`;
  const total = html("b", { id: "total", className: tone === "bad" ? "killed" : "with", title: slope }, pretty(slope));
  return [
    html("h1", {}, math(`d${variables[output].name}/d${v.name}`), " = ", total),
    html("p", { className: "soft" }, `${sum} · `, math(v.name), ...written, ` = ${pretty(dataOf(w))}`),
    html("p", { id: "verdict", className: tone }, html("b", {}, verdict.replace("_", "-")), `: ${sentence}`),
    ...curvesOf(paths, killing),
    ...others(w),
  ];
}

// What else stands in the same box, and what else that box may show.
function others(w) {
  const { box } = variables[w],
    around = groupsAround(w).at(-1);
  const item = i => button(math(variables[i].name), () => choose(i), { ariaPressed: i === w });
  if (!box.group)
    return around && openGroups.has(around)
      ? [html("p", {}, button(`Close ${around.name}`, () => toggle(around)))]
      : [];
  return [
    html("p", {}, button(`Open ${box.title}`, () => toggle(box.group))),
    ...(box.members.length > 1 && box.members.length <= 80
      ? [html("h2", {}, `In ${box.title}`), roving(html("div", { className: "chips" }, ...box.members.map(item)))]
      : []),
  ];
}

function table(told) {
  const { at, paths, w } = told,
    left = at[output].count - BigInt(paths.length),
    rest = () => pretty(restOf(w, at[output], paths));
  const more = button("More", () => {
    listed *= 2;
    tellOf(w);
  });
  return [
    html("h2", {}, "Path by path, strongest first"),
    roving(html("ol", {}, ...paths.map(path => rowOf(told, path)))),
    ...(left ? [html("p", {}, `… and ${many(left)} more, together ${rest()} `, more)] : []),
  ];
}

function rowOf(told, path) {
  const tone = path.links.some(link => isWrong(link, told)) ? "killed" : side(path, told);
  const [only, all] = [() => light(told, path), () => light(told)];
  const route = [variables[told.w].name, ...path.links.map(link => brief(variables[link.of].name, link.wrt))];
  const factors = elided(path.links).flatMap((link, i) =>
    i ? [cell("·", "·"), times(link, path, told)] : [times(link, path, told)],
  );
  return html(
    "li",
    { onmouseenter: only, onmouseleave: all, onfocus: only, onblur: all },
    html("span", { className: "math route" }, elided(route).join(" → ")),
    html("span", { className: `sum ${tone}`, title: path.product }, `= ${pretty(path.product)}`),
    html("span", { className: "factors" }, ...factors),
  );
}

const isWrong = (link, { killing, paths }) =>
  killing.has(link) ||
  (!Number.isFinite(link.value) && paths.some(path => !path.isCut && path.links.includes(link)));
const side = (path, { at }) => direction(path.product, at[output].slope);
const elided = items => (items.length <= 16 ? items : [...items.slice(0, 8), "…", ...items.slice(-8)]);
const cell = (above, below, properties = {}) =>
  html("span", { className: "factor", ...properties }, math(above), html("b", {}, below));

// A formula in which names are without the prefix of variable i, such as layer1.neuron2., if it has one.
function brief(text, i) {
  const place = /^(.*\.)[^\W\d]\w*(\[\d+\])?$/u.exec(variables[i].label)?.[1];
  return place ? text.split(place).join("") : text;
}

function times(link, path, told) {
  if (link === "…") return cell("…", "…");
  const wrong = isWrong(link, told),
    number = factored(link.value),
    tone = wrong ? "killed" : side(path, told);
  return cell(brief(formOf(link).text, link.of), (told.killing.has(link) ? "✕ " : "") + number, {
    className: `factor ${tone}`,
    title: `${derivative(link)} = ${link.value}`,
  });
}

// One tab stop for many buttons or lines, with arrow keys inside.
function roving(container) {
  const items = () => [...container.children];
  items().forEach((item, i) => {
    item.tabIndex = i ? -1 : 0;
  });
  container.addEventListener("keydown", event => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key],
      all = items();
    if (!step) return;
    event.preventDefault();
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    for (const item of all) item.tabIndex = item === next ? 0 : -1;
    next.focus();
  });
  return container;
}
