"""The picture of a derivation that is wrong: the wrong or missing factor in crimson, as written and as it should be."""

from dataclasses import replace

from ..chain import Factor as Truth
from ..core import pretty_number
from .contributions import step
from .diagram import diagram_of
from .parts import TEXT, Diagram, Factor, View
from .theme import Line, wrapped


def marked(truth: Truth, written: str, text: str, view: View) -> Diagram:
    """The diagram of a chain, with the factor that was `written` beside the true one; a `text` says why.

    Where nothing was written, the factor is missing.

    >>> from engine import Value, chain_rule
    >>> x = Value(3.0, "x")
    >>> chain = chain_rule(x * x, x)
    >>> marked(chain.paths()[0].factors[0], "x", "not x", View()).headline[1]
    [('said', 'not x')]
    """
    diagram = diagram_of(truth.chain, view)
    arrows = [_crossed(x, truth, written) if isinstance(x, Factor) else x for x in diagram.edges]
    verdict = f"A factor is {'wrong' if written else 'missing'}"
    headline: list[Line] = [[("name", verdict), ("key", "   "), ("number dead verdict mark", "✕")]]
    headline += wrapped(text.split(), "said", min(TEXT, view.width))
    return replace(diagram, edges=arrows, headline=[*headline, [("key", " ")]], rows=[])


def _crossed(arrow: Factor, truth: Truth, written: str) -> Factor:
    if arrow.step != step(truth.link):
        return arrow
    right: Line = [("key", "right: "), ("formula", truth.pretty), ("number", f" = {pretty_number(truth.value)}")]
    yours: Line = [("number dead mark", "✕"), ("number dead", f" yours: {written}" if written else " missing")]
    lines: list[Line] = [arrow.box.lines[0], yours, right]
    return replace(arrow, box=replace(arrow.box, kind="factor dead", lines=lines, border=1.4))
