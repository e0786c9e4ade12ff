"""What workers do for a comparison: train a run, carry out a trial, draw at random."""

import abc
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import torch
from joblib.externals.loky.process_executor import TerminatedWorkerError

from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import TOOL
from grammar_lisa.objectives.objective import Objective
from grammar_lisa.optimize.baselines import from_space
from grammar_lisa.optimize.config import SpaceName
from grammar_lisa.optimize.spaces import space_of_run
from grammar_lisa.optimize.trial_tables import trial_row
from grammar_lisa.optimize.trials import Trial, run_trial
from grammar_lisa.training.experiment import Plan, data_of, finish_run, make_run, train_run
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.common.threads import limited_threads
from shared.jobs.workers import ends_with
from shared.runs.files import read_json, write_json
from shared.runs.folders import as_json
from shared.runs.run import CONFIG, SUMMARY, Run, open_run

FAILED = "failed.json"
"""How names of files end that say why something failed; gone when a later call succeeds."""

_BROKEN = (ValueError, RuntimeError, ArithmeticError, MemoryError)
"""What a piece of work may fail with without stopping the others: bad numbers, no memory."""

_PLACES = ("grammar", "data", "runs", "threads", "device", "checkpoint_seconds")
"""Options that do not decide what a run is."""

_POINTS = 1000
"""How many points are drawn to see how many decode to sentences."""


@dataclass(frozen=True)
class Work(abc.ABC):
    """Something that is done once, and leaves a file."""

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """What messages call it."""

    @property
    @abc.abstractmethod
    def result(self) -> Path:
        """The file that tells that it is done."""

    @property
    @abc.abstractmethod
    def failure(self) -> Path:
        """The file that tells why it failed."""

    @property
    def done(self) -> bool:
        """Whether it need not be done again."""
        return self.result.is_file()

    @abc.abstractmethod
    def do(self, objective: Objective) -> None:
        """Do it, from where it was stopped."""


@dataclass(frozen=True)
class Training(Work):
    """The training of one run.

    Attributes:
        path: the run's folder.
        plan: of the run.
    """

    path: Path
    plan: Plan

    @property
    def name(self) -> str:
        """The run's."""
        return self.path.name

    @property
    def result(self) -> Path:
        """The summary, which a run writes last."""
        return self.path / SUMMARY

    @property
    def failure(self) -> Path:
        """In the run's folder."""
        return self.path / FAILED

    def do(self, objective: Objective) -> None:
        """Train, fit the samplers, evaluate.

        Raises:
            LisaError: if the folder holds another run, or training fails.
        """
        if (self.path / CONFIG).is_file():
            run = self._opened()
            data = data_of(run, self.plan.sentences)
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
class Measured(Work):
    """A trial of a search or of random draws, whose statistics are kept.

    Attributes:
        path: the JSON file that keeps them.
        run: the trained run.
        marks: after how many evaluations statistics are told; for a search, after how many of
            its batches.
    """

    path: Path
    run: Path
    marks: tuple[int, ...]

    @property
    def name(self) -> str:
        """The run's, the place in it, the trial."""
        return f"{self.run.name}/{self.path.parent.name}/{self.path.stem}"

    @property
    def result(self) -> Path:
        """The statistics."""
        return self.path

    @property
    def failure(self) -> Path:
        """Beside them."""
        return self.path.with_name(f"{self.path.stem}-{FAILED}")


@dataclass(frozen=True)
class Searching(Measured):
    """A trial of a search.

    Attributes:
        trial: which.
    """

    trial: Trial

    def do(self, objective: Objective) -> None:
        """Search, and keep the statistics."""
        began = time.monotonic()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        found = run_trial(self.trial, objective)
        batch = self.trial.config.batch
        at: dict[str, Any] = {}
        for rounds in self.marks:
            seen = [each for each in found if each.round <= rounds]
            sentences, scores = [e.sentence for e in seen], [e.value for e in seen]
            at[str(rounds * batch)] = trial_row(sentences, scores, objective)
        record = {"trial": self.trial.number, "seed": self.trial.seed, "at": at}
        write_json(self.path, record | {"seconds": time.monotonic() - began})


