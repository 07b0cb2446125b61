// Text cut into names, numbers and signs, in the notation of people and books, 2x(1 − x)², σ'(z), √2: the rules are those
// of engine/table/notation.py. Nothing is executed.
class FormulaError extends Error {
  constructor(message, at) {
    super(message);
    this.at = at;
  }
}

const KEYWORDS = new Set(
  `False None True and as assert async await break class continue def del elif else except finally
  for from global if import in is lambda nonlocal not or pass raise return try while with yield`.split(/\s+/),
);
const SIGNS = new Map([
  ...Object.entries({ "·": "*", "×": "*", "⋅": "*", "∗": "*", "−": "-", "–": "-", "÷": "/", "⁄": "/", "^": "**" }),
  ...Object.entries({ "≤": "<=", "≥": ">=", "∧": "and", "∨": "or", "¬": "not" }),
]);
const CONNECTIVES = new Set(["and", "or", "not"]);
const FUNCTIONS = new Map(Object.entries({ σ: "sigmoid", ln: "log", "√": "sqrt", max: "maximum", min: "minimum" }));
const CONSTANTS = new Map(Object.entries({ π: Math.PI, pi: Math.PI, e: Math.E }));
const EXPONENT = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const TOKEN = new RegExp(
  String.raw`\s*(?:(?<number>\d+\.?\d*(?:[eE][-+−]?\d+)?|\.\d+)|(?<raised>⁻?[${EXPONENT}]+)` +
    String.raw`|(?<name>√|[\p{L}_](?:(?![${EXPONENT}])[\p{L}\p{N}\p{M}_])*)(?<prime>\s*['′](?=\s*\())?` +
    String.raw`|(?<sign>\*\*|<=|>=|[-+*/^·×⋅∗−–÷⁄()[\],<>≤≥&|~∧∨¬]))`,
  "uy",
);

// The tokens of a text, each with its place; what is among the `names` is one token, whatever is in it.
function tokens(text, offset, names) {
  const found = [],
    known = [...(names ?? [])].sort((a, b) => b.length - a.length);
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim()) {
    const start = TOKEN.lastIndex + text.slice(TOKEN.lastIndex).search(/\S/),
      name = known.find(name => standsAt(text, start, name));
    if (name) {
      found.push({ token: name, kind: "name", at: start + offset });
      TOKEN.lastIndex = start + name.length;
    } else found.push({ ...tokenAt(text, offset + start), at: offset + start });
  }
  return [...found, { token: "", kind: "end", at: offset + text.length }];
}

// Whether a name stands there as a whole.
function standsAt(text, start, name) {
  const after = [...text.slice(start + name.length)][0] ?? "",
    goesOn = /[\p{L}\p{N}]$/u.test(name) && /[\p{L}\p{N}_.]/u.test(after) && !EXPONENT.includes(after);
  return text.startsWith(name, start) && !goesOn;
}

function tokenAt(text, at) {
  const start = TOKEN.lastIndex,
    match = TOKEN.exec(text);
  if (!match) {
    const letter = [...text.slice(start).trim()][0];
    throw new FormulaError(`a formula is made of numbers, names, + - * / ** and functions, not of ${letter}`, at);
  }
  const { number, raised, name, prime, sign } = match.groups;
  if (number) return { kind: "number", token: number.replace("−", "-") };
  if (raised) return { kind: "raised", token: [...raised].map(c => (c === "⁻" ? "-" : EXPONENT.indexOf(c))).join("") };
  if (sign) return { kind: "sign", token: SIGNS.get(sign) ?? sign };
  if (CONNECTIVES.has(name)) return { kind: "sign", token: name };
  if (KEYWORDS.has(name))
    throw new FormulaError(`${name} is a Python keyword: choose another name, such as ${name[0]}`, at);
  return { kind: "name", token: name.normalize("NFKC"), prime: Boolean(prime), root: name === "√" };
}

// The names in a text that stand for numbers: all but functions and constants.
function mentioned(text) {
  const line = tokens(text, 0, null),
    isName = ({ kind, token, root }, i) =>
      kind === "name" && !root && !CONSTANTS.has(token) && !(line[i + 1].token === "(" && line[i + 1].kind === "sign");
  return new Set(line.filter(isName).map(({ token }) => token));
}
