"""What carries calls out: this process, others on this machine, or a cluster's."""

import abc
import os
import platform
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import chdir, closing, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Final, Generic, TypeVar

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError

from shared.common.errors import LisaError
from shared.jobs.workers import ends_with

Arguments = tuple[Any, ...]
R = TypeVar("R")
Handle = TypeVar("Handle")


@dataclass(frozen=True)
class Lost:
    """What stands in place of a result when each process that tried a call died.

    Attributes:
        reason: For messages.
    """

    reason: str


@dataclass(frozen=True)
class Backend(abc.ABC):
    """What carries calls out, several at a time.

    Attributes:
        jobs: How many at a time; None for as many as it has workers.
    """

    jobs: int | None = None

    @abc.abstractmethod
    def calls(
        self, function: Callable[..., R], shared: object, arguments: Sequence[Arguments]
    ) -> Generator[tuple[int, R | Lost], None, None]:
        """Call a function, and yield each place in `arguments` with the result, as they end.

        A call whose process dies is tried again, and lost when that does not help; the others go
        on. What a call raises ends all. When the iterator is closed, what still runs is ended.

        Args:
            function: Called with `shared` and one of `arguments`; it is found by its name.
            shared: What all calls are given, sent to a worker once where that is possible.
            arguments: Of each call, in the order in which they are begun.
        """

    @abc.abstractmethod
    def threads(self, count: int) -> int | None:
        """Return how many threads each of `count` calls may use; None for all its worker has."""


@dataclass(frozen=True)
class Processes(Backend):
    """Processes of this machine, by joblib; a single one is this process.

    Attributes:
        jobs: How many.
        apart: Whether a single one is another process, too.
    """

    jobs: int = 1
    apart: bool = False

    def calls(
        self, function: Callable[..., R], shared: object, arguments: Sequence[Arguments]
    ) -> Generator[tuple[int, R | Lost], None, None]:
        """Call a function; see `Backend`.

        joblib ends all its processes when one dies, so what ran in them is tried again, each call
        alone: the one that kills its process is lost, the others are not.
        """
        waiting = dict(enumerate(arguments))
        while waiting:
            workers = self._workers(len(waiting))
            ended = self._round(workers, function, shared, waiting)
            try:
                for place, result in ended:
                    del waiting[place]
                    yield place, result
            except TerminatedWorkerError:
                for place in list(waiting)[:workers]:
                    yield place, self._alone(function, shared, waiting.pop(place))
            finally:
                with warnings.catch_warnings(action="ignore"):  # that not all was waited for
                    ended.close()

    def threads(self, count: int) -> int:
        """Return each call's share of the threads of this process."""
        import torch  # which the workers of light calls do not need

        return max(1, torch.get_num_threads() // self._workers(count))

    def _workers(self, count: int) -> int:
        return max(1, min(self.jobs, count))

    def _round(
        self,
        workers: int,
        function: Callable[..., R],
        shared: object,
        waiting: Mapping[int, Arguments],
    ) -> Generator[tuple[int, R], None, None]:
        parallel = joblib.Parallel(
            n_jobs=max(workers, 2) if self.apart else workers,
            return_as="generator_unordered",
            batch_size=1,
        )
        call, owner = joblib.delayed(_call_for), os.getpid()
        calls = [call(owner, place, function, shared, each) for place, each in waiting.items()]
        ended: Generator[tuple[int, R], None, None] = parallel(calls)
        return ended

    def _alone(self, function: Callable[..., R], shared: object, arguments: Arguments) -> R | Lost:
        try:
            ((_, result),) = self._round(2, function, shared, {0: arguments})
        except TerminatedWorkerError:
            return Lost(
                "its process was killed twice, perhaps as memory ran out; with fewer --jobs there "
                "is more for each"
            )
        return result


HERE: Final = Processes()
"""This process."""


def _call_for(
    owner: int, place: int, function: Callable[..., R], shared: object, arguments: Arguments
) -> tuple[int, R]:
    """Call a function for a process that waits for the result."""
    with ends_with(owner):
        return place, function(shared, *arguments)


class Cluster(Backend, Generic[Handle]):
    """Workers that a scheduler hands calls to, perhaps on other machines.

    What a call returns or raises comes back over the network. What it reads and writes by path
    must lie where all machines see it: a call is made in the folder that this process works in,
    where the worker has it.

    Attributes:
        blames_others: Whether a call may be held lost for what another did to its worker; such a
            call is tried again, alone, when the others are done.
    """

    blames_others: ClassVar[bool] = False

    def calls(
        self, function: Callable[..., R], shared: object, arguments: Sequence[Arguments]
    ) -> Generator[tuple[int, R | Lost], None, None]:
        """Call a function; see `Backend`."""
        call = partial(self.submit, call_in, Path.cwd(), function, self.send(shared))
        suspects = []
        with closing(self._ended(call, enumerate(arguments), self.jobs)) as ended:
            for place, result in ended:
                if self.blames_others and isinstance(result, Lost):
                    suspects.append(place)
                else:
                    yield place, result
        with closing(self._ended(call, ((n, arguments[n]) for n in suspects), 1)) as ended:
            yield from ended

    def _ended(
        self, call: Callable[..., Handle], rest: Iterator[tuple[int, Arguments]], most: int | None
    ) -> Generator[tuple[int, Any], None, None]:
        """Make calls, so many at a time; yield their results as they end."""
        running: dict[Handle, int] = {}
        try:
            while True:
                for place, each in islice(rest, None if most is None else most - len(running)):
                    running[call(*each)] = place
                if not running:
                    return
                for handle in self.ended(list(running)):
                    result = self.result(handle)
                    yield running.pop(handle), result
        finally:
            self.cancel(list(running))

    def threads(self, count: int) -> None:
        """Leave each call what its worker has."""

    @abc.abstractmethod
    def send(self, shared: object) -> object:
        """Send what all calls are given; return what stands for it."""

    @abc.abstractmethod
    def submit(self, function: Callable[..., Any], *arguments: object) -> Handle:
        """Hand a call to the scheduler."""

    @abc.abstractmethod
    def ended(self, handles: Sequence[Handle]) -> Sequence[Handle]:
        """Wait until at least one call has ended; return those that have."""

    @abc.abstractmethod
    def result(self, handle: Handle) -> Any:
        """Return what a call that has ended returned; raise what it raised."""

    @abc.abstractmethod
    def cancel(self, handles: Sequence[Handle]) -> None:
        """End calls that run or wait."""


def call_in(folder: Path, function: Callable[..., R], *arguments: object) -> R:
    """Call a function in a folder, or where this process works if the machine has none such."""
    with chdir(folder) if folder.is_dir() else nullcontext():
        return function(*arguments)


def check_sees(folder: Path | None) -> None:
    """Refuse work on a machine that lacks the folder that the work reads and writes.

    Raises:
        LisaError: Naming machine and folder.
    """
    if folder is not None and not folder.is_dir():
        raise LisaError(
            f"{platform.node()} sees no folder {folder}: it must lie on a disk that all machines "
            "share, under the same path"
        )
