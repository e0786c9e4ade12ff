"""How well a formula fits a table, in the user's own unit."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from grammar_lisa.expressions.evaluation import evaluate
from grammar_lisa.regression.tables.table import Table
from shared.common.arrays import Floats


@dataclass(frozen=True)
class Measures:
    """How well a formula fits a table; all are NaN where it has a value that is not finite.

    Attributes:
        r2: 1 − Σw(y−f)²/Σw(y−ȳ)², ȳ the weighted mean; where the target is constant, 1 for a
            perfect fit and else 0.
        rmse: √(Σw(y−f)²/Σw), in the unit of the target.
        max_error: The greatest |y−f|, in the unit of the target; weights do not count.
        undefined: How many rows have no finite value.
        first_undefined: The first of these rows, from 0; None where there is none.
    """

    r2: float
    rmse: float
    max_error: float
    undefined: int = 0
    first_undefined: int | None = None


def predict(text: str, table: Table) -> Floats:
    """Return the values of a formula on the rows of a table, ``[row]``.

    They are infinite or NaN where the formula is not defined.

    Raises:
        LisaError: The text is no formula over the table's inputs.
    """
    values: Floats = evaluate([text], table.features)[0]
    return values


def measure(values: Floats, target: Floats, weights: Floats | None = None) -> Measures:
    """Measure how well predictions fit targets, each ``[row]``."""
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        return Measures(np.nan, np.nan, np.nan, len(wrong), int(wrong[0]))
    # Squares of 1e-200 and 1e200 are no numbers; a power of two loses no digit.
    scale = _scale(target)
    weights = np.ones(len(target)) if weights is None else weights / weights.max()
    with np.errstate(over="ignore", invalid="ignore"):
        errors = target / scale - values / scale
        mean = np.average(target / scale, weights=weights)
        unexplained = float(np.sum(weights * errors**2))
        spread = float(np.sum(weights * (target / scale - mean) ** 2))
        rmse = float(np.sqrt(unexplained / weights.sum())) * scale
        worst = float(np.abs(errors).max()) * scale
    rounding = float(weights.sum()) * np.finfo(np.float64).eps ** 2
    if spread <= rounding:
        return Measures(1.0 if unexplained <= rounding else 0.0, rmse, worst)
    return Measures(1.0 - unexplained / spread, rmse, worst)


def _scale(target: Floats) -> float:
    most = float(np.abs(target).max())
    return math.ldexp(1.0, math.frexp(most)[1] - 1) if most > 0 else 1.0


def fine_r2(r2: float) -> str:
    """Return R² with as many digits as tell it from 1."""
    if not np.isfinite(r2) or r2 < 0.99 or r2 == 1:
        return f"{r2:.4g}"
    return f"{r2:.{min(15, int(np.ceil(-np.log10(1 - r2))) + 2)}f}"
