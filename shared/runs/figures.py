"""Figures in a run's folder."""

import io

from matplotlib.figure import Figure

from shared.runs.files import write_atomically
from shared.runs.run import Run


def save_figure(figure: Figure, folder: Run, name: str) -> None:
    """Write a figure into a folder, whole or not at all."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=120, metadata={"Software": None})
    write_atomically(folder.path / name, picture.getvalue())
