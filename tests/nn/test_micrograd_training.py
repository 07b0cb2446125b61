"""Seeded training programs of the kinds that courses use: micrograd's numbers, with two lines of imports changed."""

import pytest
from test_micrograd import run

DATA = """
import random
random.seed(42)
X = [[random.uniform(-1, 1), random.uniform(-1, 1)] for _ in range(16)]
signs = [1 if a * b > 0 else -1 for a, b in X]
numbers = [a - 0.5 * b * b for a, b in X]
losses = []
"""

PROGRAMS = {
    "the four examples of the lecture": """
xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
ys = [1.0, -1.0, -1.0, 1.0]
model = MLP(3, [4, 4, 1])
for k in range(20):
    ypred = [model(x) for x in xs]
    loss = sum((yout - ygt)**2 for ygt, yout in zip(ys, ypred))
    for p in model.parameters():
        p.grad = 0.0
    loss.backward()
    for p in model.parameters():
        p.data += -0.01 * p.grad
    losses.append(loss.data)
""",
    "a support vector machine with L2": """
model = MLP(2, [8, 8, 1])
for k in range(10):
    scores = [model(list(map(Value, x))) for x in X]
    margin = [(1 + -y * s).relu() for y, s in zip(signs, scores)]
    loss = sum(margin) * (1.0 / len(margin)) + 1e-4 * sum((p*p for p in model.parameters()))
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= (1.0 - 0.9 * k / 100) * p.grad
    losses.append((loss.data, sum((y > 0) == (s.data > 0) for y, s in zip(signs, scores))))
losses = [x for pair in losses for x in pair]
""",
    "mini-batches drawn as the weights are": """
model = MLP(2, [6, 1])
for k in range(12):
    batch = random.sample(range(len(X)), 5)
    loss = sum((model(X[i]) - numbers[i])**2 for i in batch) / 5
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= 0.1 * p.grad
    losses.append(loss.data)
""",
    "shuffled epochs": """
model, order = MLP(2, [5, 1]), list(range(len(X)))
for epoch in range(3):
    random.shuffle(order)
    for i in order:
        loss = (1 - signs[i] * model(X[i])).relu()
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= 0.05 * p.grad
        losses.append(loss.data)
""",
    "momentum by hand": """
model = MLP(2, [4, 4, 1])
velocity = [0.0 for _ in model.parameters()]
for k in range(10):
    loss = sum((model(x) - t)**2 for x, t in zip(X, numbers)) * (1.0 / len(X))
    model.zero_grad()
    loss.backward()
    for i, p in enumerate(model.parameters()):
        velocity[i] = 0.9 * velocity[i] - 0.02 * p.grad
        p.data += velocity[i]
    losses.append(loss.data)
""",
    "a perceptron": """
n = Neuron(2, nonlin=False)
for x, t in zip(X, signs):
    out = n(x)
    loss = (-t * out).relu()
    n.zero_grad()
    loss.backward()
    n.w = [Value(w.data - 0.3 * w.grad) for w in n.w]
    n.b = Value(n.b.data - 0.3 * n.b.grad)
    losses.append(loss.data)
model = n
""",
    "linear regression": """
model = Layer(2, 1, nonlin=False)
for k in range(15):
    loss = sum((model(x) - t)**2 for x, t in zip(X, numbers)) / len(X)
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= 0.2 * p.grad
    losses.append(loss.data)
""",
    "several outputs": """
model = MLP(2, [5, 3])
for k in range(8):
    loss = 0
    for x, t in zip(X, numbers):
        a, b, c = model(x)
        loss = loss + (a - t)**2 + (b + t)**2 + (c - t * t)**2 / 2
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= 0.01 * p.grad
    losses.append(loss.data)
""",
    "gradients that add up": """
model = MLP(2, [4, 1])
for k in range(3):
    model.zero_grad()
    for x, t in zip(X, numbers):
        ((model(x) - t)**2 / len(X)).backward()
    for p in model.parameters():
        p.data -= 0.1 * p.grad
    losses += [p.grad for p in model.parameters()]
""",
    "two networks, one after the other": """
first, second = MLP(2, [3, 2]), MLP(2, [3, 1])
for k in range(6):
    loss = sum((second(first(x)) - t)**2 for x, t in zip(X, numbers))
    for net in (first, second):
        net.zero_grad()
    loss.backward()
    for p in first.parameters() + second.parameters():
        p.data -= 0.01 * p.grad
    losses.append(loss.data)
model = second
""",
    "a model of modules": """
class Gated(Module):
    def __init__(self):
        self.a, self.b = Layer(2, 4), Layer(2, 4, nonlin=False)
        self.out = Neuron(4, nonlin=False)
    def __call__(self, x):
        return self.out([p * q for p, q in zip(self.a(x), self.b(x))])
    def parameters(self):
        return self.a.parameters() + self.b.parameters() + self.out.parameters()
model = Gated()
for k in range(8):
    loss = sum((model(x) - t)**2 for x, t in zip(X, numbers)) / len(X)
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= 0.1 * p.grad
    losses.append(loss.data)
""",
    "a softened logistic loss": """
model = MLP(2, [6, 6, 1])
for k in range(6):
    terms = []
    for x, t in zip(X, signs):
        margin = t * model(x)
        terms.append((1 + margin * margin)**0.5 - margin)
    loss = sum(terms) / len(terms)
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= 0.1 * p.grad
    losses.append(loss.data)
""",
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_seeded_program_gives_micrograds_losses_and_weights(program):
    ending = "weights = [p.data for p in model.parameters()]\nnext_number = random.random()\n"
    theirs, ours = run(DATA + PROGRAMS[program] + ending)
    for name in ("losses", "weights", "next_number"):
        assert ours[name] == pytest.approx(theirs[name], rel=1e-12, abs=1e-12), name
    assert len(ours["losses"]) > 2
