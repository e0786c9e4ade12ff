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


def measure(text: str, table: Table) -> Measures:
    """Measure how well a formula fits a table.

    Raises:
        LisaError: The text is no formula over the table's inputs.
    """
    return measure_values(predict(text, table), table)


def measure_values(values: Floats, table: Table) -> Measures:
    """Measure how well predictions ``[row]`` fit a table."""
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        return Measures(np.nan, np.nan, np.nan, len(wrong), int(wrong[0]))
    # Squares of 1e-200 and 1e200 are no numbers; a power of two loses no digit.
    scale = _scale(table.target)
    target = table.target / scale
    weights = np.ones(len(target)) if table.weights is None else table.weights
    weights = weights / weights.max()
    with np.errstate(over="ignore", invalid="ignore"):
        errors = target - values / scale
        mean = np.average(target, weights=weights)
        unexplained = float(np.sum(weights * errors**2))
        spread = float(np.sum(weights * (target - mean) ** 2))
        rmse = float(np.sqrt(unexplained / weights.sum())) * scale
        worst = float(np.abs(errors).max()) * scale
    return Measures(_r2(unexplained, spread, float(weights.sum())), rmse, worst)


def _r2(unexplained: float, spread: float, total: float) -> float:
    rounding = total * np.finfo(np.float64).eps ** 2
    if spread <= rounding:
        return 1.0 if unexplained <= rounding else 0.0
    return 1.0 - unexplained / spread


def _scale(target: Floats) -> float:
    most = float(np.abs(target).max())
    return math.ldexp(1.0, math.frexp(most)[1] - 1) if most > 0 else 1.0
