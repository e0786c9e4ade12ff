"""`grammar-lisa bo --trials 5`."""

import csv
import dataclasses
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from grammar_lisa.cli.pictures import plot_best, plot_convergence
from grammar_lisa.cli.progress import watching
from grammar_lisa.model import TOOL, CharacterModel
from grammar_lisa.objectives.evaluation import evaluate
from grammar_lisa.objectives.expression import variables_of
from grammar_lisa.objectives.latex import latex
from grammar_lisa.objectives.regression import KUSNER_TARGET, Regression
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.search.record import Evaluation
from grammar_lisa.search.search import Settings
from grammar_lisa.search.trials import Trial, run_trials
from grammar_lisa.search_task import Draws, Searchable, Task, random_draws
from grammar_lisa.trial_tables import COLUMNS, REACHED, mean_cells, means, show_cell, trial_row
from shared.cli import (
    DISTRIBUTION,
    Output,
    Terminal,
    check_name,
    check_ranges,
    options_from_record,
    show,
)
from shared.errors import LisaError
from shared.runs import SUMMARY, Run, create_run, newest_run, next_run_path, open_run
from shared.seeds import derive_seed

SEARCH_TOOL = f"{TOOL} bo"
HALL_OF_FAME = "hall_of_fame.csv"
_SEARCH = "search"
LARGEST_BUDGET = 1_000_000
"""The most evaluations of a trial."""


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Search the codes of a trained run for the expression that fits a target best.

    Attributes:
        run: The folder of the run; by default the newest in --runs.
        runs: The folder that runs are kept in.
        target: An expression, or the name of a benchmark: kusner, expr-1 … expr-6, nguyen-1 …
            nguyen-12, livermore-1 … livermore-22.
        csv: A table of data to fit instead of a target: a header, then numbers; columns are
            named as the grammar's variables.
        y: The column of the table to fit; by default the last.
        trials: Searches from different seeds.
        rounds: Batches that a trial evaluates.
        batch: Evaluations a batch.
        begin_from: Training sentences whose scores a trial knows to begin with.
        pool: Codes that a round decodes; the new sentences among them are candidates.
        steps: In how many steps they are decoded, each from the best of those before.
        candidates: Candidates that are weighed against each other.
        fit_points: Scored sentences that the surrogate is fitted to.
        parents: Best sentences that proposals start from.
        reach: The largest angle between a proposal and its parent, in radians; where the method is
            not spherical, the largest distance, with that of codes from their mean as 1.
        foresee: Learn from scored expressions what others come to: what is foreseen takes the
            place of what the surrogate expects.
        joins: Expressions that are made of foreseen parts a round, and decoded with the others;
            0 for none.
        withhold: Keep training sentences that equal the target, or score under 0.11, from the
            search (the clean protocol); auto does so for a target, and not for a table of data.
        top: How many of the best expressions to print and to simplify.
        jobs: Trials at a time; by default one for each processor.
        seed: Of everything random.
        name: The folder of the search within the run; by default a new one, search-001 and so on.
        overwrite: Replace the search of that name.
        resume: Go on with a search that was stopped: its folder. All else is read from it.
    """

    run: Path | None = None
    runs: Path = Path("runs")
    target: str = KUSNER_TARGET
    csv: Path | None = None
    y: str | None = None
    trials: int = 5
    rounds: int = Settings.rounds
    batch: int = Settings.batch
    begin_from: int = 1000
    pool: int = Settings.pool
    steps: int = Settings.steps
    candidates: int = Settings.candidates
    fit_points: int = Settings.fit_points
    parents: int = Settings.parents
    reach: float = Settings.reach
    foresee: bool = Settings.foresee
    joins: int = Settings.joins
    withhold: Literal["auto", "yes", "no"] = "auto"
    top: int = 10
    jobs: int | None = None
    seed: int = 0
    name: str | None = None
    overwrite: bool = False
    resume: Path | None = None

    def settings(self) -> Settings:
        """What a search needs of these options."""
        names = [field.name for field in dataclasses.fields(Settings)]
        return Settings(**{name: getattr(self, name) for name in names})


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    resumed = open_run(options.resume, SEARCH_TOOL) if options.resume is not None else None
    if resumed is not None:
        source = str(resumed.path / "config.json")
        recorded = options_from_record(Options, resumed.config.get("options"), source)
        options = dataclasses.replace(recorded, run=resumed.path.parent, jobs=options.jobs)
    _check_options(options)
    settings = options.settings()
    trained = newest_run(options.runs, TOOL) if options.run is None else open_run(options.run, TOOL)
    task = _prepare(trained, options, terminal)
    folder = resumed or _create(trained, options, task, terminal)
    trials = task.trials(
        trained.path,
        folder.path,
        count=options.trials,
        begin_from=options.begin_from,
        settings=settings,
        seed=options.seed,
    )
    try:
        found = _search(trials, task, options, terminal)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"what was evaluated is kept; go on with '{TOOL} bo --resume {folder.path}'"
        ) from None
    _report(folder, task, trials, found, options, terminal)


def _prepare(trained: Run, options: Options, terminal: Terminal) -> Task:
    searchable = Searchable.load(trained)
    objective = _objective(options, searchable.sentences)
    clean = options.withhold == "yes" or (options.withhold == "auto" and options.csv is None)
    return searchable.task(objective, clean=clean, tell=terminal.note)


def _objective(options: Options, sentences: Sequence[str]) -> Regression:
    mentioned = variables_of(sentences)
    if options.csv is not None:
        objective = Regression.from_csv(options.csv, options.y)
        if mentioned and not set(mentioned) & set(objective.variables):
            raise LisaError(
                f"{options.csv} has the variables {', '.join(objective.variables)}, but the "
                f"sentences are in {', '.join(mentioned)}: name the columns so"
            )
        return objective
    if options.y is not None:
        raise LisaError("--y names a column of --csv; give that too")
    return regression_for(options.target, derive_seed(options.seed, "points"), mentioned or None)


def _create(trained: Run, options: Options, task: Task, terminal: Terminal) -> Run:
    path = (
        next_run_path(trained.path, "search")
        if options.name is None
        else trained.path / options.name
    )
    options = dataclasses.replace(options, run=trained.path)
    passing = {"json", "quiet", "overwrite", "resume", "name", "jobs"}
    folder = create_run(
        path,
        {
            "tool": SEARCH_TOOL,
            "version": version(DISTRIBUTION),
            "created": datetime.now(UTC).isoformat(timespec="microseconds"),
            "options": {
                name: str(value) if isinstance(value, Path) else value
                for name, value in vars(options).items()
                if name not in passing
            },
            "withheld": str(task.withhold),
        },
        overwrite=options.overwrite,
    )
    terminal.note(f"search: {folder.path}")
    return folder


def _search(
    trials: Sequence[Trial], task: Task, options: Options, terminal: Terminal
) -> list[list[Evaluation]]:
    budget = options.rounds * options.batch
    jobs = min(options.jobs or os.cpu_count() or 1, len(trials))
    paths = [trial.record for trial in trials]
    with watching(terminal, "searching", paths, budget * len(trials)):
        return list(run_trials(trials, task.objective, jobs))


def _report(
    folder: Run,
    task: Task,
    trials: Sequence[Trial],
    found: Sequence[Sequence[Evaluation]],
    options: Options,
    terminal: Terminal,
) -> None:
    if not any(found):
        raise LisaError(_nothing_new(folder.path.parent, task, len(trials[0].sentences)))
    budget = options.rounds * options.batch
    draws: dict[str, list[Draws]] = {
        _SEARCH: [[e.sentence for e in evaluations] for evaluations in found]
    }
    draws |= random_draws(task, budget, [trial.seed for trial in trials])
    scores = {name: [task.objective(texts) for texts in each] for name, each in draws.items()}
    rows = {
        name: [
            trial_row(texts, values, task.objective)
            for texts, values in zip(draws[name], scores[name], strict=True)
        ]
        for name in draws
    }
    best = hall_of_fame(found, options.top, task.objective)
    folder.write_text(HALL_OF_FAME, _hall_of_fame_csv(best))
    plot_convergence(folder, scores)
    _plot_best(folder, task.objective, best)
    _print_trials(terminal, rows[_SEARCH])
    _print_summary(terminal, rows)
    _print_best(terminal, best[: options.top])
    summary = {
        "target": str(options.csv or options.target),
        "withheld": {"equal": task.withhold.equal, "near": task.withhold.near},
        "evaluations_per_trial": budget,
        "trials": rows,
        "means": {name: means(each) for name, each in rows.items()},
        "best": best[: options.top],
    }
    folder.write_json(SUMMARY, summary)
    terminal.note(f"kept in {folder.path}: {HALL_OF_FAME}, {SUMMARY}, convergence.png, best.png")
    terminal.result(search=str(folder.path), **summary)


def _nothing_new(run: Path, task: Task, begun: int) -> str:
    """Why a search may have ended without a sentence, and what to do."""
    found = "the search found no new sentence to score: "
    if isinstance(task.model, CharacterModel):
        return (
            f"{found}the texts that {run} decodes to are no sentences of "
            f"{task.model.grammar.source}, or among the {begun} that it began from; train for "
            "more --epochs, or decode more with --pool"
        )
    return (
        f"{found}all that {run} decodes to is among the {begun} that it began from, or equals one "
        "of them by algebra; decode more with --pool, or train on longer sentences"
    )


def hall_of_fame(
    found: Sequence[Sequence[Evaluation]], top: int, objective: Regression
) -> list[dict[str, Any]]:
    """The best hundred expressions over all trials; the first `top` simplified.

    Of sentences with equal scores, which most often are one function, the shortest stands for all.
    Sentences with the worst score, which may not even be expressions, are left out.
    """
    from grammar_lisa.objectives.algebra import simplify_all

    entries: dict[str, dict[str, Any]] = {}
    for trial, evaluations in enumerate(found, start=1):
        for count, e in enumerate(evaluations, start=1):
            entry = {"score": e.score, "sentence": e.sentence, "trial": trial, "evaluation": count}
            if e.sentence not in entries or count < entries[e.sentence]["evaluation"]:
                entries[e.sentence] = entry
    scored = [entry for entry in entries.values() if entry["score"] < objective.worst]
    ranked = sorted(scored, key=lambda entry: (entry["score"], len(entry["sentence"])))
    order = list({f"{entry['score']:.12g}": entry for entry in reversed(ranked)}.values())[::-1]
    best = order[: max(100, top)]
    shown = [entry["sentence"] for entry in best[:top]]
    simplified = simplify_all(shown, variables=objective.variables)
    for rank, entry in enumerate(best, start=1):
        form = simplified[rank - 1] if rank <= top else str(entry["sentence"])
        entry |= {"rank": rank, "simplified": form, "latex": latex(form)}
    return best


def _hall_of_fame_csv(best: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    columns = ["rank", "score", "sentence", "simplified", "latex", "trial", "evaluation"]
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(best)
    return text.getvalue()


def _plot_best(folder: Run, objective: Regression, best: Sequence[Mapping[str, Any]]) -> None:
    fits = {
        f"{entry['simplified']}  ({entry['score']:.4f})": evaluate(
            [entry["sentence"]], objective.data
        )[0]
        for entry in best[:3]
    }
    plot_best(folder, objective.data, objective.y, fits)


def _print_trials(terminal: Terminal, rows: Sequence[Mapping[str, Any]]) -> None:
    terminal.table(
        "trials of the search, and evaluations until a score was reached",
        ("trial", *COLUMNS, *REACHED),
        [
            (
                number,
                *(show_cell(name, row[name]) for name in COLUMNS),
                *(show(first) for first in row["reached"].values()),
            )
            for number, row in enumerate(rows, start=1)
        ],
    )


def _print_summary(terminal: Terminal, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    terminal.table(
        "mean ± deviation over trials, and trials that reached a score",
        ("", *COLUMNS, *REACHED),
        [(name, *mean_cells(each)) for name, each in rows.items()],
    )


def _print_best(terminal: Terminal, best: Sequence[Mapping[str, Any]]) -> None:
    if not best:
        terminal.print("no sentence could be scored better than the worst score")
        return
    terminal.table(
        "best expressions",
        ("score", "sentence", "simplified", "trial", "evaluation"),
        [
            (
                f"{entry['score']:.4g}",
                entry["sentence"],
                entry["simplified"],
                entry["trial"],
                entry["evaluation"],
            )
            for entry in best
        ],
    )
    terminal.print(f"LaTeX of the best: {best[0]['latex']}")


def _check_options(options: Options) -> None:
    check_name(options.name)
    check_ranges(
        options,
        trials=(1, 1000),
        rounds=(1, 10_000),
        batch=(1, 10_000),
        begin_from=(2, 10_000_000),
        pool=(1, 1_000_000),
        candidates=(1, 20_000),
        fit_points=(2, 10_000),
        parents=(1, 1_000_000),
        joins=(0, 10_000),
        top=(1, 1000),
        jobs=(1, 1024),
    )
    if options.rounds * options.batch > LARGEST_BUDGET:
        raise LisaError(
            f"--rounds {options.rounds} of --batch {options.batch} are more than "
            f"{LARGEST_BUDGET:,} evaluations a trial; ask for fewer"
        )
