"""One run searched for many targets with the same settings, and the tables of what it finds."""

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from grammar_lisa.benchmark.drawn import drawn_targets
from grammar_lisa.benchmark.results import RESULTS, BenchmarkResults, ResultTable
from grammar_lisa.expressions.expression import variables_of
from grammar_lisa.models.names import TOOL
from grammar_lisa.objectives.decontamination import NEAR
from grammar_lisa.objectives.regression import Regression
from grammar_lisa.objectives.targets import OTHER_POINTS, TARGETS, Target, target_for
from grammar_lisa.optimize.config import TrialSettings
from grammar_lisa.optimize.problem import Draws, SearchedRun, random_draws
from grammar_lisa.optimize.trial_tables import (
    COLUMNS,
    REACHED,
    first_reached,
    mean_cell,
    means,
    reached_cell,
    trial_row,
)
from grammar_lisa.optimize.trials import run_trials
from shared.common.callbacks import Notify
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.common.words import counted
from shared.jobs.backends import Backend
from shared.jobs.folder import JobFolder
from shared.runs.files import read_json, write_json
from shared.runs.folders import open_folder
from shared.runs.run import Run

TARGETS_TOOL: Final = f"{TOOL} benchmark targets"
SEARCH: Final = "search"
RECOVERED: Final = "recovered"
SHORT: Final = ("average", "best")
"""The statistics that a narrow table shows, of `COLUMNS`."""

TargetResult = Mapping[str, Any]
ShowProgress = Callable[[Sequence[Path]], AbstractContextManager[None]]
"""Shows how the evaluations of trials come in, on record in these files."""


