"""Tasks of many kinds, from raw prices to attention: a seed gives parameters and the loss that they are trained by."""

import random

from engine import Value, dot, softmax, sqrt
from nn import MLP, binary_cross_entropy, cross_entropy, mean_squared_error


def matrix(rng, rows, columns, name, scale=None):
    scale = columns**-0.5 if scale is None else scale
    return [[Value(rng.gauss(0, scale), f"{name}{i}_{j}") for j in range(columns)] for i in range(rows)]


def flat(*matrices):
    return [p for rows in matrices for row in rows for p in row]


def times(rows, x):
    return [dot(row, x) for row in rows]


def prices(seed):
    """Raw targets in hundreds of thousands, and inputs about 1."""
    rng = random.Random(seed)
    X = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(10)]
    y = [rng.uniform(1e5, 6e5) + 5e4 * x[0] - 2e4 * x[1] for x in X]
    model = MLP(3, [1], seed=seed)
    return model.parameters(), lambda: mean_squared_error([model(x) for x in X], y)


def autoencoder(seed):
    """Inputs are targets, through a narrow layer; a sigmoid at the end where they are from 0 to 1."""
    rng = random.Random(seed)
    bits = seed % 2 == 0
    X = [[float(rng.random() < 0.4) if bits else rng.gauss(0, 1) for _ in range(5)] for _ in range(8)]
    model = MLP(
        5, [3, 5], activation="tanh", init="xavier", seed=seed, output_activation="sigmoid" if bits else "linear"
    )
    criterion = [mean_squared_error, binary_cross_entropy][seed // 2 % 2] if bits else mean_squared_error
    return model.parameters(), lambda: criterion([model(x) for x in X], X)


def recurrent(seed):
    """A vector RNN over 20 steps, with an input at each and a loss at the last, or at all."""
    rng = random.Random(seed)
    W, U, V = matrix(rng, 3, 3, "W", 0.5), matrix(rng, 3, 1, "U", 1.0), matrix(rng, 1, 3, "V", 0.7)
    b = [Value(0.0, f"b{i}") for i in range(3)]
    xs = [rng.gauss(0, 1) for _ in range(20)]

    def loss():
        h, outputs = [Value(0.0)] * 3, []
        for x in xs:
            h = [(dot(w, h) + u[0] * x + c).tanh() for w, u, c in zip(W, U, b, strict=True)]
            outputs.append(dot(V[0], h))
        return mean_squared_error(outputs, [0.5 * x for x in xs]) if seed % 2 else (outputs[-1] - 0.3) ** 2

    return [*flat(W, U, V), *b], loss


def attention(seed):
    """One head with a residual path, then classes."""
    rng = random.Random(seed)
    q, k, v, o = (matrix(rng, 4, 4, name) for name in "qkvo")
    out = matrix(rng, 3, 4, "out")
    xs = [[rng.gauss(0, 1) for _ in range(4)] for _ in range(5)]
    targets = [rng.randrange(3) for _ in xs]

    def loss():
        queries, keys, values = ([times(rows, x) for x in xs] for rows in (q, k, v))
        logits = []
        for x, query in zip(xs, queries, strict=True):
            shares = softmax([dot(query, key) / 2.0 for key in keys])
            mixed = [dot(shares, [value[j] for value in values]) for j in range(4)]
            logits.append(times(out, [a + b for a, b in zip(x, times(o, mixed), strict=True)]))
        return cross_entropy(logits, targets)

    return flat(q, k, v, o, out), loss


def residual(seed):
    """Twelve layers, each added to its input."""
    rng = random.Random(seed)
    layers = [matrix(rng, 3, 3, f"layer{n}_", 0.4) for n in range(12)]
    out = matrix(rng, 1, 3, "out")
    X = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(6)]

    def loss():
        outputs = []
        for h in X:
            for rows in layers:
                h = [a + z.tanh() * 0.5 for a, z in zip(h, times(rows, h), strict=True)]
            outputs.append(times(out, h)[0])
        return mean_squared_error(outputs, [x[0] - x[1] for x in X])

    return flat(*layers, out), loss


def embedding(seed):
    """Rows of a table, some of which no example uses, looked up by index or by one-hot vectors."""
    rng = random.Random(seed)
    table, out = matrix(rng, 9, 3, "row", 1.0), matrix(rng, 9, 3, "out")
    words = [rng.randrange(6) for _ in range(10)]
    columns = list(zip(*table, strict=True))

    def row(word):
        return table[word] if seed % 2 else [dot(column, [float(i == word) for i in range(9)]) for column in columns]

    def loss():
        return cross_entropy([times(out, [a.tanh() for a in row(word)]) for word in words[:-1]], words[1:])

    return [*flat(table), *flat(out)], loss


def normalised(seed):
    """A hidden layer with batch normalisation by hand; its biases are those of the normalisation."""
    rng = random.Random(seed)
    hidden, out = matrix(rng, 4, 3, "w"), matrix(rng, 1, 4, "out")
    gain, shift = [Value(1.0, f"gain{i}") for i in range(4)], [Value(0.0, f"shift{i}") for i in range(4)]
    X = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(8)]

    def normal(column, scale, bias):
        mean = sum(column) / len(column)
        spread = sqrt(sum((z - mean) ** 2 for z in column) / len(column) + 1e-5)
        return [(z - mean) / spread * scale + bias for z in column]

    def loss():
        columns = zip(*[times(hidden, x) for x in X], strict=True)
        activations = [[z.relu() for z in normal(*entry)] for entry in zip(columns, gain, shift, strict=True)]
        outputs = [dot(out[0], h) for h in zip(*activations, strict=True)]
        return mean_squared_error(outputs, [x[0] - x[1] * x[2] for x in X])

    return [*flat(hidden, out), *gain, *shift], loss


def regularised(seed):
    """A penalty on all weights, and targets with a Value among them."""
    rng = random.Random(seed)
    X = [[rng.uniform(-1, 1) for _ in range(2)] for _ in range(8)]
    model = MLP(2, [5, 1], activation=["tanh", "sigmoid", "softplus"][seed % 3], init="xavier", seed=seed)

    def loss():
        fit = mean_squared_error([model(x) for x in X], [Value(x[0] * x[1], "y") for x in X])
        return fit + 1e-3 * sum(p**2 for p in model.parameters())

    return model.parameters(), loss


TASKS = {
    "prices": prices,
    "autoencoder": autoencoder,
    "recurrent": recurrent,
    "attention": attention,
    "residual": residual,
    "embedding": embedding,
    "normalised": normalised,
    "regularised": regularised,
}
