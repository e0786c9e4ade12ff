"""What one column of a table holds, gathered a stretch of rows at a time."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from grammar_lisa.regression.tables.cells import (
    CellKind,
    Marks,
    is_missing,
    kind_of,
    number_of,
    unit_of,
)
from grammar_lisa.regression.tables.missing_values import MissingValues
from shared.common.arrays import Bools, Floats, Integers

ColumnKind = Literal["number", "boolean", "date", "unit", "text", "empty"]

_FEW_UNITS: Final = 3
_WHOLE: Final = re.compile(r"[+-]?\d{16,}", re.ASCII)


class Odd(NamedTuple):
    """A cell that is no number.

    Attributes:
        row: Of the table, from 0.
        cell: What it says.
    """

    row: int
    cell: str


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a table.

    Attributes:
        name: As the file has it; '' where it has none.
        kind: What most of its cells are that have a value.
        values: The numbers, truth as 1 and 0, ``[row]``; NaN where a cell has no value or is none.
        odd_rows: The rows whose cell has a value that is no number, ``[odd]``.
        odd: The first of these cells; None where there is none.
        unit: What stands beside the numbers of a column with units.
        rounded: Whether it holds whole numbers of more digits than floats keep.
        answers: Whether cells say yes or no.
    """

    name: str
    kind: ColumnKind
    values: Floats
    odd_rows: Integers
    odd: Odd | None = None
    unit: str | None = None
    rounded: bool = False
    answers: bool = False

    @property
    def usable(self) -> bool:
        """Whether the column holds numbers, but for some cells perhaps."""
        return self.kind in ("number", "boolean")

    @property
    def missing(self) -> Bools:
        """Which rows have no value, ``[row]``."""
        gone: Bools = np.isnan(self.values)
        gone[self.odd_rows] = False
        return gone

    @property
    def counts_rows(self) -> bool:
        """Whether the values are 0, 1, 2, … or 1, 2, 3, …."""
        first = self.values[0] if len(self.values) else np.nan
        if first not in (0.0, 1.0):
            return False
        return bool((self.values == np.arange(len(self.values)) + first).all())

    @property
    def numbers_rows(self) -> bool:
        """Whether the values are integers, none negative and no two alike, as an index has."""
        values = self.values
        whole = bool((values >= 0).all() and (values == np.floor(values)).all())
        return whole and len(np.unique(values)) == len(values)

    @property
    def nameless(self) -> bool:
        """Whether the file has no name for the column, or one that pandas made up."""
        return self.name == "" or self.name.startswith("Unnamed: ")

    def at(self, rows: Bools) -> Column:
        """Return the column at some of the rows, ``[row]``."""
        places = np.cumsum(rows) - 1
        odd_rows = self.odd_rows[rows[self.odd_rows]]
        odd = self.odd
        if odd is not None:
            odd = Odd(int(places[odd.row]), odd.cell) if rows[odd.row] else None
        return replace(self, values=self.values[rows], odd_rows=places[odd_rows], odd=odd)


