"""Derivatives of recordings of several outputs, of second order and along a direction, on both executors."""

import math

import pytest
from recordings import SMALLEST, assert_agree

from engine import (
    Value,
    detach,
    dot,
    erf,
    exp,
    grad,
    hessian,
    hypot,
    jacobian,
    jvp,
    logsumexp,
    record,
    row,
    softmax,
    where,
)
from engine.core.operations import apply
from engine.table.formula import TABLE

np = pytest.importorskip("numpy")


pytestmark = pytest.mark.usefixtures("executor")


def draws(*shape):
    return np.random.default_rng(0).normal(size=shape)


def test_gradients_of_a_list_have_its_axis_first():
    w = Value(2.0, "w")
    recording = record(lambda x, y: [w * x[0] * y, x[1], y**2], [1.0, 1.0], 1.0)
    dx, dy = recording.gradients([[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0])
    assert dx.tolist() == [[[10.0, 0.0], [12.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]]
    assert dy.tolist() == [[2.0, 6.0], [0.0, 0.0], [10.0, 12.0]]
    assert recording.shape == (3,)


def test_nested_outputs_have_the_shapes_of_their_lists():
    recording = record(lambda x, y: [[x * y, x], [y, 1.0], (x.exp(), x)], 1.0, 2.0)
    assert recording.shape == (3, 2)
    assert recording.forward([2.0, 3.0], [5.0, 7.0])[1].tolist() == [[21.0, 3.0], [7.0, 1.0], [math.exp(3.0), 3.0]]
    dx, dy = recording.gradients([2.0, 3.0], [5.0, 7.0])
    assert dx.shape == dy.shape == (3, 2, 2)
    assert dx[:, :, 1].tolist() == [[7.0, 1.0], [0.0, 0.0], [math.exp(3.0), 1.0]]
    assert dy[:, :, 0].tolist() == [[2.0, 0.0], [1.0, 0.0], [0.0, 0.0]]
    one = record(lambda x: [[x * x]], 1.0)
    assert one.forward([3.0]).tolist() == [[[9.0]]]
    assert one.gradients([3.0])[0].tolist() == [[[6.0]]]
    assert one.hessian([3.0])[0][0].tolist() == [[[2.0]]]
    array = record(lambda x: np.array([[x[0], x[1]], [x[1], x[0]]], dtype=object), [1.0, 2.0])
    assert array.forward([[3.0, 4.0]]).tolist() == [[[3.0, 4.0], [4.0, 3.0]]]


def test_lists_of_several_lengths_are_refused():
    with pytest.raises(
        ValueError,
        match="the lists that a recorded function returns must have one length: return one flat list instead",
    ):
        record(lambda x: [[x, x], [x]], 1.0)


def test_a_function_that_returns_another_shape_at_the_second_point_is_refused():
    shapes = iter([lambda x: [x, x], lambda x: [[x, x]]])
    with pytest.raises(
        TypeError, match=r"returns outputs of the shape \(1, 2\), and returned \(2,\), when it is called"
    ):
        record(lambda x: next(shapes)(x), 1.0)


def eager(f, batch):
    """Hessians, one example after the other, of a function of a list of Values."""
    found = []
    for example in batch:
        xs = [Value(x) for x in example]
        found.append(hessian(f(xs), xs))
    return np.array(found)


FUNCTIONS = {
    "network": lambda x: dot(x[:2], [x[2].tanh(), x[3].sigmoid()], 0.5).exp() / (1.0 + x[0] ** 2),
    "powers": lambda x: x[0] ** 3 * x[1] ** 2 + (x[2] ** 2 + 0.1) ** x[3],
    "softmax": lambda x: softmax(x)[1] * logsumexp(x),
    "others": lambda x: hypot(x[0], x[1]) * erf(x[2]) + apply("atan2", x[3], x[0]),
    "a sum": lambda x: sum(a * b for a in x for b in x),
    "one input": lambda x: x[2] ** 4,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_hessian_is_that_of_eager_mode(name):
    f, batch = FUNCTIONS[name], draws(5, 4)
    found = record(f, [0.5, 0.4, 0.3, 0.2]).hessian(batch)[0][0]
    assert_agree(found, eager(f, batch), batch, absolute=1e-13)
    assert (found == np.swapaxes(found, 1, 2)).all()


FAMILIES = {"monomial", "powlog"}  # whose operands beyond the second are exponents and factors: nan at odd ones


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if not row.variadic and name not in FAMILIES])
def test_every_row_has_its_second_derivatives(name):
    count = len(TABLE[name].variables)
    recording = record(lambda x: apply(name, *x) * 1.0, [0.5] * count)
    batch = [[v] * count for v in (0.3, 0.7, 0.0, 1.0)] + [[v * (1 + k / 3) for k in range(count)] for v in (0.2, 0.6)]
    wanted = eager(lambda x: apply(name, *x) * 1.0, batch)
    assert_agree(recording.hessian(batch)[0][0], wanted, batch, relative=1e-9, absolute=1e-12)


def test_special_points_have_the_second_derivatives_of_eager_mode():
    f = lambda x: x[0] ** 3 + x[0] ** 2 * x[1] + logsumexp([x[1], x[2]])  # noqa: E731
    batch = [[0.0, 1.0, -math.inf], [0.0, 0.0, 50.0], [-1.0, 2.0, 2.0]]
    found = record(f, [1.0, 1.0, 1.0]).hessian(batch)[0][0]
    assert_agree(found, eager(f, batch), batch, absolute=SMALLEST)
    assert np.isfinite(found).all()


def test_blocks_of_a_hessian_are_by_argument():
    recording = record(lambda x, y, z: x[0] * y * x[1] + z[0] ** 3, [1.0, 1.0], 1.0, [1.0])
    blocks = recording.hessian([[2.0, 3.0]] * 2, [5.0, 7.0], [[1.0], [2.0]])
    assert [[block.shape for block in row] for row in blocks] == [
        [(2, 2, 2), (2, 2), (2, 2, 1)],
        [(2, 2), (2,), (2, 1)],
        [(2, 1, 2), (2, 1), (2, 1, 1)],
    ]
    assert blocks[0][0].tolist() == [[[0.0, 5.0], [5.0, 0.0]], [[0.0, 7.0], [7.0, 0.0]]]
    assert blocks[0][1].tolist() == blocks[1][0].tolist() == [[3.0, 2.0], [3.0, 2.0]]
    assert blocks[2][2].ravel().tolist() == [6.0, 12.0]


def test_a_hessian_of_several_outputs_has_their_axes_first():
    found = record(lambda x: [[x[0] * x[1]], [x[0] ** 2]], [1.0, 1.0]).hessian(np.ones((3, 2)))[0][0]
    assert found.shape == (2, 1, 3, 2, 2)
    assert found[:, 0, 0].tolist() == [[[0.0, 1.0], [1.0, 0.0]], [[2.0, 0.0], [0.0, 0.0]]]


def test_a_hessian_reads_parameters_at_every_call():
    w = Value(2.0)
    recording = record(lambda x: (w * x) ** 2, 1.0)
    assert recording.hessian([1.0])[0][0].tolist() == [8.0]
    w.data = 3.0
    assert recording.hessian([1.0])[0][0].tolist() == [18.0]
    assert w.grad == 0.0


@pytest.mark.parametrize("size", [1, 7, 3000])
def test_a_direction_is_the_jacobian_times_it(size):
    w = Value(0.7)

    def f(x, y):
        h = [(w * a * y).tanh() for a in x]
        return [h[0] * h[1] + softmax(x)[2], exp(-y) * x[1], Value(1.0)]

    recording = record(f, [0.1, 0.2, 0.3], 0.4)
    X, y, U, v = draws(size, 3), draws(size), draws(2, size, 3)[1], draws(2, size)[1]
    found = recording.jvp((X, y), (U, v))
    dx, dy = recording.gradients(X, y)
    wanted = np.einsum("kbi,bi->bk", dx, U) + np.einsum("kb,b->bk", dy, v)
    assert found.shape == (size, 3)
    assert_agree(found, wanted, X, absolute=1e-14)
    xs, b = [Value(a) for a in X[0]], Value(y[0])
    assert found[0] == pytest.approx(jvp(f(xs, b), [xs, b], [U[0], v[0]]), rel=1e-12)
    assert found[0] == pytest.approx(np.array(jacobian(f(xs, b), [*xs, b])) @ [*U[0], v[0]], rel=1e-12)
    one = record(lambda x: x * x, 3.0)
    assert one.jvp([X[:, 0]], [y]).shape == (size,)


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if not row.variadic])
def test_every_row_has_its_derivative_along_a_direction(name):
    count = len(TABLE[name].variables)
    recording = record(lambda x: apply(name, *x) * 1.0, [0.5] * count)
    batch = draws(6, count) * 0.3 + 0.5
    vector = draws(6, count)
    wanted = (recording.gradients(batch)[0] * vector).sum(1)
    assert_agree(recording.jvp([batch], [vector]), wanted, batch, absolute=1e-13)


