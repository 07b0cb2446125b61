"""The sentences of a comparison, as a teacher would say them."""

from __future__ import annotations

import html as markup
from collections.abc import Sequence

from ..core import book_name, total_derivative
from .candidate import Candidate
from .explanations import Outcome, Part
from .given import Gradient, as_shown, half_unit
from .instance import instance
from .location import where_to_look
from .names import LISTED, listed
from .trial import SAME, SLACK, Trial

SHOWN = 3  # wrong gradients with their numbers
CLEAR = 1e-3  # relative difference from which anybody can tell two gradients apart
FIGURES = 4  # digits of the right gradients
OFTEN = 0.5  # decimal orders of evidence below which a fit by chance is common
OFFERED = 4  # mistakes that give the same numbers


class Words:
    """The sentences of one comparison with wrong numbers."""

    def __init__(self, trial: Trial, gradients: Sequence[Gradient], loss: str) -> None:
        self.network, self.trial, self.gradients, self.loss = trial.network, trial, gradients, loss

    def _d(self, name: str) -> str:
        return total_derivative(self.loss, name)

    def say(self, outcome: Outcome) -> str:
        """The whole answer."""
        found, evidence = outcome.found, outcome.evidence
        match outcome.verdict:
            case "right":
                return self._right(outcome.off) + self._beside(found)
            case "mistake" | "several":
                return f"{self._wrong()}\n{self._explained(found)}{self._odds(evidence)}"
            case "two":
                return f"{self._wrong()}\n{self._two(*found)}{self._odds(evidence)}"
            case "chance":
                return f"{self._wrong()}\n{self._zeros()}{self._explained(found)} {self._chance(evidence)}"
        return self._idle() or f"{self._wrong()}\n{self._zeros()}{self._unknown(outcome.part)}"

    def _zeros(self) -> str:
        """Asks after backward() where all numbers are 0, as they are before it."""
        if any(g.given for g in self.gradients):
            return ""
        return f"Your numbers are all 0, as they are before backward(): was it called on {self.loss}? If so: "

    def _right(self, off: Sequence[int]) -> str:
        """All gradients are right, though some may be off by rounding."""
        count = len(self.gradients)
        what = "The gradient is" if count == 1 else f"{'Both' if count == 2 else f'All {count}'} gradients are"
        values = {self.network.sweep.nodes[i] for i in off}
        exact = [f"{self._d(g.name)} is {g.right:.{FIGURES}g}" for g in self.gradients if g.value in values]
        return f"{what} right" + (
            f", within the rounding of your intermediate results: {listed(exact[:SHOWN])}." if exact else "."
        )

    def _beside(self, found: Sequence[Candidate]) -> str:
        """The mistakes that give the numbers as well as rounding does."""
        if not found:
            return ""
        reasons = " or ".join(f"if {candidate.was}" for candidate in found[:OFFERED])
        return f" You would get them, too, {reasons}: only more digits can tell."

    def _idle(self) -> str:
        """Names gradients given for Values that the loss does not depend on."""
        idle = [g for g in self.gradients if g.ok is False and g.value not in self.network.sweep.index]
        if not idle:
            return ""
        verb, them = ("its gradient is", "it") if len(idle) == 1 else ("their gradients are", "them")
        more = f" Leave {them} out to compare the others." if self.trial.wrong() else ""
        return f"{self.loss} does not depend on {listed([g.name for g in idle])}: {verb} 0.{more}"

    def _explained(self, found: Sequence[Candidate]) -> str:
        return f"{self._follow()} {_reasons(found)}.{self._instance(found)}{self._apart(found)}"

    def _instance(self, found: Sequence[Candidate]) -> str:
        """Of one mistake, a number that it changes: as it should be and as it is."""
        said = instance(self.network, found[0], self.loss) if len(found) == 1 else ""
        return f" For instance, {said}." if said else ""

    def _two(self, a: Candidate, b: Candidate) -> str:
        return f"{self._follow()} from two mistakes together, such as {_numbered((a, b))}."

    def _chance(self, evidence: float) -> str:
        """A mistake fits, but so could chance."""
        often = f"about 1 time in {10**evidence:.0f}" if evidence > OFTEN else "often"
        zeros = not any(self.trial.given[i] for i in self.trial.wrong())
        why = "gives a 0 by coincidence" if zeros else "fits so few digits by coincidence"
        missing = [name for i in (*self.trial.others, *self._sums()) if (name := self.network.name(i))]
        surer = [] if zeros else ["give one more digit of each number"]
        surer += [f"give also the gradient of {book_name(name)}" for name in missing[:1]]
        return (
            f"Take this as a guess: {self.trial.tried} mistakes were tried, and {often} one of them {why}. "
            f"To be sure, {' or '.join(surer) or 'compare again with other weights or inputs'}."
        )

    def _sums(self) -> list[int]:
        """The pre-activations whose gradients are not given."""
        return [z for unit in self.network.units if (z := unit.occurrences[0].z) not in self.trial.given]

    def _unknown(self, part: Part | None) -> str:
        """No mistake fits: what explains a part of the numbers, or where to look."""
        if not self.trial.wrong():
            return (
                f"Rounding to {self.trial.digits} digits on the way can move them as far. "
                "Keep two more digits of each intermediate result, and compare again."
            )
        if texts := self._rounded_texts():
            return (
                "They are the right gradients, rounded to the digits shown. If you rounded them, pass them as text, "
                f"such as '{texts[0]}': of a float, at least three digits are compared."
            )
        multiples = self._multiples()
        if part is not None and not multiples:
            return (
                "None of the known mistakes gives all these numbers. The backward pass goes wrong first in "
                f"{part.layer.name}, whose numbers follow {_reasons(part.found)}. Correct that, and compare again."
            )
        but = f", but the wrong ones are multiples of the right ones: {listed(multiples)}" if multiples else ""
        return f"None of the known mistakes gives these numbers{but}.{where_to_look(self.trial)}"

    def _rounded_texts(self) -> list[str]:
        """The wrong numbers as text, if all are the right ones, rounded to the digits that they show; else []."""
        given, right, wrong = self.trial.given, self.trial.right, self.trial.wrong()
        shown = dict(zip(given, as_shown(list(given.values())), strict=True))
        off = [i for i in wrong if abs(given[i] - right[i]) > SLACK * half_unit(shown[i])]
        return [] if off else [shown[i] for i in wrong]

    def _multiples(self) -> list[str]:
        """Which weights and biases, by layer, are a constant times the right ones, if that explains all numbers."""
        wrong, said = set(self.trial.wrong()), dict[str, float]()
        for layer in self.network.layers:
            biases = layer.biases
            for kind, some in (("weights", layer.own - biases), ("biases", biases)):
                if some & wrong:
                    ratio = self.trial.ratio([i for i in self.trial.given if i in some])
                    if ratio is None:
                        return []
                    said[f"for the {kind} of {layer.name}"] = ratio
                    wrong -= some
        return [] if wrong else [f"{ratio:.4g} times {what}" for what, ratio in said.items()]

    def _wrong(self) -> str:
        wrong = [g for g in self.gradients if g.ok is False]
        digits = max(FIGURES, min(self.trial.digits, 9))
        shown = [f"{self._d(g.name)} is {g.right:.{digits}g}, not {g.given + 0.0:.{digits}g}" for g in wrong[:SHOWN]]
        if more := wrong[SHOWN:]:
            shown.append(f"{self._all_of(more, 'more')} {_be(more)} wrong, too")
        if fine := [g for g in self.gradients if g.ok]:
            shown.append(f"{self._all_of(fine, 'others' if wrong else 'numbers')} {_be(fine)} right")
        if unsure := [g for g in self.gradients if g.ok is None]:
            shown.append(f"{self._all_of(unsure, 'others' if shown else 'numbers')} may be right but for rounding")
        return f"{'; '.join(shown)}."

    def _all_of(self, some: Sequence[Gradient], noun: str) -> str:
        """Gradients by name, or how many they are, and of which layers."""
        if len(some) <= LISTED:
            return listed([g.name for g in some])
        nodes = {self.network.sweep.index[g.value] for g in some if g.value in self.network.sweep.index}
        parts = [layer.name for layer in self.network.layers if layer.own & nodes]
        return f"{len(some)} {noun} (in {listed(parts)})" if parts else f"{len(some)} {noun}"

    def _follow(self) -> str:
        count = len(self.gradients)
        some_right = ", right and wrong," if count > 2 and any(g.ok for g in self.gradients) else ""
        many = f"{'Both' if count == 2 else f'All {count}'} numbers{some_right} follow"
        return ("The number follows" if count == 1 else many) + (", within rounding," if self.trial.is_loose else "")

    def _apart(self, found: Sequence[Candidate]) -> str:
        """Which gradient, or more digits, would tell apart two mistakes that give the same numbers."""
        if len(found) == 1:
            return ""
        a, b = found[0].gradients, found[1].gradients
        apart = {i: d for i in self.trial.others if (d := _difference(a[i], b[i])) > CLEAR and self.network.name(i)}
        if apart:
            i = max(apart, key=lambda i: apart[i])
            name = self._d(self.network.name(i))
            return f" {name} tells them apart: {a[i]:.4g} by the first mistake, {b[i]:.4g} by the second."
        if any(_difference(a[i], b[i]) > SAME for i in self.trial.given):
            return " More digits would tell them apart."
        return ""

    def _odds(self, evidence: float) -> str:
        chance = "less than 1 in a million" if evidence > 6.0 else f"about 1 in {float(f'{10**evidence:.1g}'):,.0f}"
        what = (
            f"{self.trial.pairs_tried:,} pairs of mistakes"
            if self.trial.pairs_tried
            else f"{self.trial.tried} mistakes"
        )
        return f" The chance that one of the {what} tried fits by coincidence is {chance}."


