"""Several runs of the tool in one report."""

from collections.abc import Mapping, Sequence

from grammar_lisa.models.names import FIT_TOOL, SEARCH_TOOL, TOOL
from grammar_lisa.regression.measures import fine_r2
from grammar_lisa.reports.fit_page import RecordedFit, front_chart
from grammar_lisa.reports.recorded_search import RecordedSearch, best_cells
from grammar_lisa.reports.search_page import convergence
from grammar_lisa.reports.training_page import share
from shared.common.durations import duration
from shared.reports.charts import number
from shared.reports.comparison import differences, labelled, overlaid, side_by_side
from shared.reports.formulas import formula
from shared.reports.page import Block, Cell, Formula, Grid, Page, Section, missing
from shared.reports.runs import mapping, read_record
from shared.runs.run import SUMMARY, Run


def comparison_page(runs: Sequence[Run]) -> Page:
    """Return the report of several runs, those of one kind side by side.

    Raises:
        LisaError: A file of one is damaged.
    """
    by_label = labelled(runs)
    sections = [
        Section(title, blocks(chosen))
        for tool, title, blocks in _KINDS
        if (chosen := {n: run for n, run in by_label.items() if run.config.get("tool") == tool})
    ]
    return side_by_side(by_label, TOOL, sections)


def _trainings(runs: Mapping[str, Run]) -> list[Block]:
    summaries = {label: read_record(run, SUMMARY) for label, run in runs.items()}
    rows: list[list[Cell]] = []
    for label, summary in summaries.items():
        back, training = mapping(summary.get("reconstruction")), mapping(summary.get("training"))
        geometry = mapping(summary.get("geometry"))
        samples = mapping(summary.get("samples"))
        drawn = mapping(samples.get("gmm") or next(iter(samples.values()), {}))
        rows.append(
            [
                label,
                share(back.get("texts", back.get("exact"))),
                *(share(drawn.get(name)) for name in ("valid", "unique", "novel")),
                number(geometry.get("effective_rank")),
                number(training.get("sentences")),
                number(training.get("epochs")),
                duration(training.get("seconds")),
            ]
        )
    head = ["run", "come back", "draws are sentences", "distinct", "new", "effective rank"]
    return [
        Grid("What the trainings came to", [*head, "sentences", "epochs", "time"], rows),
        overlaid(runs, "valid_exact", "Validation sentences that come back", "exact", percent=True),
        overlaid(runs, "valid_loss", "The loss on validation sentences", "nats a sentence"),
        *differences(runs),
    ]


def _searches(runs: Mapping[str, Run]) -> list[Block]:
    searches = {label: RecordedSearch.read(run) for label, run in runs.items()}
    rows: list[list[Cell]] = []
    for label, search in searches.items():
        rows.append(
            [
                label,
                Formula(search.objective_text),
                search.system,
                number(len(search.trials)),
                number(len(search.evaluations)),
                *best_cells(search),
            ]
        )
    head = ["search", "objective", "system", "trials", "evaluations", "best score", "sentence"]
    begun = {label: search for label, search in searches.items() if search.best}
    return [
        Grid("What the searches found", head, rows),
        convergence(begun) if begun else missing("None of them has evaluated anything yet."),
        *differences(runs),
    ]


def _fits(runs: Mapping[str, Run]) -> list[Block]:
    fits = {label: RecordedFit.read(run) for label, run in runs.items()}
    rows: list[list[Cell]] = [
        [
            label,
            number(fit.recommended.complexity),
            number(fit.recommended.loss),
            fine_r2(fit.recommended.r2),
            formula(fit.recommended.text, fit.latex(fit.recommended)),
        ]
        for label, fit in fits.items()
    ]
    head = ["fit", "complexity", "loss", "R²", "recommended formula"]
    return [Grid("What the fits recommend", head, rows), front_chart(fits), *differences(runs)]


_KINDS = (
    (TOOL, "Trainings", _trainings),
    (SEARCH_TOOL, "Searches", _searches),
    (FIT_TOOL, "Fits", _fits),
)
