r"""Question 1: "My error is 1, so why is the gradient 0?"  A saturated sigmoid, named and numbered, and what helps.

Exercise: which five factors lead from w2 to the cost?

    whygrad "z2 = w2*x + b2; a2 = sigmoid(z2); z3 = w3*a2 + b3; f = sigmoid(z3); (y - f)**2" \
      w2=0.6 x=1 b2=0.9 w3=0.5 b3=0.3 y=0 --wrt w2 --check "..."
"""

import argparse
from pathlib import Path

from engine import Value, chain_rule, diagnose, sigmoid
from engine.picture import View, diagram_of, to_svg
from nn import binary_cross_entropy_with_logits


def one_neuron(w: float, a_prev: float) -> tuple[Value, Value]:
    """C = (a - y)² with a = σ(w · a_prev) and y = 0: the cost and the weight."""
    weight, inputs, y = Value(w, "w"), Value(a_prev, "a_prev"), Value(0.0, "y")
    z = weight * inputs
    z.label = "z"
    a = sigmoid(z)
    a.label = "a"
    cost = (a - y) ** 2
    cost.label = "C"
    return cost, weight


def two_layers(parameters: dict[str, Value], x: float, y: float) -> Value:
    """C = (y - f)² with f = σ(w3 σ(w2 x + b2) + b3)."""
    z2 = parameters["w2"] * Value(x, "x") + parameters["b2"]
    a2 = sigmoid(z2)
    z3 = parameters["w3"] * a2 + parameters["b3"]
    f = sigmoid(z3)
    cost = (Value(y, "y") - f) ** 2
    for value, label in [(z2, "z2"), (a2, "a2"), (z3, "z3"), (f, "f"), (cost, "C")]:
        value.label = label
    return cost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=300, help="training steps of the two layers (default: 300)")
    parser.add_argument("--seed", type=int, default=0, help="unused: nothing here is random")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    print(f"{__doc__}\n")

    cost, w = one_neuron(w=0.8, a_prev=62.5)
    chain = chain_rule(cost, w)
    print(f"The cost is {cost.data:g}. Computed as a * (1 - a), the sigmoid's slope would be 0. In truth:\n\n{chain}\n")
    print(f"{diagnose(cost, [w])}\n")

    print("What helps              dC/dw")
    logit = w * 62.5
    logit.label = "z"
    for remedy, (changed, weight) in {
        "inputs a hundredth": one_neuron(w=0.8, a_prev=0.625),
        "smaller weight": one_neuron(w=0.008, a_prev=62.5),
        "loss on the logit": (binary_cross_entropy_with_logits([logit], [0.0]), w),
    }.items():
        print(f"{remedy:<20} {chain_rule(changed, weight).total:>10.4g}")

    parameters = {name: Value(x, name) for name, x in {"w2": 0.6, "b2": 0.9, "w3": 0.5, "b3": 0.3}.items()}
    print("\nTwo layers, C = (y - f)²: each derivative as the product along its path")
    for p in parameters.values():
        (path,) = chain_rule(two_layers(parameters, x=1.0, y=0.0), p).paths()
        print(f"∂C/∂{p.label} = {path.pretty} = {path.product:.6f}")
    before = two_layers(parameters, x=1.0, y=0.0).data
    for _ in range(arguments.steps):
        cost = two_layers(parameters, x=1.0, y=0.0)
        cost.backward()
        for p in parameters.values():
            p.data -= 0.9 * p.grad  # subtract: the gradient points uphill
            p.grad = 0.0
    print(f"cost {before:.4f} -> {cost.data:.4f} after {arguments.steps} steps against the gradient")

    chain.save(arguments.out / "04_saturated.svg")
    phone = arguments.out / "04_saturated_narrow.svg"
    phone.write_text(to_svg(diagram_of(chain, View(width=450.0))), encoding="utf-8")
    print(f"wrote {arguments.out / '04_saturated.svg'}, and {phone} for a phone")


if __name__ == "__main__":
    main()
