"""The verdict on one chain rule, its reason in a sentence, and the factors to blame.

A verdict is about the operations on the paths, whatever is labelled. The thresholds are the constants below;
`judge(chain, tiny=...)` takes others. Positive and negative paths are summed separately, without enumerating them, in
Decimal, whose exponents don't underflow.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import get_args

from ..core import Value, api_boundary, choice, instance, within
from .expressions import LATEX_CALLS, SLOPES, Style
from .paths import SUMMED, ChainRule, Factor, Path
from .sentences import BREAKS, CONDITIONS, HOLDS, INSIDE, SENTENCES, SLOPING, STEPS, TINY, WIDE, Sentences, underflows
from .symbolic import LARGEST, SAME, STEPPED
from .variables import Link

VANISHED = 1e-5  # a product of moderate factors below this is small; 1e-3 is an everyday gradient
CANCELLED = 1e-3  # paths cancel if less than this fraction of the sum of their magnitudes is left
MIXED = 0.1  # the same, from where on a sentence names what cancels inside the factors
FEW = 10  # paths among which the one that is nan is looked for
MANY = 4  # fewer factors above 1 do not explode: they are large inputs

# The page judges by the same thresholds and words.
WORDS: dict[str, object] = {"tiny": TINY, "vanished": VANISHED, "cancelled": CANCELLED, "mixed": MIXED, "same": SAME}
WORDS |= {"summed": SUMMED, "stepped": STEPPED, "largest": LARGEST, "slopes": SLOPES, "calls": LATEX_CALLS}
WORDS |= {"many": MANY, "inside": INSIDE, "holds": HOLDS, "steps": STEPS}
WORDS |= {"sentences": SENTENCES, "conditions": CONDITIONS, "breaks": BREAKS, "sloping": SLOPING}


@api_boundary
@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on a chain rule, the sentence that explains it, and the factors to blame: what `judge` returns.

    >>> Judgement("ok", "one path, and no factor kills it").verdict
    'ok'
    """

    verdict: str
    sentence: str
    factors: tuple[Factor, ...] = ()


@api_boundary
def judge(
    chain: ChainRule,
    tiny: float = TINY,
    vanished: float = VANISHED,
    cancelled: float = CANCELLED,
    style: Style = "spoken",
) -> Judgement:
    """The verdict, one of "ok killed cancelled vanishing exploding underflow disconnected non_finite".

    "killed" is a factor of at most `tiny` and a derivative of at most `tiny`; "vanishing" is a derivative of at most
    `vanished` without such a factor; "cancelled" is a sum of paths of at most `cancelled` times their magnitudes.
    In the style "pretty" the sentence is written as in pictures.

    >>> from engine import Value, chain_rule
    >>> z = Value(50.0, "z1")
    >>> a = z.sigmoid()
    >>> a.label = "a"
    >>> print(judge(chain_rule(a, z)).sentence)
    raising z1 by 0.01 raises a by about 1.929e-24; ∂a/∂z1 = σ'(z1) = 1.929e-22 because z1 = 50: the sigmoid is
    saturated
    """
    instance(chain, ChainRule, "chain", "a ChainRule, as chain_rule gives it")
    tiny, vanished, cancelled = within(tiny, "tiny"), within(vanished, "vanished"), within(cancelled, "cancelled")
    say = Sentences(chain, choice(style, get_args(Style), "style"))
    if not chain.path_count:
        return Judgement("disconnected", say.disconnected())
    operations = chain.operations
    strongest = operations.paths(1)[0]
    if not (math.isfinite(chain.total) and math.isfinite(chain.data[chain.output])):
        paths = chain.paths(FEW)
        path = next((p for p in paths if math.isnan(chain.total) and math.isnan(p.product)), paths[0])
        wild = tuple(factor for factor in path.factors if not math.isfinite(factor.value))
        return Judgement("non_finite", say.non_finite(wild, path), wild)
    up, down = operations.up_and_down
    killing = [factor.link for factor in strongest.factors if kills(factor.link, chain, tiny)]
    moderate = _without_units(strongest, chain.wrt, tiny)
    size = _product(moderate)
    if killing and max(up + down, size) <= Decimal(tiny):
        factors = tuple(_folded(chain, strongest, killing))
        zeros = [link for link in killing if link.value == 0.0]
        is_rounded = zeros and all(underflows(link.of, chain.data[link.wrt], link.value) for link in zeros)
        return Judgement("underflow" if is_rounded else "killed", say.told(say.blame(factors)), factors)
    small = [factor for factor in strongest.factors if is_error(factor.link, chain) and abs(factor.value) <= tiny]
    if len(small) == 1 and up + down <= Decimal(tiny) and not _is_small_without(small[0], strongest, vanished):
        return Judgement("ok", say.told(say.error(next(_folded(chain, strongest, [small[0].link])), small[0].wrt)))
    if up + down < Decimal(2.0**-1022):
        return Judgement("underflow", say.told(say.product("underflow", strongest)))
    if max(up + down, size) <= Decimal(vanished):
        return Judgement("vanishing", say.told(say.product("vanishing", strongest)))
    if _cancel(up, down, cancelled):
        return Judgement("cancelled", say.told(say.ways("cancelled", *_seen(chain, cancelled))))
    if _explodes(moderate, tiny, vanished):
        return Judgement("exploding", say.told(say.product("exploding", strongest)))
    count, *sums = _seen(chain, MIXED) if _cancel(up, down, MIXED) else (chain.path_count, *chain.up_and_down)
    return Judgement("ok", say.told(say.ways("mixed", count, *sums) if all(sums) else say.ok()))


