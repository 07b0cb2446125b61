"""What a batch and an example may be: data of any library, with errors that name the entry that is no number."""

import re

import pytest

from engine import Value, record

np = pytest.importorskip("numpy")

ROWS, COLUMN = [[1.0, 0.5], [2.0, 1.5]], [3.0, 4.0]


class Array:
    """An array of another library, which NumPy knows by `__array__` alone."""

    def __init__(self, entries, dtype=None):
        self.array = np.array(entries, dtype)

    def __len__(self):
        return len(self.array)

    def __array__(self, dtype=None, copy=None):
        return self.array


class Frame(Array):
    columns = ("age", "size")


class Tensor(Array):
    """A tensor of PyTorch that requires a gradient."""

    requires_grad = True

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad")

    def detach(self):
        return self.array


def of(kind):
    """A matrix and a column as that library has them."""
    if kind in ("pandas", "polars"):
        library = pytest.importorskip(kind)
        return library.DataFrame({"age": [1, 2], "size": [0.5, 1.5]}), library.Series([3, 4])
    if kind == "jax":
        jax = pytest.importorskip("jax.numpy")
        return jax.array(ROWS), jax.array(COLUMN)
    if kind == "torch":
        torch = pytest.importorskip("torch")
        return torch.tensor(ROWS, requires_grad=True), torch.tensor(COLUMN)
    made = {"lists": lambda x: x, "tuples": tuple, "fake": Array, "frame": Frame, "tensor": Tensor, "numpy": np.array}
    return made[kind](ROWS), made[kind](COLUMN)


KINDS = ["lists", "tuples", "numpy", "fake", "frame", "tensor", "jax", "pandas", "polars", "torch"]


@pytest.mark.filterwarnings("default")  # of these libraries
@pytest.mark.parametrize("kind", KINDS)
def test_data_of_any_library_are_taken(kind):
    X, y = of(kind)
    example = X[0] if kind in ("lists", "tuples", "numpy", "jax", "torch") else y
    recording = record(lambda x, t: (x[0] + x[1]) * t, example, 2.0)
    assert recording.forward(X, y).tolist() == [4.5, 14.0]
    assert recording.gradients(X, y)[1].tolist() == [1.5, 3.5]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1.0, "x"], [2.0, 3.0]], "argument 1[0][1] is the label 'x', and a recording takes numbers: encode labels"),
        ([[1.0, 2.0], [None, 3.0]], "argument 1[1][0] must be a real number, not NoneType None"),
        ([[1.0, 2.0], [3.0, "4"]], "argument 1[1][1] must be a real number, not str '4'"),
        (
            [[1.0, 2.0], [3.0, Value(4.0)]],
            "argument 1[1][1] must be a real number, not Value(data=4.0, grad=0.0)",
        ),
        (Frame([[1.0, "x"], [2.0, 3.0]], object), "argument 1[0]['size'] is the label 'x'"),
        (Frame([["a", "b"]]), "argument 1[0]['age'] is the label 'a'"),
        (np.array([["2024-01-01", "2024-01-02"]], "datetime64[D]"), "argument 1 holds dates or durations"),
        (np.ma.masked_array(ROWS, mask=[[0, 1], [0, 0]]), "argument 1 has masked entries: fill or drop them first"),
        (np.ones((1, 2), complex), "argument 1 must be an array of real numbers, not of complex128"),
    ],
)
def test_what_is_no_number_is_named_by_row_and_column(rows, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        record(lambda x: x[0] * x[1], [1.0, 2.0]).forward(rows)


def test_the_line_that_encodes_labels_makes_a_column_that_is_taken():
    y = np.array(["no", "yes", "no"])
    recording = record(lambda x: x * 2.0, 1.0)
    with pytest.raises(TypeError, match=r"argument 1\[0\] is the label 'no'") as refused:
        recording.forward(y)
    variables = {"y": y}
    exec(str(refused.value).split("encode labels first, ")[1], variables)
    assert recording.forward(variables["y"]).tolist() == [0.0, 2.0, 0.0]


@pytest.mark.parametrize(
    ("example", "message"),
    [
        ([1.0, "x"], "argument 1[1] of the example is the label 'x'"),
        ("x", "argument 1 of the example is the label 'x'"),
        (Array([1.0, None]), "argument 1 of the example[1] must be a real number, not NoneType None"),
        (Frame(ROWS), "argument 1 of the example must be a number or a sequence of numbers, not a matrix"),
        (None, "argument 1 of the example must be a real number, not NoneType None"),
    ],
)
def test_an_example_that_is_no_number_is_named(example, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        record(lambda x: x, example)


def test_numbers_that_numpy_has_no_type_for_are_taken():
    from decimal import Decimal
    from fractions import Fraction

    assert record(lambda x: x * 2.0, 1.0).forward([Decimal("0.5"), Fraction(1, 4), 3]).tolist() == [1.0, 0.5, 6.0]
