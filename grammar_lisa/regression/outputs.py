"""What a search for formulas leaves in a folder, and the best formula read back from it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from grammar_lisa.expressions.expression import Pool
from grammar_lisa.expressions.latex import latex
from grammar_lisa.regression.equations import Equation, Equations
from grammar_lisa.regression.python_source import python_function
from grammar_lisa.regression.tables.table import Table
from shared.common.errors import LisaError
from shared.runs.files import check_free, make_folder, read_json, write_atomically, write_json

EQUATIONS: Final = "equations.csv"
BEST: Final = "best.json"
TEX: Final = "formula.tex"
PYTHON: Final = "formula.py"
OUTPUTS: Final = (EQUATIONS, BEST, TEX, PYTHON)
_FITTED: Final = "name a folder that 'grammar-lisa fit' made, such as runs/fit-001"
FORMAT: Final = 1
"""The number of the layout of `BEST`."""


@dataclass(frozen=True)
class Best:
    """The formula that a search recommends, and what its columns are called.

    Attributes:
        formula: Over safe names.
        target: The file's own name of the target.
        names: The file's own names of the inputs by their safe names.
    """

    formula: str
    target: str
    names: Mapping[str, str]

    @property
    def used(self) -> tuple[str, ...]:
        """The safe names of the inputs that the formula needs."""
        pool = Pool(self.names)
        nodes = {pool.nodes[number].name for number in pool.reachable(pool.add(self.formula))}
        return tuple(name for name in self.names if name in nodes)


def write_outputs(
    folder: Path, equations: Equations, table: Table, *, overwrite: bool = False
) -> list[Path]:
    """Write the formulas found for a table.

    `equations.csv` holds all, `best.json` the recommended one with the names of its columns,
    `formula.tex` and `formula.py` the same for LaTeX and for Python.

    Args:
        folder: Where the files go; it is made if it is not there.
        equations: The formulas.
        table: The rows that they were found with.
        overwrite: Whether files of these names may be replaced.

    Returns:
        The files.

    Raises:
        LisaError: A file is there already, or cannot be written.
    """
    paths = [folder / name for name in OUTPUTS]
    check_free(*paths, overwrite=overwrite)
    make_folder(folder)
    write_atomically(folder / EQUATIONS, equations.frame().to_csv(index=False).encode())
    write_atomically(folder / TEX, tex_source(equations, table).encode())
    write_atomically(folder / PYTHON, python_source(equations, table).encode())
    write_json(folder / BEST, best_record(equations, table))
    return paths


def best_record(equations: Equations, table: Table) -> dict[str, Any]:
    """Return what `best.json` holds."""
    best = equations.recommended
    return {
        "format": FORMAT,
        "formula": best.text,
        "target": {"name": table.target_name, "column": table.names[table.target_name]},
        "features": [{"name": n, "column": table.names[n]} for n in table.features],
        "complexity": best.complexity,
        "loss": best.loss,
        "r2": best.r2,
        "r2_test": best.r2_test,
        "known": best.known,
        "reason": equations.reason,
        "rows": len(table),
        "weighted": table.weights is not None,
    }


def tex_source(equations: Equations, table: Table) -> str:
    """Return the recommended formula as an equation of LaTeX, columns called as in the file."""
    names = table.shown_names()
    left = latex(table.target_name, {table.target_name: names[table.target_name]})
    right = equations.recommended.latex(names)
    return f"\\begin{{equation}}\n  {left} = {right}\n\\end{{equation}}\n"


def python_source(equations: Equations, table: Table) -> str:
    """Return the recommended formula as a Python function that needs numpy alone."""
    names = table.shown_names()
    text = equations.recommended.text
    return python_function(text, table.variables, names, names[table.target_name])


def read_equations(folder: Path) -> list[Equation]:
    """Read the formulas that `write_outputs` left in a folder, the simplest first.

    Raises:
        LisaError: There are none, or the file is damaged; nothing in it is ever run.
    """
    path = folder / EQUATIONS
    try:
        with path.open(encoding="utf-8", newline="") as file:
            found = [_equation(row) for row in csv.DictReader(file)]
    except FileNotFoundError:
        raise LisaError(f"{folder} holds no {EQUATIONS}; {_FITTED}") from None
    except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
        raise LisaError(f"{path} is no table of formulas ({error!r}); fit again") from None
    if sum(each.recommended for each in found) != 1:
        raise LisaError(f"{path} recommends no formula; fit again, or restore it")
    return found


def read_best(folder: Path, index: int | None = None) -> Best:
    """Read a formula that `write_outputs` left in a folder.

    Args:
        folder: The folder.
        index: The row of `equations.csv`, from 0, or from -1, the last, downwards; None reads the
            recommended formula.

    Raises:
        LisaError: There is none, or the file is damaged; nothing in it is ever run.
    """
    path = folder / BEST
    if not path.is_file():
        raise LisaError(f"{folder} holds no {BEST}; {_FITTED}")
    record = read_json(path)
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise LisaError(f"{path} holds no formula of format {FORMAT}; fit again, or restore it")
    try:
        names = {str(each["name"]): str(each["column"]) for each in record["features"]}
        target = str(record["target"]["column"] or record["target"]["name"])
        formula = str(record["formula"]) if index is None else _formula_at(folder, index)
        best = Best(formula, target, MappingProxyType(names))
    except (KeyError, TypeError):
        raise LisaError(f"{path} is damaged: it lacks the formula or its columns") from None
    try:
        Pool(names).add(best.formula)
    except LisaError as error:
        raise LisaError(f"{path}: {error}") from None
    return best


def _formula_at(folder: Path, index: int) -> str:
    found = read_equations(folder)
    if not -len(found) <= index < len(found):
        raise LisaError(
            f"{folder / EQUATIONS} has no formula {index}; it has 0 to {len(found) - 1}, and -1 is "
            "the last"
        )
    return found[index].text


def _equation(row: Mapping[str, str]) -> Equation:
    return Equation(
        row["formula"],
        int(row["complexity"]),
        float(row["loss"]),
        float(row["r2"] or "nan"),
        float(row["r2_test"]) if row["r2_test"] else None,
        row["known"] == "True",
        row["recommended"] == "True",
    )
