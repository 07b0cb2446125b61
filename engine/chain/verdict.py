"""What is to be said of one chain rule: the verdict, its reason in a sentence, and the factors to blame.

The thresholds are the constants below; `judge(chain, tiny=...)` takes others. Sums over paths are kept apart by sign
and in Decimal, whose exponents don't underflow, so that nothing has to be enumerated.
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext

from ..core import Value, derivative, many, pretty_name, pretty_number, short_number
from .expressions import Style, show
from .paths import ChainRule, Factor, Path
from .symbolic import SAME
from .variables import Link

TINY = 1e-3  # a factor that takes away three digits does so at a glance, beside factors of order 1
VANISHED = (
    1e-5  # what moderate factors make together is small from here on; below 1e-3 it would be every day's gradient
)
CANCELLED = 1e-3  # paths cancel when less than a thousandth of what they pull with is left

# What is said, for the text here and for the page.
SENTENCES = {
    "ok": "{count} paths; the strongest gives {share} of {total}",
    "single": "one path, and no factor kills it",
    "cancelled": "the {count} paths pull against each other: {up} upwards, {down} downwards, and {total} is left",
    "vanishing": "no factor is tiny, but {length} of them, {mean} on average, multiply to {size}",
    "underflow": "no factor is tiny, but {length} of them, {mean} on average, multiply to {size}, "
    "which is less than the smallest float",
    "overflow": "the factors multiply to more than a float holds",
    "leaf": "{of} is an independent variable: it does not depend on {wrt}",
    "disconnected": "{of} was not computed from {wrt}: no path leads from {wrt} to {of}",
}

# What is the matter with a function whose slope is tiny.
CONDITIONS = {
    "sigmoid": "the sigmoid is saturated",
    "tanh": "the tanh is saturated",
    "erf": "erf is saturated",
    "relu": "the relu is off",
    "softplus": "the softplus is flat there",
    "exp": "exp is flat there",
    "logsumexp": "another operand outweighs it",
    "maximum": "the other operand is larger",
    "minimum": "the other operand is smaller",
}

# And with one whose slope is inf or nan.
BREAKS = {
    "exp": "exp overflows there",
    "log": "log is vertical there",
    "log1p": "log1p is vertical there",
    "sqrt": "the root is vertical there",
    "div": "it divides by that",
    "pow": "the power is vertical there",
}

# The page judges by the same thresholds and words.
WORDS: dict[str, float | dict[str, str]] = {"tiny": TINY, "vanished": VANISHED, "cancelled": CANCELLED, "same": SAME}
WORDS |= {"sentences": SENTENCES, "conditions": CONDITIONS, "breaks": BREAKS}

NAMED = 3  # variables whose numbers are told beside a formula


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on a chain rule, the sentence that explains it, and the factors to blame."""

    verdict: str
    sentence: str
    factors: tuple[Factor, ...] = ()


def judge(
    chain: ChainRule,
    tiny: float = TINY,
    vanished: float = VANISHED,
    cancelled: float = CANCELLED,
    style: Style = "spoken",
) -> Judgement:
    """The verdict: "ok", "killed", "cancelled", "vanishing", "underflow", "disconnected" or "non_finite".

    In the style "pretty" the sentence is written as in pictures.

    >>> from engine import Value, chain_rule
    >>> z = Value(50.0, "z1")
    >>> a = z.sigmoid()
    >>> a.label = "a"
    >>> judge(chain_rule(a, z)).sentence
    "∂a/∂z1 = σ'(z1) = 1.929e-22 because z1 = 50: the sigmoid is saturated"
    >>> judge(chain_rule(a, z), style="pretty").sentence
    '∂a/∂z₁ = σ′(z₁) = 1.929e−22 because z₁ = 50: the sigmoid is saturated'
    """
    speech = Speech(chain, style)
    if not chain.path_count:
        return Judgement("disconnected", speech.disconnected())
    strongest = chain.paths(1)[0]
    wild = tuple(factor for factor in strongest.factors if not math.isfinite(factor.value))
    sizes = [chain.total, *(link.value for links in chain.links.values() for link in links)]
    if wild or not all(map(math.isfinite, sizes)):
        return Judgement("non_finite", speech.blame(wild) if wild else SENTENCES["overflow"], wild)
    up, down = chain.pulls
    killing = tiny_factors(strongest, tiny)
    if killing and up + down <= Decimal(tiny):
        return Judgement("killed", speech.blame(killing), killing)
    if up and down and abs(up - down) <= Decimal(cancelled) * (up + down):
        return Judgement("cancelled", speech.cancelled(up, down))
    if up + down < Decimal(2.0**-1022):
        return Judgement("underflow", speech.small("underflow", strongest))
    if up + down <= Decimal(vanished):
        return Judgement("vanishing", speech.small("vanishing", strongest))
    return Judgement("ok", speech.ok(strongest))


def tiny_factors(path: Path, tiny: float = TINY) -> tuple[Factor, ...]:
    """The factors of a path that by themselves take away what comes through it."""
    return tuple(factor for factor in path.factors if abs(factor.value) <= tiny)


Pulls = tuple[Decimal, Decimal]  # upwards and downwards


