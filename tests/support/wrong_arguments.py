"""Every public function of engine and nn, called with wrong arguments: the outcomes, as JSON for another process.

A call is a function and arguments that it accepts; each argument in turn is replaced by each entry of BATTERY.
"""

import contextlib
import dis
import io
import json
import math
import random
import sys
import tempfile
import warnings
from pathlib import Path

import engine
import nn
from engine import Value
from engine.core import TABLE

HERE = [str(Path(package.__file__).parent) for package in (engine, nn)]
FOLDER = Path(tempfile.mkdtemp())


class Thing:
    def __repr__(self):
        return "Thing()\x1b[31m"


BATTERY = {
    "None": lambda: None,
    "3": lambda: 3,
    "text": lambda: "a",
    "[]": lambda: [],
    "{}": lambda: {},
    "object": lambda: Thing(),
    "1j": lambda: 1j,
    "class": lambda: int,
    "module": lambda: nn.MLP(1, [1], init=1.0),
    "nested": lambda: [[1.0], [2.0]],
    "ragged": lambda: [[1.0], 2.0],
    "nan": lambda: math.nan,
    "huge": lambda: 10**400,
    "-1": lambda: -1,
    "Value": lambda: Value(2.0, "v"),
    "Values": lambda: [Value(2.0, "v"), Value(3.0, "u")],
    "texts": lambda: ["a", "b"],
    "function": lambda: lambda *given: None,
}


def x():
    return Value(0.5, "x")


def graph():
    w, v = Value(0.5, "w"), Value(2.0, "v")
    h = w * v
    h.label = "h"
    return (h - 1.0) ** 2, w, v


def model():
    return nn.MLP(2, [2, 1], activation="tanh", init=0.5)


ROWS = [[0.0, 1.0], [1.0, 0.5]]


def trained(**changed):
    m = model()
    adam = nn.Adam(m.parameters(), 0.01)
    return {
        "model": m,
        "X": ROWS,
        "y": [0.5, 1.0],
        "loss": nn.mean_squared_error,
        "optimizer": adam,
        "epochs": 1,
        "progress": False,
    } | changed


def chain():
    loss, w, _ = graph()
    return engine.chain_rule(loss, w)


def recording():
    return engine.record(lambda a, b: a * b[0], 1.0, [2.0])


def checkpoint():
    return nn.Checkpoint(FOLDER / "checkpoint.json", {"losses": [1.0]})


def made(name):
    """A row's function with a number, or a sequence of them, for each operand."""
    row = TABLE[name]
    return lambda: (engine.core.operation(name), [[x(), 2.0] if v.isupper() else x() for v in row.variables])


def named(function, **arguments):
    return function, arguments


