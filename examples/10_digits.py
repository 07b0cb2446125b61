"""Handwritten digits: a 64-32-10 network reads them, and says which pixels misled it where it is most wrong.

Exercise: how fast does the lead of one digit over another change with the ink x?

    whygrad "h = relu(w*x + b); u*h - v*h" w=0.9 x=0.5 b=0.1 u=0.7 v=-0.4 --wrt x --check "..."
"""

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from engine import Value, chain_rule, grad, record
from nn import MLP, AdamW, History, accuracy, cosine, cross_entropy, fit

mpl.use("Agg")
from matplotlib import pyplot as plt

BATCH, BLUE, OCHRE, INK = 32, "#0068b5", "#b06f00", "#1b1f24"


def picture(
    history: History, confusion: np.ndarray, ink: np.ndarray, pushes: np.ndarray, story: str, out: Path
) -> None:
    """The losses, the confusion matrix, the most wrong digit, and each of its pixels' part in that."""
    figure, axes = plt.subplots(2, 2, figsize=(10.5, 9.2), layout="constrained")
    (curves, matrix), (digit, map_of_pushes) = axes
    epochs = np.arange(1, len(history.loss) + 1)
    curves.semilogy(epochs, history.loss, color=BLUE, linewidth=2, label="training")
    curves.semilogy(epochs, history.validation_loss, color=OCHRE, linewidth=2, label="held out")
    curves.set(xlabel="epoch", ylabel="cross-entropy", title="Loss")
    curves.legend(frameon=False)
    curves.grid(alpha=0.25)
    curves.spines[["top", "right"]].set_visible(False)
    curves.xaxis.get_major_locator().set_params(integer=True)

    matrix.imshow(np.sqrt(confusion), cmap="Blues")
    for (i, j), digits in np.ndenumerate(confusion):
        if digits:
            colour = "white" if np.sqrt(digits) > np.sqrt(confusion.max()) / 2 else INK
            matrix.text(j, i, digits, ha="center", va="center", color=colour)
    share = np.trace(confusion) / confusion.sum()
    matrix.set(xlabel="predicted", ylabel="truth", title=f"Held-out digits: {share:.1%} right")
    matrix.set(xticks=range(10), yticks=range(10))

    digit.imshow(ink, cmap="gray_r")
    digit.set(title=f"Most wrong: {story}", xlabel="column", ylabel="row")
    most = np.abs(pushes).max()
    colours = mpl.colors.LinearSegmentedColormap.from_list("pushes", [OCHRE, "#ffffff", BLUE])
    shown = map_of_pushes.imshow(pushes, cmap=colours, vmin=-most, vmax=most)
    for (i, j), push in np.ndenumerate(pushes):
        if abs(push) > most / 4:
            colour = "white" if abs(push) > 0.7 * most else INK
            map_of_pushes.text(j, i, f"{push:+.1f}", ha="center", va="center", color=colour, fontsize=9)
    map_of_pushes.set(title="What the ink of each pixel adds to the wrong logit's lead", xlabel="column", ylabel="row")
    figure.colorbar(shown, ax=map_of_pushes, label="ink · ∂lead/∂ink, the sum over all paths", shrink=0.85)
    figure.savefig(out.with_suffix(".png"), dpi=160)
    figure.savefig(out.with_suffix(".svg"), metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=40, help="passes over the digits (default: 40)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the split and the weights (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    epochs, seed, out = vars(parser.parse_args()).values()
    out.mkdir(parents=True, exist_ok=True)
    digits = load_digits()
    X, y = digits.data / 16.0, digits.target
    seen, held = train_test_split(np.arange(len(X)), test_size=0.25, stratify=y, random_state=seed)
    model = MLP(64, [32, 10], activation="tanh", init="xavier", seed=seed)
    optimizer = AdamW(model.parameters(), lr=cosine(0.005, epochs * -(-len(seen) // BATCH)))
    history = fit(
        model,
        X[seen],
        y[seen],
        cross_entropy,
        optimizer,
        epochs,
        BATCH,
        seed,
        metrics={"accuracy": accuracy},
        validation=(X[held], y[held]),
        checkpoint=(checkpoint := out / f"10_digits_{seed}_{epochs}.safetensors"),  # a killed run resumes from it
        every=2.0,
    )

    logits, truth, confusion = record(model, X[0]).forward(X[held]), y[held], np.zeros((10, 10), int)
    np.add.at(confusion, (truth, logits.argmax(axis=1)), 1)
    print(f"held-out accuracy {np.trace(confusion) / len(held):.1%}, {sum(history.seconds):.1f} s of training")
    right = logits[np.arange(len(held)), truth].copy()
    logits[np.arange(len(held)), truth] = -np.inf
    leads = logits.max(axis=1) - right
    worst = int(leads.argmax())
    true, taken = int(truth[worst]), int(logits[worst].argmax())

    ink = X[held[worst]]
    pixels = [Value(x, f"pixel({i // 8},{i % 8})") for i, x in enumerate(ink)]
    z = model(pixels)
    lead = z[taken] - z[true]
    z[taken].label, z[true].label, lead.label = f"logit of {taken}", f"logit of {true}", "lead"
    pushes = ink * grad(lead, pixels)
    story = f"{true} taken for {taken}"
    print(f"most wrong is digit {held[worst]}, {story}, whose logit leads by {lead.data:.2f}")
    for i in np.argsort(-pushes)[:5]:
        print(f"  ink {ink[i]:.2f} at row {i // 8}, column {i % 8} adds {pushes[i]:.2f} to the lead")
    strongest = chain_rule(lead, pixels[int(np.argmax(pushes))])
    print(f"dlead/d{strongest.wrt.label} = {strongest.total:.4g}: {strongest.sentence}")
    picture(history, confusion, ink.reshape(8, 8), pushes.reshape(8, 8), story, out / "10_digits")
    strongest.save(out / "10_digits_chain.svg")
    checkpoint.unlink(missing_ok=True)
    print(f"wrote {', '.join(str(out / f'10_digits{end}') for end in ('.png', '.svg', '_chain.svg'))}")


if __name__ == "__main__":
    main()
