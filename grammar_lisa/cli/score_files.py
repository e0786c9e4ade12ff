"""Scores on disk: tables with the columns sentence and score."""

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from grammar_lisa.optimize.state import Score
from shared.common.errors import LisaError

_COLUMNS = ("sentence", "score")


def read_scores(path: Path) -> list[Score]:
    """Return the scores in a comma-separated file, or one with tabs whose name ends with .tsv.

    An empty score, and one that is nan, says that there is none. Empty lines are skipped.

    Raises:
        LisaError: The file cannot be read, has other columns, or a cell is missing or no number.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(_scores(path, file))
    except FileNotFoundError as error:
        raise LisaError(f"there is no file {path}") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LisaError(f"{path} is no table of scores that can be read: {error}") from error


def score_of(text: str, where: str) -> float | None:
    """Return the number that a text says; None where it says that there is none.

    Raises:
        LisaError: It says something else.
    """
    try:
        if "_" in text:  # 1_000 is a number to Python, but hardly to what prints it
            raise ValueError(text)
        number = float(text.strip() or "nan")
    except ValueError:
        raise LisaError(
            f"{where}: the score {text!r} is no number; valid is one, or nan or nothing where a "
            "sentence could not be scored"
        ) from None
    if math.isinf(number):
        raise LisaError(f"{where}: the score {text!r} is not finite; write nan for a failure")
    return None if math.isnan(number) else number


def _scores(path: Path, lines: Iterator[str]) -> Iterator[Score]:
    reader = csv.reader(lines, delimiter="\t" if path.suffix == ".tsv" else ",", strict=True)
    header: list[str] | None = None
    for cells in reader:
        if not cells:
            continue
        if header is None:
            header = _checked_header(path, cells)
            continue
        where = f"{path}, line {reader.line_num}"
        if len(cells) != len(header):
            raise LisaError(
                f"{where} has {len(cells)} cells, not {len(header)}; a sentence with a comma, a "
                "tab or a quote in it stands in double quotes"
            )
        row = dict(zip(header, cells, strict=True))
        yield Score(row["sentence"], score_of(row["score"], where), where)
    if header is None:
        raise LisaError(f"{path} is empty: a header with the columns sentence and score is needed")


def _checked_header(path: Path, cells: Sequence[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    unknown = [name for name in names if name not in _COLUMNS]
    if unknown:
        raise LisaError(
            f"{path} has the column '{unknown[0]}'; valid are sentence and score, and no others"
        )
    for name in _COLUMNS:
        if names.count(name) != 1:
            found = "no column" if name not in names else "two columns"
            raise LisaError(f"{path} has {found} {name}: its header is {', '.join(names)}")
    return names
