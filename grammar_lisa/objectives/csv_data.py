"""Read a table of numbers with a header row, and say exactly what is wrong with a bad one."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from grammar_lisa.expressions.expression import choices
from shared.common.arrays import Floats
from shared.common.errors import LisaError


def read_columns(path: Path | str) -> dict[str, Floats]:
    """Return columns of a comma-separated file in their order, each ``[row]``, all values finite.

    The first line names the columns. Blank lines are skipped.

    Raises:
        LisaError: The file cannot be read, has no header or no rows, names a column twice or with
            something that is no identifier, or a cell is missing, extra or no finite number.
    """
    records = _records(Path(path))
    if not records:
        raise LisaError(f"{path} is empty: a header row and rows of numbers are needed")
    names = [name.strip() for name in records[0][1]]
    _check_names(path, names)
    if len(records) == 1:
        raise LisaError(f"{path} has a header row but no rows of numbers")
    rows = [_numbers(path, line, names, cells) for line, cells in records[1:]]
    return dict(zip(names, np.array(rows).T.copy(), strict=True))


def split_target(
    path: Path | str, columns: dict[str, Floats], target_column: str | None
) -> tuple[dict[str, Floats], Floats]:
    """Return the variables and the target, which is the last column unless named.

    Args:
        path: Named in messages.
        columns: What `read_columns` gave.
        target_column: The name of the target's column.

    Raises:
        LisaError: There is only one column, or none of that name.
    """
    names = list(columns)
    if len(names) < 2:
        raise LisaError(
            f"{path} has the single column {names[0]}: at least one variable and the target "
            "are needed, separated by commas"
        )
    target = names[-1] if target_column is None else target_column
    if target not in columns:
        raise LisaError(f"{path} has no column {target}{choices(target, names)}")
    return {name: columns[name] for name in names if name != target}, columns[target]


def _records(path: Path) -> list[tuple[int, list[str]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            return [(reader.line_num, cells) for cells in reader if any(c.strip() for c in cells)]
    except OSError as error:
        raise LisaError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise LisaError(f"cannot read {path}: it is not UTF-8 text") from None
    except csv.Error as error:
        raise LisaError(f"cannot read {path}: {error}") from None


def _check_names(path: Path | str, names: Sequence[str]) -> None:
    for number, name in enumerate(names, start=1):
        if not name.isidentifier():
            raise LisaError(
                f"{path}, row 1, column {number}: {name!r} cannot name a variable: use letters, "
                "digits and _"
            )
        if names.index(name) != number - 1:
            raise LisaError(f"{path}, row 1: the column {name} is named twice")


def _numbers(
    path: Path | str, line: int, names: Sequence[str], cells: Sequence[str]
) -> list[float]:
    if len(cells) != len(names):
        raise LisaError(
            f"{path}, row {line} has {len(cells)} cells; the header names {len(names)} columns"
        )
    return [
        _number(f"{path}, row {line}, column {n}", c) for n, c in zip(names, cells, strict=True)
    ]


def _number(place: str, cell: str) -> float:
    if not cell.strip():
        raise LisaError(f"{place}: the value is missing; a number is needed")
    try:
        value = float(cell)
    except ValueError:
        raise LisaError(f"{place}: {cell.strip()!r} is not a number") from None
    if not math.isfinite(value):
        raise LisaError(f"{place}: {cell.strip()!r} is not finite")
    return value
