"""The columns of a table by name: the file's own, or the one that formulas use."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Final

from grammar_lisa.expressions.expression import CONSTANT_TERMINAL
from grammar_lisa.expressions.hints import of_parameter
from grammar_lisa.regression.tables.columns import Column
from grammar_lisa.regression.tables.reading import Columns
from grammar_lisa.regression.tables.safe_names import safe_names
from shared.common.errors import LisaError

EXPRESSION: Final = "--expression"
"""The option that names columns in a formula."""
_LISTED: Final = 12


def names_of(columns: Columns) -> dict[str, Column]:
    """Return the columns by the name that formulas use."""
    safe = safe_names([column.name for column in columns.columns])
    return dict(zip(safe, columns.columns, strict=True))


def find_column(columns: Columns, name: str, option: str) -> str:
    """Return the name that formulas use for the column that a user names.

    Raises:
        LisaError: There is none, or more than one.
    """
    by_name = names_of(columns)
    own = [safe for safe, column in by_name.items() if column.name == name]
    if len(own) == 1 or name in by_name:
        return own[0] if len(own) == 1 else name
    if own:
        raise LisaError(
            f"{option} {name}: {columns.path} has {len(own)} columns of that name; they are called "
            f"{', '.join(own)} here"
        )
    known = {column.name or safe: safe for safe, column in by_name.items()}
    lower = {each.lower(): each for own, safe in known.items() for each in (safe, own)}
    near = difflib.get_close_matches(name.lower(), lower, n=1)
    hint = f"; did you mean {lower[near[0]]}?" if near else ";"
    parameter = of_parameter(name, CONSTANT_TERMINAL) if option == EXPRESSION else ""
    raise LisaError(
        f"{option}: {columns.path} has no column {name!r}{hint} it has {listed(both(known))}"
        + (f"; {parameter}" if parameter else "")
    )


def both(names: Mapping[str, str]) -> list[str]:
    """Return names of columns for a message: the file's own, and that of formulas if it differs.

    Args:
        names: The names that formulas use by the file's own.
    """
    return [own if own == safe else f"{own} ({safe} in formulas)" for own, safe in names.items()]


def listed(names: Iterable[str]) -> str:
    """Return names for a message, the first where there are many."""
    texts = list(names)
    more = f" and {len(texts) - _LISTED} more" if len(texts) > _LISTED else ""
    return ", ".join(texts[:_LISTED]) + more


def quoted(name: str) -> str:
    """Return a name as a shell takes it for one word."""
    return name if name.replace("_", "a").isalnum() else f'"{name}"'
