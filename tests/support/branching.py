"""Programs with `where`, and the same with each `where` replaced by the branch that it takes."""

import math

from engine import Value, copysign, cos, detach, exp, floor, grad, log, maximum, minimum, relu, sign, sin, softmax, sqrt


def taken(condition, a, b):
    """The branch that `where` takes, without a graph of the other."""
    branch = a if condition else b
    branch = branch() if callable(branch) else branch
    return branch if isinstance(branch, Value) else Value(branch)


def constant(a):
    """The number of a Value as a constant, as `detach` gives it."""
    return Value(a.data)


def shared(x, where):
    s = sqrt(x)
    return where(x > 1.0, s, -s) + where(x > 2.0, s * s, x)


def shared_by_dead(x, where):
    r = 1.0 / x
    return where(x > 0.0, r, x) + where(x > 1.0, r * r, x * x)


def behind_its_condition(x, where):
    y = log(x)
    return where(y > -5.0, y, 7.0 * x)


def masked_scores(x, y, z, where):
    scores = [where(y > 0.0, x * y, -math.inf), where(z > 0.0, x * z, -math.inf), x]
    return sum(p * v for p, v in zip(softmax(scores), (y, z, x), strict=True))


def memory(x, y, z, where):
    h = x
    for value in (y, z, y * z):
        h = where(value > 0.0, (h + sqrt(value)).tanh(), h)
    return h


def many(x, y, where):
    s, total = log(y), x
    for k in range(12):
        total = total + where(x > k - 6.0, s * k, x)
    return total


def on_every_side(x, where):
    s = sqrt(x)
    return where(x > 0.0, s, x) + where(x <= 0.0, -x, 2.0 * s)


# name: (function of inputs and `where`, points)
PROGRAMS = {
    "sqrt at 0": (lambda x, where: where(x > 0.0, sqrt(x), 0.0), [[0], [-1], [4], [1e-300]]),
    "log of negatives": (lambda x, where: where(x > 0.0, log(x), x * x), [[-2], [0], [3], [-0.0]]),
    "sinc": (
        lambda x, where: where(x * x > 0.0, sin(x) / x, 1.0 - x * x / 6.0),
        [[0], [1], [-2], [1e-100]],
    ),
    "overflow": (lambda x, where: where(x > 30.0, x, log(1.0 + exp(x))), [[1000], [31], [0], [-800]]),
    "nested": (
        lambda x, where: where(x > 0.0, where(x > 1.0, sqrt(x - 1.0), log(x)), exp(1.0 / x)),
        [[2], [1], [0.5], [0], [-1], [-1e-3]],
    ),
    "shared": (shared, [[0.5], [1.5], [3], [0.25], [0], [-1]]),
    "shared by dead branches": (shared_by_dead, [[0], [-1], [0.5], [2]]),
    "behind its condition": (behind_its_condition, [[0], [1e-9], [1], [2], [-1]]),
    "two inputs": (
        lambda x, y, where: where(y > 0.0, x * log(y), x / (y - 2.0)),
        [[1, 1], [2, -1], [3, 0], [0, 2]],
    ),
    "inf upstream": (
        lambda x, where: sqrt(where(-x < 0.0, x * x, x * log(x))),
        [[1], [2], [1e-100]],
    ),
    "0 * inf in the branch taken": (lambda x, where: where(x >= 0.0, 0.0 * sqrt(x), x), [[0], [4], [-2]]),
    "where behind where": (
        lambda x, where: where(x > 0.0, log(where(x > 0.0, x, 1.0)), 0.0),
        [[0], [-1], [2]],
    ),
    "double overflow": (lambda x, where: where(x < 2.0, exp(exp(x)), sqrt(x)), [[1], [100], [1000], [0]]),
    "combined conditions": (
        lambda x, y, where: where((x > 0.0) & (y <= 1.0) | (x < -3.0), log(x + 4.0 * y), x / y),
        [[1, 0.5], [1, 2], [-4, 5], [-1, 0.5], [2, 1]],
    ),
    "powers and maxima": (
        lambda x, y, where: where(x > y, (x - y) ** 1.5, maximum(x, y) ** 2 + minimum(x, 0.0)),
        [[1, 0], [0, 0], [-1, 2], [3, -1]],
    ),
    "on every side": (on_every_side, [[0], [1], [-1], [4]]),
    "masks of -inf": (masked_scores, [[1, 1, 1], [1, -1, 2], [0.5, 0, -2], [2, 3, 0]]),
    "memory": (memory, [[0.5, 1, 1], [0.5, -1, 1], [0.5, 0, 0], [1, 2, -1]]),
    "many conditions": (many, [[0.5, 2], [-7, 0], [-7, -1], [9, 3]]),
    "functions": (lambda x, where: where(x > 0.0, lambda: sqrt(x), lambda: cos(x)), [[0], [1], [-1]]),
    "a mod": (lambda x, y, where: where(y > 0.0, x % y, x * y), [[5, 3], [5, 0], [5, -3]]),
}


