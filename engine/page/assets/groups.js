// Groups: variables that share a box until it is opened. A group is a layer or a neuron, by labels; an example of a
// batch or a time step, by numbers in labels; or the variables that remain, if they are too many.
const CROWD = 40; // boxes in a group before they are grouped again
const AT_FIRST = 24; // boxes that a page opens with
let root, openAtFirst, openGroups, boxes, arcs;

function regroup(depth) {
  const copies = copiesOf(),
    homes = depth === null ? null : homesOf(depth);
  root = newGroup("", "", null);
  for (const v of variables) {
    let group = root;
    for (const [id, name] of homes ? homes[v.i] : [...copies(v), ...placesOf(v)]) {
      const inner = newGroup(`${group.id}/${id}`, name, group);
      if (!group.groups.has(id)) group.groups.set(id, Object.assign(inner, { copy: id.startsWith("copy ") }));
      group = group.groups.get(id);
    }
    group.members.push(v.i);
  }
  prune(root);
  crowd(root);
  settle();
  openAtFirst = new Set(homes ? [] : opened(root));
  openGroups = new Set(openAtFirst);
}

const newGroup = (id, name, parent) => ({ id, name, parent, groups: new Map(), members: [] });

// layer1 and layer1.neuron3 for layer1.neuron3.w2.
function placesOf({ label }) {
  const parts = label.replace(/\[\d+\]$/, "").split(".").slice(0, -1);
  return parts.map((part, i) => [parts.slice(0, i + 1).join("."), part]);
}

// The example or step in a label such as z[7], if z has as many copies as most labels with a number.
function copiesOf() {
  const counts = new Map(),
    often = new Map();
  const split = v => /^(.*)\[(\d+)\]$/s.exec(v.label)?.slice(1);
  for (const v of variables) if (split(v)) counts.set(split(v)[0], (counts.get(split(v)[0]) ?? 0) + 1);
  for (const count of counts.values()) if (count > 1) often.set(count, (often.get(count) ?? 0) + 1);
  const [count, labels] = [...often].reduce((best, pair) => (pair[1] > best[1] ? pair : best), [0, 1]);
  const copy = v => {
    const [base, k] = split(v) ?? [];
    return labels > 1 && counts.get(base) === count ? Number(k) : 0;
  };
  const inTime = variables.some(
    v => copy(v) && v.links.some(link => copy(variables[link.wrt]) && copy(variables[link.wrt]) < copy(v)),
  );
  const word = inTime ? "step" : "example",
    places = k => [["copies", `${count} ${word}s`], [`copy ${k}`, `${word} ${k}`]];
  return v => (copy(v) ? places(copy(v)) : []);
}

// For each variable further than `depth` links from the output the variable whose box it stands in.
function homesOf(depth) {
  const far = variables.map(() => Infinity),
    home = variables.map((_, i) => i);
  far[output] = 0;
  for (const v of [...variables].reverse())
    for (const { wrt } of v.links) {
      if (far[v.i] + 1 < far[wrt]) [far[wrt], home[wrt]] = [far[v.i] + 1, far[v.i] >= depth ? home[v.i] : wrt];
    }
  const shared = new Set(home.filter((to, i) => to !== i));
  return home.map(to => (shared.has(to) ? [[`under ${to}`, variables[to].name]] : []));
}

// A group of one is no group.
function prune(group) {
  for (const [id, inner] of [...group.groups]) {
    prune(inner);
    if (inner.groups.size + inner.members.length > 1) continue;
    group.groups.delete(id);
    group.members.push(...inner.members);
    for (const only of inner.groups.values()) {
      const name = inner.copy ? inner.name : `${inner.name}.${only.name}`;
      group.groups.set(only.id, Object.assign(only, { parent: group, name }));
    }
  }
}

// Splits too many variables by the beginning of their labels, and the rest into pieces that fit.
function crowd(group) {
  for (const inner of group.groups.values()) crowd(inner);
  if (group.members.length <= CROWD) return;
  const stems = new Map();
  for (const i of group.members) stems.set(stemOf(i), [...(stems.get(stemOf(i)) ?? []), i]);
  group.members = [];
  for (const members of stems.values())
    if (members.length < 4) group.members.push(...members);
    else gather(group, members);
  if (group.members.length <= CROWD) return;
  const others = group.members.filter(i => i !== output);
  gather(group, others);
  group.members = group.members.filter(i => i === output);
}

