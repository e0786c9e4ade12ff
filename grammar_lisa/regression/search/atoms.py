"""Functions of one argument at a grid of their nonlinear constants: starts for the fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
_CENTRED: Final[Mapping[str, tuple[Callable[[Floats], Floats], Sequence[float]]]] = (
    MappingProxyType(
        {
            "tanh": (np.tanh, _SLOPES),
            "atan": (np.arctan, _SLOPES),
            "sinh": (np.sinh, _STEEP),
            "cosh": (np.cosh, _STEEP),
            "tan": (np.tan, (0.5, 1.0, 1.5)),
            "asin": (np.arcsin, (0.5, 1.0)),
            "acos": (np.arccos, (0.5, 1.0)),
            "abs": (np.abs, (1.0,)),
        }
    )
)
"""Functions around a centre, and their slopes over the argument's range: so flat that the tangent
has no pole there and the arcs are defined."""
_NEAR_ZERO: Final = 0.3
"""Arguments that begin above so much of their greatest are none that powers tell from lines."""
_STRETCHES: Final = (0.5, 0.75, 1.5, 2.0, 3.0)
"""Exponents of powers within exponentials."""
_COOPERATIVITIES: Final = (0.7, 1.4, 2.4, 4.2)
"""Exponents of saturations."""

Atom = tuple[Tree, Floats]


def atoms_of(
    argument: Tree, values: Floats, operators: Sequence[str], *, fine: bool = True
) -> Iterator[Atom]:
    """Yield functions of an argument, with their values.

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
    for name, function in (("sin", np.sin), ("cos", np.cos)):
        if name in operators:
            yield from _scaled(name, function, argument, values, 2 * np.pi * _WAVES / span)
    if "exp" in operators:
        for rate in (*_RATES, *(-rate for rate in _RATES)):
            yield _exponential(argument, values, rate / span)
        if {"pow", "-"} <= set(operators):
            yield from _bells(argument, values, low, span)
        if {"+", "/"} <= set(operators):
            yield from _steps(argument, values, low, span)
        if 0 < low < _NEAR_ZERO * high and {"-", "/"} <= set(operators):
            yield from _occupations(argument, values, high)
        if 0 <= low < _NEAR_ZERO * high and "pow" in operators:
            yield from _stretched(argument, values, high)
        if "*" in operators and ({"sin", "cos"} & set(operators)):
            yield from _damped(argument, values, span, operators, _WAVES if fine else _FADING)
    for name in _CENTRED:
        if name in operators:
            yield from _centred(name, argument, values, low, span)
    yield from _shifted(argument, values, low, span, operators)
    if {"pow", "+", "/"} <= set(operators):
        yield from _resonances(argument, values, low, span)
    if {"pow", "+"} <= set(operators):
        for centre in _CENTRES:
            shifted = make("+", argument, open_constant(-low - centre * span))
            yield make(POWER, shifted, number(2)), np.square(values - low - centre * span)
    if low > 0 and "pow" in operators:
        for exponent in _EXPONENTS:
            with np.errstate(all="ignore"):
                result = values**exponent
            yield make(POWER, argument, open_constant(exponent)), result
        if {"+", "/"} <= set(operators):
            yield from _saturations(argument, values, low, high)


def _linear(argument: Tree, slope: float, centre: float) -> Tree:
    return make("+", make("*", open_constant(slope), argument), open_constant(-slope * centre))


def _exponential(argument: Tree, values: Floats, rate: float) -> Atom:
    if np.abs(rate * values).max() < _FAR:
        return make("exp", make("*", open_constant(rate), argument)), np.exp(rate * values)
    last = float(values.max() if rate > 0 else values.min())
    return make("exp", _linear(argument, rate, last)), np.exp(rate * (values - last))


def _scaled(
    name: str, function: Callable[[Floats], Floats], argument: Tree, values: Floats, scales: Floats
) -> Iterator[Atom]:
    for scale in scales.tolist():
        with np.errstate(all="ignore"):
            result = function(scale * values)
        yield make(name, make("*", open_constant(scale), argument)), result


def _centred(name: str, argument: Tree, values: Floats, low: float, span: float) -> Iterator[Atom]:
    function, slopes = _CENTRED[name]
    for centre in _CENTRES:
        for slope in slopes:
            inner = _linear(argument, slope / span, low + centre * span)
            yield make(name, inner), function(slope / span * (values - low - centre * span))