@dataclass(frozen=True)
class Drawing(Measured):
    """Random points of the space that a search looks through.

    Attributes:
        number: of the trial.
        seed: of the trial.
        space: which space.
    """

    number: int
    seed: int
    space: SpaceName

    def do(self, objective: Objective) -> None:
        """Draw and decode: distinct texts to score; and how many points decode to a sentence."""
        run = open_run(self.run, TOOL)
        model = load_model(run)
        space = space_of_run(model, run, self.space)
        drawn = from_space(model, space, self.marks[-1], self.seed)
        draw = torch.Generator().manual_seed(derive_seed(self.seed, "decodes"))
        decoded = model.sentences(space.codes(space.sample(_POINTS, draw)))
        decodes = sum(sentence is not None for sentence in decoded) / _POINTS
        self.path.parent.mkdir(parents=True, exist_ok=True)
        record = drawn_record(drawn, self.marks, objective)
        head = {"trial": self.number, "seed": self.seed, "decodes": decodes}
        write_json(self.path, head | {"space": space.name, "at": record})


def drawn_record(
    sentences: Sequence[str | None], marks: Sequence[int], objective: Objective
) -> dict[str, Any]:
    """The statistics of random draws after some numbers of them."""
    scores = objective(sentences)
    return {str(m): trial_row(sentences[:m], scores[:m], objective) for m in marks}


@dataclass(frozen=True)
class Progress:
    """How far the work of a call is.

    Attributes:
        done: how many pieces ended, in this call.
        total: how many there were to do.
        seconds: how long the last one took.
        left: about how many seconds the rest will take.
    """

    done: int
    total: int
    seconds: float
    left: float


OnEnd = Callable[[Work, str, Progress], None]
"""Called as a piece of work ends, with why it failed or nothing, and how far the call is."""


def do_all(work: Iterable[Work], objective: Objective, jobs: int, on_end: OnEnd) -> None:
    """Do what is not done yet, several pieces at a time, each on one thread.

    What fails leaves a file that says why, and does not stop the rest; the next call tries again.

    Raises:
        LisaError: if the system killed a process.
    """
    waiting = [each for each in work if not each.done]
    jobs = max(1, min(jobs, len(waiting)))
    call = joblib.delayed(attempt)
    ended: Iterable[tuple[int, str, float]] = joblib.Parallel(
        n_jobs=jobs, return_as="generator_unordered", batch_size=1
    )(call(place, each, objective, os.getpid()) for place, each in enumerate(waiting))
    began = time.monotonic()
    try:
        for done, (place, failure, seconds) in enumerate(ended, 1):
            left = (time.monotonic() - began) / done * (len(waiting) - done)
            on_end(waiting[place], failure, Progress(done, len(waiting), seconds, left))
    except TerminatedWorkerError as error:
        raise LisaError(
            f"a process of {jobs} was killed, perhaps as memory ran out; give the same command "
            "with fewer --jobs, and it goes on"
        ) from error


def attempt(place: int, work: Work, objective: Objective, owner: int) -> tuple[int, str, float]:
    """Do one piece of work.

    Args:
        place: given back.
        work: what to do.
        objective: scores sentences.
        owner: the process that waits for it.

    Returns:
        The place, why it failed or nothing, and the seconds it took.
    """
    began = time.monotonic()
    failure = ""
    with ends_with(owner), limited_threads(1):
        work.failure.unlink(missing_ok=True)
        try:
            work.do(objective)
        except _BROKEN as error:
            known = isinstance(error, LisaError)
            failure = str(error) if known else f"{type(error).__name__}: {error}"
            work.failure.parent.mkdir(parents=True, exist_ok=True)
            write_json(work.failure, {"message": failure, "kind": type(error).__name__})
    return place, failure, time.monotonic() - began


def failures(folder: Path) -> dict[str, str]:
    """Why work in a folder failed that has not succeeded since, by its file's place."""
    found = sorted(folder.rglob(f"*{FAILED}"))
    places = {path: path.relative_to(folder) for path in found}
    return {
        str(place.parent if place.name == FAILED else place).removesuffix(f"-{FAILED}"): str(
            read_json(path).get("message")
        )
        for path, place in places.items()
    }
