"""Two processes, each with half of the moons, train one network: JAX's distributed runtime, data in parallel.

Exercise: two machines have mean losses L1 and L2 of equally many examples. What is the derivative of their mean in w?

    whygrad "L1 = (w*x1 - y1)**2; L2 = (w*x2 - y2)**2; (L1 + L2)/2" w=0.5 x1=1 y1=2 x2=-1 y2=0.5 --wrt w --check "..."
"""

import argparse
import json
import socket
import subprocess
import sys
from pathlib import Path

from sklearn.datasets import make_moons

from engine import Recording, Value, chain_rule, record
from nn import MLP, binary_cross_entropy_with_logits

PROCESSES = 2


def network(seed: int) -> tuple[MLP, Recording]:
    """The model, and its loss on one example as a recording: the same in every process, as the seed is."""
    model = MLP(2, [16, 16, 1], activation="tanh", init="xavier", seed=seed)
    return model, record(lambda x, t: binary_cross_entropy_with_logits([model(x)], [t]), [0.5, -0.5], 1.0)


def worker(port: int, steps: int, seed: int, process: int) -> None:
    """Train on one process's share of the data: all have the same parameters after every step."""
    import jax
    import numpy as np
    from jax.sharding import NamedSharding, PartitionSpec

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(f"localhost:{port}", num_processes=PROCESSES, process_id=process)
    _, recording = network(seed)
    f = recording.to_jax()

    @jax.jit
    def step(p: jax.Array, batch: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        loss, slope = jax.value_and_grad(lambda p: f(p, batch).mean())(p)  # the mean crosses the processes
        return p - 0.5 * slope, loss

    X, y = make_moons(n_samples=100, noise=0.1, random_state=seed)
    mesh = jax.make_mesh((jax.device_count(),), ("examples",))
    examples, everywhere = NamedSharding(mesh, PartitionSpec("examples")), NamedSharding(mesh, PartitionSpec())
    mine = slice(process, None, PROCESSES)
    batch = tuple(jax.make_array_from_process_local_data(examples, part[mine]) for part in (X, y.astype(float)))
    p = jax.device_put(np.array([w.data for w in recording.parameters]), everywhere)
    losses = []
    for _ in range(steps):
        p, loss = step(p, batch)
        losses.append(float(loss))
    if process == 0:
        print(json.dumps([losses, np.asarray(p).tolist()]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=200, help="training steps over all examples (default: 200)")
    parser.add_argument("--seed", type=int, default=0, help="of the moons and the weights (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where pictures go (default: out)")
    arguments = parser.parse_args()

    with socket.socket() as free:
        free.bind(("localhost", 0))
        numbers = map(str, (free.getsockname()[1], arguments.steps, arguments.seed))
    command = [sys.executable, __file__, "worker", *numbers]
    others = [subprocess.Popen([*command, str(k)], stdout=subprocess.PIPE, text=True) for k in range(PROCESSES)]
    (answer, _), *_ = [process.communicate() for process in others]
    if any(process.returncode for process in others):
        parser.error("a process failed: see above; JAX is installed by pip install 'whygrad[jax]'")

    losses, numbers = json.loads(answer.splitlines()[-1])
    model, recording = network(arguments.seed)
    for w, number in zip(recording.parameters, numbers, strict=True):
        w.data = number
    print(f"loss {losses[0]:.4f} -> {losses[-1]:.4f} in {len(losses)} steps of {PROCESSES} processes")

    X, y = make_moons(n_samples=100, noise=0.1, random_state=arguments.seed)
    each = [binary_cross_entropy_with_logits([model(x)], [t]) for x, t in zip(X, y, strict=True)]
    print(f"by the engine, with the weights that came back: {sum(loss.data for loss in each) / len(each):.4f}")
    worst: Value = max(each, key=lambda loss: loss.data)
    worst.label = "loss"
    worst.backward()
    why = chain_rule(worst, max(model.layers[-1].neurons[0].w, key=lambda w: abs(w.grad)))
    arguments.out.mkdir(parents=True, exist_ok=True)
    why.save(arguments.out / "18_two_processes.svg")
    print(f"{why}\nwrote {arguments.out / '18_two_processes.svg'}")


if __name__ == "__main__":
    worker(*map(int, sys.argv[2:])) if sys.argv[1:2] == ["worker"] else main()
