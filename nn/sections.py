"""A layer as it is written: its equations with the shapes of their matrices, and these by name."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

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
    """A layer: its title, its equations, what is to be said about them, or "", and its matrices by name."""

    title: str
    equations: list[Equation]
    note: str
    matrices: list[tuple[str, Matrix]]


def section_of(layer: LayerMatrices, after: LayerMatrices | None, error: OutputError | None) -> Section:
    """The section of a layer, given the next one, or for the last layer the form of its error, if it has one."""
    writer = _Writer(layer, after, error)
    return Section(writer.title, list(writer.equations()), " ".join(writer.notes()), list(writer.matrices()))


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
        is_entropy = error is not None and error.kind != "squares"
        self.cancels = is_entropy and not layer.is_linear  # the derivative of the activation, in a - y
        self.has_slope = not (is_entropy or layer.is_linear)
        self.then = error.kind if error and is_entropy and layer.is_linear else ""  # the function that gives p
        # Of an unknown loss that reads the sums themselves: it may begin with a softmax.
        self.of_sums = f"∂C/∂z{self.up}" if layer.is_linear and not (after or error) else ""
        sign = TABLE[layer.function].sign if layer.function in TABLE else ""
        self.function = sign if sign.isidentifier() else layer.function  # σ, or the name of a row of your own

    @property
    def title(self) -> str:
        part = f"; C as a function of z{self.up}" if self.of_sums else f", then {self.then}" if self.then else ""
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
        if self.after:
            up, last = raised(self.after.number), len(self.after.weights)
            sent, its_shape = f"δ{up} W{up}", f"({self.n}×{last}) ({last}×{self.k})"
            if self.has_slope:
                sent, its_shape = f"({sent})", f"({its_shape})"
        else:
            sent, its_shape = self._output_error, shape
        if self.has_slope:
            sent, its_shape = f"{sent} ⊙ {slope}", f"{its_shape} ⊙ {shape}"
        return Equation(f"δ{self.up} = {sent}", f"{shape} = {its_shape}")

    @property
    def _output_error(self) -> str:
        """∇ₐC in the form that it has, or δ if the derivative of the activation cancels in it."""
        if not self.error:
            return self.of_sums or "∇ₐC"
        difference = f"{'p' if self.then else f'a{self.up}'} − y"
        if self.error.scale == 1:
            return f"({difference})" if self.has_slope else difference
        return f"{self.error.scale} ({difference})"

    def notes(self) -> Iterator[str]:
        """What p and y are, where the factor of the error comes from, and where f′(z) is gone."""
        if self.error:
            yield f"p = {self._prediction}, and y holds the targets." if self.then else "y holds the targets."
            yield from self._factor(self.error)
        if self.cancels:
            slope, a = f"{self.function}′(z{self.up})", f"a{self.up}"
            yield f"In (1), {slope} cancels: it is {a} ⊙ (1 − {a}), the denominator of ∇ₐC."

    def _factor(self, error: OutputError) -> Iterator[str]:
        """The mean whose derivative has this factor, if there is one."""
        tops = {2: " of squares", 1: ""} if error.kind == "squares" else {1: ""}
        for top, squares in tops.items():
            for count, over in {self.n * self.k: "outputs", self.n: "examples"}.items():
                if count > 1 and error.scale == Fraction(top, count) != 1:
                    factor = f"{error.scale}" if error.scale.denominator == count else f"{error.scale} = {top}/{count}"
                    yield f"The factor {factor} is that of a mean{squares} over {count} {over}."
                    return

    @property
    def _prediction(self) -> str:
        return f"{'σ' if self.then == 'sigmoid' else self.then}(z{self.up})"

    def matrices(self) -> Iterator[tuple[str, Matrix]]:
        layer, up = self.layer, self.up
        if layer.number == 1:
            yield f"a{self.before} = x", layer.inputs
        yield f"W{up}", layer.weights
        if layer.biases:
            yield f"b{up}", [layer.biases]
        if layer.constants:
            yield f"c{up}", layer.constants
        yield f"a{up} = z{up}" if layer.is_linear and not (self.then or self.of_sums) else f"z{up}", layer.z
        if not layer.is_linear:
            yield f"a{up} = {self.function}(z{up})", layer.a
        if self.has_slope:
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
        if self.error and self.then:
            yield f"p = {self._prediction}", self.error.p
        if self.error:
            yield "y", self.error.targets
        if self.has_slope:
            yield "∇ₐC", self.layer.grad_a
