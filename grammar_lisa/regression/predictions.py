"""The values of a formula on a new table, written behind its columns."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

import numpy as np

from grammar_lisa.expressions.evaluation import evaluate
from grammar_lisa.regression.outputs import Best
from grammar_lisa.regression.tables.column_names import listed, names_of
from grammar_lisa.regression.tables.layout import Layout, split_line
from grammar_lisa.regression.tables.packed_files import PACKED
from grammar_lisa.regression.tables.reading import Columns
from grammar_lisa.regression.tables.row_checks import check_numbers
from grammar_lisa.regression.tables.text_file import TextFile
from shared.common.arrays import Floats
from shared.common.errors import LisaError


def predict_rows(best: Best, columns: Columns) -> Floats:
    """Return the values of a formula on the rows of a table, ``[row]``.

    Columns are found by the names that the table of the fit gave them, in any order. A row has NaN
    where a value that the formula needs is missing, or the formula is not defined.

    Raises:
        LisaError: The table lacks columns, or one that is needed holds no numbers.
    """
    features = {}
    for name, column in _matched(best, columns).items():
        check_numbers(columns, column)
        features[name] = names_of(columns)[column].values
    if not features:
        return np.full(len(columns.rows), evaluate([best.formula], {"_": np.zeros(1)})[0, 0])
    values: Floats = evaluate([best.formula], features)[0]
    gone = np.logical_or.reduce([np.isnan(each) for each in features.values()])
    return np.where(gone | ~np.isfinite(values), np.nan, values)


def prediction_name(best: Best, columns: Columns) -> str:
    """Return a name for the column of predictions that the table does not have yet."""
    taken = {column.name for column in columns.columns}
    stem = f"{best.target}{' ' if ' ' in best.target else '_'}predicted"
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem}_{number}", number + 1
    return name


def table_with(columns: Columns, values: Floats, name: str) -> bytes:
    """Return the text of a table as it was, comments and all, with one more column at its end.

    Args:
        columns: The table; it was read from text.
        values: Of the new column, ``[row]``; a cell stays empty where one is NaN.
        name: Of the new column.

    Raises:
        LisaError: The table was not read from text.
    """
    text, layout = columns.text, columns.layout
    if text is None or layout is None:
        raise LisaError(f"{columns.path} is no table of text; save it as CSV, and predict for that")
    by_row = dict(zip(columns.rows.tolist(), values.tolist(), strict=True))
    written = io.StringIO()
    _Writer(text, layout, name, by_row).write(columns, written)
    try:
        return written.getvalue().encode(text.encoding)
    except UnicodeEncodeError:  # the name of the target comes from another table
        return written.getvalue().encode("utf-8")


def _matched(best: Best, columns: Columns) -> dict[str, str]:
    """Return for each input that the formula needs the safe name of its column in a table.

    Raises:
        LisaError: Naming those that are missing.
    """
    by_name = names_of(columns)
    found: dict[str, str] = {}
    for name in best.used:
        own = best.names[name]
        alike = [safe for safe, column in by_name.items() if column.name == own and own]
        if len(alike) == 1 or (alike and name in alike):
            found[name] = alike[0] if len(alike) == 1 else name
        elif not alike and name in by_name:
            found[name] = name
    missing = [best.names[name] or name for name in best.used if name not in found]
    if missing:
        has = [column.name or safe for safe, column in by_name.items()]
        raise LisaError(
            f"{columns.path} lacks the column{'s' * (len(missing) > 1)} {listed(missing)} that the "
            f"formula {best.formula} needs; it has {listed(has)}"
        )
    return found


class _Writer:
    """Writes the lines of a table with one more cell.

    Args:
        text: The table.
        layout: How it stands there.
        name: Of the new column.
        values: Its values by the place of the row among those of the file.
    """

    def __init__(
        self, text: TextFile, layout: Layout, name: str, values: Mapping[int, float]
    ) -> None:
        self._text, self._layout, self._name, self._values = text, layout, name, values

    def write(self, columns: Columns, file: TextIO) -> None:
        """Write all lines of the table."""
        rows = self._text.rows(columns.options)
        following = next(rows, None)
        place = -self._layout.header_lines
        for line in self._text.lines():
            if following is None or line.number != following.number:
                named = line.number == self._layout.named_in
                file.write(line.text + (self._layout.sep + self._name if named else "") + "\n")
                continue
            file.write(self._longer(line.text, place) + "\n")
            place += 1
            following = next(rows, None)

    def _longer(self, line: str, place: int) -> str:
        """Return a line with its cells filled up and the new one behind them."""
        layout = self._layout
        line, comment = layout.parted(line)
        width = len(layout.names)
        cells = len(split_line(line, layout.sep))
        # The names of a table that R wrote begin at the second column.
        first = place < 0 and layout.names[0] == "" and cells == width - 1
        padding = "" if layout.sep == " " else layout.sep * (width - cells - first)
        between = "  " if layout.sep == " " else layout.sep
        return line.rstrip("\r\n") + padding + between + self._cell(place) + comment

    def _cell(self, place: int) -> str:
        layout = self._layout
        if place < 0:
            return self._quoted(self._name) if place == -layout.header_lines else ""
        value = self._values.get(place, np.nan)
        if np.isnan(value):
            return "nan" if layout.sep == " " else ""
        return self._quoted(repr(value).replace(".", layout.marks.decimal))

    def _quoted(self, cell: str) -> str:
        special = (self._layout.sep, '"', "\n")
        return '"' + cell.replace('"', '""') + '"' if any(s in cell for s in special) else cell


def write_path(path: Path) -> Path:
    """Return a path that a table of text can be written to.

    Raises:
        LisaError: Its name says that it is another kind of file.
    """
    if path.suffix in (*PACKED, ".parquet", ".feather", ".xlsx"):
        raise LisaError(f"--out {path}: text is written; name a .csv, .tsv or .txt file")
    return path