@dataclass(frozen=True)
class TargetBenchmark(JobFolder):
    """A folder with the searches of one run for many targets.

    Attributes:
        searched: The run.
        settings: Of all searches.
    """

    searched: SearchedRun
    settings: TrialSettings

    def target(self, text: str) -> Target:
        """Return the target of a name or of an expression in the variables of the run.

        Raises:
            LisaError: It is neither, or not finite where it is to be found.
        """
        target = target_for(text, variables_of(self.searched.sentences) or None)
        self._objective(target)
        return target

    def drawn(self, count: int) -> list[Target]:
        """Return targets drawn from the grammar of the run, see `drawn_targets`.

        Raises:
            LisaError: It has too few.
        """
        model, seed = self.searched.model, self.settings.seed
        variables = variables_of(self.searched.sentences) or ("x",)
        points = target_for(variables[0], variables).points_drawn(derive_seed(seed, "points"))
        texts = drawn_targets(model.grammar, model.architecture.max_rules, points, count, seed)
        return [target_for(text, variables) for text in texts]

    def search(
        self,
        target: Target,
        *,
        trials: int,
        backend: Backend,
        notify: Notify,
        show_progress: ShowProgress,
    ) -> TargetResult:
        """Search for a target, from where it was stopped, and keep what was found.

        A trial is the one of `grammar-lisa bo` with the same options.

        Args:
            target: To be found.
            trials: How many; more are added to those of an earlier call.
            backend: What carries the trials out.
            notify: Hears what was left out.
            show_progress: Shows the evaluations.

        Raises:
            LisaError: The run cannot be searched for it.
        """
        place = self.path / folder_of(target)
        kept = _kept(place)
        if kept is not None and kept["trials"] >= trials:
            return kept
        objective, settings = self._objective(target), self.settings
        problem = self.searched.problem(objective, decontaminate=True, notify=notify)
        place.mkdir(exist_ok=True)
        planned = problem.trials(self.searched.run.path, place, trials, settings)
        with show_progress([trial.history for trial in planned]):
            found = run_trials(planned, objective, backend)
        draws: dict[str, list[Draws]] = {SEARCH: [[e.sentence for e in each] for each in found]}
        draws |= random_draws(problem, settings.search.budget, [trial.seed for trial in planned])
        rows = {
            name: [self._row(sentences, target, objective) for sentences in each]
            for name, each in draws.items()
        }
        record = {
            "target": target.name,
            "formula": target.formula,
            "points": {
                "variables": target.variables,
                "low": target.low,
                "high": target.high,
                "points": target.points,
            },
            "left_out": {
                "equal": problem.decontamination.equal,
                "near": problem.decontamination.near,
            },
            "seen_by_the_network": problem.seen,
            "n_initial": len(planned[0].sentences),
            "trials": trials,
            "rows": rows,
            "means": {name: means_of(each) for name, each in rows.items()},
        }
        write_json(place / RESULTS, record)
        return record

    def records(self) -> list[TargetResult]:
        """Return what was found of every target so far, named ones first."""
        found = [_kept(path.parent) for path in sorted(self.path.glob(f"*/{RESULTS}"))]
        order = {name: place for place, name in enumerate(TARGETS)}
        known = [record for record in found if record is not None]
        return sorted(known, key=lambda record: order.get(record["target"], len(order)))

    def write(self) -> list[TargetResult]:
        """Write `results.json`, `targets.md` and `targets.csv`, and give the records in them."""
        records = self.records()
        heads = ("target", "formula", "left out, equal", "left out, near", "best found")
        tables = [
            ResultTable(heads_of(), target_cells(records)),
            ResultTable(heads, [_kept_from(record) for record in records]),
        ]
        notes = (*totals_of(records), *self.notes(records))
        numbers, record = target_numbers(records), {"targets": records}
        BenchmarkResults("targets", "", tables, notes, numbers, record).write(self)
        return records

    def notes(self, records: Sequence[TargetResult]) -> list[str]:
        """Return what a reader must know of the table."""
        seen = [record for record in records if record["seen_by_the_network"]]
        seen_by_search = "scores alone" if self.settings.black_box else "the outputs of expressions"
        notes = [
            f"One run, {self.searched.run.path}, and the same settings for all targets: trials "
            f"of at most {counted(self.settings.search.budget, 'evaluation')} that begin from "
            f"{self.settings.n_initial} scored training sentences and see {seen_by_search}. "
            "A trial ends when it meets the target.",
            "Mean ± standard deviation over trials; smaller scores are better. Behind the number "
            "of trials that reached a score stands the median of their evaluations.",
            f"Recovered: an evaluated sentence equals the formula at {OTHER_POINTS:,} other points "
            "of its range, up to rounding.",
            f"Training sentences that equal the target or score under {NEAR} were left out of "
            "what searches begin from and from random draws of the data.",
        ]
        if seen:
            listed = ", ".join(f"{each['target']} {each['seen_by_the_network']}" for each in seen)
            notes.append(
                f"The network itself was trained on sentences left out of {len(seen)} of "
                f"{len(records)} targets: {listed}."
            )
        return notes

    def _objective(self, target: Target) -> Regression:
        return target.regression(derive_seed(self.settings.seed, "points"))

    def _row(
        self, sentences: Sequence[str | None], target: Target, objective: Regression
    ) -> dict[str, Any]:
        """Return statistics of a trial, its best sentence, and when the target was recovered."""
        scores = objective(sentences)
        recovered = target.recovered(sentences, self.settings.seed)
        return {
            **trial_row(sentences, scores, objective),
            "sentence": sentences[int(scores.argmin())] if len(scores) else None,
            RECOVERED: int(recovered.argmax()) + 1 if recovered.any() else None,
        }


def open_targets(path: Path, run: Run, settings: TrialSettings) -> TargetBenchmark:
    """Open a benchmark, or begin it.

    Args:
        path: Its folder.
        run: That is searched.
        settings: Of all searches.

    Raises:
        LisaError: The folder was made with another run or other settings, which the message names,
            or the run cannot be searched.
    """
    searched = SearchedRun.load(run, settings.search.space)
    trained = {"run": str(run.path), "trained": str(run.config.get("created"))}
    folder = open_folder(path, TARGETS_TOOL, {**trained, **settings.record()})
    return TargetBenchmark(folder, searched, settings)


