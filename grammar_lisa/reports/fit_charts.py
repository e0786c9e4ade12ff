"""Expressions over the data that they were scored on, and what they leave over."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grammar_lisa.expressions.evaluation import evaluate, spread_evenly
from shared.common.arrays import Floats
from shared.reports.charts import Series, axis, chart, colour_of
from shared.reports.page import Chart

_MOST = 2000
"""Points that are drawn."""
_CURVE = 500
"""Points of a curve."""


@dataclass(frozen=True)
class Points:
    """Data to be met.

    Attributes:
        label: In the legend.
        data: The inputs, ``[point]`` each.
        y: What is to be met, ``[point]``.
    """

    label: str
    data: Mapping[str, Floats]
    y: Floats

    def drawn(self) -> "Points":
        """Return no more points than a chart shows, spread evenly."""
        rows = spread_evenly(len(self.y), _MOST)
        data = {name: values[rows] for name, values in self.data.items()}
        return Points(self.label, data, self.y[rows])


def fit_charts(
    parts: Sequence[Points], formulas: Mapping[str, str], names: Mapping[str, str], target: str
) -> Iterator[Chart]:
    """Return two charts: formulas over the data, and what they leave over.

    With one input a formula is a curve along it; with several its predictions stand against the
    data.

    Args:
        parts: The data, perhaps in parts.
        formulas: Over the inputs, by their labels; at least one.
        names: What the inputs are called.
        target: What is to be met is called.
    """
    parts = [part.drawn() for part in parts]
    chosen = _along_input if len(parts[0].data) == 1 else _against_data
    yield chosen(parts, formulas, names, target)
    yield _residuals(parts, formulas, names, target)


def _along_input(
    parts: Sequence[Points], formulas: Mapping[str, str], names: Mapping[str, str], target: str
) -> Chart:
    ((name, x),) = parts[0].data.items()
    curve = np.linspace(x.min(), x.max(), _CURVE)
    drawn = [
        Series(
            part.label,
            part.data[name],
            part.y,
            colour="$soft" if place == 0 else "$ink",
            mode="markers",
            size=6,
            opacity=0.55,
        )
        for place, part in enumerate(parts)
    ]
    values = evaluate(list(formulas.values()), {name: curve})
    drawn += [
        Series(label, curve, line, colour=colour_of(place), width=2)
        for place, (label, line) in enumerate(zip(formulas, values, strict=True))
    ]
    return chart(
        "fit",
        _title("The data and", formulas),
        f"{', '.join(formulas)} over {len(x):,} points of {target} along {names[name]}.",
        drawn,
        axis(names[name]),
        axis(target, range=limits(parts[0].y)),
        caption="Click an entry of the legend to hide it, drag to zoom in.",
        height=400,
    )


def _against_data(
    parts: Sequence[Points], formulas: Mapping[str, str], names: Mapping[str, str], target: str
) -> Chart:
    ends = limits(parts[0].y)
    drawn = [Series("as in the data", ends, ends, colour="$soft", dash="dash", width=1.2)]
    drawn += [
        Series(label, part.y, values, colour=colour, mode="markers", opacity=0.55)
        for label, colour, part, values in _predictions(parts, formulas)
    ]
    return chart(
        "fit",
        _title("Predicted and true values:", formulas),
        f"Predictions of {', '.join(formulas)} against {target}; the line is a perfect fit.",
        drawn,
        axis(target, range=ends),
        axis(f"predicted {target}", range=ends),
        caption="On the dashed line a prediction is true.",
        height=440,
    )


def _residuals(
    parts: Sequence[Points], formulas: Mapping[str, str], names: Mapping[str, str], target: str
) -> Chart:
    alone = len(parts[0].data) == 1
    drawn = []
    for label, colour, part, values in _predictions(parts, formulas):
        along = next(iter(part.data.values())) if alone else values
        left = part.y - values
        drawn.append(Series(label, along, left, colour=colour, mode="markers", size=5, opacity=0.7))
    first = next(iter(names.values()))
    return chart(
        "residuals",
        "What is left over",
        f"The differences of {target} and what {', '.join(formulas)} predict.",
        drawn,
        axis(first if alone else f"predicted {target}"),
        axis(f"{target} − predicted", zeroline=True),
        caption="A pattern here is what a formula does not explain; noise has none.",
        height=300,
    )


def limits(values: Floats) -> list[float]:
    """Return the ends of an axis with some room around values."""
    least, most = float(values.min()), float(values.max())
    room = (most - least) / 12 or abs(most) / 12 or 1.0
    return [least - room, most + room]


def _predictions(
    parts: Sequence[Points], formulas: Mapping[str, str]
) -> Iterator[tuple[str, str, Points, Floats]]:
    """Yield for each formula and part of the data the label, the colour, the part, the values."""
    for place, (label, text) in enumerate(formulas.items()):
        for number, part in enumerate(parts):
            colour = colour_of(place + number * len(formulas))
            values: Floats = evaluate([text], part.data)[0]
            yield _label(label, part, parts, formulas), colour, part, values


def _label(formula: str, part: Points, parts: Sequence[Points], formulas: Mapping[str, str]) -> str:
    """Return what the predictions of a formula for a part of the data are called."""
    if len(parts) == 1:
        return formula
    return part.label if len(formulas) == 1 else f"{formula}, {part.label}"


def _title(start: str, formulas: Mapping[str, str]) -> str:
    return f"{start} {next(iter(formulas)) if len(formulas) == 1 else 'the best formulas'}"
