"""Classes of characters, such as ``[a-z_]``, where they are finite."""

import re

from grammar_lisa.grammar.quoting import ESCAPES

MOST_CHARACTERS = 256
"""A class with more is refused: each character would be a rule."""

_BLANKS = {"f": "\f", "v": "\v"}
_ITEM = re.compile(
    r"\\u\{?([0-9A-Fa-f]{4,6})\}?|\\x([0-9A-Fa-f]{2})|#x([0-9A-Fa-f]+)|\\(.)|(.)", re.DOTALL
)


def characters(written: str) -> tuple[str, ...]:
    """Return the characters of a class, in the order in which it names them.

    Args:
        written: What stands between its brackets.

    Raises:
        ValueError: The class is not finite, is empty, or has too many characters.
    """
    if written.startswith("^"):
        raise ValueError("a class of all characters but some is not finite")
    found: dict[str, None] = {}
    items = [(_character(match), match.group() == "-") for match in _ITEM.finditer(written)]
    index = 0
    while index < len(items):
        low = items[index][0]
        if index + 2 < len(items) and items[index + 1][1]:
            found |= dict.fromkeys(_range(low, items[index + 2][0]))
            index += 3
        else:
            found |= dict.fromkeys(low)
            index += 1
    if not found or len(found) > MOST_CHARACTERS:
        raise ValueError(f"the class has {len(found)} characters")
    return tuple(found)


def _range(low: str, high: str) -> list[str]:
    """Return the characters from one to another."""
    if len(low) != 1 or len(high) != 1 or low > high:
        raise ValueError(f"{low}-{high} is no range of characters")
    if ord(high) - ord(low) >= MOST_CHARACTERS:
        raise ValueError(f"the range has {ord(high) - ord(low) + 1} characters")
    return [chr(code) for code in range(ord(low), ord(high) + 1)]


def _character(match: re.Match[str]) -> str:
    """Return one item of a class: a character, or those that an escape stands for."""
    for number in match.group(1, 2, 3):
        if number:
            return chr(int(number, 16))
    letter, plain = match.group(4, 5)
    if plain:
        return plain
    if letter == "d":
        return "0123456789"
    if letter == "s":
        return " \t\n\r"
    if letter in _BLANKS:
        return _BLANKS[letter]
    if letter.isalnum() and letter not in ESCAPES:
        raise ValueError(f"\\{letter} stands for no finite set of characters known here")
    return ESCAPES.get(letter, letter)
