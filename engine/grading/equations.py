"""Reads an answer that is written as an equation: dC/dw = dC/da · da/dw = 2 (a - y) x = -0.1081.

The answer is its formula, or its number where it has no formula. The other sides must be equal to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from unicodedata import normalize

from ..chain import ChainRule
from ..core import TABLE, Value, book_name, printable, short_number
from ..structure import reverse
from .answer import derivative_of, value_of
from .trial import SLACK
from .written import DERIVED, Written, read

Pair = tuple[Value, Value]  # of, and with respect to

_EQUALS = re.compile(r"(?<![<>=!])=(?!=)|≈|≃")
_NAME = r"(?:\([^()]+\)|[^\W\d](?:[\w₀-₉⁰-⁹⁽⁾¹²³,]|\[\d+\]|\.(?=\w))*)"
_DERIVATIVE = re.compile(rf"(?<![\w'])[d∂]\s*({_NAME})\s*[/⁄]\s*[d∂]\s*({_NAME})")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([d∂])\s*((?:[^{}]|\{[^{}]*\})+)\}\s*\{([d∂])\s*((?:[^{}]|\{[^{}]*\})+)\}")
_PRIMED = re.compile(rf"(?<![\w.])({_NAME})\s*'(?!\s*[('])")


class Equation(NamedTuple):
    """The answer, the derivative on the left if it has one, and which side is not equal to the answer; "" if none."""

    answer: Written
    left: Pair | None = None
    slip: str = ""


def solve(answer: Any, chain: ChainRule, values: Mapping[str, float]) -> Equation:
    """The answer in an equation; what is no equation is read as it is.

    >>> from engine import Value, chain_rule
    >>> x = Value(2.0, "x")
    >>> y = x * x
    >>> y.label = "y"
    >>> solve("dy/dx = 2x = 5", chain_rule(y, x), {"x": 2.0, "y": 4.0})[0::2]
    (Written(text='2x', number=4.0, tolerance=0.0, names=frozenset({'x'})), '2x is 4, not 5')
    """
    if not isinstance(answer, str):
        return Equation(read(answer, values))
    sides = _Sides(answer, chain, values)
    explicit = [read(side, values) for side in sides.explicit]
    if not explicit:
        raise ValueError(
            f"cannot read {answer!r:.80}: {sides.first!r} only names a derivative: write its formula or its number"
        )
    found = next((written for written in explicit if written.names), explicit[-1])
    others = [written for written in explicit if written is not found]
    for other in (*others, *sides.symbolic):
        if not _equal(found, other):
            return Equation(found, sides.left, f"{found} is {short_number(found.number)}, not {value_of(other)}")
    if sides.left and not any(found.agrees(number) for number in _numbers(chain, *sides.left)):
        number = short_number(_numbers(chain, *sides.left)[0])
        return Equation(found, sides.left, f"{sides.first} is {number}, not {value_of(found)}")
    return Equation(found, sides.left)


def _equal(a: Written, b: Written) -> bool:
    size = max(abs(a.number), abs(b.number))
    return abs(a.number - b.number) <= max(SLACK * (a.tolerance + b.tolerance), DERIVED * size)


def _numbers(chain: ChainRule, of: Value, wrt: Value) -> list[float]:
    """What d of / d wrt may mean: the derivative over all paths, or one link of the chain."""
    graph = chain.graph
    index = {node: i for i, node in enumerate(graph.nodes)}
    links = [link.value for link in chain.links.get(of, ()) if link.wrt is wrt]
    if of not in index or wrt not in index:
        return [float(of is wrt)]
    return [reverse(graph.flattened, index[of])[0][index[wrt]], *links]


class _Sides:
    """The sides of an equation: a derivative on the left, formulas and numbers, and products of derivatives."""

    def __init__(self, text: str, chain: ChainRule, values: Mapping[str, float]) -> None:
        self.text, self.chain, self.values = text, chain, values
        self.nodes = _spellings(chain)
        self.left: Pair | None = None
        self.first = ""  # derivative that is named
        self.explicit: list[str] = []
        self.symbolic: list[Written] = []
        sides = [side.strip() for side in _EQUALS.split(_plain(text))]
        if len(sides) > 1 and not sides[-1]:
            raise ValueError(f"cannot read {text!r:.80}: write a formula or a number after the last =")
        for i, side in enumerate(sides[1:] if len(sides) > 1 and not sides[0] else sides):
            self._enter(side, is_left=not i and len(sides) > 1)

    def _enter(self, side: str, is_left: bool) -> None:
        found = list(_DERIVATIVE.finditer(side))
        if is_left and self._is_short(side):
            self.left, self.first = (self.chain.output, self.chain.wrt), side
        elif not found or any(printable(match[0].partition("/")[0]) in self.values for match in found):  # dC is a label
            self.explicit.append(_PRIMED.sub(self._function, side))
        else:
            self.first = self.first or found[0][0]
            if is_left and found[0][0] == side:
                self.left = self._pair(found[0])
            else:
                self.symbolic.append(self._product(side))

    def _product(self, side: str) -> Written:
        """Derivatives multiplied, as in dC/da * da/dw."""
        try:
            return replace(read(_DERIVATIVE.sub(self._number, side), self.values), text=side)
        except ValueError:
            raise ValueError(
                f"cannot read {side!r:.80}: write an equation, dC/dw = 2 * x, or multiply derivatives, dC/da * da/dw"
            ) from None

    def _is_short(self, side: str) -> bool:
        """Whether it names the whole derivative in another way: dw, w.grad, C' or C'(w)."""
        ends = (self.chain.naming.names[node] for node in (self.chain.output, self.chain.wrt))
        of, wrt = (_key(name) if self.nodes.get(_key(name)) is not None else str(name) for name in ends)
        short = {f"d{wrt}", f"∂{wrt}", f"∇{wrt}", f"{wrt}.grad", f"grad{wrt}", f"{of}'", f"{of}'({wrt})"}
        return not short.isdisjoint((_key(side), side)) and side not in self.values

    def _pair(self, found: re.Match[str]) -> Pair:
        of, wrt = (name[1:-1] if name.startswith("(") else name for name in found.groups())
        is_loss = not self.chain.output.label and len(of) == 1 and self._named(of) is None  # without a label: any L
        return self.chain.output if is_loss else self._node(of), self._node(wrt)

    def _node(self, name: str) -> Value:
        if (node := self._named(name)) is not None:
            return node
        known = ", ".join(map(book_name, list(self.values)[:12]))
        raise ValueError(f"cannot read {self.text!r:.80}: {name!r} is not a label; the labels are {known}")

    def _named(self, name: str) -> Value | None:
        return self.nodes.get(name, self.nodes.get(_key(name)))

    def _number(self, found: re.Match[str]) -> str:
        return f"({_numbers(self.chain, *self._pair(found))[0]!r})"

    def _function(self, found: re.Match[str]) -> str:
        """A' as σ'(z), if a = σ(z)."""
        node = self._named(found[1])
        if node is None or any(_key(name) == _key(found[1]) + "'" for name in self.values):
            return found[0]
        names = self.chain.naming.names
        if node.op and TABLE[node.op].variables == ("a",) and node.operands[0] in names:
            return f"{node.op}'({names[node.operands[0]]})"
        raise ValueError(
            f"cannot read {self.text!r:.80}: {found[0]!r} does not say with respect to what: write its formula"
        )


def _spellings(chain: ChainRule) -> dict[str, Value | None]:
    """The variables by their names, and by key; None for the key of two, as of w_12 and w1_2."""
    names = [(str(s), node) for node, name in chain.naming.names.items() for s in (name, book_name(name))]
    found: dict[str, Value | None] = {}
    for name, node in names:
        found[_key(name)] = node if found.get(_key(name), node) is node else None
    return found | dict(names)


def asked(chain: ChainRule, left: Pair | None) -> str:
    """What is wrong with an answer to another question than dC/dw; "" if nothing is."""
    if left is None or left == (chain.output, chain.wrt):
        return ""
    names = chain.naming.names
    given = "/".join(f"d{book_name(names[node])}" for node in left)
    return f"{given} is not asked for: give {derivative_of(chain)}"


def _plain(text: str) -> str:
    """One spelling of primes and derivatives, without what ends a sentence."""
    text = text.replace("’", "'").replace("′", "'").strip().strip("$").rstrip("; ")
    text = re.sub(r"(?<!\.)\.$", "", text).rstrip("; ")
    text = re.sub(r"\\(?:mathrm|text)\{d\}", "d", re.sub(r"\\partial\b\s*", "∂", text))
    return _FRACTION.sub(r"\1(\2)/\3(\4)", text) if "\\" in text else text


def _key(name: str) -> str:
    """A name without the marks in which w_1, w_{1} and w₁ differ."""
    return re.sub(r"[\\{}_\s]", "", normalize("NFKC", name))
