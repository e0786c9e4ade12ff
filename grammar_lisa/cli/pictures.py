"""The pictures that commands leave in a run."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from shared.files import write_atomically
from shared.runs import Run
from shared.training import Row

mpl.use("Agg")


def plot_curves(folder: Run, rows: Sequence[Row]) -> None:
    """`curves.png`: the loss of the training and the exactness on watched sentences."""
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in rows]
    left.plot(epochs, [row["reconstruction"] for row in rows], label="training")
    left.plot(epochs, [row["valid_loss"] for row in rows], label="watched sentences")
    left.set(xlabel="epoch", ylabel="reconstruction loss (nats a sentence)", yscale="log")
    left.legend(frameon=False)
    right.plot(epochs, [row["valid_exact"] for row in rows])
    right.set(xlabel="epoch", ylabel="watched sentences exact", ylim=(0, 1.02))
    save_figure(figure, folder, "curves.png")


def plot_convergence(path: Run, curves: Mapping[str, Sequence[np.ndarray[Any, Any]]]) -> None:
    """`convergence.png`: the best score so far, of every trial and as the median over trials.

    Args:
        path: the folder of the search.
        curves: for each way of searching, the scores of each trial in the order of evaluation.
    """
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for index, (name, trials) in enumerate(curves.items()):
        colour = f"C{index}"
        best = [np.minimum.accumulate(scores) for scores in trials if len(scores)]
        length = min(len(curve) for curve in best)
        for curve in best:
            axes.plot(np.arange(1, len(curve) + 1), curve, color=colour, alpha=0.25, linewidth=0.8)
        median = np.median([curve[:length] for curve in best], axis=0)
        axes.plot(np.arange(1, length + 1), median, color=colour, linewidth=2, label=name)
    axes.set(xlabel="evaluations", ylabel="best score so far, log(1 + MSE)", ylim=(0, None))
    axes.legend(frameon=False)
    save_figure(figure, path, "convergence.png")


def plot_best(
    path: Run, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any], fits: Mapping[str, Any], name: str
) -> None:
    """`best.png`: the best expressions over the data, along the variable `name`."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    order = np.argsort(x, kind="stable")
    axes.plot(x[order], y[order], color="black", linewidth=3, alpha=0.35, label="data")
    for label, values in fits.items():
        axes.plot(x[order], np.asarray(values)[order], linewidth=1, label=label)
    spread = float(y.max() - y.min()) or 1.0
    axes.set(xlabel=name, ylabel="y", ylim=(y.min() - spread / 2, y.max() + spread / 2))
    axes.legend(frameon=False, fontsize="small")
    save_figure(figure, path, "best.png")


def save_figure(figure: Figure, folder: Run, name: str) -> None:
    """Write a figure into a folder, atomically."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=120, metadata={"Software": None})
    write_atomically(folder.path / name, picture.getvalue())
