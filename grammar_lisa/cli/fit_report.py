"""The formulas of a search, as a command prints them."""

from collections.abc import Sequence
from typing import Any

from grammar_lisa.regression.equations import Equation
from grammar_lisa.regression.measures import fine_r2
from shared.cli.terminal import Terminal

ENDINGS = {
    "exact": "the rows are met to rounding",
    "good enough": "the formula is as good as --stop-at asks",
    "time": "time is over",
    "searched": "all that the search looks at was looked at",
    "interrupted": "it was interrupted",
    "constant": "there was nothing to search for",
}
"""Why a search ended, as it is told."""


def print_front(terminal: Terminal, front: Sequence[Equation], target: str, reason: str) -> None:
    """Print formulas, the simplest first, and the one to take."""
    tested = any(each.r2_test is not None for each in front)
    columns = ["index", "complexity", "R²", *(["R² test"] if tested else []), "formula", ""]
    rows = [
        [
            place,
            each.complexity,
            fine_r2(each.r2),
            *([_test(each.r2_test)] if tested else []),
            each.text,
            ", ".join(_marks(each)),
        ]
        for place, each in enumerate(front)
    ]
    terminal.table("", columns, rows)
    (best,) = (each for each in front if each.recommended)
    terminal.print(f"{target} = {best.text}")
    terminal.print(f"recommended: {reason}")


def equation_record(equation: Equation) -> dict[str, Any]:
    """Return what JSON says of a formula."""
    record = dict(vars(equation))
    return {"formula": record.pop("text"), **record}


def _test(r2: float | None) -> str:
    return "–" if r2 is None else fine_r2(r2)


def _marks(equation: Equation) -> list[str]:
    marks = {"recommended": equation.recommended, "known": equation.known}
    return [mark for mark, holds in marks.items() if holds]
