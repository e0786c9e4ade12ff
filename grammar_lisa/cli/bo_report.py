"""What `grammar-lisa bo` says at the end: tables, files and pictures."""

from collections.abc import Mapping, Sequence
from typing import Any

from grammar_lisa.cli.bo_outcome import SEARCH, SearchOutcome
from grammar_lisa.cli.pictures import draw_molecules, plot_best, plot_convergence
from grammar_lisa.expressions.evaluation import evaluate
from grammar_lisa.expressions.latex import latex
from grammar_lisa.objectives.molecules import MoleculeObjective
from grammar_lisa.objectives.objective import Objective
from grammar_lisa.objectives.regression import Regression
from grammar_lisa.optimize.hall_of_fame import (
    INITIAL_DESIGN,
    HallOfFameEntry,
    best_entries,
    r_squared,
)
from grammar_lisa.optimize.trial_tables import (
    COLUMNS,
    START,
    mean_cells,
    means,
    show_cell,
    trial_row,
)
from shared.cli.terminal import Terminal, show
from shared.common.tables import csv_table
from shared.common.words import counted
from shared.runs.run import SUMMARY, Run

HALL_OF_FAME, CONVERGENCE, BEST = "hall_of_fame.csv", "convergence.png", "best.png"
MOLECULES = "best.svg"
_DRAWN = 12
"""Molecules that are drawn."""
_KEPT = 100
"""Sentences that the hall of fame holds."""

Row = dict[str, Any]


def report_search(folder: Run, outcome: SearchOutcome, top: int, terminal: Terminal) -> None:
    """Write the files of a search and print its tables.

    Args:
        folder: Of the search.
        outcome: What it found.
        top: How many of the best sentences are printed and simplified.
        terminal: Where tables are printed.
    """
    rows = _rows(outcome)
    best = hall_of_fame(outcome, top)
    folder.write_text(HALL_OF_FAME, _as_csv(best))
    files = [HALL_OF_FAME, SUMMARY, CONVERGENCE, *_draw(folder, outcome, best)]
    _print_trials(terminal, outcome, rows[SEARCH])
    _print_means(terminal, outcome, rows)
    _print_best(terminal, outcome, best[:top])
    if outcome.failures:
        terminal.print(outcome.failures)
    summary = _summary(outcome, rows, best[:top])
    folder.write_json(SUMMARY, summary)
    terminal.note(f"kept in {folder.path}: {', '.join(files)}")
    terminal.result(search=str(folder.path), **summary)


def hall_of_fame(outcome: SearchOutcome, top: int) -> list[Row]:
    """Return the best sentences known, and of expressions R², LaTeX and a shorter form.

    Only the first `top` are simplified.
    """
    entries = best_entries(outcome.trials, outcome.found, outcome.objective, max(_KEPT, top))
    forms = _simplified(entries[:top], outcome.objective)
    forms += [entry.sentence for entry in entries[top:]]
    return [
        _entry(rank, entry, form, outcome.objective)
        for rank, (entry, form) in enumerate(zip(entries, forms, strict=True), start=1)
    ]


def _simplified(entries: Sequence[HallOfFameEntry], objective: Objective) -> list[str]:
    sentences = [entry.sentence for entry in entries]
    if not isinstance(objective, Regression):
        return sentences
    from grammar_lisa.expressions.algebra import simplify_all  # brings sympy, which is slow

    return simplify_all(sentences, variables=objective.variables)


def _entry(rank: int, entry: HallOfFameEntry, form: str, objective: Objective) -> Row:
    expression = isinstance(objective, Regression)
    return {
        "rank": rank,
        "score": entry.score,
        "r2": r_squared(objective, entry.sentence),
        "sentence": entry.sentence,
        "simplified": form if expression else None,
        "latex": latex(form) if expression else None,
        "known_at_start": entry.trial is None,
        "trial": entry.trial,
        "evaluation": entry.evaluation,
    }


def _as_csv(best: Sequence[Row]) -> str:
    columns = ["rank", "score", "r2", "sentence", "simplified", "latex", "trial", "evaluation"]
    shown = [row | ({"trial": INITIAL_DESIGN} if row["known_at_start"] else {}) for row in best]
    return csv_table(columns, ([row[column] for column in columns] for row in shown))


def _rows(outcome: SearchOutcome) -> dict[str, list[Row]]:
    """Return the statistics of each trial; of the search also the best of its initial design."""
    rows = {
        name: [trial_row(each.texts, each.scores, outcome.objective) for each in scored]
        for name, scored in outcome.scored().items()
    }
    for row, trial in zip(rows[SEARCH], outcome.trials, strict=True):
        row[START] = trial.best_known
    return rows


def _summary(outcome: SearchOutcome, rows: Mapping[str, list[Row]], best: Sequence[Row]) -> Row:
    left_out = outcome.problem.decontamination
    return {
        "target": outcome.target,
        "system": outcome.system,
        "changed": outcome.changed,
        "sees": outcome.sees,
        "left_out": {"equal": left_out.equal, "near": left_out.near},
        "scored_to_begin_with": len(outcome.initial),
        "evaluations_per_trial": outcome.budget,
        "trials": rows,
        "means": {name: means(each) for name, each in rows.items()},
        "best": list(best),
        "failures": outcome.failures,
    }


def _draw(folder: Run, outcome: SearchOutcome, best: Sequence[Row]) -> list[str]:
    """Draw the pictures that the objective has a meaning for; return those beside convergence."""
    curves = {
        outcome.label if name == SEARCH else name: [each.scores for each in scored]
        for name, scored in outcome.scored().items()
    }
    regression = outcome.objective if isinstance(outcome.objective, Regression) else None
    label = "best score so far" + ("" if regression is None else ", log(1 + MSE)")
    plot_convergence(folder, curves, outcome.budget, outcome.best_known, label)
    if isinstance(outcome.objective, MoleculeObjective):
        scores = [(row["sentence"], row["score"]) for row in best[:_DRAWN]]
        if not scores:
            return []
        draw_molecules(folder.path / MOLECULES, scores, "score")
        return [MOLECULES]
    if regression is None:
        return []
    fits = {
        f"{row['simplified']}  ({row['score']:.4f})": evaluate([row["sentence"]], regression.data)[
            0
        ]
        for row in best[:3]
    }
    plot_best(folder, regression.data, regression.y, fits)
    return [BEST]


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
