// The link holds the state: expression, numbers that were changed, what is chosen and open, and where the passes are.
let source = null,
  pending = 0; // source: the expression, null for the page's own graph; pending: a timer

function stateOf() {
  const state = new URLSearchParams(),
    options = [
      ["epsilon", "0.001"],
      ["rate", "0.1"],
    ];
  if (source !== null) state.set("e", source);
  if (chosen !== null) state.set("wrt", variables[chosen].label);
  else if (source === null && page.wrt >= 0) state.set("wrt", "");
  for (const i of leaves)
    if (!Object.is(dataOf(i), nodes[variables[i].node].recorded))
      state.append("n", `${variables[i].label}=${exact(dataOf(i))}`);
  for (const group of groupsUnder(root))
    if (openAtFirst.has(group) !== openGroups.has(group))
      state.append(openGroups.has(group) ? "open" : "close", group.id);
  for (const i of leaves) if (learning.held.has(i) !== learning.given.has(i)) state.append("held", variables[i].label);
  for (const [name, usual] of options) if ($(name).value !== usual) state.set(name, $(name).value);
  if (passes.at !== null) state.set("step", passes.at);
  if (quiz.on) state.set("quiz", "1");
  return state;
}

const exact = x => (Object.is(x, -0) ? "-0" : String(x));

// The address follows, at most a few times a second: browsers allow no more.
function remember() {
  clearTimeout(pending);
  pending = setTimeout(saveState, 150);
}

function saveState() {
  try {
    const state = stateOf().toString();
    history.replaceState(null, "", `#${state}`);
  } catch {
    /* in a notebook there is none to change */
  }
}

// Restores the state in a link, without names that do not exist.
function restore(hash) {
  const state = new URLSearchParams(hash.replace(/^#/, "")),
    label = state.get("wrt");
  take(state.get("e"));
  const named = new Map(variables.map(v => [v.label, v.i]));
  for (const text of state.getAll("n")) {
    const cut = text.lastIndexOf("="),
      i = named.get(text.slice(0, cut)),
      number = Number(text.slice(cut + 1));
    if (
      i !== undefined &&
      !nodes[variables[i].node].op &&
      (text.slice(cut + 1) === "NaN" || (text.slice(cut + 1).trim() && !Number.isNaN(number)))
    )
      nodes[variables[i].node].data = number;
  }
  for (const group of groupsUnder(root))
    if (state.getAll("open").includes(group.id)) openGroups.add(group);
    else if (state.getAll("close").includes(group.id)) openGroups.delete(group);
  for (const i of state.getAll("held").map(name => named.get(name)))
    if (i !== undefined) hold(i, !learning.held.has(i));
  for (const name of ["epsilon", "rate"])
    if (Number.isFinite(Number(state.get(name) ?? NaN))) $(name).value = state.get(name);
  quiz.on = state.get("quiz") === "1";
  $("quiz").setAttribute("aria-pressed", quiz.on);
  run();
  forget();
  list([...$("sliders").children].map(({ i }) => i));
  const w = label === null ? (source === null && !state.size ? page.wrt : null) : (named.get(label) ?? null);
  if (w !== null && w >= 0 && !state.getAll("close").length) unfold(w);
  const step = state.get("step");
  present(w === null || w < 0 ? null : w, /^\d+$/.test(step) ? Number(step) : null);
}

// A text to take along, or a file.
function offer(title, text) {
  $("offered").value = text;
  $("offer").setAttribute("aria-label", title);
  $("offer").querySelector("h2").textContent = title;
  $("offer").showModal();
  $("offered").select();
}

function save(name, blob) {
  const address = URL.createObjectURL(blob);
  html("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

$("link").addEventListener("click", () => {
  saveState();
  offer("Link to this page as it is now", location.href);
});
$("latex").addEventListener("click", () => offer("The chain rule in LaTeX", toLatex(chosen ?? leaves[0] ?? output)));
$("python").addEventListener("click", () => offer("The graph in Python", toPython()));
$("svg").addEventListener("click", () => save("whygrad.svg", new Blob([toSvg()], { type: "image/svg+xml" })));
$("png").addEventListener("click", async () => save("whygrad.png", await toPng()));
$("copy").addEventListener("click", () => {
  $("offered").select();
  const copied = navigator.clipboard?.writeText($("offered").value) ?? Promise.reject(new Error("a frame has none"));
  copied.catch(() => document.execCommand("copy"));
});
$("link").hidden = location.protocol === "about:"; // a page in a notebook has no address of its own
$("close").addEventListener("click", () => $("offer").close());
