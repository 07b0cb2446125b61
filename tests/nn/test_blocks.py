"""Blocks against the same formulas over arrays, their names in files, and RNNs and attention against PyTorch."""

import math

import pytest

from engine import Value, check_gradients, grad, record
from nn import RNN, Attention, Embedding, Layer, LayerNorm, RMSNorm, Sequential, load, save

np = pytest.importorskip("numpy")

rng = np.random.default_rng(1)
SEQUENCE = rng.normal(size=(5, 6))


def data(output):
    return np.array([[x.data for x in vector] for vector in output])


def filled(module):
    """The module with parameters that are all different, and its arrays."""
    for i, p in enumerate(module.parameters()):
        p.data = math.sin(1.0 + 2.0 * i)
    return module, {name: np.array(array) for name, array in module.arrays().items()}


def test_norms_are_those_of_arrays():
    rms, w = filled(RMSNorm(6))
    layer, v = filled(LayerNorm(6))
    by_rms = SEQUENCE / np.sqrt((SEQUENCE**2).mean(axis=1, keepdims=True) + 1e-5) * w["weight"]
    centred = SEQUENCE - SEQUENCE.mean(axis=1, keepdims=True)
    by_layer = centred / np.sqrt(centred.var(axis=1, keepdims=True) + 1e-5) * v["weight"] + v["bias"]
    assert np.allclose(data(map(rms, SEQUENCE)), by_rms, rtol=1e-13)
    assert np.allclose(data(map(layer, SEQUENCE)), by_layer, rtol=1e-12)
    assert [*v] == ["weight", "bias"]
    assert RMSNorm(6, gain=False).parameters() == []
    assert np.allclose(data(map(RMSNorm(6, gain=False), SEQUENCE)), by_rms / w["weight"], rtol=1e-13)


@pytest.mark.parametrize("heads", [1, 2, 3])
def test_attention_is_that_of_arrays(heads):
    attention, w = filled(Attention(6, heads))
    q, k, v = (
        (SEQUENCE @ w[f"{name}.weight"].T).reshape(5, heads, -1).swapaxes(0, 1) for name in ("query", "key", "value")
    )
    scores = np.where(np.tri(5) > 0, q @ k.swapaxes(1, 2) / math.sqrt(6 / heads), -np.inf)
    shares = np.exp(scores - scores.max(axis=2, keepdims=True))
    read = (shares / shares.sum(axis=2, keepdims=True)) @ v
    expected = read.swapaxes(0, 1).reshape(5, 6) @ w["mix.weight"].T
    assert np.allclose(data(attention(SEQUENCE)), expected, rtol=1e-12)
    past = []
    assert np.allclose([[y.data for y in attention.step(x, past)] for x in SEQUENCE], expected, rtol=1e-12)
    assert len(past) == 5


def test_attention_has_heads_of_one_size():
    with pytest.raises(ValueError, match="width must be a multiple of heads, not 6 with 4 heads"):
        Attention(6, heads=4)


def test_a_recurrent_layer_is_that_of_arrays():
    rnn, w = filled(RNN(6, 3))
    matrix, bias, h, expected = w["layer.weight"], w["layer.bias"], np.zeros(3), []
    for x in SEQUENCE:
        h = np.tanh(matrix[:, :6] @ x + matrix[:, 6:] @ h + bias)
        expected.append(h)
    assert np.allclose(data(rnn(SEQUENCE)), expected, rtol=1e-12)


def test_an_embedding_looks_up_and_sums():
    letters, w = filled(Embedding("abc", 2))
    assert letters("b") is letters.row["b"]
    assert w["weight"].tolist() == [[x.data for x in letters(name)] for name in "abc"]
    assert np.allclose([x.data for x in letters([0.25, 0.0, 0.75])], 0.25 * w["weight"][0] + 0.75 * w["weight"][2])
    numbered = Embedding(3, 2, seed=0)
    assert numbered(2) is numbered.row[2]
    assert [x.label for x in numbered(2)] == ["row.2_1", "row.2_2"]
    for name in ("d", 3):
        with pytest.raises(ValueError, match="there is no vector for .*: there are a, b, c"):
            letters(name)


