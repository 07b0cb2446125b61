// Exports: the picture as SVG and PNG, the chain rule in LaTeX, the graph as Python for `engine`.
const FRACTION = (sign, of, wrt) =>
  `\\frac{${sign}${latexName(variables[of].label)}}{${sign}${latexName(variables[wrt].label)}}`;

// An aligned block, a path a line: derivatives, formulas, numbers, and the sum.
function toLatex(w) {
  const { paths, at } = tell(w, 10),
    left = at[output].count - BigInt(paths.length),
    number = x => (x < 0 ? `(${latexNumber(x)})` : latexNumber(x));
  const formulaOf = link => {
    const term = Number.isNaN(link.value) ? link.value : slopeOf(link);
    return hasElided(term) ? latexNumber(link.value) : show(term, LATEX, "mul");
  };
  const each = (write, sign = " \\cdot ") => [
    ...paths.map(({ links }) => links.map(write).join(sign) || "1"),
    ...(left ? [`\\cdots \\text{ (${many(left)} more)}`] : []),
  ];
  const blocks = [
    each(link => FRACTION("\\partial ", link.of, link.wrt), " \\, "),
    each((link, i) => {
      const text = formulaOf(link);
      return i && text.startsWith("-") ? `\\left(${text}\\right)` : text;
    }),
    each(link => number(link.value)),
    [latexNumber(at[output].slope)],
  ];
  const sign = (i, entry) => (!i ? "=" : entry.startsWith("-") ? "\\phantom{=}" : "\\phantom{=} +"); // a minus is a sign
  const lines = blocks.flatMap(block => block.map((entry, i) => ` &${sign(i, entry)} ${entry}`));
  return `\\begin{aligned}\n${FRACTION("d", output, w)}${lines.join(" \\\\\n")}\n\\end{aligned}`;
}

const INFIX = { add: ["+", 1], sub: ["-", 1], mul: ["*", 2], div: ["/", 2], pow: ["**", 4] };

// The graph as a program: leaves with their present numbers, then each variable, then its chain rule.
function toPython() {
  const uses = new Uint32Array(nodes.length),
    functions = new Set(),
    lines = [],
    names = namesInPython();
  for (const node of nodes) for (const i of node.operands ?? []) uses[i]++;
  const made = new Map();

  function operand(i, strength) {
    const [text, binds] = names.has(i)
      ? [names.get(i), 5]
      : (made.get(i) ?? [literal(nodes[i].data), nodes[i].data < 0 ? 2 : 5]);
    return binds >= strength ? text : `(${text})`;
  }

  function written({ op, operands }) {
    const flat = [...operands],
      sign = INFIX[op];
    if (op === "neg") return [`-${operand(flat[0], 3)}`, 2];
    if (sign)
      return [`${operand(flat[0], sign[1] + (op === "pow"))} ${sign[0]} ${operand(flat[1], sign[1] + 1)}`, sign[1]];
    functions.add(op);
    const groups = groupsOf(
      op,
      flat.map(i => operand(i, 0)),
    );
    return [`${op}(${groups.map(group => (Array.isArray(group) ? `[${group.join(", ")}]` : group)).join(", ")})`, 5];
  }

  for (const node of nodes) {
    const v = variableOf.get(node.i),
      name = names.get(node.i);
    if (!node.op) {
      if (v) lines.push(`${name} = Value(${literal(node.data)}, ${JSON.stringify(v.label)})`);
      continue;
    }
    const text = written(node);
    if (v || uses[node.i] > 1 || text[0].length > 90) {
      const variable = name ?? `t${node.i}`;
      names.set(node.i, variable);
      lines.push(`${variable} = ${text[0]}`, ...(v ? [`${variable}.label = ${JSON.stringify(v.label)}`] : []));
    } else made.set(node.i, text);
  }
  const wrt = chosen ?? leaves[0] ?? output;
  return [
    `from engine import ${["Value", "chain_rule", ...[...functions].sort()].join(", ")}`,
    "",
    ...lines,
    "",
    `print(chain_rule(${names.get(variables[output].node)}, ${names.get(variables[wrt].node)}))`,
    "",
  ].join("\n");
}

const literal = x =>
  Number.isFinite(x)
    ? Object.is(x, -0)
      ? "-0.0"
      : Number.isInteger(x) && Math.abs(x) < 1e21
        ? `${x}.0`
        : String(x)
    : `float("${Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf"}")`;

