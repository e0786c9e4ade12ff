"""`grammar-lisa predict RUN NEW --out FILE`."""

import numpy as np

from grammar_lisa.cli.options.predict import Options
from grammar_lisa.regression.outputs import read_best
from grammar_lisa.regression.predictions import (
    predict_rows,
    prediction_name,
    table_with,
    write_path,
)
from grammar_lisa.regression.tables.reading import read_columns
from shared.cli.terminal import Terminal
from shared.common.words import counted
from shared.runs.files import check_free, make_folder, write_atomically


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    out = write_path(options.out)
    check_free(out, overwrite=options.overwrite)
    best = read_best(options.run, options.index)
    columns = read_columns(options.table, options.reading)
    for note in columns.notes:
        terminal.note(note)
    make_folder(out.parent)
    values = predict_rows(best, columns)
    name = prediction_name(best, columns)
    write_atomically(out, table_with(columns, values, name))
    empty = int(np.isnan(values).sum())
    if empty:
        rows = counted(empty, "row has", "rows have")
        terminal.note(
            f"{rows} no prediction: a value is missing, or the formula is not defined there"
        )
    terminal.print(f"{len(values) - empty:,} predictions in {out}, column {name}: {best.formula}")
    terminal.result(
        run=str(options.run),
        table=str(options.table),
        out=str(out),
        column=name,
        formula=best.formula,
        rows=len(values),
        predicted=len(values) - empty,
    )
