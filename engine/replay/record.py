"""Record once, replay on batches: a function of Values as a compiled program.

What the function does is kept as a linear program over the table's operations, differentiated by
transforming the program, optimised, and then run on whole batches without building a graph again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .._compiled import warn_uncompiled
from ..core import INPUT, PARAMETER, Value, reading_all
from .call import Call, call
from .constant_folding import fold_constants
from .fusion import fuse
from .numpy_executor import executor
from .passes import batch_mean, cse, dce, group, hoist, level
from .program import Program, lines
from .reverse import differentiate, lower
from .schedule import schedule
from .verify import verify

SHOWN = 24  # lines of a program that are printed before and after the gap


def record(f: Callable[..., Any], *example: Any, check: Any = True, compile: bool = False) -> Recording:
    """Run `f` on Values made from the example and keep what it did, to replay it on batches.

    Each argument is a number, or a sequence of numbers of which `f` gets a list of Values. Leaves that existed
    before are the parameters, read anew at every call; leaves made inside `f`, as plain numbers are, are constants.
    `f` returns a Value, or a list of them where only `forward` is wanted.

    Code in `f` that reads or sets a number of a Value that depends on an input or a parameter is a RecordingError.
    Then `f` is called at a second point, with inputs and parameters moved by a thousandth, and has to do the same
    there, else it depends on something that a recording cannot know, such as randomness or a clock: a RecordingError
    too. `check` is another point, as a tuple of arguments, or False for none.

    With `compile`, the system's C compiler makes one loop of the whole program at the first call, for some 0.3 s. It
    takes a quarter off the time of a program such as the price of an option, so it pays from some 1e8 examples on, in
    all calls together; its numbers agree to 1e-12. Without a compiler, and for a program of over 2000 operations,
    everything is as it is without.

    >>> w = Value(3.0, "w")
    >>> recording = record(lambda x: (x * w).tanh() + w, 0.5)
    >>> recording.forward([0.0, 1.0]).round(4).tolist()
    [3.0, 3.9951]
    >>> recording.backward([0.0, 1.0]), w.grad
    (3.49752..., 1.00493...)
    """
    if not callable(f):
        raise TypeError(f"record takes a function, then an example of its arguments, not {type(f).__name__} {f!r:.80}")
    if not example:
        raise TypeError("record takes an example of each argument of the function, as in record(f, 0.5, [1.0, 2.0])")
    warn_uncompiled()
    first = call(f, example)
    recording = Recording(first, compile)
    if check is not False:
        recording.verified = verify(recording, f, first, check)
    return recording


class Recording:
    """A function as a program: `forward`, `backward` and `gradients` run it on a batch.

    A batch has one array an argument: a column of shape (B,) for a number, a matrix of shape (B, n) for a sequence
    of n. Arrays that don't fit are a TypeError or ValueError. Nothing raises for inf and nan. `outputs` is how many
    Values the function returned as a list, None for a Value. `verified` is whether the function did the same when it
    was called again at a second point.

    >>> print(record(lambda x: x * x + 1.0, 2.0))
    v1 = x0
    v2 = v1 * v1 + 1
    return v2
    2 instructions recorded: lower 2, fold_constants 2, cse 2, dce 2, fuse 1, dce 1, level 1, hoist 1, group 1
    """

    def __init__(self, call: Call, compile: bool = False) -> None:
        self.outputs = None if isinstance(call.outputs, Value) else len(call.outputs)
        self.verified = False
        self._compile = compile
        self._widths = [len(x) if isinstance(x, list) else None for x in call.arguments]
        self._places = [(k, j) for k, width in enumerate(self._widths) for j in range(1 if width is None else width)]
        self.program, self._parameters = call.traced()
        self._executors: dict[str, Any] = {}

    @property
    def parameters(self) -> list[Value]:
        """The leaves that existed before the function ran, in the order in which the output uses them."""
        return list(self._parameters)

    def forward(self, *batch: Any) -> Any:
        """The outputs, a float64 array of shape (B,), or (B, n) where the function returned a list of n.

        >>> record(lambda x: [x + 1.0, x * x], 0.0).forward([2.0, 3.0])
        array([[3., 4.],
               [4., 9.]])
        """
        arrays = self.arrays_of(batch)
        size = len(arrays[0])
        result = np.empty(size if self.outputs is None else (size, self.outputs))
        self._run("forward", arrays, [result])
        return result

    def backward(self, *batch: Any) -> float:
        """The mean of the outputs; the gradient of that mean is added to every parameter's `.grad`."""
        return self._run("backward", self.arrays_of(batch), [])

    def gradients(self, *batch: Any) -> tuple[Any, ...]:
        """For every argument the derivative of each output in it, an array of the shape of the argument's batch.

        >>> record(lambda x, y: x * y, 1.0, 1.0).gradients([1.0, 2.0], [3.0, 4.0])
        (array([3., 4.]), array([1., 2.]))
        """
        arrays = self.arrays_of(batch)
        results = [np.empty(array.shape) for array in arrays]
        self._run("gradients", arrays, results)
        return tuple(results)

    def to_jax(self) -> Callable[[Any, Any], Any]:
        """The recorded function in JAX: pure, of (parameters, batch), to the outputs of shape (B,).

        `parameters` is an array of a number for each of `.parameters`, `batch` a tuple of what `forward` takes; without
        the axis B it is one example. jax.grad, jit, vmap, jvp and sharding work on it, and its derivatives are the
        table's, at kinks and in saturation too. XLA takes what is closer to 0 than 2.2e-308 for 0. Where JAX is not
        set to doubles that is a PrecisionError.

        A network becomes operations on vectors, a layer a matrix product. What takes more than 200 of them runs in a
        loop, an instruction a turn, whose derivative keeps up to a row of B numbers for every operation. On two cores
        1e3, 1e4 and 1e5 operations with their gradient are compiled in 0.3, 1.2 and 10 s, and an operation then takes
        0.1 to 0.2 µs, from 10 examples on 0.03 µs an example; 1e6 operations take minutes: replay those.

        >>> import jax
        >>> w = Value(3.0, "w")
        >>> with jax.enable_x64(True):
        ...     f = record(lambda x: (x * w).tanh() + w, 0.5).to_jax()
        ...     f([3.0], ([0.0, 1.0],)).tolist()
        ...     jax.grad(lambda p, batch: f(p, batch).mean())(jax.numpy.array([3.0]), ([0.0, 1.0],)).tolist()
        [3.0, 3.995...]
        [1.00493...]
        """
        from ..export import to_jax

        self._require_one("to_jax")
        return to_jax(self.program, len(self._parameters), self._widths)

    def __str__(self) -> str:
        name = "backward" if self._parameters and self.outputs is None else "forward"
        program, sizes = self._wanted(name), []
        for step in passes(name):
            program = step(program)
            sizes.append(f"{step.__name__} {program.operations()}")
        text = list(lines(program))
        if len(text) > 2 * SHOWN:
            text[SHOWN:-SHOWN] = [f"... {len(text) - 2 * SHOWN} more ..."]
        text += [f"{self.program.operations()} instructions recorded: {', '.join(sizes)}"]
        text += [] if self.verified else ["not verified at a second point, where the function gives finite numbers"]
        return "\n".join(text)

    def _run(self, name: str, arrays: list[Any], results: list[Any]) -> float:
        reading_all(self._parameters, "data")
        if name not in self._executors:
            self._executors[name] = self._compiled(name)
        mean: float = self._executors[name].run(arrays, self._parameters, results)
        return mean

    def _compiled(self, name: str) -> Any:
        """What runs the program of what is asked for."""
        targets = {"forward": [(0, k) for k in range(self.outputs or 1)], "backward": [], "gradients": self._places}[
            name
        ]
        program = self._wanted(name)
        for step in passes(name):
            program = step(program)
        return executor(schedule(program, name == "backward"), self._places, targets, self._compile)

    def _wanted(self, name: str) -> Program:
        """The program of what is asked for, as the transformation leaves it."""
        if name == "forward":
            return self.program
        self._require_one(name)
        if name == "backward":
            return differentiate(self.program, PARAMETER, len(self._parameters))
        program = differentiate(self.program, INPUT, len(self._places))
        del program.outputs[0]
        return program

    def _require_one(self, name: str) -> None:
        if self.outputs is not None:
            raise TypeError(
                f"the recorded function returned a list of {self.outputs}, which has no {name}: "
                "record a function of one Value for each"
            )

    def arrays_of(self, batch: Sequence[Any]) -> list[Any]:
        """The batch as float64 arrays of the shapes that the recording takes."""
        if len(batch) != len(self._widths):
            raise TypeError(f"the recorded function takes {len(self._widths)} argument(s), not {len(batch)}")
        arrays = [self._array(x, k) for k, x in enumerate(batch)]
        size = len(arrays[0])
        for k, array in enumerate(arrays):
            if len(array) != size:
                raise ValueError(f"argument {k + 1} has {len(array)} examples, where argument 1 has {size}")
        if not size:
            raise ValueError("a batch needs at least one example, this one is empty")
        return arrays

    def _array(self, x: Any, k: int) -> Any:
        width = self._widths[k]
        if type(x) is np.ndarray and x.dtype == float:
            array = x
        else:
            try:
                array = np.asarray(x)
            except ValueError:
                raise ValueError(f"argument {k + 1} must be an array, not rows of different lengths") from None
            if array.dtype.kind not in "fiub":
                raise TypeError(f"argument {k + 1} must be an array of real numbers, not of {array.dtype}")
            array = array.astype(float)
        if array.ndim != (1 if width is None else 2) or (width is not None and array.shape[1] != width):
            wanted = "a column of shape (B,)" if width is None else f"a matrix of shape (B, {width})"
            raise ValueError(f"argument {k + 1} must be {wanted}, not of shape {array.shape}")
        return array


def passes(name: str) -> list[Callable[[Program], Program]]:
    """The passes in order: `backward` runs a program of means."""
    mean = [batch_mean] if name == "backward" else []
    return [lower, fold_constants, cse, dce, fuse, *mean, dce, level, hoist, group]