class ColumnBuilder:
    """Gathers a column from stretches of its cells.

    Args:
        name: Of the column.
        marks: How its numbers are written.
        missing: What stands for a missing value beside the usual.
    """

    def __init__(
        self, name: str, marks: Marks | None = None, missing: MissingValues | None = None
    ) -> None:
        self._name, self._marks = name, marks or Marks()
        self._missing = missing or MissingValues()
        self._parts: list[Floats] = []
        self._odd_rows: list[Integers] = []
        self._odd: Odd | None = None
        self._kinds: Counter[CellKind] = Counter()
        self._units: Counter[str] = Counter()
        self._rows = 0
        self._rounded = False
        self._answers: list[Odd] = []

    def add(self, cells: pd.Series[Any]) -> None:
        """Take the next cells, as pandas read them."""
        kind = cells.dtype.kind
        if kind in "fiub":
            values = cells.to_numpy(dtype=np.float64, na_value=np.nan)
            self._rounded |= kind in "iu" and _is_rounded(cells, values)
            if kind != "b":
                values = self._missing.taken_out(values)
            self._kinds["boolean" if kind == "b" else "number"] += int((~np.isnan(values)).sum())
        else:
            values = self._convert(cells.astype(object).to_numpy(), cells.isna().to_numpy())
        self._parts.append(values)
        self._rows += len(values)

    def column(self) -> Column:
        """Return the column of all cells so far."""
        values = np.concatenate(self._parts) if self._parts else np.empty(0)
        self._parts = [values]
        odd_rows = np.concatenate([np.empty(0, np.int64), *self._odd_rows])
        odd = self._odd
        answers = self._kinds["answer"]
        if answers and answers + self._kinds["boolean"] < self._kinds.total():
            # Beside maybe, or numbers, yes and no are words.
            rows = [row for row, _ in self._answers]
            values[rows] = np.nan
            odd_rows = np.union1d(odd_rows, np.array(rows, dtype=np.int64))
            odd = min(filter(None, (odd, self._answers[0])))
        return Column(
            self._name,
            self._kind(),
            values,
            odd_rows,
            odd,
            self._units.most_common(1)[0][0] if self._units else None,
            rounded=self._rounded,
            answers=bool(answers),
        )

    def _kind(self) -> ColumnKind:
        if not self._kinds.total():
            return "empty"
        answers = self._kinds["answer"]
        if answers + self._kinds["boolean"] == self._kinds.total():
            return "boolean"
        kinds = Counter[ColumnKind]()
        for kind, count in self._kinds.items():
            kinds["text" if kind == "answer" else kind] += count
        if len(self._units) > _FEW_UNITS:  # words behind numbers, such as 12a and 7b: names
            kinds["text"] += kinds.pop("unit", 0)
        numbers = kinds["number"] + kinds["boolean"]
        if 2 * numbers >= kinds.total():
            return "boolean" if not kinds["number"] else "number"
        del kinds["number"], kinds["boolean"]
        return kinds.most_common(1)[0][0]

    def _convert(self, cells: npt.NDArray[np.object_], gone: Bools) -> Floats:
        """Return the numbers that cells say, ``[cell]``, NaN where one says something else."""
        values = np.full(len(cells), np.nan)
        odd: list[int] = []
        for place in np.flatnonzero(~gone).tolist():
            cell = cells[place]
            if isinstance(cell, int | float):
                values[place] = self._taken(cell)
                continue
            if is_missing(text := str(cell)) or self._missing.holds(text):
                continue
            value = number_of(text, self._marks)
            if value is not None:
                values[place] = self._taken(int(text) if _WHOLE.fullmatch(text) else value)
                continue
            values[place] = self._worded(text, self._rows + place)
            if np.isnan(values[place]):
                odd.append(self._rows + place)
        self._odd_rows.append(np.array(odd, dtype=np.int64))
        if odd and self._odd is None:
            self._odd = Odd(odd[0], str(cells[odd[0] - self._rows]).strip())
        return values

    def _taken(self, cell: float) -> float:
        """Return a number, or truth as 1 and 0; NaN where it stands for a missing value."""
        value = float(cell)
        if isinstance(cell, bool):
            self._kinds["boolean"] += 1
            return value
        if value in self._missing.numbers:
            return np.nan
        self._rounded |= isinstance(cell, int) and value != cell
        self._kinds["number"] += 1
        return value

    def _worded(self, cell: str, row: int) -> float:
        """Return the truth that a cell says as 1 or 0, NaN where it says something else."""
        kind = kind_of(cell, self._marks)
        self._kinds[kind] += 1
        if kind == "boolean":
            return float(cell.strip().lower() == "true")
        if kind == "answer":
            self._answers.append(Odd(row, cell.strip()))
            return float(cell.strip().lower() == "yes")
        if kind == "unit" and len(self._units) <= _FEW_UNITS:
            self._units[unit_of(cell, self._marks) or ""] += 1
        return np.nan


def _is_rounded(cells: pd.Series[Any], values: Floats) -> bool:
    """Tell whether floats are other numbers than the integers that cells hold."""
    if not len(values) or np.abs(values).max() <= 2**53:
        return False
    return any(int(value) != cell for value, cell in zip(values, cells, strict=True))
