"""A layer as it is written: its equations with the shapes of their matrices, and these by name."""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.core import TABLE

from .layer_matrices import LayerMatrices
from .matrices import Matrix
from .output_error import OutputError


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
    matrices: list[tuple[str, Matrix]]


def section_of(layer: LayerMatrices, after: LayerMatrices | None, error: OutputError | None) -> Section:
    """The section of a layer, given the next one, or for the last layer the form of its error, if it has one."""
    writer = _Writer(layer, after, error)
    return Section(writer.title, list(writer.equations()), list(writer.matrices()))


def raised(layer: int) -> str:
    """The number of a layer as a superscript of a matrix.

    >>> raised(12)
    '⁽¹²⁾'
    """
    return f"⁽{str(layer).translate(_RAISED)}⁾"


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class _Writer:
    """Names the matrices of a layer with n examples, k units and m inputs."""

    def __init__(self, layer: LayerMatrices, after: LayerMatrices | None, error: OutputError | None) -> None:
        self.layer, self.after, self.error = layer, after, error
        self.n, self.k, self.m = len(layer.z), len(layer.weights), len(layer.inputs[0])
        self.up, self.before = raised(layer.number), raised(layer.number - 1)
        self.cancels = (
            error is not None and error.kind != "squares"
        )  # as the derivative of the activation does in p - y
        # Of an unknown loss that reads the sums themselves: it may begin with a softmax.
        self.of_sums = f"∂C/∂z{self.up}" if layer.is_linear and not (after or error) else ""
        sign = TABLE[layer.function].sign if layer.function in TABLE else ""
        self.function = sign if sign.isidentifier() else layer.function  # σ, or the name of a row of your own

    @property
    def title(self) -> str:
        part = f"; C as a function of z{self.up}" if self.of_sums else ""
        return f"Layer {self.layer.number}: {self.m} → {self.k}, {self.layer.function}{part}"

    def equations(self) -> Iterator[Equation]:
        n, k, m, up = self.n, self.k, self.m, self.up
        bias, its_shape = (f" + 1 b{up}", f" + ({n}×1) (1×{k})") if self.layer.biases else ("", "")
        rest, shape = (f" + c{up}", f" + ({n}×{k})") if self.layer.constants else ("", "")
        formula = f"z{up} = a{self.before} (W{up})ᵀ{bias}{rest}"
        yield Equation(formula, f"({n}×{k}) = ({n}×{m}) ({m}×{k}){its_shape}{shape}")
        yield self._delta()
        rest, shape = (f" + ∂R/∂W{up}", f" + ({k}×{m})") if self.layer.penalty_weights else ("", "")
        yield Equation(f"∂C/∂W{up} = (δ{up})ᵀ a{self.before}{rest}", f"({k}×{m}) = ({k}×{n}) ({n}×{m}){shape}")
        rest, shape = (f" + ∂R/∂b{up}", f" + (1×{k})") if self.layer.penalty_biases else ("", "")
        if self.layer.grad_biases:
            yield Equation(f"∂C/∂b{up} = 1ᵀ δ{up}{rest}", f"(1×{k}) = (1×{n}) ({n}×{k}){shape}")

    def _delta(self) -> Equation:
        slope, shape = f"{self.function}′(z{self.up})", f"({self.n}×{self.k})"
        has_slope = not (self.layer.is_linear or self.cancels)
        if self.after:
            up, last = raised(self.after.number), len(self.after.weights)
            sent, its_shape = f"δ{up} W{up}", f"({self.n}×{last}) ({last}×{self.k})"
            if has_slope:
                sent, its_shape = f"({sent})", f"({its_shape})"
        else:
            sent, its_shape = self._output_error, shape
        if has_slope:
            sent, its_shape = f"{sent} ⊙ {slope}", f"{its_shape} ⊙ {shape}"
        return Equation(f"δ{self.up} = {sent}", f"{shape} = {its_shape}")

    @property
    def _output_error(self) -> str:
        """∇ₐC in the form that it has, or δ if the derivative of the activation cancels in it."""
        if not self.error:
            return self.of_sums or "∇ₐC"
        p = "p" if self.layer.is_linear and self.cancels else f"a{self.up}"
        return f"{'' if self.error.scale == 1 else f'{self.error.scale} '}({p} − y)"

    def matrices(self) -> Iterator[tuple[str, Matrix]]:
        layer, up = self.layer, self.up
        if layer.number == 1:
            yield f"a{self.before} = x", layer.inputs
        yield f"W{up}", layer.weights
        if layer.biases:
            yield f"b{up}", [layer.biases]
        if layer.constants:
            yield f"c{up}", layer.constants
        yield f"a{up} = z{up}" if layer.is_linear and not (self.cancels or self.of_sums) else f"z{up}", layer.z
        if not layer.is_linear:
            yield f"a{up} = {self.function}(z{up})", layer.a
            yield f"{self.function}′(z{up})", layer.slopes
        if not self.after:
            yield from self._of_the_loss()
        yield f"δ{up} = {self.of_sums}" if self.of_sums else f"δ{up}", layer.delta
        if layer.penalty_weights:
            yield f"∂R/∂W{up}", layer.penalty_weights
        yield f"∂C/∂W{up}", layer.grad_weights
        if layer.penalty_biases:
            yield f"∂R/∂b{up}", [layer.penalty_biases]
        if layer.grad_biases:
            yield f"∂C/∂b{up}", [layer.grad_biases]

    def _of_the_loss(self) -> Iterator[tuple[str, Matrix]]:
        if self.error and self.cancels and self.layer.is_linear:
            yield f"p = {'σ' if self.error.kind == 'sigmoid' else 'softmax'}(z{self.up})", self.error.p
        if self.error:
            yield "y", self.error.targets
        if not (self.cancels or self.layer.is_linear):
            yield "∇ₐC", self.layer.grad_a
