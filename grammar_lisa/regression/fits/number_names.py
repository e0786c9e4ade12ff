"""Names that constants may have: fractions, multiples of pi, roots."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import numpy as np

from grammar_lisa.expressions.evaluation import evaluate

_NEAR: Final = 1e-2
_LARGEST_DENOMINATOR: Final = 12
_LARGEST_NUMERATOR: Final = 24
_LARGEST_ROOT: Final = 10


def value_of(text: str) -> float:
    """Return the value of a constant as it is written."""
    return float(evaluate([text], {"x": np.zeros(1)})[0, 0])


def fractions(value: float) -> Iterator[str]:
    """Yield fractions near a value whose decimals do not end."""
    for denominator in range(3, _LARGEST_DENOMINATOR + 1):
        fraction = Fraction(round(value * denominator), denominator)
        ends = 10**6 % fraction.denominator == 0
        simple = fraction.denominator == denominator and abs(fraction.numerator) < 100
        if simple and not ends and _near(float(fraction), value):
            yield f"{fraction.numerator}/{denominator}"


def multiples_of_pi(value: float) -> Iterator[str]:
    """Yield small multiples of pi, its square, its root and its inverse near a value."""
    for text in ("pi", "pi**2", "sqrt(pi)", "1/pi"):
        unit = value_of(text)
        for denominator in (1, 2, 3, 4, 6, 8):
            fraction = Fraction(round(value / unit * denominator), denominator)
            small = 0 < abs(fraction.numerator) <= _LARGEST_NUMERATOR
            if small and fraction.denominator == denominator and _near(unit * fraction, value):
                yield _multiple(fraction, text)


def _multiple(fraction: Fraction, unit: str) -> str:
    sign = "-" if fraction < 0 else ""
    numerator, denominator = abs(fraction.numerator), fraction.denominator
    if unit == "1/pi":
        return f"{sign}{numerator}/{f'({denominator}*pi)' if denominator > 1 else 'pi'}"
    product = unit if numerator == 1 else f"{numerator}*{unit}"
    return f"{sign}{product}{f'/{denominator}' if denominator > 1 else ''}"


def roots(value: float) -> Iterator[str]:
    """Yield square roots of small integers, and their inverses, near a value."""
    sign = "-" if value < 0 else ""
    for radicand in range(2, _LARGEST_ROOT + 1):
        root = np.sqrt(radicand)
        if root.is_integer():
            continue
        if _near(root, abs(value)):
            yield f"{sign}sqrt({radicand})"
        if _near(1.0 / root, abs(value)):
            yield f"{sign}1/sqrt({radicand})"


def _near(candidate: float, value: float) -> bool:
    return abs(candidate - value) <= _NEAR * abs(value)