CALLS = {f"engine.{name}": made(name) for name in TABLE}
CALLS |= {
    "Value": lambda: named(Value, data=1.0, label="w"),
    "Value.data": lambda: (lambda number: setattr(x(), "data", number), [1.0]),
    "Value.grad": lambda: (lambda number: setattr(x(), "grad", number), [1.0]),
    "Value.label": lambda: (lambda text: setattr(x(), "label", text), ["w"]),
    "Value.backward": lambda: named(x().backward, seed=1.0),
    "Value +": lambda: (lambda y: x() + y, [1.0]),
    "Value -": lambda: (lambda y: y - x(), [1.0]),
    "Value **": lambda: (lambda y: x() ** y, [1.0]),
    "Value //": lambda: (lambda y: y // x(), [1.0]),
    "Value <": lambda: (lambda y: x() < y, [1.0]),
    "Value >=": lambda: (lambda y: x() >= y, [1.0]),
    "Value.atan2": lambda: (lambda y: x().arctan2(y), [1.0]),
    "Value.clip": lambda: (lambda a, b: x().clip(a, b), [0.0, 1.0]),
    "round": lambda: (lambda digits: round(x(), digits), [1]),
    "maximum": lambda: (engine.maximum, [x(), 2.0]),
    "minimum": lambda: (engine.minimum, [x(), 2.0, 3.0]),
    "softmax": lambda: named(engine.softmax, operands=[x(), 1.0]),
    "log_softmax": lambda: named(engine.log_softmax, operands=[x(), 1.0]),
    "mean": lambda: named(engine.mean, operands=[x(), 1.0]),
    "prod": lambda: named(engine.prod, operands=[x(), 1.0]),
    "dot": lambda: named(engine.dot, weights=[x()], inputs=[2.0], bias=1.0),
    "where": lambda: named(engine.where, condition=True, a=x(), b=2.0),
    "detach": lambda: named(engine.detach, a=x()),
    "grad": lambda: (lambda y: named(engine.grad, output=y * y, inputs=[y], create_graph=False))(x()),
    "jacobian": lambda: (lambda y: named(engine.jacobian, outputs=[y * y], inputs=[y]))(x()),
    "hessian": lambda: (lambda y: named(engine.hessian, output=y * y, inputs=[y]))(x()),
    "hvp": lambda: (lambda y: named(engine.hvp, output=y * y, inputs=[y], vector=[1.0]))(x()),
    "jvp": lambda: (lambda y: named(engine.jvp, outputs=[y * y], inputs=[y], vector=[1.0]))(x()),
    "check_gradients": lambda: (engine.check_gradients, [lambda a: a * a, 0.5]),
    "check_gradients options": lambda: (
        lambda **o: engine.check_gradients(lambda a: a * a, 0.5, **o),
        {"step": 1e-5, "rtol": 1e-5, "atol": 1e-7},
    ),
    "strict": lambda: (strictly, [True]),
    "row": lambda: (row, ["wrong_row", "r", "a * a", "2 * a"]),
    "chain_rule": lambda: (lambda loss, w, _: named(engine.chain_rule, output=loss, wrt=w, by="labels"))(*graph()),
    "judge": lambda: named(engine.judge, chain=chain(), tiny=0.1, vanished=0.1, cancelled=0.1, style="spoken"),
    "ChainRule.paths": lambda: named(chain().paths, k=2),
    "ChainRule.check": lambda: named(chain().check, answer="v", path=0),
    "ChainRule.draw": lambda: named(chain().draw, depth=1, theme="auto"),
    "ChainRule.save": lambda: named(chain().save, path=FOLDER / "chain.svg", depth=1, theme="auto"),
    "compare": lambda: (lambda loss, w, v: named(engine.compare, loss=loss, gradients={w: "0.1", v: 0.25}))(*graph()),
    "compare pairs": lambda: (lambda loss, w, v: (lambda a, b: engine.compare(loss, [(a, b)]), [[w, v], [0.1, 0.2]]))(
        *graph()
    ),
    "diagnose": lambda: (
        lambda loss, w, v: named(
            engine.diagnose, loss=loss, parameters=[w, v], lr=0.1, planned={w: 0.4}, flat=1e-4, few=8, vanished=1e-5
        )
    )(*graph()),
    "draw": lambda: (lambda loss, w, _: named(engine.draw, output=loss, wrt=w, by="labels", depth=1, theme="auto"))(
        *graph()
    ),
    "render": lambda: (
        lambda loss, w, _: named(
            engine.render, output=loss, path=FOLDER / "p.dot", wrt=w, by="labels", depth=1, theme="auto"
        )
    )(*graph()),
    "explore": lambda: (lambda loss, w, _: named(engine.explore, output=loss, wrt=w, by="labels"))(*graph()),
    "record": lambda: (engine.record, [lambda a, b: a * b[0], 0.5, [1.0, 2.0]]),
    "record options": lambda: (
        lambda check, compile: engine.record(lambda a: a * a, 0.5, check=check, compile=compile),
        [(0.25,), False],
    ),
    "Recording.forward": lambda: (recording().forward, [[1.0, 2.0], [[1.0], [2.0]]]),
    "Recording.backward": lambda: (recording().backward, [[1.0, 2.0], [[1.0], [2.0]]]),
    "Recording.gradients": lambda: (recording().gradients, [[1.0, 2.0], [[1.0], [2.0]]]),
    "Recording.hessian": lambda: (recording().hessian, [[1.0, 2.0], [[1.0], [2.0]]]),
    "Recording.jvp": lambda: (recording().jvp, [([1.0], [[1.0]]), ([1.0], [[1.0]])]),
    "Recording.save": lambda: named(recording().save, path=FOLDER / "recording.json"),
    "load_recording": lambda: (saved_recording, [FOLDER / "loaded.json"]),
    "Neuron": lambda: named(
        nn.Neuron, nin=2, nonlin=True, activation="relu", init="uniform", seed=0, nout=1, bias=True
    ),
    "Neuron()": lambda: (nn.Neuron(2, init=0.5), [[1.0, 2.0]]),
    "Layer": lambda: named(nn.Layer, nin=2, nout=2, seed=0, activation="softmax", init="he", nonlin=True, bias=True),
    "Layer()": lambda: (nn.Layer(2, 2, init=0.5), [[1.0, 2.0]]),
    "MLP": lambda: named(
        nn.MLP, nin=2, nouts=[2, 1], activation="relu", init="xavier", seed=0, output_activation="linear"
    ),
    "MLP()": lambda: (model(), [[1.0, 2.0]]),
    "MLP.from_arrays": lambda: named(
        nn.MLP.from_arrays,
        weights=[[[1.0, 2.0]]],
        biases=[[0.5]],
        activation="relu",
        output_activation="linear",
        rows="neurons",
    ),
    "Module.load_state_dict": lambda: named(model().load_state_dict, state=model().state_dict()),
    "Sequential": lambda: (nn.Sequential, [model(), model()]),
    "Sequential()": lambda: (nn.Sequential(model()), [[1.0, 2.0]]),
    "Embedding": lambda: named(nn.Embedding, names="ab", width=2, spread=1.0, seed=0),
    "Embedding()": lambda: (nn.Embedding("ab", 2, seed=0), ["a"]),
    "RMSNorm": lambda: named(nn.RMSNorm, width=2, eps=1e-5, gain=True),
    "RMSNorm()": lambda: (nn.RMSNorm(2), [[1.0, 2.0]]),
    "LayerNorm": lambda: named(nn.LayerNorm, width=2, eps=1e-5),
    "LayerNorm()": lambda: (nn.LayerNorm(2), [[1.0, 2.0]]),
    "Attention": lambda: named(nn.Attention, width=2, heads=1, init="xavier", seed=0),
    "Attention()": lambda: (nn.Attention(2, seed=0), [[[1.0, 2.0]]]),
    "RNN": lambda: named(nn.RNN, nin=1, width=2, activation="tanh", init="xavier", seed=0),
    "RNN()": lambda: (nn.RNN(1, 2, seed=0), [[[1.0], [2.0]], [True, False]]),
    "mean_squared_error": lambda: named(nn.mean_squared_error, predictions=[x(), x()], targets=[1.0, 0.0]),
    "hinge": lambda: named(nn.hinge, predictions=[x(), x()], targets=[1, -1]),
    "binary_cross_entropy": lambda: named(nn.binary_cross_entropy, predictions=[x(), x()], targets=[1, 0]),
    "binary_cross_entropy_with_logits": lambda: named(
        nn.binary_cross_entropy_with_logits, predictions=[x(), x()], targets=[1, 0]
    ),
    "cross_entropy": lambda: named(nn.cross_entropy, predictions=[[x(), 1.0], [x(), 2.0]], targets=[1, 0]),
    "Optimizer": lambda: named(nn.Optimizer, parameters=[x()], lr=0.1, weight_decay=0.1, clip_norm=1.0, clip_value=1.0),
    "SGD": lambda: named(
        nn.SGD,
        parameters=[x()],
        lr=0.1,
        momentum=0.9,
        nesterov=True,
        weight_decay=0.1,
        clip_norm=1.0,
        clip_value=1.0,
    ),
    "Adam": lambda: named(
        nn.Adam,
        parameters=[x()],
        lr=0.1,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0.1,
        clip_norm=1.0,
        clip_value=1.0,
    ),
    "AdamW": lambda: named(nn.AdamW, parameters=[x()], lr=0.1, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1),
    "Adam.load_state_dict": lambda: named(nn.Adam([x()]).load_state_dict, state=nn.Adam([x()]).state_dict()),
    "Adam.load_state_dict arrays": lambda: (
        lambda steps, mean, square: nn.Adam([x()]).load_state_dict({"steps": steps, "mean": mean, "square": square}),
        [3.0, [1.0], [1.0]],
    ),
    "SGD.diagnose": lambda: (lambda loss, w, v: named(nn.SGD([w, v], 0.1).diagnose, loss=loss, flat=1e-4))(*graph()),
    "clip_gradients": lambda: named(nn.clip_gradients, parameters=[x()], norm=1.0, value=1.0),
    "constant": lambda: (lambda lr: nn.constant(lr)(0), [0.1]),
    "linear": lambda: (lambda lr, steps, final: nn.linear(lr, steps, final)(0), [0.1, 10, 0.01]),
    "cosine": lambda: (lambda lr, steps, final: nn.cosine(lr, steps, final)(0), [0.1, 10, 0.01]),
    "step_decay": lambda: (lambda lr, every, factor: nn.step_decay(lr, every, factor)(0), [0.1, 10, 0.5]),
    "warmup": lambda: (lambda lr, steps: nn.warmup(lr, steps)(0), [0.1, 10]),
    "accuracy": lambda: named(nn.accuracy, predictions=[[0.1, 0.9], [0.8, 0.2]], targets=[1, 1]),
    "save": lambda: named(nn.save, module=model(), path=FOLDER / "model.json", finite=True),
    "load": lambda: (saved_model, [model(), FOLDER / "model.json", True]),
    "from_sklearn": lambda: (lambda estimator: nn.from_sklearn(estimator), [Thing()]),
    "from_torch": lambda: (lambda module: nn.from_torch(module), [Thing()]),
    "from_keras": lambda: (lambda model: nn.from_keras(model), [Thing()]),
    "summary": lambda: named(nn.summary, model=model()),
    "backpropagation": lambda: (
        lambda m: named(nn.backpropagation, model=m, loss=nn.mean_squared_error([m([1.0, 2.0])], [0.5]))
    )(model()),
    "Checkpoint": lambda: named(
        nn.Checkpoint, path=FOLDER / "new.json", parts={"losses": [1.0]}, settings={"a": 1}, every=1.0
    ),
    "Checkpoint.resume": lambda: named(checkpoint().resume, check=None),
    "fit": lambda: named(
        nn.fit,
        **trained(
            batch_size=1,
            seed=0,
            metrics={"close": lambda p, t: 1.0},
            validation=(ROWS, [0.5, 1.0]),
            replay=False,
            checkpoint=None,
            every=30.0,
            clip_norm=1.0,
            clip_value=1.0,
            patience=3,
            on_epoch=None,
        ),
    ),
}


def strictly(on):
    with engine.strict(on):
        pass


def row(*arguments):
    try:
        return engine.row(*arguments)
    finally:
        TABLE.pop("wrong_row", None)
        TABLE.pop("a", None)


def saved_recording(path):
    recording().save(FOLDER / "loaded.json")
    return engine.load_recording(path)


def saved_model(module, path, finite):
    nn.save(model(), FOLDER / "model.json")
    return nn.load(module, path, finite)


def error_of(call, where, thing):
    """The error of a call with the argument at `where` replaced, None if it is accepted."""
    function, arguments = call()
    arguments = dict(arguments) if isinstance(arguments, dict) else list(arguments)
    arguments[where] = thing
    random.seed(0)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), contextlib.chdir(FOLDER):
            warnings.simplefilter("error")
            function(**arguments) if isinstance(arguments, dict) else function(*arguments)
    except Exception as error:
        return error
    return None


def outcome(call, where, thing):
    """The outcome with the argument at `where` replaced: "" if it is accepted, else the error, and if it is raw."""
    error = error_of(call, where, thing)
    return (f"{type(error).__name__}: {error}", not raised_here(error)) if error else ("", False)


def raised_here(error):
    """Whether a `raise` of engine or nn raised it, not an operation of Python on the argument."""
    step = error.__traceback__
    while step.tb_next:
        step = step.tb_next
    code = step.tb_frame.f_code
    if not code.co_filename.startswith(tuple(HERE)):
        return False
    return any(i.offset == step.tb_lasti and i.opname == "RAISE_VARARGS" for i in dis.get_instructions(code))


def outcomes(calls):
    found = {}
    for name in calls:
        _, arguments = CALLS[name]()
        for where in arguments if isinstance(arguments, dict) else range(len(arguments)):
            for key, thing in BATTERY.items():
                if sys.argv[-1] == "-v":
                    print(name, where, key, file=sys.stderr, flush=True)
                found[f"{name} | {where} | {key}"] = outcome(CALLS[name], where, thing())
    return found


if __name__ == "__main__":
    json.dump(outcomes([n for n in sys.argv[1:] if n != "-v"] or CALLS), sys.stdout)
