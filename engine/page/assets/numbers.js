// Numbers and names as pictures show them, and in LaTeX.
function pretty(x, digits = 4) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "∞" : "−∞";
  const [mantissa, exponent] = x
    .toExponential(digits - 1)
    .split("e")
    .map(Number);
  const text = exponent < -4 || exponent >= digits ? `${mantissa}e${exponent}` : String(Number(x.toPrecision(digits)));
  return text.replaceAll("-", "−");
}

// 2 to some power, which may be more or less than a float holds.
function power(log2, digits = 4) {
  if (Math.abs(log2) < 1000 || !Number.isFinite(log2)) return pretty(2 ** log2, digits);
  const log10 = log2 * Math.log10(2),
    exponent = Math.floor(log10);
  return `${pretty(10 ** (log10 - exponent), digits)}e${exponent}`.replace("-", "−");
}

// How many: exact as far as it can be read, then four digits.
function many(count) {
  const digits = count.toString(),
    rest = digits.length - 1;
  return rest < 100 ? count.toLocaleString("en") : `${pretty(Number(`${digits[0]}.${digits.slice(1, 17)}`))}e${rest}`;
}

// A number in a product.
const factored = x => (x < 0 ? `(${pretty(x)})` : pretty(x));

const GREEK_WORDS =
  "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi rho sigma tau phi chi psi omega".split(" ");
const GREEK = new Map(GREEK_WORDS.map((word, i) => [word, [..."αβγδεζηθκλμνξρστφχψω"][i]]));
const WORD_OF = new Map([...[...GREEK].map(([word, letter]) => [letter, word]), ["π", "pi"]]);
const SIMPLE = /^(\p{L}+?)(_?hat)?(?:_?([0-9]+))?(\[[0-9]+\])?$/u;

// w_12 with its digits lowered, theta by its letter, y_hat with a hat.
function prettyName(name) {
  const [, stem, hat, index = "", example = ""] = SIMPLE.exec(name) ?? [];
  if (!stem) return name;
  const lowered = [...index].map(digit => "₀₁₂₃₄₅₆₇₈₉"[digit]).join("");
  return ((GREEK.get(stem) ?? stem) + (hat ? "\u0302" : "")).normalize("NFC") + lowered + example;
}

const PLACE = /^layer(\d+)\.neuron(\d+)\.(\p{L}{1,2})(\d*)(\[\d+\])?$/u;

const BOOK = /^(\p{L})⁽([⁰¹²³⁴⁵⁶⁷⁸⁹]+)⁾([₀₁₂₃₄₅₆₇₈₉,]+)$/u;

// w^{(1)}_{32} for layer1.neuron3.w2, else a letter with its index below, and words upright.
function latexName(name) {
  const [, layer, neuron, of, weight, example = ""] = PLACE.exec(name) ?? [];
  if (layer) {
    const comma = weight && Math.max(neuron.length, weight.length) > 1 ? "," : "";
    return `${of}^{(${layer})}_{${neuron}${comma}${weight}}${example}`;
  }
  const [, base, upper, lower] = BOOK.exec(name) ?? [];
  if (base) return `${latexName(base)}^{(${upper.normalize("NFKC")})}_{${lower.normalize("NFKC")}}`;
  const [, simple = "", hat, index, one = ""] = SIMPLE.exec(name) ?? [],
    isCovered = simple.normalize("NFD").endsWith("\u0302"),
    stem = isCovered ? simple.normalize("NFD").slice(0, -1) : simple,
    word = WORD_OF.get(stem) ?? stem;
  if (!GREEK.has(word) && word !== "pi" && !/^[a-z]$/i.test(word)) return `\\text{${latexText(name)}}`;
  const letter = word.length > 1 ? `\\${word}` : word,
    covered = hat || isCovered ? `\\hat{${letter}}` : letter;
  return (index ? `${covered}_{${index}}` : covered) + one;
}

const ESCAPED = {
  ...Object.fromEntries([...WORD_OF].map(([letter, word]) => [letter, `$\\${word}$`])),
  "\\": "\\textbackslash{}",
  "^": "\\^{}",
  "~": "\\~{}",
  "\n": " ",
};
const latexText = text => [...text].map(c => ESCAPED[c] ?? ("&%$#_{}".includes(c) ? `\\${c}` : c)).join("");

function latexNumber(x) {
  const [mantissa, exponent] = pretty(x).replaceAll("−", "-").split("e");
  const text = mantissa.replace("∞", "\\infty").replace("nan", "\\text{nan}");
  return exponent ? `${text} \\times 10^{${exponent}}` : text;
}
