"""Question 2: "All my weights stay the same."  Units that start as copies get equal gradients and stay copies.

Exercise: w and u start equal. What is the derivative in w, and is it the same in u?

    whygrad "h1 = tanh(w*x); h2 = tanh(u*x); (v*h1 + v*h2 - y)**2" w=1 u=1 v=1 x=0.5 y=1 --wrt w --check "..."
"""

import argparse
from dataclasses import replace
from pathlib import Path

from engine import Value, chain_rule, diagnose, dot, sigmoid
from engine.core.backward import total
from engine.picture import View, beside, diagram_of
from nn import MLP, backpropagation

COLUMN = 130.0  # points: the width of each of three pictures, which fit side by side on a phone
INPUTS, TARGETS = [[0.8, 0.4], [0.3, 0.3]], [[0.2, 0.4], [1.0, 0.0]]


def cost_of(model: MLP) -> Value:
    """The sum of squares over both examples."""
    outputs = [model(x) for x in INPUTS]
    pairs = [pair for output, target in zip(outputs, TARGETS, strict=True) for pair in zip(output, target, strict=True)]
    cost = total([(o - t) ** 2 for o, t in pairs])
    cost.label = "C"
    return cost


def train(model: MLP, steps: int, lr: float = 0.5) -> list[list[float]]:
    """Plain gradient steps; the outputs after them."""
    for step in range(steps):
        model.zero_grad()
        cost = cost_of(model)
        cost.backward()
        for p in model.parameters():
            p.data -= lr * p.grad
        if step % max(steps // 5, 1) == 0:
            print(f"  step {step:>6}  cost {cost.data:.6f}")
    return [[round(o.data, 7) for o in model(x)] for x in INPUTS]


def picture() -> str:
    """Three neurons of one hidden layer, the weight of each for x, and the one cost that they lead to."""
    x, names = Value(0.8, "x"), ("1", "2", "3")
    w, v = ([Value(1.0, f"{layer}{i}") for i in names] for layer in "wv")
    a = [sigmoid(weight * x) for weight in w]
    p = sigmoid(dot(v, a))
    cost = (p - 0.2) ** 2
    for value, label in [*zip(a, (f"a{i}" for i in names), strict=True), (p, "p"), (cost, "C")]:
        value.label = label
    chains = {f"neuron {i}": chain_rule(cost, weight) for i, weight in zip(names, w, strict=True)}
    narrow = {title: diagram_of(chain, View(depth=0, width=COLUMN)) for title, chain in chains.items()}
    headline = [
        f"Three equal neurons, and one cost C = {cost.data:.4g}",
        "Equal weights give equal activations a and equal factors on the way to C, and so equal gradients. Every step "
        "changes all three weights by the same amount: they stay copies of one neuron. Random weights break the tie.",
    ]
    return beside({title: replace(drawn, headline=[], rows=[]) for title, drawn in narrow.items()}, headline, "=")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--steps", type=int, default=1000, help="steps from equal weights; random ones get ten times as many"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the random weights (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    print(f"{__doc__}\n")

    copies = MLP(2, [3, 3, 2], activation="sigmoid", output_activation="sigmoid", init=1.0)
    cost = cost_of(copies)
    print("Every weight is 1. Units of a layer have equal δ, and so equal rows of ∂C/∂W:")
    matrices = backpropagation(copies, cost)
    matrices.save(arguments.out / "05_layers.svg")
    print(f"{matrices}\n\n{diagnose(cost, copies.parameters())}\n")
    (arguments.out / "05_copies.svg").write_text(picture(), encoding="utf-8")
    print(f"{arguments.steps} steps later:\n  outputs {train(copies, arguments.steps)}, for targets {TARGETS}: stuck\n")

    print("The same network from random weights:")
    random = MLP(2, [3, 3, 2], activation="sigmoid", output_activation="sigmoid", init="uniform", seed=arguments.seed)
    print(f"  outputs {train(random, 10 * arguments.steps)}, for targets {TARGETS}")
    print(f"wrote {arguments.out / '05_copies.svg'} and {arguments.out / '05_layers.svg'}")


if __name__ == "__main__":
    main()
