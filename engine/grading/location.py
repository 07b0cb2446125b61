"""Where to look for a mistake that no row of the catalogue explains."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ..structure import Layer
from .names import listed
from .trial import Trial

NEAR = 0.1  # relative error up to which a number may be a slip
FACTORS = "To find the wrong factor, give the factors of one of them to chain_rule(...).check([...])."


def where_to_look(trial: Trial) -> str:
    """Next to the last layer with a number that is far from right; else what that layer's numbers have in common."""
    layers, errors = trial.network.layers, {i: _error(trial, i) for i in trial.wrong()}
    bad = [layer for layer in layers if layer.own & errors.keys()]
    if not bad:
        return f" {FACTORS}"
    far = [layer for layer in bad if _largest(errors, [layer]) > NEAR]
    if far and far[-1] is not bad[-1]:
        near = bad[len(far) :]
        return _far(far[-1], layers[far[-1].number], near, _largest(errors, near))
    return _last(trial, bad[-1], layers[bad[-1].number :])


def _error(trial: Trial, i: int) -> float:
    """The error of a number as a part of the right one."""
    return abs(trial.given[i] / trial.right[i] - 1.0) if trial.right[i] else math.inf


def _largest(errors: Mapping[int, float], layers: Sequence[Layer]) -> float:
    return max(error for i, error in errors.items() if any(i in layer.own for layer in layers))


def _far(layer: Layer, following: Layer, near: Sequence[Layer], part: float) -> str:
    """A layer is far off, and those after it are nearly right."""
    names, be = listed([one.name for one in near]), "is" if len(near) == 1 else "are"
    return (
        f" {names[0].upper()}{names[1:]} {be} off by at most {part:.2g} of the right numbers, which may be a slip; "
        f"{layer.name} is far off. Look between δ of {following.name} and δ of {layer.name}. {FACTORS}"
    )


def _last(trial: Trial, last: Layer, later: Sequence[Layer]) -> str:
    inexact = set(trial.inexact)
    if doubtful := [layer.name for layer in later if layer.own & inexact]:
        return f" Give more digits of {listed(doubtful)}, to see whether the mistake is there or in {last.name}."
    known = last.biases & trial.given.keys()
    if known and not known & inexact:
        right = f"The gradients of the biases of {last.name} are right, and so is δ there"
        return f" {right}. Look at the step from δ to the gradients of the weights."
    if good := [layer.name for layer in later if layer.own & trial.given.keys()]:
        between = f"between δ of {later[0].name} and δ of {last.name}"
        return (
            f" Look {between}: {listed(good)} {'is' if len(good) == 1 else 'are'} right, {last.name} is not. {FACTORS}"
        )
    if missing := [layer.name for layer in later if layer.own & _wanted(trial)]:
        return f" To see where the mistake is, give the gradients of {missing[0]}, too."
    return f"{_at_the_end(trial, last)} {FACTORS}"


def _wanted(trial: Trial) -> set[int]:
    """The parameters whose gradients are not given; where the others have labels, one without is a constant."""
    nodes = trial.network.sweep.nodes
    are_named = any(nodes[i].label for i in trial.given)
    return {i for i in trial.others if nodes[i].label or not are_named}


def _at_the_end(trial: Trial, last: Layer) -> str:
    """Whether a factor of δ explains the wrong numbers of the layer before the loss."""
    wrong = set(trial.wrong())
    units = [[i for i in trial.given if i in unit.own and trial.right[i] and trial.given[i]] for unit in last.units]
    ratios = [trial.ratio(own) for own in units if len(own) > 1 and wrong & set(own)]
    if None in ratios and all(len(unit.occurrences) == 1 for unit in last.units):
        return f" In {last.name}, δ is not the only wrong number: look at the inputs that it is multiplied by."
    if ratios and None not in ratios:
        what = "each unit's numbers are the right ones times one factor"
        return f" In {last.name}, {what}, so look at δ: at the loss and the activation."
    return ""
