"""What a tracker is told of a run, and the one that a command opens."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Protocol

from shared.common.callbacks import MetricsRow
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
    """Follows one run."""

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Take numbers by name, of a step; steps never fall."""

    def figure(self, name: str, path: Path) -> None:
        """Take a picture, a PNG file."""

    def finish(self, failed: bool = False) -> None:
        """Hear that the run ended, or that it was stopped or failed."""


class NoTracker:
    """A tracker that follows nothing."""

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Take nothing."""

    def figure(self, name: str, path: Path) -> None:
        """Take nothing."""

    def finish(self, failed: bool = False) -> None:
        """Hear nothing."""


@contextmanager
def tracking(name: TrackerName | None, run: Run) -> Iterator[Tracker]:
    """Open a tracker of a run, and end it with the block.

    Args:
        name: Of the tracker; None follows nothing.
        run: What is followed; its options are told at once.

    Raises:
        LisaError: The tracker cannot be opened, such as where its server does not answer.
    """
    tracker = NoTracker() if name is None else _opened(name, run)
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
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise LisaError(
            f"--track {name} does not open, so nothing was done yet: {reason}; go on with "
            f"--resume {run.path}, with or without it"
        ) from error


def _part(name: str) -> str:
    validation = name.startswith("valid_")
    return f"validation/{name.removeprefix('valid_')}" if validation else f"training/{name}"
