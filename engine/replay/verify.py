"""Verifies a recording: called at a second point, the function must do what is recorded."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count, repeat
from pickle import dumps
from struct import pack
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core import NonFiniteError, RecordingError, Value
from .batch import arrays_of
from .call import Call, call
from .program import Program

if TYPE_CHECKING:
    from .record import Recording

STEPS = (1e-3, 1e-6, 1e-9)  # relative distances of the second point: nearer if the function is not finite
TURNS = 8  # more calls there, because two calls of a random function may agree by chance
SMALL = 1_000  # instructions; a larger program is not called TURNS times more
AGREEMENT = 1e-9  # relative difference of outputs by rounding, if sums have another order
LONGEST = 5.0  # seconds to wait for another verification, whose f may in turn wait for this thread

_one_at_a_time = RLock()  # two threads that move the same parameter would each restore the other's number


class _Unreadable:
    """Stands for a number in a text from which no number can be read."""

    def __format__(self, spec: str) -> str:
        return "?"

    __repr__ = __str__ = lambda self: "?"


def _texts() -> Iterator[Iterator[Any]]:
    """Successive substitutes for the numbers in texts of a call; some rise or fall, to detect sorting."""
    yield from map(repeat, (_Unreadable(), math.nan, math.inf, -math.inf, 0.0))
    yield from (count(first, step) for first, step in ((0.0, 1.0), (-0.1, -1.0), (0.7, -1.0), (3.0, 1.0), (1e9, -1e6)))


def verify(recording: Recording, f: Callable[..., Any], first: Call, check: Any) -> str:
    """Call `f` at a second point, and raise a RecordingError if it differs there from the recording.

    Returns a clause that says why this is unknown, or "" if the recording is verified.
    """
    leaves = [*dict.fromkeys([*recording.parameters, *first.watch.leaves_shown])]
    given = None if check is True else check if isinstance(check, tuple) else (check,)
    agrees_at = partial(_agrees, recording, f, first, leaves, given)
    if not _one_at_a_time.acquire(timeout=LONGEST):
        return f"another recording was being verified for {LONGEST:g} s"
    try:
        before = _random_states()
        nearest = next((step for step in STEPS if agrees_at(step)), 0.0)
        is_random = _random_states() != before
        agrees = partial(agrees_at, nearest or STEPS[-1])
        if first.watch.leaves_shown:
            for text in _texts():
                with suppress(_FunctionError):
                    agrees(text)
        elif is_random or len(recording.program) <= SMALL:
            for _ in range(TURNS):
                agrees()
    finally:
        _one_at_a_time.release()
    if first.watch.is_read_elsewhere:
        return "another thread looked at a number meanwhile, perhaps for the function"
    if is_random:
        return "random numbers were drawn meanwhile, perhaps by the function"
    if first.watch.leaves_shown:
        return "the function makes text of Values, and may read numbers from it"
    return "" if nearest else "the function gives no finite numbers there"


def _random_states() -> tuple[Any, ...]:
    """The states of the generators that a program shares, of Python and of NumPy."""
    return random.getstate(), dumps(np.random.get_state(legacy=False))


class _FunctionError(RecordingError):
    """The function raised an error of its own at another point."""


def _agrees(
    recording: Recording,
    f: Callable[..., Any],
    first: Call,
    leaves: Iterable[Value],
    given: Sequence[Any] | None,
    step: float,
    text: Iterator[Any] | None = None,
) -> bool:
    """Whether `f` is finite at a point where all numbers are moved, and the recording too; an error if they differ."""
    move = partial(_beside, step=step)
    point = _moved(first, move) if given is None else given
    arrays_of([[x] for x in point], first.widths)
    try:
        with _away(leaves, move):
            second = call(f, point, text)
            _require_same(recording, second, point)
    except NonFiniteError:  # inside strict()
        return False
    except RecordingError:
        raise
    except Exception as error:
        raise _FunctionError(_text(f"raises {error!r:.200}")) from error
    return all(map(math.isfinite, second.numbers()))


def _moved(first: Call, move: Callable[[float], float]) -> list[Any]:
    """The arguments of a call, moved."""
    return [
        [move(x.data) for x in argument] if isinstance(argument, list) else move(argument.data)
        for argument in first.arguments
    ]


def _beside(number: float, step: float) -> float:
    return number + step * abs(number) if number else step


@contextmanager
def _away(leaves: Iterable[Value], move: Callable[[float], float]) -> Iterator[None]:
    """A context in which the leaves are moved."""
    before = [(leaf, leaf.data) for leaf in leaves]
    try:
        for leaf, number in before:
            leaf.data = move(number)
        yield
    finally:
        for leaf, number in before:
            leaf.data = number


def _require_same(recording: Recording, second: Call, point: Sequence[Any]) -> None:
    """Raise if a call did not do what is recorded; different operations with the same results are accepted."""
    if second.shape != recording.shape:
        raise _differs(f"returns outputs of the shape {second.shape}, and returned {recording.shape},")
    program, parameters = second.traced()
    if not set(parameters) <= set(recording.parameters):
        raise _differs("uses other parameters")
    if _operations(program) == _operations(recording.program):
        now, then = _bits(program), _bits(recording.program)
        if now == then and parameters == recording.parameters:
            return
        if sorted(now) != sorted(then):
            raise _differs("computes with other constants")
    numbers, recorded = second.numbers(), recording.forward(*([x] for x in point)).ravel().tolist()
    if not (len(numbers) == len(recorded) and all(map(_agree, numbers, recorded))):
        raise _differs(f"gives {numbers!r:.80}, where the recording gives {recorded!r:.80},")


def _operations(program: Program) -> tuple[list[int], ...]:
    """The instructions without their constants."""
    size, count = len(program), program.starts[len(program)]
    return list(program.codes[:size]), list(program.starts[:size]), list(program.args[:count]), list(program.outputs)


def _bits(program: Program) -> list[bytes]:
    return [pack("d", number) for number in program.constants]


def _agree(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=AGREEMENT) or (a != a and b != b)


def _differs(what: str) -> RecordingError:
    return RecordingError(_text(what))


def _text(what: str) -> str:
    return (
        f"the function {what} when it is called again at a second point, so it depends on more than its arguments and "
        "parameters, such as randomness, a clock, a text that it reads or how often it was called: pass that as an "
        "argument, or use the function without recording it"
    )
