"""A recording tells the truth: reading what changes is refused, and what else changes is found by a second call."""

import contextvars
import copy
import itertools
import math
import pickle
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from engine import (
    NonFiniteError,
    RecordingError,
    Value,
    chain_rule,
    check_gradients,
    compare,
    diagnose,
    grad,
    record,
    strict,
)

np = pytest.importorskip("numpy")


@pytest.fixture
def w():
    return Value(2.0, "w")


def newton(x, w):
    y = x * x - w
    return x - y / grad(y, [x])[0]


def after_backward(x, w):
    (x * w).backward()
    return x * x.grad


READS = {
    "grad": lambda x, w: x * grad((x * w).tanh(), [x])[0],
    "a Newton step": newton,
    "backward": after_backward,
    "the chain rule": lambda x, w: x * chain_rule((x * w).tanh(), x).total,
    "a diagnosis": lambda x, w: x * len(diagnose(x * w, [w])),
    "partials": lambda x, w: x * (x * w).partials[0],
    "a comparison of gradients": lambda x, w: x * len(str(compare(x * w, {w: 1.5}))),
    "data": lambda x, w: x * x.data,
    "the data of a parameter": lambda x, w: x * w.data,
    "the gradient of a parameter": lambda x, w: x * w.grad,
    "a comparison": lambda x, w: x if x > 1.0 else w,
    "a comparison on the right": lambda x, w: x if np.float64(1.0) < x else w,
    "copy": lambda x, w: x * copy.copy(x),
    "deepcopy": lambda x, w: x * copy.deepcopy([x])[0],
    "pickle": lambda x, w: x * pickle.loads(pickle.dumps(x)),
    "float": lambda x, w: x * float(x),
    "math": lambda x, w: x * math.exp(x),
    "a recording of another function": lambda x, w: x * record(lambda t: t * 2.0, 1.0).forward([1.0])[0],
}
SETS = {
    "data": lambda x, w: setattr(x, "data", 7.0),
    "gradient": lambda x, w: setattr(x, "grad", 0.0),
    "data of a parameter": lambda x, w: setattr(w, "data", 1.0),
    "data of a constant": lambda x, w: setattr(Value(1.0), "data", 2.0),
    "by check_gradients": lambda x, w: check_gradients(lambda t: t * t, 3.0),
}


@pytest.mark.parametrize("reads", READS)
def test_reading_a_number_that_changes_is_an_error(reads, w):
    with pytest.raises(RecordingError, match="a recording would keep what it saw for good"):
        record(lambda x: READS[reads](x, w), 1.5)
    assert (w.data, w.grad) == (2.0, 0.0)


def test_a_function_of_math_is_replaced_by_the_engine_s():
    with pytest.raises(RecordingError, match=r"data of a Value.*take functions from engine \(exp, not math\.exp\)"):
        record(lambda x: x * math.exp(x), 1.5)


@pytest.mark.parametrize("sets", SETS)
def test_setting_a_number_is_an_error(sets, w):
    def f(x):
        SETS[sets](x, w)
        return x * w

    with pytest.raises(RecordingError, match="sets the (data|gradient) of a Value"):
        record(f, 1.5)
    assert (w.data, w.grad) == (2.0, 0.0)


def test_using_another_recording_of_parameters_is_an_error(w):
    other = record(lambda t: t * w, 1.0)
    for use in (other.forward, other.backward, other.gradients):
        with pytest.raises(RecordingError, match="looks at the data"):
            record(lambda x, use=use: x * np.ravel(use([1.0]))[0], 1.5)
    assert w.grad == 0.0


@pytest.mark.parametrize("reads", [*READS, "a number set"])
def test_an_error_that_the_function_catches_is_raised_when_it_returns(reads, w):
    def f(x):
        try:
            return READS[reads](x, w) if reads in READS else SETS["data"](x, w)
        except TypeError:
            return x * 3.0

    with pytest.raises(RecordingError, match="keep what it saw for good"):
        record(f, 1.5)


def test_what_was_made_in_it_is_refused_in_every_thread(w):
    def read_by_a_thread(node, read):
        got = []

        def run():
            try:
                got.append(read(node))
            except RecordingError:
                got.append(1.0)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        return got[0]

    for read in (lambda v: v.data, lambda v: v.grad, lambda v: setattr(v, "data", 1.0)):
        for node in (lambda x: x, lambda x: x * w, lambda x: w * 2.0):
            with pytest.raises(RecordingError):
                record(lambda x, node=node, read=read: x if read_by_a_thread(node(x), read) else w, 1.5)


def test_a_thread_in_the_context_of_the_recording_is_part_of_it(w):
    def f(x):
        thread = threading.Thread(target=contextvars.copy_context().run, args=(catching, lambda: w.data))
        thread.start()
        thread.join()
        return x * w

    def catching(read):
        with suppress(RecordingError):
            read()

    with pytest.raises(RecordingError):
        record(f, 1.5)


