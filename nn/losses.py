"""Losses: sequences of predictions and of targets in, the mean as one Value out.

Written so that neither the loss nor its gradient overflows or cancels: on logits z a confident and right prediction
has a loss of 1e-300 rather than 0, and a wrong one at z = 1e4 a loss of 1e4. The data of predictions is never read.
"""

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from engine import Value, logsumexp
from engine.core import api_boundary, apply, as_value, came, printable, real, total

from .state import is_sequence

FAR = -1e308  # exp(FAR - z) is 0 for every realistic logit z


@api_boundary
def mean_squared_error(predictions: Sequence[Any], targets: Sequence[Any]) -> Value:
    """The mean of (prediction - target)²; of vectors the mean over all entries.

    >>> mean_squared_error([Value(1.0), Value(3.0)], [1.0, 1.0]).data
    2.0
    """
    return _mean(lambda prediction, target: (prediction - target) ** 2, predictions, targets, "a number")


@api_boundary
def hinge(predictions: Sequence[Any], targets: Sequence[Any]) -> Value:
    """The mean of max(0, 1 - target · prediction) for targets of -1 and 1.

    >>> hinge([Value(0.25), Value(-3.0)], [1, -1]).data
    0.375
    """
    return _mean(lambda score, target: (1.0 - target * score).relu(), predictions, targets, "-1 or 1")


@api_boundary
def binary_cross_entropy(predictions: Sequence[Any], targets: Sequence[Any]) -> Value:
    """The mean of -y log p - (1 - y) log(1 - p) for probabilities p and targets y from 0 to 1.

    A saturated sigmoid gives a p of exactly 0 or 1 and so an infinite loss. binary_cross_entropy_with_logits takes the
    logit, before the sigmoid, and does not have this problem.

    >>> binary_cross_entropy([Value(0.5), Value(1.0)], [1, 1]).data  # log 2 / 2
    0.346...
    """
    return _mean(_either(lambda p: -p.log(), lambda p: -apply("log1p", -p)), predictions, targets, "from 0 to 1")


@api_boundary
def binary_cross_entropy_with_logits(predictions: Sequence[Any], targets: Sequence[Any]) -> Value:
    """The mean of the cross-entropy between targets y from 0 to 1 and the probabilities σ(z) of logits z.

    It is y softplus(-z) + (1 - y) softplus(z), with the slope σ(z) - y, to full precision for every z.

    >>> z = Value(40.0, "z")
    >>> loss = binary_cross_entropy_with_logits([z], [1])
    >>> loss.backward()
    >>> loss.data, z.grad
    (4.248354255291589e-18, -4.248354255291589e-18)
    """
    return _mean(_either(lambda z: (-z).softplus(), lambda z: z.softplus()), predictions, targets, "from 0 to 1")


@api_boundary
def cross_entropy(predictions: Sequence[Sequence[Any]], targets: Sequence[Any]) -> Value:
    """The mean of -log softmax(z)[c] over examples, with a logit z for each class and the index c of the right class.

    It is softplus(logsumexp of the other logits - z[c]), in which nothing cancels, even for a confident and right
    prediction. A logit of -inf is masked: its slope is 0. If the right class's logit is -inf, the loss is inf and
    all slopes are 0, as those of log_softmax. So that c can be an input, as in a recording, a target may be a Value,
    used as an index without reading it, or a one-hot vector of numbers or Values, 1 at c and 0 elsewhere.

    >>> z = [Value(0.0), Value(50.0)]
    >>> loss = cross_entropy([z], [1])
    >>> loss.backward()
    >>> loss.data, z[1].grad
    (1.9287498479639178e-22, -1.9287498479639178e-22)
    >>> cross_entropy([z], [2])
    Traceback (most recent call last):
    ValueError: targets[0] must be a class index from 0 to 1, not 2
    >>> cross_entropy([z], [[0, 1]]).data == loss.data
    True
    """
    return _average(
        [
            _surprise(prediction, target, f"[{i}]")
            for i, (prediction, target) in enumerate(_zipped(predictions, targets, ""))
        ]
    )


