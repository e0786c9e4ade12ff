"""A table of numbers with deviations: what its cells hold, as Markdown and as CSV."""

import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.common.tables import csv_table
from shared.methods.registry import METHODS

Record = Mapping[str, Any]


_LARGE = 1e6
"""Numbers from here on are shown as powers of ten."""


CSV_COLUMNS = (
    *("table", "dataset", "method", "title", "sampler", "column", "measure"),
    *("mean", "deviation", "n"),
)


@dataclass(frozen=True)
class Statistic:
    """A number over seeds.

    Attributes:
        mean: Their mean.
        deviation: Their standard deviation, with n − 1 below; None for one seed.
        n: How many seeds.
    """

    mean: float
    deviation: float | None
    n: int

    def show(self, digits: int) -> str:
        """Return `mean ± deviation` with so many decimals; ∞ where a seed had no finite number."""
        if not math.isfinite(self.mean):
            return "∞"
        form = f".{digits}f" if abs(self.mean) < _LARGE else ".2e"
        text = f"{self.mean:{form}}"
        return text if self.deviation is None else f"{text} ± {self.deviation:{form}}"


def statistic(values: Sequence[float]) -> Statistic | None:
    """Return mean and deviation of the seeds' values; None if there are none."""
    if not values:
        return None
    if not all(math.isfinite(value) for value in values):
        return Statistic(math.inf, None, len(values))
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return Statistic(statistics.fmean(values), deviation, len(values))


@dataclass(frozen=True)
class Measure:
    """One number of a record.

    Attributes:
        name: In CSV files.
        title: In Markdown.
        read: Finds it; None where a record lacks it.
        digits: Decimals that are shown.
        upward: Whether more is better; None where neither is.
    """

    name: str
    title: str
    read: Callable[[Record], float | None]
    digits: int = 2
    upward: bool | None = False

    @property
    def head(self) -> str:
        """The title with an arrow to the better side."""
        return self.title if self.upward is None else f"{self.title} {'↑' if self.upward else '↓'}"


@dataclass(frozen=True)
class Cell:
    """A number of a table.

    Attributes:
        value: Over seeds.
        sampler: Whose draws were measured; empty where none were.
    """

    value: Statistic
    sampler: str = ""


@dataclass(frozen=True)
class ReportColumn:
    """A column of a table.

    Attributes:
        dataset: What the numbers were measured on.
        name: In CSV files.
        measure: What stands in it.
    """

    dataset: str
    name: str
    measure: Measure


@dataclass(frozen=True)
class ReportRow:
    """A row of a table.

    Attributes:
        method: Its name.
        label: What Markdown calls the row.
        cells: By the place of the column; a column may be empty.
    """

    method: str
    label: str
    cells: Mapping[int, Cell]


@dataclass(frozen=True)
class ReportTable:
    """A table, before it is written.

    Attributes:
        name: Of its files.
        title: Above it.
        columns: Its columns.
        rows: Its rows, in the order of the paper's Table 3.
        notes: Sentences below it.
    """

    name: str
    title: str
    columns: tuple[ReportColumn, ...]
    rows: tuple[ReportRow, ...]
    notes: tuple[str, ...] = ()

    def markdown(self) -> str:
        """Return table with the best number of each column in bold and the second underlined."""
        marks = [self._marks(place) for place in range(len(self.columns))]
        several = len({column.dataset for column in self.columns}) > 1
        heads = [
            f"{column.dataset} {column.name}" if several else column.name for column in self.columns
        ]
        lines = [f"## {self.title}", "", _line(["", *heads])]
        lines.append(_line(["---", *("---:" for _ in self.columns)]))
        for row in self.rows:
            shown = [
                _marked(row.cells.get(place), column.measure, marks[place])
                for place, column in enumerate(self.columns)
            ]
            lines.append(_line([row.label, *shown]))
        return "\n".join([*lines, *(f"\n{note}" for note in self.notes)]) + "\n"

    def records(self) -> Iterator[dict[str, Any]]:
        """Return the numbers one by one, as `CSV_COLUMNS` names them."""
        for row in self.rows:
            for place, cell in sorted(row.cells.items()):
                column = self.columns[place]
                yield {
                    "table": self.name,
                    "dataset": column.dataset,
                    "method": row.method,
                    "title": METHODS[row.method].title,
                    "sampler": cell.sampler,
                    "column": column.name,
                    "measure": column.measure.name,
                    "mean": cell.value.mean,
                    "deviation": cell.value.deviation,
                    "n": cell.value.n,
                }

    def csv(self) -> str:
        """Return the numbers as CSV, in full precision."""
        return csv_table(CSV_COLUMNS, (list(record.values()) for record in self.records()))

    def _marks(self, place: int) -> tuple[str, ...]:
        """Return the best and the second number of a column, as they are shown.

        There are none if all are equal.
        """
        measure = self.columns[place].measure
        cells = [row.cells[place].value.mean for row in self.rows if place in row.cells]
        shown = {f"{mean:.{measure.digits}f}" for mean in cells if math.isfinite(mean)}
        if measure.upward is None or len(shown) < 2:
            return ()
        return tuple(sorted(shown, key=float, reverse=measure.upward)[:2])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _marked(cell: Cell | None, measure: Measure, marks: Sequence[str]) -> str:
    """Return a cell with its mark; equal numbers, as they are shown, have equal marks."""
    if cell is None:
        return "–"
    text, mean = cell.value.show(measure.digits), f"{cell.value.mean:.{measure.digits}f}"
    if marks and mean == marks[0]:
        return f"**{text}**"
    if len(marks) > 1 and mean == marks[1]:
        return f"<u>{text}</u>"
    return text
