"""Question 7: "I went downhill, so why did the loss go up?"  The step was longer than the valley is wide.

Exercise: what is the derivative of the loss in w, along which the step was too long?

    whygrad "h = w*x; (h - y)**2" w=-1 x=2 y=2 --wrt w --check "..."
"""

import argparse
from pathlib import Path

import matplotlib as mpl

from engine import Value, diagnose

mpl.use("Agg")
from matplotlib import pyplot as plt

BLUE, CRIMSON = "#0068b5", "#b3003b"


def loss_of(w: Value, x: float = 2.0, y: float = 2.0) -> Value:
    """L = (w x - y)²: a valley whose bottom is at w = 1."""
    return (w * x - y) ** 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lr", type=float, default=0.3, help="the learning rate (default: 0.3)")
    parser.add_argument("--seed", type=int, default=0, help="unused: nothing here is random")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    print(f"{__doc__}\n")

    w = Value(-1.0, "w")
    loss = loss_of(w)
    loss.label = "L"
    report = diagnose(loss, [w], lr=arguments.lr)
    print(report)
    loss.backward()
    steps = [(arguments.lr, CRIMSON, (1.0, 37.0)), (arguments.lr / 2, BLUE, (1.55, 9.8))]

    xs = [-2.5 + 0.02 * i for i in range(380)]
    mpl.rcParams["font.size"] = 12  # which is 10 pixels on a phone
    plt.figure(figsize=(6.4, 5.4), layout="constrained")
    plt.plot(xs, [loss_of(Value(x)).data for x in xs], color="#78838f", linewidth=2)
    plt.scatter([w.data], [loss.data], color="black", zorder=3)
    plt.annotate(f"start:\nL = {loss.data:g}", (w.data, loss.data), (-64, -22), textcoords="offset points")
    for lr, colour, beside in steps:
        there = w.data - lr * w.grad
        after = loss_of(Value(there)).data
        arrow = {"arrowstyle": "-|>", "color": colour, "lw": 2, "linestyle": "-" if after < loss.data else "--"}
        plt.annotate("", (there, after), (w.data, loss.data), arrowprops=arrow)
        said = f"lr = {lr:g}:\na step of {abs(lr * w.grad):g},\nL = {after:.3g}"
        plt.annotate(said, beside, ha="center", va="center", color=colour)
        print(f"lr = {lr:g}: from w = {w.data:g} to {there:g}, and L goes from {loss.data:g} to {after:.3g}")
    title = f"A step is −lr (the learning rate) times the slope, {w.grad:g} here.".replace("-", "−")
    if report.findings:
        largest = report.findings[0].evidence["largest rate"]
        title += f"\nWith lr = {arguments.lr:g} it jumps over the valley, and up the"
        title += f"\nother side: L rises. Below lr = {largest:g} it falls."
    plt.title(title, fontsize=13)
    plt.xlabel("w"), plt.ylabel("L = (2 w − 2)²"), plt.grid(alpha=0.25)
    plt.savefig(arguments.out / "19_step_too_long.svg", metadata={"Date": None})
    print(f"wrote {arguments.out / '19_step_too_long.svg'}")


if __name__ == "__main__":
    main()
