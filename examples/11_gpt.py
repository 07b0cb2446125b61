"""A GPT of 4,192 scalars learns names, makes up new ones, and says why a letter took it by surprise.

Exercise: a block adds to its input. What is the derivative of its output in x, over both paths?

    whygrad "h = relu(u*x); x + w*h" x=0.5 u=3 w=2 --wrt x --check "..."
"""

import argparse
import math
import random
from collections.abc import Iterable, Iterator
from functools import cache, partial
from pathlib import Path

import numpy as np
from faker.providers.person.en import Provider
from matplotlib.figure import Figure
from tqdm import trange

from engine import Value, chain_rule, grad, record, softmax, where
from nn import Adam, Attention, Checkpoint, Embedding, Layer, Module, RMSNorm, cross_entropy, linear

LETTERS, WIDTH, PLACES = "_abcdefghijklmnopqrstuvwxyz", 16, 16  # _ stands at both ends of a name


class GPT(Module):
    """One layer: embeddings, then attention and a perceptron, each behind an RMS norm and beside a residual."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.letter = Embedding(LETTERS, WIDTH, spread=0.1, seed=rng)
        self.place = Embedding(PLACES, WIDTH, spread=0.1, seed=rng)
        self.norm, self.attention = RMSNorm(WIDTH, gain=False), Attention(WIDTH, heads=4, seed=rng)
        layer = partial(Layer, bias=False, init="xavier", seed=rng)
        self.up, self.down = layer(WIDTH, 4 * WIDTH), layer(4 * WIDTH, WIDTH, nonlin=False)
        self.out = layer(WIDTH, len(LETTERS), nonlin=False)

    def __call__(self, name: Iterable[str | list[Value]]) -> Iterator[list[Value]]:
        """For each letter the logits of the next; in a recording, replayed on other names, letters are one-hot."""
        past = []
        for letter, place in zip(name, range(PLACES), strict=False):
            x = self.norm(add(self.letter(letter), self.place(place)))
            x = add(x, self.attention.step(self.norm(x), past))
            yield self.out(add(x, self.down(self.up(self.norm(x)))))


def add(x: list[Value], y: list[Value]) -> list[Value]:
    return [a + b for a, b in zip(x, y, strict=True)]


def train(model: GPT, names: list[str], steps: int, file: Path) -> list[float]:
    """The loss of each step, one name each; a killed run resumes from a checkpoint about half a minute old."""
    program = cache(lambda length: record(lambda *x: cross_entropy([*model(x[:-1])], x[1:]), *np.eye(length, 27)))
    adam, losses = Adam(model.parameters(), linear(0.01, steps), betas=(0.85, 0.99)), []
    settings = {"steps": steps, "names": len(names)}
    checkpoint = Checkpoint(file, {"model": model, "adam": adam, "losses": losses}, settings)
    checkpoint.resume()
    for step in (bar := trange(len(losses), steps, initial=len(losses), total=steps)):
        name = np.eye(len(LETTERS))[[LETTERS.index(letter) for letter in f"_{names[step % len(names)]}_"]]
        adam.zero_grad()
        losses.append(program(len(name)).backward(*name[:, None]))
        adam.step()
        bar.set_postfix(loss=np.mean(losses[-100:]), refresh=False)
        checkpoint.save_if_due()
    return losses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1000, help="training steps, a name each (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="of weights, names and samples (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    steps, seed, out = vars(parser.parse_args()).values()
    out.mkdir(parents=True, exist_ok=True)
    model, rng, names = GPT(seed), random.Random(seed), sorted({name.lower() for name in Provider.first_names})
    rng.shuffle(names)
    losses = train(model, names, steps, checkpoint := out / f"11_gpt_{seed}_{steps}.json")

    for _ in range(10):
        name = ["_"]
        for logits in model(x for x in name if x != "_" or len(name) == 1):  # the name grows as it is read
            scores = [2.0 * z.data for z in logits]
            scores[0] = where(len(name) == 1, -math.inf, scores[0])  # a name has at least one letter
            name += rng.choices(LETTERS, softmax(scores))
        print(made := "".join(name).strip("_"), "is known" if made in names else "is new")

    name = names[(steps - 1 - int(np.argmax(losses[:-101:-1]))) % len(names)]
    surprises = [cross_entropy([z], [LETTERS.index(x)]) for z, x in zip(model(f"_{name}"), f"{name}_", strict=True)]
    at = int(np.argmax([loss.data for loss in surprises]))
    surprises[at].label, weights = "loss", [weight for row in model.letter.row.values() for weight in row]
    chain = chain_rule(surprises[at], weights[int(np.argmax(np.abs(grad(surprises[at], weights))))])
    print(f"Worst of late: {f'{name}_'[at]} after _{name[:at]} in {name}, p = {np.exp(-surprises[at].data):.2%}")
    print(f"dloss/d{chain.wrt.label} = {chain.total:.4g} by neurons: {chain.sentence}")
    print(f"by operations: {chain_rule(surprises[at], chain.wrt, by='operations').sentence}")
    print("the strongest:", " → ".join(node.label for node in chain.paths(1)[0].nodes))

    axes = (figure := Figure(figsize=(8, 4.2), layout="constrained")).subplots()
    axes.plot(losses, ".", color="#0068b5", alpha=0.25, label="one name")
    axes.plot([np.mean(losses[max(0, i - 99) : i + 1]) for i in range(steps)], "#0068b5", lw=2.5, label="mean of 100")
    axes.axhline(np.log(len(LETTERS)), color="#b06f00", ls="--", label="guessing: log 27")
    axes.set(xlabel="step", ylabel="cross-entropy of a letter", title="Loss on one name a step")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(out / "11_gpt.svg", metadata={"Date": None})
    chain.save(out / "11_gpt_chain.svg", depth=0)
    checkpoint.unlink(missing_ok=True)
    print(f"wrote {out / '11_gpt.svg'} and {out / '11_gpt_chain.svg'}")


if __name__ == "__main__":
    main()
