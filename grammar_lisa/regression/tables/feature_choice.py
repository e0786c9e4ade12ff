"""Which inputs of a wide table a search for formulas looks at."""

from __future__ import annotations

from typing import Final

import numpy as np

from grammar_lisa.regression.tables.column_names import listed
from grammar_lisa.regression.tables.table import Table
from shared.common.arrays import Floats
from shared.common.seeds import derive_seed

MOST: Final = 12
"""The most inputs of a search; of more, those that matter are chosen."""
_ROWS: Final = 2_000
_TREES: Final = 100


def varying(table: Table) -> tuple[str, ...]:
    """Return the inputs that take more than one value."""
    return tuple(name for name, values in table.features.items() if np.ptp(values) > 0)


def chosen_features(table: Table, names: tuple[str, ...], seed: int) -> tuple[str, ...]:
    """Return those of many inputs that matter, at most twelve, in the order of the table.

    Those matter whose importance in a forest of randomised trees (Geurts et al. 2006) exceeds that
    of every shuffled copy of an input (Kursa & Rudnicki 2010); the best twelve where none does.

    Args:
        table: The rows; at most 2,000 are looked at.
        names: The inputs to choose from.
        seed: Of the rows, the forest and the copies.
    """
    if len(names) <= MOST:
        return names
    generator = np.random.default_rng(derive_seed(seed, "features"))
    rows = generator.permutation(len(table))[:_ROWS]
    inputs = np.column_stack([table.features[name][rows] for name in names])
    importances, shuffled = _importances(inputs, table.target[rows], generator)
    ranked = np.argsort(-importances, kind="stable")[:MOST]
    better = [place for place in ranked if importances[place] > shuffled.max()]
    return tuple(names[place] for place in sorted(better or ranked))


def describe_choice(chosen: tuple[str, ...], names: tuple[str, ...]) -> str:
    """Return what is to be said of a choice."""
    return (
        f"of the {len(names)} inputs those that matter most in a forest of trees are searched: "
        f"{listed(chosen)}; --features chooses others"
    )


def _importances(
    inputs: Floats, target: Floats, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return the importances of inputs, ``[feature]``, and of their shuffled copies."""
    from sklearn.ensemble import ExtraTreesRegressor

    copies = generator.permuted(inputs, axis=0)
    ranks = np.argsort(np.argsort(target, kind="stable"), kind="stable")
    forest = ExtraTreesRegressor(
        _TREES, min_samples_leaf=3, max_features=0.5, random_state=int(generator.integers(2**31))
    )
    targets = np.column_stack([_standardised(target), _standardised(ranks.astype(np.float64))])
    forest.fit(np.column_stack([inputs, copies]), targets)
    both = forest.feature_importances_
    return both[: inputs.shape[1]], both[inputs.shape[1] :]


def _standardised(values: Floats) -> Floats:
    scale = float(np.abs(values).max()) or 1.0
    shares = values / scale
    standardised: Floats = (shares - shares.mean()) / (shares.std() or 1.0)
    return standardised
