// Pan and zoom: what part of the picture is seen.
let view = { x: 0, y: 0, width: 1, height: 1 },
  fitted = true,
  moved = false;
const fingers = new Map(),
  MARGIN = 24;

function look(next, all = false) {
  view = next;
  fitted = all;
  svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
}

// Fits the picture, or the lit boxes if it would be too small to read; at most 1.4x.
function fit() {
  const { clientWidth, clientHeight } = $("canvas"),
    all = { left: 0, top: 0, right: scene.width, bottom: scene.height };
  if (!clientWidth) return;
  const scaleOf = ({ left, top, right, bottom }) =>
    Math.min(clientWidth / (right - left + 2 * MARGIN), clientHeight / (bottom - top + 2 * MARGIN));
  const seen = scaleOf(all) > 0.5 ? all : (litExtent() ?? all),
    scale = Math.min(Math.max(scaleOf(seen), 0.45), 1.4);
  const width = clientWidth / scale,
    height = clientHeight / scale,
    { left, right, top, bottom } = seen;
  look(
    {
      x: right - left + 2 * MARGIN > width ? right + MARGIN - width : (left + right - width) / 2,
      y: bottom - top + 2 * MARGIN > height ? top - MARGIN : (top + bottom - height) / 2,
      width,
      height,
    },
    true,
  );
  if (chosen !== null) reveal(variables[chosen].box);
  fitted = true;
}

// The rectangle around the lit boxes.
function litExtent() {
  const lit = [...boxes.values()].filter(({ g }) => g.classList.contains("lit"));
  return lit.length
    ? {
        left: Math.min(...lit.map(({ x, width }) => x - width / 2)),
        right: Math.max(...lit.map(({ x, width }) => x + width / 2)),
        top: Math.min(...lit.map(({ y, height }) => y - height / 2)),
        bottom: Math.max(...lit.map(({ y, height }) => y + height / 2)),
      }
    : null;
}

const pointOf = event => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());

// Moves the view just enough to show a box.
function reveal({ x, y, width, height }) {
  if (!$("canvas").clientWidth) return; // before there is a layout; it is fitted when there is
  const across =
    Math.min(0, x - width / 2 - MARGIN - view.x) || Math.max(0, x + width / 2 + MARGIN - view.x - view.width);
  const up =
    Math.min(0, y - height / 2 - MARGIN - view.y) || Math.max(0, y + height / 2 + MARGIN - view.y - view.height);
  if (across || up) look({ ...view, x: view.x + across, y: view.y + up });
}

function zoom(factor, { x, y } = { x: view.x + view.width / 2, y: view.y + view.height / 2 }) {
  const [width, height] = [view.width / factor, view.height / factor];
  look({ x: x - (x - view.x) / factor, y: y - (y - view.y) / factor, width, height });
}

// The wheel zooms with Ctrl alone, so that it still scrolls what the page stands in.
$("canvas").addEventListener(
  "wheel",
  event => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(1.0015 ** -event.deltaY, pointOf(event));
  },
  { passive: false },
);
$("canvas").addEventListener("pointerdown", event => {
  fingers.set(event.pointerId, event);
  moved = fingers.size > 1;
});
addEventListener("pointermove", event => {
  const before = fingers.get(event.pointerId),
    other = [...fingers.values()].find(finger => finger.pointerId !== event.pointerId);
  if (!before || (!moved && apart(before, event) < 5)) return;
  const [from, to] = [pointOf(before), pointOf(event)];
  moved = true;
  if (other) zoom(apart(event, other) / apart(before, other), pointOf(other));
  else look({ ...view, x: view.x + from.x - to.x, y: view.y + from.y - to.y });
  fingers.set(event.pointerId, event);
});
for (const name of ["pointerup", "pointercancel"]) addEventListener(name, event => fingers.delete(event.pointerId));
new ResizeObserver(() => {
  if (fitted) fit();
}).observe($("canvas"));

const apart = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);

// The nearest box in a direction.
function neighbour(here, [dx, dy]) {
  const far = ({ x, y }) => {
    const ahead = (x - here.x) * dx + (y - here.y) * dy;
    return ahead > 1 ? ahead + 2 * Math.abs((x - here.x) * dy + (y - here.y) * dx) : Infinity;
  };
  return [...boxes.values()].filter(box => far(box) < Infinity).sort((a, b) => far(a) - far(b))[0];
}