def folder_of(target: Target) -> str:
    """Return the name of the folder of a target.

    It is the target's own, or that of an expression with a checksum.
    """
    if target.name in TARGETS:
        return target.name
    words = re.sub(r"\W+", "-", target.formula.lower()).strip("-")[:40]
    return f"{words}-{hashlib.sha256(target.formula.encode()).hexdigest()[:8]}"


def means_of(rows: Sequence[TargetResult]) -> dict[str, Any]:
    """Return means over trials, and in how many the target was recovered."""
    return means(rows) | {RECOVERED: first_reached([row[RECOVERED] for row in rows])}


def heads_of(columns: Sequence[str] = COLUMNS) -> tuple[str, ...]:
    """Return the heads of the table with some of the statistics."""
    return ("target", "system", "trials", *columns, *REACHED, RECOVERED)


def target_cells(
    records: Iterable[TargetResult], columns: Sequence[str] = COLUMNS
) -> list[tuple[str, ...]]:
    """Return the rows of the table below `heads_of`."""
    return [
        (record["target"], name, str(record["trials"]), *_cells(record, name, columns))
        for record in records
        for name in record["means"]
    ]


def _cells(record: TargetResult, name: str, columns: Sequence[str]) -> list[str]:
    found = record["means"][name]
    cells = [mean_cell(column, found[column], found[f"{column}_deviation"]) for column in columns]
    reached = [reached_cell(found[each], record["trials"]) for each in (*REACHED, RECOVERED)]
    return cells + reached


def totals_of(records: Sequence[TargetResult]) -> list[str]:
    """Say for each system in how many trials targets were recovered, and how many at least once."""
    lines = []
    names = dict.fromkeys(name for record in records for name in record["means"])
    for name in names:
        counts = [r["means"][name][RECOVERED]["trials"] for r in records if name in r["means"]]
        trials = sum(record["trials"] for record in records if name in record["means"])
        lines.append(
            f"{name}: recovered in {sum(counts)} of {counted(trials, 'trial')}, "
            f"{int(np.count_nonzero(counts))} of {counted(len(counts), 'target')} at least once"
        )
    return lines


def _kept_from(record: TargetResult) -> tuple[str, ...]:
    """Return what a target is, what was kept from its searches, and the best that they found."""
    best = min(record["rows"][SEARCH], key=_best)["sentence"]
    left_out = (str(record["left_out"][name]) for name in ("equal", "near"))
    sentence = "–" if best is None else f"`{best}`"
    return (record["target"], f"`{record['formula']}`", *left_out, sentence)


def _best(row: TargetResult) -> float:
    return math.inf if row["best"] is None else float(row["best"])


def target_numbers(records: Iterable[TargetResult]) -> list[dict[str, Any]]:
    """Return the trials, one a row, with every number in a column of its own."""
    return [
        {"target": record["target"], "formula": record["formula"], "system": name, "trial": number}
        | {column: row[column] for column in ("evaluations", *COLUMNS)}
        | {column: row["reached"][column] for column in REACHED}
        | {column: row[column] for column in (RECOVERED, "sentence")}
        for record in records
        for name, rows in record["rows"].items()
        for number, row in enumerate(rows, start=1)
    ]


def _kept(place: Path) -> TargetResult | None:
    """Return what was found of a target, if it was searched for."""
    if not (place / RESULTS).is_file():
        return None
    record = read_json(place / RESULTS)
    wanted = {"target", "formula", "trials", "rows", "means", "seen_by_the_network"}
    if not isinstance(record, dict) or not wanted <= record.keys():
        raise LisaError(
            f"{place / RESULTS} holds no results of '{TARGETS_TOOL}'; remove it, and the trials "
            "beside it are counted again"
        )
    return record
