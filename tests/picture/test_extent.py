"""No picture is wider than a page, and all of its words can be read in the column of a README."""

import random
import re
from xml.etree import ElementTree

import pytest
from graphs import labelled, micrograd, two_paths

from engine import Value, chain_rule, dot, softmax
from engine.chain import explained
from engine.core import ancestors
from engine.picture import View, diagram_of, to_svg
from engine.picture.parts import PAGE
from engine.picture.theme import FONTS, PLAIN, columns, room
from nn import MLP, Attention, Embedding, Layer, Module, RMSNorm, cross_entropy

COLUMN = 830  # pixels of a README
LEAST = 9  # pixels of a letter that can be read


def neuron():
    x1, x2, w1, w2, b = (
        Value(x, name) for x, name in ((2.0, "x1"), (0.0, "x2"), (-3.0, "w1"), (1.0, "w2"), (6.88, "b"))
    )
    return labelled(labelled(x1 * w1 + x2 * w2 + b, "n").tanh(), "o"), w1


def mlp(*sizes, labels=True, activation="tanh", examples=1):
    """A network's loss and a weight of its first layer."""
    model = MLP(2, list(sizes), activation=activation, seed=0)
    loss = labelled(sum((model([0.6 - 0.01 * i, -0.4]) - 1.0) ** 2 for i in range(examples)), "L")
    for node in () if labels else ancestors(loss):
        node.label = ""
    return loss, model.layers[0].neurons[0].w[0]


def classifier():
    model = MLP(4, [8, 8, 3], activation="relu", seed=1)
    return labelled(cross_entropy([model([0.1, 0.2, -0.4, 0.7])], [1]), "L"), model.layers[0].neurons[2].w[0]


def rnn(steps):
    h, w, u = Value(0.0, "h0"), Value(0.5, "w"), Value(0.9, "u")
    for t in range(1, steps + 1):
        h = labelled(labelled(w * Value(0.1 * t, f"x{t}") + u * h, f"z{t}").tanh(), f"h{t}")
    return labelled((h - 1) ** 2, "L"), w


def hidden_states(steps=8, size=3):
    """An RNN whose state is a vector."""
    rng = random.Random(0)
    W = [[Value(rng.gauss(0, 0.8), f"W{i}{j}") for j in range(size)] for i in range(size)]
    h = [Value(0.0) for _ in range(size)]
    for t in range(steps):
        h = [labelled((dot(row, h) + 0.1 * t).tanh(), f"h{t}_{i}") for i, row in enumerate(W)]
    return labelled((sum(h) - 1) ** 2, "L"), W[0][1]


def attention(labels=True, length=4, size=2):
    rng = random.Random(0)
    X = [[Value(rng.gauss(0, 1), f"x{t}{d}") for d in range(size)] for t in range(length)]
    Q, K, V = ([[Value(rng.gauss(0, 1), f"{n}{i}{j}") for j in range(size)] for i in range(size)] for n in "QKV")
    q, k, v = (
        [[labelled(dot(row, x), f"{n}{t}_{i}") for i, row in enumerate(M)] for t, x in enumerate(X)]
        for M, n in ((Q, "q"), (K, "k"), (V, "v"))
    )
    loss = 0
    for t in range(length):
        scores = [labelled(dot(q[t], k[j]) / size**0.5, f"s{t}{j}") for j in range(t + 1)]
        weights = [labelled(a, f"a{t}{j}") for j, a in enumerate(softmax(scores))]
        for i in range(size):
            loss = loss + (labelled(dot(weights, [v[j][i] for j in range(t + 1)]), f"y{t}_{i}") - 0.5) ** 2
    loss = labelled(loss, "L")
    for node in () if labels else ancestors(loss):
        node.label = ""
    return loss, Q[0][1]


class Block(Module):
    """A block of a GPT: attention and a perceptron, each behind an RMS norm and beside a residual."""

    def __init__(self, width, letters):
        self.letter, self.norm = Embedding(letters, width, seed=0), RMSNorm(width, gain=False)
        self.attention = Attention(width, heads=2, seed=1)
        self.up = Layer(width, 4 * width, bias=False, seed=2)
        self.down = Layer(4 * width, width, nonlin=False, bias=False, seed=3)
        self.out = Layer(width, len(letters), nonlin=False, bias=False, seed=4)

    def __call__(self, name):
        past = []
        for letter in name:
            x = self.norm(self.letter(letter))
            x = [a + b for a, b in zip(x, self.attention.step(self.norm(x), past), strict=True)]
            yield self.out([a + b for a, b in zip(x, self.down(self.up(self.norm(x))), strict=True)])


def block():
    model = Block(8, "_abc")
    return labelled(cross_entropy(list(model("_ab")), [1, 2, 0]), "L"), model.letter.parameters()[0]


