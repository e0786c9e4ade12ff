"""Several searches from several seeds, side by side."""

import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import joblib
import numpy as np
from numpy.typing import NDArray

from grammar_lisa.model import TOOL, load_model
from grammar_lisa.objectives.objective import Composite, Objective
from grammar_lisa.search.record import Evaluation, Record
from grammar_lisa.search.search import Search, Settings
from grammar_lisa.search.space import space_of_run
from shared.runs import open_run
from shared.seeds import derive_seed
from shared.threads import limited_threads
from shared.workers import ends_with


@dataclass(frozen=True)
class Trial:
    """One search: all that a worker needs to carry it out.

    Attributes:
        number: counted from 1.
        run: the folder of the trained model.
        record: the file that evaluations are written to.
        sentences: what is scored to begin with.
        scores: their scores.
        settings: how to search.
        seed: of this trial.
    """

    number: int
    run: Path
    record: Path
    sentences: list[str]
    scores: NDArray[np.float64]
    settings: Settings
    seed: int

    def header(self) -> dict[str, object]:
        """What identifies the trial in its record."""
        return {
            "trial": self.number,
            "seed": self.seed,
            "begins_from": len(self.sentences),
            "settings": asdict(self.settings),
        }


def plan_trials(
    run: Path,
    folder: Path,
    sentences: Sequence[str],
    scores: NDArray[np.float64],
    *,
    count: int,
    begin_from: int,
    settings: Settings,
    seed: int,
) -> list[Trial]:
    """Trials that each begin from their own draw of scored sentences.

    Args:
        run: the folder of the trained model.
        folder: where records go.
        sentences: those that a trial may begin from.
        scores: of all of them.
        count: how many trials.
        begin_from: how many scored sentences a trial begins from.
        settings: of each search.
        seed: of all trials; each has its own, derived from it.
    """
    trials = []
    for number in range(1, count + 1):
        own = derive_seed(seed, "trial", number)
        rng = np.random.default_rng(derive_seed(own, "begin"))
        chosen = rng.permutation(len(sentences))[:begin_from]
        trials.append(
            Trial(
                number,
                run,
                folder / f"trial-{number:02d}.jsonl",
                [sentences[i] for i in chosen],
                scores[chosen],
                settings,
                own,
            )
        )
    return trials


def run_trial(trial: Trial, objective: Objective, owner: int | None = None) -> list[Evaluation]:
    """Carry one trial out, on one thread, from its record if there is one.

    Args:
        trial: what to do.
        objective: scores sentences.
        owner: the process that waits for the result, by default this one.
    """
    quiet = warnings.catch_warnings(action="ignore")
    with limited_threads(1), ends_with(owner), quiet, np.errstate(all="ignore"):
        record = Record(trial.record, trial.header())
        run = open_run(trial.run, TOOL)
        model = load_model(run)
        search = Search(
            model,
            trial.sentences,
            trial.scores,
            trial.settings,
            trial.seed,
            composite=objective if isinstance(objective, Composite) else None,
            space=space_of_run(model, run),
        )
        return search.run(objective, record)


def run_trials(
    trials: Sequence[Trial], objective: Objective, jobs: int
) -> Iterator[list[Evaluation]]:
    """Carry trials out in worker processes, one thread each; results come in order.

    Args:
        trials: what to do.
        objective: scores sentences; it is handed to each worker.
        jobs: how many at a time; 1 stays in this process.
    """
    parallel = joblib.Parallel(n_jobs=jobs, return_as="generator")
    results: Iterator[list[Evaluation]] = parallel(
        joblib.delayed(run_trial)(trial, objective, os.getpid()) for trial in trials
    )
    return results
