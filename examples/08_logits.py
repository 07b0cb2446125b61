"""Question 5: "Binary cross-entropy divides by zero, and what of the layers before?"  Put the loss on the logit.

Exercise: what is left of the derivative in z when all is multiplied out?

    whygrad "p = sigmoid(z); -y*log(p) - (1 - y)*log(1 - p)" z=2 y=0 --wrt z --check "..."
"""

import argparse
from dataclasses import replace
from pathlib import Path

from engine import Value, chain_rule, diagnose, dot, sigmoid, tanh
from engine.picture import View, beside, diagram_of
from nn import MLP, backpropagation, binary_cross_entropy, binary_cross_entropy_with_logits

COLUMN = 190.0  # points: the width of each of two pictures, which fit side by side on a phone


def last_layer(logit: float, y: float) -> list[tuple[Value, Value]]:
    """J on the probability and on the logit z = w · z_prev with z_prev = 2: each loss and its weight."""
    found = []
    for loss in (binary_cross_entropy, binary_cross_entropy_with_logits):
        w = Value(logit / 2, "w")
        z = w * Value(2.0, "z_prev")
        z.label = "z"
        p = sigmoid(z) if loss is binary_cross_entropy else z
        p.label = "p" if loss is binary_cross_entropy else "z"
        cost = loss([p], [y])
        cost.label = "J"
        found.append((cost, w))
    return found


def deep(depth: int) -> tuple[Value, Value]:
    """A chain of tanh layers one unit wide, before a logit: the loss and the first weight."""
    a, first = Value(0.7, "x"), Value(0.5, "w1")
    for number in range(1, depth + 1):
        w = first if number == 1 else Value(0.5 + 0.1 * number, f"w{number}")
        z = dot([w], [a], 0.1)
        z.label = f"z{number}"
        a = tanh(z) if number < depth else z
        a.label = f"a{number}" if number < depth else "z"
    cost = binary_cross_entropy_with_logits([a], [1.0])
    cost.label = "J"
    return cost, first


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="seed of the network in matrices (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    print(f"{__doc__}\n")

    print("Target 0, z_prev = 2: ∂J/∂w is z_prev (p - y).")
    print("       z   J on p   ∂J/∂w on p   J on the logit   ∂J/∂w on the logit")
    for z in (-1e4, -40.0, 0.5, 37.0, 800.0, 1e4):
        (on_p, w), (on_logit, v) = last_layer(z, 0.0)
        print(f"{z:>8g} {on_p.data:>8.4g} {chain_rule(on_p, w).total:>12.4g} ", end="")
        print(f"{on_logit.data:>16.6g} {chain_rule(on_logit, v).total:>20.6g}")

    (on_p, w), (on_logit, v) = last_layer(40.0, 0.0)
    print(f"\n{diagnose(on_p, [w])}\n\nThe remedy, on the logit:\n{diagnose(on_logit, [v])}\n")

    model, X, y = (
        MLP(2, [3, 1], activation="tanh", seed=arguments.seed),
        [[0.5, -1.0], [2.0, 0.3], [-0.7, 1.2]],
        [1, 0, 1],
    )
    found = backpropagation(model, binary_cross_entropy_with_logits([model(x) for x in X], y))
    hidden, last = found.layers
    print(f"In matrices, for three examples:\n\n{found}\n")
    errors = [p - t for (p,), t in zip(found.error.p, y, strict=True)]
    closed = [sum(x[j] * e for x, e in zip(hidden.a, errors, strict=True)) / len(X) for j in range(3)]
    print(f"The last layer's inputs X are a⁽¹⁾: Xᵀ(p - y)/3 is {closed},")
    print(f"and ∂C/∂W⁽²⁾ by the engine              {last.grad_weights[0]}.")
    print("Before the last layer there is no such form: the chain grows by two factors a layer, W and the slope.")
    for depth in (2, 3, 4):
        cost, first = deep(depth)
        (path,) = chain_rule(cost, first).paths()
        print(f"  {depth} layers, {len(path.factors)} factors: {path.pretty}")
    titles = {f"on p: J = {on_p.data:g}": chain_rule(on_p, w), f"on z: J = {on_logit.data:g}": chain_rule(on_logit, v)}
    drawn = {title: diagram_of(chain, View(width=COLUMN)) for title, chain in titles.items()}
    both = {title: replace(diagram, headline=[], rows=[]) for title, diagram in drawn.items()}
    p = sigmoid(40.0)
    headline = [
        "One loss, computed in two ways at z = 40",
        f"Left: J = −log(1 − p), spelled −log1p(−p), with p = σ(z). In floats p = σ(40) is rounded to {p:g}, so 1 − p "
        f"is {1 - p:g}, and −log(0) and 1/0 are infinite.",
        "Right: J = log(1 + eᶻ), called softplus(z), is the same loss. It is computed from z itself, so nothing is "
        "rounded to 1.",
    ]
    (arguments.out / "08_logits.svg").write_text(beside(both, headline), encoding="utf-8")
    print(f"wrote {arguments.out / '08_logits.svg'}")


if __name__ == "__main__":
    main()
