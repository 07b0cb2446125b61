"""The matrices of one layer; a row is an example."""

from dataclasses import dataclass

from .matrices import Matrix


@dataclass(frozen=True)
class LayerMatrices:
    """One layer: z = a Wᵀ + b + c from the previous layer's a, and its output f(z).

    With n examples, k units and m inputs, `inputs` is n×m, `weights` and `grad_weights` k×m, `biases` and
    `grad_biases` have k entries, or none, and the others are n×k. `constants` is c, the terms of z that have no
    parameter, empty if all are 0. `delta` is ∂C/∂z, `slopes` is f′(z), and `penalty_weights` and `penalty_biases` are
    the gradients of a penalty in C, empty without one.
    """

    number: int
    function: str  # a row of the table, "linear", or "f" for several operations
    inputs: Matrix
    weights: Matrix
    biases: list[float]
    constants: Matrix
    z: Matrix
    a: Matrix
    slopes: Matrix
    grad_a: Matrix
    delta: Matrix
    grad_weights: Matrix
    grad_biases: list[float]
    penalty_weights: Matrix
    penalty_biases: list[float]

    @property
    def is_linear(self) -> bool:
        """Whether it has no activation."""
        return self.function == "linear"
