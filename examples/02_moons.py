"""Two moons: train a 2-16-16-1 network, draw what it learned, and ask why one of its weights has its gradient.

Exercise: what is the derivative of this loss in w, as one formula?

    whygrad "z = w*h + b; -log(sigmoid(z))" w=0.5 h=0.8 b=0.1 --wrt w --check "..."
"""

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
from sklearn.datasets import make_moons

from engine import Value, chain_rule, record
from nn import MLP, Adam, History, accuracy, binary_cross_entropy_with_logits, cosine, fit

mpl.use("Agg")
from matplotlib import pyplot as plt

BLUE, OCHRE = "#0068b5", "#b06f00"


def picture(model: MLP, X: np.ndarray, y: np.ndarray, history: History, name: Path) -> None:
    """The loss by step, above the probability of moon 1 over the plane."""
    mpl.rcParams["font.size"] = 12  # which is 10 pixels on a phone
    figure, (above, below) = plt.subplots(2, 1, figsize=(6.4, 8.4), layout="constrained", height_ratios=(1, 1.8))
    above.semilogy(range(1, len(history.loss) + 1), history.loss, color=BLUE, linewidth=2)
    above.set(xlabel="step", ylabel="cross-entropy", title="Loss")
    above.grid(alpha=0.25)
    above.spines[["top", "right"]].set_visible(False)
    xs, ys = (np.linspace(X[:, i].min() - 0.4, X[:, i].max() + 0.4, 240) for i in (0, 1))
    grid = np.stack(np.meshgrid(xs, ys), axis=-1)
    logits = record(model, [0.0, 0.0]).forward(grid.reshape(-1, 2)).reshape(240, 240)
    colours = mpl.colors.LinearSegmentedColormap.from_list("moons", ["#e8c58a", "#ffffff", "#8fc1e6"])
    extent, probability = (xs[0], xs[-1], ys[0], ys[-1]), 1 / (1 + np.exp(-logits))
    plane = below.imshow(probability, cmap=colours, vmin=0, vmax=1, extent=extent, origin="lower", aspect="auto")
    below.contour(xs, ys, logits, [0.0], colors="#1b1f24", linewidths=1.5)
    for moon, (colour, marker) in enumerate(((OCHRE, "o"), (BLUE, "^"))):
        below.scatter(*X[y == moon].T, color=colour, marker=marker, edgecolor="white", linewidth=0.8, s=50)
    below.set(
        xlabel="$x_1$", ylabel="$x_2$", title=f"Decision boundary: accuracy {history.metrics['accuracy'][-1]:.0%}"
    )
    figure.colorbar(plane, label="probability", ticks=(0, 0.5, 1)).set_ticklabels(["moon 0", "½", "moon 1"])
    figure.savefig(name.with_suffix(".png"), dpi=160)
    figure.savefig(name.with_suffix(".svg"), metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weight", metavar="NAME", help="such as layer1.neuron3.w2 (default: the largest gradient)")
    parser.add_argument("--steps", type=int, default=80, help="training steps over all examples (default: 80)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the moons and the weights (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    arguments = parser.parse_args()
    X, y = make_moons(n_samples=100, noise=0.1, random_state=arguments.seed)
    model = MLP(2, [16, 16, 1], activation="tanh", init="xavier", seed=arguments.seed)
    named = dict(model.named_parameters())
    if arguments.weight not in (None, *named):
        parser.error(f"there is no weight {arguments.weight}, but there are {', '.join(list(named)[:4])}, ...")

    loss, optimizer = binary_cross_entropy_with_logits, Adam(model.parameters(), lr=cosine(0.1, arguments.steps))
    history = fit(model, X, y, loss, optimizer, epochs=arguments.steps, metrics={"accuracy": accuracy})
    print(f"accuracy {accuracy([model(x) for x in X], y):.0%}, loss {history.loss[-1]:.3g}")

    losses = [loss([model(x)], [t]) for x, t in zip(X, y, strict=True)]
    worst: Value = max(losses, key=lambda loss: loss.data)
    worst.label = "loss"
    model.zero_grad()
    worst.backward()
    weights = {name: p for name, p in named.items() if not name.endswith(".b")}
    name = arguments.weight or max(weights, key=lambda name: abs(weights[name].grad))
    chain = chain_rule(worst, named[name])
    print(f"Of the example that it gets least right, dloss/d{name} = {chain.total:.4g}: {chain.sentence}")

    arguments.out.mkdir(parents=True, exist_ok=True)
    picture(model, X, y, history, arguments.out / "02_moons")
    chain.save(arguments.out / "02_moons_chain.svg")
    print(f"wrote {', '.join(str(arguments.out / f'02_moons{end}') for end in ('.png', '.svg', '_chain.svg'))}")


if __name__ == "__main__":
    main()
