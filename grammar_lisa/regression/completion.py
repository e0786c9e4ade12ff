"""A formula given by hand: the variables it uses, and its open constants fitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from grammar_lisa.expressions.expression import CONSTANT_TERMINAL, Pool, variables_of
from grammar_lisa.expressions.skeleton import Skeleton
from grammar_lisa.regression.fits.constants import fit_constants
from grammar_lisa.regression.fits.rounding import simplify_constants
from grammar_lisa.regression.fits.user_loss import loss_named
from grammar_lisa.regression.sentence_check import of_table
from grammar_lisa.regression.tables.safe_names import with_safe_names
from grammar_lisa.regression.tables.table import Table
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed

_GROWTH = 0.1
"""Squared standard deviations that a constant of a form of one's own may be rounded by."""
_STARTS = 32
_STEPS = 60
_ROWS = 20_000


class Completed(NamedTuple):
    """A formula with its constants in place.

    Attributes:
        text: The formula.
        constants: What was put in for each open constant, left to right; none where it has none.
    """

    text: str
    constants: tuple[str, ...]


def variables_used(text: str) -> Sequence[str]:
    """Return the variables of a formula that may have open constants.

    Raises:
        LisaError: The text is no formula.
    """
    Pool(None, CONSTANT_TERMINAL).add(text)
    return [name for name in variables_of([text]) if name != CONSTANT_TERMINAL]


def complete(
    text: str, table: Table, *, loss: str = "mse", digits: int | None = None, seed: int = 0
) -> Completed:
    """Fit the open constants of a formula, each `c` one of its own, and round them.

    Args:
        text: The formula over the inputs of the table, by their names in formulas or, where these
            are one word, in the file; one without open constants is left alone.
        table: The rows to fit; at most 20,000 of them, spread evenly, are looked at.
        loss: What is minimised; see `loss_named`.
        digits: The most significant digits of a constant; None lets the data decide.
        seed: Of the starts.

    Raises:
        LisaError: The text is no formula over the inputs, or no constants make it finite.
    """
    text = with_safe_names(text, table.names)
    try:
        skeleton = Skeleton.read(text, table.variables, CONSTANT_TERMINAL)
    except LisaError as error:
        raise LisaError(f"{error}{of_table(error, table)}") from None
    if not skeleton.n_constants:
        return Completed(text, ())
    rows = table.spread(_ROWS)
    generator = np.random.default_rng(derive_seed(seed, "constants"))
    target, weights, kind = rows.target, rows.weights, loss_named(loss)
    bound = skeleton.bind(rows.features)
    fit = fit_constants(bound, target, weights, kind, generator, _STARTS, _STEPS)
    if not np.isfinite(fit.loss):
        raise LisaError(
            f"no constants were found for which {text} is finite in all {len(rows):,} rows; give "
            "their numbers, or leave such rows out"
        )
    rounded = simplify_constants(
        skeleton,
        rows.features,
        fit.constants,
        target,
        weights,
        kind,
        digits,
        growth=_GROWTH / len(target),
    )
    texts = rounded.texts
    return Completed(skeleton.with_constants(list(texts)), texts)
