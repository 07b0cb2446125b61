"""A damped pendulum: length, damping and first angle from noisy angles, by gradients through 10,000 steps of time.

Exercise: one step of time: how does the new speed change with the length l?

    whygrad "v - dt*g/l*sin(t)" v=0.2 dt=0.01 g=9.81 l=1.5 t=0.8 --wrt l --check "..."
"""

import argparse
import math
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from time import perf_counter
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from engine import Value, chain_rule, grad, record, sin
from nn import Adam, cosine

GRAVITY, SECONDS, OBSERVED, STRETCHES, UPDATES = 9.81, 20.0, 200, 10, 150  # m/s²; s; angles; of 2 s; of the fit
BLUE, OCHRE, GREY = "#0068b5", "#b06f00", "#8a929c"
NAMES, TRUE, GUESS, NOISE = ("L", "c", "θ₀"), (1.3, 0.15, 2.2), (1.8, 0.45, 1.2), 0.1  # m, 1/s, rad; rad


def swing(steps: int, length: Any, damping: Any, angle: Any) -> list[Any]:
    """Angles of θ″ = -g/L sin θ - c θ′ from rest, by steps of semi-implicit Euler, over floats or Values."""
    dt, speed, angles = SECONDS / steps, 0.0, []
    for n in range(steps):
        if n % (steps // STRETCHES) == 0:  # each stretch of time has its own, so that the chain rule tells them apart
            keep, pull = 1 - dt * damping, dt * GRAVITY / length
            if isinstance(keep, Value):
                keep.label = f"{n * dt:.0f}–{n * dt + SECONDS / STRETCHES:.0f} s"
        speed = keep * speed - pull * sin(angle)
        angle = angle + dt * speed
        if (n + 1) % (steps // OBSERVED) == 0:
            angles.append(angle)
    return angles


def loss(observed: Sequence[float], steps: int, *parameters: Any) -> Any:
    """The mean square error."""
    return sum((a - b) ** 2 for a, b in zip(swing(steps, *parameters), observed, strict=True)) / len(observed)


def picture(curves: dict[str, Any], chains: dict[str, Any], grid: np.ndarray, way: np.ndarray, name: Path) -> None:
    """Plots, stacked: the swing; when the derivative in the damping arises; the way to the fit."""
    mpl.rcParams["font.size"] = 12  # which is 10 pixels on a phone
    figure, edges = Figure(figsize=(6.4, 14.0), layout="constrained"), np.linspace(0.0, SECONDS, STRETCHES + 1)
    panels = figure.subplot_mosaic([[place] for place in ("swing", *chains, "way")], height_ratios=(1.6, 1, 1, 2.4))
    for (label, curve), (style, colour) in zip(curves.items(), ((".", OCHRE), ("--", GREY), ("-", BLUE)), strict=True):
        panels["swing"].plot(np.linspace(0, SECONDS, OBSERVED + 1)[1:], curve, style, color=colour, lw=2, label=label)
    panels["swing"].legend(frameon=False, ncols=3)
    panels["swing"].set(ylabel="angle θ in rad", xticks=edges)
    for place, chain in chains.items():
        pulls = [path.product for path in sorted(chain.paths(STRETCHES), key=lambda path: path.nodes[1].serial)]
        colours = ["#8fc1e6" if pull > 0 else "#e8c58a" for pull in pulls]
        panels[place].bar(edges[:-1], pulls, 0.97 * edges[1], align="edge", color=colours)
        panels[place].plot(edges, [0, *accumulate(pulls)], ".-", color="#1b1f24", label="sum so far")
        panels[place].legend(frameon=False)
        title = f"{place}: dloss/dc = {chain.total:.2g}, by the time that\nit comes through ({chain.verdict})"
        panels[place].set(title=title, xlabel="time in s", xticks=edges)
    shades = panels["way"].contourf(*grid, np.geomspace(grid[2].min(), grid[2].max(), 25), norm="log", cmap="YlGnBu_r")
    figure.colorbar(shades, label="loss", ticks=(0.01, 0.1, 1), format="%g")
    panels["way"].plot(*way[:, :2].T, ".-", color=OCHRE)
    panels["way"].plot(*TRUE[:2], "*", color="white", markersize=14)
    panels["way"].set(xlabel="length L in m", ylabel="damping c in 1/s", title="From the first guess to the truth (★)")
    figure.savefig(name, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=10_000, help="steps of time, a multiple of 200 (default: 10,000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the noise (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    arguments = parser.parse_args()
    if arguments.steps < 1 or arguments.steps % OBSERVED:
        parser.error(f"there are {OBSERVED} observations: steps must be a multiple of that, not {arguments.steps}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    noise, steps = np.random.default_rng(arguments.seed).normal(0.0, NOISE, OBSERVED), arguments.steps
    observed = (noise + swing(steps, *TRUE)).tolist()

    recording = record(lambda *parameters: loss(observed, steps, *parameters), *GUESS)
    recording.forward(*np.transpose([GUESS])), recording.gradients(*np.transpose([GUESS]))  # compiles
    parameters, way, start = [Value(number) for number in GUESS], [GUESS], perf_counter()
    optimizer = Adam(parameters, lr=cosine(0.05, UPDATES), betas=(0.8, 0.99))
    for update in range(1, UPDATES + 1):
        for p, slope in zip(parameters, recording.gradients(*np.transpose([way[-1]])), strict=True):
            p.grad = slope[0]
        optimizer.step()
        way.append([p.data for p in parameters])
        if update % (UPDATES // 5) == 0:
            error, speed = recording.forward(*np.transpose([way[-1]]))[0], update / (perf_counter() - start)
            print(f"update {update:>4}  loss {error:.6f}  {speed:,.0f} gradients/s through {steps:,} steps of time")
    start = perf_counter()
    loss(observed, steps, *parameters).backward()
    print(f"By a graph, one gradient takes {speed * (perf_counter() - start):.0f} times as long.\n")
    chains = {}
    for place, numbers in (("First guess", GUESS), ("Fit", way[-1])):
        parameters = [Value(number, name) for number, name in zip(numbers, NAMES, strict=True)]
        output = loss(observed, steps, *parameters)
        output.label = "loss"
        chain = chains[place] = chain_rule(output, parameters[1])
        print(f"{place}: dloss/dc = {chain.total:.3g}, {chain.verdict}: {chain.sentence}")
    count = chain_rule(output, chain.wrt, by="operations").path_count
    print(
        f"By operations the number of paths has {int(math.log10(count)) + 1:,} digits, the last {count % 10**9:09}.\n"
    )
    hessian = [grad(slope, parameters) for slope in grad(output, parameters, create_graph=True)]
    spread = np.sqrt(2 * output.data / OBSERVED * np.diag(np.linalg.inv(hessian)))
    print("      true   guess   fitted, with its standard error by second derivatives")
    for row in zip(NAMES, TRUE, GUESS, way[-1], spread, strict=True):
        print("{:<4} {:>6} {:>7} {:>8.4f} ± {:.4f}".format(*row))
    chains["First guess"].save(arguments.out / "12_pendulum_chain.svg")
    grid = np.mgrid[0.8:2.2:90j, 0:0.6:60j].reshape(2, -1)
    grid = np.stack([*grid, recording.forward(*grid, np.full(90 * 60, way[-1][2]))]).reshape(3, 90, 60)
    curves = {"observed": observed, "first guess": swing(steps, *GUESS), "fit": swing(steps, *way[-1])}
    picture(curves, chains, grid, np.array(way), arguments.out / "12_pendulum.svg")
    print(f"wrote {arguments.out / '12_pendulum.svg'} and {arguments.out / '12_pendulum_chain.svg'}")


if __name__ == "__main__":
    main()