@pytest.mark.parametrize(
    "read",
    [
        lambda x, w: contextvars.Context().run(lambda: w.data),
        lambda x, w: contextvars.Context().run(lambda: (w * 2.0).data),
        lambda x, w: contextvars.Context().run(lambda: 1.0 if w > 0.0 else 2.0),
        lambda x, w: contextvars.copy_context().run(lambda: (x * w).data),
        lambda x, w: elsewhere(lambda: (x * w).data),
        lambda x, w: elsewhere(lambda: round(x.data, 1)),
    ],
)
def test_no_other_context_or_thread_hides_what_is_read(w, read):
    with pytest.raises(RecordingError):
        record(lambda x: x * read(x, w), 1.5)


@pytest.mark.parametrize("read", [lambda w: round(w.data, 1), lambda w: (w * 2.0).data > 1.0, lambda w: f"{w:.0f}"])
def test_a_parameter_read_by_another_thread_leaves_a_recording_unverified(w, read):
    recording = record(lambda x: x * float(elsewhere(lambda: read(w))), 1.5)
    assert not recording.verified
    assert recording.why_unverified.startswith("another thread")


def test_an_error_of_strict_that_is_caught_is_a_branch(w):
    def f(x):
        with suppress(NonFiniteError), strict():
            return (x * w - 5.0).log()
        return x

    with pytest.raises(RecordingError, match="catches the error of a number that is not finite"):
        record(f, 1.5)


def test_another_thread_uses_its_own_values_meanwhile(w):
    def f(x):
        found = []

        def train():
            v = Value(3.0)
            y = v * w
            y.backward()
            v.data -= 0.5 * v.grad
            found.append((v.data, y.data, grad(y, [v])))

        thread = threading.Thread(target=train)
        thread.start()
        thread.join()
        assert found
        return x * 2.0

    recording = record(f, 1.5)
    assert recording.forward([2.0]).tolist() == [4.0]
    assert not recording.verified  # the function could have used what the thread found
    assert "not verified at a second point: another thread looked at a number meanwhile" in str(recording)


def test_two_recordings_at_once_watch_only_their_own(w):
    barrier = threading.Barrier(2)
    found = []

    def run():
        def f(x):
            barrier.wait()
            y = (x * w).tanh()
            barrier.wait()
            return y

        found.append(record(f, 1.5, check=False).forward([1.0]).tolist())

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[math.tanh(2.0)]] * 2
    assert w.data == 2.0


def test_text_is_free(w, capsys):
    def f(x):
        print(x, repr(x), f"{x:.3f} {w}", [x * w], x > w, f"{x < w:d}")
        return x * w

    recording = record(f, 1.5)
    assert recording.forward([2.0]).tolist() == [4.0]
    assert "Value(data=1.5" in capsys.readouterr().out


def elsewhere(f):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(f).result()


counter, coins = itertools.count(1.0), random.Random(5)
OTHERS = {
    "randomness": lambda x, w: x * random.random(),
    "a random choice": lambda x, w: x * random.choice([w, 2.0, 1.5, x, 0.25]) * random.random(),
    "noise below the tolerance": lambda x, w: x * (1.0 + 1e-12 * random.random()),
    "a clock": lambda x, w: x * time.time(),
    "a counter of nanoseconds": lambda x, w: x + time.perf_counter_ns(),
    "a count": lambda x, w: x * next(counter),
    "text": lambda x, w: x * float(f"{x:.17g}"),
    "rounded text": lambda x, w: x * float(f"{x * w:.1f}"),
    "text rounded to a whole number": lambda x, w: x * int(f"{w:.0f}"),
    "text in a comparison": lambda x, w: x * (2.0 if f"{(x * w).tanh():.0f}" == "1" else 3.0),
    "text made by a thread": lambda x, w: x * float(elsewhere(lambda: f"{x * w:.1f}")),
    "the text of a result": lambda x, w: x * float(repr(x * w).split("data=")[1].split(",")[0]),
    "the text of a parameter": lambda x, w: x * float(f"{w:.17g}"),
    "text far from a decision": lambda x, w: x * (2.0 if float(f"{x:.3f}") > 1e6 else 3.0),
    "the length of a text": lambda x, w: x * len(f"{x:.3f}"),
    "the order of texts": lambda x, w: sorted([x, w], key=repr)[0] * 2.0,
    "the largest text": lambda x, w: max([x, w], key=lambda v: f"{v:.4f}") * 2.0,
    "the text of a comparison": lambda x, w: x if f"{x > w}" == "True" else x * 2.0,
    "the text of one that holds": lambda x, w: x if str(x < w) == "True" else x * 2.0,
    "the digit of a comparison": lambda x, w: x * int(f"{x * w > 9.0:d}"),
    "a sign of a text": lambda x, w: x if "-" in str(x) else x * 2.0,
    "a coin": lambda x, w: x * (w if coins.random() < 0.5 else 2.0),
}


@pytest.mark.parametrize("other", OTHERS)
def test_what_else_changes_is_found_by_a_second_call(other, w):
    with pytest.raises(RecordingError, match=r"called again at a second point, so it depends on more than its arg"):
        record(lambda x: OTHERS[other](x, w), 1.5)
    assert w.data == 2.0
    assert not record(lambda x: OTHERS[other](x, w), 1.5, check=False).verified


