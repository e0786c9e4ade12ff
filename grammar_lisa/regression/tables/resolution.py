"""How finely a column's numbers are written, as their digits tell."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import numpy as np

from grammar_lisa.expressions.evaluation import spread_evenly
from shared.common.arrays import Floats

_LOOKED_AT: Final = 1_000
"""Rows that tell how many digits a column has."""
_MOST_DIGITS: Final = 14
"""Numbers of more significant digits count as not rounded."""


def resolution(values: Floats) -> Floats:
    """Return the step to which each number of a column was rounded, ``[row]``.

    Columns are written with so many decimals, or with so many significant digits; the coarser of
    the two that all digits allow is taken. Steps are 0 where numbers have as many digits as floats
    have, and for whole numbers, which mostly are counts.
    """
    steps = np.zeros(len(values))
    some = (Decimal(repr(value)) for value in _some(values) if value and np.isfinite(value))
    # Trailing zeros are no digits that a column must have been written with.
    shown = [value.normalize().as_tuple() for value in some]
    decimals = max((-int(part.exponent) for part in shown), default=0)
    digits = max((len(part.digits) for part in shown), default=0)
    if decimals <= 0 or digits > _MOST_DIGITS:
        return steps
    with np.errstate(divide="ignore"):
        leading = np.floor(np.log10(np.abs(values)))
    finite = np.isfinite(leading)
    steps[finite] = np.power(10.0, leading[finite] - digits + 1)
    coarser: Floats = np.maximum(steps, 10.0**-decimals)
    return coarser


def _some(values: Floats) -> list[float]:
    some: list[float] = values[spread_evenly(len(values), _LOOKED_AT)].tolist()
    return some
