"""Softmaxes at the output: flat as they are sure, constant as they are of a single number, or over the examples."""

from collections.abc import Sequence
from itertools import chain

from ...core import numeric
from ...structure import SAME, LossGraph, cancelling
from ..context import Case
from ..report import Finding
from .by_hand import MOST, summed
from .logits import entry_candidates, softmax_entries
from .logs import log_sources
from .misuse import misuse, name_of


def sure_softmax(case: Case) -> list[Finding]:
    """A softmax that is compared with targets, not in a log, and is flat for nearly every example."""
    graph, limits = case.graph, case.limits
    if not any(
        graph.data[i] * (1.0 - graph.data[i]) <= max(limits.flat, limits.flat_once) for i in entry_candidates(graph)
    ):
        return []
    logs = log_sources(graph)
    entries = {i: z for i, z in softmax_entries(case).items() if z is not None and i not in logs}
    slopes = {i: _slope(graph, i) for i in entries}
    limit = 0.25 * (limits.flat if len(entries) >= limits.few else limits.flat_once)
    flat = [i for i, slope in slopes.items() if slope <= limit]
    is_flat = entries and len(flat) >= limits.nearly_all * len(entries)
    if not is_flat or not sum(abs(graph.gradients[i]) for i in flat) > limits.asked:
        return []
    steepest = max(slopes, key=slopes.__getitem__)
    return [
        Finding(
            "saturated",
            tuple(dict.fromkeys(name_of(case, entries[i]) for i in flat)),
            {"largest slope p (1 - p)": slopes[steepest], "probabilities": len(entries)},
            "The probabilities of this softmax are almost 0 and 1, where it is flat, and some of them are wrong. Every "
            "gradient that passes it is multiplied by about p (1 - p), so almost nothing is left to correct them.",
            "Compute the loss on the logits, cross_entropy([logits], [class]), whose gradient p - y does not contain "
            "this slope. If this is so from the start, scale the inputs to about 1 or start from smaller weights.",
        )
    ]


def lone_softmax(case: Case) -> list[Finding]:
    """A softmax of one number, which is always 1."""
    graph = case.graph
    constant = cancelling(case.indices, graph.gradients, graph.squares, SAME)
    entries = softmax_entries(case) if len(constant) == len(case.indices) else {}
    if not entries or any(z is not None for z in entries.values()):
        return []
    return misuse(
        case,
        entries,
        {"result": 1.0, "softmaxes": len(entries), "gradient": 0.0},
        "A softmax of a single number is always 1. So the loss does not depend on the output, and all gradients are 0.",
        "For one output and two classes take a sigmoid, binary_cross_entropy_with_logits([z], [y]). For a softmax give "
        "the last layer one output for each class.",
    )


def is_over_examples(case: Case, bias: int) -> bool:
    """Whether a bias cancels in softmaxes by hand, each over the results of one unit for several examples."""
    graph, results = case.graph, case.graph.flattened.results
    sums = {results[k] for k in graph.edges_to(bias)}
    exps = {results[k] for i in sums for k in graph.edges_to(i)}
    quotients = {results[k] for i in exps for k in graph.edges_to(i) if graph.nodes[results[k]].op == "div"}
    terms = [summed(graph, graph.operands(i)[1]) for i in quotients]
    is_softmax = terms and all(graph.nodes[i].op == "exp" for i in exps) and exps.issuperset(chain.from_iterable(terms))
    return bool(is_softmax) and all(len(several) > 1 and _is_one_unit(case, several) for several in terms)


def _is_one_unit(case: Case, exps: Sequence[int]) -> bool:
    """Whether these are exponentials of the same unit's sums."""
    numbers = {case.units.number_of(case.graph.argument(i)) for i in exps}
    return len(numbers) == 1 and None not in numbers


OVER_EXAMPLES = (
    "A softmax divides each exponential by a sum over the examples, not over the outputs of the same example. What is "
    "added to this output for all examples, as a bias is, cancels there, so the loss does not depend on it.",
    "Divide each exponential by the sum over the outputs of its own example, as softmax(outputs) does. If the softmax "
    "is over the examples on purpose, leave the bias out.",
)


def _slope(graph: LossGraph, i: int) -> float:
    """The slope p (1 - p) of an entry, in which 1 - p has all its digits."""
    if graph.nodes[i].op == "sigmoid":
        return graph.first_partial(i)
    top, bottom = graph.operands(i)
    terms = [graph.data[j] for j in summed(graph, bottom)]
    terms.remove(graph.data[top])
    rest = sum(terms) if len(terms) < MOST - 1 else graph.data[bottom] - graph.data[top]
    return float(graph.data[i] * numeric("div", rest, graph.data[bottom]))
