"""What a search of `grammar-lisa bo` leaves in its folder: figures, the best, pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
from grammar_lisa.optimize.trial_tables import START, means, trial_row
from grammar_lisa.reports.pictures import draw_molecules, plot_best, plot_convergence
from grammar_lisa.reports.search_outcome import SEARCH, SearchOutcome
from shared.common.tables import csv_table
from shared.runs.run import SUMMARY, Run

HALL_OF_FAME, CONVERGENCE, BEST = "hall_of_fame.csv", "convergence.png", "best.png"
MOLECULES = "best.svg"
_DRAWN = 12
"""Molecules that are drawn."""
_KEPT = 100
"""Sentences that the hall of fame holds."""

Row = dict[str, Any]


@dataclass(frozen=True)
class SearchFiles:
    """What was written.

    Attributes:
        files: Their names.
        rows: The statistics of each trial, by what chose its sentences.
        best: The best sentences.
        summary: The figures, as JSON has them.
    """

    files: Sequence[str]
    rows: Mapping[str, list[Row]]
    best: Sequence[Row]
    summary: Row


def write_search(folder: Run, outcome: SearchOutcome, top: int) -> SearchFiles:
    """Write the files of a search.

    Args:
        folder: Of the search.
        outcome: What it found.
        top: How many of the best sentences are simplified and stand in the summary.
    """
    rows = _rows(outcome)
    best = hall_of_fame(outcome, top)
    folder.write_text(HALL_OF_FAME, _as_csv(best))
    files = [HALL_OF_FAME, SUMMARY, CONVERGENCE, *_draw(folder, outcome, best)]
    summary = _summary(outcome, rows, best[:top])
    folder.write_json(SUMMARY, summary)
    return SearchFiles(files, rows, best[:top], summary)


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
