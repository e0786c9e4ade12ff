"""Arithmetic backwards: an operand, from the whole and the other operand."""

from collections.abc import Callable, Mapping
from typing import Final

from grammar_lisa.objectives.evaluation import Floats
from grammar_lisa.objectives.expression import NEGATION

ARITHMETIC: Final = ("+", "-", "*", "/", NEGATION)

OPERANDS: Final[Mapping[tuple[str, int], Callable[..., Floats]]] = {
    ("+", 0): lambda whole, other: whole - other,
    ("+", 1): lambda whole, other: whole - other,
    ("-", 0): lambda whole, other: whole + other,
    ("-", 1): lambda whole, other: other - whole,
    ("*", 0): lambda whole, other: whole / other,
    ("*", 1): lambda whole, other: whole / other,
    ("/", 0): lambda whole, other: whole * other,
    ("/", 1): lambda whole, other: other / whole,
    (NEGATION, 0): lambda whole: -whole,
}
"""By operator and the operand's place: the operand."""

SLOPES: Final[Mapping[tuple[str, int], Callable[..., Floats | float]]] = {
    ("+", 0): lambda whole, other: 1.0,
    ("+", 1): lambda whole, other: 1.0,
    ("-", 0): lambda whole, other: 1.0,
    ("-", 1): lambda whole, other: -1.0,
    ("*", 0): lambda whole, other: other,
    ("*", 1): lambda whole, other: other,
    ("/", 0): lambda whole, other: 1 / other,
    ("/", 1): lambda whole, other: -(whole**2) / other,
    (NEGATION, 0): lambda whole: -1.0,
}
"""By operator and the operand's place: the derivative of the whole there."""
