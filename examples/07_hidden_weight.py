r"""Question 4: "What is the chain rule for a weight in the hidden layer?"  One path for every way to the loss.

Exercise: what is the derivative in w over both paths, as one formula?

    whygrad "h = w*x; o1 = u*h; o2 = v*h; ((o1 - t1)**2 + (o2 - t2)**2)/2" \
      w=0.3 x=2 u=0.4 v=-0.7 t1=1 t2=0 --wrt w --check "..."
"""

import argparse
from pathlib import Path

from engine import Value, chain_rule, draw, render

WEIGHTS = {"w1": 0.15, "w2": 0.20, "w3": 0.25, "w4": 0.30, "w5": 0.40, "w6": 0.45, "w7": 0.50, "w8": 0.55}


def network(weights: dict[str, float]) -> dict[str, Value]:
    """Inputs x -> h -> (o1, o2) -> L = ½ Σ (y - o)², with sigmoid units; every Value by its label."""
    v = {name: Value(x, name) for name, x in {**weights, "x1": 0.05, "x2": 0.10, "y1": 0.01, "y2": 0.99}.items()}
    v["h1"] = (v["w1"] * v["x1"] + v["w2"] * v["x2"] + 0.35).sigmoid()
    v["h2"] = (v["w3"] * v["x1"] + v["w4"] * v["x2"] + 0.35).sigmoid()
    v["o1"] = (v["w5"] * v["h1"] + v["w6"] * v["h2"] + 0.60).sigmoid()
    v["o2"] = (v["w7"] * v["h1"] + v["w8"] * v["h2"] + 0.60).sigmoid()
    v["L"] = 0.5 * ((v["y1"] - v["o1"]) ** 2 + (v["y2"] - v["o2"]) ** 2)
    for label, value in v.items():
        value.label = label
    return v


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weight", default="w1", choices=sorted(WEIGHTS), help="the weight to ask for (default: w1)")
    parser.add_argument("--seed", type=int, default=0, help="unused: nothing here is random")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    print(f"{__doc__}\n")

    v = network(WEIGHTS)
    v["L"].backward()
    chain = chain_rule(v["L"], v[arguments.weight])
    print(f"{chain}\n\nbackward() gave {v[arguments.weight].grad:.10g}\n")

    print("A derivation that went wrong: ∂w7/∂h1 stands in the product for w1.")
    own = [factor.formula for factor in chain_rule(v["L"], v["w1"]).paths()[0].factors]
    print(f"  ∂w7/∂h1?  {chain_rule(v['w7'], v['h1']).sentence}")
    print(f"  {chain_rule(v['L'], v['w1']).check([own[0], 0.5, *own[1:]])}")
    print(f"  {chain_rule(v['L'], v['w1']).check(own)}\n")

    print("A step against the gradient, weight by weight, lowers the loss:")
    for step in range(4):
        print(f"  step {step}  L = {v['L'].data:.9f}")
        v = network({name: v[name].data - 0.5 * v[name].grad for name in WEIGHTS})
        v["L"].backward()

    chain.save(arguments.out / "07_hidden_weight.svg", depth=0)
    render(v["L"], arguments.out / "07_network.svg")
    source = arguments.out / "07_network.dot"
    source.write_text(draw(v["L"]).source, encoding="utf-8")
    print(f"wrote {arguments.out / '07_hidden_weight.svg'}, {arguments.out / '07_network.svg'} and {source}")


if __name__ == "__main__":
    main()
