"""The sentences on a chain rule: first the direction, then the reason for its verdict."""

import math
import sys
from collections.abc import Collection, Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext

from ..core import Value, ancestors, derivative, many, pretty_number, short_number
from .expressions import Style, condition, show
from .paths import ChainRule, Factor, Path
from .variables import VariableGraph

TINY = 1e-3  # a factor below this is visibly tiny beside factors of order 1
LISTED = 3  # most branches listed
NAMED = 3  # most variables listed with their numbers beside a formula
STEPS = [10.0**-n for n in range(2, 13)]  # steps by which wrt is raised: the first for which the slope holds
INSIDE = 0.382  # of a step: where the slope is looked at, too; no period of a sine fits this and a whole step
HOLDS = 0.1  # largest relative change of the slope over a step
WIDE = Context(prec=20, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])

# The sentences, for the text here and for the page.
SENTENCES = {
    "raising": "raising {wrt} by {step} {moves} {of} by about {change}",
    "slope": "the slope of {of} with respect to {wrt} is {total}",
    "ok": "{count} paths; the strongest gives {share} of {total}",
    "mixed": "{count} paths: {up} upwards and {down} downwards leave {total}",
    "single": "one path, and no factor kills it",
    "cancelled": "the {count} paths pull against each other: {up} upwards, {down} downwards, and {total} is left",
    "vanishing": "no factor kills alone, but those of the strongest path multiply to {size}",
    "exploding": "no factor is huge alone, but those of the strongest path multiply to {size}",
    "error": "{why}: {inside} is {nearly}0, and the loss is {nearly}flat there",
    "underflow": "no factor kills alone, but those of the strongest path multiply to {size}, "
    "which is less than the smallest float",
    "rounded": "{why}, with a slope less than the smallest float",
    "overflow": "the factors multiply to more than a float holds",
    "masked": "a factor of 0 meets an infinite derivative of {node} at {inside}, and 0 · ∞ is nan: "
    "a product with 0 does not remove a branch",
    "untaken": "where takes the other branch",
    "decides": "it only decides which branch where takes",
    "undefined": "{of} itself is {number}",
    "leaf": "{of} is an independent variable: it does not depend on {wrt}",
    "disconnected": "{of} was not computed from {wrt}: no path leads from {wrt} to {of}",
    "swapped": "{of} does not depend on {wrt}, but {wrt} depends on {of}: did you mean chain_rule({wrt}, {of})?",
}

# Why the slope of a function is tiny.
CONDITIONS = {
    "sigmoid": "the sigmoid is saturated",
    "softmax": "the softmax is saturated",
    "tanh": "the tanh is saturated",
    "erf": "erf is saturated",
    "relu": "the relu is off",
    "softplus": "the softplus is flat there",
    "exp": "exp is flat there",
    "logsumexp": "another operand outweighs it",
    "maximum": "the other operand is larger",
    "minimum": "the other operand is smaller",
    "clip": "it is clipped",
}

# Functions whose slope is never 0, but less than the smallest float far from 0.
SLOPING = ("sigmoid", "tanh", "erf", "softplus", "exp", "logsumexp")

# The rows of a `where`: with a plain bool, which fixes its branch, and with a comparison.
FIXED = ("where_true", "where_false")
BRANCHES = (*FIXED, "select")
TESTS = ("less", "less_equal", "minimum", "maximum", "sub")  # comparisons, and what combines them

# Why the slope of a function is inf or nan.
BREAKS = {
    "exp": "exp overflows there",
    "log": "log is vertical there",
    "log1p": "log1p is vertical there",
    "sqrt": "the root is vertical there",
    "div": "it divides by that",
    "pow": "the power is vertical there",
}


def branches(graph: VariableGraph, style: Style = "spoken", kinds: Collection[str] = BRANCHES) -> list[str]:
    """A line for each `where`, which says which branch it took.

    >>> from engine import where
    >>> x = Value(4.0, "x")
    >>> y = where(x > 0.0, x.sqrt(), 0.0)
    >>> y.label = "y"
    >>> branches(VariableGraph(y))
    ['where took its first branch for y, as x > 0 holds: b = sqrt(x)']
    """
    found = [node for node in graph.nodes if node.op in kinds and (node.op != "select" or node.operands[0].op in TESTS)]
    lines = [_branch(graph, node, style) for node in found[:LISTED]]
    return lines + ([f"and {len(found) - LISTED} more took a branch"] if len(found) > LISTED else [])


