"""What the writer of a text that is no expression may have meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Final

_SYMBOLS: Final = {
    "^": "**",
    **dict.fromkeys("×·⋅∙•∗", "*"),
    **dict.fromkeys("÷∕", "/"),
    **dict.fromkeys("−–—", "-"),
    **dict.fromkeys("[{", "("),
    **dict.fromkeys("]}", ")"),
    "|": "abs(...)",
    "√": "sqrt(...)",
}
_NAMES: Final = {
    "ln": "log",
    "lg": "log10",
    "tg": "tan",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "fabs": "abs",
    "power": "pow",
    "square": "(...)**2",
    "π": "pi",
}
_POWERS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_RAISED: Final = re.compile("([^⁰¹²³⁴⁵⁶⁷⁸⁹⁻]*)([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)")
_LEFT_SIDE: Final = re.compile(r"\s*([^\W\d]\w*(?:\([^()=]*\))?)\s*==?(?!=)")
_MODULE: Final = re.compile(r"\b((?:np|numpy|math|torch|sp|sympy|jnp)\.)(\w+)")
_COMMA: Final = re.compile(r"\d,\d")
_PARAMETER: Final = re.compile(r"[^\W\d_]_?\d*")


def of_context(text: str, start: int) -> str:
    """Return what helps with a fault at a place of a text; '' where nothing is known.

    Args:
        text: That is no expression.
        start: Where its fault begins, from 0.
    """
    side = _LEFT_SIDE.match(text)
    if side is not None and start < side.end():
        return f"a formula is the right side alone: leave '{side[1]} =' away"
    for module in _MODULE.finditer(text):
        if module.start() <= start < module.end():
            return f"write {_NAMES.get(module[2], module[2])} instead of {module[0]}"
    comma = _COMMA.match(text, max(0, start - 1))
    return "the decimal mark is a point" if comma else ""


def of_lexeme(lexeme: str) -> str:
    """Return what is to be written in place of a word or sign; '' where nothing is known."""
    raised = _RAISED.match(lexeme)
    if raised is not None:
        return f"write {raised[1]}**{raised[2].translate(_POWERS)} instead of {raised[0]}"
    return f"write {_SYMBOLS[lexeme]} instead of {lexeme}" if lexeme in _SYMBOLS else ""


def of_name(name: str, valid: Sequence[str], constant: str | None) -> str:
    """Return what is to be said of a name that is none of those that are valid.

    Args:
        name: The name.
        valid: Names of the same kind.
        constant: What stands for an open constant, where something does.
    """
    same = {each.lower(): each for each in valid}.get(name.lower())
    meant = _NAMES.get(name, _NAMES.get(name.lower(), same))
    if meant is not None:
        return f"write {meant} instead of {name}"
    hint = of_lexeme(name)
    if hint:
        return hint
    parameter = "" if constant is None else of_parameter(name, constant)
    return choices(name, valid) + (f"; {parameter}" if parameter else "")


def of_parameter(name: str, constant: str) -> str:
    """Return how open constants are written, where a name is such as others have; else ''."""
    if not _PARAMETER.fullmatch(name):
        return ""
    return (
        f"where {name} is a number to be fitted, write {constant}: each {constant} is a number of "
        "its own"
    )


def choices(name: str, valid: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the nearest valid one, and all of them."""
    names = {each.lower(): each for each in valid}
    close = difflib.get_close_matches(name.lower(), names, n=1)
    return f"{f'did you mean {names[close[0]]}? V' if close else 'v'}alid are {', '.join(valid)}"
