"""`grammar-lisa score TABLE --expression "…"`."""

from dataclasses import asdict

from grammar_lisa.cli.fit_report import fine_r2
from grammar_lisa.cli.options.score import Options
from grammar_lisa.regression.completion import complete, variables_used
from grammar_lisa.regression.measures import Measures, measure
from grammar_lisa.regression.tables.table import Table, read_split
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
            (name, len(tables[name]), fine_r2(found.r2), found.rmse, found.max_error)
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


def _undefined(name: str, found: Measures, table: Table) -> str:
    assert found.first_undefined is not None
    at = ", ".join(f"{n}={v[found.first_undefined]:g}" for n, v in table.features.items())
    rows = "1 row" if found.undefined == 1 else f"{found.undefined:,} rows"
    return f"{name}: the formula has no finite value in {rows}, first at {at}"


def _record(found: Measures) -> dict[str, object]:
    return {name: value for name, value in asdict(found).items() if name != "first_undefined"}
