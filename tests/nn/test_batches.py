"""The data that fit takes: lists, arrays and frames of any library, and errors that name row and column."""

import math

import pytest
from test_training import X, Y, trained

from nn import MLP, SGD, cross_entropy, fit, mean_squared_error
from nn.batches import examples_of


def test_arrays_and_lists_are_the_same():
    np = pytest.importorskip("numpy")
    lists, arrays = (MLP(2, [3], seed=0) for _ in range(2))
    y = [0, 1, 2, 1, 0]
    for model, rows, targets in ((lists, X, y), (arrays, np.array(X), np.array(y))):
        fit(model, rows, targets, cross_entropy, SGD(model.parameters(), lr=0.1), epochs=2, progress=False)
    assert lists.state_dict() == arrays.state_dict()


def test_a_column_of_numbers_is_rows_of_one():
    model = MLP(1, [1], init=0.0)
    fit(
        model,
        [0.0, 1.0, 2.0],
        [1.0, 3.0, 5.0],
        mean_squared_error,
        SGD(model.parameters(), lr=0.2),
        100,
        progress=False,
    )
    assert [p.data for p in model.parameters()] == pytest.approx([2.0, 1.0], abs=1e-3)


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        (X, Y[:3], ValueError, "X and y must be of one length and not empty, but have 5 and 3 entries"),
        ([], [], ValueError, "must be of one length and not empty, but have 0 and 0"),
        ([*X[:3], [1.0]], Y[:4], ValueError, r"X\[3\] has 1 entries, where X\[0\] has 2"),
        ([[0.0, math.nan]], [0.0], ValueError, r"X\[0\]\[1\] must be finite, not nan: drop or repair such examples"),
        ([[0.0, "a"]], [0.0], TypeError, r"X\[0\]\[1\] must be a real number, not str 'a'"),
        ([[0.0, 1.0], [0.0, None]], [0.0, 1.0], TypeError, r"X\[1\]\[1\] must be a real number, not NoneType None"),
        ([[[0.0], [1.0]]], [0.0], TypeError, r"X\[0\]\[0\] must be a real number, not list \[0.0\]"),
        (["ab"], [0.0], TypeError, r"X\[0\]\[0\] must be a real number, not str 'ab'"),
        (X, ["a"] * 5, TypeError, r"y\[0\] is the label 'a', and losses take numbers: encode labels first, names = "),
        (X, [0.0, 1.0, math.nan, 0.0, 0.0], ValueError, r"y\[2\] must be finite, not nan: drop or repair"),
        (X, [0.0, 1.0, 0.0, None, 0.0], TypeError, r"y\[3\] must be a real number, not NoneType None"),
        (X, [[0.0, 1.0], [0.0, math.inf]] * 2 + [[0.0, 1.0]], ValueError, r"y\[1\]\[1\] must be finite, not inf"),
        (3.0, [0.0], TypeError, "X must be a list, an array or a frame, not float 3.0"),
        (X, 1.0, TypeError, "y must be a list, an array or a frame, not float 1.0"),
        ("ab", [0.0, 1.0], TypeError, "X must be a list, an array or a frame, not str 'ab'"),
    ],
)
def test_data_that_make_no_examples_are_refused(x, y, error, message):
    model = MLP(2, [1], seed=0)
    before = model.state_dict()
    with pytest.raises(error, match=message):
        fit(model, x, y, mean_squared_error, SGD(model.parameters(), lr=0.1), epochs=1, progress=False)
    assert model.state_dict() == before


def test_the_line_that_encodes_labels_makes_targets_that_are_taken():
    y = ["no", "yes", "yes", "no", "no"]
    with pytest.raises(TypeError) as refused:
        trained(y=y)
    variables = {"y": y}
    exec(str(refused.value).split("encode labels first, ")[1], variables)
    assert variables["y"] == [0, 1, 1, 0, 0]
    assert trained(y=variables["y"])[1].loss


class Frame:
    """A frame as pandas and polars have it: named columns, and numbers by __array__ alone."""

    def __init__(self, np, rows, columns, dtype=float):
        self.columns, self.array = columns, np.array(rows, dtype=dtype)

    def __len__(self):
        return len(self.array)

    def __getitem__(self, name):
        return self.array[:, self.columns.index(name)]

    def __array__(self, dtype=None, copy=None):
        return self.array


