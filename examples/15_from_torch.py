"""A network that PyTorch trained, explained: what one weight does, and the input that its prediction depends on most.

Exercise: what is the derivative in t, as one formula?

    whygrad "a = tanh(u*x + w*t); v*a" u=0.5 x=1 w=-0.3 t=0.8 v=2 --wrt t --check "..."
"""

import argparse
import math
from pathlib import Path

from engine import Value, chain_rule, grad
from nn import from_torch, mean_squared_error

try:
    import torch
except ImportError:
    torch = None


def trained(seed: int) -> "torch.nn.Module":
    """A network that has learned sin(x) · t, the height of a string that swings, at place x and time t."""
    torch.manual_seed(seed)
    network = torch.nn.Sequential(torch.nn.Linear(2, 6), torch.nn.Tanh(), torch.nn.Linear(6, 1)).double()
    inputs = torch.rand(256, 2, dtype=torch.float64) * torch.tensor([math.pi, 1.0])
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(2000):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(network(inputs), torch.sin(inputs[:, :1]) * inputs[:, 1:]).backward()
        optimizer.step()
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of PyTorch's weights and data (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    arguments = parser.parse_args()
    if torch is None:
        parser.exit(message="PyTorch is not installed, so there is no network to explain: pip install torch\n")
    arguments.out.mkdir(parents=True, exist_ok=True)
    network = trained(arguments.seed)
    model, place, time = from_torch(network), Value(1.5, "x"), Value(0.8, "t")
    height = model([place, time])
    wanted = math.sin(place.data) * time.data
    theirs = network(torch.tensor([[place.data, time.data]], dtype=torch.float64)).item()
    print(f"height at x = 1.5, t = 0.8: {height.data:.12f}, by PyTorch {theirs:.12f}; sin(x) · t is {wanted:.4f}")
    print(f"∂height/∂x = {grad(height, place)[0]:+.4f}, where cos(x) · t is {math.cos(1.5) * 0.8:+.4f}")
    print(f"∂height/∂t = {grad(height, time)[0]:+.4f}, where sin(x) is {math.sin(1.5):+.4f}\n")
    loss, weight = mean_squared_error([height], [wanted]), model.layers[0].neurons[0].w[1]
    loss.label, height.label = "loss", "height"
    for name, why in {"weight": chain_rule(loss, weight), "prediction": chain_rule(height, time)}.items():
        print(why, end="\n\n")
        why.save(arguments.out / f"15_{name}.svg")
    print(f"wrote {arguments.out / '15_weight.svg'} and {arguments.out / '15_prediction.svg'}")


if __name__ == "__main__":
    main()
