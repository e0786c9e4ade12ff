"""Comments that stand behind the cells of a row, as in ``1,2 # on Monday``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from grammar_lisa.regression.tables.cells import is_missing, looks_like_number

_UNIT: Final = "%"
"""It stands behind numbers and begins no comment there."""
_LAST: Final = re.compile(r"[^,;|\s]*$")


def comment_start(text: str, marks: Sequence[str]) -> int | None:
    """Return where a comment behind the cells of a row begins, with the blanks before it.

    Its mark stands behind a blank, a number or an empty cell comes before it, and it lies in no
    double quotes.

    Args:
        text: A line of a table.
        marks: What comments begin with.
    """
    pattern = _pattern(tuple(mark for mark in marks if mark != _UNIT))
    if pattern is None:
        return None
    for found in pattern.finditer(text):
        cells = text[: found.start()]
        last = _LAST.search(cells)
        assert last is not None
        cell = last.group().strip('"')
        if cells.count('"') % 2 == 0 and (is_missing(cell) or looks_like_number(cell)):
            return found.start()
    return None


def without_comment(text: str, marks: Sequence[str]) -> str:
    """Return a line without the comment behind its cells."""
    return text[: comment_start(text, marks)]


@lru_cache(maxsize=16)
def _pattern(marks: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile(rf"\s+(?:{'|'.join(map(re.escape, marks))})") if marks else None
