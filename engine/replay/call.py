"""One call of a function that is recorded: on Values made from an example, and watched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..core import Value, apply, as_value, real, watch, watching
from .program import Program
from .trace import trace
from .watch import RecordingWatch

Arguments = list["Value | list[Value]"]


@dataclass
class Call:
    """What a call gave: the output, or the list of them, and what it came from."""

    arguments: Arguments
    outputs: Value | list[Value]
    watch: RecordingWatch

    def traced(self) -> tuple[Program, list[Value]]:
        """The program of the outputs, and its parameters."""
        inputs = {value: n for n, value in enumerate(self.watch.inputs)}
        if isinstance(self.outputs, Value):
            return trace(self.outputs, inputs, self.watch.newest)
        program, parameters = trace(apply("sum", self.outputs), inputs, self.watch.newest)
        program.outputs = list(program.operands(len(program) - 1))  # what the last instruction adds up
        return program, parameters

    def numbers(self) -> list[float]:
        """The outputs as floats."""
        return [y.data for y in ([self.outputs] if isinstance(self.outputs, Value) else self.outputs)]


def call(f: Callable[..., Any], example: Sequence[Any]) -> Call:
    """Call `f` on Values made from the example; a RecordingError if it read or set a number that changes."""
    outer = watch()
    if isinstance(outer, RecordingWatch):
        raise outer.error_of("the code records a function", "record the inner function by itself, before")
    arguments = [_as_values(x, k) for k, x in enumerate(example)]
    own = RecordingWatch(flat(arguments))
    with watching(own):
        output = f(*arguments)
    if own.error:  # f caught it
        raise own.error
    return Call(arguments, _outputs(output), own)


def flat(arguments: Arguments) -> list[Value]:
    """The Values of all arguments in a row."""
    return [value for x in arguments for value in (x if isinstance(x, list) else [x])]


def _as_values(example: Any, k: int) -> Value | list[Value]:
    """An argument as the Values that the function gets."""
    if isinstance(example, (list, tuple)) or getattr(example, "ndim", 0) == 1:
        return [Value(real(x)) for x in example]
    if getattr(example, "ndim", 0) > 1:
        raise TypeError(f"argument {k + 1} of the example must be a number or a sequence of numbers, not a matrix")
    return Value(real(example))


def _outputs(output: Any) -> Value | list[Value]:
    """What a function returned as Values."""
    several = output.tolist() if getattr(output, "ndim", 0) == 1 else output
    try:
        if isinstance(several, (list, tuple)) and several:
            return [as_value(y) for y in several]
        return as_value(output)
    except TypeError:
        came = f"{type(output).__name__} {output!r:.80}"
        raise TypeError(f"a recorded function returns a Value or a list of them, not {came}") from None
