"""TensorBoard: files of events in the folder of the run."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from torch.utils.tensorboard import SummaryWriter

from shared.runs.options import options_of
from shared.runs.run import Run

EVENTS = "tensorboard"
"""The folder within the run's."""


class TensorBoard:
    """Writes events into the folder `tensorboard` of a run."""

    def __init__(self, run: Run) -> None:
        self.keeps = (run.path / EVENTS).exists()
        self._writer = SummaryWriter(str(run.path / EVENTS))
        self._writer.add_text("options", f"```\n{json.dumps(options_of(run), indent=2)}\n```", 0)
        self._step = 0

    def log(self, values: Mapping[str, float], step: int, axis: str | None = None) -> None:
        """Write numbers, each name along an axis of its own."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)
        self._step = step

    def figure(self, name: str, path: Path) -> None:
        """Write a picture, at the last step."""
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
        self._writer.add_image(name, pixels, self._step, dataformats="HWC")

    def finish(self, failed: bool = False) -> None:
        """Write what is left."""
        self._writer.close()
