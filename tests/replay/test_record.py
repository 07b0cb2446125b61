"""What a user of record sees: batches, gradients, parameters that change, and errors that say what to do."""

import gc
import math
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine import RecordingError, Value, dot, erf, grad, maximum, record, relu, softmax
from engine.core.operations import apply
from engine.replay.trace import trace
from engine.table.opcodes import CONSTANT, NAMES

np = pytest.importorskip("numpy")


def test_backward_gives_the_mean_and_adds_its_gradient():
    w, b = Value(2.0, "w"), Value(1.0, "b")
    recording = record(lambda x, y: (w * x + b - y) ** 2, 1.0, 1.0)
    x, y = np.array([1.0, 2.0]), np.array([2.0, 4.0])
    assert recording.backward(x, y) == 1.0
    assert (w.grad, b.grad) == (3.0, 2.0)
    recording.backward(x, y)
    assert (w.grad, b.grad) == (6.0, 4.0)
    assert recording.parameters == [w, b]


def test_a_parameter_is_read_anew_at_every_call():
    w = Value(2.0)
    recording = record(lambda x: w * x, 1.0)
    assert recording.forward([3.0]).tolist() == [6.0]
    w.data = -1.0
    assert recording.forward([3.0]).tolist() == [-3.0]
    w.data = math.nan
    assert np.isnan(recording.forward([3.0])).all()


def test_a_parameter_out_of_the_users_sight_stays_alive():
    def recorded():
        w = Value(2.0)
        return record(lambda x: w * x, 1.0)

    recording = recorded()
    gc.collect()
    assert recording.forward([3.0]).tolist() == [6.0]
    recording.backward([3.0])
    assert recording.parameters[0].grad == 3.0


def test_a_parameter_computed_before_is_recomputed_from_its_leaves():
    w = Value(2.0)
    square = w * w
    recording = record(lambda x: square * x, 1.0)
    assert recording.parameters == [w]
    w.data = 3.0
    assert recording.forward([1.0]).tolist() == [9.0]
    recording.backward([1.0])
    assert w.grad == 6.0


def test_numbers_and_leaves_made_inside_are_constants():
    recording = record(lambda x: x * Value(3.0, "k") + 1.0, 1.0)
    assert recording.parameters == []
    assert recording.forward([2.0]).tolist() == [7.0]


def test_the_penalty_on_the_weights_is_not_divided_by_the_batch():
    w = Value(2.0)
    recording = record(lambda x: w * x + w * w, 1.0)
    assert recording.backward([1.0, 3.0]) == 8.0
    assert w.grad == 6.0


def test_a_function_that_does_not_depend_on_its_input():
    w = Value(2.0)
    recording = record(lambda x: w * w, 1.0)
    assert recording.forward([1.0, 5.0]).tolist() == [4.0, 4.0]
    assert recording.backward([1.0, 5.0]) == 4.0
    assert w.grad == 4.0
    assert recording.gradients([1.0, 5.0])[0].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("f", [lambda x: x, lambda x: Value(3.0), lambda x: 3.0])
def test_a_function_without_an_operation(f):
    recording = record(f, 1.0)
    assert recording.forward([3.0]).tolist() == [3.0]
    assert recording.backward([3.0]) == 3.0


def test_a_leaf_returned_as_it_is_is_a_parameter():
    w = Value(2.0)
    assert record(lambda x: w, 1.0).backward([1.0, 1.0]) == 2.0
    assert w.grad == 1.0


def test_gradients_have_the_shapes_of_the_batch():
    recording = record(lambda x, y, z: dot(x, z) * y, [1.0, 2.0], 3.0, [1.0, 1.0])
    X, y, Z = np.ones((4, 2)), np.full(4, 2.0), np.arange(8.0).reshape(4, 2)
    dx, dy, dz = recording.gradients(X, y, Z)
    assert dx.tolist() == (2.0 * Z).tolist()
    assert dy.tolist() == Z.sum(1).tolist()
    assert dz.tolist() == (2.0 * X).tolist()
    assert dx.dtype == dy.dtype == np.float64


