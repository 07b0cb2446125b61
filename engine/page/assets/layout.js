// A layered layout: boxes in columns from the leaves to the output, arcs as curves between them, and room on each arc
// for what is written on it. A box has a width and height and gets x and y, its middle; an arc gets a path and `at`.
const GAP = 14,
  ACROSS = 20,
  LEAST = 100; // between boxes of one column, between columns, and across one for arcs
const SWEEPS = 12;

function layout(boxes, arcs) {
  const list = [...boxes.values()].sort((a, b) => a.members.at(-1) - b.members.at(-1));
  list.forEach((box, i) => Object.assign(box, { serial: i, ins: [], outs: [] }));
  for (const arc of arcs.values()) arc.forward = arc.from.serial < arc.to.serial; // groups may lead to each other
  const columns = columnsOf(
    list,
    [...arcs.values()].filter(arc => arc.forward),
  );
  order(columns);
  const width = across(columns),
    height = down(columns);
  for (const arc of arcs.values()) trace(arc);
  return { width, height };
}

// Each box as far left as its operands allow, and leaves just before their first user. Every other column is for the
// pills on arcs; an arc across several columns has a point in each.
function columnsOf(list, edges) {
  for (const edge of edges) {
    edge.from.outs.push(edge);
    edge.to.ins.push(edge);
  }
  for (const box of list) box.rank = Math.max(0, ...box.ins.map(({ from }) => from.rank + 1));
  for (const box of list)
    if (!box.ins.length && box.outs.length) box.rank = Math.min(...box.outs.map(({ to }) => to.rank)) - 1;
  const columns = Array.from({ length: 2 * Math.max(...list.map(box => box.rank)) + 1 }, () => []);
  const spots = new Map(list.map(box => [box, spot(box.width, box.height, 2 * box.rank, box)]));
  for (const box of list) columns[2 * box.rank].push(spots.get(box));
  for (const edge of edges) {
    const main = edge.from.ins.length > 0; // computed variables are aligned before leaves
    let before = spots.get(edge.from);
    edge.points = [before];
    for (let c = before.column + 1; c < 2 * edge.to.rank; c++) {
      const at = c === 2 * edge.to.rank - 1,
        point = at && edge.pill ? spot(edge.pill.width, edge.pill.height, c, null) : spot(0, 2, c, null);
      join(before, point, main ? 4 : 8);
      columns[c].push(point);
      edge.points.push((before = point));
    }
    join(before, spots.get(edge.to), main ? 4 : 0.5);
    edge.points.push(spots.get(edge.to));
  }
  return columns;
}

const spot = (width, height, column, box) =>
  ({ width, height, column, box, left: [], right: [], pulls: [], x: 0, y: 0 });
const join = (a, b, pull) => {
  a.right.push(b);
  b.left.push(a);
  a.pulls.push([b, pull]);
  b.pulls.push([a, pull]);
};

// Sorts columns by the mean index of neighbours, back and forth; keeps the order with fewest crossings.
function order(columns) {
  const last = columns.at(-1),
    seen = new Set(last),
    start = columns.map(() => []);
  const visit = point => {
    start[point.column].push(point);
    for (const next of point.left)
      if (!seen.has(next)) {
        seen.add(next);
        visit(next);
      }
  };
  last.forEach(visit);
  columns.forEach((column, c) => {
    columns[c] = [...start[c], ...column.filter(point => !seen.has(point))];
    number(columns[c]);
  });
  const small = columns.every(column => column.reduce((sum, { right }) => sum + right.length, 0) < 300); // to count crossings
  let best = columns.map(column => [...column]),
    fewest = small ? crossings(columns) : Infinity;
  for (let sweep = 0; sweep < SWEEPS && (fewest > 0 || !small); sweep++) {
    const forward = sweep % 2 === 0,
      side = forward ? "left" : "right";
    for (const column of forward ? columns : [...columns].reverse()) sortBy(column, side);
    const crossed = small ? crossings(columns) : 0;
    if (crossed < fewest || !small) [best, fewest] = [columns.map(column => [...column]), crossed];
  }
  best.forEach((column, c) => number((columns[c] = column)));
}

const number = column =>
  column.forEach((point, i) => {
    point.index = i;
  });

function sortBy(column, side) {
  for (const point of column)
    point.mean = point[side].length
      ? point[side].reduce((sum, { index }) => sum + index, 0) / point[side].length
      : point.index;
  column.sort((a, b) => a.mean - b.mean || a.index - b.index);
  number(column);
}

function crossings(columns) {
  let count = 0;
  for (const column of columns) {
    const ends = column.flatMap(point => point.right.map(({ index }) => index).sort((a, b) => a - b));
    for (let i = 0; i < ends.length; i++) for (let j = i + 1; j < ends.length; j++) if (ends[j] < ends[i]) count++;
  }
  return count;
}

