"""What is to be said of one chain rule: the verdict, its reason in a sentence, and the factors to blame.

The thresholds are the constants below; `judge(chain, tiny=...)` takes others. Sums over paths are kept apart by sign
and in Decimal, whose exponents don't underflow, so that nothing has to be enumerated.
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

from .formula import derivative, factor_text, naming
from .paths import ChainRule, Factor, Path
from .terms import many, short_number
from .value import Value, extensions

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
    "small": "no factor is tiny, but the strongest path multiplies {length} of them, {mean} on average: {size}, {how}",
    "underflow": "less than the smallest float",
    "vanishing": "each moderate, and small together",
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
}

PLAIN = ("add", "sub", "mul", "div", "neg", "sum", "dot")  # a factor of these says it all itself


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on a chain rule, the sentence that explains it, and the factors to blame."""

    verdict: str
    sentence: str
    factors: tuple[Factor, ...] = ()


def judge(chain: ChainRule, tiny: float = TINY, vanished: float = VANISHED, cancelled: float = CANCELLED) -> Judgement:
    """The verdict: "ok", "killed", "cancelled", "vanishing", "underflow", "disconnected" or "non_finite".

    >>> from engine import Value, chain_rule
    >>> z = Value(50.0, "z")
    >>> a = z.sigmoid()
    >>> a.label = "a"
    >>> judge(chain_rule(a, z)).sentence
    "∂a/∂z = σ'(z) = 1.929e-22 because z = 50: the sigmoid is saturated"
    """
    if not chain.path_count:
        return Judgement("disconnected", _why_disconnected(chain))
    strongest = chain.paths(1)[0]
    wild = tuple(factor for factor in strongest.factors if not math.isfinite(factor.value))
    if wild or not math.isfinite(chain.total):
        return Judgement("non_finite", _blame(wild) if wild else SENTENCES["overflow"], wild)
    up, down = pulls(chain)
    killing = tuple(factor for factor in strongest.factors if abs(factor.value) <= tiny)
    if killing and up + down <= Decimal(tiny):
        return Judgement("killed", _blame(killing), killing)
    if up and down and abs(up - down) <= Decimal(cancelled) * (up + down):
        return Judgement("cancelled", _why_cancelled(chain, up, down))
    if up + down < Decimal(2.0**-1022):
        return Judgement("underflow", _why_small(strongest, up + down, "underflow"))
    if up + down <= Decimal(vanished):
        return Judgement("vanishing", _why_small(strongest, up + down, "vanishing"))
    return Judgement("ok", _why_ok(chain, strongest))


def pulls(chain: ChainRule) -> tuple[Decimal, Decimal]:
    """What the paths with a positive product give together, and what the negative ones do.

    >>> from engine import Value, chain_rule
    >>> x = Value(1.0, "x")
    >>> a, b = 3 * x, -2 * x
    >>> a.label, b.label = "a", "b"
    >>> [float(pull) for pull in pulls(chain_rule(a + b, x))]
    [3.0, 2.0]
    """
    sums = {chain.wrt: (Decimal(1), Decimal(0))}
    with localcontext() as context:
        context.prec, context.Emin, context.Emax = 20, -(10**17), 10**17
        for node, links in chain.links.items():
            if node is not chain.wrt:
                parts = [(abs(Decimal(link.value)), link.value > 0, sums[link.wrt]) for link in links]
                up = sum((size * pair[not positive] for size, positive, pair in parts), Decimal(0))
                down = sum((size * pair[positive] for size, positive, pair in parts), Decimal(0))
                sums[node] = up, down
    return sums[chain.output]


def _why_disconnected(chain: ChainRule) -> str:
    of, wrt = (naming(chain).names[node] for node in (chain.output, chain.wrt))
    return SENTENCES["disconnected" if chain.output.op else "leaf"].format(of=of, wrt=wrt)


def _blame(factors: Sequence[Factor]) -> str:
    return "; and ".join(_reason(factor) for factor in factors[:3]) + ("; and more" if len(factors) > 3 else "")


def _reason(factor: Factor) -> str:
    """∂a/∂z = σ'(z) = 1.93e-22 because z = 50: the sigmoid is saturated."""
    named = naming(factor.chain)
    formula = factor_text(factor, "spoken")
    number = short_number(factor.value)
    equation = f"{derivative(named.names[factor.of], named.names[factor.wrt])} = {formula}"
    equation += "" if formula == number else f" = {number}"
    culprit, operand = _culprit(factor)
    condition = CONDITIONS.get(culprit.op, "") if abs(factor.value) <= TINY else ""
    because = f"{named.describe(operand)} = {short_number(operand.data)}"
    if condition:
        return f"{equation} because {because}: {condition}"
    return equation if culprit.op in PLAIN or formula == number else f"{equation} where {because}"


def _culprit(factor: Factor) -> tuple[Value, Value]:
    """The operation with the smallest partial inside a factor, and the operand it is in."""
    steps = naming(factor.chain).steps(factor)
    node, operand, _ = min(steps, key=lambda step: abs(step[2]) if not math.isnan(step[2]) else -1.0)
    return node, operand


def _why_cancelled(chain: ChainRule, up: Decimal, down: Decimal) -> str:
    fields = {"count": many(chain.path_count), "up": _short(up), "down": _short(down)}
    return SENTENCES["cancelled"].format(**fields, total=short_number(chain.total))


def _why_small(path: Path, size: Decimal, how: str) -> str:
    length = len(path.factors)
    mean = short_number(math.exp(math.fsum(math.log(abs(f.value)) for f in path.factors if f.value) / max(length, 1)))
    return SENTENCES["small"].format(length=length, mean=mean, size=_short(size), how=SENTENCES[how])


def _short(number: Decimal) -> str:
    """Four digits, of a number that may be more or less than a float holds."""
    is_float = number == 0 or sys.float_info.min <= number <= sys.float_info.max
    return short_number(float(number)) if is_float else f"{number.normalize(Context(prec=4)):.4g}"


def _why_ok(chain: ChainRule, strongest: Path) -> str:
    if chain.path_count == 1:
        return SENTENCES["single"]
    fields = {"share": short_number(strongest.product), "total": short_number(chain.total)}
    return SENTENCES["ok"].format(count=many(chain.path_count), **fields)


extensions["ChainRule.judge"] = judge
