"""Parameters in files: safetensors or JSON by suffix, neither of which can execute anything when it is read.

A .safetensors file holds one float64 tensor of one number for each parameter, a .json file one object of names
and numbers. A file is written beside its place and then moved there: a save that fails leaves the old one.
"""

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine import StateError
from engine.errors import require

from .module import Module

State = dict[str, float]


def save(module: Module, path: str | os.PathLike[str]) -> None:
    """Write the parameters of `module` to a .safetensors or .json file; another suffix is a ValueError."""
    encode, _ = _format(path)
    data, target = encode(module.state_dict()), Path(path)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=target.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def load(module: Module, path: str | os.PathLike[str]) -> None:
    """Set the parameters of `module` from a file that `save` wrote.

    A file that cannot be read, or whose names or shapes differ, is a StateError that says what differs; then
    nothing has been set.
    """
    _, decode = _format(path)
    data = Path(path).read_bytes()
    try:
        state = decode(data)
    except StateError:
        raise
    except Exception as error:
        raise StateError(f"{path} is not a {Path(path).suffix} file of parameters: {error}") from error
    module.load_state_dict(state)


def _format(path: str | os.PathLike[str]) -> tuple[Callable[[State], bytes], Callable[[bytes], State]]:
    suffix = Path(path).suffix
    if suffix not in _FORMATS:
        raise ValueError(f"a file of parameters ends in {' or '.join(_FORMATS)}, not {suffix!r} ({path})")
    return _FORMATS[suffix]


def _to_json(state: State) -> bytes:
    return json.dumps(state, indent=1).encode()


def _from_json(data: bytes) -> State:
    state = json.loads(data)
    if not isinstance(state, dict):
        raise StateError(f"expected an object of names and numbers, not {type(state).__name__}")
    _only_numbers(state, lambda x: isinstance(x, (int, float)) and not isinstance(x, bool))
    return {name: float(number) for name, number in state.items()}


def _to_safetensors(state: State) -> bytes:
    numpy, safetensors = require("numpy", "nn"), require("safetensors.numpy", "nn")
    data: bytes = safetensors.save({name: numpy.array([number]) for name, number in state.items()})
    return data


def _from_safetensors(data: bytes) -> State:
    tensors = require("safetensors.numpy", "nn").load(data)
    _only_numbers(tensors, lambda x: x.size == 1)
    return {name: float(tensor.reshape(())) for name, tensor in tensors.items()}


def _only_numbers(entries: dict[str, Any], is_number: Callable[[Any], bool]) -> None:
    wrong = [f"{name} {getattr(x, 'shape', repr(x))}" for name, x in entries.items() if not is_number(x)]
    if wrong:
        raise StateError(
            f"expected one number for each parameter, but these are something else: {', '.join(wrong[:6])}"
        )


_FORMATS = {".safetensors": (_to_safetensors, _from_safetensors), ".json": (_to_json, _from_json)}
