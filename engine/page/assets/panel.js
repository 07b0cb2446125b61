// The panel: what is said of a variable. Text enters as text nodes only.
let chosen = null,
  listed = 10;

function html(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}
const math = text => html("span", { className: "math" }, text);
const key = text => html("kbd", {}, text);

// The derivative of a variable, its verdict, and path by path formulas above numbers; in a quiz what is asked.
function tellOf(w) {
  const told = w === null ? null : tell(w, listed),
    hidden = told && quiz.asks(told);
  light(hidden ? null : told);
  if (hidden) $("pills").replaceChildren();
  $("answer").replaceChildren(...(!told ? welcome() : hidden ? quiz.question(told) : answer(told)));
  $("paths").replaceChildren(...(told?.paths.length && !hidden ? table(told) : []));
}

function welcome() {
  const { name, node } = variables[output],
    sizeOf = i => Math.abs(gradOf(i)) || 0;
  const strongest = [...leaves].sort((i, j) => sizeOf(j) - sizeOf(i)).slice(0, 24);
  const item = i => html("button", { onclick: () => choose(i) }, math(variables[i].name), ` ${pretty(gradOf(i))}`);
  return [
    html("h1", {}, math(name), " = ", html("b", { title: nodes[node].data }, pretty(nodes[node].data))),
    html(
      "p",
      { className: "soft" },
      "Choose a box to see why its derivative is what it is. ",
      key("/"),
      " searches, ",
      key("↑ ↓ ← →"),
      " move, ",
      key("Enter"),
      " chooses, ",
      key("o"),
      " opens, ",
      key("Esc"),
      " lets go.",
    ),
    html("h2", {}, `Largest derivatives d${name}/d…`),
    roving(html("div", { className: "chips" }, ...strongest.map(item))),
  ];
}

const TONES = { ok: "ok", cancelled: "doubtful", vanishing: "doubtful" };

function answer({ w, at, verdict, sentence, paths, killing }) {
  const { count, slope } = at[output],
    v = variables[w],
    made = definition(w);
  const tone = TONES[verdict] ?? "bad",
    sum = count === 0n ? "no path" : count === 1n ? "one path" : `sum of ${many(count)} paths`;
  const total = html("b", { id: "total", className: tone === "bad" ? "killed" : "with", title: slope }, pretty(slope));
  return [
    html("h1", {}, math(`d${variables[output].name}/d${v.name}`), " = ", total),
    html(
      "p",
      { className: "soft" },
      `${sum} · `,
      math(v.name),
      ...(made ? [" = ", math(made)] : []),
      ` = ${pretty(dataOf(w))}`,
    ),
    html("p", { id: "verdict", className: tone }, html("b", {}, verdict.replace("_", "-")), `: ${sentence}`),
    ...curvesOf(paths, killing),
    ...others(w),
  ];
}

// What else stands in the same box, and what else that box may show.
function others(w) {
  const { box } = variables[w],
    around = groupsAround(w).at(-1);
  const item = i => html("button", { ariaPressed: i === w, onclick: () => choose(i) }, math(variables[i].name));
  if (!box.group)
    return around && openGroups.has(around)
      ? [html("p", {}, html("button", { onclick: () => toggle(around) }, `Close ${around.name}`))]
      : [];
  return [
    html("p", {}, html("button", { onclick: () => toggle(box.group) }, `Open ${box.title}`)),
    ...(box.members.length > 1 && box.members.length <= 80
      ? [html("h2", {}, `In ${box.title}`), roving(html("div", { className: "chips" }, ...box.members.map(item)))]
      : []),
  ];
}

function table(told) {
  const { at, paths, w } = told,
    { count, slope } = at[output],
    left = count - BigInt(paths.length);
  const all = left && count <= 100n ? largest(chain(w, Number(count))) : [];
  const sum = some => some.reduce((total, path) => total + path.product, 0);
  const rest = all.length ? sum(all.slice(paths.length)) : slope - sum(paths); // the former without rounding
  const more = html(
    "button",
    {
      onclick: () => {
        listed *= 2;
        tellOf(w);
      },
    },
    "More",
  );
  return [
    html("h2", {}, "Path by path, strongest first"),
    roving(html("ol", {}, ...paths.map(path => rowOf(told, path)))),
    ...(left ? [html("p", {}, `… and ${many(left)} more, together ${pretty(rest)} `, more)] : []),
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

// A name without the place of another one in it, as layer1.neuron2. is, where that is clear.
function brief(text, i) {
  const place = /^(.*\.)[^\W\d]\w*(\[\d+\])?$/u.exec(variables[i].label)?.[1];
  return place ? text.split(place).join("") : text;
}

function times(link, path, told) {
  if (link === "…") return cell("…", "…");
  const wrong = isWrong(link, told),
    number = factored(link.value),
    tone = wrong ? "killed" : side(path, told);
  return cell(brief(formOf(link).text, link.of), `${killingMark(link, told)}${number}`, {
    className: `factor ${tone}`,
    title: `${derivative(link)} = ${link.value}`,
  });
}

const killingMark = (link, { killing }) => (killing.has(link) ? "✕ " : "");

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
