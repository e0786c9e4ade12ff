"""The report of a search: how it went, what it found, and where on the sphere."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from grammar_lisa.optimize.history import best_so_far
from grammar_lisa.reports.fit_charts import Points, fit_charts
from grammar_lisa.reports.recorded_search import RecordedSearch, latex_of
from grammar_lisa.reports.search_map import MAP, SearchMap, search_map
from shared.common.arrays import Floats, Integers
from shared.common.errors import LisaError
from shared.common.words import counted
from shared.reports.charts import Series, axis, boxes, chart, colour_of, number, on_axis, score_axis
from shared.reports.formulas import formula
from shared.reports.page import (
    Block,
    Cell,
    Chart,
    Facts,
    Follow,
    Formula,
    Grid,
    Page,
    Prose,
    Section,
    Tiles,
    missing,
)
from shared.reports.runs import mapping, recorded
from shared.runs.run import Run

_SHOWN = 12
"""The best sentences that are shown."""
_OVERLAID = 3
"""The best expressions that are drawn over the data."""
_MOST_DOTS = 4000
_ROUNDS = 40
"""Boxes of rounds beside each other."""


def search_page(run: Run) -> Page:
    """Return the report of a search, which may have been stopped.

    Raises:
        LisaError: A file of it is damaged.
    """
    search = RecordedSearch.read(run)
    found: SearchMap | Prose = search_map(search)
    return Page(
        f"Search for {search.objective_text}",
        "grammar-lisa bo",
        _lead(search),
        [
            Section("How the search went", list(_course(search))),
            Section("What it found", list(_findings(search, found))),
            Section("Where it found them on the sphere", _map_blocks(found)),
            Section("Beside random sentences", [_controls(search)]),
            Section("How it was made", [*_setup(search), *recorded(run)]),
        ],
        [_tiles(search)],
        f"{run.path.name}, a search of {run.path.resolve().parent.name}",
    )


def _lead(search: RecordedSearch) -> str:
    state = "" if search.summary else " It has not ended; what is known so far is shown."
    sees = search.summary.get("sees")
    return (
        f"{counted(len(search.trials), 'trial')} of the system {search.system}"
        + (f", which saw {sees} of what was evaluated" if sees else "")
        + f". Smaller scores are better.{state}"
    )


def _tiles(search: RecordedSearch) -> Block:
    best = search.best[:1]
    if not best:
        return missing("The search has evaluated nothing yet.")
    trial, place, evaluation = best[0]
    tiles = [
        ("best score", number(evaluation.score)),
        (f"found by trial {trial} after", f"{place:,} evaluation{'s' * (place != 1)}"),
        ("evaluations in all", f"{len(search.evaluations):,}"),
    ]
    exact = [
        row["reached"]["≤ 1e-09"]
        for row in mapping(search.summary.get("trials")).get("search", [])
        if "≤ 1e-09" in mapping(mapping(row).get("reached"))
    ]
    if exact:
        hits = sum(each is not None for each in exact)
        tiles.insert(1, ("trials that found it exactly", f"{hits} of {len(exact)}"))
    return Tiles(tiles)


def _course(search: RecordedSearch) -> Iterator[Block]:
    if not search.best:
        yield missing("There is nothing to draw: no sentence has a score yet.")
        return
    yield convergence({"": search})
    yield _round_boxes(search)


def convergence(searches: Mapping[str, RecordedSearch]) -> Chart:
    """Return the chart of the best score so far, each trial of each search, by its label."""
    drawn: list[Series] = []
    every = [
        value for s in searches.values() for _, _, e in s.evaluations for value in [e.value]
    ] + [s.start for s in searches.values() if s.start is not None]
    scores = score_axis(next(iter(searches.values())).score_title, every)
    for place, (label, search) in enumerate(searches.items()):
        colour = colour_of(place)
        if len(searches) == 1:
            drawn += _dots(search, scores)
        drawn += _trial_lines(label, search, scores, colour)
        if search.start is not None:
            drawn.append(_start_line(label, search, scores, colour))
    log = scores.get("type") == "log"
    return chart(
        "convergence",
        "The best score so far, evaluation by evaluation",
        "Lines that fall from the best score of the initial design to the best score found: "
        + "; ".join(_alt(label, search) for label, search in searches.items()),
        drawn,
        axis("evaluations", rangemode="tozero"),
        scores,
        caption=(
            "Thin lines are trials, the thick one is their median. "
            + ("Dots are evaluated sentences; hover to read them. " if len(searches) == 1 else "")
            + ("Scores below 1e-9 are drawn at 1e-9." if log else "")
        ),
        height=430,
    )


def _alt(label: str, search: RecordedSearch) -> str:
    best = number(search.best[0][2].score) if search.best else "none"
    return f"{label or search.system}, {counted(len(search.trials), 'trial')}, best {best}"


def _dots(search: RecordedSearch, scores: Mapping[str, Any]) -> Iterator[Series]:
    """Return every evaluation with a score; of very many, some."""
    every = [each for each in search.evaluations if each[2].score is not None]
    step = -(-len(every) // _MOST_DOTS)
    some = every[:: max(1, step)]
    yield Series(
        "evaluated",
        [place for _, place, _ in some],
        on_axis([e.value for _, _, e in some], scores),
        [f"{e.sentence}: {number(e.score)} (trial {t}, evaluation {p})" for t, p, e in some],
        colour="$soft",
        mode="markers",
        size=4,
        opacity=0.35,
    )


def _trial_lines(
    label: str, search: RecordedSearch, scores: Mapping[str, Any], colour: str
) -> Iterator[Series]:
    lines = {
        trial: best_so_far([each.value for each in evaluations])
        for trial, evaluations in search.trials.items()
        if evaluations
    }
    if not lines:
        return
    longest = max(len(line) for line in lines.values())
    alone = len(lines) == 1
    for trial, line in lines.items():
        places = _corners(line)
        values = line[places - 1]
        yield Series(
            label or f"trial {trial}",
            places,
            on_axis(values, scores),
            [
                f"{label} trial {trial}: {number(value)} after {place}".strip()
                for place, value in zip(places.tolist(), values.tolist(), strict=True)
            ],
            colour=colour,
            width=2.5 if alone else 1,
            opacity=1 if alone else 0.6,
            steps=True,
            legend=alone,
        )
    if not alone:
        held = [best_so_far(line, longest) for line in lines.values()]
        median = np.median(np.stack(held), axis=0)
        yield Series(
            f"{label} median of {counted(len(lines), 'trial')}".strip(),
            list(range(1, longest + 1)),
            on_axis(median, scores),
            colour=colour,
            width=3,
            steps=True,
        )


def _corners(line: Floats) -> Integers:
    """Return the places, counted from 1, at which a line of steps changes, and its two ends."""
    changes = np.flatnonzero(line[1:] != line[:-1]) + 2
    found: Integers = np.unique(np.concatenate([[1], changes, [len(line)]])).astype(np.int64)
    return found


def _start_line(
    label: str, search: RecordedSearch, scores: Mapping[str, Any], colour: str
) -> Series:
    longest = max((len(each) for each in search.trials.values()), default=1)
    start = search.start
    assert start is not None
    return Series(
        f"{label} best of the initial design".strip(),
        [0, longest],
        on_axis([start, start], scores),
        [f"best of the initial design: {number(start)}"] * 2,
        colour="$ink" if not label else colour,
        dash="dash",
        width=1.2,
    )


def _round_boxes(search: RecordedSearch) -> Chart | Prose:
    rounds: dict[int, list[float]] = defaultdict(list)
    for _, _, each in search.evaluations:
        if each.score is not None:
            rounds[each.round].append(each.score)
    if len(rounds) < 2:
        return missing("There was one round, so the scores of rounds cannot be laid side by side.")
    step = -(-len(rounds) // _ROUNDS)
    groups: dict[str, list[float]] = {}
    for first in range(0, len(rounds), step):
        several = sorted(rounds)[first : first + step]
        name = f"{several[0]}" if len(several) == 1 else f"{several[0]}–{several[-1]}"
        groups[name] = [score for each in several for score in rounds[each]]
    return boxes(
        "rounds",
        "What each round evaluated",
        f"The distribution of scores in each of {counted(len(rounds), 'round')}, all trials "
        "together.",
        groups,
        axis("round"),
        axis(search.score_title),
        caption="All trials together: the middle half in the box, its median as a line. Rounds "
        "with high boxes explored; those with low ones exploited.",
    )


def _findings(search: RecordedSearch, found: SearchMap | Prose) -> Iterator[Block]:
    rows = list(_best_rows(search))
    if not rows:
        yield missing("No sentence was scored better than the worst score.")
        return
    first = rows[0]["formula"]
    if first.svg:
        yield first
    yield _best_grid(search, rows, found)
    yield from _fit(search, rows)


def _best_rows(search: RecordedSearch) -> Iterator[dict[str, Any]]:
    """Return the best sentences, as the search left them, or where it did not end as they stand."""
    best = search.summary.get("best")
    if isinstance(best, list) and best:
        for row in best[:_SHOWN]:
            form = str(row.get("simplified") or row["sentence"])
            yield {**row, "form": form, "formula": formula(form, row.get("latex"))}
        return
    for trial, place, each in search.best[:_SHOWN]:
        drawn = formula(each.sentence, None if search.target is None else latex_of(each.sentence))
        yield {
            "score": each.score,
            "r2": None,
            "sentence": each.sentence,
            "form": each.sentence,
            "formula": drawn,
            "known_at_start": False,
            "trial": trial,
            "evaluation": place,
        }


def _best_grid(
    search: RecordedSearch, rows: Sequence[Mapping[str, Any]], found: SearchMap | Prose
) -> Grid:
    expressions = search.target is not None
    points = {} if isinstance(found, Prose) else found.points
    head = ["score", *(["R²"] if expressions else []), "sentence", "found", "on the map"]
    return Grid(
        "The best sentences" + (", simplified where that is shorter" if expressions else ""),
        head,
        [
            [
                number(row["score"]),
                *([number(row["r2"])] if expressions else []),
                _shown_sentence(row),
                _where(row),
                _on_map(row, points),
            ]
            for row in rows
        ],
        frozenset({0}),
    )


def _shown_sentence(row: Mapping[str, Any]) -> Cell:
    drawn = row["formula"]
    return Formula(str(row["sentence"]), drawn.svg)


def _where(row: Mapping[str, Any]) -> str:
    if row.get("known_at_start"):
        return "known at the start"
    return f"trial {row['trial']}, evaluation {row['evaluation']}"


def _on_map(row: Mapping[str, Any], points: Mapping[tuple[int, int], int]) -> Cell:
    place = points.get((row.get("trial") or 0, row.get("evaluation") or 0))
    return "–" if place is None else Follow(MAP, place, "follow the path")


def _fit(search: RecordedSearch, rows: Sequence[Mapping[str, Any]]) -> list[Block]:
    if search.target is None:
        return [missing("The objective has no data of its own, so no fit can be drawn.")]
    try:
        regression = search.regression()
    except LisaError as error:
        return [missing(f"The fit over the data is not drawn: {error}.")]
    assert regression is not None
    sentences = {str(row["sentence"]): str(row["sentence"]) for row in rows[:_OVERLAID]}
    points = Points("target", regression.data, regression.y)
    return list(fit_charts([points], sentences, {n: n for n in regression.data}, "y"))


def _map_blocks(found: SearchMap | Prose) -> list[Block]:
    return [found] if isinstance(found, Prose) else [found.chart]


def _controls(search: RecordedSearch) -> Block:
    means = mapping(search.summary.get("means"))
    if len(means) < 2:
        return missing("Random sentences were not scored beside the search, or it has not ended.")
    head = ["", "distinct", "average", "best", "exact"]
    rows: list[list[Cell]] = []
    for name, each in means.items():
        exact = mapping(each.get("≤ 1e-09"))
        trials = len(mapping(search.summary.get("trials")).get(name, []))
        rows.append(
            [
                search.system if name == "search" else name,
                *(_mean(each, column) for column in ("distinct", "average", "best")),
                f"{exact['trials']} of {trials}" if exact else "–",
            ]
        )
    return Grid(
        "Mean ± deviation over trials; as many random sentences as a trial may evaluate",
        head,
        rows,
        frozenset({0}),
    )


def _mean(row: Mapping[str, Any], column: str) -> str:
    mean, deviation = row.get(column), row.get(f"{column}_deviation")
    if mean is None:
        return "–"
    return number(float(mean), 3) + ("" if deviation is None else f" ± {number(deviation, 3)}")


def _setup(search: RecordedSearch) -> list[Block]:
    config = search.options
    pairs = [
        ("objective", search.objective_text),
        ("system", search.system),
        ("searched run", str(search.run.path.resolve().parent.name)),
        ("trials", number(len(search.trials))),
        ("rounds of a batch", f"{number(config.get('rounds'))} of {number(config.get('batch'))}"),
        ("known to begin with", f"{number(config.get('n_initial'))} training sentences"),
        ("kept out", str(search.run.config.get("left_out", "–"))),
    ]
    if search.summary.get("failures"):
        pairs.append(("failures", str(search.summary["failures"])))
    return [Facts(pairs)]
