"""Iris: three kinds of flowers by softmax cross-entropy, each flower predicted by a network that never saw it.

Exercise: what is the derivative of a softmax cross-entropy in the logit of the right class?

    whygrad "s = exp(z1) + exp(z2) + exp(z3); log(s) - z1" z1=1 z2=2 z3=0.5 --wrt z1 --check "..."
"""

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
from sklearn.datasets import load_iris
from sklearn.model_selection import StratifiedKFold

from engine import Value, chain_rule
from nn import MLP, AdamW, History, cosine, cross_entropy, fit

mpl.use("Agg")
from matplotlib import pyplot as plt

FOLDS, BATCH = 5, 16


def picture(histories: list[History], confusion: np.ndarray, names: list[str], out: Path) -> None:
    """The losses of all folds, beside the confusion matrix."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.2), layout="constrained", width_ratios=(1.4, 1))
    epochs = np.arange(1, len(histories[0].loss) + 1)
    training = left.semilogy(epochs, np.transpose([h.loss for h in histories]), color="#0068b5", alpha=0.7)
    held_out = left.semilogy(epochs, np.transpose([h.validation_loss for h in histories]), color="#b06f00", alpha=0.7)
    left.legend([training[0], held_out[0]], ["training", "held out"], frameon=False)
    left.set(xlabel="epoch", ylabel="cross-entropy", title=f"Loss of {FOLDS} networks")
    left.xaxis.get_major_locator().set_params(integer=True)
    left.grid(alpha=0.25)
    left.spines[["top", "right"]].set_visible(False)
    right.imshow(confusion, cmap="Blues")
    for (i, j), flowers in np.ndenumerate(confusion):
        colour = "white" if flowers > confusion.max() / 2 else "#1b1f24"
        right.text(j, i, flowers, ha="center", va="center", color=colour, fontsize=13)
    right.set(xlabel="predicted", ylabel="truth", title=f"Held-out flowers: {share_right(confusion):.1%} right")
    right.set_xticks(range(3), names)
    right.set_yticks(range(3), names, rotation=90, va="center")
    figure.savefig(out.with_suffix(".png"), dpi=160)
    figure.savefig(out.with_suffix(".svg"), metadata={"Date": None})


def share_right(confusion: np.ndarray) -> float:
    return np.trace(confusion) / confusion.sum()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=20, help="passes over the flowers (default: 20)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the folds and the weights (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    seed, epochs, out = (arguments := parser.parse_args()).seed, arguments.epochs, arguments.out
    iris, confusion, histories, flowers = load_iris(), np.zeros((3, 3), int), [], []
    y, names = iris.target, [name.removesuffix(" (cm)") for name in iris.feature_names]
    for seen, held in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(iris.data, y):
        X = (iris.data - iris.data[seen].mean(axis=0)) / iris.data[seen].std(axis=0)
        model = MLP(4, [8, 3], activation="tanh", init="xavier", seed=seed)
        optimizer = AdamW(model.parameters(), lr=cosine(0.05, epochs * -(-len(seen) // BATCH)))
        validation = X[held], y[held]
        histories.append(fit(model, X[seen], y[seen], cross_entropy, optimizer, epochs, BATCH, seed, {}, validation))
        for i in held:
            logits = model([Value(x, name) for x, name in zip(X[i], names, strict=True)])
            confusion[y[i], np.argmax([logit.data for logit in logits])] += 1
            flowers.append((cross_entropy([logits], [y[i]]), model, i))

    loss, model, i = max(flowers, key=lambda flower: flower[0].data)
    loss.label = "loss"
    loss.backward()
    chain = chain_rule(loss, max(model.parameters(), key=lambda p: abs(p.grad) if ".w" in p.label else 0.0))
    print(f"held-out accuracy {share_right(confusion):.1%}")
    print(f"worst is flower {i}, a {iris.target_names[y[i]]}; the weight that it pulls at most:\n{chain}")
    out.mkdir(parents=True, exist_ok=True)
    picture(histories, confusion, iris.target_names, out / "03_iris")
    chain.save(out / "03_iris_chain.svg")
    print(f"wrote {', '.join(str(out / f'03_iris{end}') for end in ('.png', '.svg', '_chain.svg'))}")


if __name__ == "__main__":
    main()