@pytest.mark.parametrize(
    "f",
    [
        lambda *x: sum(y * y * y for y in filled(LayerNorm(3))[0](x)),
        lambda *x: sum(y.tanh() for y in filled(RNN(3, 2))[0]([x, x])[-1]),
        lambda *x: sum(y * y for y in filled(Attention(3))[0]([x, [0.5, -0.5, 1.0], x])[-1]),
    ],
)
def test_gradients_agree_with_differences(f):
    check_gradients(f, Value(0.3), Value(-1.2), Value(0.7))


def test_a_sequence_of_modules_calls_each_on_the_output_before():
    first, last = Layer(2, 3, seed=0), Layer(3, 2, seed=1)
    model = Sequential(first, lambda x: [2.0 * y for y in x], last)
    assert [y.data for y in model([1.0, -1.0])] == [y.data for y in last([2.0 * y for y in first([1.0, -1.0])])]
    assert model.parameters() == first.parameters() + last.parameters()
    assert [*model.arrays()] == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_blocks_come_back_from_a_file(tmp_path):
    pytest.importorskip("safetensors")

    def model(seed):
        return Sequential(Embedding("ab", 4, seed=seed), RMSNorm(4), LayerNorm(4), Layer(4, 3, seed=seed))

    kept, other = filled(model(0))[0], model(1)
    save(kept, tmp_path / "model.safetensors")
    load(other, tmp_path / "model.safetensors")
    assert other.state_dict() == kept.state_dict()
    assert [*kept.arrays()] == ["0.weight", "1.weight", "2.weight", "2.bias", "3.weight", "3.bias"]


@pytest.mark.filterwarnings("default")  # PyTorch's own are not ours to raise
def test_blocks_are_those_of_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: see the group bench-torch")
    tensor = torch.tensor(SEQUENCE)
    norm, w = filled(LayerNorm(6))
    theirs = torch.nn.functional.layer_norm(tensor, (6,), torch.tensor(w["weight"]), torch.tensor(w["bias"]), 1e-5)
    assert np.allclose(data(map(norm, SEQUENCE)), theirs.numpy(), rtol=1e-12)
    rnn, w = filled(RNN(6, 3))
    recurrent = torch.nn.RNN(6, 3).double()
    matrix = torch.tensor(w["layer.weight"])
    state = {"weight_ih_l0": matrix[:, :6], "weight_hh_l0": matrix[:, 6:]}
    state |= {"bias_ih_l0": torch.tensor(w["layer.bias"]), "bias_hh_l0": torch.zeros(3)}
    recurrent.load_state_dict(state)
    assert np.allclose(data(rnn(SEQUENCE)), recurrent(tensor)[0].detach().numpy(), rtol=1e-12)


def test_the_state_of_a_recurrent_layer_stays_where_the_mask_does_not_hold():
    rnn, _ = filled(RNN(6, 3))
    filled_up = [*SEQUENCE[:3], *(np.full(6, np.inf) for _ in SEQUENCE[3:])]
    for mask in ([i < 3 for i in range(len(SEQUENCE))], [np.bool_(i < 3) for i in range(len(SEQUENCE))]):
        assert data(rnn(filled_up, mask))[-1].tolist() == data(rnn(SEQUENCE[:3]))[-1].tolist()
    with pytest.raises(ValueError, match="mask must have a condition for each of 5 vectors, not 1"):
        rnn(SEQUENCE, [True])


def test_a_recording_holds_sequences_of_every_length():
    rnn, _ = filled(RNN(1, 3))
    recording = record(
        lambda xs, length: sum(rnn([[x] for x in xs], [i < length for i in range(len(xs))])[-1]),
        [0.1, 0.2, 0.3, 0.4],
        2,
    )
    batch, lengths = np.array([[0.5, -0.2, 0.7, 0.1], [0.5, -0.2, np.nan, np.inf]]), [4, 2]
    slopes, _ = recording.gradients(batch, lengths)
    for xs, length, value, slope in zip(batch, lengths, recording.forward(batch, lengths), slopes, strict=True):
        inputs = [Value(x) for x in xs[:length]]
        state = sum(rnn([[x] for x in inputs])[-1])
        assert np.isclose(value, state.data, rtol=1e-14)
        assert np.allclose(slope, [*grad(state, inputs), *[0.0] * (4 - length)], rtol=1e-12)
