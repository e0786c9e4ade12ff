"""Round fitted constants to what the data bear, and name the ones that have a name.

A constant takes the first of: zero, the number with the fewest significant digits, a simple
fraction, a multiple of pi, a root, that the loss allows once the other constants are fitted
again. Few digits come before fractions and names, which are tried only where they say a constant
more exactly than as many digits: else noise would find pi everywhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, final

import numpy as np
import numpy.typing as npt

from grammar_lisa.expressions.expression import OPEN, POWER
from grammar_lisa.expressions.skeleton import Skeleton
from grammar_lisa.expressions.writing import number_text
from grammar_lisa.regression.fits.constants import Fit, polish
from grammar_lisa.regression.fits.levenberg_marquardt import Late, never
from grammar_lisa.regression.fits.losses import MSE, BoundLoss, Loss
from grammar_lisa.regression.fits.number_names import fractions, multiples_of_pi, roots, value_of
from shared.common.arrays import Floats

_MOST_DIGITS: Final = 17
_UNROUNDED: Final = 7
"""Digits of a constant that time was over before."""
_FRACTION_DIGITS: Final = 3
"""Fractions are tried where the data bear at least so many digits."""
_NAME_DIGITS: Final = 4
"""Multiples of pi and roots are tried where the data bear at least so many digits."""
_STEPS: Final = 10
_DEVIATIONS: Final = 2.0
"""Squared standard deviations that a constant may move by."""
_SURE: Final = 1.0 / 16.0
"""The share of the growth that one and minus one may take: they come before better digits."""
_ROUNDING: Final = 1e-12
_LIKELY: Final = 4.5
_BY: Final = 1e-3
"""A number of two digits within a thousandth of a constant may take 4.5 times the growth: three
standard deviations, as it is likelier meant than met by chance."""
_WHOLE_EXPONENTS: Final = 0.05
_WHOLE_FACTORS: Final = 0.01
_LARGEST_FACTOR: Final = 2.0
"""How far whole numbers and halves may lie from exponents, and, as a share, from other constants up
to that size, to be preferred by Schwarz's criterion."""
_MOST_GROWTH: Final = 0.1
_MOST_PATTERNS: Final = 4096
_MANY_DIGITS: Final = 5
"""Of exponents that may be a half in truth."""
_BY_A_HALF: Final = 1e-3
_HARDLY: Final = 1e-6
"""The share of the targets' variance that a half instead of an exponent of many digits may cost."""
_PERIODIC: Final = frozenset({"sin", "cos", "tan"})


class Rounded(NamedTuple):
    """Constants in their simplest form.

    Attributes:
        texts: What stands in the formula, for `Skeleton.with_constants`, ``[n]``.
        constants: Their values, ``[n]``.
        loss: The loss of the formula with them.
    """

    texts: tuple[str, ...]
    constants: Floats
    loss: float


def simplify_constants(
    skeleton: Skeleton,
    points: Mapping[str, Floats],
    constants: npt.ArrayLike,
    y: Floats,
    weights: Floats | None,
    loss: Loss,
    digits: int | None = None,
    growth: float | None = None,
    late: Late = never,
) -> Rounded:
    """Replace fitted constants by the simplest ones that the loss allows.

    Args:
        skeleton: The formula.
        points: The variables, each ``[point]``.
        constants: The fitted constants, ``[n]``.
        y: The targets, ``[point]``.
        weights: Their weights, ``[point]``; None for equal ones.
        loss: What was minimised.
        digits: The most significant digits of a number; None lets the data decide.
        growth: The share of the loss, less that of outliers, by which each constant may increase
            it; by default what moves a constant of normal errors by 1.4 standard deviations, at
            most 10 %.
        late: Tells whether time is over: constants that are not yet rounded then keep seven digits.

    Raises:
        LisaError: The points, constants, targets or weights are unfit.
    """
    rounding = _Rounding(skeleton, points, y, weights, loss, digits, growth, late)
    fit = polish(skeleton.bind(points), y, weights, loss, constants, _STEPS, late)
    if not np.isfinite(fit.loss):
        given = np.asarray(constants, dtype=np.float64)
        return Rounded(tuple(repr(float(c)) for c in given), given, float("inf"))
    return rounding.run(fit)


