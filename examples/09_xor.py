"""XOR from scratch, the first lesson: a network is arithmetic, and learning is stepping against the gradient.

Exercise: which four factors lead from w to the error?

    whygrad "h = tanh(w*x + b); o = v*h + c; (o - y)**2" w=0.6 x=1 b=-0.2 v=1.5 c=0.1 y=1 --wrt w --check "..."
"""

import argparse
import random
from pathlib import Path

from engine import Value, chain_rule, sigmoid, tanh


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=400, help="steps over the four examples (default: 400)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the weights (default: 1)")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    arguments = parser.parse_args()

    names = ["w11", "w12", "b1", "w21", "w22", "b2", "v1", "v2", "c"]
    rng = random.Random(arguments.seed)
    p = {name: Value(rng.uniform(-1, 1), name) for name in names}

    def network(x1: float, x2: float) -> Value:
        h1 = tanh(p["w11"] * x1 + p["w12"] * x2 + p["b1"])
        h2 = tanh(p["w21"] * x1 + p["w22"] * x2 + p["b2"])
        h1.label, h2.label = "h1", "h2"
        return sigmoid(p["v1"] * h1 + p["v2"] * h2 + p["c"])

    examples = [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]
    for step in range(arguments.steps + 1):
        loss = sum((network(x1, x2) - y) ** 2 for x1, x2, y in examples)
        loss.backward()
        for value in p.values():
            value.data, value.grad = value.data - 0.8 * value.grad, 0.0
        if step % max(arguments.steps // 8, 1) == 0:
            print(f"step {step:>4}  loss {loss.data:.5f}")

    for x1, x2, y in examples:
        print(f"{x1} xor {x2} = {y}   network: {network(x1, x2).data:.3f}")
    error = (network(0, 1) - 1) ** 2
    error.label = "error"
    arguments.out.mkdir(parents=True, exist_ok=True)
    chain_rule(error, p["w12"]).save(arguments.out / "09_xor.svg")
    print(f"wrote {arguments.out / '09_xor.svg'}")


if __name__ == "__main__":
    main()
