"""Why does my recurrent network forget?  It reads up to twenty signs and has to say the first.

Exercise: w is used at two steps of time. What is its derivative over both paths?

    whygrad "h1 = tanh(u*x); h2 = tanh(w*h1); h3 = tanh(w*h2); h3" u=0.8 x=1 w=0.9 --wrt w --check "..."
"""

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from engine import Value, chain_rule
from nn import RNN, Adam, History, Layer, Module, accuracy, binary_cross_entropy_with_logits, fit

STEPS, WIDTH = 20, 4


class Memory(Module):
    """A recurrent layer reads the signs, and its last state is asked for the first of them."""

    def __init__(self, seed: int, identity: bool) -> None:
        rng = random.Random(seed)
        self.rnn, self.out = RNN(1, WIDTH, seed=rng), Layer(WIDTH, 1, init="xavier", nonlin=False, seed=rng)
        if (
            identity
        ):  # each state starts as a copy of the one before (Le, Jaitly and Hinton 2015), and inputs do not saturate it
            for i, neuron in enumerate(self.rnn.layer.neurons):
                neuron.w[0].data *= 0.5
                for j, weight in enumerate(neuron.w[1:]):
                    weight.data = float(i == j)

    def __call__(self, signs: Sequence[Value]) -> Value:
        """The logit of the first sign being +1; shorter sequences are padded with zeros that leave the state alone."""
        return self.out(self.rnn([[sign] for sign in signs], [abs(sign) > 0.0 for sign in signs])[-1])


def picture(slopes: dict[str, list[float]], histories: dict[str, History], name: Path) -> None:
    """The gradient that reaches each step before training, and the course of training."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for start, colour in zip(slopes, ("#b06f00", "#0068b5"), strict=True):
        left.semilogy(range(1, STEPS + 1), slopes[start], "o-", color=colour, label=start)
        curve = histories[start].metrics["validation_accuracy"]
        right.plot(range(1, len(curve) + 1), curve, color=colour, lw=2, label=start)
    left.set(xlabel="step of the sequence", ylabel="|dloss/dx|", title="What is left of each sign, before training")
    right.set(xlabel="epoch", ylabel="held-out accuracy", title="Which sign was the first?", ylim=(0.4, 1.02))
    for axes in (left, right):
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(name, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=60, help="passes over the sequences (default: 60)")
    parser.add_argument("--seed", type=int, default=0, help="of weights and sequences (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    epochs, seed, out = vars(parser.parse_args()).values()
    out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    X = [[rng.choice((-1.0, 1.0)) for _ in range(STEPS)] for _ in range(400)]
    y = [float(signs[0] > 0) for signs in X]
    for signs in X[1:]:
        end = rng.randint(STEPS // 2, STEPS)
        signs[end:] = [0.0] * (STEPS - end)
    slopes, histories = {}, {}
    for start in ("random weights", "identity"):
        model = Memory(seed, identity=start == "identity")
        signs = [Value(sign, f"x{i}") for i, sign in enumerate(X[0], 1)]
        loss = binary_cross_entropy_with_logits([model(signs)], y[:1])
        loss.label = "loss"
        loss.backward()
        slopes[start] = [abs(sign.grad) for sign in signs]
        chain = chain_rule(loss, signs[0])
        print(f"Start with {start}: dloss/dx1 = {chain.total:.2g}, of x{STEPS} it is {signs[-1].grad:.2g}")
        print(f"  {chain.verdict}: {chain.sentence}")
        histories[start] = fit(
            model,
            X[:200],
            y[:200],
            binary_cross_entropy_with_logits,
            Adam(model.parameters(), lr=0.003, clip_norm=1.0),
            epochs,
            batch_size=25,
            metrics={"accuracy": accuracy},
            validation=(X[200:], y[200:]),
        )
        right = histories[start].metrics["validation_accuracy"][-1]
        print(f"  after {epochs} epochs it is right about {right:.0%} of the sequences that were held out\n")
    picture(slopes, histories, out / "16_rnn.svg")
    print(f"wrote {out / '16_rnn.svg'}")


if __name__ == "__main__":
    main()
