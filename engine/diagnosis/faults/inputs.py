"""Examples that all have the same input, though the loss asks for different outputs."""

from ...structure import ints_of
from ..context import Case
from ..report import Finding
from ..words import amount
from .stuck import Output, inputs_of, outputs_of


def constant_input(case: Case) -> list[Finding]:
    """Outputs that are equal for every example, whatever the parameters are, because all inputs are equal."""
    outputs = [] if case.graph.changed or _differs(case) else list(outputs_of(case))
    if not outputs or not all(_is_torn(case, output) for output in outputs):
        return []
    leaves = {tuple(case.graph.data[j] for j in inputs_of(case, i)) for output in outputs for i in output.indices}
    first = [o.products.inputs for n in case.units.at_data for o in case.units.unit(n).occurrences[:1]]
    if len(leaves) > 1 or not first or len(first[0]) < 2:  # a single input may be the 1 of a bias
        return []
    return [_same(outputs, [case.graph.data[x] for x in first[0]])]


def _differs(case: Case) -> bool:
    """Whether a first layer's sum is not the same for all examples, judged by two of them."""
    ends = (ints_of((pre[0], pre[-1])) for n in case.units.at_data if len(pre := case.units.pre.of(n)))
    return any(len({case.graph.data[o.z] for o in case.units.weighted_sums.occurrences(two)}) > 1 for two in ends)


def _is_torn(case: Case, output: Output) -> bool:
    """Whether the loss moves equal predictions, which come after as many layers, differently."""
    if len({case.units.stages[i] for i in output.indices}) > 1:
        return False
    return 0.0 not in output.demands and len(set(output.numbers)) == 1 < len(set(output.demands))


def _same(outputs: list[Output], given: list[float]) -> Finding:
    examples, shown = len(outputs[0].indices), ", ".join(map(amount, given[:4])) + (", …" if len(given) > 4 else "")
    return Finding(
        "constant_input",
        tuple(name for output in outputs for name in output.names),
        {"examples": examples, "different inputs": 1, "output": outputs[0].numbers[0]},
        f"All {examples} examples have the same input, ({shown}), so the output is the same for all of them, whatever "
        "the parameters are. But the loss asks for different outputs. The model can learn the average of the targets, "
        "and nothing else.",
        "Look at the data: most likely one example was read again and again, as by a loop that uses the same x each "
        "time, or the features were rounded or clipped to one number.",
    )
