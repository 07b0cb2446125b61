"""The transformer of examples/11_gpt.py learns as the same model does in other engines, on arrays."""

from importlib.util import module_from_spec, spec_from_file_location
from itertools import accumulate
from pathlib import Path
from types import SimpleNamespace

import pytest

EXAMPLE = Path(__file__).parent.parent / "examples" / "11_gpt.py"
NAMES = ["emma", "olivia", "ava", "noel", "ida", "sophia"]  # of three lengths
BETAS, EPS = (0.85, 0.99), 1e-8

np = pytest.importorskip("numpy")
pytest.importorskip("faker")


@pytest.fixture(autouse=True)
def bench(monkeypatch):
    """The bench is a package beside this file."""
    monkeypatch.syspath_prepend(Path(__file__).parent)


@pytest.fixture(scope="module")
def example():
    spec = spec_from_file_location("gpt", EXAMPLE)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ours(example, steps, folder):
    """The losses of so many steps, and the parameters before the first as arrays by name."""
    from bench.gpt import SHAPES

    model = example.GPT(seed=1)
    flat = np.array([p.data for p in model.parameters()])
    ends = list(accumulate(rows * columns for rows, columns in SHAPES.values()))
    parts = zip(SHAPES.items(), np.split(flat, ends[:-1]), strict=True)
    arrays = {name: part.reshape(shape) for (name, shape), part in parts}
    return example.train(model, NAMES, steps, folder / "checkpoint.json"), arrays


def spelled(example, step):
    """The name of a step as indices of letters, both ends marked."""
    return np.array([example.LETTERS.index(letter) for letter in f"_{NAMES[step % len(NAMES)]}_"])


def rate(step, steps):
    return 0.01 * (1 - step / steps)


def test_has_as_many_parameters_as_it_says(example):
    assert len(example.GPT(seed=0).parameters()) == 4192
    assert "4,192" in example.__doc__


def test_first_losses_are_those_of_arrays_in_autograd(example, tmp_path):
    autograd = pytest.importorskip("autograd")
    import autograd.numpy as anp
    from bench.gpt import array_step

    def relu(x):
        return anp.where(x > 0, x, 0.0)

    xp = SimpleNamespace(exp=anp.exp, log=anp.log, relu=relu, swap=anp.swapaxes, arange=anp.arange, array=anp.array)
    steps = 3
    losses, arrays = ours(example, steps, tmp_path)
    parameters = list(arrays.values())
    slope = autograd.value_and_grad(lambda p, name: array_step(xp, p, name[None, :-1], name[None, 1:]))
    moments = [(np.zeros_like(p), np.zeros_like(p)) for p in parameters]
    for step in range(steps):
        loss, gradients = slope(parameters, spelled(example, step))
        assert losses[step] == pytest.approx(loss, rel=1e-12)
        for i, g in enumerate(gradients):
            m, v = (b * old + (1 - b) * new for b, old, new in zip(BETAS, moments[i], (g, g * g), strict=True))
            moments[i] = m, v
            m, v = (x / (1 - b ** (step + 1)) for x, b in zip((m, v), BETAS, strict=True))
            parameters[i] = parameters[i] - rate(step, steps) * m / (np.sqrt(v) + EPS)


@pytest.mark.filterwarnings("default")  # PyTorch's own are not ours to raise
def test_losses_of_twenty_steps_are_those_of_pytorch(example, tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: see the group bench-torch")
    functional = torch.nn.functional
    steps = 20
    losses, arrays = ours(example, steps, tmp_path)
    w = {name: torch.tensor(array, dtype=torch.float64, requires_grad=True) for name, array in arrays.items()}
    optimizer = torch.optim.Adam(w.values(), lr=1.0, betas=BETAS, eps=EPS)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step, steps))

    def norm(x):
        return functional.rms_norm(x, (16,), eps=1e-5)

    def heads(x):
        return x.reshape(len(x), 4, 4).transpose(0, 1)

    for step in range(steps):
        name = torch.tensor(spelled(example, step))
        x = norm(functional.embedding(name[:-1], w["letters"]) + w["places"][: len(name) - 1])
        query, key, value = (heads(norm(x) @ w[matrix].T) for matrix in ("query", "key", "value"))
        read = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + read.transpose(0, 1).reshape(len(x), 16) @ w["mix"].T
        x = x + torch.relu(norm(x) @ w["up"].T) @ w["down"].T
        loss = functional.cross_entropy(x @ w["out"].T, name[1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        assert losses[step] == pytest.approx(loss.item(), abs=1e-6)
