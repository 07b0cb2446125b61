"""Checkpoint: the state that a training needs to continue as if it had never stopped, in one atomic file."""

import math
import os
import random
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any

from engine import StateError, Value
from engine.core import api_boundary, function_of, instance, path_of, printable, real

from .files import read, require_finite, require_place, state_of, write
from .module import Module, Stateful
from .state import distinct, fitting, form_of, numbers_of, set_all, some

Part = Stateful | random.Random | list[float]
SHOWN = 80  # characters of a setting
CHECKSUM = "checksum"  # the name of its entry in a file
REMEDY = "to start over, delete it"
TWISTER = 3  # the version of the state of random.Random


@api_boundary
class Checkpoint:
    """The parts of a training in a .safetensors or .json file: saved at intervals of seconds, and set by `resume`.

    A part is a module, an optimiser or anything else with a state dict, a random.Random, or a list of floats, which is
    changed in place. `settings` are numbers or text that must be equal for an equal result; a function among them is
    called for its value when the parts are set. Nothing in a file is ever executed.

    >>> from tempfile import TemporaryDirectory
    >>> from nn import MLP, Adam
    >>> with TemporaryDirectory() as folder:
    ...     for _ in range(2):  # the second time, as after a kill
    ...         model, rng, losses = MLP(1, [1], seed=0), random.Random(0), []
    ...         parts = {"model": model, "adam": Adam(model.parameters()), "rng": rng, "losses": losses}
    ...         checkpoint = Checkpoint(f"{folder}/training.safetensors", parts, every=0.0)
    ...         checkpoint.resume(), losses
    ...         losses.append(rng.random())
    ...         checkpoint.save_if_due()
    (False, [])
    (True, [0.844...])
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        parts: Mapping[str, Part],
        settings: Mapping[str, Any | Callable[[], Any]] | None = None,
        every: float = 30.0,
    ) -> None:
        self.path, self.parts = path_of(path), dict(instance(parts, Mapping, "parts", "a dict of parts by name"))
        self.lists = [name for name, part in self.parts.items() if isinstance(part, (random.Random, list))]
        self.settings = dict(instance({} if settings is None else settings, Mapping, "settings", "a dict"))
        require_place(self.path)
        self.every = real(every, "every")
        if not self.every >= 0.0:
            raise ValueError(f"every must be a number of seconds from 0, not {self.every!r}")
        self._last = monotonic()

    def resume(self, check: Callable[[], object] | None = None) -> bool:
        """Set all parts from the file; False if there is no file.

        A damaged file, or the file of another training, is a StateError that says what differs, and nothing is set. The
        same holds if `check`, called when the parts are set, raises a StateError.
        """
        if check is not None:
            function_of(check, "check")
        if not self.path.exists():
            return False
        state, before = read(self.path), self._state()
        checksum = state.pop(CHECKSUM, None)
        try:
            self._require_finite(state)
            self._set(state)
            self._compare(state)
            if check:
                check()
            if checksum != _checksum(state):
                raise StateError("it was changed after it was saved: its content does not match its checksum")
        except StateError as error:
            self._set(before)
            raise StateError(f"{printable(str(self.path))}: {self._with_settings(error, state)}; {REMEDY}") from None
        except BaseException:
            self._set(before)
            raise
        return True

    def save(self) -> None:
        """Replace the file atomically: if the process is killed, the old or the new file is there.

        A module or an optimiser with a number that is not finite is a StateError, and the file does not change.
        """
        state = self._state()
        self._require_finite(state)
        write(self.path, state | {CHECKSUM: _checksum(state)})
        self._last = monotonic()

    def save_if_due(self) -> None:
        """Save if the last save, or the start, was at least `every` seconds ago."""
        if monotonic() - self._last >= self.every:
            self.save()

    def _state(self) -> dict[str, Any]:
        entries: list[tuple[str, Any]] = [(f"setting {name}", text) for name, text in self._settings().items()]
        for name, part in self.parts.items():
            if isinstance(part, (random.Random, list)):
                entries.append((name, _numbers(part)))
            else:
                entries += [(f"{name}.{key}", entry) for key, entry in state_of(part, self.path).items()]
        return distinct(entries, "entries of the checkpoint", "a part")

    def _require_finite(self, state: Mapping[str, Any]) -> None:
        require_finite({name: entry for name, entry in state.items() if name not in self.lists})

    def _settings(self) -> dict[str, str]:
        return {name: str(setting() if callable(setting) else setting) for name, setting in self.settings.items()}

    def _set(self, state: Mapping[str, Any]) -> None:
        """Set the parts in order."""
        for name, part in self.parts.items():
            if isinstance(part, (random.Random, list)):
                _set_numbers(part, state.get(name), name)
            else:
                prefix = f"{name}."
                part.load_state_dict(
                    {key.removeprefix(prefix): x for key, x in state.items() if key.startswith(prefix)}
                )

    def _compare(self, state: Mapping[str, Any]) -> None:
        """Raise if the state has entries of no part, or if settings differ."""
        lists = self.lists
        known = tuple(f"{name}." for name in self.parts if name not in lists)
        if foreign := [n for n, x in state.items() if not (isinstance(x, str) or n in lists or n.startswith(known))]:
            raise StateError(f"it holds {some(foreign)}, which is no part of this training")
        if differences := self._differences(state):
            raise StateError(printable(f"it is of another training: {', '.join(differences)}"))

    def _differences(self, state: Mapping[str, Any]) -> list[str]:
        """The settings that differ, in words."""
        settings, kept = ({name: x for name, x in s.items() if isinstance(x, str)} for s in (self._state(), state))
        return [
            f"{name} is {kept.get(name, 'not set')} there and {settings.get(name, 'not set')} here"
            for name in sorted({*settings, *kept})
            if settings.get(name) != kept.get(name)
        ]

    def _with_settings(self, error: StateError, state: Mapping[str, Any]) -> str:
        """The error, and unless it names a setting, the settings that differ: they are the cause."""
        fixed = [f"setting {name} " for name, setting in self.settings.items() if not callable(setting)]
        others = [text for text in self._differences(state) if text.startswith(tuple(fixed))]
        return str(error) if "setting " in str(error) or not others else printable(f"{error}; {', '.join(others)}")


class Leaves:
    """The leaves that an optimiser moves, as a part of a checkpoint, in the arrays of their model or in their own."""

    def __init__(self, leaves: Sequence[Value], model: Any = None) -> None:
        self.singly = {f"{i}.{leaf.label}".rstrip("."): leaf for i, leaf in enumerate(leaves, 1)}
        own = model if isinstance(model, Module) and model.parameters() == list(leaves) else None
        self.together = own.named_arrays() if own else {"all": list(leaves)}

    def state_dict(self) -> dict[str, float]:
        """The leaves' numbers by number and label."""
        return {name: leaf.data for name, leaf in self.singly.items()}

    def arrays(self) -> dict[str, Any]:
        """The leaves' numbers in arrays."""
        return {name: numbers_of(array) for name, array in self.together.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set all leaves; a state that does not fit is a StateError, and sets none."""
        leaves = form_of(state, self.singly, self.together)
        set_all(fitting(state, leaves, f"{len(self.singly)} parameters"), leaves)


def _numbers(part: random.Random | list[float]) -> list[float]:
    """A list as it is; of a generator, its integers and its stored normal number, nan if there is none."""
    if isinstance(part, list):
        return list(part)
    _, integers, spare = part.getstate()
    return [*map(float, integers), math.nan if spare is None else spare]


def _set_numbers(part: random.Random | list[float], given: Any, name: str) -> None:
    try:
        numbers = [real(x) for x in given]
        if isinstance(part, list):
            part[:] = numbers
        else:
            *integers, spare = numbers
            part.setstate((TWISTER, tuple(map(int, integers)), None if math.isnan(spare) else spare))
    except (TypeError, ValueError, OverflowError) as error:
        kind = "numbers" if isinstance(part, list) else "numbers of a random.Random"
        raise StateError(f"{name} is missing or not a list of {kind}: {error}") from None


def as_setting(thing: Any) -> str:
    """The `repr` without addresses, which differ from run to run; a long one is cut, with a checksum."""
    text = re.sub(r" at 0x\w+", "", repr(thing))
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... with the checksum {zlib.crc32(text.encode()):08x}"


def _checksum(state: Mapping[str, Any]) -> str:
    """A CRC-32 of the state, as text."""
    entries = sorted((name, x if isinstance(x, str) else numbers_of(x)) for name, x in state.items())
    return f"{zlib.crc32(repr(entries).encode()):08x}"
