"""Small graphs that several tests look at."""

import operator
import random

from engine import Value

NUMBERS = {"w1": 0.8, "b1": 0.1, "x": 0.5, "v11": 0.7, "v12": -1.1, "y1": 1.0, "y2": -0.5}


def labelled(value, label):
    value.label = label
    return value


def random_graph(seed, size=12, name_probability=0.6):
    """A small random graph whose nodes are labelled at random, and its first leaf."""
    rng = random.Random(seed)
    pool = [Value(rng.uniform(-2, 2), f"x{i}") for i in range(3)]
    leaf = pool[0]
    for i in range(size):
        a, b = rng.choice(pool[-4:]), rng.choice(pool[-5:])
        node = rng.choice([lambda a, b: a * b, lambda a, b: a + b, lambda a, b: a - b, lambda a, b: (a * b).tanh()])(
            a, b
        )
        pool.append(labelled(node, f"v{i}") if rng.random() < name_probability else node)
    return pool[-1], leaf


def two_paths():
    """The network of the reference pictures: x -> z1 -> h1 -> (o1, o2) -> L."""
    v = {name: Value(x, name) for name, x in NUMBERS.items()}
    z1 = labelled(v["w1"] * v["x"] + v["b1"], "z1")
    h1 = labelled(z1.tanh(), "h1")
    o1, o2 = labelled(v["v11"] * h1, "o1"), labelled(v["v12"] * h1, "o2")
    return labelled((o1 - v["y1"]) ** 2 + (o2 - v["y2"]) ** 2, "L"), v["w1"]


def micrograd():
    """The graph of micrograd's own introduction, where nothing is labelled."""
    a, b = Value(-4.0), Value(2.0)
    c, d = a + b, a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    f = (c - d) ** 2
    return f / 2.0 + 10.0 / f, a


def scalar_layer():
    """A loss and its parameters: a layer of 20 units on 110 examples, operation by operation, without nn."""
    rng = random.Random(0)
    rows = [[Value(rng.uniform(-0.5, 0.5)) for _ in range(21)] for _ in range(20)]
    losses = []
    for _ in range(110):
        x = [rng.uniform(-1.0, 1.0) for _ in range(20)]
        hidden = [sum((w * a for w, a in zip(row, x, strict=False)), row[-1]).tanh() for row in rows]
        losses.append((sum(hidden) - x[0]) ** 2)
    return sum(losses), [w for row in rows for w in row]


def random_pool(size, seed):
    """Leaves and then operations on them, each on earlier ones."""
    rng = random.Random(seed)
    pool = [Value(rng.uniform(-1.0, 1.0)) for _ in range(5)]
    for _ in range(size):
        a, b = rng.choice(pool), rng.choice(pool[-8:])
        pool.append(rng.choice([operator.add, operator.mul, lambda a, _: a.tanh(), lambda _, b: -b])(a, b))
    return pool