def compared(x):
    try:
        return x * 2.0 if float(f"{x:.3f}") == 0.375 else x * 3.0
    except ValueError:
        return x * 3.0


READ_PERHAPS = {
    "text compared inside try": compared,
    "text compared with a text": lambda x: x * (2.0 if f"{x:.3f}" == "0.375" else 3.0),
    "text as a key": lambda x: x * {"0.375": 2.0}.get(f"{x:.3f}", 3.0),
    "text within a band": lambda x: x * (2.0 if 41.0 < float(f"{x:.1f}") < 43.0 else 3.0),
    "text that is only parsed": lambda x: [x, float(f"{x:.3f}")][0],
}


@pytest.mark.parametrize("read", READ_PERHAPS)
def test_text_that_is_read_perhaps_leaves_a_recording_unverified(read):
    recording = record(READ_PERHAPS[read], 1.5)
    assert recording.why_unverified == "the function makes text of Values, and may read numbers from it"


@pytest.mark.parametrize("draw", [random.random, np.random.random])
def test_a_rare_event_leaves_a_recording_unverified(draw, w):
    recording = record(lambda x: x * (w if draw() >= 0.0 else 2.0), 1.5)
    assert recording.why_unverified == "random numbers were drawn meanwhile, perhaps by the function"


def test_a_function_that_seeds_is_verified():
    def f(x):
        random.seed(3)
        return x * random.random()

    assert record(f, 1.5).verified


def test_a_function_that_cannot_be_called_again_is_refused(w):
    numbers = iter([3.0])
    with pytest.raises(RecordingError, match=r"raises StopIteration\(\) when it is called again"):
        record(lambda x: x * w * next(numbers), 1.5)
    assert w.data == 2.0


def test_another_order_of_the_same_sum_is_the_same(w):
    turns = itertools.cycle([1, -1])

    def f(x):
        return sum([x * 0.1, w * 0.3, x * w, x * 0.7][:: next(turns)])

    assert record(f, 1.5).verified


def test_parameters_are_as_they_were_to_the_last_bit():
    parameters = [Value(number) for number in (0.1, -3e-300, 0.0, 1e300, 7.0)]
    record(lambda x: sum(p * x for p in parameters), 1.5)
    assert [p.data for p in parameters] == [0.1, -3e-300, 0.0, 1e300, 7.0]
    assert [p.grad for p in parameters] == [0.0] * 5


@pytest.mark.parametrize(
    ("f", "x", "verified"),
    [
        (lambda x: (1.0001 - x).log(), 1.0, True),  # not finite a thousandth further
        (lambda x: (x - 5.0).log(), 1.0, False),
        (lambda x: x * math.inf, 1.0, False),
        (lambda x: x.log(), 0.0, True),
    ],
)
def test_a_second_point_is_nearer_where_the_result_is_not_finite(f, x, verified):
    recording = record(f, x)
    assert recording.verified is verified
    assert ("not verified" in str(recording)) is not verified


def test_inside_strict_a_second_point_is_nearer_too():
    with strict():
        assert record(lambda x: (1.0001 - x).log(), 1.0).verified


def test_the_second_point_can_be_given_or_left_out():
    seen = []

    def f(x, y):
        seen.append((repr(x), [repr(a) for a in y]))
        return x * y[0]

    record(f, 1.0, [2.0, 3.0], check=(4.0, [5.0, 6.0]))
    assert seen[1] == ("Value(data=4.0, grad=0.0)", ["Value(data=5.0, grad=0.0)", "Value(data=6.0, grad=0.0)"])
    assert record(lambda x: (x - 5.0).log(), 1.0, check=7.0).verified
    assert record(lambda x: x[0] * x[1], [1.0, 2.0], check=[3.0, 4.0]).verified
    seen.clear()
    assert "not verified" in str(record(f, 1.0, [2.0], check=False))
    assert len(seen) == 1
    with pytest.raises(TypeError, match=r"takes 2 arguments, not 1"):
        record(f, 1.0, [2.0], check=1.0)


RETURNED = {
    "generator": lambda x: (x * k for k in range(3)),
    "dict": lambda x: {"y": x},
    "set": lambda x: {x},
    "str": lambda x: "x",
    "NoneType": lambda x: None,
    "list": lambda x: [x, None],
    "ndarray": lambda x: np.array([[x, None]]),
    "function": lambda x: len,
}


@pytest.mark.parametrize("kind", RETURNED)
def test_what_a_function_returned_is_named(kind):
    name = "builtin_function_or_method" if kind == "function" else kind
    with pytest.raises(
        TypeError, match=f"a recorded function returns a Value or a list of them, not {name} "
    ) as caught:
        record(RETURNED[kind], 1.5)
    assert not isinstance(caught.value, RecordingError)


def test_an_array_of_values_is_a_list_of_outputs():
    assert record(lambda x: np.array([x, x * 2.0]), 1.5).forward([1.0, 2.0]).tolist() == [[1.0, 2.0], [2.0, 4.0]]
    with pytest.raises(TypeError, match="record takes a function, then an example of its arguments, not float 3.0"):
        record(3.0, 1.0)
