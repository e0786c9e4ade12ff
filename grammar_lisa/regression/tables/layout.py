"""How a table stands in its file: separator, header, number format, found in its first lines."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from grammar_lisa.regression.tables.cells import (
    Marks,
    MixedMarksError,
    UnsureMarksError,
    find_marks,
    is_missing,
    kind_of,
    looks_like_number,
    number_of,
)
from grammar_lisa.regression.tables.row_comments import comment_start, without_comment
from grammar_lisa.regression.tables.table_options import ReadOptions
from grammar_lisa.regression.tables.text_file import Line, Scan
from shared.common.errors import LisaError

_CANDIDATES: Final = ("\t", ";", "|", ",", " ")
_CELL_WIDTH: Final = 40


@dataclass(frozen=True)
class Layout:
    """How a table stands in its file.

    Attributes:
        sep: Between cells; a space means blanks of any number.
        marks: How numbers are written.
        names: Of the columns, as the file has them; a column without a name has ''.
        header_lines: How many of the lines that hold rows come before the first row of values.
        notes: What was found and the user should know of.
        named_in: The number of the comment line that names the columns, where one does.
        comment_marks: What comments behind the cells of rows begin with.
    """

    sep: str
    marks: Marks
    names: tuple[str, ...]
    header_lines: int
    notes: tuple[str, ...] = ()
    named_in: int | None = None
    comment_marks: tuple[str, ...] = ()

    def parted(self, text: str) -> tuple[str, str]:
        """Return the cells of a line, and the comment behind them, or ''."""
        start = comment_start(text, self.comment_marks) if self.comment_marks else None
        if start is None or len(split_line(text[:start], self.sep)) != len(self.names):
            return text, ""
        return text[:start], text[start:]


def split_line(text: str, sep: str) -> list[str]:
    """Return the cells of a line."""
    if sep == " ":
        text = text.replace("\t", " ").strip()
    cells = next(csv.reader([text], delimiter=sep, skipinitialspace=True), [])
    return [cell.strip() for cell in cells]


def find_layout(path: Path, scan: Scan, options: ReadOptions) -> Layout:
    """Find how a table stands in its file.

    Raises:
        LisaError: The file holds no rows, the header is missing, or it is not certain how numbers
            are written.
    """
    if not scan.has_behind:
        return _find_layout(path, scan, options)
    marks = options.comment_marks
    sample = [line._replace(text=without_comment(line.text, marks)) for line in scan.sample]
    layout = _find_layout(path, replace(scan, sample=sample), options)
    return replace(layout, comment_marks=marks)


def _find_layout(path: Path, scan: Scan, options: ReadOptions) -> Layout:
    if not scan.sample:
        raise LisaError(_nothing(path, scan, options))
    sep = options.separator or _find_separator(scan.sample)
    rows = [split_line(line.text, sep) for line in scan.sample]
    if sep == " " and not options.no_header and len(rows) > 1:
        rows[0] = _header_of_blanks(path, scan.sample[0], rows)
    values = rows if options.no_header else rows[1:]
    if not options.no_header:
        _check_top(path, scan.sample, rows)
    marks = _marks_of(path, values or rows, options)
    width = max(len(rows[0]), *(len(row) for row in rows[1:3])) if len(rows) > 1 else len(rows[0])
    if options.no_header:
        return Layout(sep, marks, plain_names(width), 0)
    if _is_data(rows[0]):
        return _named_by_comment(path, scan, sep, marks, rows[0])
    names, notes = _names(rows, marks)
    skipped = 1
    if _holds_units(rows, marks):
        units = ", ".join(cell for cell in rows[1] if cell)
        notes.append(
            f"row {scan.sample[1].number} holds no number ({units}): it is read as the units of "
            "the columns and left out"
        )
        skipped = 2
    return Layout(sep, marks, names, skipped, tuple(notes))


def _check_top(path: Path, sample: Sequence[Line], rows: Sequence[Sequence[str]]) -> None:
    """Refuse a table with lines above its header.

    Raises:
        LisaError: Naming the option that leaves them out.
    """
    widths = [len(row) for row in rows]
    usual = max(set(widths), key=lambda width: (widths.count(width), width))
    if widths[0] == usual or usual == 1:
        return
    for place in range(1, len(rows) - 1):
        if widths[place] == widths[place + 1] == usual and not _has_number(rows[place]):
            if _has_number(rows[place + 1]):
                number = sample[place].number
                raise LisaError(
                    f"{path}, row {sample[0].number} has {widths[0]} of {usual} cells; if the "
                    f"names of the columns stand in row {number}, --skip {number - 1} leaves out "
                    "what is above"
                )
            return


def _has_number(row: Sequence[str]) -> bool:
    return any(looks_like_number(cell) for cell in row)


def _header_of_blanks(path: Path, line: Line, rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the names in a header whose cells are separated by blanks, of which names have some.

    Raises:
        LisaError: It is not certain where a name ends.
    """
    words, width = list(rows[0]), len(rows[1])
    if len(words) <= width:
        return words
    apart = [name.strip('"') for name in re.split(r"\s{2,}|\t", line.text.strip())]
    if len(apart) == width:
        return apart
    raise LisaError(
        f"{path}, row {line.number}: the header has {len(words)} words between blanks, and the "
        f"rows have {width} cells; put names of several words in double quotes"
    )


