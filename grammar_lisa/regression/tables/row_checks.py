"""Whether the cells of the columns in use are finite numbers, and what to do where not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from grammar_lisa.regression.tables.cells import Marks, unit_of
from grammar_lisa.regression.tables.column_names import listed, names_of, quoted
from grammar_lisa.regression.tables.columns import Column
from grammar_lisa.regression.tables.layout import shown
from grammar_lisa.regression.tables.reading import Columns
from shared.common.arrays import Bools, Floats
from shared.common.errors import LisaError

_QUOTES: Final = "'`´"


def check_numbers(columns: Columns, name: str) -> None:
    """Refuse a column with cells that are no numbers.

    Raises:
        LisaError: Naming the first, and what would help.
    """
    column = names_of(columns)[name]
    own = column.name or name
    if column.kind == "empty":
        raise LisaError(f"{columns.path}: the column {own} is empty; numbers are needed")
    if column.odd is not None:
        raise LisaError(
            f"{columns.place(column.odd.row)}, column {own}: {shown(column.odd.cell)} is not a "
            f"number; {_advice(columns, column, column.odd.cell, own)}"
        )


def rows_kept(columns: Columns, used: Sequence[str], *, drop: bool) -> tuple[Bools | None, str]:
    """Return the rows whose values are all finite, and what is to be said of the others.

    Args:
        columns: All of a table.
        used: The names of those that count.
        drop: Whether other rows may be left out.

    Returns:
        The rows ``[row]``, None where these are all; a sentence.

    Raises:
        LisaError: There are others and they may not be left out, or no row remains.
    """
    by_name = names_of(columns)
    fit: Bools = np.logical_and.reduce([np.isfinite(by_name[name].values) for name in used])
    if fit.all():
        return None, ""
    count = int((~fit).sum())
    own = {name: by_name[name].name or name for name in used}
    if not drop:
        raise LisaError(_missing(columns, own, count))
    if not fit.any():
        raise LisaError(
            f"{columns.path}: each of its {count:,} rows has a missing or infinite value in "
            f"{listed(own.values())}; --ignore leaves a column out"
        )
    return fit, f"{count:,} of {len(fit):,} rows with missing or infinite values are left out"


def weights_of(columns: Columns, name: str, *, errors: bool) -> Floats:
    """Return the weights of the rows, ``[row]``.

    Args:
        columns: All of a table.
        name: Of the column of weights, or of standard errors s, whose weights are 1/s².
        errors: Which of both it is.

    Raises:
        LisaError: A weight is negative, all are 0, or an error is not above 0.
    """
    column = names_of(columns)[name]
    values = column.values
    own = column.name or name
    wrong = np.flatnonzero(values <= 0 if errors else values < 0)
    if len(wrong):
        row = int(wrong[0])
        needed = "an error must be above 0" if errors else "a weight must be 0 or above"
        raise LisaError(
            f"{columns.place(row)}, column {own}: {values[row]:g} in "
            f"--{'errors' if errors else 'weights'}; {needed}"
        )
    if not errors:
        if not values.any():
            raise LisaError(f"--weights {own}: all weights are 0; one must be above")
        return values
    with np.errstate(all="ignore"):
        weights: Floats = 1 / values**2
    if not np.isfinite(weights).all() or not weights.any():
        raise LisaError(
            f"--errors {own}: 1/error² is no number for errors from {values.min():g} to "
            f"{values.max():g}; give them, and the target, in another unit"
        )
    return weights


def in_quotes(cell: str) -> bool:
    """Tell whether a cell stands in quotation marks other than double ones, which are read."""
    return len(cell) > 1 and cell[0] == cell[-1] and cell[0] in _QUOTES


def _advice(columns: Columns, column: Column, cell: str, own: str) -> str:
    ignore = f"--ignore {quoted(own)} leaves the column out"
    if column.kind == "unit":
        return f"take {column.unit} out of the cells and into the name of the column, or {ignore}"
    if columns.options.no_header and column.odd is not None and column.odd.row == 0:
        return "where the first row names the columns, leave --no-header away"
    if column.kind == "date":
        return f"it looks like a date: write it as a number, such as days, or {ignore}"
    if in_quotes(cell):
        return f"take the quotation marks {cell[0]} away, or write double ones; or {ignore}"
    if column.kind == "text":
        return f"the column holds text: name another, or {ignore}"
    unit = unit_of(cell, columns.layout.marks if columns.layout else Marks())
    if unit is not None:
        return f"take {unit} out of the cell, or leave it empty and use --drop-missing, or {ignore}"
    marks = [mark for mark in ",.'" if mark in cell]
    if marks and any(character.isdigit() for character in cell):
        return f"--decimal or --thousands says what {marks[0]} means; or mend it, or {ignore}"
    return f"mend the cell, or leave it empty and use --drop-missing, or {ignore}"


def _missing(columns: Columns, own: dict[str, str], rows: int) -> str:
    by_name = names_of(columns)
    gone = {name: np.flatnonzero(~np.isfinite(by_name[name].values)) for name in own}
    gone = {name: found for name, found in gone.items() if len(found)}
    cells = sum(map(len, gone.values()))
    name = min(gone, key=lambda each: int(gone[each][0]))
    row = int(gone[name][0])
    kind = "missing" if np.isnan(by_name[name].values[row]) else "infinite"
    counted = ", ".join(f"{len(found):,} in {own[each]}" for each, found in gone.items())
    return (
        f"{columns.place(row)}, column {own[name]}: the value is {kind}; {cells:,} missing or "
        f"infinite value{'s' * (cells != 1)} in all ({counted}); --drop-missing leaves out the "
        f"{'row' if rows == 1 else f'{rows:,} rows'}"
    )
