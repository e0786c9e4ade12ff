"""What `grammar-lisa bo` prints at the end."""

from collections.abc import Mapping, Sequence
from typing import Any

from grammar_lisa.objectives.regression import Regression
from grammar_lisa.optimize.hall_of_fame import HallOfFameEntry
from grammar_lisa.optimize.trial_tables import COLUMNS, START, mean_cells, show_cell
from grammar_lisa.reports.search_files import Row, write_search
from grammar_lisa.reports.search_outcome import SEARCH, SearchOutcome
from shared.cli.terminal import Terminal, show
from shared.common.words import counted
from shared.runs.run import Run


def report_search(folder: Run, outcome: SearchOutcome, top: int, terminal: Terminal) -> None:
    """Write the files of a search and print its tables.

    Args:
        folder: Of the search.
        outcome: What it found.
        top: How many of the best sentences are printed and simplified.
        terminal: Where tables are printed.
    """
    written = write_search(folder, outcome, top)
    _print_trials(terminal, outcome, written.rows[SEARCH])
    _print_means(terminal, outcome, written.rows)
    _print_best(terminal, outcome, written.best)
    if outcome.failures:
        terminal.print(outcome.failures)
    terminal.note(f"kept in {folder.path}: {', '.join(written.files)}")
    terminal.result(search=str(folder.path), **written.summary)


def _print_trials(terminal: Terminal, outcome: SearchOutcome, rows: Sequence[Row]) -> None:
    reached = list(rows[0]["reached"])
    cell = _cell(outcome)
    first = len(outcome.initial)
    terminal.table(
        f"trials of {outcome.label}, which saw {outcome.sees}"
        + (", and evaluations until a score was reached" if reached else "")
        + (f"; scored to begin with: {counted(first, 'sentence')}" if first else ""),
        ("trial", START, *COLUMNS, *reached),
        [
            (
                number,
                *(cell(name, row[name]) for name in (START, *COLUMNS)),
                *(show(first) for first in row["reached"].values()),
            )
            for number, row in enumerate(rows, start=1)
        ],
    )


def _print_means(terminal: Terminal, outcome: SearchOutcome, rows: Mapping[str, list[Row]]) -> None:
    reached = list(rows[SEARCH][0]["reached"])
    columns, cell = (START, *COLUMNS), _cell(outcome)
    terminal.table(
        "mean ± deviation over trials"
        + (", and trials that reached a score" if reached else "")
        + f"; {START} is the best of the initial design, the rest of evaluations after it",
        ("", *columns, *reached),
        [
            (outcome.label if name == SEARCH else name, *mean_cells(each, columns, cell))
            for name, each in rows.items()
        ],
    )


def _print_best(terminal: Terminal, outcome: SearchOutcome, best: Sequence[Row]) -> None:
    if not best:
        terminal.print("no sentence could be scored better than the worst score")
        return
    expression = isinstance(outcome.objective, Regression)
    columns = ["score", *(["R²"] if expression else []), "sentence"]
    columns += [*(["simplified"] if expression else []), "found"]
    terminal.table(
        "best expressions" if expression else "best sentences",
        columns,
        [_best_cells(row, expression) for row in best],
    )
    if expression:
        terminal.print(f"LaTeX of the best: {best[0]['latex']}")


def _best_cells(row: Row, expression: bool) -> list[str]:
    where = HallOfFameEntry(row["score"], row["sentence"], row["trial"], row["evaluation"]).where
    fit = [show(row["r2"])] if expression else []
    form = [row["simplified"]] if expression else []
    return [f"{row['score']:.4g}", *fit, row["sentence"], *form, where]


def _cell(outcome: SearchOutcome) -> Any:
    """Return what writes numbers: scores of your own code may be of any size."""
    if isinstance(outcome.objective, Regression):
        return show_cell
    scores = (START, "average", "best")
    return lambda column, value: show(value) if column in scores else show_cell(column, value)
