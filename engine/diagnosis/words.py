"""Numbers as a report says them."""

import math


def amount(number: float) -> str:
    """A number in up to four digits.

    >>> amount(0.25), amount(650000000.0), amount(0.1 + 0.2)
    ('0.25', '6.5e+08', '0.3')
    """
    return f"{number + 0.0:.4g}"


def apart(number: float, other: float) -> str:
    """A number in four digits, or in as many as tell it from another one.

    >>> apart(0.99995, 1.0), apart(0.25, 0.5)
    ('0.99995', '0.25')
    """
    return next((text for n in range(4, 17) if (text := f"{number:.{n}g}") != f"{other:.{n}g}"), amount(number))


def below(number: float) -> str:
    """A positive number in three digits, rounded down, so that it is still within the bound.

    >>> below(2.0 / 8084), below(0.9999996), below(0.5)
    ('0.000247', '0.999', '0.5')
    """
    scale = 10.0 ** (2 - math.floor(math.log10(number)))
    return f"{math.floor(number * scale) / scale:.3g}"