function across(columns) {
  let x = 0;
  for (const [c, column] of columns.entries()) {
    const wide = Math.max(c % 2 && !column.some(({ width }) => width) ? LEAST : 0, ...column.map(({ width }) => width)),
      long = Math.min(
        60,
        column.reduce((sum, { right }) => sum + right.length, 0),
      );
    for (const point of column) point.x = x + wide / 2;
    x += wide + ACROSS + long;
  }
  return x;
}

// Each as near to its neighbours as the order in its column allows.
function down(columns) {
  for (const column of columns) spread(column, [...column.keys()]);
  for (let sweep = 0; sweep < 4 * SWEEPS; sweep++) {
    for (const column of sweep % 2 ? [...columns].reverse() : columns) {
      spread(
        column,
        column.map(point => {
          const weight = point.pulls.reduce((sum, [, pull]) => sum + pull, 0);
          return weight ? point.pulls.reduce((sum, [{ y }, pull]) => sum + pull * y, 0) / weight : point.y;
        }),
      );
    }
  }
  for (const column of columns) column.forEach((point, i) => straighten(point, column[i - 1], column[i + 1]));
  const all = columns.flat(),
    top = Math.min(...all.map(({ y, height }) => y - height / 2));
  for (const point of all) {
    point.y -= top;
    if (point.box) Object.assign(point.box, { x: point.x, y: point.y });
  }
  return Math.max(...all.map(({ y, height }) => y + height / 2));
}

// What stands on an arc moves in line with an end of it, if that is near and its neighbours leave room.
function straighten(point, above, below) {
  const near = [...point.left, ...point.right].filter(({ y }) => Math.abs(y - point.y) < 16);
  const free = ({ y }) =>
    [above, below].every(other => !other || Math.abs(other.y - y) >= (other.height + point.height) / 2 + 4);
  if (!point.box) point.y = (near.find(free) ?? point).y;
}

// Positions nearest to `wanted` without overlap: points that touch form a block, put at its mean.
function spread(column, wanted) {
  const blocks = [];
  let offset = 0;
  column.forEach((point, i) => {
    const before = column[i - 1];
    if (before) offset += (before.height + point.height) / 2 + (before.box || point.box ? GAP : 6);
    let block = { sum: wanted[i] - offset, count: 1, items: [[point, offset]] };
    while (blocks.length && blocks.at(-1).sum / blocks.at(-1).count >= block.sum / block.count) {
      const above = blocks.pop();
      block = { sum: above.sum + block.sum, count: above.count + block.count, items: [...above.items, ...block.items] };
    }
    blocks.push(block);
  });
  for (const { sum, count, items } of blocks) for (const [point, off] of items) point.y = sum / count + off;
}

// An arc as a curve through its points, level where it leaves and arrives; where what it says stands.
function trace(arc) {
  const { from, to, forward } = arc;
  if (!forward) return around(arc);
  const inner = arc.points.slice(1, -1),
    start = [from.x + from.width / 2, from.y],
    end = [to.x - to.width / 2, to.y];
  const passing = inner.flatMap(({ x, y, width }) => (width ? [-1, 1] : [0]).map(side => [x + (side * width) / 2, y]));
  arc.stops = [start, ...passing, end];
  arc.d = `M${at(start)}${[...passing, end].map((stop, i) => curve(arc.stops[i], stop)).join("")}`;
  arc.at = { x: inner.at(-1).x, y: inner.at(-1).y };
  arc.tips = [tip(end, -8), tip(start, 8)];
}

// From the later of two boxes back to the earlier one, over both.
function around(arc) {
  const { from, to } = arc,
    y = Math.min(from.y - from.height / 2, to.y - to.height / 2) - 24;
  const start = [from.x, from.y - from.height / 2],
    end = [to.x, to.y - to.height / 2];
  arc.stops = [start, [(from.x + to.x) / 2, y], end];
  arc.d = `M${at(start)}C${at([from.x, y])} ${at([to.x, y])} ${at(end)}`;
  arc.at = { x: (from.x + to.x) / 2, y: y + 6 };
  arc.tips = [`${at(end)} ${at([end[0] - 4, end[1] - 9])} ${at([end[0] + 4, end[1] - 9])}`, ""];
}

const at = ([x, y]) => `${Math.round(10 * x) / 10},${Math.round(10 * y) / 10}`;
const tip = ([x, y], back) => [[x, y], [x + back, y - 4], [x + back, y + 4]].map(at).join(" ");

function curve([x, y], [u, v]) {
  const middle = (x + u) / 2;
  return y === v ? `L${at([u, v])}` : `C${at([middle, y])} ${at([middle, v])} ${at([u, v])}`;
}

// The point at a part of the way along an arc.
function along({ stops }, part) {
  const whole = part * (stops.length - 1),
    i = Math.min(Math.floor(whole), stops.length - 2),
    t = whole - i;
  const [[x, y], [u, v]] = [stops[i], stops[i + 1]],
    middle = (x + u) / 2;
  const bend = (a, b, c, d) => a * (1 - t) ** 3 + 3 * b * t * (1 - t) ** 2 + 3 * c * t * t * (1 - t) + d * t ** 3;
  return { x: bend(x, middle, middle, u), y: bend(y, y, v, v) };
}
