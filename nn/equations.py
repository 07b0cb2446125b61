"""backpropagation: the four equations of a network, in matrices, with their numbers layer by layer.

Read `backpropagation` first, then `layer_reader` and `layer_outputs` (how matrices are read off a graph),
`output_error` (the form of δ at the last layer), `sections` (the equations of a layer), and the writers,
`matrix_text` and `gradient_picture`.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from engine import Value
from engine.core import api_boundary, came, entries, pretty_number, replace

from .module import Module

if TYPE_CHECKING:
    from graphviz import Digraph

    from .layer_matrices import LayerMatrices
    from .output_error import OutputError
    from .sections import Section


@api_boundary
def backpropagation(model: Module | Iterable[Value], loss: Value) -> "Backpropagation":
    """The equations of backpropagation for the loss of a model, or of parameters, with every matrix in numbers.

    Layers and units are found by structure, not by labels. The loss may be of one example or of a batch, whose examples
    are the rows. The gradients equal those of `backward()`, which need not have run. A network whose layers do not each
    read the whole previous layer is a ValueError.

    >>> from nn import MLP, mean_squared_error
    >>> model = MLP(1, [1, 1], activation="sigmoid", init=1.0)
    >>> print(backpropagation(model, mean_squared_error([model([-1.0])], [0.0])))
    Backpropagation through layers of 1-1-1 units; 1 example; C = 2.25
    ...
    """
    from .layer_reader import layers_of, network_of
    from .output_error import output_error

    if not isinstance(loss, Value):
        raise TypeError(f"the loss is a Value, not {came(loss)}")
    parameters = model.parameters() if isinstance(model, Module) else entries(model, "the model", "a Module or Values")
    if strangers := [p for p in parameters if not isinstance(p, Value)]:
        raise TypeError(f"parameters are Values, not {came(strangers[0])}")
    network = network_of(loss, parameters)
    layers, passed = layers_of(network)
    error = output_error(network, layers[-1], passed)
    if not error and not layers[-1].is_linear:  # the operation after the last sum may be a part of the loss
        inner, passed = layers_of(network, linear_output=True)
        if error := output_error(network, inner[-1], passed):
            layers = inner
    return Backpropagation(
        loss.data, tuple(layers), error, sum(p in network.sweep.index for p in parameters), len(parameters)
    )


@api_boundary
@dataclass(frozen=True)
class Backpropagation:
    """The equations of a network and its matrices, by layer from first to last.

    `error` is the form of the last layer's δ, if it is a known one. `str()` is the text; notebooks show HTML with the
    picture. Made by `backpropagation(model, loss)`.

    >>> from nn import MLP, mean_squared_error
    >>> model = MLP(2, [3, 1], seed=0)
    >>> equations = backpropagation(model, mean_squared_error([model([0.5, 1.0])], [1.0]))
    >>> [len(layer.delta[0]) for layer in equations.layers]
    [3, 1]
    """

    loss: float
    layers: "tuple[LayerMatrices, ...]"
    error: "OutputError | None"
    used: int  # parameters that the loss depends on
    given: int  # number of parameters given

    @property
    def title(self) -> str:
        """The title: the network's sizes and its loss."""
        first, n = self.layers[0], len(self.layers[0].z)
        sizes = "-".join(str(k) for k in [len(first.inputs[0]), *(len(layer.weights) for layer in self.layers)])
        examples = f"{n} example{'s' if n > 1 else ''}"
        return f"Backpropagation through layers of {sizes} units; {examples}; C = {pretty_number(self.loss)}"

    @property
    def equations(self) -> tuple[str, ...]:
        """The four equations, for every layer l of L."""
        return (
            "δ⁽ᴸ⁾ = ∇ₐC ⊙ f′(z⁽ᴸ⁾)",
            "δ⁽ˡ⁾ = (δ⁽ˡ⁺¹⁾ W⁽ˡ⁺¹⁾) ⊙ f′(z⁽ˡ⁾)",
            "∂C/∂W⁽ˡ⁾ = (δ⁽ˡ⁾)ᵀ a⁽ˡ⁻¹⁾",
            "∂C/∂b⁽ˡ⁾ = 1ᵀ δ⁽ˡ⁾",
        )

    @property
    def notes(self) -> list[str]:
        """The conventions of the equations."""
        outer = "With one example, (3) is the outer product of δ⁽ˡ⁾ and a⁽ˡ⁻¹⁾: its entries are δ⁽ˡ⁾ⱼ a⁽ˡ⁻¹⁾ₖ."
        lost = "c⁽ˡ⁾ is the part of z⁽ˡ⁾ that has no parameter."
        penalty = "R is the part of C that penalises parameters: it adds ∂R/∂W⁽ˡ⁾ to (3), and ∂R/∂b⁽ˡ⁾ to (4)."
        unused = self.given - self.used
        lone = f"The loss does not depend on {unused} of the {self.given} parameters: their gradients are 0."
        return [
            "C is the loss, δ⁽ˡ⁾ is ∂C/∂z⁽ˡ⁾, ∇ₐC is ∂C/∂a⁽ᴸ⁾, and f′ is the derivative of the activation f. A ⊙ B "
            "multiplies entry by entry, and A B is the product of matrices.",
            "Rows of z⁽ˡ⁾, a⁽ˡ⁾ and δ⁽ˡ⁾ are examples, and rows of W⁽ˡ⁾ are units. The same W⁽ˡ⁾ and b⁽ˡ⁾ act on every "
            "example (1, a column of ones, puts b⁽ˡ⁾ in each row), so (3) and (4) are sums over the examples: 1ᵀ, a "
            "row of ones, adds up the rows of δ⁽ˡ⁾.",
            *([outer] if len(self.layers[0].z) == 1 else []),
            "With examples in columns, (2) to (4) read: δ⁽ˡ⁾ = ((W⁽ˡ⁺¹⁾)ᵀ δ⁽ˡ⁺¹⁾) ⊙ f′(z⁽ˡ⁾), "
            "∂C/∂W⁽ˡ⁾ = δ⁽ˡ⁾ (a⁽ˡ⁻¹⁾)ᵀ, ∂C/∂b⁽ˡ⁾ = δ⁽ˡ⁾ 1.",
            "If z⁽ˡ⁾ = a⁽ˡ⁻¹⁾ W⁽ˡ⁾ + 1 b⁽ˡ⁾, with a unit in each column of W⁽ˡ⁾, (2) and (3) read: "
            "δ⁽ˡ⁾ = (δ⁽ˡ⁺¹⁾ (W⁽ˡ⁺¹⁾)ᵀ) ⊙ f′(z⁽ˡ⁾), ∂C/∂W⁽ˡ⁾ = (a⁽ˡ⁻¹⁾)ᵀ δ⁽ˡ⁾.",
            *([lost] if any(x.constants for x in self.layers) else []),
            *([penalty] if any(x.penalty_weights or x.penalty_biases for x in self.layers) else []),
            *([lone] if unused else []),
        ]

    @cached_property
    def sections(self) -> "list[Section]":
        """The layers, from the first to the last, ready to be written."""
        from .sections import section_of

        return [
            *(section_of(layer, after, None) for layer, after in pairwise(self.layers)),
            section_of(self.layers[-1], None, self.error),
        ]

    def __str__(self) -> str:
        from .matrix_text import to_text

        return to_text(self)

    def to_latex(self) -> str:
        """The equations and matrices in LaTeX, to be put in a document with the package amsmath."""
        from .matrix_text import to_latex

        return to_latex(self)

    def to_html(self) -> str:
        """The equations and matrices as a piece of HTML."""
        from .matrix_text import to_html

        return to_html(self)

    def draw(self) -> "Digraph":
        """The layers, with strips of δ and ∂C/∂W, by magnitude on a logarithmic scale."""
        from .gradient_picture import to_dot

        return to_dot(self)

    def save(self, path: "str | os.PathLike[str]") -> None:
        """Write it to a file: the picture as .svg .png .pdf .dot or .gv, the equations as .txt .html or .tex."""
        from engine.picture import SUFFIXES, suffix_of

        from .gradient_picture import written
        from .matrix_text import to_document, to_page

        suffix = suffix_of(path, (".txt", ".html", ".tex", *SUFFIXES))
        if suffix in SUFFIXES:
            replace(path, written(self, suffix))
        else:
            text = to_page(self) if suffix == ".html" else to_document(self) if suffix == ".tex" else str(self)
            replace(path, f"{text}\n".encode())

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        from .matrix_text import to_html

        return {"text/html": to_html(self, picture=True), "text/latex": self.to_latex(), "text/plain": str(self)}