def test_frames_are_taken_by_their_numbers_and_named_by_their_columns():
    np = pytest.importorskip("numpy")
    numbers = [[a, b] for a, b in X]
    frames = Frame(np, numbers, ["age", "size"]), Frame(np, [[y] for y in Y], ["y"])

    def fitted(x, y):
        model = MLP(2, [1], seed=0)
        fit(model, x, y, mean_squared_error, SGD(model.parameters(), lr=0.1), 3, progress=False)
        return model.state_dict()

    assert fitted(*frames) == fitted(X, Y)
    with pytest.raises(TypeError, match=r"X\[1\]\['size'\] must be a real number, not str '\?'"):
        fitted(Frame(np, [[0.0, 1.0], [2.0, "?"]], ["age", "size"], object), [0.0, 1.0])
    with pytest.raises(ValueError, match=r"X\[2\]\['age'\] must be finite, not nan"):
        fitted(Frame(np, [*X[:2], [math.nan, 0.0]], ["age", "size"]), Y[:3])
    with pytest.raises(TypeError, match=r"y\[0\]\['y'\] is the label 'no', and losses take numbers"):
        fitted(X[:1], Frame(np, [["no"]], ["y"], object))
    with pytest.raises(TypeError, match="X holds dates or durations"):
        fitted(np.array([["2024-01-01"]], "datetime64[ns]"), [0.0])
    with pytest.raises(TypeError, match="X holds dates or durations"):
        fitted(Frame(np, [["2024-01-01"]], ["day"], "datetime64[ns]"), [0.0])


@pytest.mark.filterwarnings("default")  # of these libraries
@pytest.mark.parametrize("library", ["pandas", "polars", "torch", "jax.numpy"])
def test_data_of_other_libraries_are_taken(library):
    made = pytest.importorskip(library, reason=f"{library} is not installed")
    columns = {"a": [x[0] for x in X], "b": [x[1] for x in X]}
    kinds = {
        "pandas": lambda: (made.DataFrame(columns), made.Series(Y, index=list("edcba"))),
        "polars": lambda: (made.DataFrame(columns), made.Series(Y)),
        "torch": lambda: (made.tensor(X, requires_grad=True, dtype=made.float64), made.tensor(Y, dtype=made.float64)),
        "jax.numpy": lambda: (made.array(X), made.array(Y)),
    }
    given = kinds[library]()
    model, other = MLP(2, [1], seed=0), MLP(2, [1], seed=0)
    for net, (x, y) in ((model, given), (other, (X, Y))):
        fit(net, x, y, mean_squared_error, SGD(net.parameters(), lr=0.1), 3, progress=False, validation=(x, y))
    assert model.state_dict() == pytest.approx(other.state_dict(), rel=1e-6)  # JAX has them in single precision
    if library in ("pandas", "polars"):
        last = [*columns["b"][:4], None]
        for x, y, message in (
            (made.DataFrame({**columns, "c": ["x"] * 5}), Y, r"X\[0\]\['c'\] must be a real number, not str 'x'"),
            (made.DataFrame({**columns, "b": last}), Y, r"X\[4\]\['b'\] must be"),
            (given[0], made.Series(["x"] * 5), r"y\[0\] is the label 'x'"),
            (given[0], made.Series(last), r"y\[4\] must be"),
        ):
            with pytest.raises((TypeError, ValueError), match=message):
                fit(model, x, y, mean_squared_error, SGD(model.parameters(), lr=0.1), 1, progress=False)


@pytest.mark.parametrize(
    ("validation", "error", "message"),
    [
        ((X, Y[:1]), ValueError, "validation X and validation y must be of one length"),
        (([[0.0]], [0.0]), ValueError, r"validation X\[0\] has 1 entries, where X\[0\] has 2"),
        ((X,), ValueError, r"validation must be a pair \(X, y\), not 1 things"),
        (X, ValueError, r"validation must be a pair \(X, y\), not 5 things"),
        (3, TypeError, r"validation must be a pair \(X, y\), not int 3"),
    ],
)
def test_validation_data_are_checked_before_training(validation, error, message):
    model = MLP(2, [1], seed=0)
    before = model.state_dict()
    optimizer = SGD(model.parameters(), lr=0.1)
    with pytest.raises(error, match=message):
        fit(model, X, Y, mean_squared_error, optimizer, epochs=1, validation=validation, progress=False)
    assert model.state_dict() == before


def test_what_has_an_array_alone_is_taken():
    np = pytest.importorskip("numpy")

    class Arrays:
        def __init__(self, entries):
            self.entries = entries

        def __array__(self, dtype=None, copy=None):
            return np.array(self.entries, dtype)

    assert examples_of(Arrays([[1.0], [2.0]]), Arrays([0.0, 1.0])) == ([[1.0], [2.0]], [0.0, 1.0])
