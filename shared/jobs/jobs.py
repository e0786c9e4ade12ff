"""Independent jobs, several at a time, of which each is done once and may fail alone."""

import abc
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError

from shared.common.errors import LisaError
from shared.common.threads import limited_threads
from shared.jobs.workers import ends_with
from shared.runs.files import read_json, write_json

FAILED = "failed.json"
"""How names of files end that say why a job failed; gone when a later call succeeds."""

_BROKEN = (ValueError, RuntimeError, ArithmeticError, MemoryError)
"""What a job may fail with without stopping the others: bad numbers, no memory."""

C = TypeVar("C")


@dataclass(frozen=True)
class Job(abc.ABC, Generic[C]):
    """Something that is done once, in any process, and leaves files.

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

    @abc.abstractmethod
    def is_done(self, context: C) -> bool:
        """Tell whether it need not be done again."""

    @abc.abstractmethod
    def do(self, context: C, threads: int) -> None:
        """Do it, from where it was stopped, on so many threads."""


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


def run_jobs(
    jobs: Iterable[Job[C]],
    context: C,
    *,
    workers: int,
    threads: int = 1,
    apart: bool = False,
    on_end: OnEnd[C] = lambda job, failure, progress: None,
) -> None:
    """Do what is not done yet.

    What fails leaves a file that says why, and does not stop the rest; the next call tries again.

    Args:
        jobs: In the order in which they are begun.
        context: What they share; it is handed to each worker.
        workers: How many at a time, each in a process of its own; 1 stays in this process.
        threads: Of the processor, shared out among the workers.
        apart: Whether a single worker has a process of its own, too.
        on_end: Hears of each job as it ends.

    Raises:
        LisaError: The system killed a process.
    """
    waiting = [job for job in jobs if not job.is_done(context)]
    workers = max(1, min(workers, len(waiting)))
    each = max(1, threads // workers)
    call = joblib.delayed(_attempt)
    ended: Iterable[tuple[int, str, float]] = joblib.Parallel(
        n_jobs=max(workers, 2) if apart else workers, return_as="generator_unordered", batch_size=1
    )(call(place, job, context, each, os.getpid()) for place, job in enumerate(waiting))
    began = time.monotonic()
    try:
        for done, (place, failure, seconds) in enumerate(ended, 1):
            left = (time.monotonic() - began) / done * (len(waiting) - done)
            on_end(waiting[place], failure, JobProgress(done, len(waiting), seconds, left))
    except TerminatedWorkerError as error:
        raise LisaError(
            f"a process of {workers} was killed, perhaps as memory ran out; give the same command "
            "with fewer --jobs, and it goes on"
        ) from error


def _attempt(
    place: int, job: Job[C], context: C, threads: int, owner: int
) -> tuple[int, str, float]:
    """Do one job for a process that waits for it.

    Returns:
        Its place, why it failed or nothing, and the seconds it took.
    """
    began = time.monotonic()
    failure = ""
    with ends_with(owner), limited_threads(threads):
        job.failure.unlink(missing_ok=True)
        try:
            job.do(context, threads)
        except _BROKEN as error:
            known = isinstance(error, LisaError)
            failure = str(error) if known else f"{type(error).__name__}: {error}"
            job.failure.parent.mkdir(parents=True, exist_ok=True)
            write_json(job.failure, {"message": failure, "kind": type(error).__name__})
    return place, failure, time.monotonic() - began


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
