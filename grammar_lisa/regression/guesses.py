"""Formulas to begin a search from: given by hand, or found by an earlier search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from grammar_lisa.expressions.expression import CONSTANT_TERMINAL, NUMBER, OPEN, POWER
from grammar_lisa.expressions.skeleton import Skeleton
from grammar_lisa.regression.finishing import Draft
from grammar_lisa.regression.fits.constants import fit_constants
from grammar_lisa.regression.fits.losses import Loss
from grammar_lisa.regression.search.tree import Tree, make, open_constant, tree_of
from grammar_lisa.regression.sentence_check import of_table
from grammar_lisa.regression.tables.safe_names import with_safe_names
from grammar_lisa.regression.tables.table import Table
from shared.common.errors import LisaError

_STARTS: Final = 32
_STEPS: Final = 60
_SMALL: Final = 2.0
"""Whole numbers up to this stay as they are in a formula that a search goes on from."""


def read_guesses(
    texts: Sequence[str], table: Table, loss: Loss, generator: np.random.Generator
) -> list[Draft]:
    """Read guesses, and fit the numbers that they leave open.

    Args:
        texts: The guesses.
        table: Rows to fit.
        loss: What is made small.
        generator: Draws where the fits start.

    Raises:
        LisaError: A text is no formula over the inputs, or no numbers make it finite in all rows.
    """
    return [_read(text, table, loss, generator) for text in texts]


def _read(text: str, table: Table, loss: Loss, generator: np.random.Generator) -> Draft:
    try:
        written = with_safe_names(text, table.names)
        skeleton = Skeleton.read(written, table.variables, CONSTANT_TERMINAL)
    except LisaError as error:
        raise LisaError(f"the guess {text!r}: {error}{of_table(error, table)}") from None
    bound = skeleton.bind(table.features)
    fit = fit_constants(bound, table.target, table.weights, loss, generator, _STARTS, _STEPS)
    if not np.isfinite(fit.loss):
        raise LisaError(
            f"the guess {text!r} is not defined in all {len(table):,} rows that were looked at; "
            "change it, or leave such rows out"
        )
    return Draft(skeleton, tuple(fit.constants.tolist()), known=True, loss=fit.loss)


def with_open_numbers(draft: Draft) -> Tree:
    """Return the tree of a formula with its numbers open, where they stand now.

    Small whole numbers, and exponents that are multiples of one half, stay as they are.
    """
    return _opened(tree_of(draft.skeleton, draft.constants))


def _opened(tree: Tree, *, exponent: bool = False) -> Tree:
    if tree.operator == NUMBER:
        return open_constant(tree.value) if _is_open(tree.value, exponent=exponent) else tree
    if tree.operator == OPEN or not tree.operands:
        return tree
    powers = [tree.operator == POWER and place == 1 for place in range(len(tree.operands))]
    operands = tuple(
        _opened(operand, exponent=power)
        for operand, power in zip(tree.operands, powers, strict=True)
    )
    return make(tree.operator, *operands)


def _is_open(value: float, *, exponent: bool) -> bool:
    if exponent:
        return not (2 * value).is_integer()
    return not (value.is_integer() and abs(value) <= _SMALL)
