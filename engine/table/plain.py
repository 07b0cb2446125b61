r"""LaTeX and the signs of print as plain text: \frac{1}{2} and ½ as (1/2), |x| as abs(x), w_{2}^{(1)} as w^((1))_2."""

import re
from functools import lru_cache
from unicodedata import lookup, normalize

_COMMANDS = {"cdot": "*", "times": "*", "ast": "*", "div": "/", "prime": "'", "lvert": "|", "rvert": "|"}
_COMMANDS |= dict.fromkeys(("left", "right", "big", "bigl", "bigr", "Big", "Bigl", "Bigr"), "")
_COMMANDS |= dict.fromkeys(("boxed", "displaystyle", "quad"), "")
_LATEX = [
    (re.compile(r"\s*([{}])[^\S\n]*(?=[{}])"), r"\1"),
    (re.compile(r"\\math(?:bb|bf)\s*\{1\}"), "𝟙"),
    (re.compile(r"\\(?:operatorname|math(?:rm|bf|it)|boldsymbol|text)\s*\{([^{}]*)\}"), r" \1"),
    (re.compile(r"\\hat\s+(\w)"), r"\\hat{\1}"),
    (re.compile(r"\\[dt]?frac(?:\s*(\d)|\s+([A-Za-z]))"), r"\\frac{\1\2}"),
    (re.compile(r"(\\[dt]?frac\{[^{}]*\})\s*(\w)"), r"\1{\2}"),
    (re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\{([^{}]*)\}"), r"((\1)/(\2))"),
    (re.compile(r"\\sqrt\s*\{([^{}]*)\}"), r"√(\1)"),
    (re.compile(r"\^\{?\s*\\prime\b\s*\}?"), "'"),
    (re.compile(r"(?:\b1|𝟙)_\{([^{}]*[<>≤≥][^{}]*)\}"), r"[\1]"),
    (re.compile(r"_\{?(\w+)\}?\^\{(\(\d+\))\}"), r"^{\2}_\1"),
    (re.compile(r"_\{(\w+)\}"), r"_\1"),
    (re.compile(r"(?<!frac)(?<!frac )(?<!\})\{([^{}]*)\}"), r"(\1)"),
]
_UNICODE = {"lambda": "LAMDA"}  # as Unicode spells it
_FRACTION = re.compile(r"((?<![\w.])\d+|(?<![\w.^])(?<!\*\*)\d+ )?([¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])")
_COMMAND = re.compile(r"\\([A-Za-z]+)|\\[ ,;:!()\[\]]")
_LAYER = re.compile(r"\^\((\d+)\)_\{?(\w+)\}?")  # w^(1)_32
_ABSOLUTE = re.compile(r"\|([^|]+)\|")
_COMPARES = re.compile(r"[<>≤≥]")  # then | is "or"


@lru_cache(4096)  # as every reading of a formula asks for all labels
def plain(text: str) -> str:
    r"""LaTeX, ½ and |x| as plain signs and calls, innermost braces first.

    >>> plain(r"\frac{\frac{a}{2}}{c}"), plain(r"2\cdot\left|x\right|"), plain("2½ x")
    ('((((a)/(2)))/(c))', '2*(abs(x))', '(2+1/2) x')
    """
    text = _LAYER.sub(r"^((\1))_\2", _FRACTION.sub(_fraction, text.strip().strip("$")))
    if "\\" in text or "{" in text:
        before = ""
        while before != text:
            before = text
            for pattern, replacement in _LATEX:
                text = pattern.sub(replacement, text)
        text = _COMMAND.sub(_command, text)
    text = text.replace("𝟙", "")
    return text if _COMPARES.search(text) else _ABSOLUTE.sub(r"(abs(\1))", text)


def _fraction(found: re.Match[str]) -> str:
    """½ as (1/2), 2½ and 2 ½ as (2+1/2)."""
    whole, part = found.groups()
    return f"({whole.strip() + '+' if whole else ''}{normalize('NFKC', part).replace('⁄', '/')})"


def _command(found: re.Match[str]) -> str:
    """A LaTeX command: a sign, a Greek letter, or the name of a function."""
    word = found[1]
    if not word or word in _COMMANDS:
        return _COMMANDS.get(word, " ")
    try:
        return f" {lookup(f'GREEK SMALL LETTER {_UNICODE.get(word, word)}')}"
    except KeyError:
        return f" {word}"