def pulls(chain: ChainRule) -> Pulls:
    """What the paths with a positive product give together, and what the negative ones do: `ChainRule.pulls`.

    >>> from engine import Value, chain_rule
    >>> x = Value(1.0, "x")
    >>> a, b = 3 * x, -2 * x
    >>> a.label, b.label = "a", "b"
    >>> [float(pull) for pull in chain_rule(a + b, x).pulls]
    [3.0, 2.0]
    """

    def add(steps: list[tuple[Link, Pulls]]) -> Pulls:
        parts = [(abs(Decimal(link.value)), link.value > 0, sums) for link, sums in steps]
        up = sum((size * sums[not positive] for size, positive, sums in parts), Decimal(0))
        down = sum((size * sums[positive] for size, positive, sums in parts), Decimal(0))
        return up, down

    with localcontext(WIDE):
        return chain.along((Decimal(1), Decimal(0)), add, (Decimal(0), Decimal(0)))


WIDE = Context(prec=20, Emin=MIN_EMIN, Emax=MAX_EMAX)


class Speech:
    """The sentences on a chain rule, in text or as pictures write."""

    def __init__(self, chain: ChainRule, style: Style) -> None:
        self.chain, self.style, self.naming = chain, style, chain.naming

    def name(self, node: Value) -> str:
        """A variable."""
        name = self.naming.names[node]
        return pretty_name(name) if self.style == "pretty" else name

    def number(self, number: float, digits: int = 4) -> str:
        """A float."""
        return pretty_number(number, digits) if self.style == "pretty" else short_number(number, digits)

    def disconnected(self) -> str:
        """Why there is no path."""
        sentence = SENTENCES["disconnected" if self.chain.output.op else "leaf"]
        return sentence.format(of=self.name(self.chain.output), wrt=self.name(self.chain.wrt))

    def blame(self, factors: Sequence[Factor]) -> str:
        """What is the matter with each of some factors."""
        return "; and ".join(map(self.reason, factors[:3])) + ("; and more" if len(factors) > 3 else "")

    def reason(self, factor: Factor) -> str:
        """∂a/∂z = σ'(z) = 1.93e-22 because z = 50: the sigmoid is saturated."""
        term, number = self.naming.slope(factor.link), self.number(factor.value)
        formula = show(term, self.style)
        equation = f"{derivative(self.name(factor.of), self.name(factor.wrt))} = {formula}"
        equation += "" if formula == number else f" = {number}"
        culprit, operand = self._culprit(factor)
        conditions = BREAKS if not math.isfinite(factor.value) else CONDITIONS if abs(factor.value) <= TINY else {}
        if culprit.op in conditions:
            because = f"{show(self.naming.term(operand), self.style)} = {self.number(operand.data)}"
            return f"{equation} because {because}: {conditions[culprit.op]}"
        if isinstance(term, float):
            constant = self.naming.is_constant(factor.link)
            return f"{equation}, whatever {self.name(factor.wrt)} is" if constant else equation
        where = [f"{self.name(x)} = {self.number(x.data)}" for x in self.naming.within(term)[:NAMED]]
        return f"{equation} where {' and '.join(where)}" if isinstance(term, tuple) and where else equation

    def _culprit(self, factor: Factor) -> tuple[Value, Value]:
        """The operation inside a factor with the smallest partial, or with one that is not finite; and its operand."""

        def size(step: tuple[Value, Value, float]) -> float:
            return abs(step[2]) if math.isfinite(step[2]) else -1.0

        node, operand, _ = min(self.naming.steps(factor.link), key=size)
        return node, operand

    def cancelled(self, up: Decimal, down: Decimal) -> str:
        """How much each way, to as many digits as it takes to see a difference."""
        digits = next((n for n in range(4, 13) if self.size(up, n) != self.size(down, n)), 4)
        fields = {"count": many(self.chain.path_count), "up": self.size(up, digits), "down": self.size(down, digits)}
        return SENTENCES["cancelled"].format(**fields, total=self.number(self.chain.total))

    def small(self, how: str, path: Path) -> str:
        """How many moderate factors make how little."""
        length = len(path.factors)
        mean = math.exp(math.fsum(math.log(abs(f.value)) for f in path.factors if f.value) / max(length, 1))
        with localcontext(WIDE):
            size = math.prod((abs(Decimal(f.value)) for f in path.factors), start=Decimal(1))
        return SENTENCES[how].format(length=length, mean=self.number(mean), size=self.size(size))

    def size(self, number: Decimal, digits: int = 4) -> str:
        """A number that may be more or less than a float holds."""
        if number == 0 or sys.float_info.min <= number <= sys.float_info.max:
            return self.number(float(number), digits)
        text = f"{number.normalize(Context(prec=digits)):.{digits}g}"
        return text.replace("-", "−") if self.style == "pretty" else text

    def ok(self, strongest: Path) -> str:
        """What the strongest path gives."""
        if self.chain.path_count == 1:
            return SENTENCES["single"]
        fields = {"share": self.number(strongest.product), "total": self.number(self.chain.total)}
        return SENTENCES["ok"].format(count=many(self.chain.path_count), **fields)
