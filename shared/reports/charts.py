"""The charts of reports: lines, points, boxes and histograms as plotly.js draws them."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from shared.reports.page import Chart

EXACT = 1e-9
"""Where logarithmic axes of scores end: what is less counts as zero."""
_SPREAD = 20
"""A logarithmic axis shows scores that lie further apart than so many times."""
_LONGEST = 110
"""Characters of a text that hovering shows."""
_COLOURS = 6


@dataclass(frozen=True)
class Series:
    """One line or cloud of points.

    Attributes:
        label: In the legend, and at the points where they have no text.
        x: Its first coordinates, `[n]`.
        y: Its second coordinates, `[n]`; NaN leaves a gap.
        texts: What hovering over a point shows; by default label and coordinates.
        colour: A name of the page's palette: "$1" to "$6", "$ink", "$soft" or "$line".
        mode: What is drawn: lines, markers or both, as plotly.js has it.
        dash: How a line is drawn: solid, dash or dot.
        width: Of a line, in pixels.
        size: Of a point, in pixels.
        opacity: From 0 to 1.
        steps: Whether a value holds until the next.
        legend: Whether it stands in the legend.
        points: The numbers of the points, where they can be followed.
        hover: Whether hovering shows anything of it; points that show nothing hide no others.
    """

    label: str
    x: ArrayLike
    y: ArrayLike
    texts: Sequence[str] = ()
    colour: str = "$1"
    mode: str = "lines"
    dash: str = "solid"
    width: float = 2.0
    size: float = 5.0
    opacity: float = 1.0
    steps: bool = False
    legend: bool = True
    points: Sequence[int] = ()
    hover: bool = True

    def trace(self) -> dict[str, Any]:
        """Return it as plotly.js draws it."""
        found: dict[str, Any] = {
            "type": "scatter",
            "name": shown(self.label),
            "x": numbers(self.x),
            "y": numbers(self.y),
            "mode": self.mode,
            "opacity": self.opacity,
            "showlegend": self.legend,
            "line": {
                "color": self.colour,
                "dash": self.dash,
                "width": self.width,
                "shape": "hv" if self.steps else "linear",
            },
            "marker": {"color": self.colour, "size": self.size},
        }
        if not self.hover:
            found |= {"hoverinfo": "skip"}
        elif self.texts:
            found |= {"text": [shown(each) for each in self.texts]}
            found |= {"hovertemplate": "%{text}<extra></extra>"}
        if self.points:
            found |= {"customdata": list(self.points)}
        return found


def colour_of(place: int) -> str:
    """Return the colour of a series by its place; after the last they begin anew."""
    return f"${place % _COLOURS + 1}"


def shown(text: str) -> str:
    """Return a text for a label: no markup is read in it, and its end is left out if it is long."""
    cut = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return html.escape(cut, quote=False)


def number(value: object, digits: int = 4) -> str:
    """Return a value as a report shows it: four digits of a number, a dash for nothing."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        if math.isnan(value):
            return "–"
        digits = 2 if abs(value) < EXACT else digits
        return f"{value:.{digits}g}" if math.isfinite(value) else "∞"
    return str(value)


def numbers(values: ArrayLike, digits: int = 6) -> list[float | None]:
    """Return numbers for a chart: rounded to significant digits, None where there is none."""
    return [
        float(f"{value:.{digits}g}") if math.isfinite(value) else None
        for value in np.asarray(values, dtype=np.float64).tolist()
    ]


def axis(title: str, **settings: Any) -> dict[str, Any]:
    """Return an axis with a title."""
    return {"title": {"text": shown(title)}, **settings}


def score_axis(title: str, values: ArrayLike) -> dict[str, Any]:
    """Return an axis for scores: logarithmic from `EXACT` on where they span much and none is < 0.

    Args:
        title: Of the axis.
        values: All that is drawn along it.
    """
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    if not len(finite) or finite.min() < 0 or finite.max() <= _SPREAD * finite.min():
        return axis(title)
    return axis(title, type="log", exponentformat="power", dtick=1)


def on_axis(scores: ArrayLike, settings: Mapping[str, Any]) -> np.ndarray:
    """Return scores as an axis of `score_axis` shows them: none below its end."""
    values = np.asarray(scores, dtype=np.float64)
    return np.maximum(values, EXACT) if settings.get("type") == "log" else values


def chart(
    name: str,
    title: str,
    alt: str,
    series: Sequence[Series],
    x: Mapping[str, Any],
    y: Mapping[str, Any],
    *,
    caption: str = "",
    height: int = 380,
    layout: Mapping[str, Any] | None = None,
) -> Chart:
    """Return a chart of lines and points.

    Args:
        name: Of the chart on its page.
        title: What is seen.
        alt: What it shows, in a sentence.
        series: What is drawn, the last on top.
        x: The horizontal axis, see `axis`.
        y: The vertical axis.
        caption: Below it.
        height: In pixels.
        layout: Settings of plotly.js besides.
    """
    legend = sum(each.legend for each in series) > 1
    spec = {
        "data": [each.trace() for each in series],
        "layout": {
            "xaxis": dict(x),
            "yaxis": dict(y),
            "showlegend": legend,
            "hovermode": "closest",
            **(layout or {}),
        },
    }
    return Chart(name, title, alt, spec, caption, height)


def boxes(
    name: str,
    title: str,
    alt: str,
    groups: Mapping[str, ArrayLike],
    x: Mapping[str, Any],
    y: Mapping[str, Any],
    *,
    caption: str = "",
) -> Chart:
    """Return a chart of boxes, one for each group of numbers."""
    data = [
        {
            "type": "box",
            "name": shown(label),
            "y": numbers(values, 4),
            "boxpoints": False,
            "line": {"color": "$1", "width": 1.5},
            "hoverinfo": "y",
        }
        for label, values in groups.items()
    ]
    layout = {"xaxis": {"type": "category", **x}, "yaxis": dict(y), "showlegend": False}
    return Chart(name, title, alt, {"data": data, "layout": layout}, caption, 320)


def bars(
    name: str,
    title: str,
    alt: str,
    groups: Mapping[str, Mapping[str, float]],
    y: Mapping[str, Any],
    *,
    caption: str = "",
) -> Chart:
    """Return a chart of bars: for each group, a bar a label."""
    data = [
        {
            "type": "bar",
            "name": shown(group),
            "x": [shown(label) for label in values],
            "y": numbers(list(values.values())),
            "marker": {"color": colour_of(place)},
        }
        for place, (group, values) in enumerate(groups.items())
    ]
    layout = {
        "xaxis": {"type": "category"},
        "yaxis": dict(y),
        "showlegend": len(groups) > 1,
        "bargap": 0.5,
    }
    return Chart(name, title, alt, {"data": data, "layout": layout}, caption, 320)
