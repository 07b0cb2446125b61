// The chain rule as paths: how many, what they add up to, the largest, and what kills.
// Sizes are logarithms, which do not underflow; non-finite products rank first.
const size = x => (Number.isFinite(x) ? Math.log2(Math.abs(x)) : Infinity);
const plus = (a, b) => (Math.max(a, b) === -Infinity ? a : Math.max(a, b) + Math.log2(1 + 2 ** -Math.abs(a - b)));

// Paths from w to each variable: exact number, sum, sizes of its positive and negative part, and the k largest.
const chain = (w, k) => chained(w, output, i => variables[i].links, linksOf, k);

// The same by operations, ignoring labels: from w to each node.
const operations = w => chained(variables[w].node, nodes.length - 1, i => stepsAt(nodes[i]), (_, steps) => steps, 1);

// Along the links to each index from start to end, which `valued` puts values in. Cut paths, behind a detach or in a
// branch not taken, only if there are no others.
function chained(start, end, linksTo, valued, k, counts = link => !link.isCut) {
  const none = { count: 0n, slope: 0, up: -Infinity, down: -Infinity, ways: [] },
    at = Array(end + 1).fill(none);
  at[start] = { count: 1n, slope: 1, up: 0, down: -Infinity, ways: [{ size: 0 }] };
  for (let i = start + 1; i <= end; i++) {
    const reaching = linksTo(i).filter(link => at[link.wrt].count);
    if (reaching.length) valued(i, reaching);
    const links = reaching.filter(counts);
    if (!links.length) continue;
    at[i] = links.reduce((sum, link) => add(sum, link, at[link.wrt]), none);
    at[i].ways = best(links, at, k);
  }
  return at[end].count || counts({ isCut: true }) ? at : chained(start, end, linksTo, valued, k, () => true);
}

function add(sum, link, from) {
  if (link.isCut) return { ...sum, count: sum.count + from.count };
  const large = size(link.value),
    [up, down] = link.value > 0 ? [from.up, from.down] : [from.down, from.up];
  return {
    count: sum.count + from.count,
    slope: sum.slope + link.value * from.slope,
    up: plus(sum.up, up + large),
    down: plus(sum.down, down + large),
  };
}

// The size of a path with one more link.
const passed = (before, link) => (link.isCut ? -Infinity : before.size + size(link.value));

// The k largest paths, by at most k of the links.
function best(links, at, k) {
  const sized = links.map(link => ({ link, size: passed(at[link.wrt].ways[0], link) }));
  const few = sized.length > k ? sized.sort((a, b) => b.size - a.size || 0).slice(0, k) : sized;
  const ways = few.flatMap(({ link }) =>
    at[link.wrt].ways.map(before => ({ before, link, size: passed(before, link) })),
  );
  return ways.sort((a, b) => b.size - a.size || 0).slice(0, k);
}

// The largest paths to the output, each as its links from w on.
function largest(at) {
  const paths = at.at(-1).ways.map(way => {
    const links = [];
    for (; way.link; way = way.before) links.unshift(way.link);
    const isCut = links.some(link => link.isCut);
    return { links, isCut, product: isCut ? 0 : links.reduce((product, link) => product * link.value, 1) };
  });
  const comparable = paths.every(path => Number.isFinite(path.product) && path.product);
  return comparable ? paths.sort((a, b) => Math.abs(b.product) - Math.abs(a.product)) : paths;
}

// Whether a factor alone makes the gradient vanish.
const isTiny = (w, link) =>
  Math.abs(link.value) <= words.tiny &&
  (stepsOf(link).some(step => kills(w, step)) || (!link.value && !stepsOf(link).some(isError)));

// The links that kill: tiny factors of negligible paths (of all, with allDie), unless a path that matters shares them.
// Pictures follow the same rule, in engine/picture/contributions.py.
function killers(w, paths, allDie) {
  const largest = paths.map(path => Math.abs(path.product)).reduce((a, b) => (b > a ? b : a), 0),
    limit = words.tiny * largest;
  const tiny = new Set(),
    alive = new Set();
  for (const { links, product } of paths) {
    const small = links.filter(link => isTiny(w, link));
    const dies = small.length && (allDie || (Math.abs(product) <= limit && limit < Infinity));
    for (const link of small) (dies ? tiny : alive).add(link);
  }
  return new Set([...tiny].filter(link => !alive.has(link)));
}

// For each link from w, or of one path: its contribution, whether the gradient arrives there from the output, and
// whether it passes, which it does not if the link kills; and the variables that it reaches.
function flow({ w, at, killing }, path) {
  const runs = new Map(),
    alive = new Set([output]);
  const links =
    path?.links ??
    at.flatMap((from, i) => (i > w && from.count ? variables[i].links.filter(link => at[link.wrt].count) : []));
  for (const link of links.slice().reverse()) {
    const isIdle = link.isCut || !nodes[variables[link.of].node].reached;
    const pull = path ? path.product : isIdle ? 0 : at[link.wrt].slope * link.value * gradOf(link.of);
    const arrives = alive.has(link.of),
      passes = arrives && !killing.has(link);
    runs.set(link, { pull, arrives, passes });
    if (passes) alive.add(link.wrt);
  }
  return { runs, alive };
}

// Whether a contribution pulls with the total or against it; where the total is 0, upwards is with it.
const direction = (pull, total) => (pull * (total < 0 || Object.is(total, -0) ? -1 : 1) < 0 ? "against" : "with");

// The sum of all paths but those listed, which are the strongest, without the rounding of the total where they are few.
function restOf(w, { count, slope }, paths) {
  const sum = some => some.reduce((total, { product }) => total + product, 0);
  return count > words.summed ? slope - sum(paths) : sum(largest(chain(w, Number(count))).slice(paths.length));
}

// All that is to be said of the derivative in variable w.
function tell(w, k) {
  const at = chain(w, k),
    paths = largest(at),
    [verdict, sentence] = judge(w, at, paths);
  return { w, at, paths, verdict, sentence, killing: killers(w, paths, verdict === "killed") };
}
