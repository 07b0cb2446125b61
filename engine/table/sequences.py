"""Functions of a sequence that combine each entry with all others, over any algebra, in O(n) operations."""

import math
from collections.abc import Callable, Sequence
from typing import Any


def softmax(apply: Callable[..., Any], terms: Sequence[Any]) -> list[Any]:
    """Softmax: each entry is the sigmoid of xi - logsumexp(the others), so that 1 - p keeps its digits."""
    others = _of_others(apply, "logaddexp", terms, -math.inf)
    return [apply("sigmoid", apply("ahead", x, other)) for x, other in zip(terms, others, strict=True)]


def log_softmax(apply: Callable[..., Any], terms: Sequence[Any]) -> list[Any]:
    """The logarithms of softmax, exact even if an entry is 1 or 0."""
    others = _of_others(apply, "logaddexp", terms, -math.inf)
    return [apply("log_sigmoid", apply("masked", x, other)) for x, other in zip(terms, others, strict=True)]


def unit_vector(apply: Callable[..., Any], terms: Sequence[Any]) -> list[Any]:
    """The entries divided by their norm; each is the sine of the angle between it and the norm of the others."""
    others = _of_others(apply, "hypot", terms, 0.0)
    return [apply("direction", x, other) for x, other in zip(terms, others, strict=True)]


def _of_others(apply: Callable[..., Any], combine: str, terms: Sequence[Any], of_none: float) -> list[Any]:
    """For each term, all others combined, by a sweep up and a sweep down a binary tree."""
    if len(terms) < 3:
        return [*reversed(terms)] if len(terms) == 2 else [of_none] * len(terms)
    paired = len(terms) // 2 * 2
    pairs = [apply(combine, terms[i], terms[i + 1]) for i in range(0, paired, 2)] + list(terms[paired:])
    outside = _of_others(apply, combine, pairs, of_none)
    others = [apply(combine, terms[i ^ 1], outside[i // 2]) for i in range(paired)]
    return others + outside[paired // 2 :]
