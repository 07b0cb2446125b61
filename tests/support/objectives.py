"""Sound losses of many kinds, from critics to policies: a seed gives parameters and the loss that trains them."""

import math
import random

from engine import Value, detach, dot, exp, grad, log, maximum, minimum, norm, softmax, sqrt, where
from nn import MLP, cross_entropy, mean_squared_error


def rows(seed, n=12, size=3):
    rng = random.Random(seed)
    return rng, [[rng.gauss(0, 1) for _ in range(size)] for _ in range(n)]


def tanh(*sizes, seed, **given):
    return MLP(sizes[0], list(sizes[1:]), activation="tanh", init="xavier", seed=seed, **given)


def discriminator(seed):
    _, X = rows(seed)
    generator, critic = tanh(3, 4, 3, seed=seed), tanh(3, 4, 1, seed=seed + 1)
    kinds = [
        lambda real, fake: -log(real.sigmoid()) - log(1.0 - fake.sigmoid()),
        lambda real, fake: (real - 1.0) ** 2 + fake**2,
        lambda real, fake: (1.0 - real).relu() + (1.0 + fake).relu(),
        lambda real, fake: fake - real,
    ]
    kind = kinds[seed % 4]
    return critic.parameters(), lambda: sum(kind(critic(x), critic([*map(detach, generator(x))])) for x in X) / len(X)


def generator(seed):
    _, X = rows(seed)
    model, critic = tanh(3, 4, 3, seed=seed), tanh(3, 4, 1, seed=seed + 1)
    kinds = [lambda z: -log(z.sigmoid()), lambda z: log(1.0 - z.sigmoid()), lambda z: -z]
    kind = kinds[seed % 3]
    return model.parameters(), lambda: sum(kind(critic(model(x))) for x in X) / len(X)


def contrastive(seed):
    """Near and far pairs, or each of six against its noisy copy."""
    rng, X = rows(seed)
    model = tanh(3, 5, 2, seed=seed)
    copies = [[value + 0.1 * rng.gauss(0, 1) for value in x] for x in X[:6]]

    def pairs():
        total = Value(0.0)
        for i, (u, v) in enumerate(zip(map(model, X[::2]), map(model, X[1::2]), strict=True)):
            distance = sqrt(sum((p - q) ** 2 for p, q in zip(u, v, strict=True)) + 1e-9)
            total += distance**2 if i % 2 else maximum(0.0, 1.0 - distance) ** 2
        return total / 6

    def unit(x):
        v = model(x)
        return [p / norm(v) for p in v]

    def noise():
        a, b = [unit(x) for x in X[:6]], [unit(x) for x in copies]
        return cross_entropy([[dot(u, v) / 0.2 for v in b] for u in a], list(range(6)))

    return model.parameters(), noise if seed % 2 else pairs


def regression(seed):
    """Quantiles, Huber, a density with its own width, counts, and a mixture of densities."""
    rng, X = rows(seed)
    Y = [x[0] + rng.gauss(0, 0.5) for x in X]
    model = tanh(3, 5, 6, seed=seed)

    def mixture(out, y):
        shares = softmax(out[:2])
        return -log(
            sum(
                p / exp(s) * exp(-0.5 * ((y - m) / exp(s)) ** 2)
                for p, m, s in zip(shares, out[2:4], out[4:], strict=True)
            )
        )

    kinds = [
        lambda out, y: maximum(0.9 * (y - out[0]), -0.1 * (y - out[0])),
        lambda out, y: where(abs(out[0] - y) < 1.0, 0.5 * (out[0] - y) ** 2, abs(out[0] - y) - 0.5),
        lambda out, y: out[1] + 0.5 * ((y - out[0]) / exp(out[1])) ** 2,
        lambda out, y: exp(out[0]) - round(y * y) * out[0],
        mixture,
    ]
    kind, used = kinds[seed % 5], [1, 1, 2, 1, 6][seed % 5]
    parameters = model.layers[0].parameters() + [p for n in model.layers[1].neurons[:used] for p in n.parameters()]
    return parameters, lambda: sum(kind(model(x), y) for x, y in zip(X, Y, strict=True)) / len(X)


def physics(seed):
    """u' + u = 0 and u(0) = 1, with u' by grad or by a difference."""
    model, times = tanh(1, 6, 1, seed=seed), [0.1 * i for i in range(8)]

    def residual(t):
        x = Value(t)
        u = model([x])
        slope = (model([t + 0.1]) - u) / 0.1 if seed % 2 else grad(u, [x], create_graph=True)[0]
        return slope + u

    return model.parameters(), lambda: sum(residual(t) ** 2 for t in times) / 8 + (model([0.0]) - 1.0) ** 2


