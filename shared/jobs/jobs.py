"""Independent jobs, several at a time, of which each is done once and may fail alone."""

import abc
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import torch

from shared.common.errors import LisaError
from shared.common.threads import limited_threads
from shared.jobs.backends import Backend, Lost, check_sees
from shared.runs.files import read_json, write_json

FAILED = "failed.json"
"""How names of files end that say why a job failed; gone when a later call succeeds."""

_BROKEN = (ValueError, RuntimeError, ArithmeticError, MemoryError)
"""What a job may fail with without stopping the others: bad numbers, no memory."""

C = TypeVar("C")
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Job(abc.ABC, Generic[C]):
    """Something that is done once, in any process on any machine, and leaves files.

    Jobs of one call share a context, such as what scores sentences.
    """

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """What messages call it."""

    @property
    @abc.abstractmethod
    def failure(self) -> Path:
        """The file that tells why it failed."""

    @property
    def folder(self) -> Path | None:
        """The folder that it reads and writes where it is done; None if it takes all along."""
        return None

    @abc.abstractmethod
    def is_done(self, context: C) -> bool:
        """Tell whether it need not be done again."""

    @abc.abstractmethod
    def do(self, context: C, threads: int) -> Record | None:
        """Do it, from where it was stopped, on so many threads.

        Returns:
            What `keep` is given, in the process that waits for it.
        """

    def keep(self, record: Record) -> None:
        """Write what `do` returned, if it leaves that to the process that waits for it."""
        raise NotImplementedError


@dataclass(frozen=True)
class FileJob(Job[C]):
    """A job of which one JSON file is kept.

    Attributes:
        path: The file.
    """

    path: Path

    @property
    def failure(self) -> Path:
        """Beside the file."""
        return self.path.with_name(f"{self.path.stem}-{FAILED}")

    @property
    def done(self) -> bool:
        """Whether the file is there."""
        return self.path.is_file()

    def is_done(self, context: C) -> bool:
        """Tell whether the file is there."""
        return self.done

    def keep(self, record: Record) -> None:
        """Write the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.path, record)


def kept_files(folder: Path, pattern: str) -> list[Path]:
    """Return the files of such jobs below a folder, sorted, without those that tell failures.

    Args:
        folder: The folder.
        pattern: What their paths in it match.
    """
    return sorted(path for path in folder.glob(pattern) if not path.name.endswith(FAILED))


@dataclass(frozen=True)
class RunJob(Job[C]):
    """A job that leaves a run.

    Attributes:
        path: The run's folder.
    """

    path: Path

    @property
    def name(self) -> str:
        """The run's."""
        return self.path.name

    @property
    def failure(self) -> Path:
        """In the run's folder."""
        return self.path / FAILED

    @property
    def folder(self) -> Path:
        """That of the runs."""
        return self.path.parent


@dataclass(frozen=True)
class JobProgress:
    """How far the jobs of a call are.

    Attributes:
        done: How many ended, in this call.
        total: How many there were to do.
        seconds: How long the last one took.
        left: About how many seconds the rest will take.
    """

    done: int
    total: int
    seconds: float
    left: float


OnEnd = Callable[[Job[C], str, JobProgress], None]
"""Called as a job ends, with why it failed or nothing, and how far the call is."""


class _Outcome(NamedTuple):
    """What became of a job.

    Attributes:
        record: What it returned.
        failure: Why it failed, or nothing.
        kind: Of the error.
        seconds: How long it took.
    """

    record: Record | None
    failure: str = ""
    kind: str = ""
    seconds: float = 0.0


def run_jobs(
    jobs: Iterable[Job[C]],
    context: C,
    backend: Backend,
    *,
    threads: int | None = 1,
    on_end: OnEnd[C] = lambda job, failure, progress: None,
) -> None:
    """Do what is not done yet.

    What fails leaves a file that says why, and does not stop the rest; the next call tries again.

    Args:
        jobs: In the order in which they are begun.
        context: What they share; it is handed to each worker.
        backend: What carries them out.
        threads: Of each job; None for its share of what the backend has.
        on_end: Hears of each job as it ends.
    """
    waiting = [job for job in jobs if not job.is_done(context)]
    for job in waiting:
        if job.folder is not None:
            job.folder.mkdir(parents=True, exist_ok=True)
    each = backend.threads(len(waiting)) if threads is None else threads
    began = time.monotonic()
    ended = backend.calls(_attempt, context, [(job, each) for job in waiting])
    with closing(ended):
        for done, (place, outcome) in enumerate(ended, 1):
            if isinstance(outcome, Lost):
                outcome = _Outcome(None, outcome.reason, "killed")
            job = waiting[place]
            _keep(job, outcome)
            left = (time.monotonic() - began) / done * (len(waiting) - done)
            on_end(job, outcome.failure, JobProgress(done, len(waiting), outcome.seconds, left))


def _attempt(context: C, job: Job[C], threads: int | None) -> _Outcome:
    """Do one job for a process that waits for it."""
    began = time.monotonic()
    record, failure, kind = None, "", ""
    with limited_threads(threads or torch.get_num_threads()):
        try:
            check_sees(job.folder)
            job.failure.unlink(missing_ok=True)  # a run is not made among other files
            record = job.do(context, threads or torch.get_num_threads())
        except _BROKEN as error:
            kind = type(error).__name__
            failure = str(error) if isinstance(error, LisaError) else f"{kind}: {error}"
    return _Outcome(record, failure, kind, time.monotonic() - began)


def _keep(job: Job[C], outcome: _Outcome) -> None:
    """Write what became of a job."""
    if outcome.failure:
        job.failure.parent.mkdir(parents=True, exist_ok=True)
        write_json(job.failure, {"message": outcome.failure, "kind": outcome.kind})
        return
    job.failure.unlink(missing_ok=True)
    if outcome.record is not None:
        job.keep(outcome.record)


def failures(folder: Path) -> dict[str, str]:
    """Return why jobs in a folder failed that have not succeeded since, by their file's place."""
    found = sorted(folder.rglob(f"*{FAILED}"))
    places = {path: path.relative_to(folder) for path in found}
    return {
        str(place.parent if place.name == FAILED else place).removesuffix(f"-{FAILED}"): str(
            read_json(path).get("message")
        )
        for path, place in places.items()
    }