def test_a_direction_ignores_what_a_selection_leaves_out():
    recording = record(lambda x: apply("select", apply("less", 0.0, x), x.sqrt(), x * 2.0), 1.0)
    assert recording.jvp(([4.0, 0.0, -1.0],), ([1.0, 1.0, 3.0],)).tolist() == [0.25, 2.0, 6.0]


def test_the_hessian_times_a_vector_is_the_derivative_of_a_recorded_gradient():
    f, batch, vectors = FUNCTIONS["network"], draws(5, 4), draws(2, 5, 4)[1]
    slopes = record(lambda x: grad(f(x), x, create_graph=True), [0.5, 0.4, 0.3, 0.2])
    wanted = np.einsum("bij,bj->bi", record(f, [0.5, 0.4, 0.3, 0.2]).hessian(batch)[0][0], vectors)
    assert_agree(slopes.jvp([batch], [vectors]), wanted, batch, absolute=1e-13)


def test_a_row_of_ones_own_has_derivatives_of_second_order():
    cube = row("cube", "cube", "a * a * a * b")
    try:
        recording = record(lambda x: cube(*x), [1.0, 1.0])
        assert recording.hessian([[2.0, 5.0]])[0][0].tolist() == [[[60.0, 12.0], [12.0, 0.0]]]
        assert recording.jvp([[[2.0, 5.0]]], [[[1.0, 1.0]]]).tolist() == [68.0]
    finally:
        del TABLE["cube"]


