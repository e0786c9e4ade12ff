"""Several runs side by side: what they were told, and their curves."""

from collections import Counter
from collections.abc import Mapping, Sequence

from shared.reports.charts import Series, axis, chart, colour_of
from shared.reports.page import Chart, Grid, Page, Prose, Section, missing
from shared.reports.runs import option_texts
from shared.runs.run import Run

_PLACES = frozenset({"runs", "run", "name"})
"""Options that say where a run is, not what it is."""


def labelled(runs: Sequence[Run]) -> dict[str, Run]:
    """Return runs by the names of their folders, with those above where two share a name."""
    names = Counter(run.path.resolve().name for run in runs)
    found: dict[str, Run] = {}
    for run in runs:
        path = run.path.resolve()
        alone = names[path.name] == 1
        found[path.name if alone else f"{path.parent.name}/{path.name}"] = run
    return found


def side_by_side(runs: Mapping[str, Run], tool: str, sections: Sequence[Section]) -> Page:
    """Return the report of several runs of a tool, by their labels."""
    return Page(
        " and ".join(runs) if len(runs) < 4 else f"{len(runs)} runs",
        f"{tool} report",
        "Runs side by side. Each has a report of its own, which shows more.",
        sections,
        foot=", ".join(str(run.path) for run in runs.values()),
    )


def differences(runs: Mapping[str, Run]) -> list[Grid | Prose]:
    """Return the options in which runs differ, a column for each run; nothing of one run."""
    if len(runs) < 2:
        return []
    told = {label: option_texts(run) for label, run in runs.items()}
    names = dict.fromkeys(name for options in told.values() for name in options)
    rows = [
        [name.replace("_", " "), *(options.get(name, "–") for options in told.values())]
        for name in names
        if name not in _PLACES and len({options.get(name) for options in told.values()}) > 1
    ]
    if not rows:
        return [missing("All were made with the same options.")]
    return [Grid("The options in which they differ", ["option", *runs], rows, numbers=False)]


def overlaid(
    runs: Mapping[str, Run], column: str, title: str, unit: str, *, percent: bool = False
) -> Chart | Prose:
    """Return a measure of trainings over epochs, a line for each run that has it.

    Args:
        runs: By their labels.
        column: Of `metrics.csv`.
        title: What is seen.
        unit: Of the measure.
        percent: Whether it is a part of one.
    """
    drawn = []
    for place, (label, run) in enumerate(runs.items()):
        rows = [row for row in run.read_metrics() if column in row and "epoch" in row]
        if rows:
            x, y = [row["epoch"] for row in rows], [row[column] for row in rows]
            drawn.append(Series(label, x, y, colour=colour_of(place)))
    if not drawn:
        return missing(f"{title}: no run has kept it.")
    settings = {"range": [0, 1.02], "tickformat": ".0%"} if percent else {}
    return chart(
        column.replace("_", "-"),
        title,
        f"{title}, for {', '.join(each.label for each in drawn)}.",
        drawn,
        axis("epoch"),
        axis(unit, **settings),
    )
