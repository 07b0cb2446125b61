"""Code written for micrograd runs as it is, but for two lines of imports: training, draw_dot and models of its nn."""

import pytest

pytest.importorskip("micrograd")

THEIRS = """
from micrograd.engine import Value
from micrograd.nn import MLP, Layer, Module, Neuron
"""
OURS = """
from engine import Value
from nn import MLP, Layer, Module, Neuron
"""


def run(code):
    """What the same code leaves in its variables, on micrograd and here."""
    found = []
    for imports in (THEIRS, OURS):
        variables = {"__name__": "script"}
        exec(compile(imports + code, "script", "exec"), variables)
        found.append(variables)
    return found


def assert_same(code, *names):
    theirs, ours = run(code)
    for name in names:
        assert ours[name] == pytest.approx(theirs[name], rel=1e-9, abs=1e-12), name


MOONS = """
import math, random
import numpy as np

random.seed(1337)
angles = [math.pi * random.random() for _ in range(20)]
X = np.array([[math.cos(a), math.sin(a)] if k % 2 else [1 - math.cos(a), 0.5 - math.sin(a)]
              for k, a in enumerate(angles)])
X += np.array([[random.gauss(0, 0.1), random.gauss(0, 0.1)] for _ in X])
y = np.array([1 if k % 2 else -1 for k in range(20)])

model = MLP(2, [16, 16, 1])  # two hidden layers
print(model)
print("number of parameters", len(model.parameters()))

def loss(batch_size=None):
    if batch_size is None:
        Xb, yb = X, y
    else:
        ri = random.sample(range(X.shape[0]), batch_size)
        Xb, yb = X[ri], y[ri]
    inputs = [list(map(Value, row)) for row in Xb]
    scores = list(map(model, inputs))

    losses = [(1 + -yi * score).relu() for yi, score in zip(yb, scores)]  # hinge
    data_loss = sum(losses) * (1.0 / len(losses))
    reg_loss = 1e-4 * sum((p * p for p in model.parameters()))  # L2
    accuracy = [(yi > 0) == (score.data > 0) for yi, score in zip(yb, scores)]
    return data_loss + reg_loss, sum(accuracy) / len(accuracy)

history, accuracies = [], []
for k in range(4):
    total_loss, acc = loss(batch_size=None if k % 2 else 10)
    model.zero_grad()
    total_loss.backward()
    lr = 1.0 - 0.9 * k / 100
    for p in model.parameters():
        p.data -= lr * p.grad
    history.append(total_loss.data)
    accuracies.append(acc)
    print(f"step {k} loss {total_loss.data}, accuracy {acc * 100}%")

weights = [p.data for p in model.parameters()]
gradients = [p.grad for p in model.parameters()]
grid = np.array([[a, b] for a in (-1.0, 0.5, 2.0) for b in (-1.0, 0.0, 1.0)])
above = [s.data for s in map(model, [list(map(Value, row)) for row in grid])]
text = repr(model)
"""


def test_the_training_of_the_demo_gives_the_same_losses_and_weights(capsys):
    assert_same(MOONS, "history", "accuracies", "weights", "gradients", "above")
    theirs, ours = (lines.splitlines() for lines in capsys.readouterr().out.split("MLP of ")[1:])
    assert theirs[:2] == ours[:2]  # the model, printed, and the count of its parameters
    assert len(theirs) == len(ours) == 6


DRAW_DOT = """
from graphviz import Digraph

def trace(root):
    nodes, edges = set(), set()
    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)
    build(root)
    return nodes, edges

def draw_dot(root, format="svg", rankdir="LR"):
    assert rankdir in ["LR", "TB"]
    nodes, edges = trace(root)
    dot = Digraph(format=format, graph_attr={"rankdir": rankdir})
    for n in nodes:
        uid = str(id(n))
        dot.node(name=uid, label="{ data %.4f | grad %.4f }" % (n.data, n.grad), shape="record")
        if n._op:
            dot.node(name=uid + n._op, label=n._op)
            dot.edge(uid + n._op, uid)
    for n1, n2 in edges:
        dot.edge(str(id(n1)), str(id(n2)) + n2._op)
    return dot

x = Value(1.0)
w = Value(-3.0)
y = (x * w + 8 + w * 0.5).relu() * w * x
y.backward()
dot = draw_dot(y)
names = {name.split()[0]: name.split('label=')[1] for name in dot.body if 'label=' in name}
edges = [tuple(end.strip() for end in line.split('->')) for line in dot.body if '->' in line]

n = Neuron(2)
out = n([Value(1.0), Value(-2.0)])
out.backward()
neuron = draw_dot(out, rankdir="TB").source
"""


def drawn(variables):
    """The picture without the addresses of its nodes: their labels, and the labels that edges join."""
    labels = {name: label.lower() for name, label in variables["names"].items()}  # micrograd's relu is a ReLU
    return sorted(labels.values()), sorted((labels[a], labels[b]) for a, b in variables["edges"])


def test_draw_dot_draws_the_same_graph():
    theirs, ours = run(DRAW_DOT)
    assert drawn(ours) == drawn(theirs)
    assert len(ours["edges"]) == len(theirs["edges"]) == 20
    assert ours["neuron"].startswith("digraph {\n\tgraph [rankdir=TB]")
    assert "data 1.0000 | grad" in ours["neuron"]


OWN_MODEL = """
class Residual(Module):

    def __init__(self, nin, width):
        self.inner = Layer(nin, width)
        self.outer = [Neuron(width, nonlin=False) for _ in range(nin)]
        self.scale = Value(0.5)

    def __call__(self, x):
        h = self.inner(x)
        return [xi + self.scale * n(h) for xi, n in zip(x, self.outer)]

    def parameters(self):
        return self.inner.parameters() + [p for n in self.outer for p in n.parameters()] + [self.scale]

model = Residual(2, 3)
for k, p in enumerate(model.parameters()):
    p.data = ((7 * k) % 11 - 5) / 5
x = [Value(0.5), -1.5]
a, b = model(x)
out = a**2 + 2 / (b - 3) - a / 7 + (1 - b) * -a + 10.0 / (1 + a * a) ** 0.5
out.backward()
value, at_x = out.data, x[0].grad
gradients = [p.grad for p in model.parameters()]
model.zero_grad()
zeroed = [p.grad for p in model.parameters()]
layer = Layer(2, 3, nonlin=False)
seen = [len(layer.neurons), len(layer.neurons[0].w), layer.neurons[0].b.data, layer.neurons[0].nonlin]
printed = [repr(model.inner), repr(layer), repr(model.outer[0])]
"""


def test_models_written_for_its_nn_give_the_same_numbers():
    assert_same(OWN_MODEL, "value", "at_x", "gradients", "zeroed", "seen")
    theirs, ours = run(OWN_MODEL)
    assert ours["printed"] == theirs["printed"]
