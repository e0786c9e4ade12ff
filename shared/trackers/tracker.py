"""What a tracker is told of a run, and the one that a command opens."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Protocol

from shared.common.callbacks import MetricsRow, Notify, silent
from shared.common.errors import LisaError
from shared.runs.run import Run
from shared.trackers.names import TrackerName

_OF_NO_PART = frozenset({"learning_rate", "seconds"})
_PLACES: Mapping[TrackerName, str] = {
    "tensorboard": "shared.trackers.tensorboard:TensorBoard",
    "mlflow": "shared.trackers.mlflow:MLflow",
    "wandb": "shared.trackers.wandb:WeightsAndBiases",
}


class Tracker(Protocol):
    """Follows one run.

    Attributes:
        keeps: Whether it has what it was told of this run in an earlier session.
    """

    keeps: bool

    def log(self, values: Mapping[str, float], step: int, axis: str | None = None) -> None:
        """Take numbers by name, of a step; steps along one axis never fall.

        Args:
            values: The numbers.
            step: Where they stand.
            axis: What is counted, where several things are; every name has one axis.
        """

    def figure(self, name: str, path: Path) -> None:
        """Take a picture, a PNG file."""

    def finish(self, failed: bool = False) -> None:
        """Hear that the run ended, or that it was stopped or failed."""


class NoTracker:
    """A tracker that follows nothing."""

    keeps = False

    def log(self, values: Mapping[str, float], step: int, axis: str | None = None) -> None:
        """Take nothing."""

    def figure(self, name: str, path: Path) -> None:
        """Take nothing."""

    def finish(self, failed: bool = False) -> None:
        """Hear nothing."""


class _UntilLost:
    """A tracker that is told no more once it failed: what it follows goes on without it."""

    def __init__(self, tracker: Tracker, name: TrackerName, notify: Notify) -> None:
        self._tracker, self._name, self._notify = tracker, name, notify
        self._lost = False
        self.keeps = tracker.keeps

    def log(self, values: Mapping[str, float], step: int, axis: str | None = None) -> None:
        """Hand numbers on."""
        self._tell(lambda: self._tracker.log(values, step, axis))

    def figure(self, name: str, path: Path) -> None:
        """Hand a picture on."""
        self._tell(lambda: self._tracker.figure(name, path))

    def finish(self, failed: bool = False) -> None:
        """Hand the end on, also to a tracker that failed."""
        if self._lost:
            with suppress(Exception):
                self._tracker.finish(failed)
        self._tell(lambda: self._tracker.finish(failed))

    def _tell(self, call: Callable[[], None]) -> None:
        if self._lost:
            return
        try:
            call()
        except Exception as error:
            self._lost = True
            self._notify(
                f"--track {self._name} failed and is told no more; the work goes on: "
                f"{_reason(error)}"
            )


@contextmanager
def tracking(name: TrackerName | None, run: Run, notify: Notify = silent) -> Iterator[Tracker]:
    """Open a tracker of a run, and end it with the block.

    Args:
        name: Of the tracker; None follows nothing.
        run: What is followed; its options are told at once.
        notify: Hears where the tracker fails on the way.

    Raises:
        LisaError: The tracker cannot be opened, such as where its server does not answer.
    """
    tracker = NoTracker() if name is None else _UntilLost(_opened(name, run), name, notify)
    try:
        yield tracker
    except BaseException:
        tracker.finish(failed=True)
        raise
    tracker.finish()


def log_epoch(tracker: Tracker, row: MetricsRow) -> None:
    """Tell a tracker an epoch's row of metrics, those of training and validation apart."""
    values = {
        (name if name in _OF_NO_PART else _part(name)): value
        for name, value in row.items()
        if name != "epoch"
    }
    tracker.log(values, int(row["epoch"]))


def show_pictures(tracker: Tracker, run: Run) -> None:
    """Hand a tracker all pictures that lie in a run."""
    for path in sorted(run.path.glob("*.png")):
        tracker.figure(path.stem, path)


def _opened(name: TrackerName, run: Run) -> Tracker:
    place, _, kind = _PLACES[name].partition(":")
    made: Callable[[Run], Tracker] = getattr(import_module(place), kind)
    try:
        return made(run)
    except Exception as error:
        raise LisaError(
            f"--track {name} does not open, so nothing was done yet: {_reason(error)}; go on with "
            f"--resume {run.path}, with or without it"
        ) from error


def _reason(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def _part(name: str) -> str:
    validation = name.startswith("valid_")
    return f"validation/{name.removeprefix('valid_')}" if validation else f"training/{name}"