def _bells(argument: Tree, values: Floats, low: float, span: float) -> Iterator[Atom]:
    for centre in _CENTRES:
        for slope in _SLOPES:
            inner = make(POWER, _linear(argument, slope / span, low + centre * span), number(2))
            bell = np.exp(-np.square(slope / span * (values - low - centre * span)))
            yield make("exp", make(NEGATION, inner)), bell


def _resonances(argument: Tree, values: Floats, low: float, span: float) -> Iterator[Atom]:
    """Yield peaks with long tails (Lorentz)."""
    for centre in _CENTRES:
        for slope in _SLOPES:
            square = make(POWER, _linear(argument, slope / span, low + centre * span), number(2))
            peak = 1 / (np.square(slope / span * (values - low - centre * span)) + 1)
            yield _saturating(square), peak


def _occupations(argument: Tree, values: Floats, high: float) -> Iterator[Atom]:
    """Yield what falls from a pole at zero as an exponential (Bose and Einstein)."""
    for rate in _RATES:
        growth = make("exp", make("*", open_constant(rate / high), argument))
        with np.errstate(all="ignore"):
            occupation = 1 / np.expm1(rate / high * values)
        yield make("/", number(1), make("-", growth, number(1))), occupation


def _stretched(argument: Tree, values: Floats, high: float) -> Iterator[Atom]:
    """Yield exponentials of powers (Kohlrausch, Weibull)."""
    for share in _CENTRES:
        for exponent in _STRETCHES:
            scale = (share * high) ** -exponent
            inner = make("*", open_constant(-scale), make(POWER, argument, open_constant(exponent)))
            yield make("exp", inner), np.exp(-scale * values**exponent)


def _steps(argument: Tree, values: Floats, low: float, span: float) -> Iterator[Atom]:
    """Yield logistic steps."""
    for centre in _CENTRES:
        for slope in _SLOPES:
            fall = make("exp", _linear(argument, -slope / span, low + centre * span))
            step = 1 / (np.exp(-slope / span * (values - low - centre * span)) + 1)
            yield _saturating(fall), step


def _saturations(argument: Tree, values: Floats, low: float, high: float) -> Iterator[Atom]:
    """Yield what grows as a power and then no more (Hill 1910)."""
    for centre in np.geomspace(low, high, 5)[1:].tolist():
        for exponent in _COOPERATIVITIES:
            fall = make(POWER, argument, open_constant(-exponent))
            with np.errstate(all="ignore"):
                scale = float(np.power(centre, exponent))
                saturation = 1 / (scale * values**-exponent + 1)
            if 0 < scale < np.inf:
                yield _saturating(make("*", open_constant(scale), fall)), saturation


def _saturating(fall: Tree) -> Tree:
    return make("/", number(1), make("+", fall, number(1)))


def _damped(
    argument: Tree, values: Floats, span: float, operators: Sequence[str], periods: Floats
) -> Iterator[Atom]:
    """Yield waves that fade or grow, each at some phases."""
    name, function = ("sin", np.sin) if "sin" in operators else ("cos", np.cos)
    for rate in (*_DAMPING, *(-rate for rate in _DAMPING)):
        tree, envelope = _exponential(argument, values, rate / span)
        for scale in (2 * np.pi * periods / span).tolist():
            for phase in _PHASES:
                inner = make("+", make("*", open_constant(scale), argument), open_constant(phase))
                wave = function(scale * values + phase)
                yield make("*", tree, make(name, inner)), envelope * wave


def _shifted(
    argument: Tree, values: Floats, low: float, span: float, operators: Sequence[str]
) -> Iterator[Atom]:
    for shift in _SHIFTS:
        for offset in (shift * span - low, -shift * span - low - span):
            inner, result = make("+", argument, open_constant(offset)), values + offset
            if "/" in operators:
                with np.errstate(all="ignore"):
                    inverse = 1 / result
                yield make("/", number(1), inner), inverse
            if "log" in operators and offset + low > 0:
                yield make("log", inner), np.log(result)
            if "sqrt" in operators and offset + low > 0:
                yield make("sqrt", inner), np.sqrt(result)
