"""Recordings in files: JSON with the program by the names of its rows, and the formulas of rows that users added.

A file holds numbers and names, and formulas that the table's own parser reads: nothing in it is ever executed but
operations of the table. Opcodes are not in it, as they differ from session to session.
"""

from __future__ import annotations

import ast
import json
import math
import os
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from ..core import (
    BUILT_IN,
    CONSTANT,
    INPUT,
    NAMES,
    PARAMETER,
    PRIMITIVES,
    TABLE,
    RecordingError,
    StateError,
    Value,
    api_boundary,
    code_of,
    missing,
    parse,
    path_of,
    printable,
    replace,
    row,
)
from .program import Program
from .record import Recording

FORMAT, VERSION = "whygrad recording", 1
MOST = 2**31 - 1  # inputs: the largest index in a program
WORDS = ("nan", "inf", "-inf")  # numbers that JSON does not have

Document = dict[str, Any]


@api_boundary
def load_recording(path: str | os.PathLike[str]) -> Recording:
    """The recording in a file, with parameters of its own, which have the saved numbers and labels.

    It does not need the code that made it, and runs only operations of the table. Rows that a user added are added
    again from their formulas. A StateError says if the file is damaged, was written by a later version, or uses a row
    that is missing or has another formula here; then nothing is added.

    >>> from tempfile import TemporaryDirectory
    >>> from engine import record
    >>> w = Value(3.0, "w")
    >>> with TemporaryDirectory() as folder:
    ...     record(lambda x: (x * w).tanh() + w, 0.5).save(f"{folder}/f.json")
    ...     loaded = load_recording(f"{folder}/f.json")
    >>> loaded.forward([0.0, 1.0]).round(4).tolist(), loaded.parameters
    ([3.0, 3.9951], [Value(data=3.0, grad=0.0, label='w')])
    """
    content = path_of(path).read_bytes()
    try:
        return recording_of(json.loads(content, parse_constant=_no_number, object_pairs_hook=_object))
    except (ValueError, RecursionError, MemoryError) as error:  # the parser raises the last two
        reason = "it nests too deep" if not isinstance(error, ValueError) else str(error)
        raise StateError(printable(f"{path} cannot be loaded: {reason}")) from None


def save(recording: Recording, path: str | os.PathLike[str]) -> None:
    """Write a recording to a file, whole or not at all: Recording.save."""
    replace(path, (json.dumps(document_of(recording), allow_nan=False, separators=(",", ":")) + "\n").encode())


def document_of(recording: Recording) -> Document:
    """A recording as a JSON document."""
    program = recording.program
    operations = {NAMES[code] for code in program.codes[: len(program)] if code > CONSTANT}
    document = {
        "format": FORMAT,
        "version": VERSION,
        "arguments": recording.widths,
        "shape": list(recording.shape),
        "verified": recording.verified,
        "parameters": [[x.label, _word_for(x.data)] for x in recording.parameters],
        "rows": [[name, TABLE[name].sign, TABLE[name].formula, *TABLE[name].partials] for name in _own(operations)],
        "instructions": [_instruction(program, i) for i in range(len(program))],
        "outputs": list(program.outputs),
    }
    return document | {"checksum": checksum(document)}


def checksum(document: Document) -> str:
    """A checksum of all other fields, which detects a damaged digit."""
    fields = {name: entry for name, entry in document.items() if name != "checksum"}
    return f"{zlib.crc32(json.dumps(fields, sort_keys=True).encode()):08x}"


def pickled(document: Document, parameters: list[Value]) -> Recording:
    """A recording from a pickle, with its parameters as Values, so that it still shares them with a pickled model."""
    recording = recording_of(document)
    recording._parameters = parameters
    return recording


def recording_of(document: Any) -> Recording:
    """The recording of a document; an invalid document is a ValueError, and then the table does not change."""
    before = set(TABLE)
    try:
        return _recording_of(document)
    except BaseException:
        for name in TABLE.keys() - before:
            del TABLE[name]
        raise


def _recording_of(document: Any) -> Recording:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError("it is no recording")
    version: Any = document.get("version")
    _require(_is_index(version) and version > 0, f"its version is {version!r:.80}")
    if version > VERSION:
        raise ValueError(
            f"a later version of whygrad wrote it, in format {version}, where this one reads {VERSION}: update"
        )
    fields = {"format", "version", "arguments", "shape", "verified", "parameters", "rows", "instructions", "outputs"}
    _require(document.keys() == fields | {"checksum"}, f"it has the fields {', '.join(sorted(document))}")
    widths, shape, outputs = _list(document, "arguments"), _list(document, "shape"), _list(document, "outputs")
    _require(bool(widths) and all(x is None or _is_index(x) for x in widths), f"its arguments are {widths!r:.80}")
    count = sum(1 if width is None else width for width in widths)
    _require(count <= MOST, f"it has {count} inputs, more than there can be")
    is_shape = len(shape) < 16 and all(map(_is_index, shape)) and math.prod(shape) == len(outputs) > 0
    _require(is_shape, f"its shape is {shape!r:.80}, of {len(outputs)} outputs")
    _require(isinstance(document["verified"], bool), f"verified is {document['verified']!r:.80}")
    parameters = [_parameter(entry) for entry in _list(document, "parameters")]
    rows = _built_in()
    for entry in _list(document, "rows"):
        rows.add(_add_row(entry, rows))
    program = _program(_list(document, "instructions"), outputs, rows, {"input": count, "parameter": len(parameters)})
    _require(document["checksum"] == checksum(document), "its contents do not match its checksum")
    recording = Recording(program, parameters, widths, tuple(shape))
    recording.why_unverified = "" if document["verified"] else "it was saved so"
    return recording


