"""`grammar-lisa score TABLE --expression "…"`."""

from dataclasses import asdict

import numpy as np

from grammar_lisa.cli.options.score import Options
from grammar_lisa.regression.completion import complete, variables_used
from grammar_lisa.regression.measures import Measures, measure
from grammar_lisa.regression.table import Table, read_split
from shared.cli.terminal import Terminal


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    needed = variables_used(options.expression)
    split = read_split(options.table, options.data, seed=options.seed, needed=needed or None)
    for note in split.train.notes:
        terminal.note(note)
    completed = complete(
        options.expression,
        split.train,
        loss=options.loss,
        digits=options.digits,
        seed=options.seed,
    )
    tables = {"all rows" if split.test is None else "fit": split.train}
    if split.test is not None:
        tables["test"] = split.test
    measured = {name: measure(completed.text, table) for name, table in tables.items()}
    terminal.print(split.train.summary)
    terminal.print(f"{split.train.target_name} = {completed.text}")
    terminal.table(
        "",
        ("rows", "number", "R²", "RMSE", "greatest error"),
        [
            (name, len(tables[name]), _fine(found.r2), found.rmse, found.max_error)
            for name, found in measured.items()
        ],
    )
    for name, found in measured.items():
        if found.undefined:
            terminal.note(_undefined(name, found, tables[name]))
    terminal.result(
        table=str(options.table),
        target=split.train.target_name,
        formula=completed.text,
        constants=list(completed.constants),
        names=dict(split.train.names),
        notes=list(split.train.notes),
        rows=len(split.train),
        **_record(measured["all rows" if split.test is None else "fit"]),
        test=None if split.test is None else {"rows": len(split.test), **_record(measured["test"])},
    )


def _fine(r2: float) -> str:
    """Return R² with as many digits as tell it from 1."""
    if not np.isfinite(r2) or r2 < 0.99 or r2 == 1:
        return f"{r2:.4g}"
    return f"{r2:.{min(15, int(np.ceil(-np.log10(1 - r2))) + 2)}f}"


def _undefined(name: str, found: Measures, table: Table) -> str:
    assert found.first_undefined is not None
    at = ", ".join(f"{n}={v[found.first_undefined]:g}" for n, v in table.features.items())
    rows = "1 row" if found.undefined == 1 else f"{found.undefined:,} rows"
    return f"{name}: the formula has no finite value in {rows}, first at {at}"


def _record(found: Measures) -> dict[str, object]:
    return {name: value for name, value in asdict(found).items() if name != "first_undefined"}
