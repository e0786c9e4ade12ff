"""What each part of the search is worth: the same trials with parts taken out, as JSON.

    .venv/bin/python scripts/ablate_search.py runs/NAME results/grammar_ablation.json

Every variant begins from the same scored sentences with the same seeds, by the clean protocol.
Without `--foresee` the parts are taken out of a search that neither foresees nor joins, as these
two hide what the others do.
"""

import argparse
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from environment_record import environment
from numpy.typing import NDArray

from grammar_lisa.benchmark.drawn import drawn_targets
from grammar_lisa.model import TOOL
from grammar_lisa.objectives.objective import Forms
from grammar_lisa.objectives.regression import KUSNER_TARGET
from grammar_lisa.objectives.targets import regression_for, target_for
from grammar_lisa.search.acquisition import Aim, SmallErrors
from grammar_lisa.search.candidates import Candidates, New
from grammar_lisa.search.record import Record
from grammar_lisa.search.search import Aims, Search, Settings
from grammar_lisa.search.surrogate import Surrogate
from grammar_lisa.search.trials import Trial
from grammar_lisa.search_task import Searchable, Task
from grammar_lisa.trial_tables import means, trial_row
from shared.files import write_json
from shared.runs import open_run

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class WithoutSums(Search):
    """The outputs are modelled by the kernel of structure and chord, as if no sum were known."""

    def _aims(self, rows: Integers) -> Aims:
        aims = super()._aims(rows)
        assert self.outputs is not None
        squashed = np.arcsinh(self.outputs.errors / 0.1)
        best = float(np.log(np.maximum((squashed**2).mean(axis=1), 1e-12).min()))
        outputs = Surrogate.fit(self.points.rows(rows), squashed[rows])
        return aims._replace(sure=SmallErrors(outputs, best, boldness=aims.sure.boldness))


class WithoutStructure(Search):
    """The second half of a batch weighs the doubts of the sums, too."""

    def _aims(self, rows: Integers) -> Aims:
        aims = super()._aims(rows)
        return aims._replace(likely=replace(aims.sure, boldness=1.0))


class WithoutForms(Search):
    """Sentences that come to the same by algebra are scored each."""

    def _forms(self, sentences: Sequence[str]) -> Forms:
        return Forms(Forms.of_texts(sentences).keys, super()._forms(sentences).terms)


class WithoutComplements(Search):
    """No proposals towards what the best sentence leaves over."""

    def _complements(self, shares: Floats | None) -> Integers:
        return np.empty(0, dtype=np.int64)


class AlikeStarts(Search):
    """Further steps start from the best candidates, however alike these are."""

    def _promising_starts(self, found: Candidates, sure: Aim) -> Integers:
        promise = sure.improvement(*found.expected)
        return np.argsort(-promise, kind="stable")[: self.settings.parents]


PLAIN: dict[str, Any] = {"foresee": False, "joins": 0}


class WithoutHopes(Search):
    """No sentences that are foreseen at some points only."""

    def _hopes(self, parents: Integers) -> New:
        return self._new(self.model.parse([]), None)


VARIANTS: dict[str, tuple[type[Search], dict[str, Any], bool]] = {
    "whole": (Search, {"foresee": True, "joins": Settings.joins}, True),
    "without hopes": (WithoutHopes, {"foresee": True, "joins": Settings.joins}, True),
    "without joins": (Search, {"foresee": True, "joins": 0}, True),
    "without foresight": (Search, PLAIN, True),
    "scores instead of outputs": (Search, {}, False),
    "outputs without sums": (WithoutSums, {}, True),
    "without the scores' structure": (WithoutStructure, {}, True),
    "without forms": (WithoutForms, {}, True),
    "without complements": (WithoutComplements, {}, True),
    "without distinct starts": (AlikeStarts, {}, True),
    "one step": (Search, {"steps": 1}, True),
}
"""By name: the search, the settings other than those asked for, whether outputs are told."""


def carry_out(name: str, trial: Trial, task: Task) -> dict[str, Any]:
    """One trial of one variant: its statistics and its seconds."""
    kind, changed, told = VARIANTS[name]
    began = time.monotonic()
    search = kind(
        task.model,
        trial.sentences,
        trial.scores,
        replace(trial.settings, **changed),
        trial.seed,
        composite=task.objective if told else None,
        space=task.space,
    )
    with tempfile.TemporaryDirectory() as folder:
        found = search.run(task.objective, Record(Path(folder) / "trial.jsonl", {}))
    sentences, scores = [e.sentence for e in found], [e.score for e in found]
    row = trial_row(sentences, scores, task.objective)
    return row | {"seconds": time.monotonic() - began}


def compare(
    searchable: Searchable, targets: Sequence[str], settings: Settings, options: argparse.Namespace
) -> dict[str, Any]:
    """All variants, each on the same trials of the same targets."""
    planned = [(target, *plan(searchable, target, settings, options)) for target in targets]
    found: dict[str, Any] = {}
    for name in options.variants or VARIANTS:
        rows = [
            {"target": target} | carry_out(name, trial, task)
            for target, task, trials in planned
            for trial in trials
        ]
        seconds = float(np.mean([row["seconds"] for row in rows]))
        found[name] = {"means": means(rows) | {"seconds": seconds}, "trials": rows}
        sys.stdout.write(json.dumps({name: found[name]["means"]}) + "\n")
        sys.stdout.flush()
    return found


def plan(
    searchable: Searchable, target: str, settings: Settings, options: argparse.Namespace
) -> tuple[Task, list[Trial]]:
    """The task of a target and its trials."""
    task = searchable.task(regression_for(target), clean=True, tell=lambda _: None)
    trials = task.trials(
        options.run,
        options.run,
        count=options.trials,
        begin_from=options.begin_from,
        settings=settings,
        seed=options.seed,
    )
    return task, trials


def drawn(searchable: Searchable, count: int, seed: int) -> list[str]:
    """Targets in x that nobody chose."""
    model, points = searchable.model, target_for(KUSNER_TARGET).points_drawn()
    return drawn_targets(model.grammar, model.architecture.max_rules, points, count, seed)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("run", type=Path, help="the folder of a trained run")
    arguments.add_argument("output", type=Path, help="the JSON file to write")
    arguments.add_argument("--targets", nargs="+", default=[KUSNER_TARGET])
    arguments.add_argument("--drawn", type=int, help="so many drawn by the seed, in their place")
    arguments.add_argument("--foresee", action="store_true", help="foresee and join, as by default")
    arguments.add_argument("--trials", type=int, default=10, help="of each target")
    arguments.add_argument("--rounds", type=int, default=10)
    arguments.add_argument("--begin-from", type=int, default=500)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--variants", nargs="+", choices=VARIANTS, help="by default all")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    searchable = Searchable.load(open_run(options.run, TOOL))
    targets = options.targets
    if options.drawn:
        targets = drawn(searchable, options.drawn, options.seed)
    settings = Settings(rounds=options.rounds, **({} if options.foresee else PLAIN))
    with np.errstate(all="ignore"):
        variants = compare(searchable, targets, settings, options)
    record = {
        "environment": environment(),
        "targets": targets,
        "settings": asdict(settings),
        "begins_from": options.begin_from,
        "seed": options.seed,
        "variants": variants,
    }
    write_json(options.output, record)


if __name__ == "__main__":
    main()