@final
class _Rounding:
    def __init__(
        self,
        skeleton: Skeleton,
        points: Mapping[str, Floats],
        y: Floats,
        weights: Floats | None,
        loss: Loss,
        digits: int | None,
        growth: float | None,
        late: Late,
    ) -> None:
        self._skeleton, self._points = skeleton, points
        self._powers = _exponents(skeleton)
        self._y, self._weights, self._loss = y, weights, loss
        self._bound_loss: BoundLoss = loss.bind(y, weights)
        self._digits = digits or _MOST_DIGITS
        self._late = late
        self._given = growth
        self._growth = 0.0
        self._granted = 0.0
        self._whole_share = 1.0
        self._least = np.inf
        self._noise = np.inf
        self._texts: dict[int, str] = {}
        self._constants: Floats = np.empty(0)

    def run(self, fit: Fit) -> Rounded:
        """Round one constant after the other: exponents, other nonlinear ones, linear ones.

        An exponent of five digits or more that lies by a half is that half if hardly a row tells
        the two apart: laws have such exponents, and measured rows stray from laws.
        """
        self._least = fit.loss
        values = self._skeleton.bind(self._points).values(fit.constants)
        self._noise = self._bound_loss.noise(values)
        rows = self._bound_loss.effective_rows(values)
        decided = min(_DEVIATIONS / rows, _MOST_GROWTH)
        self._growth = decided if self._given is None else self._given
        self._whole_share = max(1.0, np.log(rows) / _DEVIATIONS)
        self._constants = _symmetric(self._skeleton, self._points, fit, self._bound_loss)
        for number in sorted(self._powers):
            self._take_half(number)
        linear = set(self._skeleton.linear)
        order = sorted(self._open(), key=lambda k: (k in linear, k))
        # Simple constants first: they set the others right, before these take many digits.
        order = [number for number in order if not self._simple(number)]
        for number in order:
            self._round(number)
        texts = tuple(self._texts[number] for number in range(self._skeleton.n_constants))
        values = self._skeleton.bind(self._points).values(self._constants)
        with np.errstate(all="ignore"):
            loss = float(self._bound_loss.value(values))
        return Rounded(texts, self._constants, loss)

    def _take_half(self, number: int) -> None:
        """Take the multiple of one half that an exponent of many digits lies by."""
        value = float(self._constants[number])
        half = round(2 * value) / 2
        if half in {0.0, value} or abs(half - value) > _BY_A_HALF or self._digits < _MANY_DIGITS:
            return
        if any(self._bears(number, value, digits) for digits in range(1, _MANY_DIGITS)):
            return
        fit, _ = self._tried(number, _decimal(half, 2))
        if not np.isfinite(fit.loss):
            return
        constants = self._constants.copy()
        rest = [k for k in self._open() if k != number]
        constants[rest], constants[number] = fit.constants, half
        left = MSE.value(
            self._skeleton.bind(self._points).values(constants), self._y, self._weights
        )
        if left <= _HARDLY:
            self._keep(number, _decimal(half, 2), fit)
            self._least = max(self._least, fit.loss)

    def _simple(self, number: int) -> bool:
        """Take zero, one, a number of two digits or one with a name, where the loss allows it."""
        if self._accepts(number, "0") or any(self._accepts(number, u, _SURE) for u in ("1", "-1")):
            return True
        if self._take_whole(number):
            return True
        value = float(self._constants[number])
        few = [_decimal(value, digits) for digits in range(1, min(self._digits, 2) + 1)]
        shares = (_LIKELY if _is_by(value_of(text), value) else 1.0 for text in few)
        return any(map(self._accepts, itertools.repeat(number), few, shares)) or any(
            self._accepts(number, name) for name in self._names(number, value)
        )

    def _take_whole(self, number: int) -> bool:
        """Take the whole number or the half that a constant lies by, if the criterion prefers it.

        With it there is a constant less to be fitted, which Schwarz (1978) allows the loss to grow
        by ln n / n for: exponents of laws are mostly such numbers, and so are small factors.
        """
        value = float(self._constants[number])
        half = round(2 * value) / 2
        if number in self._powers:
            near = abs(half - value) <= _WHOLE_EXPONENTS
        else:
            near = abs(half - value) <= _WHOLE_FACTORS * abs(value) and abs(half) <= _LARGEST_FACTOR
        return bool(half) and near and self._accepts(number, _decimal(half, 2), self._whole_share)

    def _round(self, number: int) -> None:
        """Take the fewest digits that the loss allows, or as many as there are to be."""
        if number in self._powers:
            # Others that became simple have moved it.
            self._take_half(number)
            if number in self._texts:
                return
        value = float(self._constants[number])
        for digits in range(1, self._digits + 1):
            if self._accepts(number, _decimal(value, digits)):
                return
        digits = min(self._digits, _UNROUNDED) if self._late() else self._digits
        fit, _ = self._tried(number, _decimal(value, digits))
        self._keep(number, _decimal(value, digits), fit)

    def _names(self, number: int, value: float) -> Iterator[str]:
        """Fractions, multiples of pi and roots near a value, where the data bear the digits."""
        if self._digits < _FRACTION_DIGITS or self._bears(number, value, _FRACTION_DIGITS - 1):
            return
        for fraction in fractions(value):
            if not self._bears(number, value, sum(map(str.isdigit, fraction))):
                yield fraction
        if self._digits < _NAME_DIGITS or self._bears(number, value, _NAME_DIGITS - 1):
            return
        if "pi" not in self._skeleton.variables:
            yield from multiples_of_pi(value)
        yield from roots(value)

    def _bears(self, number: int, value: float, digits: int) -> bool:
        """Whether the loss allows a constant with so few digits."""
        return self._tried(number, _decimal(value, digits))[1]

    def _accepts(self, number: int, text: str, share: float = 1.0) -> bool:
        fit, allowed = self._tried(number, text, share)
        if allowed:
            self._keep(number, text, fit, max(1.0, share))
        return allowed

    def _keep(self, number: int, text: str, fit: Fit, share: float = 1.0) -> None:
        self._texts[number] = text
        self._granted += share
        self._constants[number] = value_of(text)
        if np.isfinite(fit.loss):
            self._constants[self._open()] = fit.constants

    def _open(self) -> list[int]:
        return [k for k in range(self._skeleton.n_constants) if k not in self._texts]

    def _tried(self, number: int, text: str, share: float = 1.0) -> tuple[Fit, bool]:
        """Fit the other open constants with this one fixed; whether the loss allows it.

        Of the growth that is allowed, a share may be asked for. Once time is over nothing is fitted
        or allowed any more.
        """
        if self._late():
            return Fit(np.empty(0), np.inf, np.empty(0)), False
        rest = [k for k in self._open() if k != number]
        trial = self._skeleton.fix({**self._texts, number: text})
        fit = polish(
            trial.bind(self._points),
            self._y,
            self._weights,
            self._loss,
            self._constants[rest],
            steps=_STEPS,
        )
        growth = self._growth * (self._granted + share) * self._noise
        least = self._least * (1 + _ROUNDING)
        return fit, fit.loss <= max(least + growth, self._bound_loss.exact)