def _reasons(found: Sequence[Candidate]) -> str:
    """The mistake and then its correction; of several mistakes, each with its correction in brackets."""
    if len(found) == 1:
        return f"if {found[0].was}. {_capitalised(found[0].right)}"
    return f"from each of these mistakes: {_numbered(found[:OFFERED])}"


def _numbered(found: Sequence[Candidate]) -> str:
    return "; ".join(f"({k}) {candidate.was} ({candidate.right})" for k, candidate in enumerate(found, 1))


def _capitalised(text: str) -> str:
    """The text as a sentence; a formula or a variable at its beginning stays as it is."""
    first = text.split()[0]
    return text[0].upper() + text[1:] if len(first) > 1 and first.isalpha() else text


def html(text: str, gradients: Sequence[Gradient]) -> str:
    """The sentences, and each gradient in a table."""
    rows = "".join(
        f"<tr><td>{markup.escape(book_name(g.name))}</td><td>{g.given:.6g}</td><td>{g.right:.6g}</td>"
        f"<td>{'?' if g.ok is None else '✓' if g.ok else '✗'}</td></tr>"
        for g in gradients
    )
    lines = "<br>".join(markup.escape(line) for line in text.splitlines())
    return f"<p>{lines}</p><table><tr><th></th><th>yours</th><th>right</th><th></th></tr>{rows}</table>"


def _be(some: Sequence[Gradient]) -> str:
    return "is" if len(some) == 1 else "are"


def _difference(a: float, b: float) -> float:
    size = max(abs(a), abs(b))
    return abs(a - b) / size if size else 0.0
