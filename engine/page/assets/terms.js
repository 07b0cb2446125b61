// Terms: formulas as small trees, and how they are written. A term is a number, a variable, a list of terms for a
// sequence, or { op, args }. The rules and signs are those of engine/chain/terms.py and expressions.py.
const isNumber = term => typeof term === "number";
const is = (term, op) => term?.op === op && "args" in term;

function same(a, b) {
  if (a === b) return true;
  const [left, right] = [a, b].map(term => (Array.isArray(term) ? term : term?.args));
  return (
    Boolean(left && right) &&
    a.op === b.op &&
    left.length === right.length &&
    left.every((term, i) => same(term, right[i]))
  );
}

// How many names and numbers a term holds.
function lengthOf(term) {
  const parts = Array.isArray(term) ? term : term?.args;
  return parts ? parts.reduce((sum, part) => sum + lengthOf(part), 0) : 1;
}

// The variables in a term, in order.
function within(term) {
  const parts = Array.isArray(term) ? term : term?.args;
  return parts ? [...new Set(parts.flatMap(within))] : isNumber(term) ? [] : [term];
}

// One operation of the table on terms, without what any reader would leave out: the algebra of formulas.
function symbol(op, ...args) {
  if (Object.hasOwn(RULES, op)) return RULES[op](...args);
  return (Object.hasOwn(STRENGTH, op) ? short(op, ...args) : null) ?? { op, args };
}

const total = terms => terms.reduce((sum, x) => symbol("add", sum, x), 0);
const summands = term => (is(term, "logsumexp") ? term.args[0] : [term]);
const RULES = {
  ...Object.fromEntries(["gap", "ahead", "margin", "masked"].map(op => [op, (a, b) => symbol("sub", a, b)])),
  times: (a, b) => symbol("mul", a, b),
  monomial: (a, b, c, d) => symbol("mul", d, symbol("pow", a, symbol("sub", b, c))),
  powlog: (a, b, c, d, e) => symbol("mul", symbol("monomial", a, b, c, d), symbol("pow", symbol("log", a), e)),
  square: a => symbol("pow", a, 2),
  direction: (a, b) => symbol("div", a, symbol("hypot", a, b)),
  logaddexp: (...terms) => ({ op: "logsumexp", args: [terms.flatMap(summands)] }),
  share: (a, b) => symbol("exp", symbol("sub", a, symbol("logaddexp", a, b))),
  sum: total,
  dot: (weights, inputs, bias) => total([...weights.map((weight, i) => symbol("mul", weight, inputs[i])), bias]),
};

function short(op, a, b) {
  const product = op === "mul",
    sum = op === "add";
  if ((sum && a === 0) || (product && a === 1)) return b;
  if (((sum || op === "sub") && b === 0) || ((product || op === "div" || op === "pow") && b === 1)) return a;
  if (product && (a === 0 || b === 0)) return 0;
  if (op === "pow" && b === 0) return 1;
  if ((sum || op === "sub") && !(isNumber(a) && isNumber(b)) && negated(b) !== null)
    return symbol(sum ? "sub" : "add", a, negated(b));
  if (sum && !isNumber(a) && same(a, b)) return symbol("mul", 2, a);
  if (op === "sub" && is(a, "neg") && same(a.args[0], b)) return symbol("neg", symbol("mul", 2, b));
  if ((op === "sub" && a === 0) || (product && a === -1)) return symbol("neg", b);
  if (product && b === -1) return symbol("neg", a);
  if (op === "neg" && negated(a) !== null) return negated(a);
  if (op === "div" && is(a, "mul") && isShort(a.args[0], b)) return symbol("mul", a.args[0] / b, a.args[1]);
  if ((product || op === "div") && is(a, "neg")) return symbol("neg", symbol(op, a.args[0], b));
  if (product) return shortProduct(a, b);
  if (op !== "div" && op !== "pow" && isNumber(a) && (op === "neg" || isNumber(b)))
    return op === "neg" ? -a : sum ? a + b : a - b;
  return null;
}

// The term without its minus, if it begins with one; else null.
function negated(term) {
  if (is(term, "neg")) return term.args[0];
  if (isNumber(term)) return term < 0 ? -term : null;
  const [number, x] = term.args ?? [];
  return (is(term, "mul") || is(term, "div")) && isNumber(number) && number < 0 ? symbol(term.op, -number, x) : null;
}

// Whether a quotient of two numbers is exact, and short enough to show.
function isShort(a, b) {
  if (!isNumber(a) || !isNumber(b) || !b || (a / b) * b !== a) return false;
  return `${a / b}${Number.isInteger(a / b) ? ".0" : ""}`.length <= 5;
}

function shortProduct(a, b) {
  if (is(b, "neg")) return symbol("neg", symbol("mul", a, b.args[0]));
  if (isNumber(a) && is(b, "div") && isNumber(b.args[0])) return symbol("div", a * b.args[0], b.args[1]);
  if (is(b, "div") && b.args[0] === 1) return symbol("div", a, b.args[1]);
  if (is(a, "div") && a.args[0] === 1) return symbol("div", b, a.args[1]);
  if (isNumber(b) && !isNumber(a)) return symbol("mul", b, a);
  if (isNumber(a) && is(b, "mul") && isNumber(b.args[0])) return symbol("mul", a * b.args[0], b.args[1]);
  if (!isNumber(a) && is(b, "mul") && isNumber(b.args[0])) return symbol("mul", b.args[0], symbol("mul", a, b.args[1]));
  return isNumber(a) && isNumber(b) ? a * b : null;
}

const STRENGTH = { add: 1, sub: 1, mul: 2, div: 2, neg: 2, pow: 4 },
  ATOM = 5;
