"""The sentences of a search on a map of the sphere, with the paths that led to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grammar_lisa.optimize.history import Evaluation
from grammar_lisa.reports.recorded_search import RecordedSearch
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.reports.charts import Series, number, numbers, shown
from shared.reports.page import Chart, Prose, missing
from shared.reports.sphere_map import SphereMap, map_chart, ranked_points
from shared.sphere.geometry import project_rows

MAP = "map"
"""The name of the chart."""
_MOST = 3000
"""Evaluations that are drawn."""

Placed = tuple[int, int, Evaluation]


@dataclass(frozen=True)
class SearchMap:
    """A map of a search.

    Attributes:
        chart: The map.
        points: The number of the point of an evaluation, by trial and evaluation.
    """

    chart: Chart
    points: Mapping[tuple[int, int], int]


def search_map(search: RecordedSearch) -> SearchMap | Prose:
    """Return the map of a search around its best sentence, or why there is none."""
    if not search.best:
        return missing("No sentence has a score yet, so there is nothing to put on a map.")
    shown_ones = _some(search)
    try:
        around = project_rows(search.training_codes())
        codes = search.model.encode([each.sentence for _, _, each in shown_ones])
    except LisaError as error:
        return missing(f"The map is not drawn: {error}.")
    directions = project_rows(codes)
    values = np.array([each.value for _, _, each in shown_ones])
    centre = directions[int(np.nanargmin(values))]
    plan = SphereMap.centred(centre, np.concatenate([directions, around]))
    places, context = plan.place(directions), plan.place(around)
    made = map_chart(
        MAP,
        "Every sentence that was evaluated, around the best one",
        f"A map of {len(shown_ones)} evaluated sentences around the best one, "
        f"{search.best[0][2].sentence}; the better a sentence, the stronger its colour.",
        [_context(context)],
        coloured=ranked_points(
            "evaluated sentences",
            places,
            values,
            [_label(*each) for each in shown_ones],
            search.score_title,
            starred=int(np.nanargmin(values)),
        ),
        caption=_caption(search, plan, len(shown_ones)),
        follow=_paths(shown_ones, places),
    )
    return SearchMap(made, {(trial, place): n for n, (trial, place, _) in enumerate(shown_ones)})


def _some(search: RecordedSearch) -> list[Placed]:
    """Return evaluations in order; of very many the best of each moment, and some of the rest."""
    every = search.evaluations
    if len(every) <= _MOST:
        return every
    kept = set(np.linspace(0, len(every) - 1, _MOST // 2).astype(int).tolist())
    best: dict[int, float] = {}
    for place, (trial, _, each) in enumerate(every):
        if each.score is not None and each.score < best.get(trial, np.inf):
            best[trial] = each.score
            kept.add(place)
    order = np.argsort([np.inf if e.score is None else e.score for _, _, e in every], kind="stable")
    kept |= set(order[: _MOST // 2].tolist())
    return [every[place] for place in sorted(kept)]


def _context(places: Floats) -> Series:
    return Series(
        "training sentences",
        places[:, 0],
        places[:, 1],
        hover=False,
        colour="$line",
        mode="markers",
        size=5,
        opacity=0.9,
    )


def _label(trial: int, _: int, each: Evaluation) -> str:
    """Return what hovering over an evaluation shows."""
    score = "no score" if each.score is None else f"score {number(each.score)}"
    return f"{shown(each.sentence)}<br>{score}, trial {trial}, round {each.round}"


def _paths(evaluations: Sequence[Placed], places: Floats) -> dict[str, Any]:
    """Return what the page needs to follow the path to a sentence."""
    return {
        "x": numbers(places[:, 0]),
        "y": numbers(places[:, 1]),
        "sentence": [each.sentence for _, _, each in evaluations],
        "score": [number(each.score) for _, _, each in evaluations],
        "round": [each.round for _, _, each in evaluations],
        "trial": [trial for trial, _, _ in evaluations],
        "best": best_of_rounds(evaluations),
    }


def best_of_rounds(evaluations: Sequence[Placed]) -> dict[int, list[int]]:
    """Return for each trial the numbers of those that were its best after some round, in order."""
    best: dict[int, int] = {}
    ends: dict[int, dict[int, int]] = {}
    for place, (trial, _, each) in enumerate(evaluations):
        ends.setdefault(trial, {})
        if each.score is None:
            continue
        before = best.get(trial)
        if before is None or each.score < evaluations[before][2].value:
            best[trial] = place
        ends[trial][each.round] = best[trial]
    return {trial: list(dict.fromkeys(rounds.values())) for trial, rounds in ends.items()}


def _caption(search: RecordedSearch, plan: SphereMap, drawn: int) -> str:
    count = len(search.evaluations)
    some = "" if drawn == count else f" Drawn are {drawn:,} of {count:,} evaluations."
    return (
        "The star in the middle is the best sentence. Distance from it is true: the angle between "
        "directions; most of a sphere in many dimensions lies near 90° from any of its points. The "
        f"side is that of two principal axes, which tell {100 * plan.share:.0f} % of how the "
        "sentences differ. Grey: sentences of the training. Click a sentence: the line leads along "
        "what was best in its trial after each round, up to the sentence. Drag to move the map, "
        f"double-click to see all of it.{some}"
    )
