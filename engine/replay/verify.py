"""Verifies a recording: called at a second point, the function must do what is recorded."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from struct import pack
from threading import RLock
from typing import TYPE_CHECKING, Any

from ..core import NonFiniteError, RecordingError, Value
from .batch import arrays_of
from .call import Call, call
from .program import Program

if TYPE_CHECKING:
    from .record import Recording

STEPS = (1e-3, 1e-6, 1e-9)  # relative distances of the second point: nearer if the function is not finite
AGREEMENT = 1e-9  # relative difference of outputs by rounding, if sums have another order
LONGEST = 5.0  # seconds to wait for another recording: f may wait for a thread that records, which waits here

_one_at_a_time = RLock()  # two threads that move the same parameter would each restore the other's number


def verify(recording: Recording, f: Callable[..., Any], first: Call, check: Any) -> bool:
    """Call `f` at a second point, and raise a RecordingError if it does not do there what is recorded.

    Returns False if no outputs could be compared: the function is not finite nearby, or waits for another recording.
    """
    leaves = [*dict.fromkeys([*recording.parameters, *first.watch.leaves_shown])]
    for step in STEPS:
        point = _moved(first, step) if check is True else check if isinstance(check, tuple) else (check,)
        arrays_of([[x] for x in point], first.widths)
        if not _one_at_a_time.acquire(timeout=LONGEST):
            return False
        try:
            with _away(leaves, step):
                second = call(f, point)
                _require_same(recording, second, point)
        except NonFiniteError:  # inside strict()
            continue
        except RecordingError:
            raise
        except Exception as error:
            raise _differs(f"raises {error!r:.200}") from error
        finally:
            _one_at_a_time.release()
        if all(map(math.isfinite, second.numbers())):
            return True
    return False


def _moved(first: Call, step: float) -> list[Any]:
    """The arguments of a call, moved by a step."""
    return [
        [_beside(x.data, step) for x in argument] if isinstance(argument, list) else _beside(argument.data, step)
        for argument in first.arguments
    ]


def _beside(number: float, step: float) -> float:
    return number + step * abs(number) if number else step


@contextmanager
def _away(leaves: Iterable[Value], step: float) -> Iterator[None]:
    """A context in which the leaves are moved by a step."""
    before = [(leaf, leaf.data) for leaf in leaves]
    try:
        for leaf, number in before:
            leaf.data = _beside(number, step)
        yield
    finally:
        for leaf, number in before:
            leaf.data = number


def _require_same(recording: Recording, second: Call, point: Sequence[Any]) -> None:
    """Raise if a call did not do what is recorded; different operations with the same results are accepted."""
    if second.shape != recording.shape:
        raise _differs(f"returns outputs of the shape {second.shape}, and returned {recording.shape},")
    program, parameters = second.traced()
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
    return RecordingError(
        f"the function {what} when it is called again at a second point, so it depends on more than its arguments and "
        "parameters, such as randomness, a clock, a text that it reads or how often it was called: pass that as an "
        "argument, or use the function without recording it"
    )