def test_a_sequence_of_one_is_a_matrix_of_one_column():
    recording = record(lambda x: x[0] * 2.0, [1.0])
    assert recording.forward([[1.0], [2.0]]).tolist() == [2.0, 4.0]
    assert recording.gradients([[1.0], [2.0]])[0].shape == (2, 1)


def test_an_unused_input_has_the_gradient_0():
    dx, dy = record(lambda x, y: y * 2.0, [1.0, 2.0], 1.0).gradients([[1.0, 2.0]], [3.0])
    assert (dx.tolist(), dy.tolist()) == ([[0.0, 0.0]], [2.0])


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_inf_and_nan_go_through_as_ieee_has_them(number):
    w = Value(1.0)
    recording = record(lambda x: relu(w * x) + maximum(x, 0.0), 1.0)
    for length in (1, 3, 70):
        batch = np.full(length, 2.0)
        batch[0] = number
        got = recording.forward(batch)
        assert got[0] == pytest.approx((2.0 * max(number, 0.0)) if number == number else math.nan, nan_ok=True)
        assert got[1:].tolist() == [4.0] * (length - 1)


def assert_replays(f, number):
    x = Value(number)
    y = f(x)
    y.backward()
    recording = record(f, number)
    assert recording.forward([number])[0] == pytest.approx(y.data, rel=1e-9)
    assert recording.gradients([number])[0][0] == pytest.approx(x.grad, rel=1e-9)


def test_recordings_of_two_thousand_operations_in_a_row_need_no_stack():
    def deep(x):
        for _ in range(1000):
            x = (x * 0.9).sin()
        return x

    assert_replays(deep, 0.5)


def test_a_derivative_is_recorded_as_any_function_and_differentiated_again():
    w = Value(1.5, "w")

    def slope(x, y):
        return grad((w * x).tanh() * y**3 + erf(x / y) ** 2, x, create_graph=True)[0]

    x, y = Value(0.7), Value(-1.2)
    wanted = slope(x, y)
    second = grad(wanted, [x, y, w])
    recording = record(slope, 0.1, 0.9)
    assert recording.forward([0.7], [-1.2])[0] == pytest.approx(wanted.data, rel=1e-14)
    assert [column[0] for column in recording.gradients([0.7], [-1.2])] == pytest.approx(second[:2], rel=1e-14)
    recording.backward([0.7], [-1.2])
    assert w.grad == pytest.approx(second[2], rel=1e-14)


