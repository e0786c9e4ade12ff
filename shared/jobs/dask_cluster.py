"""Calls on the workers of a Dask cluster."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

from distributed import CancelledError, Client, Future, KilledWorker, Worker, get_worker, wait

from shared.common.distribution import DISTRIBUTION
from shared.common.errors import LisaError
from shared.jobs.backends import Cluster, Lost
from shared.jobs.clusters import TIMEOUT, check_versions, knock
from shared.jobs.workers import ends_when


@dataclass(frozen=True)
class DaskCluster(Cluster[Future]):
    """The workers of a Dask scheduler.

    Each call is submitted by itself, not through joblib's backend for Dask: there, one that kills
    every worker that tries it ends all others.

    Attributes:
        client: Of the scheduler.
    """

    blames_others: ClassVar[bool] = True  # Dask counts what waited on a worker as what ran there

    client: Client = field(kw_only=True)

    def send(self, shared: object) -> object:
        """Leave it to each call to take it along: Dask keeps calls where their data lie."""
        return shared

    def submit(self, function: Callable[..., Any], *arguments: object) -> Future:
        """Hand a call to the scheduler."""
        return self.client.submit(_wanted, function, *arguments, pure=False, fifo_timeout=0)

    def ended(self, handles: Sequence[Future]) -> Sequence[Future]:
        """Wait until at least one call has ended; return those that have."""
        with self.client.as_current():
            return list(wait(handles, return_when="FIRST_COMPLETED").done)

    def result(self, handle: Future) -> Any:
        """Return what a call returned, `Lost` if it killed all workers that tried it.

        Raises:
            LisaError: The scheduler is gone.
        """
        try:
            return handle.result()
        except KilledWorker:
            return Lost("every worker that tried it was killed, perhaps as memory ran out")
        except CancelledError:
            raise LisaError(
                "the Dask scheduler ended, or lost the jobs; the same command goes on"
            ) from None

    def cancel(self, handles: Sequence[Future]) -> None:
        """End calls that run, with their workers, and those that wait."""
        self.client.cancel(handles)


@contextmanager
def dask_cluster(address: str, jobs: int | None) -> Iterator[DaskCluster]:
    """Connect to a scheduler for a while.

    Args:
        address: As Dask writes it, tcp://HOST:PORT, or the file that it was started with by
            `dask scheduler --scheduler-file`.
        jobs: Calls at a time.

    Raises:
        LisaError: No scheduler answers, or its workers are not fit.
    """
    file = Path(address).is_file()
    place = {"scheduler_file": address} if file else {"address": address}
    try:
        if not file:
            knock(address)
        client = Client(**place, timeout=TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise LisaError(
            f"--address {address}: no Dask scheduler answers there: {error}; its address is what "
            "'dask scheduler' prints, tcp://HOST:PORT, or its --scheduler-file"
        ) from None
    with client:
        for name, worker in client.scheduler_info(n_workers=-1)["workers"].items():
            _check_worker(name, worker["nthreads"], bool(worker["nanny"]))
        check_versions(client.run(version, DISTRIBUTION, on_error="return"))
        yield DaskCluster(jobs, client=client)


def _check_worker(name: str, threads: int, nanny: bool) -> None:
    """Refuse a worker that does several calls in one process, or that ends with the first.

    Raises:
        LisaError: Naming it.
    """
    if threads != 1 or not nanny:
        raise LisaError(
            f"the Dask worker {name} has {threads} threads{'' if nanny else ' and no nanny'}; a "
            "job needs a process of its own that is started again when it ends: start workers "
            "with 'dask worker ADDRESS --nthreads 1'"
        )


def _wanted(function: Callable[..., Any], *arguments: object) -> Any:
    """Call a function on a worker, whose process ends if the call is cancelled meanwhile.

    Otherwise it would go on writing to files that a resumed command has taken up.
    """
    worker = get_worker()
    _check_worker(worker.address, worker.state.nthreads, bool(worker.nanny))
    key = str(worker.get_current_task())
    with ends_when(lambda: _is_cancelled(worker, key)):
        return function(*arguments)


def _is_cancelled(worker: Worker, key: str) -> bool:
    task = worker.state.tasks.get(key)
    return task is not None and task.state == "cancelled"
