"""One neuron: build the graph, run it backward, and read the chain rule of its weight as a table and as a picture.

Exercise: which three factors lead from b to the loss?

    whygrad "z = w*x + b; a = tanh(z); (a - y)**2" w=0.8 x=0.5 b=0.1 y=1 --wrt b --check "..."
"""

import argparse
import random
from pathlib import Path

from engine import Value, chain_rule, render, tanh


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=None, help="draw the numbers at random from this seed")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)

    numbers = {"w": 0.8, "x": 0.5, "b": 0.1, "y": 1.0}
    if arguments.seed is not None:
        rng = random.Random(arguments.seed)
        numbers = {name: round(rng.uniform(-2, 2), 2) for name in numbers}
    w, x, b, y = (Value(number, name) for name, number in numbers.items())

    z = w * x + b
    a = tanh(z)
    loss = (a - y) ** 2
    z.label, a.label, loss.label = "z", "a", "L"
    loss.backward()

    for value in (w, x, b, z, a, loss):
        print(f"{value.label}  data {value.data:>9.5f}  grad {value.grad:>9.5f}")
    chain = chain_rule(loss, w)
    print(f"\n{chain}\n\nIn LaTeX:\n{chain.to_latex()}\n")

    chain.save(arguments.out / "01_chain_rule.svg")
    render(loss, arguments.out / "01_graph.svg")

    w.data -= 0.5 * w.grad
    print(f"A step against the gradient: the loss goes from {loss.data:.5f} to {((tanh(w * x + b) - y) ** 2).data:.5f}")
    print(f"wrote {arguments.out / '01_chain_rule.svg'} and {arguments.out / '01_graph.svg'}")


if __name__ == "__main__":
    main()
