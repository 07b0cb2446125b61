"""The parameters of a loss, inferred from those given: leaves used in the same way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import compress

from .reverse_sweep import ReverseSweep

# Activations that the next layer's weights multiply; losses multiply softplus, log and sums by targets.
LAYER_ENDS = {"sigmoid", "tanh", "erf", "relu", "leaky_relu"}


def parameters(sweep: ReverseSweep, given: Sequence[int]) -> list[int]:
    """The given leaves and those like them: factors of activations, and of data on the same side as the given ones.

    >>> from ..core import Value
    >>> x, w, v = Value(1.0), Value(2.0, "w"), Value(3.0, "v")
    >>> sweep = ReverseSweep((v * (w * x).tanh() - 1) ** 2, [w])
    >>> [sweep.nodes[i].label for i in parameters(sweep, [sweep.index[w]])]
    ['w', 'v']
    """
    leaves = _Leaves(sweep, given)
    while more := [i for i in dict.fromkeys(leaves.similar()) if i not in leaves.mine]:
        leaves.mine.update(dict.fromkeys(more))
    return list(leaves.mine)


class _Leaves:
    """The products of a graph with leaves, and which leaves are known to be parameters."""

    def __init__(self, sweep: ReverseSweep, given: Sequence[int]) -> None:
        self.nodes, self.ops, self.size = sweep.nodes, sweep.ops, sweep.size
        self.starts, self.operands = sweep.starts, sweep.operands
        self.mine = dict.fromkeys(given)
        self.results, products = sweep.results, sweep.graph.of("mul")
        is_product = bytearray(len(self.nodes))
        for i in products:
            is_product[i] = 1
        uses = compress(range(len(self.operands)), map(is_product.__getitem__, self.operands)) if products else ()
        self.uses = {self.operands[k]: k for k in uses}  # of products: the oldest edge to each
        self.products = [self._operands(i) for i in reversed(products) if self._is_term(i)]
        self.neurons: dict[tuple[int, ...], list[list[int]]] = defaultdict(list)  # weights and bias: inputs
        for i in sweep.graph.of("dot"):
            operands = self._operands(i)
            half = len(operands) // 2
            self.neurons[(*operands[:half], operands[-1])].append(operands[half:-1])

    def similar(self) -> Iterator[int]:
        """Leaves that are weights or biases if the known ones are."""
        # w * x or x * w: the side of the known ones in products with data, or with activations if none multiplies data.
        known = [(s, pair[1 - s]) for pair in self.products for s in (0, 1) if pair[s] in self.mine]
        sides = {s for s, other in known if self._is_data(other)} or {
            s for s, other in known if self._ends_layer(other)
        }
        for pair in self.products:
            for s in (0, 1):
                if self._is_data(pair[s]) and (
                    self._ends_layer(pair[1 - s]) or (self._is_data(pair[1 - s]) and sides == {s})
                ):
                    yield pair[s]
        for (*weights, bias), inputs in self.neurons.items():
            yield from self._of_neuron(weights, bias, inputs)

    def _operands(self, i: int) -> list[int]:
        return self.operands[self.starts[i] : self.starts[i + 1]]

    def _is_data(self, i: int) -> bool:
        """A leaf that is not known."""
        return i >= self.size and i not in self.mine

    def _ends_layer(self, i: int) -> bool:
        return i < self.size and self.ops[i] in LAYER_ENDS

    def _is_term(self, i: int) -> bool:
        """Whether a product is one of a weighted sum: a + w h, w h - y, or σ(w h), but not 1 - y h."""
        if i not in self.uses:
            return False
        k = self.uses[i]
        user = self.results[k]
        return (
            self.ops[user] in ("add", "sum")
            or self.ops[user] in LAYER_ENDS
            or (self.ops[user] == "sub" and k == self.starts[user])
        )

    def _of_neuron(self, weights: list[int], bias: int, inputs: list[list[int]]) -> Iterator[int]:
        """The weights and the bias of a `dot` of weights with inputs: of data, or of the layer before."""
        if any(j in self.mine for j in weights) or (
            any(self.nodes[j].label for j in weights) and any(map(self._are_inputs, inputs))
        ):
            yield from (j for j in weights if self._is_data(j))
            if self._is_data(bias) and self.nodes[bias].label:
                yield bias

    def _are_inputs(self, some: list[int]) -> bool:
        """Whether all of them are data or come from the layer before."""
        return all(j >= self.size or self.ops[j] in LAYER_ENDS for j in some)