def policy(seed):
    """Rewards times log probabilities, clipped ratios, and an actor with its critic."""
    rng, X = rows(seed)
    model = tanh(3, 5, 4, seed=seed)
    actions = [rng.randrange(3) for _ in X]
    rewards = [[rng.gauss(0, 1), float(rng.random() < 0.5), rng.choice([-1.0, 1.0])][seed // 3 % 3] for _ in X]
    old = [log(softmax(model(x)[:3])[a]).data + 0.05 * rng.gauss(0, 1) for x, a in zip(X, actions, strict=True)]

    def term(x, a, reward, before):
        out = model(x)
        p = softmax(out[:3])
        if seed % 3 == 0:
            return -reward * log(p[a])
        if seed % 3 == 1:
            ratio = exp(log(p[a]) - before)
            return -minimum(ratio * reward, ratio.clip(0.8, 1.2) * reward)
        ahead = reward - out[3]
        return 0.5 * ahead**2 - detach(ahead) * log(p[a]) + 0.01 * sum(q * log(q) for q in p)

    parameters = (
        model.parameters() if seed % 3 == 2 else model.parameters()[: -len(model.layers[-1].neurons[-1].parameters())]
    )
    return parameters, lambda: sum(map(term, X, actions, rewards, old)) / len(X)


def variational(seed):
    rng, X = rows(seed)
    encoder, decoder = tanh(3, 5, 4, seed=seed), tanh(2, 5, 3, seed=seed + 1)
    noise = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in X]

    def term(x, e):
        means, logs = encoder(x)[:2], encoder(x)[2:]
        y = decoder([m + exp(0.5 * v) * k for m, v, k in zip(means, logs, e, strict=True)])
        prior = -0.5 * sum(1.0 + v - m**2 - exp(v) for m, v in zip(means, logs, strict=True))
        return sum((a - b) ** 2 for a, b in zip(y, x, strict=True)) + prior

    return encoder.parameters() + decoder.parameters(), lambda: sum(map(term, X, noise)) / len(X)


def dropout(seed):
    rng, X = rows(seed)
    hidden, last = MLP(3, [8], activation="relu", init="he", seed=seed), MLP(8, [1], seed=seed + 1)
    masks = [[2.0 * (rng.random() < 0.5) for _ in range(8)] for _ in X]

    def loss():
        outputs = [
            last([a * k for a, k in zip(hidden(x), mask, strict=True)]) for x, mask in zip(X, masks, strict=True)
        ]
        return mean_squared_error(outputs, [x[0] for x in X])

    return hidden.parameters() + last.parameters(), loss


ACTIVATIONS = {
    "hard_tanh": lambda z: z.hard_tanh(),
    "hard_sigmoid": lambda z: z.hard_sigmoid(),
    "relu6": lambda z: z.clip(0, 6),
    "clip": lambda z: minimum(maximum(z, -1.0), 1.0),
    "relu by its size": lambda z: (z + abs(z)) / 2,
    "relu by a mask": lambda z: z * (z > 0),
    "swish": lambda z: z / (1.0 + exp(-z)),
    "softsign": lambda z: z / (1.0 + abs(z)),
    "tanh": lambda z: (exp(z) - exp(-z)) / (exp(z) + exp(-z)),
    "gelu": lambda z: 0.5 * z * (1.0 + (math.sqrt(2.0 / math.pi) * (z + 0.044715 * z**3)).tanh()),
}


def by_hand(seed):
    """Two hidden layers with an activation by hand."""
    rng, X = rows(seed)
    activation = list(ACTIVATIONS.values())[seed % len(ACTIVATIONS)]
    W = [[[Value(rng.gauss(0, n**-0.5)) for _ in range(n)] for _ in range(m)] for n, m in ((3, 6), (6, 5), (5, 1))]
    biases = [[Value(0.0) for _ in layer] for layer in W]

    def output(a):
        for layer, bias in zip(W[:2], biases[:2], strict=True):
            a = [activation(dot(row, a, b)) for row, b in zip(layer, bias, strict=True)]
        return dot(W[2][0], a, biases[2][0])

    parameters = [p for layer in W for row in layer for p in row] + [b for bias in biases for b in bias]
    return parameters, lambda: mean_squared_error([output(x) for x in X], [x[0] * x[1] for x in X])


OBJECTIVES = {
    "discriminator": discriminator,
    "generator": generator,
    "contrastive": contrastive,
    "regression": regression,
    "physics": physics,
    "policy": policy,
    "variational": variational,
    "dropout": dropout,
    "by hand": by_hand,
}
