"""Tracebacks end in the user's line: of a wrong argument here, of a function that the engine calls in that function."""

import copy
import gc
import inspect
import json
import pathlib
import pickle
import subprocess
import sys
import traceback
import types
import weakref

import pytest
import wrong_arguments
from wrong_arguments import BATTERY, CALLS, ROWS

import engine
import nn
import nn.training
from engine import Value
from engine.chain import Factor, Path
from engine.core import TABLE, api_boundary, line_of
from engine.page import Frame
from engine.picture import Picture

OWN = (__file__, wrong_arguments.__file__)
DEEPEST = 0 if engine.compiled else 1  # frames of the engine below the user's line


def raised(call):
    """The error of a call, with the functions of its traceback from this one on."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        call()
    return caught.value, [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)][1:]


def below(error):
    """The frames that a traceback has below the last one of these tests."""
    frames = traceback.extract_tb(error.__traceback__)
    last = max(i for i, frame in enumerate(frames) if frame.filename in OWN)
    return frames[last + 1 :]


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_argument_ends_in_the_line_that_passes_it(name):
    _, arguments = CALLS[name]()
    errors = []
    for where in arguments if isinstance(arguments, dict) else range(len(arguments)):
        for key in ("None", "text", "object", "-1", "nested"):
            error = wrong_arguments.error_of(CALLS[name], where, BATTERY[key]())
            if error is not None:
                errors.append(error)
                assert len(below(error)) <= DEEPEST, (where, key, below(error))
    assert errors


def functions():
    """Every public function and method in Python, by name."""
    for package in (engine, nn):
        for name in package.__all__:
            yield f"{package.__name__}.{name}", getattr(package, name)
    for name in TABLE:
        yield f"engine.{name}", engine.core.operation(name)
    classes = {getattr(package, name) for package in (engine, nn) for name in package.__all__} | {
        Path,
        Factor,
        Frame,
        Picture,
        type(nn.Module),
    }
    for public in (c for c in classes if isinstance(c, type)):
        for base in public.__mro__:
            if base.__module__.partition(".")[0] in ("engine", "nn") and not issubclass(base, BaseException):
                for name, member in vars(base).items():
                    if name.startswith("__") or not name.startswith("_"):
                        yield f"{base.__qualname__}.{name}", getattr(member, "__func__", member)


def test_every_public_function_and_method_has_the_boundary():
    plain = {
        name
        for name, found in functions()
        if isinstance(found, types.FunctionType) and "hide_engine" not in found.__code__.co_names
    }
    if not engine.compiled:  # what makes a Value immutable
        plain -= {"Value.__setattr__", "Value.__delattr__", "Value.__new__"}
    assert plain == set()


def fail(*_):
    raise ValueError("mine")


class Model(nn.Module):
    def __init__(self, size=1):
        self.inner = nn.MLP(2, [size])

    def __call__(self, x):
        return self.inner(x)


class Failing(Model):
    def __call__(self, x):
        return fail()


def trained(loss=nn.mean_squared_error, model=None, **options):
    model = model or Model()
    nn.fit(model, ROWS, [0.0, 1.0], loss, nn.SGD(model.parameters(), 0.1), 1, progress=False, **options)


def strictly():
    with engine.strict():
        Value(0.0).log()


def reads(x):
    return x.data


@pytest.mark.parametrize(
    ("call", "ends"),
    [
        (lambda: engine.record(fail, 1.0), "fail"),
        (lambda: engine.record(reads, 1.0), "reads"),
        (lambda: engine.check_gradients(fail, 1.0), "fail"),
        (lambda: engine.where(True, fail, 1.0), "fail"),
        (lambda: Model("two"), "__init__"),
        (lambda: Model()([1.0]), "__call__"),
        (lambda: trained(fail), "fail"),
        (lambda: trained(on_epoch=fail), "fail"),
        (lambda: trained(metrics={"m": fail}), "fail"),
        (lambda: trained(model=Failing()), "fail"),
        (lambda: trained(model=Failing(), replay=False), "fail"),
        (strictly, "strictly"),
        (lambda: engine.record(lambda x: json.loads("{"), 1.0), "raw_decode"),  # called by the user's function
    ],
)
def test_frames_of_user_code_stay_and_those_of_the_engine_go(call, ends):
    error, names = raised(call)
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    assert names[-1] == ends
    assert [file for file in files if not file.startswith((*OWN, str(pathlib.Path(json.__file__).parent)))] == []


def test_a_function_of_a_row_stays():
    def twice(a):
        return 2.0 * a if a != 5.0 else None + a

    doubled = engine.row("doubled", "d", twice, "2")
    try:
        assert raised(lambda: doubled(Value(5.0)))[1] == ["<lambda>", "twice"]
    finally:
        del TABLE["doubled"]


def test_an_error_that_is_chained_shows_no_frame_of_the_engine_either():
    def chained(x):
        try:
            engine.tanh("text")
        except TypeError as error:
            raise ValueError("mine") from error

    error, names = raised(lambda: engine.record(chained, 1.0))
    assert names[-1] == "chained"
    assert traceback.extract_tb(error.__cause__.__traceback__)[0].name == "chained"
    assert len(below(error.__cause__)) <= DEEPEST


def test_a_fault_of_the_engine_keeps_its_whole_traceback(monkeypatch):
    def examples_of(*_):
        raise KeyError("a fault")

    monkeypatch.setattr(nn.training, "examples_of", examples_of)
    assert raised(trained)[1][-2:] == ["fit", "examples_of"]


def test_the_environment_asks_for_all_frames(monkeypatch):
    assert raised(lambda: nn.MLP("a", [1]))[1] == ["<lambda>"]
    monkeypatch.setenv("WHYGRAD_TRACEBACK", "full")
    assert raised(lambda: nn.MLP("a", [1]))[1][1:3] == ["boundary", "__call__"]


def test_an_error_keeps_nothing_alive():
    class Held:
        pass

    def passes():
        held = Held()
        try:
            nn.MLP(held, [1])
        except TypeError:
            return weakref.ref(held)

    gc.disable()
    try:
        assert passes()() is None
    finally:
        gc.enable()


def test_functions_keep_their_names_signatures_and_places():
    for function in (engine.chain_rule, engine.tanh, engine.clip, engine.where, engine.softmax, nn.fit, nn.MLP):
        assert pickle.loads(pickle.dumps(function)) is function
        assert copy.deepcopy(function) is function
        assert function.__doc__
    assert list(inspect.signature(engine.chain_rule).parameters) == ["output", "wrt", "by"]
    assert str(inspect.signature(engine.clip)) == "(a, b, c)"
    assert list(inspect.signature(nn.MLP.from_arrays).parameters)[:2] == ["weights", "biases"]
    assert inspect.getsource(engine.chain_rule).count("def chain_rule") == 1


def test_a_row_says_how_many_operands_it_takes():
    assert str(raised(engine.tanh)[0]) == "tanh() missing 1 required positional argument: 'a'"


def test_the_line_of_a_function_over_a_value_is_the_users():
    bad = engine.log(Value(0.0))
    assert "bad = engine.log(Value(0.0))" in line_of(bad)


def test_a_decorated_class_is_the_class_itself():
    class Public:
        def method(self, given):
            return int(given)

        def _private(self):
            return 1

    method, private = Public.method, Public._private
    assert api_boundary(Public) is Public
    assert Public.method.__wrapped__ is method
    assert Public._private is private


def test_code_of_the_command_line_is_the_users(tmp_path):
    script = "import engine\ndef f(x):\n    raise ValueError('mine')\nengine.record(f, 1.0)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert [line.strip() for line in run.stderr.splitlines() if "File" in line] == [
        'File "<string>", line 4, in <module>',
        'File "<string>", line 3, in f',
    ]