def plain_names(width: int, *, with_target: bool = True) -> tuple[str, ...]:
    """Return names for the columns of a table without a header: x1, x2, …, and y at the end."""
    if not with_target:
        return tuple(f"x{number}" for number in range(1, width + 1))
    return (*plain_names(width - 1, with_target=False), "y")


def shown(cell: str) -> str:
    """Return a cell for a message, shortened where it is long."""
    return repr(cell if len(cell) <= _CELL_WIDTH else cell[: _CELL_WIDTH - 1] + "…")


def _nothing(path: Path, scan: Scan, options: ReadOptions) -> str:
    if scan.n_comments:
        return (
            f"{path} holds no rows: all its {scan.n_comments} lines begin with one of "
            f"{options.comment}; --comment '' reads such lines"
        )
    return f"{path} is empty: a header row and rows of numbers are needed"


def _find_separator(sample: Sequence[Line]) -> str:
    """Return the separator under which the lines are most like rows of numbers."""
    scores = [(_likeness(sample, sep), -place) for place, sep in enumerate(_CANDIDATES)]
    (likeness, _), place = max(scores), -max(scores)[1]
    return _CANDIDATES[place] if likeness[0] else ","


def _likeness(sample: Sequence[Line], sep: str) -> tuple[bool, float, float]:
    """Whether lines are split alike into several cells, how many numbers there are, how alike."""
    rows = [split_line(line.text, sep) for line in sample]
    widths = [len(row) for row in rows[1:] or rows]
    usual = max(set(widths), key=widths.count)
    alike = widths.count(usual) / len(widths)
    cells = [cell for row in rows[1:] or rows for cell in row if cell]
    numbers = sum(looks_like_number(cell) or is_missing(cell) for cell in cells)
    share = numbers / max(1, len(cells))
    header_fits = len(rows[0]) in (usual, usual - 1, usual + 1)
    several = min(usual, len(rows[0])) >= 2 and alike > 0.5 and (header_fits or share == 1)
    return several, round(share, 1), alike


def _marks_of(path: Path, rows: Sequence[Sequence[str]], options: ReadOptions) -> Marks:
    try:
        return find_marks(
            (cell for row in rows for cell in row), options.decimal, options.thousands
        )
    except UnsureMarksError as error:
        raise LisaError(
            f"{path}: it is not certain whether {shown(error.cell)} has a decimal comma or groups "
            "thousands; give --decimal , or --thousands ,"
        ) from None
    except MixedMarksError as error:
        first, second = map(shown, error.cells)
        raise LisaError(
            f"{path} holds numbers with a decimal comma ({first}) and with a decimal point "
            f"({second}); make them alike, or say which is right with --decimal , or --decimal ."
        ) from None


def _is_data(row: Sequence[str]) -> bool:
    """Tell whether what should be a header is a row of numbers."""
    filled = [cell for cell in row if not is_missing(cell)]
    if not filled or not all(looks_like_number(cell) for cell in filled):
        return False
    # Pandas writes columns without names as 0, 1, …, behind an empty cell for the index.
    return row[0] != "" or filled != [str(number) for number in range(len(row) - 1)]


def _named_by_comment(
    path: Path, scan: Scan, sep: str, marks: Marks, first: Sequence[str]
) -> Layout:
    """Take the names from the comment above the first row, as numpy.savetxt writes it.

    Raises:
        LisaError: There is no such comment.
    """
    number = scan.sample[0].number
    above = [line for line in scan.comments if line.number < number]
    if above:
        names = split_line(above[-1].text.strip().lstrip("#%/ \t"), sep)
        if len(names) == len(first) and not any(looks_like_number(name) for name in names):
            note = f"the names of the columns are taken from the comment in row {above[-1].number}"
            return Layout(sep, marks, tuple(names), 0, (note,), above[-1].number)
    beginning = ", ".join(first[:3]) + (", …" if len(first) > 3 else "")
    raise LisaError(
        f"{path}, row {number}: a header with the names of the columns is needed, but there are "
        f"numbers ({beginning}); with --no-header the columns are called "
        f"{', '.join(plain_names(len(first))[-3:])}"
    )


def _names(rows: Sequence[Sequence[str]], marks: Marks) -> tuple[tuple[str, ...], list[str]]:
    """Return the names in the header, and what is to be said of them."""
    header = [" ".join(name.split()) for name in rows[0]]
    following = rows[1:]
    notes: list[str] = []
    if following and all(len(row) == len(header) + 1 for row in following):
        # R writes no name for its row names; other programs end each row with a separator.
        blank_end = all(row[-1] == "" for row in following)
        header = [*header, ""] if blank_end else ["", *header]
    numbers = [cell for cell in header if cell and number_of(cell, marks) is not None]
    if numbers and header[0] != "":
        notes.append(
            f"the header has the number {shown(numbers[0])} as a name; where the file has no "
            "header row, use --no-header"
        )
    return tuple(header), notes


def _holds_units(rows: Sequence[Sequence[str]], marks: Marks) -> bool:
    """Tell whether a row of units stands between the header and numbers."""
    if len(rows) < 3:
        return False
    units = [cell for cell in rows[1] if not is_missing(cell)]
    if not units or any(kind_of(cell, marks) in ("number", "boolean", "date") for cell in units):
        return False
    column = next(place for place, cell in enumerate(rows[1]) if cell in units)
    below = [row[column] for row in rows[2:] if column < len(row)]
    return all(number_of(cell, marks) is not None or is_missing(cell) for cell in below)
