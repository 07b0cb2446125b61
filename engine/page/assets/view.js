// Pan and zoom: what part of the picture is seen.
let view = { x: 0, y: 0, width: 1, height: 1 }, fitted = true, moved = false;
const fingers = new Map(), MARGIN = 24;

function look(next, all = false) {
  view = next;
  fitted = all;
  svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
}

// All of it: not much larger than life, and on a narrow screen not too small to read, but from the chosen box on.
function fit() {
  const { clientWidth, clientHeight } = $("canvas"), full = scene.width + 2 * MARGIN, high = scene.height + 2 * MARGIN;
  if (!clientWidth) return;
  const shown = Math.min(Math.max(Math.min(clientWidth / full, clientHeight / high), 0.5), 1.4), width = clientWidth / shown, height = clientHeight / shown;
  const focus = [...boxes.values()].find(({ g }) => g.classList.contains("chosen")) ?? variables[output].box;
  const from = (focus.x - width / 2), up = focus.y - height / 2;
  look({
    x: width > full ? (scene.width - width) / 2 : Math.min(Math.max(from, -MARGIN), full - MARGIN - width),
    y: height > high ? (scene.height - height) / 2 : Math.min(Math.max(up, -MARGIN), high - MARGIN - height),
    width, height,
  }, true);
}

const pointOf = event => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());

// Moves the view, if a box is not in it, until it is.
function reveal({ x, y, width, height }) {
  const across = Math.min(0, x - width / 2 - MARGIN - view.x) || Math.max(0, x + width / 2 + MARGIN - view.x - view.width);
  const up = Math.min(0, y - height / 2 - MARGIN - view.y) || Math.max(0, y + height / 2 + MARGIN - view.y - view.height);
  if (across || up) look({ ...view, x: view.x + across, y: view.y + up });
}

function zoom(factor, { x, y } = { x: view.x + view.width / 2, y: view.y + view.height / 2 }) {
  const [width, height] = [view.width / factor, view.height / factor];
  look({ x: x - (x - view.x) / factor, y: y - (y - view.y) / factor, width, height });
}

// The wheel zooms with Ctrl alone, so that it still scrolls what the page stands in.
$("canvas").addEventListener("wheel", event => {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  zoom(1.0015 ** -event.deltaY, pointOf(event));
}, { passive: false });
$("canvas").addEventListener("pointerdown", event => {
  fingers.set(event.pointerId, event);
  moved = fingers.size > 1;
});
addEventListener("pointermove", event => {
  const before = fingers.get(event.pointerId), other = [...fingers.values()].find(finger => finger.pointerId !== event.pointerId);
  if (!before || !moved && apart(before, event) < 5) return;
  const [from, to] = [pointOf(before), pointOf(event)];
  moved = true;
  if (other) zoom(apart(event, other) / apart(before, other), pointOf(other));
  else look({ ...view, x: view.x + from.x - to.x, y: view.y + from.y - to.y });
  fingers.set(event.pointerId, event);
});
for (const name of ["pointerup", "pointercancel"]) addEventListener(name, event => fingers.delete(event.pointerId));
new ResizeObserver(() => { if (fitted) fit(); }).observe($("canvas"));

const apart = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);

// The nearest box in a direction.
function neighbour(here, [dx, dy]) {
  const far = ({ x, y }) => {
    const ahead = (x - here.x) * dx + (y - here.y) * dy;
    return ahead > 1 ? ahead + 2 * Math.abs((x - here.x) * dy + (y - here.y) * dx) : Infinity;
  };
  return [...boxes.values()].filter(box => far(box) < Infinity).sort((a, b) => far(a) - far(b))[0];
}
