"""Names for the columns of a table that formulas can use."""

import keyword
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from grammar_lisa.expressions.expression import (
    BINARY_FUNCTIONS,
    CONSTANT_TERMINAL,
    CONSTANTS,
    UNARY_FUNCTIONS,
)

RESERVED: Final = frozenset(
    (*UNARY_FUNCTIONS, *BINARY_FUNCTIONS, *CONSTANTS, CONSTANT_TERMINAL, "np", "numpy")
)
_WORD: Final = re.compile(r"(?<!\w)[^\W\d]\w*")
_SPELLED: Final = {"ß": "ss", "æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O", "œ": "oe", "ł": "l"}
_LETTER_NAMES: Final = ("GREEK SMALL LETTER ", "GREEK CAPITAL LETTER ")


def safe_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return a distinct name for each column that a formula reads as a variable.

    A name that is fit stays. ``Time (s)`` becomes ``Time_s``, ``µ`` ``mu``, ``1st`` ``x1st``,
    ``sin`` ``sin_``; a column without a name is called by its place, ``x3``; the second of two
    equal names gets a number, ``x_2``.

    Args:
        names: As the file has them, ``[column]``.
    """
    wished = [_wished(name, place) for place, name in enumerate(names, start=1)]
    taken = {wish for wish, name in zip(wished, names, strict=True) if wish == name}
    given: list[str] = []
    used: set[str] = set()
    for wish, name in zip(wished, names, strict=True):
        free = wish not in used and (wish == name or wish not in taken)
        chosen = wish if free else _numbered(wish, used | taken)
        used.add(chosen)
        given.append(chosen)
    return tuple(given)


def is_safe(name: str) -> bool:
    """Tell whether a formula reads a name as a variable, and Python as a parameter."""
    plain = name.isascii() and name.isidentifier() and name.strip("_") != ""
    return plain and name not in RESERVED and not keyword.iskeyword(name)


def with_safe_names(text: str, names: Mapping[str, str]) -> str:
    """Return a formula with safe names in place of names that the file has.

    A name of the file is read where it is one word, no other column has it, and it means nothing
    else in a formula.

    Args:
        text: The formula.
        names: The file's names by the safe ones.
    """
    own = list(names.values())
    safe = {
        theirs: name
        for name, theirs in names.items()
        if theirs not in names and theirs not in RESERVED and own.count(theirs) == 1
    }
    return _WORD.sub(lambda word: safe.get(word[0], word[0]), text)


def _wished(name: str, place: int) -> str:
    """Return a name that is fit, perhaps not distinct."""
    if is_safe(name):
        return name
    spelled = "".join(_spelled(character) for character in unicodedata.normalize("NFKD", name))
    words = [word for word in spelled.split(" ") if word]
    joined = "_".join(words).strip("_")
    if not joined:
        return f"x{place}"
    if joined[0].isdigit():
        joined = f"x{joined}"
    return joined if is_safe(joined) else f"{joined}_"


def _spelled(character: str) -> str:
    """Return a character in letters, digits and _ of ASCII; a blank where it has none."""
    if character.isascii():
        return character if character.isalnum() or character == "_" else " "
    if unicodedata.combining(character):
        return ""
    if character in _SPELLED:
        return _SPELLED[character]
    name = unicodedata.name(character, "")
    for prefix in _LETTER_NAMES:
        if name.startswith(prefix):
            letter = name.removeprefix(prefix).split(" ")[0].lower()
            return letter.capitalize() if "CAPITAL" in prefix else letter
    return f"u{ord(character):x}" if character.isalpha() else " "


def _numbered(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name.rstrip('_')}_{number}" in taken:
        number += 1
    return f"{name.rstrip('_')}_{number}"
