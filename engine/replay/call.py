"""One call of a function that is recorded: on Values made from an example, and watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..core import Value, apply, as_value, came, watch, watching
from .batch import is_array, number, numbers_of
from .program import Program
from .trace import trace
from .watch import RecordingWatch

Arguments = list["Value | list[Value]"]


@dataclass
class Call:
    """The result of a call: the outputs as a flat list, their shape, and the inputs they were computed from."""

    arguments: Arguments
    outputs: list[Value]
    shape: tuple[int, ...]
    watch: RecordingWatch

    def traced(self) -> tuple[Program, list[Value]]:
        """The program of the outputs, and its parameters."""
        inputs = {value: n for n, value in enumerate(self.watch.inputs)}
        if len(self.outputs) == 1:
            return trace(self.outputs[0], inputs, self.watch.newest)
        program, parameters = trace(apply("sum", self.outputs), inputs, self.watch.newest)
        program.outputs = list(program.operands(len(program) - 1))  # what the last instruction adds up
        return program, parameters

    def numbers(self) -> list[float]:
        """The outputs as floats."""
        return [y.data for y in self.outputs]

    @property
    def widths(self) -> list[int | None]:
        """The length of each argument; None for a single number."""
        return [len(x) if isinstance(x, list) else None for x in self.arguments]


def call(f: Callable[..., Any], example: Sequence[Any], text: Iterator[Any] | None = None) -> Call:
    """Call `f` on Values made from the example; a RecordingError if it read or set a number that changes.

    `text` gives successive substitutes for changing numbers in the texts that `f` makes of Values.
    """
    outer = watch()
    if isinstance(outer, RecordingWatch):
        raise outer.error_of("the code records a function", "record the inner function by itself, before")
    arguments = [_as_values(x, k) for k, x in enumerate(example)]
    own = RecordingWatch(flat(arguments), text)
    with watching(own):
        try:
            output = f(*arguments)
        except (TypeError, AttributeError) as error:
            for k, x in enumerate(arguments, 1):
                if isinstance(x, list):
                    error.add_note(
                        f"argument {k} of the example is one row's sequence: f gets a list of {len(x)} Values"
                    )
            raise
    if own.error:  # f caught it
        raise own.error
    shape, outputs = _outputs(output)
    return Call(arguments, outputs, shape, own)


def flat(arguments: Arguments) -> list[Value]:
    """The Values of all arguments as a flat list."""
    return [value for x in arguments for value in (x if isinstance(x, list) else [x])]


def _as_values(example: Any, k: int) -> Value | list[Value]:
    """An argument as the Values that the function gets."""
    name = f"argument {k + 1} of the example"
    if is_array(example):
        example = numbers_of(example, name)
        if example.ndim > 1:
            raise TypeError(f"{name} must be a number or a sequence of numbers, not a matrix")
        example = example.tolist()
    if not isinstance(example, (list, tuple)):
        return Value(number(example, name))
    return [Value(number(x, f"argument {k + 1}[{i}] of the example")) for i, x in enumerate(example)]


def _outputs(output: Any) -> tuple[tuple[int, ...], list[Value]]:
    """The shape of a function's result, and its Values as a flat list."""
    try:
        return _flat(output.tolist() if getattr(output, "ndim", 0) else output)
    except TypeError:
        raise TypeError(f"a recorded function returns a Value or a list of them, not {came(output)}") from None


def _flat(output: Any) -> tuple[tuple[int, ...], list[Value]]:
    if not isinstance(output, (list, tuple)) or not output:
        return (), [as_value(output)]
    parts = [_flat(part) for part in output]
    shapes = {shape for shape, _ in parts}
    if len(shapes) > 1:
        raise ValueError(
            "the lists that a recorded function returns must have one length: return one flat list instead"
        )
    return (len(parts), *shapes.pop()), [y for _, ys in parts for y in ys]
