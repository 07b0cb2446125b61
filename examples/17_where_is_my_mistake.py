"""Question 6: "Here is my derivation. Where is my mistake?"  The factor, and one cause for all numbers.

Exercise: which four factors lead from x to the loss, without the mistake?

    whygrad "h = sigmoid(w*x); o = sigmoid(v*h); (o - y)**2/2" w=0.5 x=1 v=-0.8 y=1 --wrt x --check "..."
"""

import argparse
import math
from pathlib import Path

from engine import Value, chain_rule, compare
from engine.picture import to_svg

WEIGHTS = {"w1": 0.3, "w2": -0.2, "w3": 0.5, "w4": 0.4, "v1": 0.7, "v2": -0.6}
INPUTS, TARGET = (0.5, 0.9), 0.8


def network() -> dict[str, Value]:
    """Two inputs, two sigmoid units, one sigmoid output, and L = ½ (o - y)²; every Value by its label."""
    v = {name: Value(x, name) for name, x in {**WEIGHTS, "x1": INPUTS[0], "x2": INPUTS[1], "y": TARGET}.items()}
    for i, (first, second) in enumerate((("w1", "w2"), ("w3", "w4")), 1):
        v[f"z{i}"] = v[first] * v["x1"] + v[second] * v["x2"]
        v[f"h{i}"] = v[f"z{i}"].sigmoid()
    v["o"] = (v["v1"] * v["h1"] + v["v2"] * v["h2"]).sigmoid()
    v["L"] = 0.5 * (v["o"] - v["y"]) ** 2
    for label, value in v.items():
        value.label = label
    return v


def by_hand() -> dict[str, float]:
    """A learner's backward pass with a planted mistake: the hidden layer's δ lacks σ'(z) = h (1 - h)."""

    def sigmoid(z: float) -> float:
        return 1 / (1 + math.exp(-z))

    w = WEIGHTS
    h = [sigmoid(w[a] * INPUTS[0] + w[b] * INPUTS[1]) for a, b in (("w1", "w2"), ("w3", "w4"))]
    o = sigmoid(w["v1"] * h[0] + w["v2"] * h[1])
    output = (o - TARGET) * o * (1 - o)
    hidden = [output * w["v1"], output * w["v2"]]  # here h (1 - h) is missing
    mine = {"v1": output * h[0], "v2": output * h[1]}
    for (a, b), delta in zip((("w1", "w2"), ("w3", "w4")), hidden, strict=True):
        mine |= {a: delta * INPUTS[0], b: delta * INPUTS[1]}
    return {name: float(f"{number:.4g}") for name, number in mine.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="unused: nothing here is random")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    print(f"{__doc__}\n")

    v, mine = network(), by_hand()
    chain = chain_rule(v["L"], v["w1"])
    print("The whole derivative, as I wrote it: (o - y) o (1 - o) v1 x1")
    print(f"  {chain.check('(o - y) o (1 - o) v1 x1')}\n")
    print("Factor by factor, from the loss back to w1:")
    for factors in (["o - y", "o (1 - o) v1", "h1", "x1"], ["o - y", "o (1 - o) v1", "h1 (1 - h1)", "x1"]):
        print(f"  {', '.join(factors)}\n    {chain.check(factors)}")

    print("\nAll my numbers at once:")
    print(compare(v["L"], {v[name]: number for name, number in mine.items()}))

    print(f"\nWhat is right:\n{chain}")
    marked = chain.check(["o - y", "o (1 - o) v1", "h1", "x1"]).draw(depth=0)
    (arguments.out / "17_where_is_my_mistake.svg").write_text(to_svg(marked.diagram), encoding="utf-8")
    print(f"wrote {arguments.out / '17_where_is_my_mistake.svg'}")


if __name__ == "__main__":
    main()
