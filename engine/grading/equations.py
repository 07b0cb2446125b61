"""Reads an answer that is written as an equation: dC/dw = dC/da · da/dw = 2 (a - y) x = -0.1081.

The answer is its formula, or its number where it has no formula. The other sides must be equal to it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple
from unicodedata import normalize

from ..chain import ChainRule
from ..core import Value, book_name, printable, short_number
from .answer import derivative_of, value_of
from .elsewhere import only_here
from .reading import derivative_in, read_in
from .trial import SLACK
from .written import DERIVED, Pair, Written, read

_EQUALS = re.compile(r"(?<![<>=!])=(?!=)|≈|≃")
_MARK = r"_\{[^{}]*\}|\^\{\(\w+\)\}|(?<=\})\^\{\w+\}|\[\d+(?:, *\d+)*\]"  # _{11}, ^{(2)}, _{1}^{2}, [0, 1]
_NAME = rf"(?:\([^()]+\)|\\?[^\W\d](?:{_MARK}|[\w₀-₉⁰-⁹⁽⁾¹²³,]|\.(?=\w))*)"
_START = r"(?<![^\W\d])(?<!['.])"
_DERIVATIVE = re.compile(rf"{_START}[d∂]\s*({_NAME})\s*[/⁄]\s*[d∂]\s*({_NAME})")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([d∂])\s*((?:[^{}]|\{[^{}]*\})+)\}\s*\{([d∂])\s*((?:[^{}]|\{[^{}]*\})+)\}")
_PRIMED = re.compile(rf"{_START}({_NAME})\s*'(?!')(?:\s*\(\s*({_NAME})\s*\))?")
_CALLED = re.compile(rf"{_START}({_NAME})\(\s*({_NAME})\s*\)")


class Equation(NamedTuple):
    """The answer, the derivative on the left if it has one, and which side is not equal to the answer; "" if none."""

    answer: Written
    left: Pair | None = None
    slip: str = ""


def solve(answer: Any, chain: ChainRule) -> Equation:
    """The answer in an equation; what is no equation is read as it is.

    >>> from engine import Value, chain_rule
    >>> x = Value(2.0, "x")
    >>> y = x * x
    >>> y.label = "y"
    >>> solve("dy/dx = 2x = 5", chain_rule(y, x))[0::2]
    (Written(text='2x', number=4.0, tolerance=0.0, names=frozenset({'x'})), '2x is 4, not 5')
    """
    if not isinstance(answer, str):
        return Equation(read(answer, {}))
    sides = _Sides(answer, chain)
    if not (answers := sides.answers):
        raise ValueError(
            f"cannot read {answer!r:.80}: {sides.first!r} only names a derivative: write its formula or its number"
        )
    found = next((written for written in answers if written.names), answers[-1])
    for other in (written for written in (*sides.explicit, *sides.symbolic) if written is not found):
        if not _equal(found, other):
            return Equation(found, sides.left, f"{found} is {short_number(found.number)}, not {value_of(other)}")
        if apart := only_here(chain, found, other):
            return Equation(found, sides.left, apart)
    if sides.left and not any(found.agrees(number) for number in _numbers(chain, *sides.left)):
        number = short_number(_numbers(chain, *sides.left)[0])
        return Equation(found, sides.left, f"{sides.first} is {number}, not {value_of(found)}")
    return Equation(found, sides.left)


def _equal(a: Written, b: Written) -> bool:
    allowed = SLACK * (a.tolerance + b.tolerance)
    pairs = [(x, y) for x in (a.number, a.exact) for y in (b.number, b.exact)]
    return any(abs(x - y) <= max(allowed, DERIVED * abs(x), DERIVED * abs(y)) for x, y in pairs)


def _numbers(chain: ChainRule, of: Value, wrt: Value) -> list[float]:
    """What d of / d wrt may mean: the derivative over all paths, or one link of the chain."""
    links = [link.value for link in chain.links.get(of, ()) if link.wrt is wrt]
    return [derivative_in(chain, chain.graph.flattened, (of, wrt)), *links]


class _Sides:
    """The sides of an equation: a derivative on the left, formulas and numbers, and products of derivatives."""

    def __init__(self, text: str, chain: ChainRule) -> None:
        self.text, self.chain = text, chain
        self.names = [str(name) for name in chain.naming.names.values()]
        self.nodes = _spellings(chain)
        self.left: Pair | None = None
        self.first = ""  # derivative that is named
        self.explicit: list[Written] = []
        self.symbolic: list[Written] = []  # derivatives alone, as in dC/da * da/dw
        sides = [side.strip() for side in _EQUALS.split(_FRACTION.sub(self._on_one_line, _plain(text)))]
        if len(sides) > 1 and not sides[-1]:
            raise ValueError(f"cannot read {text!r:.80}: write a formula or a number after the last =")
        for i, side in enumerate(sides[1:] if len(sides) > 1 and not sides[0] else sides):
            self._enter(side, is_left=not i and len(sides) > 1)

    @property
    def answers(self) -> list[Written]:
        """The formulas and numbers; without any, the products of derivatives other than the one that is asked for."""
        asked = (self.chain.output, self.chain.wrt)
        pairs = [(written, dict(written.derivatives)) for written in self.symbolic]
        return self.explicit or [w for w, named in pairs if w.text not in named and asked not in named.values()]

    def _enter(self, side: str, is_left: bool) -> None:
        derivative = _DERIVATIVE.fullmatch(side)
        if is_left and self._is_short(side):
            self.left, self.first = (self.chain.output, self.chain.wrt), side
        elif is_left and derivative and not self._is_label(derivative):
            self.left, self.first = self._pair(derivative), side
        else:
            self._read(_PRIMED.sub(self._apart, side))

    def _read(self, side: str) -> None:
        """Read a formula or a number, and the derivatives that it names."""
        whole = {found[0]: self._pair(found) for found in _DERIVATIVE.finditer(side) if not self._is_label(found)}
        primed = {found[0]: pair for found in _PRIMED.finditer(side) if (pair := self._primed(found))}
        self.first = self.first or next(iter(whole), "")
        self._refuse_calls(side)
        pairs = whole | primed
        written = read_in(self.chain, side, pairs)
        is_symbolic = bool(whole) and written.names <= whole.keys()
        if not is_symbolic and (self.chain.output, self.chain.wrt) in pairs.values():
            raise self._unread(f"{side!r:.80} names the derivative that is asked for: write its formula")
        (self.symbolic if is_symbolic else self.explicit).append(written)

    def _is_label(self, found: re.Match[str]) -> bool:
        """Whether the numerator is a label, such as dC."""
        return printable(found[0].partition("/")[0]) in self.names

    def _is_short(self, side: str) -> bool:
        """Whether it names the whole derivative in another way: dw, w.grad, C' or C'(w)."""
        ends = (self.chain.naming.names[node] for node in (self.chain.output, self.chain.wrt))
        of, wrt = (_key(name) if self.nodes.get(_key(name)) is not None else str(name) for name in ends)
        short = {f"d{wrt}", f"∂{wrt}", f"∇{wrt}", f"{wrt}.grad", f"grad{wrt}", f"{of}'", f"{of}'({wrt})"}
        return not short.isdisjoint((_key(side), side)) and side not in self.names

    def _pair(self, found: re.Match[str]) -> Pair:
        of, wrt = (name[1:-1] if name.startswith("(") else name for name in found.groups())
        is_loss = not self.chain.output.label and len(of) == 1 and self._named(of) is None  # without a label: any L
        return self.chain.output if is_loss else self._node(of), self._node(wrt)

    def _node(self, name: str) -> Value:
        if (node := self._named(name)) is not None:
            return node
        known = ", ".join(map(book_name, self.names[:12]))
        raise self._unread(f"{name!r} is not a label; the labels are {known}")

    def _named(self, name: str) -> Value | None:
        return self.nodes.get(name, self.nodes.get(_key(name)))

    def _on_one_line(self, found: re.Match[str]) -> str:
        """A derivative of LaTeX as dC/da, in names that have no spaces."""
        d, of, e, wrt = (part.strip() for part in found.groups())
        nodes = ((name, self._named(name)) for name in (of, wrt))
        of, wrt = (name if node is None else book_name(self.chain.naming.names[node]) for name, node in nodes)
        return f" {d}{of}/{e}{wrt} "

    def _apart(self, found: re.Match[str]) -> str:
        """A product with a prime, pq', as p q'."""
        letters = found[1]
        if self._named(letters) is not None or not all(letter in self.names for letter in letters):
            return found[0]
        return f"{letters[:-1]} {found[0][len(letters) - 1 :]}"

    def _primed(self, found: re.Match[str]) -> Pair | None:
        """The derivative that a' or a'(z) is, if a depends on z alone."""
        node = self._named(found[1])
        if node is None or any(_key(name) == _key(found[1]) + "'" for name in self.names):
            return None
        variables = self._variables(node)
        if len(variables) == 1 and (not found[2] or self._named(found[2]) is variables[0]):
            return node, variables[0]
        raise self._unread(f"{found[0]!r} does not say with respect to what: write its formula, or d{found[1]}/d…")

    def _refuse_calls(self, side: str) -> None:
        """Refuse a(z) if z is all that a depends on: it may be a, or a times z."""
        for found in _CALLED.finditer(side):
            node, operand = self._named(found[1]), self._named(found[2])
            if node is not None and operand is not None and self._variables(node) == [operand]:
                raise self._unread(f"{found[0]} may be {found[1]} or {found[1]} * {found[2]}: write one of them")

    def _variables(self, node: Value) -> list[Value]:
        """The variables that a variable is computed from."""
        return [link.wrt for link in self.chain.variables.get(node, ())]

    def _unread(self, reason: str) -> ValueError:
        return ValueError(f"cannot read {self.text!r:.80}: {reason}")


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
    return text


@lru_cache(4096)  # as every equation asks for all labels
def _key(name: str) -> str:
    """A name without the marks in which w_1, w_{1} and w₁ differ, or w_{1}^{(2)} and w⁽²⁾₁."""
    return re.sub(r"(\d+)(\(\d+\))$", r"\2\1", re.sub(r"[\\{}_^\s]", "", normalize("NFKC", name)))
