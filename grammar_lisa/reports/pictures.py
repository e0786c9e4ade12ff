"""The pictures that a training and a search leave in their folders."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from grammar_lisa.molecules.drawing import draw_grid
from grammar_lisa.optimize.history import best_so_far
from shared.common.arrays import Floats
from shared.common.callbacks import MetricsRow
from shared.reports.charts import number
from shared.runs.figures import drawable, save_figure
from shared.runs.files import write_atomically
from shared.runs.run import Run

mpl.use("Agg")


def plot_curves(folder: Run, rows: Sequence[MetricsRow]) -> None:
    """Draw `curves.png`: the loss of the training and the exactness on validation sentences."""
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in rows]
    left.plot(epochs, [row["reconstruction"] for row in rows], label="training")
    left.plot(epochs, [row["valid_loss"] for row in rows], label="validation sentences")
    left.set(xlabel="epoch", ylabel="reconstruction loss (nats a sentence)", yscale="log")
    left.legend(frameon=False)
    right.plot(epochs, [row["valid_exact"] for row in rows])
    right.set(xlabel="epoch", ylabel="validation sentences exact", ylim=(0, 1.02))
    save_figure(figure, folder, "curves.png")


def plot_convergence(
    path: Run,
    curves: Mapping[str, Sequence[Floats]],
    budget: int,
    start: float,
    label: str,
) -> None:
    """Draw `convergence.png`: the best score so far, of every trial and as the median over trials.

    Each trial is drawn to the end of the budget; a dot marks its last evaluation where it ended
    earlier, as one that met its target does.

    Args:
        path: The folder of the search.
        curves: For each way of searching, the scores of each trial in the order of evaluation,
            NaN where there is none.
        budget: The evaluations of a trial that nothing ends.
        start: The best score of the initial design.
        label: What the scores are.
    """
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    evaluations = np.arange(1, budget + 1)
    drawn = [np.array([start])]
    for index, (name, trials) in enumerate(curves.items()):
        colour = f"C{index}"
        best = [best_so_far(scores, budget) for scores in trials]
        for curve, scores in zip(best, trials, strict=True):
            axes.step(
                evaluations, drawable(curve), where="post", color=colour, alpha=0.3, linewidth=0.8
            )
            if 0 < len(scores) < budget:
                axes.plot(len(scores), drawable(curve)[-1], ".", color=colour, markersize=5)
        median = drawable(np.median(best, axis=0))
        axes.step(evaluations, median, where="post", color=colour, linewidth=2, label=name)
        drawn += best
    axes.axhline(
        start, color="black", linestyle="--", linewidth=1, label="best of the initial design"
    )
    axes.set(xlabel="evaluations", ylabel=label, xlim=(1, max(2, budget)))
    _scale_scores(axes, np.concatenate(drawn))
    axes.grid(axis="y", alpha=0.3, linewidth=0.5)
    axes.legend(frameon=False, title="median over trials" if _several(curves) else None)
    save_figure(figure, path, "convergence.png")


def _scale_scores(axes: Axes, values: Floats) -> None:
    """Choose an axis on which small scores can be told apart: logarithmic, linear around zero."""
    values = values[np.isfinite(values)]
    least, greatest = float(values.min()), float(values.max())
    if least < 0 or greatest <= 20 * least:
        return
    linear = 10.0 ** np.floor(np.log10(greatest) - 4)
    positive = values[values > linear]
    if least > linear:
        axes.set_yscale("log")
    elif len(positive):
        axes.set_yscale("symlog", linthresh=linear, linscale=0.5)
        axes.set_ylim(bottom=-linear / 4)  # a line at zero lies within


def _several(curves: Mapping[str, Sequence[Floats]]) -> bool:
    return any(len(trials) > 1 for trials in curves.values())


def plot_best(
    path: Run,
    data: Mapping[str, Floats],
    y: Floats,
    fits: Mapping[str, Floats],
) -> None:
    """Draw `best.png`: the best expressions over the data.

    With one variable they are drawn along it, with several each prediction against the data.

    Args:
        path: The folder of the search.
        data: The variables, ``[point]`` each.
        y: What was to be fitted, ``[point]``.
        fits: Predictions by their label, ``[point]`` each.
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


def draw_molecules(path: Path, molecules: Sequence[tuple[str, float]], name: str) -> None:
    """Draw molecules with their values of a property below them, in a file .svg or .png."""
    legends = [f"{name} {number(value)}" for _, value in molecules]
    drawing = draw_grid([smiles for smiles, _ in molecules], legends, path.suffix)
    write_atomically(path, drawing)
