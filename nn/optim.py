"""Optimisers: at each step p.data moves against p.grad."""

import math
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from typing import Any

import engine
from engine import NonFiniteError, Report, StateError, Value
from engine.core import api_boundary, came, entries, flag, instance, real, within

from .schedules import Rate, rate_at
from .state import fitting, form_of


@api_boundary
class Optimizer:
    """Base of the optimisers: parameters, a learning rate and, for each of `slots`, a number for every parameter.

    `clip_norm` and `clip_value` are passed to `clip_gradients` at every step. A subclass defines `updated`. Its state
    is a dict from names to floats, for `nn.save` and `nn.load`.

    >>> class SignDescent(Optimizer):
    ...     def updated(self, rate):
    ...         return [p.data - rate * math.copysign(1.0, p.grad) for p in self.parameters]
    >>> p = Value(3.0)
    >>> (p * p).backward()
    >>> SignDescent([p], lr=0.5).step()
    >>> p.data
    2.5
    """

    slots: tuple[str, ...] = ()

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: Rate,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        clip_value: float | None = None,
    ) -> None:
        self.parameters = _checked(parameters)
        self.lr = lr
        self.weight_decay = within(weight_decay, "weight_decay")
        self.clip_norm = None if clip_norm is None else _above(clip_norm, "clip_norm")
        self.clip_value = None if clip_value is None else _above(clip_value, "clip_value")
        self.steps = 0
        self.state = {slot: [0.0] * len(self.parameters) for slot in self.slots}
        rate_at(lr, 0)

    def step(self) -> None:
        """Move every parameter one step by its gradient, which is clipped first if the optimiser clips."""
        for parameter, data in zip(self.parameters, self._next(), strict=True):
            parameter.data = data

    def _next(self) -> Iterable[float]:
        """The new numbers of a step with clipped gradients; updates the step count and the slots."""
        if self.clip_norm is not None or self.clip_value is not None:
            clip_gradients(self.parameters, self.clip_norm, self.clip_value)
        rate = self.rate()
        self.steps += 1
        return self.updated(rate)

    def diagnose(self, loss: Value, **thresholds: Any) -> Report:
        """The report of `engine.diagnose` on the loss and on the next step after `backward()`, without taking the step.

        If a gradient is not finite there is no such step, and only the loss is diagnosed.

        >>> w = Value(0.5, "w")
        >>> loss = (w - 1.0) ** 2
        >>> loss.backward()
        >>> [finding.kind for finding in SGD([w], lr=1.5).diagnose(loss)], w.data
        (['step_too_long'], 0.5)
        """
        twin, gradients = copy(self), [p.grad for p in self.parameters]
        if not all(map(math.isfinite, gradients)):
            return engine.diagnose(loss, self.parameters, **thresholds)
        twin.state = {slot: list(numbers) for slot, numbers in self.state.items()}
        try:
            planned = dict(zip(self.parameters, twin._next(), strict=True))
        finally:
            for parameter, gradient in zip(self.parameters, gradients, strict=True):
                parameter.grad = gradient
        return engine.diagnose(loss, self.parameters, lr=self.rate() or None, planned=planned, **thresholds)

    def rate(self) -> float:
        """The learning rate of the next step."""
        return rate_at(self.lr, self.steps)

    def updated(self, rate: float) -> Iterable[float]:
        """The new number of every parameter; the state of parameter i is stored in `self.state[slot][i]`."""
        raise NotImplementedError(f"{type(self).__name__} has to define updated(rate)")

    def zero_grad(self) -> None:
        """Set every parameter's gradient to 0."""
        for parameter in self.parameters:
            parameter.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """The steps taken and the slots by name: "steps", "velocity1" for the first parameter, and so on."""
        slots = {f"{slot}{i}": x for slot, numbers in self.state.items() for i, x in enumerate(numbers, 1)}
        return {"steps": float(self.steps), **slots}

    def arrays(self) -> dict[str, Any]:
        """The steps taken, and a list for each slot."""
        return {"steps": float(self.steps), **{slot: list(numbers) for slot, numbers in self.state.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict` or `arrays`; one of another kind of optimiser is a StateError, and sets nothing.

        >>> w = Value(1.0)
        >>> SGD([w], lr=0.1).load_state_dict({"steps": 3})
        Traceback (most recent call last):
        engine.core.errors.StateError: the state does not fit SGD of 1 parameters: missing velocity1
        """
        arrays, singly = self.arrays(), self.state_dict()
        wanted = form_of(state, singly, arrays)
        numbers = fitting(state, wanted, f"{type(self).__name__} of {len(self.parameters)} parameters")
        if not (numbers["steps"] >= 0 and numbers["steps"].is_integer()):
            raise StateError(f"steps must be a whole number from 0, not {numbers['steps']}")
        places = range(1, len(self.parameters) + 1)
        slots = {
            slot: numbers[slot] if wanted is arrays else [numbers[f"{slot}{i}"] for i in places] for slot in self.slots
        }
        if negative := [x for x in slots.get("square", ()) if x < 0.0]:
            raise StateError(f"square must hold means of squares, which are at least 0, not {negative[0]}")
        self.steps, self.state = int(numbers["steps"]), slots

    def __repr__(self) -> str:
        apart = ("parameters", "lr", "steps", "state")
        chosen = {name: x for name, x in vars(self).items() if name not in apart and x is not None}
        settings = ", ".join(f"{name}={x}" for name, x in ({"lr": self.rate()} | chosen).items())
        return f"{type(self).__name__}({len(self.parameters)} parameters, {settings})"


@api_boundary
class SGD(Optimizer):
    """Stochastic gradient descent with momentum, Nesterov's variant, and weight decay as an L2 penalty.

    With g = grad + weight_decay · p and v = momentum · v + g, it steps by -lr · v; with Nesterov's variant
    (Sutskever et al. 2013, as in PyTorch) by -lr · (g + momentum · v).

    >>> w = Value(1.0)
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.data
    0.8
    """

    slots = ("velocity",)

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: Rate,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        clip_value: float | None = None,
    ) -> None:
        super().__init__(parameters, lr, weight_decay, clip_norm, clip_value)
        self.momentum = within(momentum, "momentum", below=1.0)
        self.nesterov = flag(nesterov, "nesterov")
        if nesterov and not momentum:
            raise ValueError("nesterov needs a momentum above 0, such as 0.9")

    def updated(self, rate: float) -> Iterator[float]:
        """The formula above for every parameter."""
        velocity, momentum = self.state["velocity"], self.momentum
        for i, parameter in enumerate(self.parameters):
            g = parameter.grad + self.weight_decay * parameter.data
            v = velocity[i] = momentum * velocity[i] + g
            yield parameter.data - rate * (g + momentum * v if self.nesterov else v)


@api_boundary
class Adam(Optimizer):
    """Adam (Kingma and Ba 2015, algorithm 1): steps of about the learning rate, whatever the gradient's scale.

    Weight decay is an L2 penalty, as in PyTorch's Adam, so it is part of the moments, unlike in AdamW.

    >>> w = Value(1.0)
    >>> optimizer = Adam([w], lr=0.1)
    >>> (1000 * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 9)
    0.9
    """

    slots = ("mean", "square")
    decoupled = False  # whether weight decay is separate from the gradient

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: Rate = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        clip_value: float | None = None,
    ) -> None:
        super().__init__(parameters, lr, weight_decay, clip_norm, clip_value)
        pair = entries(betas, "betas", "two numbers, such as (0.9, 0.999)")
        self.betas = tuple(within(beta, "each of betas", below=1.0) for beta in pair)
        if len(self.betas) != 2:
            raise ValueError(f"betas must be two numbers, such as (0.9, 0.999), not {came(betas)}")
        self.eps = within(eps, "eps")

    def updated(self, rate: float) -> Iterator[float]:
        """The step -lr · m̂ / (√v̂ + eps), with bias-corrected running means of the gradient and of its square."""
        (b1, b2), means, squares = self.betas, self.state["mean"], self.state["square"]
        whole1, whole2 = 1.0 - b1**self.steps, 1.0 - b2**self.steps  # the sums of the weights in m and v so far
        penalty, shrinkage = (0.0, rate * self.weight_decay) if self.decoupled else (self.weight_decay, 0.0)
        for i, parameter in enumerate(self.parameters):
            data = parameter.data
            g = parameter.grad + penalty * data
            m = means[i] = b1 * means[i] + (1.0 - b1) * g
            v = squares[i] = b2 * squares[i] + (1.0 - b2) * g * g
            yield data - shrinkage * data - rate * (m / whole1) / (math.sqrt(v / whole2) + self.eps)


@api_boundary
class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019): p first shrinks by lr · weight_decay · p.

    >>> p = Value(1.0)
    >>> AdamW([p], lr=0.1, weight_decay=0.5).step()  # its gradient is 0
    >>> p.data
    0.95
    """

    decoupled = True

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: Rate = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        clip_norm: float | None = None,
        clip_value: float | None = None,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay, clip_norm, clip_value)


@api_boundary
def clip_gradients(parameters: Iterable[Value], norm: float | None = None, value: float | None = None) -> float:
    """Limit every gradient to -value ... value, then scale all so that their Euclidean norm is at most `norm`.

    Returns the norm before the scaling. A gradient that is not finite is a NonFiniteError: no bound makes it right.

    >>> a, b = Value(1.0), Value(1.0)
    >>> (3 * a + 4 * b).backward()
    >>> clip_gradients([a, b], norm=1.0), round(a.grad, 12), round(b.grad, 12)
    (5.0, 0.6, 0.8)
    """
    leaves = _values(parameters)
    if culprits := [leaf for leaf in leaves if not math.isfinite(leaf.grad)]:
        name, grad = culprits[0].label or "a parameter", culprits[0].grad
        raise NonFiniteError(f"the gradient of {name} is {grad}, which cannot be clipped: diagnose(loss, ...) says why")
    found = math.hypot(*(leaf.grad for leaf in leaves))
    if value is not None:
        bound = _above(value, "value")
        for leaf in leaves:
            leaf.grad = max(-bound, min(bound, leaf.grad))
    if norm is not None:
        bound, largest = _above(norm, "norm"), max((abs(leaf.grad) for leaf in leaves), default=0.0)
        spread = math.hypot(*(leaf.grad / largest for leaf in leaves)) if largest else 0.0  # a norm, without overflow
        if spread > bound / (largest or 1.0):
            for leaf in leaves:
                leaf.grad = leaf.grad / largest * (bound / spread)
    return found


def _above(number: Any, what: str) -> float:
    found = real(number, what)
    if not 0.0 < found < math.inf:
        raise ValueError(f"{what} must be above 0 and finite, not {found!r}")
    return found


def _checked(parameters: Iterable[Value]) -> list[Value]:
    """The parameters as a list of distinct leaves."""
    found = _values(parameters)
    for parameter in found:
        if parameter.op:
            raise ValueError(f"parameters must be leaves, but {parameter!r} is the result of {parameter.op}")
    if not found:
        raise ValueError("an optimiser needs at least one parameter, got none: pass model.parameters()")
    if len(set(found)) < len(found):
        raise ValueError("a parameter is given twice, and would move twice a step: pass each once")
    return found


def _values(parameters: Any) -> list[Value]:
    """The parameters as a list of Values."""
    hint = "pass model.parameters()" if hasattr(parameters, "parameters") else ""
    found = entries(parameters, "parameters", "Values", hint)
    return [instance(parameter, Value, "parameters", "Values") for parameter in found]
