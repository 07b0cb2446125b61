"""A row of the table: one operation, and its formulas as functions on floats."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .formula import TABLE, on_floats
from .primitives import PRIMITIVES


def row(name: str, sign: str, formula: str, *partials: str, textbook: str = "", of_sequence: Any = None) -> "Row":
    """Add an operation to the table, and so to everything that reads it.

    `textbook` is the customary form of the first partial if that form loses digits, as y * (1 - y) does for
    the sigmoid. It is shown if it has the same value, and never used to compute. `of_sequence` gives the
    partials of a sequence over any algebra, if derivatives of their formula would cancel.

    >>> row("cube", "³", "a * a * a", "3 * a * a").value(2.0)
    8.0
    >>> TABLE.pop("cube").partial_values(8.0, 2.0)
    (12.0,)
    """
    TABLE[name] = Row(name, sign, formula, partials, textbook, of_sequence)
    return TABLE[name]


@dataclass(frozen=True)
class Row:
    """One operation: name, sign, the formula of its result and of each partial derivative."""

    name: str
    sign: str
    formula: str
    partials: tuple[str, ...]
    textbook: str = ""
    of_sequence: Callable[..., list[Any]] | None = None

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The operands' names in the formulas: ("a", "b"), or ("A", "B", "c") where A and B are sequences."""
        capitals = set(re.findall(r"\b[A-Z]\b", self.formula))
        letters = "abcdefghijklmnopqrstuvwxyz"[: len(self.partials)]
        return tuple(letter.upper() if letter.upper() in capitals else letter for letter in letters)

    @cached_property
    def variadic(self) -> bool:
        """Whether some operand is a sequence."""
        return any(name.isupper() for name in self.variables)

    @cached_property
    def value(self) -> Callable[..., float]:
        """The result for operands that are floats (or lists of floats for a capital letter)."""
        return PRIMITIVES[self.name].on_floats if self.name in PRIMITIVES else on_floats(self.formula, self.variables)

    @cached_property
    def partial_values(self) -> Callable[..., tuple[Any, ...]]:
        """The partial derivatives for (result, *operands), one per operand, a list for a sequence."""
        functions = self.each_partial_value
        return lambda y, *operands: tuple([f(y, *operands) for f in functions])

    @cached_property
    def each_partial_value(self) -> list[Callable[..., Any]]:
        """Each partial derivative alone, of (result, *operands)."""
        return [on_floats(partial, ("y", *self.variables)) for partial in self.partials]

    def split(self, operands: Sequence[Any]) -> list[Any]:
        """Split a flat sequence of operands into one entry per variable, a list for a capital letter.

        >>> TABLE["dot"].split([1, 2, 3, 4, 5])
        [[1, 2], [3, 4], 5]
        """
        if not self.variadic:
            return list(operands)
        scalars = sum(name.islower() for name in self.variables)
        size = (len(operands) - scalars) // (len(self.variables) - scalars)
        flat, groups = list(operands), []
        for name in self.variables:
            groups.append(flat[:size] if name.isupper() else flat[0])
            flat = flat[size if name.isupper() else 1 :]
        return groups

    def flatten(self, groups: Sequence[Any], size: int) -> list[Any]:
        """The inverse of `split` for partials, where one number may be the partial of a whole sequence of `size`."""
        flat: list[Any] = []
        for name, group in zip(self.variables, groups, strict=True):
            flat += [group] if name.islower() else group if isinstance(group, list) else [group] * size
        return flat
