"""The parameters of a loss, inferred from those given: leaves used in the same way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
        self.users: dict[int, tuple[int, int]] = {}  # of products: what uses them, and as which operand
        for k, j in enumerate(self.operands):
            if self.ops[j] == "mul":
                self.users[j] = (sweep.results[k], k - self.starts[sweep.results[k]])
        products = [i for i in range(self.size) if self.ops[i] == "mul" and self._is_term(i)]
        self.products = [self._operands(i) for i in products]
        self.dots = [self._operands(i) for i in range(self.size) if self.ops[i] == "dot"]

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
        for operands in self.dots:
            yield from self._of_neuron(operands)

    def _operands(self, i: int) -> list[int]:
        return self.operands[self.starts[i] : self.starts[i + 1]]

    def _is_data(self, i: int) -> bool:
        """A leaf that is not known."""
        return i >= self.size and i not in self.mine

    def _ends_layer(self, i: int) -> bool:
        return i < self.size and self.ops[i] in LAYER_ENDS

    def _is_term(self, i: int) -> bool:
        """Whether a product is one of a weighted sum: a + w h, w h - y, or σ(w h), but not 1 - y h."""
        user, operand = self.users.get(i, (-1, 0))
        if user < 0:
            return False
        return (
            self.ops[user] in ("add", "sum")
            or self.ops[user] in LAYER_ENDS
            or (self.ops[user] == "sub" and not operand)
        )

    def _of_neuron(self, operands: list[int]) -> Iterator[int]:
        """The weights and the bias of a `dot` of weights with inputs: of data, or of the layer before."""
        half = len(operands) // 2
        weights, inputs, bias = operands[:half], operands[half:-1], operands[-1]
        has_mine = any(j in self.mine for j in weights)
        is_neuron = any(self.nodes[j].label for j in weights) and all(
            j >= self.size or self.ops[j] in LAYER_ENDS for j in inputs
        )
        if has_mine or is_neuron:
            yield from (j for j in weights if self._is_data(j))
            if self._is_data(bias) and self.nodes[bias].label:
                yield bias
