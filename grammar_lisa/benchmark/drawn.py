"""Targets drawn from a grammar itself, which nobody chose."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from grammar_lisa.expressions.evaluation import evaluate, parsable
from grammar_lisa.grammar import Grammar
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.objectives.decontamination import NEAR
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.common.words import counted

LARGEST: Final = 1000.0
"""The largest value of a drawn target."""
_AT_A_TIME: Final = 64
_PATIENCE: Final = 50
"""Draws for each target that is asked for, before there are held to be too few."""


def any_target(text: str) -> bool:
    """Tell that any target is one to look for."""
    return True


def drawn_targets(
    grammar: Grammar,
    max_rules: int,
    points: Mapping[str, Floats],
    count: int,
    seed: int,
    fits: Callable[[str], bool] = any_target,
) -> list[str]:
    """Return sentences drawn uniformly from a grammar that are worth looking for.

    Those are finite and at most 1,000 in size at some points, and no straight line (or plane)
    scores below 0.11 there: such targets are found by anything. No two are equal there.

    Args:
        grammar: Drawn from.
        max_rules: The most rules of a sentence.
        points: Values of each variable, `[point]`.
        count: How many.
        seed: Of the draws.
        fits: Tells whether a target that is worth looking for is taken.

    Raises:
        LisaError: So many do not turn up.
    """
    drawn = derivations_to_texts(
        grammar,
        sample_uniform(
            grammar,
            _PATIENCE * count,
            max_rules,
            derive_seed(seed, "drawn targets"),
            fewer=True,
        ),
    )
    source = f"sentences drawn from {grammar.source} at {counted(max_rules, 'rule')}"
    return targets_among(drawn, points, count, source, fits)


def targets_among(
    texts: Sequence[str],
    points: Mapping[str, Floats],
    count: int,
    source: str,
    fits: Callable[[str], bool] = any_target,
) -> list[str]:
    """Return the first of some expressions that are worth looking for; see `drawn_targets`.

    Args:
        texts: In the order in which they are looked at.
        points: Values of each variable, ``[point]``.
        count: How many.
        source: What messages call the texts.
        fits: Tells whether a target that is worth looking for is taken.

    Raises:
        LisaError: So many do not turn up.
    """
    kept: dict[bytes, str] = {}
    for first in range(0, len(texts), _AT_A_TIME):
        for text, values in _worth(texts[first : first + _AT_A_TIME], points):
            key = np.round(values, 6).tobytes()
            if key not in kept and fits(text):
                kept[key] = text
            if len(kept) == count:
                return list(kept.values())
    raise LisaError(
        f"{len(kept)} of {len(texts):,} {source} are targets worth looking for (finite, at most "
        f"{LARGEST:g}, no straight line), not {count}; draw fewer targets, or name them with "
        "--target"
    )


def _worth(texts: Sequence[str], points: Mapping[str, Floats]) -> list[tuple[str, Floats]]:
    """Return those that are worth looking for, with their values at the points."""
    readable = parsable(texts, points)
    texts = [text for text, good in zip(texts, readable.tolist(), strict=True) if good]
    values = evaluate(texts, points)
    line = np.column_stack([np.ones(values.shape[1]), *points.values()])
    return [(text, row) for text, row in zip(texts, values, strict=True) if _is_worth(row, line)]


def _is_worth(values: Floats, line: Floats) -> bool:
    if not np.isfinite(values).all() or np.abs(values).max() > LARGEST:
        return False
    missed = values - line @ np.linalg.lstsq(line, values)[0]
    return bool(np.log1p(np.mean(missed**2)) >= NEAR)
