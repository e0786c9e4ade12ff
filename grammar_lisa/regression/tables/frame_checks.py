"""Whether the columns of a DataFrame are numbers, each with a name of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from grammar_lisa.regression.tables.column_names import listed
from shared.common.errors import LisaError

_DATES = "mM"


def check_frame(X: Any) -> None:
    """Refuse a DataFrame with columns of one name, or that hold no numbers; an array with dates.

    Raises:
        LisaError: Naming the column, and what would help.
    """
    if not isinstance(X, pd.DataFrame):
        check_dates(X, "X")
        return
    twice = list(dict.fromkeys(X.columns[X.columns.duplicated()].map(str)))
    if twice:
        raise LisaError(f"X has several columns called {listed(twice)}; rename them")
    for name, column in X.items():
        what = f"X, column {name}"
        check_dates(column, what)
        if column.dtype.kind not in "biuf":
            _check_cells(column, what)


def check_dates(values: Any, what: str) -> None:
    """Refuse dates and times, which would silently be counted in billionths of seconds.

    Args:
        values: Anything that may have a dtype.
        what: What messages call them.

    Raises:
        LisaError: They are dates, or differences of dates.
    """
    kind = getattr(getattr(values, "dtype", None), "kind", "")
    if kind and kind in _DATES:
        first = np.asarray(values).ravel()[:1]
        shown = f" ({first[0]})" if len(first) else ""
        raise LisaError(
            f"{what} holds dates or times{shown}; give numbers, such as the days since the first: "
            "(t - t.min()) / pandas.Timedelta('1D')"
        )


def _check_cells(column: pd.Series[Any], what: str) -> None:
    for row, cell in enumerate(column):
        if isinstance(cell, pd.Timestamp | pd.Timedelta | pd.Period):
            raise LisaError(f"{what}, row {row}: {str(cell)!r} is a date or time; give a number")
        if cell is None or cell is pd.NA:
            continue
        try:
            float(cell)
        except (TypeError, ValueError):
            raise LisaError(
                f"{what}, row {row}: {str(cell)!r} is not a number; leave the column out, or write "
                "what it says as numbers"
            ) from None
