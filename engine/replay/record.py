"""Record once, replay on batches: a function of Values as a compiled program.

The operations of the function become a linear program, which is differentiated by transforming it,
optimised, and run on whole batches without building a graph again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .._compiled import warn_uncompiled
from ..core import PARAMETER, Value, api_boundary, came, elided, flag, reading_all
from .batch import arrays_of
from .call import call
from .forward import along
from .listing import lines
from .numpy_executor import executor
from .passes import passes
from .program import Program
from .reverse import differentiate, lower
from .schedule import Schedule, schedule
from .second import derivatives, second_derivatives
from .verify import verify

SHOWN = 48  # lines of a program that are printed


@api_boundary
def record(f: Callable[..., Any], *example: Any, check: Any = True, compile: bool = False) -> Recording:
    """Run `f` on Values made from the example and keep what it did, to replay it on batches.

    Each argument is a number, or a list, array or series of numbers, which `f` gets as a list of Values. Leaves that
    existed before are the parameters, whose data is read at every call; leaves made inside `f`, such as plain numbers,
    are constants. `f` returns a Value, or lists of Values, nested or not; a recording of lists has no `backward`.
    A recording takes sequences of the example's lengths. Where lengths vary, `functools.cache` keeps one recording for
    each, or one with masks takes all (see `nn.RNN`).

    It is a RecordingError if `f` reads or sets a number of a Value that depends on an input or a parameter. Then `f` is
    called at a second point, with inputs and parameters moved by a thousandth. If the recording does not agree there,
    `f` depends on something else, such as randomness or a clock, which is a RecordingError too. A small `f` is called
    there several times, and if it makes text of Values, also with other numbers in that text, in case it reads them. No
    test finds everything that text is used for, so the recording's text then says "not verified". It says so too where
    the answer stays unknown for another reason. `check` is another second point, as a tuple of arguments, or False for
    none. During that call other threads see the moved parameters: record before starting
    threads that use them, or with check=False.

    With `compile`, the system's C compiler makes one loop of the whole program at the first call, for some 0.3 s. It
    takes a quarter off the time of a program such as the price of an option, so it pays from some 1e8 examples on, in
    all calls together; its numbers agree to 1e-12. Without a compiler, and for a program of over 2000 operations,
    `compile` changes nothing.

    >>> w = Value(3.0, "w")
    >>> recording = record(lambda x: (x * w).tanh() + w, 0.5)
    >>> recording.forward([0.0, 1.0]).round(4).tolist()
    [3.0, 3.9951]
    >>> recording.backward([0.0, 1.0]), w.grad
    (3.49752..., 1.00493...)
    """
    if not callable(f):
        raise TypeError(f"record takes a function, then an example of its arguments, not {came(f)}")
    if not example:
        raise TypeError("record takes an example of each argument of the function, as in record(f, 0.5, [1.0, 2.0])")
    flag(compile, "compile")
    warn_uncompiled()
    first = call(f, example)
    recording = Recording(*first.traced(), first.widths, first.shape, compile)
    if check is not False:
        recording.why_unverified = verify(recording, f, first, check)
    return recording


@api_boundary
class Recording:
    """A function as a program: `forward`, `backward`, `gradients`, `hessian` and `jvp` run it on a batch.

    A batch has one array for each argument: shape (B,) for a number, (B, n) for a sequence of n. Lists, arrays, frames,
    series and tensors are all arrays here. A batch that does not fit is a TypeError or ValueError that names the entry.
    Nothing raises for inf and nan.

    `shape` is that of the outputs of one example: () for a Value, (n,) for a list of n, (m, n) for m lists of n.
    `widths` has the length of each argument, None for a plain number. `verified` is whether the function did the same
    when it was called again at a second point, and `why_unverified` the reason if that is not known.

    >>> print(record(lambda x: x * x + 1.0, 2.0))
    v1 = x0
    v2 = v1 * v1 + 1
    return v2
    instructions: recorded 2, lower 2, fold_constants 2, cse 2, dce 2, fuse 1, dce 1, level 1, hoist 1, group 1
    """

    def __init__(
        self,
        program: Program,
        parameters: list[Value],
        widths: list[int | None],
        shape: tuple[int, ...],
        compile: bool = False,
    ) -> None:
        self.program, self.shape = program, shape
        self.why_unverified = "nobody asked for it"
        self._parameters, self.widths, self._compile = parameters, widths, compile
        self._sizes = [1 if width is None else width for width in widths]
        self._executors: dict[str, Any] = {}

    @property
    def verified(self) -> bool:
        """Whether the function did the same when it was called again at a second point."""
        return not self.why_unverified

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
        return self._outputs("forward", arrays_of(batch, self.widths))

    def backward(self, *batch: Any) -> float:
        """The mean of the outputs; the gradient of that mean is added to every parameter's `.grad`."""
        self._require_one("backward")
        return self._run("backward", arrays_of(batch, self.widths), [])

    def gradients(self, *batch: Any) -> tuple[Any, ...]:
        """The derivative of each output with respect to every argument, an array of the shape of the argument's batch.

        For several outputs, their shape comes first: (n, B) or (n, B, m) for a list of n.

        >>> record(lambda x, y: x * y, 1.0, 1.0).gradients([1.0, 2.0], [3.0, 4.0])
        (array([3., 4.]), array([1., 2.]))
        """
        arrays = arrays_of(batch, self.widths)
        outputs, size = len(self.program.outputs), len(arrays[0])
        found = [np.empty((outputs, size, n)) for n in self._sizes]
        self._run("gradients", arrays, [array[k] for k in range(outputs) for array in found])
        return tuple(self._shaped(array, i) for i, array in enumerate(found))

    def hessian(self, *batch: Any) -> tuple[tuple[Any, ...], ...]:
        """The second derivatives of each output: `hessian(...)[i][j]` with respect to arguments i and j.

        Each is an array of shape (B, ni, nj), without the axis of an argument that is a number; for several outputs,
        their shape comes first. It is exactly symmetric.

        The program is differentiated once for every input, so it suits up to about a hundred inputs: a network of 16
        inputs and 16 units is compiled in 0.03 s and then takes 10 µs per example, one of 64 and 64 takes 0.5 s and
        110 µs, a chain of 10,000 operations on 3 inputs 0.5 s and 330 µs. With more inputs, take the Hessian times a
        vector, which is the `jvp` of a recording of `grad(f(x), x, create_graph=True)`.

        >>> record(lambda x: x[0] * x[0] * x[1], [1.0, 1.0]).hessian([[2.0, 3.0]])[0][0]
        array([[[6., 4.],
                [4., 0.]]])
        """
        arrays = arrays_of(batch, self.widths)
        outputs, size = len(self.program.outputs), len(arrays[0])
        found = [[np.empty((outputs, size, m, n)) for n in self._sizes] for m in self._sizes]
        rows = [(i, p) for i, m in enumerate(self._sizes) for p in range(m)]
        self._run("hessian", arrays, [block[k, :, p] for k in range(outputs) for i, p in rows for block in found[i]])
        return tuple(tuple(self._shaped(block, i, j) for j, block in enumerate(row)) for i, row in enumerate(found))

    def jvp(self, batch: Sequence[Any], vectors: Sequence[Any]) -> Any:
        """The derivative of the outputs while each example moves along a vector: an array of the shape of `forward`.

        `batch` is a tuple of the arguments of `forward`, and `vectors` a tuple of arrays of the same shapes. By forward
        mode, it costs about as much as `forward`, whatever the number of inputs.

        >>> record(lambda x, y: x * y, 1.0, 1.0).jvp(([1.0, 2.0], [3.0, 4.0]), ([1.0, 0.0], [0.0, 10.0]))
        array([ 3., 20.])
        """
        arrays = arrays_of(batch, self.widths) + arrays_of(vectors, self.widths, "vector")
        if len(arrays[0]) != len(arrays[-1]):
            raise ValueError(f"the vectors must be of {len(arrays[0])} examples as the batch is, not {len(arrays[-1])}")
        return self._outputs("jvp", arrays)

    def to_jax(self) -> Callable[[Any, Any], Any]:
        """The recorded function in JAX: a pure function of (parameters, batch), with outputs of shape (B,).

        `parameters` is an array with a number for each of `.parameters`, and `batch` a tuple of the arguments of
        `forward`; without the axis B it is one example. jax.grad, jit, vmap, jvp and sharding work on it, and its
        derivatives are the table's, at kinks and in saturation too. XLA rounds magnitudes below 2.2e-308 to 0. It is a
        PrecisionError if JAX is not set to doubles.

        A network becomes operations on vectors, with a matrix product for each layer. A program of more than 200 such
        operations runs in a loop, one instruction per iteration, whose derivative stores up to B numbers for every
        operation. On two cores 1e3, 1e4 and 1e5 operations with their gradient are compiled in 0.3, 1.2 and 10 s, and
        an operation then takes 0.1 to 0.2 µs, or with 10 examples or more 0.03 µs per example. 1e6 operations take
        minutes to compile: use replay for those.

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
        return to_jax(self.program, len(self._parameters), self.widths)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the program, the parameters' numbers and labels, and the formulas of rows of your own to a JSON file.

        `load_recording` reads it on any machine, without the code that made it. The file appears whole or not at all.
        A row that is a Python function is a RecordingError: no file can hold it.
        """
        from .saved import save

        save(self, path)

    def __reduce__(self) -> tuple[Any, ...]:
        from .saved import document_of, pickled

        return pickled, (document_of(self), self.parameters)

    def __str__(self) -> str:
        name = "backward" if self._parameters and self.shape == () else "forward"
        program, sizes = self._wanted(name), []
        for step in (lower, *passes(name == "backward")):
            program = step(program)
            sizes.append(f"{step.__name__} {program.operations()}")
        text = list(lines(program))
        text = elided(text, SHOWN, f"... {len(text) - SHOWN} more ...")
        text += [f"instructions: recorded {self.program.operations()}, {', '.join(sizes)}"]
        text += [] if self.verified else [f"not verified at a second point: {self.why_unverified}"]
        return "\n".join(text)

    def _outputs(self, name: str, arrays: list[Any]) -> Any:
        """A number for each output of every example, in the shape of the outputs."""
        result = np.empty((len(arrays[0]), len(self.program.outputs)))
        self._run(name, arrays, [result])
        return result.reshape(len(result), *self.shape)

    def _run(self, name: str, arrays: list[Any], results: list[Any]) -> float:
        reading_all(self._parameters, "data")
        if name not in self._executors:
            self._executors[name] = executor(self._schedule(name), _columns(arrays), _columns(results), self._compile)
        mean: float = self._executors[name].run(arrays, self._parameters, results)
        return mean

    def _schedule(self, name: str) -> Schedule:
        """The schedule of a transformed program."""
        program = self._wanted(name)
        for step in (lower, *passes(name == "backward")):
            program = step(program)
        return schedule(program, name == "backward")

    def _wanted(self, name: str) -> Program:
        """The program after the transformation for forward, backward, gradients, hessian or jvp."""
        count = sum(self._sizes)
        if name == "forward":
            return self.program
        if name == "backward":
            return differentiate(self.program, PARAMETER, len(self._parameters))
        if name == "gradients":
            return derivatives(self.program, count)
        return along(self.program, count) if name == "jvp" else second_derivatives(self.program, count)

    def _shaped(self, array: Any, *arguments: int) -> Any:
        """Derivatives without the axes of a single output and of arguments that are numbers."""
        widths = [self.widths[k] for k in arguments]
        return array.reshape(*self.shape, array.shape[1], *[width for width in widths if width is not None])

    def _require_one(self, name: str) -> None:
        if self.shape != ():
            raise TypeError(
                f"the recorded function returned a list of {self.shape[0]}, which has no {name}: "
                "record a function of one Value for each"
            )


def _columns(arrays: Sequence[Any]) -> list[tuple[int, int]]:
    """The columns of all arrays, as (index of the array, index of the column)."""
    return [(k, j) for k, array in enumerate(arrays) for j in range(1 if array.ndim == 1 else array.shape[1])]
