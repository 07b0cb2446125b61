"""Masks: the condition under which a node of a reverse sweep counts, so that a branch not taken contributes exactly 0.

A node that only branches use counts if one of them is taken; else its partials, which may be inf or nan, are 0. This
is a selection, never a product, and its condition has no derivative, so derivatives of every order are right.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from typing import Any

Mask = frozenset[frozenset[tuple[Any, bool]]]  # alternatives, each a set of conditions with their truth values
ALWAYS: Mask = frozenset([frozenset()])
MANY = 8  # with more alternatives, a mask is computed and becomes one condition


class Masks:
    """The masks of nodes, results first. `apply` writes an operation of the table, on Values or into a program."""

    def __init__(self, apply: Callable[..., Any]) -> None:
        self.apply = apply
        self._masks: dict[Any, Mask] = {}
        self._written: dict[Mask, Any] = {}

    def __contains__(self, node: Any) -> bool:
        return node in self._masks

    def of(self, node: Any) -> Mask:
        """The mask of a node whose uses are all known; a node without uses is the output."""
        return self._masks.get(node, ALWAYS)

    def use(self, node: Any, mask: Mask) -> None:
        """Add a use of a node, which counts under this mask."""
        known = self._masks.get(node, mask)
        if mask != known:
            mask = either(known, mask)
            mask = mask if len(mask) < MANY else frozenset([frozenset([(self.written(mask), True)])])
        self._masks[node] = mask

    def branches(self, node: Any, condition: Any, adjoint: Any) -> list[tuple[Any, Mask]]:
        """For each branch of a `select`, its adjoint and its mask."""
        shares = self.apply("select", condition, adjoint, 0.0), self.apply("select", condition, 0.0, adjoint)
        return [(share, both(self.of(node), condition, k == 0)) for k, share in enumerate(shares)]

    def select(self, node: Any, slope: Any) -> Any:
        """A partial of a node if that node counts, else 0."""
        mask = self.of(node)
        if len(mask) == 1 and len(alone := next(iter(mask))) < 2:
            return self._where(alone, slope)
        return self.apply("select", self.written(mask), slope, 0.0)

    def written(self, mask: Mask) -> Any:
        """A node that is 1 if a mask holds, else 0."""
        if mask not in self._written:
            ones = [self._where(each, 1.0) for each in sorted(mask, key=lambda each: sorted(map(_age, each)))]
            self._written[mask] = reduce(partial(self.apply, "maximum"), ones) if ones else 0.0
        return self._written[mask]

    def _where(self, conditions: frozenset[tuple[Any, bool]], x: Any) -> Any:
        """`x` if all conditions have the required truth values, else 0."""
        for condition, holds in sorted(conditions, key=_age):
            x = self.apply("select", condition, *((x, 0.0) if holds else (0.0, x)))
        return x


def _age(literal: tuple[Any, bool]) -> tuple[int, bool]:
    return getattr(literal[0], "serial", literal[0]), literal[1]


def both(mask: Mask, condition: Any, holds: bool) -> Mask:
    """The mask, restricted to a condition or to its negation."""
    return frozenset([each | {(condition, holds)} for each in mask if (condition, not holds) not in each])


def either(a: Mask, b: Mask) -> Mask:
    """The union of two masks, without conditions that do not matter.

    >>> either(both(ALWAYS, "c", True), both(ALWAYS, "c", False)) == ALWAYS
    True
    """
    masks = a | b
    for one in masks:
        for condition, holds in one:
            rest = one - {(condition, holds)}
            other = rest | {(condition, not holds)}
            if other in masks:
                return either(masks - {one, other}, frozenset([rest]))
    return frozenset([each for each in masks if not any(other < each for other in masks)])
