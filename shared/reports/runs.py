"""What reports say of any run: how it was made, and the curves of its training."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.common.callbacks import MetricsRow
from shared.reports.charts import Series, axis, chart, colour_of, number
from shared.reports.page import Chart, Facts, Prose, missing
from shared.runs.options import options_of
from shared.runs.run import Run

_OWN = frozenset({"epoch", "learning_rate", "seconds"})
"""Columns of metrics that are no loss and no measure."""


def option_texts(run: Run) -> dict[str, str]:
    """Return the options that a run was made with, by name, as reports show them."""
    return {
        name: (", ".join(map(str, value)) or "–") if isinstance(value, list) else number(value)
        for name, value in options_of(run).items()
    }


def recorded(run: Run) -> list[Facts]:
    """Return how a run was made: the version, when, the seed, and folded away, every option."""
    config = run.config
    pairs = [
        ("folder", str(run.path)),
        ("made", str(config.get("created", "–"))[:19].replace("T", " ") + " UTC"),
        ("version", str(config.get("version", "–"))),
    ]
    versions = config.get("versions")
    if isinstance(versions, Mapping):
        pairs.append(("with", ", ".join(f"{name} {value}" for name, value in versions.items())))
    options = option_texts(run)
    if "seed" in options:
        pairs.append(("seed", options["seed"]))
    found = [Facts(pairs)]
    if options:
        found.append(Facts(list(options.items()), f"All {len(options)} options"))
    return found


def read_record(run: Run, name: str) -> Mapping[str, Any]:
    """Return what a JSON file of a run holds; nothing where it is not there."""
    return mapping(run.read_json(name)) if (run.path / name).is_file() else {}


def mapping(value: object) -> Mapping[str, Any]:
    """Return a value where it is a mapping, else one of nothing."""
    return value if isinstance(value, Mapping) else {}


def curves(run: Run, unit: str) -> list[Chart | Prose]:
    """Return the curves of a training: its loss, then each of its terms and measures.

    Args:
        run: The run.
        unit: Of the losses.
    """
    rows = run.read_metrics()
    if not rows:
        return [missing("The training has kept no metrics, so there are no curves of it.")]
    found: list[Chart | Prose] = [_loss_chart(rows, unit)]
    measures = [n for n in rows[-1] if n.startswith("valid_") and _base(n) not in rows[-1]]
    found += [_measure_chart(rows, name) for name in measures]
    return found


def _loss_chart(rows: Sequence[MetricsRow], unit: str) -> Chart:
    names = [name for name in rows[-1] if name not in _OWN and not name.startswith("valid_")]
    order = sorted(names, key=lambda name: name != "loss")
    series = []
    for place, name in enumerate(order):
        colour = colour_of(place)
        for column, dash in ((name, "solid"), (f"valid_{name}", "dot")):
            x, y = _column(rows, column)
            if x:
                label = _words(name) + (", validation" if dash == "dot" else "")
                series.append(Series(label, x, y, colour=colour, dash=dash))
    last = rows[-1]["loss"]
    return chart(
        "loss",
        "How the loss fell, epoch by epoch",
        f"The loss of the training falls over {len(rows)} epochs to {last:.4g}.",
        series,
        axis("epoch"),
        axis(unit),
        caption="Solid: the training. Dotted: what is kept for validation.",
    )


def _measure_chart(rows: Sequence[MetricsRow], name: str) -> Chart:
    x, y = _column(rows, name)
    word = _words(_base(name))
    share = name.endswith("exact")
    title = (
        "How many validation sentences came back exactly"
        if share
        else f"How {word} changed on what is kept for validation"
    )
    return chart(
        name.replace("_", "-"),
        title,
        f"{word} on validation, from {y[0]:.4g} to {y[-1]:.4g} over {len(rows)} epochs.",
        [Series(word, x, y)],
        axis("epoch"),
        axis(word, **({"range": [0, 1.02], "tickformat": ".0%"} if share else {})),
        height=300,
    )


def _column(rows: Sequence[MetricsRow], name: str) -> tuple[list[float], list[float]]:
    points = [(row["epoch"], row[name]) for row in rows if name in row and "epoch" in row]
    return [x for x, _ in points], [y for _, y in points]


def _base(name: str) -> str:
    return name.removeprefix("valid_")


def _words(name: str) -> str:
    return name.replace("_", " ")
