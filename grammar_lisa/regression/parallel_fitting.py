"""Several searches side by side, each in a process of its own and from a seed of its own.

The first one is the search that a single job would do. The others begin once it has done `LEAD`
stages, and at the end the formulas of all come together in one archive. A search that meets the
rows, or finds what is good enough, ends the others and gives its formulas alone. It is the one
with the fewest stages, fewer than `LEAD` counting as `LEAD`, and the first in order among those:
the others go on for as many stages, so that the outcome is the same however fast each is.
"""

from __future__ import annotations

import dataclasses
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from threadpoolctl import threadpool_limits

from grammar_lisa.regression.fit_config import FitConfig
from grammar_lisa.regression.fits.losses import Loss
from grammar_lisa.regression.fitting import Ending, Fitting
from grammar_lisa.regression.search.archive import ArchiveEntry
from grammar_lisa.regression.search.tree import Tree
from grammar_lisa.regression.tables.table import Table
from shared.common.errors import LisaError
from shared.common.polling import polling
from shared.jobs.backends import Processes
from shared.jobs.jobs import FAILED, Job, JobProgress, run_jobs
from shared.runs.files import read_json, write_json

LEAD: Final = 3
"""Stages of the first search before the others begin."""
_WON: Final = frozenset({"exact", "good enough"})
_EVERY: Final = 0.3
"""Seconds between two looks at the other searches."""
_STOP: Final = "stop"


class Standing(NamedTuple):
    """How far a search is.

    Attributes:
        stages: How many it has done.
        ending: Why it ended; None before it has.
        entries: Its best formulas.
    """

    stages: int
    ending: Ending | None
    entries: Sequence[ArchiveEntry]

    @classmethod
    def read(cls, path: Path) -> Standing:
        """Read what `record` left."""
        stages, ending, entries = read_json(path)
        return cls(stages, ending, [ArchiveEntry(_tree_of(tree), *rest) for tree, *rest in entries])

    def record(self) -> list[Any]:
        """Return it in the types of JSON."""
        return [self.stages, self.ending, self.entries]


def _tree_of(record: list[Any]) -> Tree:
    operator, operands, name, value = record
    value = math.nan if value is None else value
    return Tree(operator, tuple(_tree_of(operand) for operand in operands), name, value)


def winner(standings: Mapping[int, Standing]) -> int | None:
    """Return the number of the search whose formulas count alone; None where none has won."""
    ranks = [_rank(n, each.stages) for n, each in standings.items() if each.ending in _WON]
    return min(ranks)[1] if ranks else None


def has_lost(number: int, stages: int, standings: Mapping[int, Standing]) -> bool:
    """Tell whether a search that has done so many stages can no longer win."""
    first = winner(standings)
    if first is None or first == number:
        return False
    return _rank(first, standings[first].stages) < _rank(number, stages + 1)


def _rank(number: int, stages: int) -> tuple[int, int]:
    return max(stages, LEAD), number


class _Folder(NamedTuple):
    """Where searches tell each other how far they are."""

    path: Path

    def standings(self) -> dict[int, Standing]:
        """Return what is known of each search by its number, in their order."""
        paths = sorted(self.path.glob("*.json"), key=lambda path: int(path.stem))
        return {int(path.stem): Standing.read(path) for path in paths}

    def tell(self, number: int, standing: Standing) -> None:
        """Say how far a search is."""
        write_json(self.path / f"{number}.json", standing.record())

    @contextmanager
    def watching(self, fitting: Fitting, number: int) -> Iterator[None]:
        """Tell how far a search is as it goes on, and stop it once it can no longer win."""
        shown: Standing | None = None

        def look() -> None:
            nonlocal shown
            standing = Standing(fitting.stages, None, fitting.entries())
            if standing != shown:
                self.tell(number, standing)
                shown = standing
            lost = has_lost(number, fitting.stages, self.standings())
            if lost or (self.path / _STOP).exists():
                fitting.stop()

        try:
            with polling(look, _EVERY):
                yield
        finally:
            self.tell(number, Standing(fitting.stages, fitting.ending, fitting.entries()))


@dataclass(frozen=True)
class _Shared:
    """What the searches share.

    Attributes:
        table: The rows.
        config: What each is set to.
        loss: What is made small, in place of the one that `config` names.
        front: Formulas to go on from.
        deadline: When all end, by `time.monotonic`.
    """

    table: Table
    config: FitConfig
    loss: Loss | None
    front: Sequence[str]
    deadline: float


