// The curve of a function that kills: where its operand stands on it, and the tangent there.
const CURVED = ["sigmoid", "tanh", "erf", "relu", "leaky_relu", "softplus"];

function curvesOf(paths, killing) {
  const seen = new Map();
  for (const { links } of paths)
    for (const link of links)
      if (killing.has(link)) {
        const { of, wrt } = culprit(link);
        if (CURVED.includes(nodes[of].op)) seen.set(nodes[of], wrt);
      }
  return seen.size
    ? [html("div", { className: "row" }, ...[...seen].slice(0, 2).map(([node, operand]) => curveOf(node, operand)))]
    : [];
}

function curveOf(node, operand) {
  const z = nodes[operand].data,
    y = node.data,
    [slope] = node.slopes,
    { sign } = rows[node.op];
  const reach = Math.max(6, 1.15 * Math.abs(z)),
    xs = Array.from({ length: 241 }, (_, i) => (reach * (i - 120)) / 120);
  const ys = xs.map(x => f[node.op](x)),
    low = Math.min(-0.1, ...ys),
    high = Math.max(1.1, ...ys);
  const X = x => 14 + (292 * (x + reach)) / (2 * reach),
    Y = v => 12 + (92 * (high - v)) / (high - low),
    clamp = v => Math.min(high, Math.max(low, v));
  const text = `${sign}′(${pretty(z)}) = ${pretty(slope)}: the tangent at ${describe(operand)} = ${pretty(z)} is ${Math.abs(slope) <= words.tiny ? "flat" : "steep"}`;
  const ends = [z - reach / 3, z + reach / 3].map(x => [X(x), Y(clamp(y + slope * (x - z)))]);
  const d = xs.map((x, i) => `${i ? "L" : "M"}${X(x).toFixed(1)} ${Y(ys[i]).toFixed(1)}`).join("");
  const drawn = chart(
    320,
    118,
    text,
    element("path", { class: "axis", d: `M14 ${Y(0)}H306M${X(0)} 8V108` }),
    element("path", { class: "curve", d }),
    element("path", { class: "tangent", d: `M${ends[0]}L${ends[1]}` }),
    element("circle", { class: "spot", cx: X(z), cy: Y(y), r: 4.5 }),
    element("text", { x: 20, y: 18, class: "symbol" }, `${sign}(z)`),
  );
  return html("figure", { className: "curves" }, drawn, html("figcaption", {}, text));
}
