"""A million option prices with all their Greeks, second order included, by replay; and why delta is only N(d₁).

Exercise: what is the rho of a strike K that is paid at time T, its derivative in the rate r?

    whygrad "K*exp(-r*T)" K=100 r=0.03 T=2 --wrt r --check "..."
"""

import argparse
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from scipy.special import ndtr

from engine import Value, chain_rule, erf, exp, grad, log, record, sqrt
from engine.replay.record import Recording

STRIKE, BOUND, CHUNK = 100.0, 1e-10, 100_000
LOW, HIGH, EXAMPLE = [60.0, 0.1, 0.05, 0.0], [160.0, 0.6, 2.0, 0.06], [110.0, 0.2, 1.0, 0.02]  # s, sigma, t, r
GREEKS = ["price", "delta", "vega", "theta", "rho", "gamma", "vanna", "volga"]


def price(s: Value, sigma: Value, t: Value, r: Value) -> Value:
    """A European call, by Black and Scholes (1973)."""
    d1 = (log(s / STRIKE) + (r + sigma**2 / 2) * t) / (sigma * sqrt(t))
    d2 = d1 - sigma * sqrt(t)
    n1, n2 = (0.5 * (1 + erf(d / math.sqrt(2))) for d in (d1, d2))
    value = s * n1 - STRIKE * exp(-r * t) * n2
    for node, label in ((d1, "d₁"), (d2, "d₂"), (n1, "N(d₁)"), (n2, "N(d₂)"), (value, "price")):
        node.label = label
    return value


def slope(k: int) -> Callable[..., Value]:
    return lambda *x: grad(price(*x), x[k], create_graph=True)[0]


def replay(recordings: Sequence[Recording], *batch: np.ndarray) -> np.ndarray:
    """The Greeks as rows, from recordings of price, delta and vega; theta is -dprice/dt, as t is the time left."""
    (s, sigma, t, r), (gamma, vanna, *_), (_, volga, *_) = (recording.gradients(*batch) for recording in recordings)
    return np.stack([recordings[0].forward(*batch), s, sigma, -t, r, gamma, vanna, volga])


def eager(*x: float) -> list[float]:
    """The Greeks of one sample, by grad on the graph of the first derivatives."""
    values = [Value(number) for number in x]
    value = price(*values)
    s, sigma, t, r = grad(value, values, create_graph=True)
    return [value.data, s.data, sigma.data, -t.data, r.data, *grad(s, values[:2]), *grad(sigma, values[1])]


def closed(s: np.ndarray, sigma: np.ndarray, t: np.ndarray, r: np.ndarray) -> np.ndarray:
    """The Greeks as textbooks have them (Hull, Options, Futures and Other Derivatives)."""
    d1 = (np.log(s / STRIKE) + (r + sigma**2 / 2) * t) / (sigma * np.sqrt(t))
    d2 = d1 - sigma * np.sqrt(t)
    owed, vega = STRIKE * np.exp(-r * t), s * np.sqrt(t / (2 * math.pi)) * np.exp(-(d1**2) / 2)
    first = [ndtr(d1), vega, -vega * sigma / (2 * t) - r * owed * ndtr(d2), t * owed * ndtr(d2)]
    second = [vega / (s**2 * sigma * t), -vega * d2 / (s * sigma * np.sqrt(t)), vega * d1 * d2 / sigma]
    return np.stack([s * ndtr(d1) - owed * ndtr(d2), *first, *second])


def timed(name: str, f: Callable[..., np.ndarray], batch: np.ndarray) -> np.ndarray:
    start, chunks = perf_counter(), np.array_split(batch, batch.shape[1] // CHUNK + 1, axis=1)
    rows = np.concatenate([f(*chunk) for chunk in chunks], axis=1)
    print(f"{name:<22} {batch.shape[1]:>9,} options {batch.shape[1] / (perf_counter() - start):>12,.0f} a second")
    return rows


def picture(recordings: Sequence[Recording], errors: np.ndarray, name: Path) -> None:
    """Delta and gamma over the spot for five maturities, beside the error of every Greek, by samples."""
    figure, spot = Figure(figsize=(13.5, 4.2), layout="constrained"), np.linspace(50, 150, 401)
    panels = figure.subplots(1, 3)
    for t, shade in zip((2.0, 1.0, 0.5, 0.15, 0.05), np.linspace(0.15, 0.95, 5), strict=True):
        rows = replay(recordings, spot, *(np.full(401, x) for x in (0.25, t, 0.02)))
        for panel, row in zip(panels, (1, 5), strict=False):
            panel.plot(spot, rows[row], color=colormaps["viridis_r"](shade), linewidth=2, label=f"{t:g}")
    for row, error in enumerate(errors):
        counts, bins = np.histogram(error, np.logspace(-18, -9, 73))
        panels[2].stairs(0.9 * counts / max(1, counts.max()) - row, bins, baseline=-row, fill=True, color="#8fc1e6")
    panels[2].axvline(BOUND, color="#b06f00", linestyle="--", linewidth=1.5)
    panels[0].set(title="Delta, ∂price / ∂spot", xlabel=f"spot, at strike {STRIKE:g} and volatility 0.25")
    panels[1].set(title="Gamma, ∂²price / ∂spot²", xlabel="spot")
    panels[1].legend(frameon=False, title="years left")
    panels[2].set(title="Errors, by samples", xlabel="|replay − closed form|, where not 0", xscale="log")
    panels[2].set_yticks(-np.arange(len(GREEKS)), GREEKS, va="bottom")
    for panel in panels:
        panel.grid(alpha=0.25)
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(name, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1_000_000, help="options to price (default: 1,000,000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the samples (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    arguments = parser.parse_args()
    if arguments.samples < 1:
        parser.error(f"there must be samples, not {arguments.samples}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    recordings = [record(f, *EXAMPLE) for f in (price, slope(0), slope(1))]
    batch = np.random.default_rng(arguments.seed).uniform(LOW, HIGH, (arguments.samples, 4)).T.copy()
    by_graph = timed("create_graph", lambda *x: np.transpose([*map(eager, *x)]), batch[:, :1000])
    by_hand = timed("closed forms in NumPy", closed, batch)
    by_replay = timed("replay", lambda *x: replay(recordings, *x), batch)
    errors = abs(by_replay - by_hand), abs(by_graph - by_hand[:, :1000])
    print(f"\n{'largest error of':<16} {'replay':>10} {'create_graph':>13} {'in at most':>11}")
    for name, *numbers in zip(GREEKS, *(x.max(axis=1) for x in (*errors, abs(by_hand))), strict=True):
        print("{:<16} {:>10.1e} {:>13.1e} {:>11.4g}".format(name, *numbers))
    spot, *others = (Value(number, name) for number, name in zip(EXAMPLE, "SσTr", strict=True))
    chain = chain_rule(price(spot, *others), spot)
    chain.output.backward()
    print(f"\n{chain}\nWhat comes through d₁ cancels: ∂price/∂d₁ = {chain.paths()[0].nodes[1].grad:.2g}")
    chain.save(arguments.out / "13_options_delta.svg")
    picture(recordings, errors[0], arguments.out / "13_options.svg")
    print(f"wrote {arguments.out / '13_options.svg'} and {arguments.out / '13_options_delta.svg'}")


if __name__ == "__main__":
    main()
