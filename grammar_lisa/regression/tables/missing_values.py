"""Numbers and words that stand for a value that is missing, such as -999."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from shared.common.arrays import Floats

_FAR: Final = 0.5
"""How far a code lies from all other values, at least, as a share of their range."""
_OTHERS: Final = 3
"""Values that others have to be told from, at least."""
_FILLS: Final = frozenset((-32768.0, 1e20, 1e30, -1e30, 9.96920996838687e36))
"""What programs write into grids; also numbers of nines alone count as codes."""


@dataclass(frozen=True)
class MissingValues:
    """What a user says that stands for a missing value.

    Attributes:
        words: As they stand in cells.
        numbers: Those among them that are numbers, however these are written.
    """

    words: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()

    @classmethod
    def of(cls, text: str | None) -> MissingValues:
        """Return what a text with commas between says."""
        words = tuple(word.strip() for word in (text or "").split(",") if word.strip())
        return cls(words, tuple(number for word in words if (number := _number(word)) is not None))

    def holds(self, cell: str) -> bool:
        """Tell whether a cell is one of the words."""
        return cell.strip() in self.words

    def taken_out(self, values: Floats) -> Floats:
        """Return values ``[row]`` with NaN for these numbers."""
        if not self.numbers:
            return values
        return np.where(np.isin(values, self.numbers), np.nan, values)


class Code(NamedTuple):
    """A number in a column that may stand for a missing value.

    Attributes:
        value: The number.
        rows: How many have it.
        least: The least of all other values.
        most: The greatest.
    """

    value: float
    rows: int
    least: float
    most: float

    def __str__(self) -> str:
        rows = "1 row" if self.rows == 1 else f"{self.rows:,} rows"
        return (
            f"{self.value:.15g} in {rows}, far from all other values ({self.least:g} to "
            f"{self.most:g}): if it stands for a missing value"
        )


def find_code(values: Floats) -> Code | None:
    """Return the number in a column, ``[row]``, that looks like a code for a missing value.

    It is the least or the greatest, of nines alone or one that programs fill grids with, and lies
    apart from all others by more than half their range.
    """
    distinct = np.unique(values[np.isfinite(values)])
    if len(distinct) <= _OTHERS:
        return None
    for code, others in ((distinct[0], distinct[1:]), (distinct[-1], distinct[:-1])):
        least, most = float(others[0]), float(others[-1])
        gap = min(abs(code - least), abs(code - most))
        if _is_code(float(code)) and gap > _FAR * (most - least):
            return Code(float(code), int((values == code).sum()), least, most)
    return None


def _is_code(value: float) -> bool:
    digits = f"{abs(value):.15g}".replace(".", "")
    nines = len(digits) >= (2 if value < 0 else 3) and set(digits) == {"9"}
    return nines or value in _FILLS


def _number(word: str) -> float | None:
    try:
        number = float(word)
    except ValueError:
        return None
    return None if math.isnan(number) else number
