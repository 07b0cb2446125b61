// The quiz: the factors of the strongest path are blank, and what is filled in is judged as `ChainRule.check` does:
// a number to the digits written, a formula by its number here and elsewhere.
const quiz = {
  on: false,
  shown: null,
  asks: ({ w, paths }) => quiz.on && quiz.shown !== w && paths.length > 0 && paths[0].links.length > 0,
  question,
};
const LAST_DIGIT = 1.3; // half units: learners cut off instead of rounding
const DERIVED = 1e-9,
  BESIDE = 1e-6,
  MOVED = 1 + 2 ** -7;

function question({ w, at, paths }) {
  const { links } = paths[0],
    fields = links.map(blank),
    verdict = html("p", { id: "judged", role: "status" });
  const judged = () => {
    const said = links.map((link, i) => judgeFactor(link, fields[i].lastChild.value));
    fields.forEach((field, i) => {
      field.lastChild.className = said[i].ok ? "right" : "wrong";
    });
    const wrong = said.findIndex(({ ok }) => !ok);
    verdict.textContent =
      wrong < 0 ? rightText(w, at[output], paths[0]) : `factor ${wrong + 1} of ${links.length}: ${said[wrong].text}`;
  };
  const show = button(
    "Show the answer",
    () => {
      quiz.shown = w;
      tellOf(w);
    },
    { type: "button" },
  );
  const form = html("form", {}, ...fields, html("p", {}, html("button", {}, "Check"), " ", show));
  form.addEventListener("submit", event => {
    event.preventDefault();
    judged();
  });
  const more = at[output].count > 1n ? `, the strongest of ${many(at[output].count)}` : "";
  return [
    html("h1", {}, math(`d${variables[output].name}/d${variables[w].name}`), " = ?"),
    html(
      "p",
      { className: "soft" },
      `One path${more}: `,
      math([w, ...links.map(link => link.of)].map(i => variables[i].name).join(" → ")),
    ),
    html("p", {}, "Fill in each factor, as a number such as 0.25 or as a formula such as 2(a − y) or σ′(z)."),
    form,
    verdict,
  ];
}

// Right for one path of several is not all: the text says what the others add.
function rightText(w, end, path) {
  const { count, slope } = end;
  if (count === 1n) return `right: the factors multiply to ${pretty(path.product)}`;
  const others = count === 2n ? "the other path adds" : `the other ${many(count - 1n)} paths add`,
    total = `d${variables[output].name}/d${variables[w].name} = ${pretty(slope)}`;
  const rest = pretty(restOf(w, end, [path]));
  return `right for this path, which gives ${pretty(path.product)}: ${others} ${rest}, and ${total}`;
}

function blank(link) {
  const field = html("input", { type: "text", spellcheck: false, autocomplete: "off" });
  return html("label", { className: "blank" }, math(`${derivative(link)} = `), field);
}

// Whether a factor is right, and if not what it is.
function judgeFactor(link, text) {
  const wrong = why => ({ ok: false, text: why }),
    said = text.trim(),
    whose = derivative(link);
  let given;
  try {
    given = readAnswer(text);
  } catch (error) {
    if (!said) return wrong(`∂ is blank: ${whose} is still to be filled in`);
    return wrong(`cannot read ${said.slice(0, 80)}: ${errorText(error)}`);
  }
  const { value } = link,
    { alone } = formOf(link),
    truth = [whose, alone, ...(alone === pretty(value) ? [] : [pretty(value)])].join(" = "),
    shown = given.tree.text === said ? said : `${said} = ${pretty(given.number)}`;
  const agrees = target =>
    given.number === target ||
    (given.number !== 0 &&
      Math.abs(given.number - target) <= Math.max(LAST_DIGIT * given.tolerance, DERIVED * Math.abs(target)));
  if (!agrees(value)) return wrong(`${whose} is not ${shown}${value && agrees(-value) ? ": the sign is wrong" : ""}`);
  const here = given.names.length ? onlyHere(link, given, said) : "";
  return here ? wrong(`${said} is ${truth.split(" = ").at(-1)} ${here}`) : { ok: true, text: truth };
}

// A learner's number or formula: its tree, its number here and how far the digits written may be off, and its names.
function readAnswer(text) {
  const scope = new Map(
      variables.flatMap(v => [
        [v.name, v],
        [v.label, v],
      ]),
    ),
    tree = parse(text, 0, new Set(scope.keys()));
  const here = other =>
    evaluate(other, Object.fromEntries([...scope].map(([name, v]) => [name, dataOf(v.i)])), (op, ...args) =>
      f[op](...args),
    );
  const number = here(tree),
    names = [...new Set(namesIn(tree).map(({ name }) => scope.get(name)))];
  if (!isNumber(number)) throw new FormulaError("it is a list", 0);
  return { tree, number, names, here, tolerance: tolerance(tree, here, number) };
}

// How far the rounded numbers in a formula can have moved it: half a unit of the last digit of each.
function tolerance(tree, here, number) {
  const sole = tree.call === "neg" && "number" in tree.args[0] ? tree.args[0] : tree;
  if ("number" in sole) return /\./.test(sole.text) ? half(sole.text) : 0;
  const rounded = numbersIn(tree).filter(
    ({ text }) => /\./.test(text) && text.replace(/e.*$/i, "").replace(/^[0.]+|\./g, "").length >= 3,
  );
  return rounded.reduce(
    (sum, constant) => sum + Math.abs(here(replaced(tree, constant, constant.number + half(constant.text))) - number),
    0,
  );
}

const numbersIn = tree => ("number" in tree ? [tree] : (tree.list ?? tree.args ?? []).flatMap(numbersIn));
const half = text => 0.5 * 10 ** (Number(/e(.*)$/i.exec(text)?.[1] ?? 0) - (/\.(\d*)/.exec(text)?.[1].length ?? 0));
const replaced = (tree, old, number) =>
  tree === old
    ? { ...old, number }
    : tree.args
      ? { ...tree, args: tree.args.map(arg => replaced(arg, old, number)) }
      : tree;

// A formula with branches is tried on all sides of them: here it may take one branch only.
const BRANCHES = /[[<>|≤≥]|relu|max|min|abs|sign|clip/i,
  FAR = [-1.3, 4.1, -4.1];

// Where a formula that is right here is wrong elsewhere: one leaf after another is moved.
function onlyHere(link, { here, tree, tolerance: allowed }, text) {
  const moves = BRANCHES.test(text) ? [MOVED, ...FAR] : [MOVED];
  for (const [i, part] of leaves.flatMap(leaf => moves.map(move => [leaf, move]))) {
    const { node, name } = variables[i],
      x = dataOf(i);
    if (!x || nodes.length > 2000) continue;
    const [number, slope] = elsewhere(node, move => {
      move(x * part);
      return [here(tree), linksOf(link.of) && link.value];
    });
    const off = Math.abs(number - slope),
      far = Math.max(BESIDE * Math.abs(slope), DERIVED * Math.abs(link.value)) + 2 * allowed;
    linksOf(link.of);
    if (Number.isFinite(off) && off > far)
      return `where ${name} = ${pretty(x)} only: where ${name} = ${pretty(x * part)} it is ${pretty(number)}, and ${derivative(link)} is ${pretty(slope)}`;
  }
  return "";
}

const errorText = error => (error instanceof RangeError ? "it is nested too deeply" : error.message);

$("quiz").addEventListener("click", () => {
  quiz.on = !quiz.on;
  quiz.shown = null;
  $("quiz").setAttribute("aria-pressed", quiz.on);
  if (quiz.on && chosen === null) choose(leaves[0] ?? null);
  else choose(chosen);
});
