"""Polynomials that functions of variables take part in, as in ``x*(cos(w*t)+a*cos(w*t)**2)``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from grammar_lisa.regression.search.contexts import Context
from grammar_lisa.regression.search.polynomials import Polynomials
from grammar_lisa.regression.search.tree import Letter, Tree, part_of
from shared.common.arrays import Floats

SHARE: Final = 0.65
"""The most monomials for each point."""
_FEW: Final = 4
"""With so few inputs, those that a function is of are letters beside it."""
_LARGEST: Final = 1e30
"""Functions of greater values are no letters: their powers would overflow."""


class Spelling(NamedTuple):
    """Letters for a context, and how well their polynomials meet it.

    Attributes:
        left: The share of the desired values' variance that all monomials leave.
        cost: Of the context, and of the function once.
        context: The context.
        polynomials: In these letters.
    """

    left: float
    cost: float
    context: Context
    polynomials: Polynomials


def spellings(
    contexts: Sequence[Context],
    inputs: Mapping[Letter, Floats],
    members: Iterable[tuple[Tree, Floats]],
) -> Iterator[Spelling]:
    """Yield for each function how well each context is met with it as a letter.

    Inputs that stand within the function are no letters beside it, unless there are few.

    Args:
        contexts: The contexts.
        inputs: What there is, each ``[point]``.
        members: The functions, each with its values ``[point]``.
    """
    weight_roots = contexts[0].weight_roots if contexts else None
    for tree, values in members:
        if np.abs(values).max() > _LARGEST:
            continue
        within = {part for _, part in tree.paths()}
        choices = [{each: row for each, row in inputs.items() if part_of(each) not in within}]
        if len(inputs) <= _FEW and len(choices[0]) < len(inputs):
            choices.append(dict(inputs))
        for letters in choices:
            polynomials = Polynomials(letters | {tree: values}, SHARE, weight_roots=weight_roots)
            for left, context, _ in polynomials.alone(contexts):
                yield Spelling(left, context.cost + 0.5 * tree.size, context, polynomials)
