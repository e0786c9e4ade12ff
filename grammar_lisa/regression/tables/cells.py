"""What a cell of a table says: a number, a truth value, a date, a number with a unit, a text."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

MISSING: Final = (
    *("", "NA", "N/A", "n/a", "na", "#N/A", "NaN", "nan", "NAN", "-nan", "<NA>"),
    *("#DIV/0!", "#VALUE!", "#NUM!", "#REF!", "#NAME?", "#NULL!"),
    *("NULL", "null", "None", "none", "-", "--", "?", "."),
)
"""What a cell says that has no value."""
_MISSING: Final = frozenset(MISSING)

CellKind = Literal["number", "boolean", "answer", "date", "unit", "text"]
"""An answer is yes or no: truth, but where other words stand beside it, text."""

_EXPONENT: Final = r"(?:[eEdD][+-]?\d+)?"
_SIGN: Final = r"[+-]?"
_INFINITE: Final = re.compile(r"[+-]?(?:inf|infinity)", re.IGNORECASE)
_INFINITY_BEGINS: Final = frozenset("iI+-")
_DATE: Final = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ].*)?"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(?: .*)?"
    r"|\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp][Mm])?"
)
_GROUPING: Final = ",.' \u00a0\u202f\u2019"
_DIGIT: Final = re.compile(r"\d")
_BEHIND: Final = re.compile(r"[^\d\s.,'][^\d]*$")
_BEFORE: Final = re.compile(r"(?:EUR|USD|GBP|CHF|JPY|CNY|INR|Rs\.?|[A-Z]?[$€£¥₹₩₽])\s?|[<>~≈±]+")
_NUMBER_LIKE: Final = re.compile(rf"{_SIGN}(?:\d[\d{_GROUPING}]*|[.,]\d+){_EXPONENT}", re.ASCII)


@dataclass(frozen=True)
class Marks:
    """How numbers are written.

    Attributes:
        decimal: Before the fraction: . or a comma.
        thousands: Between groups of three digits; None where there is nothing.
    """

    decimal: str = "."
    thousands: str | None = None


_OTHER_MARKS: Final = (Marks(".", ","), Marks(",", "."))


class MixedMarksError(Exception):
    """Cells of a table write numbers in ways that contradict each other.

    Attributes:
        cells: Two cells that do.
    """

    def __init__(self, *cells: str) -> None:
        super().__init__(*cells)
        self.cells = cells


class UnsureMarksError(Exception):
    """A comma in the numbers of a table may be a decimal mark, or group thousands.

    Attributes:
        cell: One with such a comma.
    """

    def __init__(self, cell: str) -> None:
        super().__init__(cell)
        self.cell = cell


def is_missing(cell: str) -> bool:
    """Tell whether a cell says that it has no value."""
    return cell.strip() in _MISSING


def number_of(cell: str, marks: Marks) -> float | None:
    """Return the number that a cell says; None where it says something else."""
    text = cell.strip().replace("\u2212", "-")
    if not _pattern(marks).fullmatch(text):
        if text[:1] not in _INFINITY_BEGINS:
            return None
        return float(text) if _INFINITE.fullmatch(text) else None
    if marks.thousands is not None:
        text = text.replace(marks.thousands, "")
    return float(text.replace(marks.decimal, ".").replace("d", "e").replace("D", "e"))


def looks_like_number(cell: str) -> bool:
    """Tell whether a cell is a number under some marks."""
    text = cell.strip().replace("\u2212", "-")
    return bool(_NUMBER_LIKE.fullmatch(text) or _INFINITE.fullmatch(text))


@lru_cache(maxsize=4096)
def kind_of(cell: str, marks: Marks) -> CellKind:
    """Tell what a cell says that has a value."""
    text = cell.strip()
    if number_of(text, marks) is not None:
        return "number"
    if text.lower() in ("true", "false"):
        return "boolean"
    if text.lower() in ("yes", "no"):
        return "answer"
    if not _DIGIT.search(text):
        return "text"
    if _DATE.fullmatch(text):
        return "date"
    return "unit" if unit_of(text, marks) else "text"


def unit_of(cell: str, marks: Marks) -> str | None:
    """Return what stands before or behind the number in a cell, such as %; None where nothing."""
    text = cell.strip()
    for unit, number in _without_unit(text):
        if any(number_of(number, each) is not None for each in (marks, *_OTHER_MARKS)):
            return unit
    return None


def _without_unit(text: str) -> Iterator[tuple[str, str]]:
    """Yield what may be a unit in a cell, and the rest of it."""
    behind = _BEHIND.search(text)
    if behind:
        yield behind.group().strip(), text[: behind.start()]
    before = _BEFORE.match(text)
    if before:
        yield before.group().strip(), text[before.end() :]


def find_marks(cells: Iterable[str], decimal: str | None, thousands: str | None) -> Marks:
    """Find how the numbers of a table are written.

    Where every fraction with a comma has three digits, as in 1,234, and no cell says more, nothing
    is certain. Numbers with units count where no others say anything.

    Args:
        cells: Some cells of the table.
        decimal: The decimal mark, where it is known.
        thousands: What groups thousands, where it is known.

    Raises:
        MixedMarksError: Some cells have a decimal comma and some a decimal point.
        UnsureMarksError: A comma may mean two things.
    """
    seen, beside_units = _Evidence(), _Evidence()
    for cell in cells:
        text = cell.strip().replace("\u2212", "-")
        if not seen.add(text):
            for _, number in _without_unit(text):
                beside_units.add(number.strip())
    if decimal is None and thousands in (",", "."):
        decimal = "." if thousands == "," else ","
    if decimal is None:
        decimal = seen.decimal() or beside_units.decimal_if_sure() or "."
    if thousands is None:
        thousands = seen.thousands(decimal) or beside_units.thousands(decimal)
    return Marks(decimal, thousands)


class _Evidence:
    """The first cell of each way to write numbers."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    def add(self, cell: str) -> bool:
        """Look at a cell; tell whether it is like a number."""
        if cell.isdigit():
            return True
        if not _NUMBER_LIKE.fullmatch(cell):
            return False
        if _WITH_BLANKS.fullmatch(cell):
            self._first.setdefault("blanks", cell)
            cell = cell.translate(_NO_BLANKS)
        for name, pattern in _WAYS.items():
            if pattern.fullmatch(cell):
                self._first.setdefault(name, cell)
                break
        return True

    def decimal_if_sure(self) -> str | None:
        """Return the decimal mark; None where none or two are seen."""
        try:
            return self.decimal()
        except (MixedMarksError, UnsureMarksError):
            return None

    def decimal(self) -> str | None:
        """Return the decimal mark; None where no cell tells.

        Raises:
            MixedMarksError: There are two.
            UnsureMarksError: There may be two.
        """
        comma, point = (
            self._first.get(f"decimal {mark}", self._first.get(f"grouped {mark}")) for mark in ",."
        )
        if comma and point:
            raise MixedMarksError(comma, point)
        if comma or point:
            return "," if comma else "."
        if "groups ," in self._first and "groups ." not in self._first:
            return "."
        if "groups ." in self._first and "groups ," not in self._first:
            return ","
        if "group ," in self._first:
            raise UnsureMarksError(self._first["group ,"])
        return None

    def thousands(self, decimal: str) -> str | None:
        """Return what groups thousands beside a decimal mark."""
        other = "," if decimal == "." else "."
        if {f"group {other}", f"groups {other}", f"grouped {decimal}"} & self._first.keys():
            return other
        cell = self._first.get("blanks")
        return next((c for c in cell if c in _BLANKS), None) if cell else None


