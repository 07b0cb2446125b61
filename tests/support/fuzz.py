"""Random programs compiled, uncompiled and in HIPS autograd, eager and recorded: `python tests/support/fuzz.py 300 7`.

The numbers are the count of programs and the seed: the same two draw the same programs.
"""

import os
import pickle
import subprocess
import sys

import autograd
import numpy as np
from algebras import magnitudes, reference
from hypothesis import HealthCheck, Phase, given, seed, settings
from strategies import ROUNDING, programs

from engine import Value, compiled, grad, record
from engine.core.operations import apply

SIZES = [1, 5, 70]  # of batches: the last is more than a block
PATIENCE = 600, 2  # seconds for the other process, and for each of its programs


def compare(count, number):
    """Raise where two of the three differ, on `count` tame programs and as many that meet every edge there is."""
    tame, wild = (drawn(programs(tame, without=ROUNDING), count, number) for tame in (True, False))
    here = [answers(*case) for case in tame], [edges(*case) for case in wild]
    for case, found in zip(tame, here[0], strict=True):
        require_autograd(*case, found)
    there = elsewhere(tame, wild)
    for case, ours, theirs in zip(tame, here[0], there[0], strict=True):
        for name in ours:
            require_close(name, *case, ours[name], theirs[name], ours["size"])
    for case, ours, theirs in zip(wild, here[1], there[1], strict=True):
        assert ours == theirs, (case, ours, theirs)


def drawn(strategy, count, number):
    """`count` examples of a strategy."""
    found = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(case):
        found.append(case)

    draw()
    return found


def answers(program, point):
    """All that the engine gives for a program: every number by its name, and `size`, the scale of its rounding."""
    inputs = [Value(x) for x in point]
    output = program.run(inputs, apply)
    slopes = grad(output, inputs, create_graph=True)
    bend = apply("sum", list(slopes))
    sizes = max(magnitudes(output, inputs)), max(magnitudes(bend, inputs))
    found = {"size": 1.0 + max(sizes), "second": list(grad(bend, inputs))}
    output.backward()
    found |= {"value": [output.data], "gradient": [x.grad for x in inputs]}
    for size in SIZES:
        found |= recorded(program, point, size)
    return found


def recorded(program, point, size):
    """The same from a recording, the first half of the inputs being parameters, on examples that lie close together."""
    half = len(point) // 2
    parameters = [Value(x) for x in point[:half]]
    recording = record(lambda x: program.run([*parameters, *x], apply), point[half:])
    batch = np.array(point[half:]) + 1e-7 * np.arange(size).reshape(-1, 1)
    mean = recording.backward(batch)
    return {
        f"forward {size}": recording.forward(batch).tolist(),
        f"gradients {size}": recording.gradients(batch)[0].ravel().tolist(),
        f"backward {size}": [mean, *(p.grad for p in parameters)],
    }


def edges(program, point):
    """The results of eager mode, bit by bit; a recording may round differently, and only must not crash."""
    inputs = [Value(x) for x in point]
    output = program.run(inputs, apply)
    output.backward()
    recorded(program, point, SIZES[-1])
    return repr([output.data, *(x.grad for x in inputs)])


def require_autograd(program, point, found):
    """Raise where eager mode or a recording differs from HIPS autograd."""
    f, x, half = reference(program), np.array(point), len(point) // 2
    value, slopes = float(f(x)), autograd.grad(f)(x).tolist()
    second = autograd.grad(lambda x: np.sum(autograd.grad(f)(x)) + 0.0 * np.sum(x))
    wanted = {"value": [value], "gradient": slopes, "forward 1": [value], "gradients 1": slopes[half:]}
    wanted |= {"backward 1": [value, *slopes[:half]], "second": second(x).tolist()}
    for name in wanted:
        require_close(name, program, point, found[name], wanted[name], found["size"])


def require_close(name, program, point, ours, theirs, size):
    assert np.allclose(ours, theirs, rtol=1e-9, atol=1e-11 * size, equal_nan=True), (name, program, point, ours, theirs)


def elsewhere(tame, wild):
    """The same answers from a process that runs uncompiled, or where this one does, compiled."""
    command = [sys.executable, __file__]
    done = subprocess.run(
        command,
        input=pickle.dumps((tame, wild)),
        stdout=subprocess.PIPE,
        env=os.environ | {"WHYGRAD_PURE": str(int(compiled))},
        timeout=PATIENCE[0] + PATIENCE[1] * len(tame + wild),
        check=True,
    )
    return pickle.loads(done.stdout)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        compare(*map(int, sys.argv[1:]))
    else:
        cases = pickle.load(sys.stdin.buffer)
        sys.stdout.buffer.write(pickle.dumps(([answers(*c) for c in cases[0]], [edges(*c) for c in cases[1]])))
