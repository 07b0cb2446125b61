"""Parameters in files: safetensors or JSON by suffix, never pickle, so that nothing in a file is ever executed.

A .safetensors file holds one float64 tensor for each layer and kind of parameter, with PyTorch's names:
"layers.0.weight" has a row for each neuron. A .json file holds one object from each parameter's name to its number,
where non-finite numbers are the text "nan", "inf" or "-inf". Either form can be in either file. A checkpoint also has
lists of numbers and text: tensors of shape (n,) and metadata, or arrays and strings.
"""

import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine import MissingExtraError, StateError
from engine.core import api_boundary, flag, path_of, place, printable, refuse, replace, require

from .module import Stateful
from .state import flat, some

State = dict[str, Any]


@api_boundary
def save(module: Stateful, path: str | os.PathLike[str], finite: bool = True) -> None:
    """Write the state of a module, or of an optimiser, to a .safetensors or .json file.

    The file is written whole or not at all: after an error the old file is still there. A number that is not finite is
    a StateError, unless `finite` is False.

    >>> from tempfile import TemporaryDirectory
    >>> from nn import Neuron
    >>> neuron = Neuron(1)
    >>> with TemporaryDirectory() as folder:
    ...     save(Neuron(1, init=0.5), f"{folder}/neuron.json")
    ...     load(neuron, f"{folder}/neuron.json")
    >>> neuron.state_dict()
    {'w1': 0.5, 'b': 0.5}
    """
    flag(finite, "finite")
    state = state_of(_stateful(module, "state_dict"), path)
    _require(state, path, finite)
    write(path, state)


@api_boundary
def load(module: Stateful, path: str | os.PathLike[str], finite: bool = True) -> None:
    """Set the parameters of a module, or the state of an optimiser, from a file: all of them or none.

    A StateError says if the file is damaged, is of another network or holds a number that is not finite; with
    finite=False, inf and nan are accepted.

    >>> from tempfile import TemporaryDirectory
    >>> from nn import MLP
    >>> model, other = MLP(2, [1], seed=0), MLP(2, [1], seed=1)
    >>> with TemporaryDirectory() as folder:
    ...     save(model, f"{folder}/model.safetensors")
    ...     load(other, f"{folder}/model.safetensors")
    >>> other([1.0, 2.0]).data == model([1.0, 2.0]).data
    True
    """
    _stateful(module, "load_state_dict")
    flag(finite, "finite")
    state = read(path)
    if Path(path).suffix.lower() == ".safetensors":  # metadata from other programs are not parameters
        state = {name: entry for name, entry in state.items() if not isinstance(entry, str)}
    _require(state, path, finite)
    try:
        module.load_state_dict(state)
    except StateError as error:
        raise StateError(printable(f"{path}: {error}")) from None


def _stateful(module: Any, method: str) -> Any:
    if isinstance(module, type) or not callable(getattr(module, method, None)):
        raise refuse("what is saved or loaded", "a module or an optimiser", module)
    return module


def state_of(module: Stateful, path: str | os.PathLike[str]) -> Mapping[str, Any]:
    """The state in the form for this suffix: arrays, or in JSON a number for each name."""
    arrays = None if path_of(path).suffix.lower() == ".json" else getattr(module, "arrays", None)
    return arrays() if arrays else module.state_dict()


def require_finite(state: Mapping[str, Any]) -> None:
    """Raise a StateError that names numbers that are not finite.

    >>> require_finite({"weight": [[0.5, math.nan]], "bias": [0.5]})
    Traceback (most recent call last):
    engine.core.errors.StateError: not finite: weight
    """
    names = [
        name for name, entry in state.items() if any(isinstance(x, float) and not math.isfinite(x) for x in flat(entry))
    ]
    if names:
        raise StateError(f"not finite: {some(names)}")


def _require(state: Mapping[str, Any], path: str | os.PathLike[str], finite: bool) -> None:
    try:
        require_finite(state if finite else {})
    except StateError as error:
        raise StateError(f"{printable(str(path))}: {error}; to take it all the same, pass finite=False") from None


def write(path: str | os.PathLike[str], state: Mapping[str, Any]) -> None:
    """Write numbers, nested lists of numbers and text by name to a .safetensors or .json file, whole or not at all."""
    encode, _ = _format(path)
    replace(path, encode(state))


def read(path: str | os.PathLike[str]) -> State:
    """The contents of a file, by name; a damaged file is a StateError.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write(f"{folder}/run.json", {"steps": 3.0, "losses": [0.5, math.inf], "by": "Adam"})
    ...     read(f"{folder}/run.json")
    {'steps': 3.0, 'losses': [0.5, inf], 'by': 'Adam'}
    """
    _, decode = _format(path)
    content = Path(path).read_bytes()
    try:
        return decode(content)
    except MissingExtraError:
        raise
    except Exception as error:  # any error of a decoder
        raise StateError(printable(f"{path} is damaged or not a {Path(path).suffix} file: {error}")) from error


def require_place(path: str | os.PathLike[str]) -> None:
    """Raise the error that `write` would raise for an unknown suffix or a missing directory."""
    _format(path)
    place(path)


def _format(path: str | os.PathLike[str]) -> tuple[Callable[[Mapping[str, Any]], bytes], Callable[[bytes], State]]:
    """The functions that encode and decode files with this suffix."""
    formats = {
        ".safetensors": (_to_safetensors, _from_safetensors),
        ".json": (_to_json, _from_json),
    }
    file = path_of(path)
    suffix = file.suffix.lower()
    if suffix not in formats:
        raise ValueError(
            f"a file of parameters ends in {' or '.join(formats)}, not in {suffix!r}: {printable(str(file))}"
        )
    return formats[suffix]


def _to_safetensors(state: Mapping[str, Any]) -> bytes:
    np, library = require("numpy"), require("safetensors.numpy")
    text = {name: entry for name, entry in state.items() if isinstance(entry, str)}
    tensors = {name: np.array(entry, dtype=float) for name, entry in state.items() if name not in text}
    encoded: bytes = library.save(tensors, text or None)
    return encoded


def _from_safetensors(content: bytes) -> State:
    tensors = require("safetensors.numpy").load(content)
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")], object_pairs_hook=_object)
    text = header.get("__metadata__", {})
    return _object([*((name, tensor.tolist()) for name, tensor in tensors.items()), *text.items()])


def _to_json(state: Mapping[str, Any]) -> bytes:
    writable = {name: _each(_word_for, entry) for name, entry in state.items()}
    return (json.dumps(writable, indent=1, allow_nan=False) + "\n").encode()


def _from_json(content: bytes) -> State:
    state = json.loads(content, object_pairs_hook=_object)
    if not isinstance(state, dict):
        raise ValueError(f"expected an object from names to numbers, not {type(state).__name__}")
    return {name: _each(_number_for, entry) for name, entry in state.items()}


def _each(function: Callable[[Any], Any], entry: Any) -> Any:
    """The same for an entry, or for all entries of nested lists."""
    return [_each(function, part) for part in entry] if isinstance(entry, list) else function(entry)


def _word_for(number: Any) -> Any:
    return number if isinstance(number, str) or math.isfinite(number) else str(number)


def _number_for(word: Any) -> Any:
    if isinstance(word, bool):
        raise ValueError(f"{str(word).lower()} is not a number")
    return float(word) if word in ("nan", "inf", "-inf") else word


def _object(pairs: list[tuple[str, Any]]) -> State:
    state = dict(pairs)
    if len(state) < len(pairs):
        raise ValueError("a name stands in it twice")
    return state
