"""Functions of one argument at a grid of their nonlinear constants: starts for the fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np

from grammar_lisa.expressions.expression import NEGATION, POWER
from grammar_lisa.regression.search.tree import Tree, make, number, open_constant
from shared.common.arrays import Floats

_WAVES: Final = np.arange(0.25, 20.25, 0.25)
"""Periods on the argument's range."""
_FADING: Final = _WAVES[1::2]
"""The same of waves that fade, where there are many arguments: their frequencies are less sharp."""
_RATES: Final = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0)
"""Times that an exponential grows by e on the argument's range."""
_FAR: Final = 100.0
"""Exponentials of more are taken from the argument's end, as years do not begin at 0."""
_DAMPING: Final = (1.0, 3.0, 8.0)
_PHASES: Final = (0.0, 0.25 * np.pi, 0.5 * np.pi, 0.75 * np.pi)
_EXPONENTS: Final = (-3.0, -2.5, -1.75, -1.25, -0.75, -0.25, 0.25, 0.75, 1.25, 1.75, 2.5, 3.0)
_SHIFTS: Final = (0.05, 0.15, 0.4, 1.0, 2.5, 6.0)
"""Beyond the end of the argument's range, in ranges."""
_CENTRES: Final = (0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9)
_SLOPES: Final = (2.0, 5.0, 10.0, 25.0)
_STEEP: Final = (1.0, 2.0, 3.0, 5.0, 8.0)
_CENTRED: Final[Mapping[str, Sequence[float]]] = MappingProxyType(
    {
        "tanh": _SLOPES,
        "atan": _SLOPES,
        "sinh": _STEEP,
        "cosh": _STEEP,
        "tan": (0.5, 1.0, 1.5),
        "asin": (0.5, 1.0),
        "acos": (0.5, 1.0),
        "abs": (1.0,),
    }
)
"""Functions around a centre, and their slopes over the argument's range: so flat that the tangent
has no pole there and the arcs are defined."""
_NEAR_ZERO: Final = 0.3
"""Arguments that begin above so much of their greatest are none that powers tell from lines."""
_STRETCHES: Final = (0.5, 0.75, 1.5, 2.0, 3.0)
"""Exponents of powers within exponentials."""
_COOPERATIVITIES: Final = (0.7, 1.4, 2.4, 4.2)
"""Exponents of saturations."""


def parametric_functions(
    argument: Tree, values: Floats, operators: Sequence[str], *, fine: bool = True
) -> Iterator[Tree]:
    """Yield functions of an argument.

    Args:
        argument: What the functions are of.
        values: Its values, ``[point]``.
        operators: What formulas may be made with.
        fine: Whether there are waves that fade at all frequencies, or at every second.
    """
    low, high = float(values.min()), float(values.max())
    span = high - low
    if not (np.isfinite(span) and span > 0):
        return
    x, given = argument, set(operators)
    lines = [_line(x, s / span, low + c * span) for c in _CENTRES for s in _SLOPES]
    for name in ("sin", "cos"):
        if name in given:
            yield from (make(name, _times(2 * np.pi * wave / span, x)) for wave in _WAVES)
    if "exp" in given:
        for rate in (*_RATES, *(-rate for rate in _RATES)):
            yield _exponential(x, rate / span, low, high)
        if {"pow", "-"} <= given:  # Gaussians
            yield from (make("exp", make(NEGATION, _squared(line))) for line in lines)
        if {"+", "/"} <= given:  # logistic steps
            for centre in _CENTRES:
                for slope in _SLOPES:
                    fall = _line(x, -slope / span, low + centre * span)
                    yield _saturating(make("exp", fall))
            if 0 <= low < _NEAR_ZERO * high:
                yield from (_saturating(make("exp", _times(r / high, x))) for r in _RATES)
        if 0 < low < _NEAR_ZERO * high and {"-", "/"} <= given:  # Bose-Einstein
            for rate in _RATES:
                yield _inverse(make("-", make("exp", _times(rate / high, x)), number(1)))
        if 0 <= low < _NEAR_ZERO * high and "pow" in given:
            yield from _stretched_exponentials(x, high)
        if "*" in given and ({"sin", "cos"} & given):
            name = "sin" if "sin" in given else "cos"
            yield from _damped_waves(x, name, low, high, _WAVES if fine else _FADING)
    for name in _CENTRED:
        if name in given:
            for centre in _CENTRES:
                for slope in _CENTRED[name]:
                    yield make(name, _line(x, slope / span, low + centre * span))
    yield from _shifted(x, low, span, given)
    if {"pow", "+", "/"} <= given:  # Lorentzians
        yield from (_saturating(_squared(line)) for line in lines)
    if {"pow", "+"} <= given:
        for centre in _CENTRES:
            yield _squared(make("+", x, open_constant(-low - centre * span)))
    if low > 0 and "pow" in given:
        yield from (make(POWER, x, open_constant(exponent)) for exponent in _EXPONENTS)
        if {"+", "/"} <= given:
            yield from _hill(x, low, high)


def _times(constant: float, tree: Tree) -> Tree:
    return make("*", open_constant(constant), tree)


def _line(argument: Tree, slope: float, centre: float) -> Tree:
    return make("+", _times(slope, argument), open_constant(-slope * centre))


def _squared(tree: Tree) -> Tree:
    return make(POWER, tree, number(2))


def _inverse(tree: Tree) -> Tree:
    return make("/", number(1), tree)


def _saturating(fall: Tree) -> Tree:
    return _inverse(make("+", fall, number(1)))


def _exponential(argument: Tree, rate: float, low: float, high: float) -> Tree:
    if abs(rate) * max(abs(low), abs(high)) < _FAR:
        return make("exp", _times(rate, argument))
    return make("exp", _line(argument, rate, high if rate > 0 else low))


def _stretched_exponentials(argument: Tree, high: float) -> Iterator[Tree]:
    """Yield exponentials of powers (Kohlrausch, Weibull)."""
    for share in _CENTRES:
        for exponent in _STRETCHES:
            rise = make(POWER, argument, open_constant(exponent))
            yield make("exp", _times(-((share * high) ** -exponent), rise))


def _hill(argument: Tree, low: float, high: float) -> Iterator[Tree]:
    """Yield what grows as a power and then no more (Hill 1910)."""
    for centre in np.geomspace(low, high, 5)[1:].tolist():
        for exponent in _COOPERATIVITIES:
            with np.errstate(all="ignore"):
                scale = float(np.power(centre, exponent))
            if 0 < scale < np.inf:
                fall = make(POWER, argument, open_constant(-exponent))
                yield _saturating(_times(scale, fall))


def _damped_waves(
    argument: Tree, name: str, low: float, high: float, periods: Floats
) -> Iterator[Tree]:
    """Yield waves that fade or grow, each at some phases."""
    span = high - low
    for rate in (*_DAMPING, *(-rate for rate in _DAMPING)):
        envelope = _exponential(argument, rate / span, low, high)
        for scale in (2 * np.pi * periods / span).tolist():
            for phase in _PHASES:
                inner = make("+", _times(scale, argument), open_constant(phase))
                yield make("*", envelope, make(name, inner))


def _shifted(argument: Tree, low: float, span: float, operators: set[str]) -> Iterator[Tree]:
    for shift in _SHIFTS:
        for offset in (shift * span - low, -shift * span - low - span):
            inner = make("+", argument, open_constant(offset))
            if "/" in operators:
                yield _inverse(inner)
            for name in ("log", "sqrt"):
                if name in operators and offset + low > 0:
                    yield make(name, inner)