def fan(width):
    x = Value(0.7, "x")
    return labelled(sum(labelled((x * i * 0.3).tanh(), f"h{i}") for i in range(1, width + 1)), "L"), x


def chain(length, labels=True):
    x = u = Value(0.9, "x")
    for i in range(length):
        u = (u * 1.1 + 0.1).tanh()
        u.label = f"h{i}" if labels else ""
    return u, x


def long_names():
    x, other = Value(1.0, "encoder.block1.attention.head1.query.weight[1,1]"), Value(2.0, "encoder.block1.weight2")
    a, b = labelled(3 * x, "encoder.block2.attention.output1"), labelled(other * x, "encoder.block2.attention.output2")
    return labelled((a + b).tanh(), "the loss of the whole network"), x


def probabilities():
    z = [Value(0.3 * i, f"z{i}") for i in range(10)]
    p = [labelled(a, f"p{i}") for i, a in enumerate(softmax(z))]
    return labelled(sum(i * a * a for i, a in enumerate(p)), "L"), z[2]


GRAPHS = {
    "two paths": two_paths,
    "micrograd's introduction": micrograd,
    "a neuron": neuron,
    "2-3-1 without labels": lambda: mlp(3, 1, labels=False),
    "2-3-2-1": lambda: mlp(3, 2, 1),
    "2-16-16-1": lambda: mlp(16, 16, 1),
    "2-16-16-1 of relus": lambda: mlp(16, 16, 1, activation="relu"),
    "2-16-16-1 without labels": lambda: mlp(16, 16, 1, labels=False),
    "12 layers of a neuron": lambda: mlp(*[1] * 12),
    "12 layers of 4 neurons": lambda: mlp(*[4] * 12, 1),
    "a batch of 4": lambda: mlp(3, 1, examples=4),
    "a batch of 100": lambda: mlp(3, 1, examples=100),
    "a classifier": classifier,
    "an RNN of 6 steps": lambda: rnn(6),
    "an RNN of 20 steps": lambda: rnn(20),
    "an RNN of vectors": hidden_states,
    "attention": attention,
    "a block of a GPT": block,
    "attention without labels": lambda: attention(labels=False),
    "a fan of 12": lambda: fan(12),
    "a fan of 40": lambda: fan(40),
    "a chain of 8": lambda: chain(8),
    "a chain of 60 without labels": lambda: chain(60, labels=False),
    "long names": long_names,
    "ten probabilities": probabilities,
}


@pytest.mark.parametrize("asked", [True, False], ids=["wrt", "graph"])
@pytest.mark.parametrize("name", GRAPHS)
def test_a_picture_is_no_wider_than_a_page_and_can_be_read(name, asked):
    output, wrt = GRAPHS[name]()
    root = ElementTree.fromstring(to_svg(diagram_of(explained(output, wrt if asked else None), View())))
    assert float(root.get("width").removesuffix("pt")) <= PAGE
    width = float(root.get("viewBox").split()[2])
    assert min(font.size for font in (PLAIN, *FONTS.values())) * min(1.0, COLUMN / width) >= LEAST
    left = float(root.get("viewBox").split()[0])
    shift = float(re.findall(r"translate\(([-\d.]+)", root[-1].get("transform"))[-1])
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        assert left <= float(text.get("x")) + shift <= left + width


def test_a_block_opens_layer_by_layer_with_the_shape_of_each():
    drawn = diagram_of(explained(block()[0]), View())
    texts = [["".join(words for _, words in line) for line in box.lines] for box in drawn.boxes]
    shapes = {" ".join(lines[:2]): lines[-2] for lines in texts}
    for name in ("query", "key", "value"):
        assert shapes[f"24 outputs of 8 neurons of attention.{name}"] == "8 × 8 weights"
    assert shapes["96 outputs of 32 relu neurons of up"] == "32 × 8 weights"
    assert shapes["24 outputs of 8 neurons of attention.mix"] == "8 × 8 weights"  # which adds to a residual
    assert "8 × 32 weights" in [
        shape for name, shape in shapes.items() if name.startswith("24 outputs of 8 neurons of down ")
    ]


def said(diagram):
    return " ".join(words for line in diagram.headline for name, words in line if name == "said")


def test_a_narrow_view_leads_from_top_to_bottom_and_its_lines_break_earlier():
    loss, w = neuron()
    wide, narrow = (diagram_of(chain_rule(loss, w), View(width=width)) for width in (PAGE, 240.0))
    assert (wide.downwards, narrow.downwards) == (False, True)
    assert said(narrow) == said(wide)
    assert len(narrow.headline) > len(wide.headline) + 1
    assert max(map(room, narrow.headline)) <= 260.0
    assert columns(narrow.rows)[-1] <= 260.0 < room(wide.rows[-1][0])