@dataclass(frozen=True)
class _Search(Job[_Shared]):
    """A search beside the first.

    Attributes:
        number: Of its seed.
        standings: Where it tells how far it is.
    """

    number: int
    standings: _Folder

    @property
    def name(self) -> str:
        """The number."""
        return f"search {self.number}"

    @property
    def failure(self) -> Path:
        """In a folder of its own."""
        return self.standings.path / f"{self.number}" / FAILED

    def is_done(self, context: _Shared) -> bool:
        """Tell that it is not: each is new."""
        return False

    def do(self, context: _Shared, threads: int) -> None:
        """Search until the time of all is over, or it can no longer win."""
        left = context.deadline - time.monotonic()
        if left <= 0:
            return
        settings = dataclasses.replace(context.config, max_time=left, jobs=1)
        given: dict[str, Any] = {"loss": context.loss, "front": context.front}
        fitting = Fitting(context.table, settings, number=self.number, **given)
        with self.standings.watching(fitting, self.number):
            fitting.search()


class ParallelFitting(Fitting):
    """As many searches at a time as `FitConfig.jobs` says; see `Fitting`.

    Args:
        table: The rows to explain.
        config: What the searches are set to.
        test: Rows to judge formulas on that they are not found with.
        loss: What is made small, in place of the one that `config` names.
        front: Formulas with numbers, of an earlier search, to go on from.
    """

    def __init__(
        self,
        table: Table,
        config: FitConfig,
        *,
        test: Table | None = None,
        loss: Loss | None = None,
        front: Sequence[str] = (),
    ) -> None:
        super().__init__(table, config, test=test, loss=loss, front=front)
        self._given, self._own_loss, self._front = table, loss, front
        self._folder: _Folder | None = None
        self._last: dict[int, Standing] = {}

    def search(self, tell: Callable[[str], None] = lambda stage: None) -> None:
        """Search until time is over, one search meets the rows, or a formula is good enough.

        Ctrl-C ends all as time does.

        Args:
            tell: Called with the name of each stage of the first search as it ends.
        """
        begun = time.monotonic()
        with TemporaryDirectory() as place, threadpool_limits(1):
            self._folder = _Folder(Path(place))
            others = threading.Thread(
                target=self._others, args=(self._folder, begun + self.config.max_time), daemon=True
            )

            def report(stage: str) -> None:
                tell(stage)
                if self.stages == LEAD and self._search is not None and not self._search.ended:
                    others.start()

            try:
                with self._folder.watching(self, 0):
                    super().search(report)
                if others.ident is not None and self.ending != "interrupted":
                    others.join()
            except KeyboardInterrupt:
                self.ending = "interrupted"
            finally:
                (self._folder.path / _STOP).touch()
                if others.ident is not None:
                    others.join()
                self._last = self._folder.standings()
                self._folder = None
        self.seconds = time.monotonic() - begun
        self._finish_by = self._time_to_finish(begun)
        self._conclude()

    def _others(self, folder: _Folder, deadline: float) -> None:
        """Do the other searches, to their end."""
        count = self.config.jobs - 1
        shared = _Shared(self._given, self.config, self._own_loss, self._front, deadline)

        def note(job: Job[_Shared], failure: str, progress: JobProgress) -> None:
            if failure:
                self.notes.append(f"{job.name} of {count + 1} failed: {failure}")

        searches = [_Search(number, folder) for number in range(1, count + 1)]
        try:
            run_jobs(searches, shared, Processes(count, apart=True), on_end=note)
        except LisaError as error:
            self.notes.append(str(error))

    def _conclude(self) -> None:
        """Say why the searches ended."""
        first = winner(self._last)
        if self.ending in {"interrupted", "constant"}:
            return
        if first is not None:
            self.ending = self._last[first].ending
        elif any(standing.ending != "searched" for standing in self._last.values()):
            self.ending = "time"

    def _collected(self) -> list[ArchiveEntry]:
        """Return the formulas of the search that has won, or the best of all."""
        folder = self._folder
        standings = self._last if folder is None else folder.standings()
        standings[0] = Standing(self.stages, self.ending, self.entries())
        first = winner(standings)
        if first is not None:
            return list(standings[first].entries)
        entries = [entry for _, each in sorted(standings.items()) for entry in each.entries]
        return [] if self._search is None else list(self._search.archive.joined(entries))
