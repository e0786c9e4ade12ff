"""Weights & Biases: a run in the project, by its own variables."""

import os
from collections.abc import Mapping
from pathlib import Path

import wandb

from shared.runs.options import options_of
from shared.runs.run import Run

_PROJECT = "lisa"


class WeightsAndBiases:
    """Logs to Weights & Biases, as `WANDB_PROJECT`, `WANDB_MODE` and its other variables say."""

    keeps = False

    def __init__(self, run: Run) -> None:
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", _PROJECT),
            name=run.path.name,
            config=options_of(run),
            dir=str(run.path),
        )

        self._defined: set[str] = set()

    def log(self, values: Mapping[str, float], step: int, axis: str | None = None) -> None:
        """Log numbers, over the steps of the run or along an axis of their own."""
        if axis is None:
            self._run.log(dict(values), step=step)
            return
        for name in values.keys() - self._defined:
            self._run.define_metric(name, step_metric=axis)
            self._defined.add(name)
        self._run.log({**values, axis: step})

    def figure(self, name: str, path: Path) -> None:
        """Log a picture."""
        self._run.log({name: wandb.Image(str(path))})

    def finish(self, failed: bool = False) -> None:
        """End the run, with the exit code 1 if it failed."""
        self._run.finish(exit_code=int(failed))