def _exponents(skeleton: Skeleton) -> set[int]:
    """Return the constants that are exponents."""
    numbers: dict[int, int] = {}
    for place, node in enumerate(skeleton.nodes):
        if node.operator == OPEN:
            numbers[place] = len(numbers)
    powers = (node for node in skeleton.nodes if node.operator == POWER)
    return {numbers[node.operands[1]] for node in powers if node.operands[1] in numbers}


def _decimal(value: float, digits: int) -> str:
    sign = "-" if value < 0 else ""
    return sign + number_text(abs(value), digits)


def _is_by(simple: float, value: float) -> bool:
    return abs(simple - value) <= _BY * abs(value)


def _symmetric(
    skeleton: Skeleton, points: Mapping[str, Floats], fit: Fit, loss: BoundLoss
) -> Floats:
    """Return the equally good constants with the fewest signs, and phases within half a turn.

    ``-2*sin(-4*x+11.57)`` and ``2*sin(4*x+1)`` are one function: all combinations of signs and
    half turns are tried.
    """
    constants = fit.constants.copy()
    phases = _phases(skeleton)
    constants[phases] = np.remainder(constants[phases] + np.pi, 2 * np.pi) - np.pi
    choices = [
        [c, -c] + ([_half_turn(c), -_half_turn(c)] if k in phases else [])
        for k, c in enumerate(constants.tolist())
    ]
    if np.prod([float(len(choice)) for choice in choices]) > _MOST_PATTERNS:
        return constants
    patterns = np.array(list(itertools.product(*choices)))
    if not patterns.size:
        return constants
    patterns = np.concatenate([fit.constants[None], patterns])
    with np.errstate(all="ignore"):
        losses = loss.value(skeleton.bind(points).values(patterns))
        equal = patterns[losses <= max(fit.loss * (1 + 1e-9), loss.exact)]
    cost = (equal < 0).sum(1) * 1e3 + np.abs(equal[:, phases]).sum(1)
    best: Floats = equal[np.argmin(cost)] if len(equal) else fit.constants.copy()
    return best


def _half_turn(angle: float) -> float:
    return angle - np.pi if angle > 0 else angle + np.pi


def _phases(skeleton: Skeleton) -> list[int]:
    """Return the constants that are added up within the argument of a periodic function."""
    numbers = [n for n, node in enumerate(skeleton.nodes) if node.operator == OPEN]
    pending = [n.operands[0] for n in skeleton.nodes if n.operator in _PERIODIC]
    found: list[int] = []
    while pending:
        number = pending.pop()
        node = skeleton.nodes[number]
        if node.operator in "+-":
            pending.extend(node.operands)
        elif node.operator == OPEN:
            found.append(numbers.index(number))
    return sorted(found)