def test_a_list_of_outputs_is_a_matrix():
    w = Value(2.0, "w")
    recording = record(lambda x, y: (w * x[0], x[1], w, 3.0, x[1], x[0] * y), [1.0, 2.0], 0.5)
    assert recording.forward([[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0]).tolist() == [
        [2.0, 2.0, 2.0, 3.0, 2.0, 5.0],
        [6.0, 4.0, 2.0, 3.0, 4.0, 18.0],
    ]
    w.data = math.inf
    assert recording.forward([[1.0, 2.0]], [5.0]).tolist() == [[math.inf, 2.0, math.inf, 3.0, 2.0, 5.0]]
    assert "return v" in str(recording)
    assert record(lambda x: [x], 1.0).forward([1.0, 2.0]).tolist() == [[1.0], [2.0]]


@pytest.mark.parametrize(("method", "batch"), [("backward", [[1.0]]), ("to_jax", [])])
def test_a_list_of_outputs_has_no_mean(method, batch):
    with pytest.raises(TypeError, match=f"returned a list of 2, which has no {method}: record a function of one Value"):
        getattr(record(lambda x: [x, x * Value(1.0)], 1.0), method)(*batch)


def test_a_chain_of_sixty_thousand_operations_replays_in_its_order():
    def deep(x):
        for _ in range(20_000):
            x = 1.001 * (x * 0.999).sin() + 0.01
        return x

    assert_replays(deep, 0.5)


def test_a_recording_can_be_used_by_several_threads():
    w = Value(1.5)
    recording = record(lambda x: (w * x).tanh(), 1.0)
    batch = np.linspace(-1.0, 1.0, 5000)
    wanted = recording.forward(batch).tolist()
    found = []
    threads = [threading.Thread(target=lambda: found.append(recording.forward(batch).tolist())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [wanted] * 4


LOOKS = {
    "<": lambda x: x * 2.0 if x < 1.0 else x,
    ">= on the right": lambda x: x * 2.0 if x <= 1.0 else x,
    "max": lambda x: max(x, x * 2.0),
    "float": lambda x: x * float(x),
    "math": lambda x: x * math.sin(x),
    "data": lambda x: x * 2.0 if x.data > 0 else x,
    "of a result": lambda x: x if (x * 2.0).exp() > 1.0 else -x,
}


@pytest.mark.parametrize("look", LOOKS)
def test_looking_at_what_depends_on_an_input_is_an_error_that_names_the_line(look):
    with pytest.raises(RecordingError, match=r"maximum, minimum, relu") as caught:
        record(LOOKS[look], 0.5)
    assert re.search(r"test_record\.py, line \d+: .*lambda x: ", str(caught.value))


def test_looking_at_a_parameter_is_an_error_too_for_it_changes():
    w = Value(2.0)
    with pytest.raises(RecordingError, match="keep what it saw"):
        record(lambda x: x * w if w > 0 else x, 1.0)


def test_looking_at_constants_is_no_branch():
    def f(x):
        scale = Value(2.0) * 3.0
        return x * scale if scale > 1.0 else x

    assert record(f, 1.0).forward([2.0]).tolist() == [12.0]


def test_after_an_error_values_can_be_looked_at_again():
    with pytest.raises(RecordingError):
        record(lambda x: x if x > 0 else -x, 1.0)
    assert Value(1.0) > 0.0
    assert Value(1.0).data == 1.0


def test_another_thread_may_look_while_one_records():
    seen = []

    def f(x):
        thread = threading.Thread(target=lambda: seen.append(Value(1.0) < Value(2.0)))
        thread.start()
        thread.join()
        return x * 2.0

    record(f, 1.0, check=False)
    assert seen == [True]


def test_softmax_and_other_functions_of_the_package_can_be_recorded():
    recording = record(lambda x: softmax(x)[0], [1.0, 2.0, 3.0])
    assert recording.forward([[1.0, 1.0, 1.0]]) == pytest.approx([1 / 3])


WRONG_BATCHES = [
    ((), TypeError, r"takes 2 arguments, not 0"),
    (([1.0], [1.0], [1.0]), TypeError, r"takes 2 arguments, not 3"),
    ((1.0, [1.0]), ValueError, r"argument 1 must be a column of shape \(B,\), not of shape \(\)"),
    (([[1.0]], [[1.0, 2.0]]), ValueError, r"argument 1 must be a column of shape \(B,\), not of shape \(1, 1\)"),
    (([1.0], [1.0, 2.0]), ValueError, r"argument 2 must be a matrix of shape \(B, 2\), not of shape \(2,\)"),
    (([1.0], [[1.0, 2.0, 3.0]]), ValueError, r"argument 2 must be a matrix of shape \(B, 2\), not of shape \(1, 3\)"),
    (([1.0, 2.0], [[1.0, 2.0]]), ValueError, r"argument 2 has 1 examples, where argument 1 has 2"),
    (([], np.zeros((0, 2))), ValueError, r"at least one example, this one is empty"),
    (
        (["a"], [[1.0, 2.0]]),
        TypeError,
        r"argument 1\[0\] is the label 'a', and a recording takes numbers: encode labels first, names = sorted",
    ),
    (([1j], [[1.0, 2.0]]), TypeError, r"argument 1 must be an array of real numbers, not of complex128"),
    (([None], [[1.0, 2.0]]), TypeError, r"argument 1\[0\] must be a real number, not NoneType None"),
]


@pytest.mark.parametrize("method", ["forward", "backward", "gradients"])
@pytest.mark.parametrize(("batch", "error", "message"), WRONG_BATCHES)
def test_a_batch_that_does_not_fit_is_a_clear_error(method, batch, error, message):
    w = Value(1.0)
    recording = record(lambda x, y: dot(y, y) * x * w, 1.0, [1.0, 2.0])
    with pytest.raises(error, match=message):
        getattr(recording, method)(*batch)
    assert w.grad == 0.0


def test_ragged_rows_are_a_clear_error():
    with pytest.raises(ValueError, match="argument 1 must be an array, not rows of different lengths"):
        record(lambda x: x[0] * x[1], [1.0, 2.0]).forward([[1.0], [1.0, 2.0]])


@pytest.mark.parametrize("batch", [[1, 2], np.array([1, 2]), np.array([1.0, 2.0], dtype=np.float32), (True, 2)])
def test_a_batch_of_any_real_type_is_taken(batch):
    assert record(lambda x: x * 0.5, 1.0).forward(batch).tolist() == [0.5, 1.0]


@pytest.mark.parametrize(
    ("f", "example", "message"),
    [
        (lambda: Value(1.0), (), "takes an example of each argument"),
        (lambda x: [], (1.0,), "returns a Value or a list of them, not list []"),
        (lambda x: {"y": x}, (1.0,), "returns a Value or a list of them, not dict {'y': "),
        (lambda x: None, (1.0,), "returns a Value or a list of them, not None"),
        (lambda x: x, ("1",), "must be a real number, not str"),
        (lambda x: x, (Value(1.0),), "pass its .data"),
        (lambda x: x, ([[1.0]],), "must be a real number, not list"),
        (lambda x: x, (np.ones((2, 2)),), "number or a sequence of numbers, not a matrix"),
    ],
)
def test_what_cannot_be_recorded_is_a_clear_error(f, example, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        record(f, *example)


def test_an_example_may_be_an_array():
    recording = record(lambda x, y: dot(x, x) * y, np.ones(3), np.float32(2.0))
    assert recording.forward(np.ones((2, 3)), [1.0, 2.0]).tolist() == [3.0, 6.0]


def test_printing_shows_the_program_and_what_the_passes_did():
    w = Value(2.0)
    text = str(record(lambda x: (w * x).tanh(), 1.0))
    assert "tanh(" in text
    assert "mean(" in text
    assert re.search(r"instructions: recorded \d+, lower \d+, fold_constants \d+, cse \d+, dce \d+, fuse \d+", text)


def test_a_long_program_is_printed_in_part():
    def f(x):
        for _ in range(100):
            x = x.sin()
        return x

    lines = str(record(f, 1.0)).splitlines()
    assert len(lines) < 60
    assert any(re.fullmatch(r"\.\.\. \d+ more \.\.\.", line) for line in lines)


def test_a_graph_can_be_traced_differentiated_and_traced_again():
    x, w = Value(0.5), Value(2.0)
    y = (x * w + 3.0).tanh() * w
    first = str(trace(y, {x: 0}, w.serial)[0])
    y.backward()
    assert w.grad == pytest.approx((x * w + 3.0).tanh().data + (1.0 - (x * w + 3.0).tanh().data ** 2) * x.data * w.data)
    assert str(trace(y, {x: 0}, w.serial)[0]) == first


def test_an_operation_is_known_by_its_name_whichever_string_that_is():
    x = Value(0.5)
    names = ["".join(name) for _ in range(3) for name in ("exp", "tanh", "sigmoid", "relu")]
    y = x
    for name in names:
        y = apply(name, y)
    program, _ = trace(y, {x: 0}, x.serial)
    assert [NAMES[code] for code in program.codes[: len(program)] if code > CONSTANT] == names


def test_a_recording_in_a_thread_that_the_function_waits_for_ends(monkeypatch):
    monkeypatch.setattr("engine.replay.verify.LONGEST", 0.05)
    w = Value(1.5, "w")
    with ThreadPoolExecutor(1) as pool:

        def f(t):
            inner = pool.submit(lambda: record(lambda q: q * w, 1.0).forward([1.0])[0])
            return t * float(inner.result(timeout=60))

        assert record(f, 1.0).forward([2.0]).tolist() == [3.0]


def test_a_column_as_the_example_is_explained_where_the_function_fails():
    with pytest.raises(TypeError) as caught:
        record(lambda x, y: x * y, np.arange(5.0), 2.0)
    assert caught.value.__notes__ == ["argument 1 of the example is one row's sequence: f gets a list of 5 Values"]
