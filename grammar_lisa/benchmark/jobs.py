"""What workers do for a comparison: train a run, carry out a trial, draw at random."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import TOOL
from grammar_lisa.objectives.objective import Objective
from grammar_lisa.optimize.baselines import from_space
from grammar_lisa.optimize.config import SpaceName
from grammar_lisa.optimize.history import Evaluation
from grammar_lisa.optimize.spaces import space_of_run
from grammar_lisa.optimize.trial_tables import trial_row
from grammar_lisa.optimize.trials import Trial, run_trial
from grammar_lisa.training.experiment import Plan, data_of, finish_run, make_run, train_run
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.jobs.jobs import FileJob, RunJob
from shared.runs.folders import as_json
from shared.runs.run import CONFIG, SUMMARY, Run, open_run

_PLACES = ("grammar", "data", "runs", "threads", "device", "checkpoint_seconds")
"""Options that do not decide what a run is."""

_POINTS = 1000
"""How many points are drawn to see how many decode to sentences."""


@dataclass(frozen=True)
class TrainingJob(RunJob[Objective]):
    """The training of one run.

    Attributes:
        plan: Of the run.
    """

    plan: Plan

    @property
    def done(self) -> bool:
        """Whether the summary is there, which a run writes last."""
        return (self.path / SUMMARY).is_file()

    def is_done(self, context: Objective) -> bool:
        """Tell whether the run is finished."""
        return self.done

    def do(self, context: Objective, threads: int) -> None:
        """Train, fit the samplers, evaluate.

        Raises:
            LisaError: The folder holds another run, or training fails.
        """
        if (self.path / CONFIG).is_file():
            run = self._opened()
            data = data_of(run, self.plan.config)
        else:
            run, data = make_run(self.path, self.plan)
        train_run(run, data, self.plan)
        finish_run(run, data, self.plan)

    def _opened(self) -> Run:
        run = open_run(self.path, TOOL)
        recorded = run.config.get("options")
        recorded = recorded if isinstance(recorded, dict) else {}
        asked = as_json(self.plan.record(self.path.parent))
        names = [n for n in asked if n not in _PLACES and recorded.get(n) != asked[n]]
        if names:
            details = ", ".join(f"{n} {recorded.get(n)} → {asked[n]}" for n in names)
            raise LisaError(
                f"{self.path} holds another run: {details}; remove it, and it is trained again"
            )
        return run


@dataclass(frozen=True)
class TrialJob(FileJob[Objective]):
    """A trial of a search or of random draws, whose statistics are kept."""

    @property
    def name(self) -> str:
        """What is searched or looked for, the place in there, the trial."""
        return "/".join([*self.path.parts[-3:-1], self.path.stem])

    @property
    def folder(self) -> Path:
        """That of its history, in the run that is searched."""
        return self.path.parent


@dataclass(frozen=True)
class SearchJob(TrialJob):
    """A trial of a search.

    Attributes:
        trial: Which.
        reached: Tells of its evaluations and of what scores them what is kept.
        what: What the record says beside that: what is searched, and by what.
    """

    trial: Trial
    reached: Callable[[Sequence[Evaluation], Objective], dict[str, Any]]
    what: Mapping[str, Any] = field(default_factory=dict)

    def do(self, context: Objective, threads: int) -> dict[str, Any]:
        """Search; return the statistics, and the processor time that the search took."""
        began = time.process_time()
        found = run_trial(self.trial, context)
        seconds = time.process_time() - began
        record = {**self.what, "trial": self.trial.number, "seed": self.trial.seed}
        return record | {"seconds": seconds} | self.reached(found, context)


@dataclass(frozen=True)
class RandomJob(TrialJob):
    """Random points of the space that a search looks through.

    Attributes:
        run: The trained run.
        marks: After how many evaluations statistics are told.
        number: Of the trial.
        seed: Of the trial.
        space: Which space.
    """

    run: Path
    marks: tuple[int, ...]
    number: int
    seed: int
    space: SpaceName

    def do(self, context: Objective, threads: int) -> dict[str, Any]:
        """Draw and decode; return what distinct texts score, and how many points are sentences."""
        run = open_run(self.run, TOOL)
        model = load_model(run)
        space = space_of_run(model, run, self.space)
        drawn = from_space(model, space, self.marks[-1], self.seed)
        draw = torch.Generator().manual_seed(derive_seed(self.seed, "decodes"))
        decoded = model.sentences(space.codes(space.sample(_POINTS, draw)))
        decodes = sum(sentence is not None for sentence in decoded) / _POINTS
        record = drawn_record(drawn, self.marks, context)
        head = {"trial": self.number, "seed": self.seed, "decodes": decodes}
        return head | {"space": space.name, "at": record}


def statistics_after(
    found: Sequence[Evaluation], objective: Objective, *, rounds: Sequence[int], batch: int
) -> dict[str, Any]:
    """Return the statistics of a search after some rounds, by their numbers of evaluations."""
    at: dict[str, Any] = {}
    for number in rounds:
        seen = [each for each in found if each.round <= number]
        sentences, scores = [e.sentence for e in seen], [e.value for e in seen]
        at[str(number * batch)] = trial_row(sentences, scores, objective)
    return {"at": at}


def drawn_record(
    sentences: Sequence[str | None], marks: Sequence[int], objective: Objective
) -> dict[str, Any]:
    """Return the statistics of random draws after some numbers of them."""
    scores = objective(sentences)
    return {str(m): trial_row(sentences[:m], scores[:m], objective) for m in marks}
