"""The learner's gradients: numbers, strings and nested lists of them as one flat list, each with its precision."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple
from unicodedata import normalize

from ..core import Value, came, printable, real

LEAST = 3  # significant digits that a float has at least: 0.1 is 0.100, its zeros are lost
EXACT = 9  # significant digits from which on a float is a program's, right to about 1e-9
PRECISIONS = {"e": 3, "f": 6}  # by code of struct, the significant digits that half and single precision keep
EXPECTED = "a number such as 0.0123 or '0.0123'"
LONE = 0.385  # of a unit: times the SLACK of trial.py, half a unit
LARGEST = 300  # decimal order of a float
_TIMES_TEN = re.compile(r"\s*[×·*]\s*10(?:\^|\*\*)?([-⁻]?[0-9⁰¹²³⁴⁵⁶⁷⁸⁹]+)$")
NOISE = 1e-10  # a float that is smaller than the largest by this factor is 0, but for rounding


class Given(NamedTuple):
    """One gradient as the learner has it."""

    value: Value
    number: float
    text: str
    tolerance: float  # half a unit of the last digit; 0.0 where no digit tells


@dataclass(frozen=True)
class Gradient:
    """One gradient: the learner's number beside the right one.

    `ok` is None where rounding may explain the difference, but no known mistake explains the other numbers.
    """

    value: Value
    name: str
    given: float
    right: float
    ok: bool | None


def read(gradients: Any) -> list[Given]:
    """The gradients of a mapping, or of pairs, in order; Values and numbers may be nested lists of one shape.

    >>> w, v = Value(1.0, "w"), Value(2.0, "v")
    >>> [(g.number, g.tolerance) for g in read({w: "0.0120", v: -3.25})]
    [(0.012, 5e-05), (-3.25, 0.005)]
    >>> [g.value.label for g in read([([[w], [v]], [[1.0], [2.0]])])]
    ['w', 'v']
    """
    found: dict[Value, Any] = {}
    for values, numbers in _pairs(gradients):
        for value, number in _flat(values, numbers):
            if value in found and found[value] != number:
                raise ValueError(f"{_named(value)} is given twice, as {found[value]!r} and as {number!r}: pass one")
            found[value] = number
    if not found:
        raise ValueError("no gradient is given: pass a dict of Values and your numbers, such as {w: 0.0123}")
    texts = {value: _text(value, number) for value, number in found.items()}
    floats = {v: float(text) for v, text in texts.items() if not _is_written(found[v]) or _is_printed(text)}
    tolerances = dict(zip(floats, tolerances_of(list(floats.values())), strict=True))
    tolerances |= {value: half_unit(text) for value, text in texts.items() if value not in floats}
    bare = [value for value in texts if value not in floats and is_bare_zero(texts[value])]
    tolerances |= dict.fromkeys(
        bare, min((t for value, t in tolerances.items() if t and value not in bare), default=0.0)
    )
    return [Given(value, float(text), text, tolerances[value]) for value, text in texts.items()]


def _pairs(gradients: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(gradients, Mapping):
        return list(gradients.items())
    expected = "a dict of Values and your numbers, such as {w: 0.0123}, or pairs such as [(W, dW), (b, db)]"
    if isinstance(gradients, (str, bytes, Value)) or not isinstance(gradients, Iterable):
        raise TypeError(f"gradients must be {expected}, not {came(gradients)}")
    pairs = list(gradients)
    for pair in pairs:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise TypeError(f"gradients must be {expected}; one of the entries is {came(pair)}")
    return pairs


def _flat(values: Any, numbers: Any) -> Iterator[tuple[Value, Any]]:
    """Each Value with its number, from two nested sequences of one shape."""
    if isinstance(values, Value):
        if _is_sequence(numbers) and getattr(numbers, "shape", None) != ():
            raise TypeError(f"the gradient of {_named(values)} must be one number, not {came(numbers)}")
        yield values, numbers
        return
    if not _is_sequence(values):
        raise TypeError(
            f"a gradient belongs to a Value, not to {came(values)}: pass the Value itself "
            "as the key, not its label or its number"
        )
    if not _is_sequence(numbers) or _shape(values) != _shape(numbers):
        given = " x ".join(map(str, _shape(numbers))) if _is_sequence(numbers) else came(numbers)
        shape = _shape(values)
        turned = len(shape) == 2 and _is_sequence(numbers) and _shape(numbers) == shape[::-1]
        raise ValueError(
            f"the gradients of {' x '.join(map(str, shape))} Values are {given}: pass one number for each Value, "
            f"nested as the Values are{', which is the transpose of your numbers' if turned else ''}"
        )
    for value, number in zip(_entries(values), _entries(numbers), strict=True):
        yield from _flat(value, number)


def _is_sequence(thing: Any) -> bool:
    return isinstance(thing, (list, tuple)) or (hasattr(thing, "tolist") and bool(getattr(thing, "shape", ())))


def _entries(sequence: Any) -> list[Any]:
    return list(sequence)


def _shape(thing: Any) -> tuple[int, ...]:
    """The lengths of a nested sequence, by the first entry of each."""
    lengths = []
    while _is_sequence(thing):
        entries = _entries(thing)
        lengths.append(len(entries))
        if not entries:
            break
        thing = entries[0]
    return tuple(lengths)


def _text(value: Value, number: Any) -> str:
    """The number as it was written, in characters that float() reads."""
    if _is_written(number):
        try:
            text = with_point(str(number).strip().replace("−", "-"))
        except ValueError as error:
            raise ValueError(f"the gradient of {_named(value)}: {error}") from None
        text = _TIMES_TEN.sub(_exponent, text)
        try:
            is_finite = math.isfinite(float(Decimal(text)))
        except (InvalidOperation, ValueError, OverflowError):
            raise ValueError(f"the gradient of {_named(value)} must be {EXPECTED}, not {came(number)}") from None
    else:
        try:
            text = repr(real(number))
            is_finite = math.isfinite(float(text))
        except OverflowError:
            text, is_finite = "", False
        except (TypeError, ValueError):
            what = "its .data" if isinstance(number, Value) else EXPECTED
            raise TypeError(
                f"the gradient of {_named(value)} must be a number, not {came(number)}: pass {what}"
            ) from None
    if not is_finite:
        raise ValueError(f"the gradient of {_named(value)} must be finite, not {came(number)}: leave it out")
    return text


def with_point(text: str) -> str:
    """A number with a decimal comma as one with a point; 1,234 may be 1234, so it is a ValueError.

    >>> with_point("0,25"), with_point("-12,5e-3"), with_point("max(a, b)")
    ('0.25', '-12.5e-3', 'max(a, b)')
    """
    if not _WITH_COMMA.fullmatch(text):
        return text
    number = text.replace(",", ".")
    if _THOUSANDS.match(text):
        plain = text.replace(",", "")
        raise ValueError(f"{text} may be {number} or {plain}: write a point for decimals and no comma for thousands")
    return number


_WITH_COMMA = re.compile(r"\s*[-+−]?\d+,\d+(?:\s*[eE×·*][^,.]*)?")
_THOUSANDS = re.compile(r"\s*[-+−]?[1-9]\d{0,2},\d{3}(?!\d)")


def _exponent(found: re.Match[str]) -> str:
    """The e-3 of "×10⁻³" or "* 10^-3"."""
    return f"e{normalize('NFKC', found[1]).replace('−', '-')}"


def _is_written(number: Any) -> bool:
    return isinstance(number, (str, Decimal))


def _is_printed(text: str) -> bool:
    """Whether a text has so many digits that a program printed it, perhaps in single precision."""
    return digits_in(text) > EXACT


def digits_in(text: str) -> int:
    """How many significant digits a number is written with."""
    return len(Decimal(text).as_tuple().digits)


def half_unit(text: str) -> float:
    """Half a unit of the last digit written; less for a single digit, which nobody gets by cutting off digits.

    A whole number of one digit has three, as a float has: 3 may be 2.9996, and is not 3.4. 15 may be 14.87, and is not
    14.4.

    >>> [half_unit(text) for text in ("0.3125", "2.50", "4e-4", "3", "15")]
    [5e-05, 0.005, 3.85e-05, 0.005, 0.385]
    """
    if _is_whole(text):
        return LONE if len(text.lstrip("-+0")) > 1 else _half(float(text), LEAST)
    return (LONE if is_lone(text) else 0.5) * 10.0 ** min(int(Decimal(text).as_tuple().exponent), LARGEST)


def is_lone(text: str) -> bool:
    """Whether a number is written with a single digit, which is not 0."""
    digits = Decimal(text).as_tuple().digits
    return len(digits) == 1 and digits != (0,) and not _is_whole(text)


def _is_whole(text: str) -> bool:
    return text.lstrip("-+").isdecimal()


def is_bare_zero(text: str) -> bool:
    """Whether a text is 0 or 0.0, which has no digits: it claims that the gradient is 0."""
    digits = Decimal(text)
    return not digits and int(digits.as_tuple().exponent) > -2


def _named(value: Value) -> str:
    return printable(value.label) or repr(value)


def tolerances_of(numbers: Sequence[float]) -> list[float]:
    """Half a unit in the last digit of each float: all have as many decimals, or significant digits, or each its own.

    >>> tolerances_of([1.25, 0.03, 0.31])
    [0.005, 0.005, 0.005]
    >>> tolerances_of([0.123, 0.000312])
    [0.0005, 5e-07]
    >>> tolerances_of([0.0982, 0.1469, 0.19836])
    [5e-05, 5e-05, 5e-06]
    """
    top = max(map(abs, numbers), default=0.0)
    numbers = [0.0 if abs(x) < NOISE * top else x for x in numbers]
    exact = _computed(numbers)
    by_hand = iter(_written([x for x, is_exact in zip(numbers, exact, strict=True) if not is_exact]))
    machine = iter(_machine([x for x, is_exact in zip(numbers, exact, strict=True) if is_exact]))
    return _of_zeros(numbers, [next(machine) if is_exact else next(by_hand) for is_exact in exact])


def as_shown(numbers: Sequence[float]) -> list[str]:
    """Floats with the digits that they show: a 0 has as many decimals as the others, 32.0 beside 1.2 may be 32.

    >>> as_shown([0.02, -0.0, 1.3]), as_shown([32.0, 1.2]), as_shown([32.0, 5.0])
    (['0.02', '0.00', '1.3'], ['32', '1.2'], ['32.0', '5.0'])
    """
    decimals = max((_digits(x)[0] for x in numbers), default=0)
    whole = "{:.0f}" if decimals else "{!r}"
    return [(whole.format(x) if x.is_integer() else repr(x)) if x else f"{0.0:.{decimals or 1}f}" for x in numbers]


def _computed(numbers: Sequence[float]) -> list[bool]:
    """Which floats a program computed: those with too many digits for a hand, and beside them 0, 1, 0.5, 0.25 ..."""
    long = [_digits(x)[1] > EXACT for x in numbers]
    are_computed = any(long)
    return [is_long or (are_computed and (x * 2.0**20).is_integer()) for x, is_long in zip(numbers, long, strict=True)]


def _written(numbers: Sequence[float]) -> list[float]:
    """The tolerances of floats typed by hand; one in ten has lost a trailing 0."""
    shown = [_digits(x) for x in numbers if x]
    decimals, significant = max((d for d, _ in shown), default=0), max((s for _, s in shown), default=0)
    by_decimals, by_significant = sum(decimals - d for d, _ in shown), sum(significant - s for _, s in shown)
    top, likely = max(map(abs, numbers), default=0.0), 1 + len(shown) / 5
    if by_decimals < by_significant and by_decimals <= likely and _has(decimals, top):
        return [0.5 * 10.0**-decimals for _ in numbers]
    is_common = by_significant <= likely
    return [_half(x, significant if is_common else _digits(x)[1]) for x in numbers]


def _has(decimals: int, number: float) -> bool:
    """Whether a number with these decimals has LEAST significant digits."""
    return decimals + math.floor(math.log10(number)) >= LEAST - 1


def _half(number: float, significant: int) -> float:
    exponent = math.floor(math.log10(abs(number))) if number else 0
    return 0.5 * 10.0 ** (exponent - max(significant, LEAST) + 1) if number else 0.0


def _machine(numbers: Sequence[float]) -> list[float]:
    """The tolerances of floats that a program computed in half, single or double precision."""
    digits = next((d for code, d in PRECISIONS.items() if all(_is_exact(x, code) for x in numbers)), None)
    if digits is None and any(_digits(x)[1] > EXACT and _is_exact(x, "f") for x in numbers):
        digits = PRECISIONS["f"]  # one of single precision comes from others of it
    part = 10.0**-EXACT if digits is None else 0.5 * 10.0**-digits
    return [part * abs(x) for x in numbers]


def _is_exact(number: float, code: str) -> bool:
    try:
        return bool(struct.unpack(code, struct.pack(code, number))[0] == number)
    except OverflowError:
        return False


def _of_zeros(numbers: Sequence[float], tolerances: Sequence[float]) -> list[float]:
    """A 0 gets the smallest tolerance of the others."""
    smallest = min((t for t, x in zip(tolerances, numbers, strict=True) if x), default=0.0)
    return [t if x else smallest for t, x in zip(tolerances, numbers, strict=True)]


def _digits(number: float) -> tuple[int, int]:
    """How many decimals and how many significant digits a float shows."""
    shown = Decimal(repr(number)).normalize().as_tuple()
    return max(0, -int(shown.exponent)), len(shown.digits)
