// Formulas of the graph in its names: what a variable is made of, and what a link is.
const LONGEST = 80; // letters of a formula that is shown
const ELIDED = { name: "…", label: "…" }; // stands for what is too long to read
let terms = new Map(); // of unnamed nodes: the numbers in them are constants

const fitting = term => (lengthOf(term) > words.largest ? ELIDED : term);
const hasElided = term => within(term).includes(ELIDED);

// A variable by its name, and what an unnamed node is made of.
function termOf(i) {
  const v = variableOf.get(i);
  if (v) return v;
  if (!nodes[i].op) return nodes[i].data;
  if (!terms.has(i)) for (const j of unnamedBehind(i)) terms.set(j, expressionOf(j));
  return terms.get(i);
}

function unnamedBehind(i) {
  const seen = new Set([i]);
  for (const j of seen)
    for (const k of nodes[j].operands) {
      if (nodes[k].op && !variableOf.has(k) && !terms.has(k)) seen.add(k);
    }
  return [...seen].sort((a, b) => a - b);
}

function expressionOf(i) {
  const { op, operands } = nodes[i];
  if (operands.length > words.largest) return ELIDED;
  return fitting(symbol(op, ...groupsOf(op, Array.from(operands, termOf))));
}

// The formula of a variable, "" for a leaf and for one that is too long.
function definition(i, style = PRETTY) {
  const { node } = variables[i],
    term = nodes[node].op ? expressionOf(node) : 0;
  return isNumber(term) || hasElided(term) ? "" : show(term, style);
}

// The derivative that a link stands for, in the textbook form of an operation while that has the same number.
function slopeOf(link) {
  const v = variables[link.of];
  if ("slot" in link) return fitting(partialsOf(nodes[v.node])[link.slot]);
  if (v.inside.length > 500) return ELIDED;
  const holds = v.inside
    .map(node => (words.stepped.includes(node.op) ? node.slopes[1] : rows[node.op].textbook && textbookHolds(node)))
    .join();
  if (v.holds !== holds) Object.assign(v, { holds, terms: slopesOf(v) });
  return v.terms[variables[link.wrt].node] ?? 0;
}

// Reverse mode over the algebra of terms.
function slopesOf({ node, inside }) {
  const found = {};
  sweep(node, inside, found, {}, partialsOf, (total, x, y) => fitting(symbol("add", total, symbol("mul", x, y))));
  return found;
}

// The partials of a node's row as terms.
function partialsOf(node) {
  if (words.stepped.includes(node.op)) return node.slopes; // 1 for the branch taken, 0 for a logit of -inf
  const { textbook, partials, operands } = rows[node.op];
  if (node.operands.length > words.largest && partials.some(partial => partial.includes("(")))
    return node.slopes.map(() => ELIDED);
  const groups = groupsOf(node.op, Array.from(node.operands, termOf));
  const scope = Object.fromEntries([["y", termOf(node.i)], ...operands.map((name, i) => [name, groups[i]])]);
  if (textbook && !isVariadic(node.op) && !textbookHolds(node)) return [{ op: "slope", row: node.op, args: groups }];
  const found = [textbook || partials[0], ...partials.slice(1)];
  return flatten(
    found.map(text => evaluate(tableFormula(text), scope, symbol)),
    groups,
  );
}

// Whether the textbook form y (1 − y) of a slope has the same number.
function textbookHolds(node) {
  if (!forms[node.op]) return true;
  const [slope] = node.slopes;
  return Math.abs(forms[node.op](node.data, ...split(node)) - slope) <= words.same * Math.abs(slope);
}

// A link's formula within a product and alone, and the variables in it; its number if the formula is too long.
function formOf(link) {
  const term = Number.isNaN(link.value) ? link.value : slopeOf(link),
    number = pretty(link.value);
  const alone = hasElided(term) ? "" : show(term);
  if (!alone || alone.length > LONGEST) return { text: number, alone: number, names: [] };
  return { text: show(term, PRETTY, "mul"), alone, names: isNumber(term) || !("args" in term) ? [] : within(term) };
}

const derivative = link => `∂${variables[link.of].name}/∂${variables[link.wrt].name}`;

// Whether a link is made of sums and of products with plain numbers alone.
function isConstant(link) {
  const steps = stepsOf(link),
    inside = new Set(steps.map(({ wrt }) => wrt));
  const plain = i => inside.has(i) || (!nodes[i].op && !variableOf.has(i));
  return steps.every(({ of }) => {
    const { op, operands } = nodes[of];
    return ["add", "sub", "neg", "sum"].includes(op) || (["mul", "div", "dot"].includes(op) && operands.every(plain));
  });
}

// Which branch each where takes now; those of a plain bool, which the page came with, stay as they are. Of 0 < x < 9 the
// graph holds x < 9 alone, as Python decides the rest, so the page can't tell it from a condition that it follows.
function tellBranches() {
  const found = nodes.filter(({ op, operands }) => op === "select" && words.tests.includes(nodes[operands[0]].op));
  const lines = found.slice(0, words.listed).map(node => {
    const [test, a, b] = node.operands,
      holds = nodes[test].data !== 0,
      v = variableOf.get(node.i);
    const [branch, reason] = holds ? ["first", "holds"] : ["second", "does not hold"];
    return `where took its ${branch} branch${v ? ` for ${v.name}` : ""}, as ${tested(termOf(test))} ${reason}: ${show(termOf(holds ? a : b))}`;
  });
  if (found.length > lines.length) lines.push(`and ${found.length - lines.length} more took a branch`);
  if (source === null && found.length)
    lines.push("what and, or, not or a < x < b decided in the code stays so: only & | ~ follow");
  if (source === null && page.note) lines.push(page.note);
  $("note").textContent = lines.join("; ");
}
