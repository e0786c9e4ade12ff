"""`grammar-lisa score TABLE --expression "…"`."""

from dataclasses import asdict, dataclass

import numpy as np

from grammar_lisa.cli.options.score import Options
from grammar_lisa.regression.completion import complete, variables_used
from grammar_lisa.regression.fits.user_loss import loss_named
from grammar_lisa.regression.measures import Measures, fine_r2, measure, predict
from grammar_lisa.regression.tables.splits import read_split
from grammar_lisa.regression.tables.table import Table
from shared.cli.terminal import Terminal
from shared.common.words import counted


@dataclass(frozen=True)
class _Scored:
    """How well a formula fits a table.

    Attributes:
        table: The rows.
        measures: In the unit of the table.
        loss: What `fit` makes small; NaN where the formula is not defined.
    """

    table: Table
    measures: Measures
    loss: float

    def record(self) -> dict[str, object]:
        """Return what JSON says of it."""
        record = asdict(self.measures) | {"loss": self.loss}
        del record["first_undefined"]
        return record


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
    scored = {
        "all rows" if split.test is None else "fit": _score(split.train, completed.text, options)
    }
    if split.test is not None:
        scored["test"] = _score(split.test, completed.text, options)
    terminal.print(split.train.summary)
    terminal.print(f"{split.train.target_name} = {completed.text}")
    _print(scored, options.loss, terminal)
    first, *others = scored.values()
    terminal.result(
        table=str(options.table),
        target=split.train.target_name,
        formula=completed.text,
        constants=list(completed.constants),
        names=dict(split.train.names),
        notes=list(split.train.notes),
        rows=len(split.train),
        loss_name=options.loss,
        **first.record(),
        test={"rows": len(others[0].table), **others[0].record()} if others else None,
    )


def _score(table: Table, text: str, options: Options) -> _Scored:
    values = predict(text, table)
    loss = np.nan
    if np.isfinite(values).all():
        loss = float(loss_named(options.loss).value(values, table.target, table.weights))
    return _Scored(table, measure(values, table.target, table.weights), loss)


def _print(scored: dict[str, _Scored], loss: str, terminal: Terminal) -> None:
    columns = ["rows", "number", "R²", "RMSE", "greatest error", f"loss ({loss})"]
    terminal.table(
        "",
        columns,
        [
            (
                *(name, len(each.table), fine_r2(each.measures.r2)),
                *(each.measures.rmse, each.measures.max_error, each.loss),
            )
            for name, each in scored.items()
        ],
    )
    for name, each in scored.items():
        if each.measures.undefined:
            terminal.note(_undefined(name, each.measures, each.table))


def _undefined(name: str, found: Measures, table: Table) -> str:
    assert found.first_undefined is not None
    at = ", ".join(f"{n}={v[found.first_undefined]:g}" for n, v in table.features.items())
    rows = counted(found.undefined, "row")
    return f"{name}: the formula has no finite value in {rows}, first at {at}"
