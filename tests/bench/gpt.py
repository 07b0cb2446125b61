"""A GPT of one layer, 16 wide, with 4 heads and 4,192 parameters, on scalars and on arrays.

Embeddings of letters and places, then twice RMS norm, block and residual: attention of every letter to those
before it, and a perceptron of 64. One step is the mean cross-entropy of every next letter of one name.
"""

import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from .problem import Ops, Problem

LETTERS, WIDTH, HEADS, PLACES = 27, 16, 4, 16  # 26 letters and the mark of both ends
HEAD = WIDTH // HEADS
SHAPES = {
    "letters": (LETTERS, WIDTH),
    "places": (PLACES, WIDTH),
    "query": (WIDTH, WIDTH),
    "key": (WIDTH, WIDTH),
    "value": (WIDTH, WIDTH),
    "mix": (WIDTH, WIDTH),
    "up": (4 * WIDTH, WIDTH),
    "down": (WIDTH, 4 * WIDTH),
    "out": (LETTERS, WIDTH),
}


def gpt(name: str = "olivia") -> Problem:
    """One step on one name: 53,672 scalar operations for six letters and the end."""
    draw = random.Random(4)
    marked = [0, *(ord(letter) - ord("a") + 1 for letter in name), 0]
    tokens = np.array([marked])
    hot = np.eye(LETTERS)[marked]
    return Problem(
        example=step,
        batch=array_step,
        inputs=(tokens[:, :-1], tokens[:, 1:]),
        recordable=(hot[:-1].reshape(1, -1), hot[1:].reshape(1, -1)),
        shapes=tuple(SHAPES.values()),
        numbers=tuple(draw.gauss(0.0, 0.08) for shape in SHAPES.values() for _ in range(math.prod(shape))),
    )


def step(ops: Ops, parameters: Sequence[Any], tokens: Sequence[Any], targets: Sequence[Any]) -> Any:
    """The loss of one name, letter by letter; a letter is an index or LETTERS numbers of a one-hot sequence."""
    weights = dict(zip(SHAPES, parameters, strict=True))
    keys: list[Any] = []
    values: list[Any] = []
    losses = []
    for place, (token, target) in enumerate(zip(_letters(tokens), _letters(targets), strict=True)):
        logits = letter(ops, weights, place, token, keys, values)
        losses.append(ops.log_sum_exp(logits) - ops.pick(logits, target))
    return sum(losses) * (1.0 / len(losses))


def letter(ops: Ops, weights: dict[str, Any], place: int, token: Any, keys: list[Any], values: list[Any]) -> list[Any]:
    """The scores of what comes next; the letter's key and value are added to those of the letters before."""
    x = rms_norm(ops, add(embed(ops, weights["letters"], token), weights["places"][place]))
    normed = rms_norm(ops, x)
    keys.append(linear(ops, weights["key"], normed))
    values.append(linear(ops, weights["value"], normed))
    attended = attention(ops, linear(ops, weights["query"], normed), keys, values)
    x = add(x, linear(ops, weights["mix"], attended))
    hidden = [ops.relu(h) for h in linear(ops, weights["up"], rms_norm(ops, x))]
    x = add(x, linear(ops, weights["down"], hidden))
    return linear(ops, weights["out"], x)


def embed(ops: Ops, table: Sequence[Any], token: Any) -> Sequence[Any]:
    return table[token] if isinstance(token, int) else [ops.dot(column, token) for column in zip(*table, strict=True)]


def attention(ops: Ops, query: list[Any], keys: list[Any], values: list[Any]) -> list[Any]:
    """What each head reads: the values weighed by the softmax of query · key / √HEAD."""
    read = []
    for start in range(0, WIDTH, HEAD):
        head = slice(start, start + HEAD)
        shares = softmax(ops, [ops.dot(query[head], key[head]) * HEAD**-0.5 for key in keys])
        read += [ops.dot(shares, column) for column in zip(*(value[head] for value in values), strict=True)]
    return read


def linear(ops: Ops, weights: Sequence[Any], x: Sequence[Any]) -> list[Any]:
    return [ops.dot(row, x) for row in weights]


def softmax(ops: Ops, logits: list[Any]) -> list[Any]:
    exps = [ops.exp(logit) for logit in logits]
    total = sum(exps)
    return [e / total for e in exps]


def rms_norm(ops: Ops, x: list[Any]) -> list[Any]:
    scale = (ops.dot(x, x) * (1.0 / len(x)) + 1e-5) ** -0.5
    return [entry * scale for entry in x]


def add(a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
    return [p + q for p, q in zip(a, b, strict=True)]


def _letters(tokens: Sequence[Any]) -> Sequence[Any]:
    if isinstance(tokens[0], int):
        return tokens
    return [tokens[start : start + LETTERS] for start in range(0, len(tokens), LETTERS)]


def array_step(xp: Any, parameters: Sequence[Any], tokens: Any, targets: Any) -> Any:
    """The same loss on matrices of one row a letter, the letters to come masked out."""
    weights = dict(zip(SHAPES, parameters, strict=True))
    tokens, targets = tokens[0], targets[0]
    x = _norm(weights["letters"][tokens] + weights["places"][: len(tokens)])
    normed = _norm(x)
    heads = [_heads(xp, normed @ weights[name].T) for name in ("query", "key", "value")]
    x = x + _attend(xp, *heads).reshape(len(tokens), WIDTH) @ weights["mix"].T
    x = x + xp.relu(_norm(x) @ weights["up"].T) @ weights["down"].T
    logits = x @ weights["out"].T
    return (xp.log(xp.exp(logits).sum(1)) - logits[xp.arange(len(targets)), targets]).mean()


def _norm(x: Any) -> Any:
    return x * ((x * x).mean(1) + 1e-5)[:, None] ** -0.5


def _heads(xp: Any, x: Any) -> Any:
    return xp.swap(x.reshape(len(x), HEADS, HEAD), 0, 1)


def _attend(xp: Any, query: Any, key: Any, value: Any) -> Any:
    seen = xp.array(np.tri(query.shape[1]))
    shares = xp.exp(query @ xp.swap(key, 1, 2) * HEAD**-0.5) * seen
    shares = shares / shares.sum(2)[:, :, None]
    return xp.swap(shares @ value, 0, 1)
