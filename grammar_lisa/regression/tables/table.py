"""A table of numbers to explain: inputs, a target, perhaps weights, and their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from grammar_lisa.expressions.evaluation import spread_evenly
from grammar_lisa.regression.tables.safe_names import safe_names
from shared.common.arrays import Bools, Floats, Integers


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of finite numbers to explain.

    Attributes:
        features: The inputs by the name that formulas use, each ``[row]``; in the user's unit.
        target: What is to be explained, ``[row]``.
        target_name: A name of the same kind.
        weights: Of the rows, none negative, ``[row]``; None where all count alike.
        names: The file's own name of each of these columns; '' where it has none.
        notes: What was chosen or left out, one sentence each, for the user.
    """

    features: Mapping[str, Floats]
    target: Floats
    target_name: str
    weights: Floats | None
    names: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.target)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the inputs."""
        return tuple(self.features)

    @property
    def summary(self) -> str:
        """What is explained with what, in one line."""
        rows = "1 row" if len(self) == 1 else f"{len(self):,} rows"
        weighed = "" if self.weights is None else ", weighted"
        return f"{self.target_name} from {', '.join(self.features)}: {rows}{weighed}"

    def shown_name(self, name: str) -> str:
        """Return the file's own name of a column where it has one that no other has."""
        own = self.names.get(name, "")
        alone = list(self.names.values()).count(own) == 1
        return own if own and alone else name

    def shown_names(self) -> dict[str, str]:
        """Return the names of all columns as the user knows them."""
        return {name: self.shown_name(name) for name in self.names}

    def take(self, rows: Integers | Bools) -> Table:
        """Return some of the rows."""
        return replace(
            self,
            features=MappingProxyType({name: v[rows] for name, v in self.features.items()}),
            target=self.target[rows],
            weights=None if self.weights is None else self.weights[rows],
        )

    def spread(self, most: int) -> Table:
        """Return at most so many of the rows, spread evenly."""
        return self.take(spread_evenly(len(self), most))

    @classmethod
    def from_frame(cls, X: pd.DataFrame, y: Floats, sample_weight: Floats | None = None) -> Table:
        """Make a table of finite numbers that were checked.

        Args:
            X: The inputs, ``[row, feature]``; its columns name them.
            y: The target, ``[row]``; it is called y.
            sample_weight: Weights of the rows, none negative, ``[row]``.
        """
        own = [*map(str, X.columns), "y"]
        *safe, target_name = safe_names(own)
        columns = np.array(X, dtype=np.float64).T
        features = {name: values.copy() for name, values in zip(safe, columns, strict=True)}
        names = MappingProxyType(dict(zip([*safe, target_name], own, strict=True)))
        target = np.array(y, dtype=np.float64)
        weights = None if sample_weight is None else np.array(sample_weight, dtype=np.float64)
        return cls(
            MappingProxyType(features), target, target_name, weights, MappingProxyType(names)
        )