def test_vectors_that_do_not_fit_are_a_clear_error():
    recording = record(lambda x, y: x * y[0], 1.0, [1.0, 2.0])
    with pytest.raises(TypeError, match=r"takes 2 vectors, not 1"):
        recording.jvp(([1.0], [[1.0, 2.0]]), ([1.0],))
    with pytest.raises(ValueError, match=r"vector 2 must be a matrix of shape \(B, 2\), not of shape \(2,\)"):
        recording.jvp(([1.0], [[1.0, 2.0]]), ([1.0], [1.0, 2.0]))
    with pytest.raises(ValueError, match="the vectors must be of 1 examples as the batch is, not 2"):
        recording.jvp(([1.0], [[1.0, 2.0]]), ([1.0, 1.0], [[1.0, 2.0]] * 2))


def shared_root(x):
    root = (x[0] * x[1]).sqrt()
    return where(x[0] > 0.0, root, 0.0) + where(x[1] > 0.0, root * x[1], x[1])


BRANCHES = {
    "a root": lambda x: where(x[0] > 0.0, x[0].sqrt() * x[1], x[0] ** 2 * x[1]),
    "a logarithm": lambda x: where(x[0] > 0.0, x[0].log(), x[0] * x[0]) * x[1],
    "sinc": lambda x: where(x[0] * x[0] > 0.0, x[0].sin() / x[0], 1.0 - x[0] * x[0] / 6.0) * x[1],
    "nested": lambda x: where(
        x[0] > 0.0,
        where(x[1] > 0.0, (x[0] * x[1]).sqrt(), x[0] * x[0]),
        where(x[1] > 1.0, x[1].log() * x[0], x[1] ** 2),
    ),
    "shared": shared_root,
    "detached": lambda x: detach(x[0].sqrt()) * x[1] + x[0] * x[1] ** 2,
}
PLACES = [[0.0, 0.0], [4.0, 3.0], [0.0, 2.0], [-1.0, -2.0], [1.0, 0.0], [-1.0, 0.5]]


@pytest.mark.parametrize("name", BRANCHES)
def test_a_branch_that_is_not_taken_has_no_second_derivative(name):
    f = BRANCHES[name]
    recording = record(f, [0.7, 0.9])
    places = [place for place in PLACES if name != "shared" or (place[0] > 0.0) == (place[1] > 0.0)]
    wanted = eager(f, places)
    assert np.isfinite(wanted).all()
    assert_agree(recording.hessian(places)[0][0], wanted, places, absolute=1e-14)
    along = []
    for place in places:
        xs = [Value(x) for x in place]
        along.append(jvp(f(xs), xs, [1.5, -2.0]))
    assert_agree(recording.jvp([places], [[[1.5, -2.0]] * len(places)]), along, places, absolute=1e-14)
