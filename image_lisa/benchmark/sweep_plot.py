"""The curves of a sweep."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from image_lisa.benchmark.sweep_points import MeasuredPoint
from image_lisa.reports.table import statistic


def plot(measured: Sequence[MeasuredPoint], best: MeasuredPoint) -> Figure:
    """Return curves over the first hyperparameter, one for each value of the others.

    From left to right: Fréchet distance of the samplers, reconstruction, uniformity gap.
    """
    first, *_ = measured[0].point.values
    figure = Figure(figsize=(14, 3.6), layout="constrained")
    panels: list[Axes] = list(figure.subplots(1, 4))
    shown = (
        ("fcd_gaussian", "FD (classifier), gaussian"),
        ("fcd_gmm", "FD (classifier), gmm"),
        ("reconstruction", "reconstruction, ½ Σ (x − x̂)²"),
        ("uniformity_gap", "uniformity gap at t = 2 (nats)"),
    )
    for axes, (name, label) in zip(panels, shown, strict=True):
        for legend, line in _lines(measured, first).items():
            x = [float(each.point.values[first]) for each in line]
            numbers = [each.numbers[name] for each in line]
            axes.errorbar(
                x,
                [number.mean for number in numbers],
                yerr=[number.deviation or 0 for number in numbers],
                marker="o",
                markersize=3,
                capsize=2,
                label=legend,
            )
        axes.plot(
            float(best.point.values[first]),
            best.numbers[name].mean,
            marker="o",
            markersize=11,
            fillstyle="none",
            color="black",
            linestyle="none",
            label="chosen",
        )
        if name.startswith("fcd"):
            real = statistic([each.numbers["fcd_real"].mean for each in measured])
            axes.axhline(real.mean if real else 0, color="grey", linestyle=":", label="real")
        _scale(axes, [float(each.point.values[first]) for each in measured])
        axes.set(xlabel=first.replace("_", " "), ylabel=label)
    panels[0].legend(frameon=False, fontsize="small")
    figure.suptitle("on validation images", fontsize="medium")
    return figure


def _lines(measured: Sequence[MeasuredPoint], first: str) -> dict[str, list[MeasuredPoint]]:
    """Return the points of each curve, by its legend, in the order of the first hyperparameter."""
    lines: dict[str, list[MeasuredPoint]] = {}
    for each in sorted(measured, key=lambda each: float(each.point.values[first])):
        rest = {name: value for name, value in each.point.values.items() if name != first}
        legend = ", ".join(f"{n.replace('_', ' ')} {value:g}" for n, value in rest.items())
        lines.setdefault(legend, []).append(each)
    return lines


def _scale(axes: Axes, values: Sequence[float]) -> None:
    """Make an axis logarithmic where values span decades, with room for a zero."""
    above = sorted({value for value in values if value > 0})
    if min(values) < 0 or len(above) < 2 or above[-1] < 10 * above[0]:
        return
    if min(values) == 0:
        axes.set_xscale("symlog", linthresh=above[0])
        axes.set_xlim(left=-0.2 * above[0])
    else:
        axes.set_xscale("log")
