"""backpropagation: the four equations of a network, in matrices, with their numbers layer by layer.

Read `backpropagation` first, then `layer_matrices` (how matrices are read off a graph), `output_error` (the form of δ
at the last layer), and the writers, `matrix_text` and `gradient_picture`.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from engine import Value
from engine.core import TABLE, api_boundary, came, entries, pretty_number, replace

from .module import Module

if TYPE_CHECKING:
    from graphviz import Digraph

    from .layer_matrices import LayerMatrices
    from .matrices import Matrix
    from .output_error import OutputError


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
    from .layer_matrices import layers_of, network_of
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


@dataclass(frozen=True)
class Equation:
    """An equation between matrices, as a formula and with the shape of each matrix."""

    formula: str
    shapes: str


@dataclass(frozen=True)
class Section:
    """A layer: its title, its equations, and its matrices by name."""

    title: str
    equations: list[Equation]
    matrices: list[tuple[str, "Matrix"]]


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
        columns = "With examples in columns they read: δ⁽ˡ⁾ = ((W⁽ˡ⁺¹⁾)ᵀ δ⁽ˡ⁺¹⁾) ⊙ f′(z⁽ˡ⁾), ∂C/∂W⁽ˡ⁾ = δ⁽ˡ⁾ (a⁽ˡ⁻¹⁾)ᵀ."
        turned = "With a unit in each column of W, z⁽ˡ⁾ = a⁽ˡ⁻¹⁾ W⁽ˡ⁾: "
        turned += "δ⁽ˡ⁾ = (δ⁽ˡ⁺¹⁾ (W⁽ˡ⁺¹⁾)ᵀ) ⊙ f′(z⁽ˡ⁾), ∂C/∂W⁽ˡ⁾ = (a⁽ˡ⁻¹⁾)ᵀ δ⁽ˡ⁾."
        unused = self.given - self.used
        lone = f"The loss does not depend on {unused} of the {self.given} parameters: their gradients are 0."
        return [
            "δ⁽ˡ⁾ is ∂C/∂z⁽ˡ⁾, f′ the derivative of the activation f, ⊙ the product entry by entry. 1 b⁽ˡ⁾, with a "
            "column of ones, has b⁽ˡ⁾ in each row; 1ᵀ δ⁽ˡ⁾ adds up the rows, which are the examples.",
            columns,
            turned,
            *(["c⁽ˡ⁾ is the part of z⁽ˡ⁾ that has no parameter."] if any(x.constants for x in self.layers) else []),
            *([lone] if unused else []),
        ]

    @cached_property
    def sections(self) -> list[Section]:
        """The layers, from the first to the last, ready to be written."""
        titles = [f"Layer {x.number}: {len(x.weights[0])} → {len(x.weights)}, {x.function}" for x in self.layers]
        titles[-1] += f"; C as a function of {self._argument}" if self._argument else ""
        return [
            Section(title, list(self._equations(layer)), list(self._matrices(layer)))
            for title, layer in zip(titles, self.layers, strict=True)
        ]

    def _equations(self, layer: "LayerMatrices") -> Iterator[Equation]:
        up, before = raised(layer.number), raised(layer.number - 1)
        n, k, m = len(layer.z), len(layer.weights), len(layer.weights[0])
        bias, its_shape = (f" + 1 b{up}", f" + ({n}×1) (1×{k})") if layer.biases else ("", "")
        rest, shape = (f" + c{up}", f" + ({n}×{k})") if layer.constants else ("", "")
        yield Equation(f"z{up} = a{before} (W{up})ᵀ{bias}{rest}", f"({n}×{k}) = ({n}×{m}) ({m}×{k}){its_shape}{shape}")
        yield self._delta(layer)
        yield Equation(f"∂C/∂W{up} = (δ{up})ᵀ a{before}", f"({k}×{m}) = ({k}×{n}) ({n}×{m})")
        if layer.grad_biases:
            yield Equation(f"∂C/∂b{up} = 1ᵀ δ{up}", f"(1×{k}) = (1×{n}) ({n}×{k})")

    def _delta(self, layer: "LayerMatrices") -> Equation:
        up, after = raised(layer.number), raised(layer.number + 1)
        shape = f"({len(layer.z)}×{len(layer.weights)})"
        if layer is self.layers[-1]:
            sent, sent_shape = self._output_error, shape
        else:
            last = len(self.layers[layer.number].weights)
            sent, sent_shape = f"δ{after} W{after}", f"({len(layer.z)}×{last}) ({last}×{len(layer.weights)})"
        if not (layer.is_linear or (layer is self.layers[-1] and self._cancels)):
            if layer is not self.layers[-1]:
                sent, sent_shape = f"({sent})", f"({sent_shape})"
            sent, sent_shape = f"{sent} ⊙ {derivative_sign(layer)}(z{up})", f"{sent_shape} ⊙ {shape}"
        return Equation(f"δ{up} = {sent}", f"{shape} = {sent_shape}")

    @property
    def _cancels(self) -> bool:
        """Whether the last δ is p - y, in which the derivative of the activation cancels."""
        return self.error is not None and self.error.kind != "squares"

    @property
    def _argument(self) -> str:
        """The last z, if it has no activation, and the loss is not of a known form: it may begin with a softmax."""
        return f"z{raised(len(self.layers))}" if self.layers[-1].is_linear and not self.error else ""

    @property
    def _output_error(self) -> str:
        """∇ₐC in the form that it has, or δ if the derivative of the activation cancels in it."""
        if not self.error:
            return f"∂C/∂{self._argument}" if self._argument else "∇ₐC"
        p = "p" if self.layers[-1].is_linear and self._cancels else f"a{raised(len(self.layers))}"
        return f"{'' if self.error.scale == 1 else f'{self.error.scale} '}({p} − y)"

    def _matrices(self, layer: "LayerMatrices") -> Iterator[tuple[str, "Matrix"]]:
        up, is_last = raised(layer.number), layer is self.layers[-1]
        if layer is self.layers[0]:
            yield f"a{raised(0)} = x", layer.inputs
        yield f"W{up}", layer.weights
        if layer.biases:
            yield f"b{up}", [layer.biases]
        if layer.constants:
            yield f"c{up}", layer.constants
        if layer.is_linear:
            yield f"z{up}" if is_last and (self._cancels or self._argument) else f"a{up} = z{up}", layer.z
        else:
            yield f"z{up}", layer.z
            yield f"a{up} = {function_sign(layer)}(z{up})", layer.a
            yield f"{derivative_sign(layer)}(z{up})", layer.slopes
        if is_last:
            yield from self._loss_matrices(layer)
        yield f"δ{up} = ∂C/∂{self._argument}" if is_last and self._argument else f"δ{up}", layer.delta
        yield f"∂C/∂W{up}", layer.grad_weights
        if layer.grad_biases:
            yield f"∂C/∂b{up}", [layer.grad_biases]

    def _loss_matrices(self, layer: "LayerMatrices") -> Iterator[tuple[str, "Matrix"]]:
        if self.error and self._cancels and layer.is_linear:
            yield f"p = {'σ' if self.error.kind == 'sigmoid' else 'softmax'}(z{raised(layer.number)})", self.error.p
        if self.error:
            yield "y", self.error.targets
        if not self._cancels and not layer.is_linear:
            yield "∇ₐC", layer.grad_a

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


def raised(layer: int) -> str:
    """The number of a layer as a superscript of a matrix.

    >>> raised(12)
    '⁽¹²⁾'
    """
    return f"⁽{str(layer).translate(_RAISED)}⁾"


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def function_sign(layer: "LayerMatrices") -> str:
    """The activation as a formula writes it: σ, or the sign of a row of your own."""
    sign = TABLE[layer.function].sign if layer.function in TABLE else ""
    return sign if sign.isidentifier() else layer.function


def derivative_sign(layer: "LayerMatrices") -> str:
    """Its derivative: σ′."""
    return f"{function_sign(layer)}′"
