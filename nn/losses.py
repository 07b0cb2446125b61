"""Losses: each takes a sequence of predictions and one of targets, and gives their mean as one Value.

A loss on logits keeps all digits of its value and its gradient for logits of any size: where a probability rounds
to 1, and 1 - p to 0, the logit still tells.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from engine import Value, logsumexp
from engine.backward import total
from engine.value import apply

Loss = Callable[[Sequence[Any], Sequence[Any]], Value]


def mean_squared_error(predictions: Sequence[Any], targets: Sequence[Any]) -> Value:
    """The mean of (prediction - target)², over all entries where a prediction is a sequence.

    >>> mean_squared_error([Value(1.0), Value(2.0)], [0.0, 4.0]).data
    2.5
    """
    return _mean((p - t) ** 2 for p, t in _entries(predictions, targets))


def binary_cross_entropy(probabilities: Sequence[Any], targets: Sequence[Any]) -> Value:
    """The mean of -y log p - (1 - y) log(1 - p) for targets y from 0 to 1.

    A probability that has rounded to the wrong 0 or 1 makes it inf: prefer the loss on logits.

    >>> binary_cross_entropy([Value(0.5)], [1.0]).data
    0.6931471805599453
    """

    def term(p: Any, y: Any) -> Any:
        return _blend(y, lambda: -apply("log", p), lambda: -apply("log", 1.0 - p))

    return _mean(term(p, y) for p, y in _entries(probabilities, targets))


def binary_cross_entropy_with_logits(logits: Sequence[Any], targets: Sequence[Any]) -> Value:
    """The mean of y softplus(-z) + (1 - y) softplus(z): binary cross-entropy of σ(z), for z of any size.

    >>> z = Value(40.0)
    >>> loss = binary_cross_entropy_with_logits([z], [1.0])
    >>> loss.backward()
    >>> loss.data, z.grad
    (4.248354255291589e-18, -4.248354255291589e-18)
    """

    def term(z: Any, y: Any) -> Any:
        return _blend(y, lambda: apply("softplus", -z), lambda: apply("softplus", z))

    return _mean(term(z, y) for z, y in _entries(logits, targets))


def cross_entropy(logits: Sequence[Sequence[Any]], targets: Sequence[Any]) -> Value:
    """The mean of -log softmax(logits)[target], a target being the index of a class or a share for each class.

    For an index it is softplus(logsumexp(the other logits) - its logit), exact for a right answer however sure.

    >>> cross_entropy([[Value(0.0), Value(50.0)]], [1]).data
    1.9287498479639178e-22
    """
    _same_length(logits, targets)
    return _mean(_cross_entropy(list(scores), target) for scores, target in zip(logits, targets, strict=True))


def hinge(scores: Sequence[Any], targets: Sequence[Any]) -> Value:
    """The mean of max(0, 1 - y score) for targets y of -1 and 1.

    >>> hinge([Value(0.5), Value(3.0)], [1, 1]).data
    0.25
    """
    for y in targets:
        if not isinstance(y, Value) and y not in (-1, 1):
            raise ValueError(f"hinge takes targets of -1 and 1, not {y!r}")
    return _mean(apply("relu", 1.0 - y * score) for score, y in _entries(scores, targets))


def _blend(y: Any, positive: Callable[[], Any], negative: Callable[[], Any]) -> Any:
    """The share y of one term and 1 - y of the other; a term with no share is not computed."""
    if isinstance(y, Value):
        return y * positive() + (1.0 - y) * negative()
    if not 0 <= y <= 1:
        raise ValueError(f"binary cross-entropy takes targets from 0 to 1, not {y!r}")
    return positive() if y == 1 else negative() if y == 0 else y * positive() + (1.0 - y) * negative()


def _cross_entropy(scores: list[Any], target: Any) -> Any:
    if isinstance(target, Sequence) or getattr(target, "ndim", 0) == 1:
        _same_length(scores, target)
        return logsumexp(scores) - total([share * score for share, score in zip(target, scores, strict=True)])
    index = target.__index__() if hasattr(target, "__index__") else -1
    if not 0 <= index < len(scores):
        raise ValueError(f"a target is the index of a class from 0 to {len(scores) - 1}, not {target!r}")
    others = scores[:index] + scores[index + 1 :]
    return apply("softplus", logsumexp(others) - scores[index])


def _entries(predictions: Sequence[Any], targets: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Pairs of prediction and target, entry by entry where they are sequences themselves."""
    _same_length(predictions, targets)
    pairs: list[tuple[Any, Any]] = []
    for prediction, target in zip(predictions, targets, strict=True):
        if isinstance(prediction, (list, tuple)):
            pairs += _entries(prediction, target)
        else:
            pairs.append((prediction, target))
    return pairs


def _same_length(predictions: Sequence[Any], targets: Sequence[Any]) -> None:
    if not hasattr(targets, "__len__") or len(predictions) != len(targets) or not len(predictions):
        counts = f"{len(predictions)} predictions and {len(targets) if hasattr(targets, '__len__') else repr(targets)}"
        raise ValueError(f"a loss takes as many predictions as targets, and at least one, not {counts} targets")


def _mean(terms: Iterable[Any]) -> Value:
    losses = list(terms)
    mean = total(losses) / len(losses) if len(losses) > 1 else losses[0]
    return mean if isinstance(mean, Value) else Value(mean)