_BLANKS: Final = "' \u00a0\u202f\u2019"
_NO_BLANKS: Final = str.maketrans("", "", _BLANKS)
_WITH_BLANKS: Final = re.compile(rf"{_SIGN}\d{{1,3}}(?:[{_BLANKS}]\d{{3}})+(?:[.,]\d*)?", re.ASCII)


def _ways() -> dict[str, re.Pattern[str]]:
    """Return what tells the ways to write a number apart; the first that fits a cell counts."""
    ways: dict[str, str] = {}
    for mark, other in ((",", "."), (".", ",")):
        by_three, others = rf"(?:\{mark}\d{{3}})", rf"(?:\{other}\d{{3}})"
        ways[f"group {mark}"] = rf"[1-9]\d{{0,2}}{by_three}"
        ways[f"groups {mark}"] = rf"(?:[1-9]\d{{0,2}}{by_three}{{2,}}|{_by_two(mark)})"
        fraction = rf"\{mark}\d+"
        ways[f"grouped {mark}"] = rf"(?:[1-9]\d{{0,2}}{others}+|{_by_two(other)}){fraction}"
        ways[f"decimal {mark}"] = rf"(?:\d*{fraction}|\d+\{mark}){_EXPONENT}"
    kinds = ("groups", "group", "grouped", "decimal")
    order = [f"{kind} {mark}" for kind in kinds for mark in ",."]
    return {name: re.compile(_SIGN + ways[name], re.ASCII) for name in order}


def _by_two(mark: str) -> str:
    """Return the pattern of numbers grouped as in India, by two but for the last three digits."""
    quoted = re.escape(mark)
    return rf"\d{{1,2}}(?:{quoted}\d{{2}})+{quoted}\d{{3}}"


_WAYS: Final = _ways()


@lru_cache(maxsize=16)
def _pattern(marks: Marks) -> re.Pattern[str]:
    """Return the pattern of numbers that are written so."""
    point = re.escape(marks.decimal)
    whole = r"\d+"
    if marks.thousands is not None:
        by_three = rf"\d{{1,3}}(?:{re.escape(marks.thousands)}\d{{3}})+"
        whole = rf"(?:{by_three}|{_by_two(marks.thousands)}|\d+)"
    return re.compile(rf"{_SIGN}(?:{whole}(?:{point}\d*)?|{point}\d+){_EXPONENT}", re.ASCII)