def _seen(chain: ChainRule, part: float) -> tuple[int, Decimal, Decimal]:
    """The count of paths that cancel and their sums: of the labelled ones, or of the operations inside the factors."""
    seen = chain if _cancel(*chain.up_and_down, part) else chain.operations
    return seen.path_count, *seen.up_and_down


def kills(link: Link, chain: ChainRule, tiny: float = TINY) -> bool:
    """Whether one operation kills the gradient that passes it; multiplying by a weight does so only if that is 0."""
    if abs(link.value) > tiny or is_error(link, chain):
        return False
    return link.value == 0.0 or not is_scale(link.of, link.wrt, chain.wrt)


def is_error(link: Link, chain: ChainRule) -> bool:
    """Whether an operation is the power of an error in a loss, whose slope is to become 0."""
    node, operands = link.of, link.of.operands
    is_power = node.op == "square" or (node.op == "mul" and operands[0] is operands[1])
    is_power = is_power or (node.op == "pow" and link.wrt is operands[0] and chain.data[operands[1]] > 1.0)
    return is_power and node in chain.loss_terms


def _is_small_without(error: Factor, path: Path, vanished: float) -> bool:
    """Whether the factors of a path are small even without that of the error."""
    return _product([factor.value for factor in path.factors if factor is not error]) <= Decimal(vanished)


def is_scale(node: Value, operand: Value, wrt: Value) -> bool:
    """Whether an operation multiplies an operand by an independent variable: a weight, or a change of units."""
    by = _multiplier(node, operand)
    return by is not None and not by.op and by is not wrt


def _multiplier(node: Value, operand: Value) -> Value | None:
    operands = node.operands
    if node.op == "mul" or (node.op == "div" and operand is operands[0]):
        return operands[1] if operand is operands[0] else operands[0]
    if node.op != "dot":
        return None
    size = len(operands) // 2
    slot = next((i for i, x in enumerate(operands[:-1]) if x is operand), None)
    return None if slot is None else operands[(slot + size) % (2 * size)]


def tiny_factors(path: Path, tiny: float = TINY) -> tuple[Factor, ...]:
    """The factors of a path that by themselves kill the gradient that passes it."""

    def is_killing(factor: Factor) -> bool:
        chain, steps = factor.chain, [Link(*step) for step in factor.chain.naming.steps(factor.link)]
        is_zero = not factor.value and not any(is_error(step, chain) for step in steps)
        return is_zero or any(kills(step, chain, tiny) for step in steps)

    return tuple(factor for factor in path.factors if abs(factor.value) <= tiny and is_killing(factor))


def _without_units(path: Path, wrt: Value, tiny: float) -> list[float]:
    """The factors of a path, except unit conversions: independent variables far from 1."""
    if path.is_cut:
        return [0.0]
    return [
        factor.value
        for factor in path.factors
        if tiny < abs(factor.value) < 1.0 / tiny or not factor.value or not is_scale(factor.of, factor.wrt, wrt)
    ]


def _product(factors: Sequence[float]) -> Decimal:
    with localcontext(WIDE):
        return math.prod((abs(Decimal(factor)) for factor in factors), start=Decimal(1))


def _explodes(factors: Sequence[float], tiny: float, vanished: float) -> bool:
    """Whether moderate factors have a large product; a single large one is a large input."""
    moderate = [factor for factor in factors if abs(factor) < 1.0 / tiny]
    above = sum(abs(factor) > 1.0 for factor in moderate)
    return above >= MANY and _product(moderate) >= Decimal(1.0 / vanished)


def _cancel(up: Decimal, down: Decimal, cancelled: float) -> bool:
    return bool(up and down) and abs(up - down) <= Decimal(cancelled) * (up + down)


def _folded(chain: ChainRule, path: Path, links: Sequence[Link]) -> Iterator[Factor]:
    """The factors of a chain into which some operations on a path are folded."""
    before, inside = chain.wrt, False
    for factor in path.factors:
        inside = inside or factor.link in links
        if factor.of in chain.links:
            link = factor.link
            if chain.by == "labels":
                link = next(link for link in chain.links[factor.of] if link.wrt is before)
            if inside:
                yield Factor(link.of, link.wrt, link.value, link, chain)
            before, inside = factor.of, False


UpAndDown = tuple[Decimal, Decimal]  # upwards and downwards


def up_and_down(chain: ChainRule) -> UpAndDown:
    """The sum of the positive path products, and of the negative ones' magnitudes: `ChainRule.up_and_down`.

    >>> from engine import Value, chain_rule
    >>> x = Value(1.0, "x")
    >>> a, b = 3 * x, -2 * x
    >>> a.label, b.label = "a", "b"
    >>> [float(pull) for pull in chain_rule(a + b, x).up_and_down]
    [3.0, 2.0]
    """

    def add(steps: list[tuple[Link, UpAndDown]]) -> UpAndDown:
        parts = [(abs(Decimal(link.value)), link.value > 0, sums) for link, sums in steps if not link.is_cut]
        up = sum((size * sums[not positive] for size, positive, sums in parts if sums[not positive]), Decimal(0))
        down = sum((size * sums[positive] for size, positive, sums in parts if sums[positive]), Decimal(0))
        return up, down  # a sum of 0 is left out, as an infinite slope after a branch that is not taken adds nothing

    with localcontext(WIDE):
        return chain.along((Decimal(1), Decimal(0)), add).get(chain.output, (Decimal(0), Decimal(0)))