const PRETTY = {
  number: x => (x === Math.PI ? "π" : pretty(x)),
  name: v => v.name,
  bracket: text => `(${text})`,
  signs: { add: " + ", sub: " − ", mul: "·", div: "/", neg: "−" },
};
const LATEX = {
  number: x => (x === Math.PI ? "\\pi" : latexNumber(x)),
  name: v => latexName(v.label),
  bracket: text => `\\left(${text}\\right)`,
  signs: { add: " + ", sub: " - ", mul: " \\cdot ", neg: "-" },
};

// A term as text, in brackets if the operation that it stands `inside` wants them.
const show = (term, style = PRETTY, inside = "") => bracketed(term, style, STRENGTH[inside] ?? 0);

function bracketed(term, style, strength) {
  const [text, binds] = write(term, style);
  return binds >= strength ? text : style.bracket(text);
}

// Whether a label is a formula such as x + y, outside its brackets.
const isCompound = label => /(?<!\de)[-+−*/·×÷^=<>]/.test(label.replace(/[({[].*[)}\]]/, ""));

// The text of a term, and how strongly it binds.
function write(term, style) {
  if (isNumber(term)) return [style.number(term), term >= 0 || Number.isNaN(term) ? ATOM : STRENGTH.neg];
  if (!("args" in term)) return [style.name(term), isCompound(term.label ?? term.name) ? STRENGTH.add : ATOM];
  const {
      op,
      args: [a, b],
    } = term,
    strength = STRENGTH[op];
  const sloped = op === "slope" ? term.row : words.slopes[op];
  if (sloped) return [slopeSign(sloped, style) + style.bracket(write(a, style)[0]), ATOM];
  if (op === "pow") return [raised(a, b, style), strength];
  if (op === "div" && style === LATEX) return [`\\frac{${write(a, style)[0]}}{${write(b, style)[0]}}`, ATOM];
  if (op === "neg") return [style.signs.neg + bracketed(a, style, strength), strength];
  if (!strength) return [called(term, style), ATOM];
  const right = bracketed(b, style, strength + (op === "sub" || op === "div") + signed(b));
  const isBare = op === "mul" && isNumber(a) && !/^\d/.test(right); // a number and what it multiplies
  return [bracketed(a, style, strength) + (isBare ? " " : style.signs[op]) + right, strength];
}

// Whether a term starts with a minus, and so wants brackets after an operator.
const signed = term => (isNumber(term) && term < 0) || is(term, "neg");

const RAISED = new Map([..."0123456789-"].map((digit, i) => [digit, [..."⁰¹²³⁴⁵⁶⁷⁸⁹⁻"][i]]));

function raised(base, exponent, style) {
  const text = base.name?.includes("⁾") ? style.bracket(style.name(base)) : bracketed(base, style, ATOM); // its layer is raised already
  if (style === LATEX) return `${text}^{${write(exponent, style)[0]}}`;
  if (Number.isInteger(exponent) && Math.abs(exponent) < 100)
    return text + [...String(exponent)].map(digit => RAISED.get(digit)).join("");
  return `${text}^${bracketed(exponent, style, ATOM)}`;
}

const slopeSign = (row, style) => (style === LATEX ? `${words.calls[row] ?? row}'` : `${rows[row].sign}′`);

const RELATIONS = { above: ">", less: "<", less_equal: "≤" },
  TURNED = { ">": "<", "<": ">", "≤": "≥" };

// The condition of a where, with the number of a comparison on its right.
function tested(term, style = PRETTY) {
  const sign = text => (style === LATEX ? (LATEX_SIGNS[text] ?? text) : text),
    { op, args } = term;
  if (op in RELATIONS) {
    const isTurned = op !== "above" && isNumber(args[0]) && !isNumber(args[1]),
      relation = isTurned ? TURNED[RELATIONS[op]] : RELATIONS[op];
    const [left, right] = (isTurned ? [...args].reverse() : args).map(x => write(x, style)[0]);
    return `${left} ${sign(relation)} ${right}`;
  }
  if (op === "minimum" || op === "maximum") {
    const other = op === "minimum" ? "maximum" : "minimum",
      parts = args.map(x => (is(x, other) ? style.bracket(tested(x, style)) : tested(x, style)));
    return parts.join(` ${sign(op === "minimum" ? "∧" : "∨")} `);
  }
  if (op === "sub" && args[0] === 1) return sign("¬") + style.bracket(tested(args[1], style));
  return write(term, style)[0];
}
const LATEX_SIGNS = { "≤": "\\le", "≥": "\\ge", "∧": "\\land", "∨": "\\lor", "¬": "\\lnot " };

function called({ op, args }, style) {
  const operands = args.flat().map(term => write(term, style)[0]),
    text = operands.join(", ");
  if (op in RELATIONS) return style === LATEX ? `\\left[${tested({ op, args }, style)}\\right]` : `[${tested({ op, args }, style)}]`; // 1 if so, else 0
  if (op === "select") {
    const condition = tested(args[0], style),
      [, taken, other] = operands;
    return style === LATEX
      ? `\\begin{cases} ${taken} & ${condition} \\\\ ${other} & \\text{else} \\end{cases}`
      : `where(${condition}, ${taken}, ${other})`;
  }
  if (style !== LATEX) return op === "abs" ? `|${text}|` : `${rows[op].sign}(${text})`;
  if (op === "sqrt" || op === "abs") return op === "sqrt" ? `\\sqrt{${text}}` : `\\left|${text}\\right|`;
  return (words.calls[op] ?? `\\operatorname{${latexText(op)}}`) + style.bracket(text);
}