def _instruction(program: Program, i: int) -> list[Any]:
    number = program.number(i)
    arguments = program.operands(i) if number is None else [_word_for(number)]
    return [NAMES[program.codes[i]], *arguments]


def _program(instructions: list[Any], outputs: list[Any], rows: set[str], leaves: dict[str, int]) -> Program:
    """The program of instructions, which must be in topological order."""
    program, at = Program(), list[int]()
    known: dict[tuple[str, int], int] = {}
    for i, instruction in enumerate(instructions):
        _require(isinstance(instruction, list) and bool(instruction), f"instruction {i} is {instruction!r:.80}")
        name, *arguments = instruction
        if name == "constant" and len(arguments) == 1:
            at.append(program.constant(_number(arguments[0])))
            continue
        _require(
            all(map(_is_index, arguments)), f"instruction {i} is {instruction!r:.80}, whose operands are no indices"
        )
        if isinstance(name, str) and name in leaves and len(arguments) == 1:
            (k,) = arguments
            _require(k < leaves[name], f"instruction {i} takes {name} {k} of {leaves[name]}")
            if (name, k) not in known:
                known[name, k] = program.emit(INPUT if name == "input" else PARAMETER, k)
            at.append(known[name, k])
            continue
        _require_row(name, rows)
        _require(all(k < i for k in arguments), f"instruction {i} is {instruction!r:.80}, whose operands come later")
        _require(_takes(name, len(arguments)), f"instruction {i} gives {name} {len(arguments)} operands")
        at.append(program.emit_many(code_of(name), [at[k] for k in arguments]))
    _require(all(_is_index(k) and k < len(at) for k in outputs), f"its outputs are {outputs!r:.80}")
    program.outputs = [at[k] for k in outputs]
    return program


def _takes(name: str, count: int) -> bool:
    """Whether a row can have that number of operands."""
    sequences = sum(variable.isupper() for variable in TABLE[name].variables)
    rest = count - (len(TABLE[name].variables) - sequences)
    return rest >= 0 and rest % sequences == 0 if sequences else rest == 0


def _own(operations: Iterable[str]) -> list[str]:
    """The rows that users added among some operations and the rows in their formulas, in the order of the table."""
    found: set[str] = set()
    built_in, waiting = _built_in(), list(operations)
    while waiting:
        name = waiting.pop()
        if name not in found and name not in built_in:
            if name in PRIMITIVES:
                raise RecordingError(missing(name, "a saved recording"))
            found.add(name)
            waiting += _called(TABLE[name].formula, *TABLE[name].partials)
    return [name for name in TABLE if name in found]


def _called(*formulas: str) -> Iterator[str]:
    for formula in formulas:
        for node in ast.walk(parse(formula)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield node.func.id


def _built_in() -> set[str]:
    return set(islice(TABLE, BUILT_IN))


def _add_row(entry: Any, rows: set[str]) -> str:
    """Add a row of a file to the table, unless the same is there; its name. It may call the rows before it."""
    _require(isinstance(entry, list) and all(isinstance(x, str) and x for x in entry), f"a row is {entry!r:.80}")
    _require(len(entry) > 3, f"a row is {entry!r:.80}, without partials")
    name, sign, formula, *partials = map(str, entry)
    _require(name not in rows, f"its row {name!r:.80} is there twice")
    for called in _called(formula, *partials):
        _require_row(called, {*rows, name})
    here = TABLE.get(name)
    if not here:
        try:
            row(name, sign, formula, *partials)
        except Exception as error:  # any error of the formula parser
            raise ValueError(f"it is damaged: its row {name!r:.80} is invalid: {error}") from None
    elif name in PRIMITIVES or (here.formula, here.partials) != (formula, tuple(partials)):
        raise ValueError(
            f"its row {name} is {formula}, and here that is the name of {here.formula}: rename one of them"
        )
    return name


def _require_row(name: Any, rows: set[str]) -> None:
    if not isinstance(name, str) or name not in rows:
        raise ValueError(
            f"it asks for the row {name!r:.80}, which is neither in the table nor in the file: a row that Python alone "
            "has is in no file"
        )


def _parameter(entry: Any) -> Value:
    _require(isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str), f"a parameter is {entry!r:.80}")
    return Value(_number(entry[1]), entry[0])


def _number(entry: Any) -> float:
    """A number of a file as a float."""
    is_number = (isinstance(entry, (int, float)) and not isinstance(entry, bool)) or entry in WORDS
    _require(is_number, f"a number is {entry!r:.80}")
    try:
        number = float(entry)
    except OverflowError:
        number = math.inf
    _require(math.isfinite(number) or entry in WORDS, f"a number is too large: {entry!r:.80}")
    return number


def _word_for(number: float) -> float | str:
    return number if math.isfinite(number) else str(number)


def _list(document: Document, field: str) -> list[Any]:
    _require(isinstance(document[field], list), f"{field} is {document[field]!r:.80}")
    found: list[Any] = document[field]
    return found


def _is_index(number: Any) -> bool:
    return type(number) is int and 0 <= number <= MOST


def _require(condition: bool, reason: str) -> None:
    if not condition:
        raise ValueError(f"it is damaged: {reason}")


def _no_number(word: str) -> None:
    raise ValueError(f"it is damaged: {word} is no number of JSON")


def _object(pairs: list[tuple[str, Any]]) -> Document:
    document = dict(pairs)
    _require(len(document) == len(pairs), "a field stands in it twice")
    return document