def _surprise(prediction: Any, target: Any, place: str) -> Value:
    """-log softmax(z)[c] for one example."""
    if not is_sequence(prediction) or len(prediction) < 2:
        raise TypeError(
            f"predictions{place} must be a sequence of at least two logits, not {printable(repr(prediction)):.80}: "
            "for one logit there is binary_cross_entropy_with_logits"
        )
    others, right = _apart(list(prediction), target, place)
    loss: Value = as_value(apply("margin", logsumexp(others), right)).softplus()
    return loss


def _apart(logits: list[Any], target: Any, place: str) -> tuple[list[Any], Any]:
    """The other logits (for an unknown target all, the right one lowered until exp is 0) and the right one."""
    if isinstance(target, Value):
        target = [(1.0 - abs(target - i)).relu() for i in range(len(logits))]
    if not is_sequence(target) or isinstance(target, (str, dict)):
        right = logits.pop(_class_index(target, len(logits), place))
        return logits, right
    zeros, known = [0.0] * (len(logits) - 1), [real(t) for t in target if not isinstance(t, Value)]
    if len(target) != len(logits) or (len(known) == len(target) and sorted(known) != [*zeros, 1.0]):
        raise ValueError(
            f"targets{place} must be a class index or one-hot, a 1 among {len(zeros)} zeros, "
            f"not {printable(repr(target)):.80}"
        )
    if len(known) == len(target):
        return _apart(logits, known.index(1.0), place)
    others = [apply("select", t, apply("minimum", z, FAR), z) for z, t in zip(logits, target, strict=True)]
    return others, total([as_value(apply("select", t, z, 0.0)) for z, t in zip(logits, target, strict=True)])


def _class_index(target: Any, classes: int, place: str) -> int:
    try:
        index = operator.index(target)
    except TypeError:
        raise TypeError(f"targets{place} must be a class index, which is an int, not {came(target)}") from None
    if not 0 <= index < classes:
        raise ValueError(f"targets{place} must be a class index from 0 to {classes - 1}, not {index}")
    return index


def _either(if_one: Callable[[Value], Value], if_zero: Callable[[Value], Value]) -> Callable[[Value, Any], Value]:
    """The mean of two terms with the weights y and 1 - y; only one of them if y is the number 1 or 0."""

    def term(prediction: Value, y: Any) -> Value:
        if type(y) is float and y in (0.0, 1.0):
            return if_one(prediction) if y else if_zero(prediction)
        mixed: Value = y * if_one(prediction) + (1.0 - y) * if_zero(prediction)
        return mixed

    return term


def _mean(term: Callable[[Value, Any], Value], predictions: Any, targets: Any, allowed: str) -> Value:
    pairs = _pairs(predictions, targets, allowed, "")
    return _average([term(as_value(prediction), target) for prediction, target in pairs])


def _pairs(predictions: Any, targets: Any, allowed: str, place: str) -> Iterator[tuple[Any, Any]]:
    """Every single prediction with its target, from sequences of numbers or of vectors."""
    for i, (prediction, target) in enumerate(_zipped(predictions, targets, place)):
        if is_sequence(prediction) or is_sequence(target):
            yield from _pairs(prediction, target, allowed, f"{place}[{i}]")
        elif isinstance(target, Value):
            yield prediction, target
        else:
            number = real(target)
            if not _ALLOWED[allowed](number):
                raise ValueError(f"targets{place}[{i}] must be {allowed}, not {target!r}")
            yield prediction, number


_ALLOWED: dict[str, Callable[[float], bool]] = {
    "a number": lambda y: not math.isnan(y),
    "-1 or 1": lambda y: y in (-1.0, 1.0),
    "from 0 to 1": lambda y: 0.0 <= y <= 1.0,
}


def _zipped(predictions: Any, targets: Any, place: str) -> list[tuple[Any, Any]]:
    """Pairs of predictions and targets, or an error if these are not two sequences of one length."""
    for name, given in (("predictions", predictions), ("targets", targets)):
        if not is_sequence(given):
            raise TypeError(f"{name}{place} must be a sequence, not {came(given)}: pass a list")
    if len(predictions) != len(targets):
        raise ValueError(
            f"predictions{place} and targets{place} must be of one length, not {len(predictions)} and {len(targets)}"
        )
    if not len(predictions):
        raise ValueError(f"predictions{place} and targets{place} are empty: a mean needs at least one")
    return list(zip(predictions, targets, strict=True))


def _average(terms: list[Value]) -> Value:
    return total(terms) / len(terms) if len(terms) > 1 else terms[0]
