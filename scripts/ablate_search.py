"""What each part of the search is worth: the same trials with parts taken out, as JSON.

    .venv/bin/python scripts/ablate_search.py runs/NAME results/grammar_ablation.json

Every variant begins from the same scored sentences with the same seeds, by the clean protocol.
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

from grammar_lisa.model import TOOL
from grammar_lisa.objectives.objective import Forms
from grammar_lisa.objectives.regression import KUSNER_TARGET, Regression
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.search.acquisition import Aim, SmallErrors
from grammar_lisa.search.candidates import Candidates
from grammar_lisa.search.record import Record
from grammar_lisa.search.search import Aims, Search, Settings
from grammar_lisa.search.surrogate import Surrogate
from grammar_lisa.search.trials import Trial, plan_trials
from grammar_lisa.search_task import Searchable, Task
from grammar_lisa.trial_tables import means, trial_row
from shared.runs import open_run
from shared.seeds import derive_seed

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


VARIANTS: dict[str, tuple[type[Search], dict[str, Any], bool]] = {
    "whole": (Search, {"foresee": True, "joins": Settings.joins}, True),
    "without joins": (Search, {"foresee": True}, True),
    "without foresight": (Search, {}, True),
    "scores instead of outputs": (Search, {}, False),
    "outputs without sums": (WithoutSums, {}, True),
    "without the scores' structure": (WithoutStructure, {}, True),
    "without forms": (WithoutForms, {}, True),
    "without complements": (WithoutComplements, {}, True),
    "without distinct starts": (AlikeStarts, {}, True),
    "one step": (Search, {"steps": 1}, True),
}
"""By name: the search, the settings other than those of `PLAIN`, whether outputs are told."""

PLAIN: dict[str, Any] = {"foresee": False, "joins": 0}
"""From the third variant on foresight, which hides what the other parts do, is out as well."""


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


def compare(task: Task, run: Path, options: argparse.Namespace) -> dict[str, Any]:
    """All variants, each on the same trials."""
    trials = plan_trials(
        run,
        run,
        task.sentences,
        task.scores,
        count=options.trials,
        begin_from=options.begin_from,
        settings=Settings(rounds=options.rounds, **PLAIN),
        seed=derive_seed(options.seed, "search"),
    )
    found: dict[str, Any] = {}
    for name in options.variants or VARIANTS:
        rows = [carry_out(name, trial, task) for trial in trials]
        seconds = float(np.mean([row["seconds"] for row in rows]))
        found[name] = {"means": means(rows) | {"seconds": seconds}, "trials": rows}
        sys.stdout.write(json.dumps({name: found[name]["means"]}) + "\n")
        sys.stdout.flush()
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("run", type=Path, help="the folder of a trained run")
    arguments.add_argument("output", type=Path, help="the JSON file to write")
    arguments.add_argument("--target", default=KUSNER_TARGET)
    arguments.add_argument("--trials", type=int, default=10)
    arguments.add_argument("--rounds", type=int, default=10)
    arguments.add_argument("--begin-from", type=int, default=500)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--variants", nargs="+", choices=VARIANTS, help="by default all")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    searchable = Searchable.load(open_run(options.run, TOOL))
    objective: Regression = regression_for(options.target)
    task = searchable.task(objective, clean=True, tell=lambda _: None)
    with np.errstate(all="ignore"):
        variants = compare(task, options.run, options)
    record = {
        "environment": environment(),
        "target": options.target,
        "withheld": str(task.withhold),
        "settings": asdict(Settings(rounds=options.rounds, **PLAIN)),
        "begins_from": options.begin_from,
        "seed": options.seed,
        "variants": variants,
    }
    options.output.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
