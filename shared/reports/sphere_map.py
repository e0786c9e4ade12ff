"""Floats on a map in which angles from one of them are true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from shared.common.arrays import Floats
from shared.reports.charts import Series, chart, number, numbers, shown
from shared.reports.page import Chart

_RINGS = (30, 60, 90, 120, 150)


@dataclass(frozen=True)
class SphereMap:
    """An azimuthal equidistant map of unit vectors.

    The centre is a direction. How far a point lies from it is its angle to it, in degrees, which is
    true; on which side it lies is told by the two principal axes of the tangent vectors at the
    centre, which is a part of the truth: `share`. Great circles through the centre are straight.

    Attributes:
        centre: The direction in the middle, `[dim]`.
        axes: Orthonormal tangent vectors at the centre, `[2, dim]`.
        share: The part of the variance of the tangents that the two axes tell.
    """

    centre: Floats
    axes: Floats
    share: float

    @classmethod
    def centred(cls, centre: Floats, directions: Floats) -> "SphereMap":
        """Return the map of some directions `[n, dim]` around one."""
        tangents, _ = _tangents(centre, directions)
        _, values, axes = np.linalg.svd(tangents, full_matrices=False)
        axes = axes[:2] * np.where(axes[:2].sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
        if len(axes) < 2:
            axes = np.concatenate([axes, np.zeros((2 - len(axes), len(centre)))])
        total = float((values**2).sum())
        return cls(centre, axes, float((values[:2] ** 2).sum()) / total if total else 1.0)

    def place(self, directions: Floats) -> Floats:
        """Return the places of directions `[n, dim]` on the map, in degrees, `[n, 2]`."""
        tangents, angles = _tangents(self.centre, directions)
        flat = tangents @ self.axes.T
        lengths = np.linalg.norm(flat, axis=1, keepdims=True)
        sides = np.divide(flat, lengths, out=np.zeros_like(flat), where=lengths > 0)
        places: Floats = np.degrees(angles)[:, None] * sides
        return places


def _tangents(centre: Floats, directions: Floats) -> tuple[Floats, Floats]:
    """Return unit tangent vectors at the centre towards directions, and the angles to them."""
    cosines = np.clip(directions @ centre, -1.0, 1.0)
    towards = directions - cosines[:, None] * centre
    lengths = np.linalg.norm(towards, axis=1)
    units = np.divide(
        towards, lengths[:, None], out=np.zeros_like(towards), where=lengths[:, None] > 1e-12
    )
    return units, np.arctan2(lengths, cosines)


def ranked_points(
    name: str,
    places: Floats,
    values: Floats,
    texts: Sequence[str],
    title: str,
    *,
    starred: int | None = None,
    size: float = 8,
) -> dict[str, Any]:
    """Return points coloured by the rank of a value, the least strongest and on top.

    Args:
        name: What they are.
        places: On the map, `[n, 2]`.
        values: `[n]`; NaN is last.
        texts: What hovering shows, as plotly.js reads it: see `shown`.
        title: What the values are.
        starred: The number of a point that is a star.
        size: Of a point, in pixels.
    """
    ranks = rank(values)
    order = np.argsort(-ranks, kind="stable")
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": numbers(places[order, 0]),
        "y": numbers(places[order, 1]),
        "text": [texts[place] for place in order],
        "customdata": order.tolist(),
        "hovertemplate": "%{text}<extra></extra>",
        "showlegend": False,
        "marker": {
            "size": [2 * size if place == starred else size for place in order],
            "symbol": ["star" if place == starred else "circle" for place in order],
            "color": numbers(ranks[order]),
            "colorscale": "$scale",
            "opacity": 0.9,
            "cmin": 0,
            "cmax": 1,
            "line": {"width": 0.6, "color": "$page"},
            "colorbar": _colour_bar(values, title),
        },
    }


def rank(values: Floats) -> Floats:
    """Return the ranks of values from 0, the least, to 1; NaN is last, equal values are level."""
    filled = np.where(np.isnan(values), np.inf, values)
    _, places = np.unique(filled, return_inverse=True)
    most = places.max(initial=0)
    ranks: Floats = places / most if most else np.zeros(len(values))
    return ranks


def _colour_bar(values: Floats, title: str) -> dict[str, Any]:
    """Return the legend of colours, which are those of ranks, with the values at five of them."""
    distinct = np.unique(values[np.isfinite(values)])
    at = np.unique(np.linspace(0, len(distinct) - 1, 5).round().astype(np.int64))
    most = max(1, len(distinct) - 1)
    return {
        "title": {"text": shown(title), "side": "top", "font": {"size": 13}},
        "tickvals": numbers(at / most),
        "ticktext": [number(float(value), 3) for value in distinct[at]],
        "thickness": 12,
        "outlinewidth": 0,
        "len": 0.7,
        "x": 0.86,
        "xanchor": "left",
    }


def map_chart(
    name: str,
    title: str,
    alt: str,
    series: Sequence[Series],
    *,
    coloured: Mapping[str, Any] | None = None,
    caption: str = "",
    follow: Mapping[str, Any] | None = None,
) -> Chart:
    """Return a map as a chart, with rings of equal angle around its centre.

    Args:
        name: Of the chart on its page.
        title: What is seen.
        alt: What it shows, in a sentence.
        series: What is drawn.
        coloured: A trace of plotly.js whose points have colours of their own.
        caption: Below it.
        follow: Points and the paths to them: `x`, `y`, `sentence`, `score`, `round` and `trial` of
            each, and in `best`, by trial, the points that were the best after each round.
    """
    drawn = [np.hypot(np.asarray(s.x, float), np.asarray(s.y, float)) for s in series]
    if coloured is not None:
        drawn.append(np.hypot(np.asarray(coloured["x"], float), np.asarray(coloured["y"], float)))
    reach = max(30.0, 1.06 * max(float(each.max(initial=0.0)) for each in drawn))
    rings = [angle for angle in _RINGS if angle <= reach]
    hidden = {"visible": False, "range": [-reach, reach]}
    found = chart(
        name,
        title,
        alt,
        series,
        hidden | {"constrain": "domain", "domain": [0.0, 0.84]},
        hidden | {"scaleanchor": "x", "constrain": "domain"},
        caption=caption,
        height=620,
        layout={
            "shapes": [_ring(angle) for angle in rings],
            "annotations": [_ring_label(angle) for angle in rings],
            "margin": {"l": 0, "r": 0, "t": 8, "b": 8},
            "hoverdistance": 12,
            "dragmode": "pan",
        },
    )
    whole = found.with_traces([] if coloured is None else [dict(coloured)])
    return replace(whole, follow=follow or {})


def _ring(angle: float) -> dict[str, Any]:
    return {
        "type": "circle",
        "layer": "below",
        "x0": -angle,
        "x1": angle,
        "y0": -angle,
        "y1": angle,
        "line": {"color": "$line", "width": 1},
    }


def _ring_label(angle: float) -> dict[str, Any]:
    return {
        "x": 0,
        "y": angle,
        "text": f"{angle}°",
        "showarrow": False,
        "font": {"size": 11, "color": "$soft"},
        "bgcolor": "$page",
        "borderpad": 1,
    }
