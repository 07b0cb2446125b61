"""Question 3: "What are δ, and the equations of backpropagation?"  They are the gradients at the pre-activations z.

Exercise: what is δ = dC/dz of this output, as one formula?

    whygrad "a = sigmoid(z); (a - y)**2/2" z=0.7 y=1 --wrt z --check "..."
"""

import argparse
import random
from pathlib import Path

import matplotlib as mpl

from engine import Value, chain_rule, dot, sigmoid
from nn import backpropagation, binary_cross_entropy_with_logits

mpl.use("Agg")
from matplotlib import pyplot as plt


def layer(number: int, weights: list[list[Value]], biases: list[Value], inputs: list[Value]) -> list[list[Value]]:
    """Pre-activations z and activations a = σ(z) of one layer; pictures write layer1.neuron3.w2 as w⁽¹⁾₃₂."""
    z = [dot(row, inputs, bias) for row, bias in zip(weights, biases, strict=True)]
    a = [sigmoid(value) for value in z]
    for j, row in enumerate(weights, 1):
        place = f"layer{number}.neuron{j}"
        z[j - 1].label, a[j - 1].label, biases[j - 1].label = f"{place}.z", f"{place}.a", f"{place}.b"
        for i, weight in enumerate(row, 1):
            weight.label = f"{place}.w{i}"
    return [z, a]


def show(name: str, equation: float, value: Value) -> None:
    """A line of the table: an equation's result, beside the engine's gradient."""
    print(f"{name:<24}{equation:>24.17f}{value.grad:>24.17f}")


def learning(loss: str, w: float = 2.0, b: float = 2.0, steps: int = 150, lr: float = 0.15) -> list[float]:
    """Outputs of one neuron that starts at σ(4) and should learn 0 for the input 1."""
    parameters, outputs = [Value(w, "w"), Value(b, "b")], []
    for _ in range(steps):
        z = dot(parameters[:1], [1.0], parameters[1])
        outputs.append(sigmoid(z).data)
        cost = sigmoid(z) ** 2 if loss == "squares" else binary_cross_entropy_with_logits([z], [0.0])
        cost.backward()
        for p in parameters:
            p.data, p.grad = p.data - lr * p.grad, 0.0
    return outputs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="seed of the weights (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    print(f"{__doc__}\n")

    rng = random.Random(arguments.seed)
    x = [Value(0.5), Value(-1.0)]
    w1, w2 = ([[Value(rng.gauss(0, 1)) for _ in range(n)] for _ in range(units)] for n, units in ((2, 3), (3, 2)))
    b1, b2 = [Value(0.1) for _ in w1], [Value(-0.2) for _ in w2]
    z1, a1 = layer(1, w1, b1, x)
    z2, a2 = layer(2, w2, b2, a1)
    y = [1.0, 0.0]
    cost = 0.5 * (a2[0] - y[0]) ** 2 + 0.5 * (a2[1] - y[1]) ** 2
    cost.label = "C"
    cost.backward()

    found = backpropagation([*b1, *b2, *(w for row in w1 + w2 for w in row)], cost)
    first, last = found.layers
    print(f"{found}\n\n{'':<24}{'by the equation':>24}{'by the engine':>24}")
    for k, z in enumerate(z2):
        show(f"δ⁽²⁾ {k + 1}", last.grad_a[0][k] * last.slopes[0][k], z)
    for j, z in enumerate(z1):
        show(
            f"δ⁽¹⁾ {j + 1}",
            sum(d * row[j] for d, row in zip(last.delta[0], last.weights, strict=True)) * first.slopes[0][j],
            z,
        )
    show("∂C/∂b⁽¹⁾ 2", first.delta[0][1], b1[1])
    show("∂C/∂W⁽²⁾ 1,2", last.delta[0][0] * first.a[0][1], w2[0][1])
    show("∂C/∂W⁽¹⁾ 3,1", first.delta[0][2] * first.inputs[0][0], w1[2][0])

    print("\nWith cross-entropy on the logit the last δ is a - y: no factor σ'(z) slows a saturated unit.")
    for loss in ("squares", "cross-entropy"):
        outputs = learning(loss)
        plt.plot(outputs, label=loss)
        print(f"{loss:<14} output {outputs[0]:.3f} -> {outputs[-1]:.3f} in {len(outputs)} steps (target 0)")
    plt.xlabel("step"), plt.ylabel("output (target 0)"), plt.legend(frameon=False), plt.ylim(0, 1)
    plt.savefig(arguments.out / "06_learning.svg")
    chain_rule(cost, z1[1]).save(arguments.out / "06_deltas.svg", depth=0)
    found.save(arguments.out / "06_layers.svg")
    print("wrote", ", ".join(str(arguments.out / f"06_{name}.svg") for name in ("deltas", "layers", "learning")))


if __name__ == "__main__":
    main()
