"""Read the columns of a table from its file, a stretch of rows at a time."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Final, TextIO, cast

import numpy as np
import pandas as pd

from grammar_lisa.regression.tables.cells import MISSING
from grammar_lisa.regression.tables.columns import Column, ColumnBuilder
from grammar_lisa.regression.tables.layout import Layout, find_layout, split_line
from grammar_lisa.regression.tables.missing_values import MissingValues
from grammar_lisa.regression.tables.table_options import ReadOptions
from grammar_lisa.regression.tables.text_file import Scan, TextFile, open_text
from shared.common.arrays import Bools, Integers
from shared.common.errors import LisaError
from shared.common.extras import check_extra

_ROWS: Final = 50_000
_BINARY: Final = (".parquet", ".feather")


@dataclass(frozen=True)
class Columns:
    """All columns of a table, whatever they hold.

    Attributes:
        path: The file, or what messages call the data.
        columns: In the order of the file.
        rows: For each row that was kept its place among all rows of the file, ``[row]``.
        notes: What was found and the user should know of.
        text: The file, where it is one of text.
        layout: How the table stands in it.
        options: How it was read.
    """

    path: str
    columns: tuple[Column, ...]
    rows: Integers
    notes: tuple[str, ...] = ()
    text: TextFile | None = None
    layout: Layout | None = None
    options: ReadOptions = field(default_factory=ReadOptions)

    def at(self, rows: Bools) -> Columns:
        """Return some of the rows, ``[row]``."""
        columns = tuple(column.at(rows) for column in self.columns)
        return replace(self, columns=columns, rows=self.rows[rows])

    def place(self, row: int) -> str:
        """Name the place of a row, as an editor counts lines."""
        return f"{self.path}, row {self.line(row)}"

    def line(self, row: int) -> int:
        """Return the line of the file that a row stands in; its number where there is no text.

        Raises:
            LisaError: The file has become shorter since it was read.
        """
        place = int(self.rows[row])
        if self.text is None or self.layout is None:
            return place + 1
        wanted = place + self.layout.header_lines
        for number, line in enumerate(self.text.rows(self.options)):
            if number == wanted:
                return line.number
        raise LisaError(f"{self.path} has become shorter since it was read; give it again")


def read_columns(path: Path | str, options: ReadOptions | None = None) -> Columns:
    """Read all columns of a table of text, perhaps zipped, or of a Parquet or Feather file.

    Rows without anything in them are left out. What a column holds is for the caller to judge.

    Args:
        path: The file.
        options: How its text is read; by default all is found.

    Raises:
        LisaError: The file cannot be read, is no table, or has no rows.
    """
    path, options = Path(path), options or ReadOptions()
    options.check()
    if path.suffix in _BINARY:
        return _read_binary(path, options)
    text = open_text(path, options)
    path = text.path
    scan = text.scan(options)
    layout = find_layout(path, scan, options)
    missing = MissingValues.of(options.missing)
    builders = [ColumnBuilder(name, layout.marks, missing) for name in layout.names]
    for frame in _frames(text, layout, scan.passed_over, options):
        _check_width(text, layout, options, frame)
        for place, builder in enumerate(builders):
            builder.add(frame[place])
    notes = _notes(text, scan, layout, options)
    columns = tuple(builder.column() for builder in builders)
    return _filled(Columns(str(path), columns, _all(columns), notes, text, layout, options))


def _notes(text: TextFile, scan: Scan, layout: Layout, options: ReadOptions) -> tuple[str, ...]:
    """Return what is to be said of the lines of a file."""
    notes: list[str] = []
    if scan.n_comments:
        notes.append(f"{_counted(scan.n_comments, 'comment line')} left out (--comment)")
    if text.guessed:
        name = {"cp1252": "Windows-1252", "latin-1": "Latin-1"}[text.encoding]
        notes.append(f"the text is not UTF-8 and was read as {name}; --encoding names another")
    notes += layout.notes
    if layout.comment_marks:
        behind = sum(layout.parted(line.text)[1] != "" for line in text.rows(options))
        if behind:
            notes.append(f"a comment behind {_counted(behind, 'row')} left out (--comment)")
    if scan.n_empty:
        notes.append(f"{_counted(scan.n_empty, 'row')} of separators alone left out")
    return tuple(notes)


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"


def columns_of_frame(
    frame: pd.DataFrame, path: str = "the data", missing: MissingValues | None = None
) -> Columns:
    """Take the columns of a DataFrame; an index is no column.

    Args:
        frame: The data.
        path: What messages call them.
        missing: What stands for a missing value beside the usual.

    Raises:
        LisaError: There are no columns.
    """
    if not frame.shape[1]:
        raise LisaError(f"{path} has no columns")
    columns = []
    for place, name in enumerate(frame.columns):
        builder = ColumnBuilder(str(name), missing=missing)
        builder.add(frame.iloc[:, place])
        columns.append(builder.column())
    return Columns(path, tuple(columns), _all(tuple(columns)))


def _read_binary(path: Path, options: ReadOptions) -> Columns:
    if not path.is_file():
        raise LisaError(f"there is no file {path}")
    check_extra("parquet", "pyarrow")
    read = pd.read_parquet if path.suffix == ".parquet" else pd.read_feather
    try:
        frame = read(path)
    except (OSError, ValueError) as error:
        raise LisaError(f"cannot read {path}: {error}") from None
    missing = MissingValues.of(options.missing)
    return _filled(columns_of_frame(frame, str(path), missing))


def _frames(
    text: TextFile, layout: Layout, passed_over: list[int], options: ReadOptions
) -> Iterator[pd.DataFrame]:
    """Give the rows of values as frames of columns 0, 1, …, one more than there are names."""
    skipped = _with_header(passed_over, layout.header_lines)
    with _without_comments(text, layout) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.DtypeWarning)
        warnings.simplefilter("ignore", pd.errors.ParserWarning)  # of widths, which are checked
        try:
            with pd.read_csv(
                cast("IO[str]", file),
                sep=r"\s+" if layout.sep == " " else layout.sep,
                header=None,
                names=list(range(len(layout.names) + 1)),
                index_col=False,
                skiprows=skipped,
                decimal=layout.marks.decimal,
                na_values=[*MISSING, *MissingValues.of(options.missing).words],
                keep_default_na=False,
                skipinitialspace=True,
                chunksize=_ROWS,
            ) as reader:
                yield from reader
        except pd.errors.ParserError as error:
            raise LisaError(_wide_row(text, layout, options) or _cannot(text, error)) from None


def _without_comments(text: TextFile, layout: Layout) -> TextIO:
    """Open a text without the comments behind the cells of its rows."""
    if not layout.comment_marks:
        return text.open()
    return io.StringIO("".join(f"{layout.parted(line.text)[0]}\n" for line in text.lines()))


def _with_header(passed_over: list[int], header_lines: int) -> list[int]:
    """Return the positions of the lines that hold no values: `passed_over` and the header."""
    found, position, skipped = 0, 0, set(passed_over)
    while found < header_lines:
        if position not in skipped:
            skipped.add(position)
            found += 1
        position += 1
    return sorted(skipped)


def _check_width(text: TextFile, layout: Layout, options: ReadOptions, frame: pd.DataFrame) -> None:
    """Refuse rows with more cells than there are names.

    Raises:
        LisaError: Naming the first.
    """
    if frame[len(layout.names)].notna().any():
        raise LisaError(_wide_row(text, layout, options) or f"{text.path} has rows of many widths")


def _wide_row(text: TextFile, layout: Layout, options: ReadOptions) -> str | None:
    for number, line in enumerate(text.rows(options)):
        if number < layout.header_lines:
            continue
        cells = split_line(layout.parted(line.text)[0], layout.sep)
        while len(cells) > len(layout.names) and cells[-1] == "":
            del cells[-1]
        if len(cells) > len(layout.names):
            count = len(layout.names)
            head = next(text.rows(options)).number
            named = (
                f"the {'header' if layout.header_lines else 'first row'}, row {head}, has {count}"
            )
            return (
                f"{text.path}, row {line.number} has {len(cells)} cells, separated by "
                f"{_spoken(layout.sep)}; {named}. A text with the "
                "separator in it stands in double quotes; --sep names another separator, --skip "
                "leaves lines out at the top"
            )
    return None


def _spoken(sep: str) -> str:
    return {" ": "blanks", "\t": "tabs", ",": "commas", ";": "semicolons"}.get(sep, sep)


def _cannot(text: TextFile, error: Exception) -> str:
    return f"cannot read {text.path}: {' '.join(str(error).split())}"


def _all(columns: tuple[Column, ...]) -> Integers:
    return np.arange(len(columns[0].values))


def _filled(table: Columns) -> Columns:
    """Return a table that has a value.

    Raises:
        LisaError: It has none.
    """
    if all(column.kind == "empty" for column in table.columns):
        raise LisaError(f"{table.path} has a header row but no rows of numbers")
    return table
