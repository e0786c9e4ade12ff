"""Polynomials that functions of variables take part in, as in ``x*(cos(w*t)+a*cos(w*t)**2)``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from grammar_lisa.regression.search.contexts import Context
from grammar_lisa.regression.search.polynomials import Polynomials
from grammar_lisa.regression.search.tree import Feature, Tree, part_of
from shared.common.arrays import Floats

SHARE: Final = 0.65
"""The most monomials for each point."""
_FEW: Final = 4
"""With so few inputs, those that a function is of are features beside it."""
_LARGEST: Final = 1e30
"""Functions of greater values are no features: their powers would overflow."""


class FeatureFit(NamedTuple):
    """Features for a context, and how well their polynomials meet it.

    Attributes:
        left: The share of the desired values' variance that all monomials leave.
        cost: Of the context, and of the function once.
        context: The context.
        polynomials: In these features.
    """

    left: float
    cost: float
    context: Context
    polynomials: Polynomials


def feature_fits(
    contexts: Sequence[Context],
    inputs: Mapping[Feature, Floats],
    entries: Iterable[tuple[Tree, Floats]],
) -> Iterator[FeatureFit]:
    """Yield for each function how well each context is met with it as a feature.

    Inputs that stand within the function are no features beside it, unless there are few.

    Args:
        contexts: The contexts.
        inputs: What there is, each ``[point]``.
        entries: The functions, each with its values ``[point]``.
    """
    weight_roots = contexts[0].weight_roots if contexts else None
    for tree, values in entries:
        if np.abs(values).max() > _LARGEST:
            continue
        within = {part for _, part in tree.paths()}
        choices = [{each: row for each, row in inputs.items() if part_of(each) not in within}]
        if len(inputs) <= _FEW and len(choices[0]) < len(inputs):
            choices.append(dict(inputs))
        for features in choices:
            polynomials = Polynomials(features | {tree: values}, SHARE, weight_roots=weight_roots)
            for left, context, _ in polynomials.alone(contexts):
                yield FeatureFit(left, context.cost + 0.5 * tree.size, context, polynomials)