def _branch(graph: VariableGraph, node: Value, style: Style) -> str:
    naming, reason, taken = graph.naming, "", node.operands[0]
    holds = node.op == "where_true"
    if node.op == "select":
        holds, taken = bool(node.partials[1]), node.operands[1 if node.partials[1] else 2]
        tested = condition(graph.in_labels.term(node.operands[0]), style)
        reason = f", as {tested} {'holds' if holds else 'does not hold'}"
    name = f" for {show(naming.names[node], style)}" if node in naming.names else ""
    return f"where took its {'first' if holds else 'second'} branch{name}{reason}: {graph.told(taken, style)}"


def _function(node: Value, operand: Value) -> str:
    """The function that an operation is for an operand: an entry of a softmax is a sigmoid, and bounds clip."""
    if node.op == "clip" and operand is not node.operands[0]:
        return ""
    return "softmax" if node.op == "sigmoid" and operand.op == "ahead" else node.op


def underflows(node: Value, operand: float, slope: float) -> bool:
    """Whether a slope of 0 was rounded to it."""
    return slope == 0.0 and node.op in SLOPING and math.isfinite(operand)


class Sentences:
    """The sentences on a chain rule, as text or in the style of pictures."""

    def __init__(self, chain: ChainRule, style: Style) -> None:
        self.chain, self.style, self.naming = chain, style, chain.naming

    def name(self, node: Value) -> str:
        """A variable."""
        return show(self.naming.term(node), self.style)

    def equation(self, node: Value) -> str:
        """A variable or a formula with its number: z = w * x = 50."""
        return f"{self.chain.told(node, self.style)} = {self.number(self.chain.data[node])}"

    def number(self, number: float, digits: int = 4) -> str:
        """A float."""
        return pretty_number(number, digits) if self.style == "pretty" else short_number(number, digits)

    def disconnected(self) -> str:
        """Why there is no path."""
        output, wrt = self.chain.output, self.chain.wrt
        kind = "swapped" if output in ancestors(wrt) else "disconnected" if output.op else "leaf"
        return SENTENCES[kind].format(of=self.name(output), wrt=self.name(wrt))

    def told(self, reason: str) -> str:
        """The direction, and then the reason."""
        return f"{self.direction()}; {reason}"

    def direction(self) -> str:
        """The effect of raising wrt on output, for a step over which the slope holds."""
        names = {"of": self.name(self.chain.output), "wrt": self.name(self.chain.wrt)}
        total = self.chain.total
        step = next(filter(self._holds, STEPS), None) if total else None
        if step is None:
            return SENTENCES["slope"].format(total=self.number(total), **names)
        moves, change = "raises" if total > 0 else "lowers", self.number(abs(total) * step)
        return SENTENCES["raising"].format(step=self.number(step), moves=moves, change=change, **names)

    def _holds(self, step: float) -> bool:
        """Whether the slope is nearly the same within a step and at its end."""
        graph, total = self.chain.graph, self.chain.total
        index = graph.index_of[self.chain.wrt]
        here = graph.data[index]
        moved = [graph.elsewhere({index: here + part * step})[0][index] for part in (INSIDE, 1.0)]
        return here + step > here and all(abs(slope - total) <= HOLDS * abs(total) for slope in moved)

    def non_finite(self, wild: Sequence[Factor], path: Path) -> str:
        """The sentence on what is inf or nan."""
        output = self.chain.output
        number = self.chain.data[output]
        infinite = [factor for factor in path.factors if math.isinf(factor.value)]
        if infinite and any(factor.value == 0.0 for factor in path.factors):
            return self._zero_times(infinite[0].of, infinite[0].wrt)
        if wild or math.isfinite(number):
            return self.blame(wild) if wild else SENTENCES["overflow"]
        return SENTENCES["undefined"].format(of=self.name(output), number=self.number(number))

    def blame(self, factors: Sequence[Factor]) -> str:
        """The reason why each of some factors is tiny or not finite."""
        return "; and ".join(map(self.reason, factors[:3])) + ("; and more" if len(factors) > 3 else "")

    def reason(self, factor: Factor) -> str:
        """∂a/∂z = σ'(z) = 1.93e-22 because z = 50: the sigmoid is saturated."""
        term, number = self.naming.partial(factor.link), self.number(factor.value)
        formula = show(term, self.style)
        equation = f"{derivative(self.name(factor.of), self.name(factor.wrt))} = {formula}"
        equation += "" if formula == number else f" = {number}"
        if masked := self._masked(factor) or self._untaken(factor):
            return f"{equation}: {masked}"
        culprit, operand = self._culprit(factor)
        conditions = BREAKS if not math.isfinite(factor.value) else CONDITIONS if abs(factor.value) <= TINY else {}
        op = _function(culprit, operand)
        if op in conditions:
            because = self.equation(operand)
            why = conditions[op]
            if underflows(culprit, self.chain.data[operand], factor.value):
                why = SENTENCES["rounded"].format(why=why)
            return f"{equation} because {because}: {why}"
        if isinstance(term, float):
            constant = self.naming.is_constant(factor.link)
            return f"{equation}, whatever {self.name(factor.wrt)} is" if constant else equation
        where = [self.equation(x) for x in self.naming.within(term)[:NAMED]]
        return f"{equation} where {' and '.join(where)}" if isinstance(term, tuple) and where else equation

    def error(self, factor: Factor, operand: Value) -> str:
        """The reason for a small slope that is to be small: ∂L/∂a = 2 (a - y) = 2e-5, as a - y is nearly 0."""
        inside, nearly = self.chain.told(operand, self.style), "nearly " if factor.value else ""
        return SENTENCES["error"].format(why=self.reason(factor), inside=inside, nearly=nearly)

    def _masked(self, factor: Factor) -> str:
        """Why a factor is nan: one of its steps is 0 and another infinite."""
        steps = self.naming.steps(factor.link)
        infinite = [(node, operand) for node, operand, partial in steps if math.isinf(partial)]
        if not math.isnan(factor.value) or not infinite or all(partial for *_, partial in steps):
            return ""
        return self._zero_times(*infinite[0])

    def _untaken(self, factor: Factor) -> str:
        """Why no gradient passes a factor into a branch that is not taken, or into a condition."""
        steps = self.naming.steps(factor.link) if factor.link.is_cut else []
        cut = [operand is node.operands[0] for node, operand, partial in steps if node.op == "select" and not partial]
        return SENTENCES["decides" if all(cut) else "untaken"] if cut else ""

    def _zero_times(self, node: Value, operand: Value) -> str:
        return SENTENCES["masked"].format(inside=self.equation(operand), node=node.op)

    def _culprit(self, factor: Factor) -> tuple[Value, Value]:
        """The operation inside a factor with the smallest or a non-finite partial, and its operand."""

        def size(step: tuple[Value, Value, float]) -> float:
            return abs(step[2]) if math.isfinite(step[2]) else -1.0

        node, operand, _ = min(self.naming.steps(factor.link), key=size)
        return node, operand

    def ways(self, how: str, count: int, up: Decimal, down: Decimal) -> str:
        """The sums of the upward and the downward paths, as numbers in text."""
        return SENTENCES[how].format(count=many(count), **self._ways(up, down), total=self.number(self.chain.total))

    def _ways(self, up: Decimal, down: Decimal) -> dict[str, str]:
        """The upward and downward sums, to enough digits to see their difference."""
        digits = next((n for n in range(4, 13) if self.size(up, n) != self.size(down, n)), 4)
        return {"up": self.size(up, digits), "down": self.size(down, digits)}

    def product(self, how: str, path: Path) -> str:
        """The product of the factors that are not 0."""
        with localcontext(WIDE):
            size = math.prod((abs(Decimal(factor.value)) for factor in path.factors if factor.value), start=Decimal(1))
        return SENTENCES[how].format(size=self.size(size))

    def size(self, number: Decimal, digits: int = 4) -> str:
        """A number that may be outside the range of floats."""
        if number == 0 or sys.float_info.min <= number <= sys.float_info.max:
            return self.number(float(number), digits)
        text = f"{number.normalize(Context(prec=digits)):.{digits}g}"
        return text.replace("-", "−") if self.style == "pretty" else text

    def ok(self) -> str:
        """The contribution of the strongest path, where all pull the same way."""
        chain, total = self.chain, self.number(self.chain.total)
        if chain.path_count == 1:
            return SENTENCES["single"]
        share = self.number(chain.paths(1)[0].product)
        return SENTENCES["ok"].format(count=many(chain.path_count), share=share, total=total)
