"""The picture of a formula beside the data it was found for."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from grammar_lisa.expressions.evaluation import evaluate
from grammar_lisa.regression.measures import predict
from grammar_lisa.regression.tables.table import Table
from shared.common.arrays import Floats
from shared.runs.figures import drawable, save_figure
from shared.runs.run import Run

_MOST_POINTS = 5000
_CURVE_POINTS = 500


def plot_fit(folder: Run, text: str, train: Table, test: Table | None = None) -> None:
    """`fit.png`: a formula against the data, and what is left over.

    With one input the formula is a curve over the points; with several, each prediction stands
    against its target. Of many rows some are drawn, spread evenly.

    Args:
        folder: Where the picture goes.
        text: The formula, over the inputs.
        train: The rows it was found with.
        test: The rows it is judged on.
    """
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    parts = {"data": train} if test is None else {"data": train, "test": test}
    for place, (label, part) in enumerate(parts.items()):
        rows = part.spread(_MOST_POINTS)
        values = drawable(predict(text, rows))
        along = next(iter(rows.features.values())) if len(rows.features) == 1 else values
        across = rows.target if len(rows.features) == 1 else values
        left.plot(
            along if len(rows.features) == 1 else rows.target,
            across,
            ".",
            color=f"C{place}",
            markersize=4,
            alpha=0.6,
            label=label,
        )
        residuals = rows.target - values
        right.plot(along, residuals, ".", color=f"C{place}", markersize=4, alpha=0.6, label=label)
    _finish(left, right, text, train)
    save_figure(figure, folder, "fit.png")


def _finish(left: Axes, right: Axes, text: str, table: Table) -> None:
    """Draw the formula itself, and name the axes."""
    names = {name: own.replace("$", r"\$") for name, own in table.shown_names().items()}
    target = names[table.target_name]
    if len(table.features) == 1:
        ((name, x),) = table.features.items()
        curve = np.linspace(x.min(), x.max(), _CURVE_POINTS)
        values = drawable(evaluate([text], {name: curve})[0])
        left.plot(curve, values, color="black", linewidth=1, label="formula")
        left.set(xlabel=names[name], ylabel=target, ylim=_limits(table.target))
        right.set(xlabel=names[name])
    else:
        limits = _limits(table.target)
        left.plot(limits, limits, color="black", linewidth=1, label="formula")
        left.set(xlabel=target, ylabel=f"predicted {target}", xlim=limits, ylim=limits)
        right.set(xlabel=f"predicted {target}")
    right.axhline(0, color="black", linewidth=1)
    right.set(ylabel=f"{target} − predicted")
    left.legend(frameon=False, fontsize="small")


def _limits(values: Floats) -> tuple[float, float]:
    least, most = float(values.min()), float(values.max())
    room = (most - least) / 20 or abs(most) / 20 or 1.0
    return least - room, most + room
