"""Training sentences on a map of the sphere, and the ways from one sentence to others."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.run import read_data
from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.reports.search_map import MAP
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.reports.charts import Series, colour_of, shown
from shared.reports.page import Block, Cell, Formula, Grid, missing
from shared.reports.sphere_map import SphereMap, map_chart, ranked_points
from shared.runs.expost import load_codes
from shared.runs.run import Run
from shared.sphere.geometry import project_rows, slerp

_SENTENCES = 1200
"""Training sentences on the map."""
_WAYS = 3
_STEPS = 9
_ENDS = 40
"""Held-out sentences among which the ends of ways are looked for."""

Way = tuple[list[str], Floats]
"""The texts along a way, and the directions that they were decoded from."""


def sentence_map(run: Run, model: SentenceModel | None) -> list[Block]:
    """Return the map of a run's training sentences with ways across it, or why there is none."""
    if model is None:
        return [missing("The training has not ended, so there is no map of its sentences.")]
    try:
        codes = load_codes(run).mean
        data = read_data(run)
    except LisaError as error:
        return [missing(f"The map is not drawn: {error}.")]
    ways = _ways(model, derivations_to_texts(model.grammar, data.test[:_ENDS]))
    rows = np.linspace(0, len(codes) - 1, min(_SENTENCES, len(codes))).astype(np.int64)
    texts = derivations_to_texts(model.grammar, data.train[rows])
    directions = project_rows(codes[rows])
    centre = ways[0][1][0] if ways else directions[0]
    plan = SphereMap.centred(centre, np.concatenate([directions, *(w[1][1:] for w in ways)]))
    lengths = (data.train[rows] != len(model.grammar.rules)).sum(axis=1)
    middle = ways[0][0][0] if ways else texts[0]
    return [
        map_chart(
            MAP,
            "Training sentences, and the ways from one sentence to others",
            f"A map of {len(texts):,} training sentences around {middle}, coloured by length, with "
            f"{len(ways)} ways to other sentences.",
            [],
            coloured=ranked_points(
                "training sentences",
                plan.place(directions),
                lengths.astype(np.float64),
                [shown(text) for text in texts],
                "rules",
                size=7,
            ),
            caption="In the middle is the sentence that the ways begin at. Distance from it is "
            "true: the angle between directions. Great circles through it are straight. The side "
            f"is that of two principal axes, which tell {100 * plan.share:.0f} % of how sentences "
            "differ. Hover to read a sentence.",
        ).with_traces([_way_trace(place, way, plan) for place, way in enumerate(ways)]),
        *([_way_grid(ways)] if ways else []),
    ]


def _ways(model: SentenceModel, texts: Sequence[str]) -> list[Way]:
    """Return the ways from one held-out sentence to others, of those that come back."""
    points = model.encode(texts)
    back = np.flatnonzero(model.reconstructed(texts, points))[: _WAYS + 1]
    if len(back) < 2:
        return []
    start, *ends = torch.from_numpy(points[back])
    along = torch.linspace(0, 1, _STEPS, dtype=torch.float64)
    found = []
    for end in ends:
        straight = torch.lerp(start, end, along.unsqueeze(1))
        path = slerp(start, end, along) if model.method.spherical else straight
        found.append((model.decode(path.numpy()), project_rows(path.numpy())))
    return found


def _way_trace(place: int, way: Way, plan: SphereMap) -> dict[str, Any]:
    texts, directions = way
    places = plan.place(directions)
    series = Series(
        f"to {texts[-1]}",
        places[:, 0],
        places[:, 1],
        [f"{step} of {_STEPS - 1}: {text}" for step, text in enumerate(texts)],
        colour=colour_of(place + 1),
        mode="lines+markers",
        size=9,
        width=2.5,
    )
    return series.trace()


def _way_grid(ways: Sequence[Way]) -> Grid:
    rows: list[list[Cell]] = [
        [f"{step / (_STEPS - 1):.3f}", *(Formula(texts[step]) for texts, _ in ways)]
        for step in range(_STEPS)
    ]
    heads = [f"way {number}" for number in range(1, len(ways) + 1)]
    return Grid("What lies along the ways", ["part of the way", *heads], rows)
