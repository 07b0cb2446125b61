"""Optimisers: each step moves every parameter against its gradient, by a rate that may change from step to step."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine import StateError, Value

Schedule = Callable[[int], float]  # the learning rate at a step, counted from 0


class Optimizer:
    """What optimisers share: the parameters, the learning rate, the count of steps, and a state that can be kept."""

    moments: tuple[str, ...] = ()  # the lists of numbers, one a parameter, that the state consists of

    def __init__(self, parameters: Iterable[Value], lr: float | Schedule, weight_decay: float = 0.0) -> None:
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError("an optimiser takes at least one parameter: pass model.parameters()")
        self.schedule = lr if callable(lr) else constant(lr)
        self.weight_decay, self.steps = weight_decay, 0
        for name in self.moments:
            setattr(self, name, [0.0] * len(self.parameters))

    @property
    def lr(self) -> float:
        """The learning rate of the next step."""
        return self.schedule(self.steps)

    def step(self) -> None:
        """Move every parameter once, by the gradients as they are."""
        lr = self.lr
        self.steps += 1
        for i, parameter in enumerate(self.parameters):
            parameter.data = self.update(i, parameter.data, parameter.grad, lr)

    def update(self, i: int, data: float, grad: float, lr: float) -> float:
        """The new number of the i-th parameter."""
        raise NotImplementedError

    def zero_grad(self) -> None:
        """Set every parameter's gradient to 0."""
        for parameter in self.parameters:
            parameter.grad = 0.0

    def state_dict(self) -> dict[str, Any]:
        """The count of steps and the moments: what has to be kept for training to go on as if never stopped."""
        return {"steps": self.steps} | {name: list(getattr(self, name)) for name in self.moments}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set what `state_dict()` gave; another optimiser's state is a StateError."""
        expected = {"steps", *self.moments}
        if set(state) != expected or any(len(state[name]) != len(self.parameters) for name in self.moments):
            raise StateError(
                f"the state does not fit this {type(self).__name__} of {len(self.parameters)} parameters: "
                f"expected {', '.join(sorted(expected))}, got {', '.join(sorted(state))}"
            )
        self.steps = int(state["steps"])
        for name in self.moments:
            setattr(self, name, [float(number) for number in state[name]])


class SGD(Optimizer):
    """Gradient descent: v = momentum · v + g, and a step of -lr · v, or of -lr · (g + momentum · v) with Nesterov.

    `weight_decay` adds that share of the parameter to its gradient.

    >>> w = Value(1.0)
    >>> w.grad = 2.0
    >>> SGD([w], lr=0.1).step()
    >>> w.data
    0.8
    """

    moments = ("velocity",)
    velocity: list[float]

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        if nesterov and not momentum:
            raise ValueError("nesterov looks ahead along the momentum: pass momentum > 0 with it")
        self.momentum, self.nesterov = momentum, nesterov

    def update(self, i: int, data: float, grad: float, lr: float) -> float:
        """One step of one parameter."""
        grad += self.weight_decay * data
        self.velocity[i] = velocity = self.momentum * self.velocity[i] + grad
        return data - lr * (grad + self.momentum * velocity if self.nesterov else velocity)


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015): steps of -lr · m / (sqrt(v) + eps), m and v the running means of g and g².

    `weight_decay` adds that share of the parameter to its gradient.

    >>> w = Value(1.0)
    >>> w.grad = 123.0
    >>> Adam([w], lr=0.1).step()
    >>> round(w.data, 6)
    0.9
    """

    moments = ("mean", "square")
    mean: list[float]
    square: list[float]

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        self.betas, self.eps = betas, eps

    def update(self, i: int, data: float, grad: float, lr: float) -> float:
        """One step of one parameter."""
        return self.descend(i, data, grad + self.weight_decay * data, lr)

    def descend(self, i: int, data: float, grad: float, lr: float) -> float:
        """One step of one parameter without its decay."""
        beta1, beta2 = self.betas
        self.mean[i] = beta1 * self.mean[i] + (1 - beta1) * grad
        self.square[i] = beta2 * self.square[i] + (1 - beta2) * grad * grad
        mean, square = self.mean[i] / (1 - beta1**self.steps), self.square[i] / (1 - beta2**self.steps)
        return data - lr * mean / (math.sqrt(square) + self.eps)


class AdamW(Adam):
    """Adam whose decay bypasses the moments (Loshchilov and Hutter 2019): the parameter first shrinks by lr · decay."""

    def update(self, i: int, data: float, grad: float, lr: float) -> float:
        """One step of one parameter."""
        return self.descend(i, data * (1 - lr * self.weight_decay), grad, lr)


def constant(lr: float) -> Schedule:
    """The same rate at every step."""
    return lambda step: lr


def linear(start: float, end: float, steps: int) -> Schedule:
    """From `start` to `end` in a straight line over `steps`, and `end` from there on.

    >>> [linear(1.0, 0.0, 4)(step) for step in (0, 1, 4, 9)]
    [1.0, 0.75, 0.0, 0.0]
    """
    return lambda step: start + (end - start) * min(step / steps, 1.0)


def cosine(start: float, end: float, steps: int) -> Schedule:
    """From `start` to `end` along half a cosine over `steps`, and `end` from there on."""
    return lambda step: end + (start - end) * (1 + math.cos(math.pi * min(step / steps, 1.0))) / 2


def stepwise(start: float, factor: float, every: int) -> Schedule:
    """`start`, times `factor` after every so many steps."""
    return lambda step: start * factor ** (step // every)


def warmup(steps: int, schedule: Schedule) -> Schedule:
    """A rate that rises from 0 in a straight line over `steps`, and then what `schedule` gives from its own step 0."""
    return lambda step: schedule(0) * (step + 1) / steps if step < steps else schedule(step - steps)