// A name in Python for each variable: its label where that is a name and no other's, else v and a number.
function namesInPython() {
  const taken = new Set(["Value", "chain_rule", "print", "float", ...KEYWORDS, ...Object.keys(rows)]),
    names = new Map();
  for (const v of variables) {
    const plain = /^[A-Za-su-z_][A-Za-z0-9_]*$|^t[A-Za-z_]*$/.test(v.label) && !taken.has(v.label);
    const name = plain ? v.label : `v${v.i}_`;
    taken.add(name);
    names.set(v.node, name);
  }
  return names;
}

// The picture as a file of its own: with the style sheet's rules written into each element.
const STYLED = (
  "fill fill-opacity stroke stroke-width stroke-dasharray font-family font-size font-style font-weight text-anchor " +
  "opacity"
).split(" ");

function toSvg() {
  const copy = svg.cloneNode(true),
    { width, height } = scene,
    originals = [...svg.querySelectorAll("*")];
  [...copy.querySelectorAll("*")].forEach((made, i) => {
    const style = getComputedStyle(originals[i]);
    if (style.display === "none") made.setAttribute("display", "none");
    else for (const name of STYLED) made.setAttribute(name, style.getPropertyValue(name));
  });
  const [x, y] = [-MARGIN, -MARGIN],
    size = { width: width + 2 * MARGIN, height: height + 2 * MARGIN },
    fill = getComputedStyle(document.documentElement).backgroundColor,
    viewBox = `${x} ${y} ${size.width} ${size.height}`;
  for (const [name, value] of Object.entries({ xmlns: "http://www.w3.org/2000/svg", viewBox, ...size }))
    copy.setAttribute(name, value);
  copy.prepend(element("rect", { x, y, ...size, fill }));
  return new XMLSerializer().serializeToString(copy);
}

// The same on a canvas, shape by shape: the page's policy allows no images, not even its own.
function toPng() {
  const { width, height } = scene,
    scale = Math.min(2, 8000 / Math.max(width, height)),
    paper = document.createElement("canvas"),
    pen = paper.getContext("2d");
  Object.assign(paper, { width: scale * (width + 2 * MARGIN), height: scale * (height + 2 * MARGIN) });
  pen.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
  pen.fillRect(0, 0, paper.width, paper.height);
  pen.setTransform(scale, 0, 0, scale, scale * MARGIN, scale * MARGIN);
  for (const shape of svg.querySelectorAll("path, polygon, rect, text")) paint(pen, shape, getComputedStyle(shape));
  return new Promise(done => paper.toBlob(done, "image/png"));
}

function paint(pen, shape, style) {
  if (style.display === "none") return;
  const the = name => Number(shape.getAttribute(name));
  if (shape.tagName === "text") return letters(pen, shape, style);
  const path = new Path2D(
    shape.tagName === "path"
      ? shape.getAttribute("d")
      : shape.tagName === "polygon"
        ? `M${shape.getAttribute("points").split(" ").join("L")}Z`
        : "",
  );
  if (shape.tagName === "rect") path.roundRect(the("x"), the("y"), the("width"), the("height"), the("rx"));
  pen.globalAlpha = Number(style.fillOpacity) * Number(style.opacity);
  Object.assign(pen, { fillStyle: style.fill, strokeStyle: style.stroke, lineWidth: parseFloat(style.strokeWidth) });
  pen.setLineDash(style.strokeDasharray === "none" ? [] : style.strokeDasharray.split(/[ ,]+/).map(parseFloat));
  if (style.fill !== "none") pen.fill(path);
  if (style.stroke !== "none") pen.stroke(path);
  pen.globalAlpha = 1;
}

function letters(pen, text, style) {
  const spans = text.childElementCount
    ? [...text.children].map(span => [getComputedStyle(span), span.textContent])
    : [[style, text.textContent]];
  const widths = spans.map(([{ font }, words]) => {
      pen.font = font;
      return pen.measureText(words).width;
    }),
    whole = widths.reduce((a, b) => a + b, 0);
  let x = Number(text.getAttribute("x")) - (style.textAnchor === "middle" ? whole / 2 : 0);
  spans.forEach(([{ font, fill }, words], i) => {
    Object.assign(pen, { font, fillStyle: fill });
    pen.fillText(words, x, Number(text.getAttribute("y")));
    x += widths[i];
  });
}