const stemOf = i =>
  i === output
    ? ""
    : `${nodes[variables[i].node].op ? "made" : "leaf"} ${variables[i].label.replace(/[\d\s.,_[\]]+$/, "")}`;

// Puts members into a group within a group, and into pieces of that where they are too many.
function gather(group, members) {
  const name = `${variables[members[0]].name} … ${variables[members.at(-1)].name}`,
    inner = newGroup(`${group.id}/${name}`, name, group);
  group.groups.set(inner.id, inner);
  const most = Math.max(CROWD, Math.ceil(members.length / CROWD));
  if (members.length <= CROWD) inner.members = members;
  else for (let i = 0; i < members.length; i += most) gather(inner, members.slice(i, i + most));
}

// Sets each variable's group, and each group's variables and head, whose numbers its box shows: the only one of them
// used outside, if it is an operation.
function settle() {
  gatherAll(root);
  for (const v of variables)
    for (const { wrt } of v.links) {
      for (let group = variables[wrt].group; !group.holds.has(v.i); group = group.parent) group.leads.add(wrt);
    }
  for (const group of groupsUnder(root)) {
    const [only] = group.leads;
    group.head = group.leads.size === 1 && nodes[variables[only].node].op ? only : null;
  }
}

function gatherAll(group) {
  for (const i of group.members) variables[i].group = group;
  group.all = [...group.members, ...[...group.groups.values()].flatMap(gatherAll)].sort((a, b) => a - b);
  Object.assign(group, { holds: new Set(group.all), leads: new Set() });
  return group.all;
}

const groupsUnder = group => [...group.groups.values()].flatMap(inner => [inner, ...groupsUnder(inner)]);

// The groups to open at first: level by level, as long as all of a level fit.
function opened(group) {
  const found = [];
  let level = [...group.groups.values()],
    count = level.length + group.members.length;
  while (level.length) {
    count += level.reduce((sum, { groups, members }) => sum + groups.size + members.length - 1, 0);
    if (count > AT_FIRST) break;
    found.push(...level);
    level = level.flatMap(({ groups }) => [...groups.values()]);
  }
  return found;
}

const groupsAround = i => {
  const found = [];
  for (let g = variables[i].group; g !== root; g = g.parent) found.unshift(g);
  return found;
};
const closedAround = i => groupsAround(i).find(group => !openGroups.has(group));

// What is seen: a box for each variable or closed group, and an arc for all links between two boxes.
function regard() {
  boxes = new Map();
  arcs = new Map();
  for (const v of variables) {
    const group = closedAround(v.i) ?? null,
      id = group ? group.id : v.i;
    if (!boxes.has(id)) boxes.set(id, { id, group, members: group?.all ?? [v.i], head: group ? group.head : v.i });
    v.box = boxes.get(id);
  }
  for (const v of variables)
    for (const link of v.links) {
      const from = variables[link.wrt].box,
        to = v.box;
      link.arc = null;
      if (from === to) continue;
      const key = `${from.id} > ${to.id}`;
      if (!arcs.has(key)) arcs.set(key, { from, to, links: [] });
      (link.arc = arcs.get(key)).links.push(link);
    }
  for (const box of boxes.values()) box.first = box.head ?? box.members[0];
}

// The derivative of a box's head with respect to another's, along an arc and inside the box; null
// where either has no head.
function factorOf({ from, to, links }) {
  if (from.head === null || to.head === null) return null;
  const inner = new Map([[to.head, 1]]),
    within = new Set(to.members);
  if (to.group)
    for (const i of [...to.members].reverse())
      for (const link of inner.has(i) ? linksOf(i) : []) {
        if (within.has(link.wrt) && !link.isCut) inner.set(link.wrt, (inner.get(link.wrt) ?? 0) + inner.get(i) * link.value);
      }
  return links.reduce(
    (sum, link) => (linksOf(link.of) && inner.has(link.of) && !link.isCut ? sum + link.value * inner.get(link.of) : sum),
    0,
  );
}
