// The page starts here: what is chosen, typed, opened and searched, and the keys.
const page = JSON.parse(document.getElementById("data").textContent),
  { words } = page;
page.given = new RegExp(`^(?:${page.given})`, "u");

// Operands stand as indices; a number below 0 after one says how many of the next ones follow it.
function unpacked([op, ...operands]) {
  const found = [];
  for (const i of operands)
    if (i >= 0) found.push(i);
    else for (let k = 0; k > i; k--) found.push(found.at(-1) + 1);
  return { op: page.ops[op], operands: found };
}

function recordedGraph() {
  const fixed = new Set(page.fixed);
  const nodes = page.nodes.map((node, i) =>
    Array.isArray(node) ? { ...unpacked(node), ...(fixed.has(i) && { fixed: [1] }) } : { data: Number(node) },
  );
  return {
    by: page.by,
    nodes,
    variables: page.variables.map(([node, label, name]) => ({ node, label, name: name ?? label })),
  };
}

// Loads the graph of an expression, or for null the page's own. An invalid text is reported and changes nothing.
function take(text) {
  try {
    const graph =
      text === null
        ? recordedGraph()
        : graphOf(text, Object.fromEntries(source === null ? [] : leaves.map(i => [variables[i].label, dataOf(i)])));
    load(graph);
    source = text;
  } catch (error) {
    if (!(error instanceof FormulaError || error instanceof RangeError)) throw error;
    refuse(text, error);
    if (nodes) return false;
    return take(null);
  }
  terms = new Map();
  chosen = null;
  passes.at = null;
  quiz.shown = null;
  pause();
  regroup(source === null ? (page.depth ?? null) : null);
  controls();
  $("expression").value = source ?? "";
  $("first").hidden = source === null;
  $("refused").replaceChildren();
  $("expression").removeAttribute("aria-invalid");
  tellBranches();
  return true;
}

function refuse(text, error) {
  const at = error.at ?? 0;
  $("refused").replaceChildren(
    errorText(error),
    html("code", {}, text.slice(0, at), html("mark", {}, text.slice(at, at + 1) || " "), text.slice(at + 1)),
  );
  $("expression").setAttribute("aria-invalid", "true");
}

// Chooses a variable, or none.
function choose(w) {
  chosen = w;
  listed = 10;
  if (w !== null && leaves.length > FEW && !nodes[variables[w].node].op) list([w]);
  for (const { g, members } of boxes.values()) g.setAttribute("aria-pressed", members.includes(w));
  tellOf(w);
  nudge();
  if (w !== null) {
    focusable(variables[w].box);
    reveal(variables[w].box);
  }
  const [title, verdict] = ["h1", "#verdict"].map(part => $("answer").querySelector(part)?.textContent);
  $("status").textContent = w === null ? "" : verdict ? `${title}, ${verdict}` : title;
  remember();
}

// Draws a graph that was loaded, chooses, and goes to a step of the passes, or to none.
function present(w, step = null) {
  draw();
  choose(w);
  toStep(step);
  fit();
}

// Opens or closes a group.
function toggle(group) {
  if (openGroups.has(group)) openGroups.delete(group);
  else openGroups.add(group);
  redraw(group);
}

function redraw(group) {
  draw();
  choose(chosen);
  if (passes.at !== null) toStep(passes.at);
  fit();
  const inside = [...boxes.values()].find(box => group?.all.some(i => box.members.includes(i)));
  if (inside) focusable(inside);
}

// Opens the groups around a variable, unless it heads its box; if crowded, closes others.
function unfold(w) {
  const around = groupsAround(w),
    { head } = closedAround(w) ?? {};
  if (!closedAround(w) || head === w) return false;
  if (boxes?.size > 60) openGroups = new Set(openAtFirst);
  for (const group of around) openGroups.add(group);
  return true;
}

const crumb = group =>
  button(`${group.name} ⊟`, () => toggle(group), { title: `Close ${group.name}` });

// Boxes: one of them is a tab stop; hover and focus show, a click or Enter chooses, o opens, arrow keys go on.
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function focusable(box) {
  for (const other of boxes.values()) other.g.setAttribute("tabindex", other === box ? 0 : -1);
}

function listen(box) {
  const { g, group, first, head, members } = box,
    mouse = event => event.pointerType === "mouse" && !fingers.size && passes.at === null && !quiz.on;
  const preview = () => tellOf(members.includes(chosen) ? chosen : first),
    act = () => (group && head === null ? toggle(group) : choose(first));
  g.addEventListener("pointerenter", event => {
    if (mouse(event) && head !== null) preview();
  });
  g.addEventListener("pointerleave", event => {
    if (mouse(event)) tellOf(chosen);
  });
  g.addEventListener("click", event => {
    if (!moved) event.target.closest(".opener") ? toggle(group) : act();
  });
  g.addEventListener("keydown", event => {
    if (event.key in ARROWS) {
      const next = neighbour(box, ARROWS[event.key]);
      if (next) {
        focusable(next);
        reveal(next);
        next.g.focus();
      }
    } else if (event.key === "Enter" || event.key === " ") act();
    else if (event.key === "o" && group) toggle(group);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
$("canvas").addEventListener("click", event => {
  if (!moved && event.target === svg) choose(null);
});

const KEYS = {
  "+": () => zoom(1.25),
  "=": () => zoom(1.25),
  "-": () => zoom(0.8),
  0: fit,
  "/": () => $("search").focus(),
  n: () => onward(1),
  p: () => onward(-1),
};
addEventListener("keydown", event => {
  if (event.target.closest?.("input, textarea, dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") passes.at === null ? choose(null) : toStep(null);
  if (!(event.key in KEYS)) return;
  event.preventDefault();
  KEYS[event.key]();
});
$("skip").addEventListener("click", KEYS["/"]);
for (const [id, key] of Object.entries({ closer: "+", farther: "-", fit: 0 })) $(id).addEventListener("click", KEYS[key]);
for (const bar of document.querySelectorAll("[role=toolbar]")) roving(bar);

// Search by label: what is typed is marked in the picture, and the first match is chosen.
const matches = text =>
  variables.filter(v => text && `${v.label} ${v.name}`.toLowerCase().includes(text.toLowerCase()));

function mark(text) {
  const some = matches(text),
    found = new Set(some.map(v => v.box));
  $("names").replaceChildren(...some.slice(0, 50).map(v => html("option", { value: v.label })));
  for (const box of boxes.values()) box.g.classList.toggle("found", found.has(box));
}
$("search").addEventListener("input", event => mark(event.target.value));
$("search").addEventListener("change", event => {
  const text = event.target.value,
    v = variables.find(v => v.label === text || v.name === text) ?? matches(text)[0];
  if (!v) return;
  if (unfold(v.i)) draw();
  choose(v.i);
  event.target.value = "";
  mark("");
});

$("ask").addEventListener("submit", event => {
  event.preventDefault();
  if (take($("expression").value)) present(leaves[0] ?? null);
});
$("first").addEventListener("click", () => {
  take(null);
  present(page.wrt < 0 ? null : page.wrt);
});
addEventListener("hashchange", () => restore(location.hash));

// Light or dark is the system's choice until it is made here.
$("theme").addEventListener("click", () => {
  const { dataset } = document.documentElement,
    dark = matchMedia("(prefers-color-scheme: dark)").matches;
  dataset.theme = (dataset.theme ?? (dark ? "dark" : "light")) === "dark" ? "light" : "dark";
});

restore(location.hash);
