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
    path: Run,
    data: Mapping[str, np.ndarray[Any, Any]],
    y: np.ndarray[Any, Any],
    fits: Mapping[str, np.ndarray[Any, Any]],
) -> None:
    """`best.png`: the best expressions over the data.

    With one variable they are drawn along it, with several each prediction against the data.

    Args:
        path: the folder of the search.
        data: the variables, `[point]` each.
        y: what was to be fitted, `[point]`.
        fits: predictions by their label, `[point]` each.
    """
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    spread = float(y.max() - y.min()) or 1.0
    limits = (float(y.min()) - spread / 4, float(y.max()) + spread / 4)
    if len(data) == 1:
        ((name, x),) = data.items()
        order = np.argsort(x, kind="stable")
        axes.plot(x[order], y[order], color="black", linewidth=4, alpha=0.3, label="data")
        for label, values in fits.items():
            axes.plot(x[order], values[order], linewidth=1, label=label)
        axes.set(xlabel=name, ylabel="y", ylim=limits)
    else:
        axes.plot(limits, limits, color="black", linewidth=1, alpha=0.3)
        for label, values in fits.items():
            axes.plot(y, values, ".", markersize=3, label=label)
        axes.set(xlabel="data", ylabel="prediction", xlim=limits, ylim=limits)
    axes.legend(frameon=False, fontsize="small")
    save_figure(figure, path, "best.png")


def save_figure(figure: Figure, folder: Run, name: str) -> None:
    """Write a figure into a folder, atomically."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=120, metadata={"Software": None})
    write_atomically(folder.path / name, picture.getvalue())
