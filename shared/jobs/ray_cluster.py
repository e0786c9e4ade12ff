"""Calls on the workers of a Ray cluster."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray
from ray.exceptions import NodeDiedError, OutOfMemoryError, RayTaskError, WorkerCrashedError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from shared.common.distribution import DISTRIBUTION
from shared.common.errors import LisaError
from shared.jobs.backends import Cluster, Lost
from shared.jobs.clusters import check_versions, knock

_TRIES: Final = 3
"""How often a call is tried whose worker dies."""
_AUTO: Final = "auto"
"""The address of the cluster that this machine is part of."""


@dataclass(frozen=True)
class RayCluster(Cluster[ray.ObjectRef]):
    """The workers of a Ray cluster.

    Each call is a task of Ray, tried `_TRIES` times, not one of joblib's backend for Ray: that
    sends calls to actors, and one that dies ends all calls.
    """

    def send(self, shared: object) -> ray.ObjectRef:
        """Put it into Ray's store, which hands it to each worker."""
        return ray.put(shared)

    def submit(self, function: Callable[..., Any], *arguments: object) -> ray.ObjectRef:
        """Hand a call to the scheduler."""
        return _task.remote(function, *arguments)

    def ended(self, handles: Sequence[ray.ObjectRef]) -> Sequence[ray.ObjectRef]:
        """Wait until at least one call has ended; return those that have."""
        done: list[ray.ObjectRef] = ray.wait(list(handles))[0]
        return done

    def result(self, handle: ray.ObjectRef) -> Any:
        """Return what a call returned, `Lost` if it killed all workers that tried it."""
        try:
            return ray.get(handle)
        except (WorkerCrashedError, NodeDiedError, OutOfMemoryError):
            return Lost(f"{_TRIES} workers that tried it were killed, perhaps as memory ran out")
        except RayTaskError as error:
            raise error.cause from None

    def cancel(self, handles: Sequence[ray.ObjectRef]) -> None:
        """End calls that run, with their workers, and those that wait."""
        for handle in handles:
            ray.cancel(handle, force=True)


def _call(function: Callable[..., Any], *arguments: object) -> Any:
    return function(*arguments)


_task = ray.remote(max_retries=_TRIES - 1, num_cpus=1)(_call)


@contextmanager
def ray_cluster(address: str, jobs: int | None) -> Iterator[RayCluster]:
    """Connect to a cluster for a while.

    Args:
        address: HOST:PORT of its head, or auto for the one that this machine is part of.
        jobs: Calls at a time.

    Raises:
        LisaError: No cluster answers, or its workers are not fit.
    """
    try:
        if address != _AUTO:
            knock(address)
        ray.init(address, log_to_driver=False, configure_logging=False)
    except (OSError, ValueError, RuntimeError) as error:
        raise LisaError(
            f"--address {address}: no Ray cluster answers there: {error}; its address is what "
            f"'ray start --head' prints, HOST:PORT, or {_AUTO} on a machine of the cluster"
        ) from None
    # Ray has no public switch for what it prints among the results when a worker dies.
    ray._private.worker._worker_logs_enabled = False
    try:
        check_versions(_versions())
        yield RayCluster(jobs)
    finally:
        ray.shutdown()


def _versions() -> dict[str, object]:
    """Return the version of this package on each machine of the cluster."""
    ask = ray.remote(num_cpus=0)(version)
    asked = {
        node["NodeManagerAddress"]: ask.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        ).remote(DISTRIBUTION)
        for node in ray.nodes()
        if node["Alive"]
    }
    return {name: _answer(handle) for name, handle in asked.items()}


def _answer(handle: ray.ObjectRef) -> object:
    try:
        return ray.get(handle)
    except RayTaskError as error:
        return error.cause
