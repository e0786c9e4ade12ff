"""Figures in a run's folder."""

import io

import numpy as np
from matplotlib.figure import Figure

from shared.common.arrays import Floats
from shared.runs.files import write_atomically
from shared.runs.run import Run


def save_figure(figure: Figure, folder: Run, name: str) -> None:
    """Write a figure into a folder, whole or not at all."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=120, metadata={"Software": None})
    write_atomically(folder.path / name, picture.getvalue())


def drawable(values: Floats) -> Floats:
    """Return values of which those that cannot be drawn are NaN."""
    return np.where(np.isfinite(values), values, np.nan)