def derivative(f, wrt):
    """The derivative of a function in its inputs `wrt`, one after the other, as a function that gives a Value."""

    def differentiated(*inputs):
        y = f(*inputs)
        for k in wrt:
            (y,) = grad(y, [inputs[k]], create_graph=True)
        return y

    return differentiated


def orders(count):
    """The derivatives to order 3 that are compared, for a function of `count` inputs."""
    firsts = [(k,) for k in range(count)]
    return [(), *firsts, *[(*a, *b) for a in firsts for b in firsts][:4], (0, 0, 0), (0, count - 1, 0)][:9]


def expected(f, point, wrt, where=taken):
    """The derivative and its gradient at a point, from the program in which branches are taken by Python."""
    inputs = [Value(float(x)) for x in point]
    y = derivative(lambda *inputs: f(*inputs, where), wrt)(*inputs)
    return y.data, list(grad(y, inputs))


def same(a, b, absolute=1e-300):
    """Whether two numbers are the same but for rounding."""
    return a == b or (a != a and b != b) or math.isclose(a, b, rel_tol=1e-10, abs_tol=absolute)


SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -3.0, math.inf, -math.inf]
OF_ONE = {
    "exp": exp,
    "log": log,
    "sqrt": sqrt,
    "sin": sin,
    "detach": detach,
    "tanh": lambda a: a.tanh(),
    "abs": abs,
    "floor": floor,
    "sign": sign,
    "relu": relu,
    "square": lambda a: a**2,
    "reciprocal": lambda a: 1.0 / a,
    "power": lambda a: a**1.5,
}
OF_TWO = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "max": maximum,
    "min": minimum,
    "copysign": copysign,
    "%": lambda a, b: a % b,
}
CONDITIONS = {
    "<": lambda a, b, c: a < b,
    "<=": lambda a, b, c: a <= b,
    "<&<": lambda a, b, c: (a < b) & (b < c),
    "<=|>": lambda a, b, c: (a <= b) | (b > c),
}


def random_program(rng):
    """A function with a `where` or more, a point that may be special, and its steps as text."""
    inputs = rng.randint(1, 3)
    steps = []
    for k in range(rng.randint(2, 7)):
        places = [rng.randrange(inputs + k) for _ in range(5)]
        kind = rng.choice(["one", "two", "where", "where"])
        names = {"one": OF_ONE, "two": OF_TWO, "where": CONDITIONS}[kind]
        steps.append((kind, rng.choice(list(names)), places))
    steps.append(
        (
            "where",
            rng.choice(list(CONDITIONS)),
            [inputs + len(steps) - 1 - rng.randrange(3) % len(steps) for _ in range(5)],
        )
    )

    def f(*arguments):
        *made, where = arguments
        for kind, name, (a, b, c, d, e) in steps:
            if kind == "one":
                made.append(constant(made[a]) if name == "detach" and where is taken else OF_ONE[name](made[a]))
            elif kind == "two":
                made.append(OF_TWO[name](made[a], made[b]))
            else:
                made.append(where(CONDITIONS[name](made[c], made[d], made[e]), made[a], made[b]))
        return made[-1]

    return f, [rng.choice(SPECIAL) if rng.random() < 0.7 else rng.uniform(-2.0, 2.0) for _ in range(inputs)], steps
