"""A table of numbers to explain: inputs, a target, perhaps weights, and their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from grammar_lisa.expressions.evaluation import as_vector, spread_evenly
from grammar_lisa.regression.tables.reading import columns_of_frame
from grammar_lisa.regression.tables.safe_names import safe_names
from shared.common.arrays import Bools, Floats, Integers
from shared.common.errors import LisaError


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
    def from_frame(
        cls,
        X: pd.DataFrame | npt.ArrayLike,
        y: npt.ArrayLike | pd.Series,
        sample_weight: npt.ArrayLike | None = None,
    ) -> Table:
        """Make a table of what scikit-learn's estimators take.

        Args:
            X: The inputs, ``[row, feature]``: a DataFrame, whose columns name them, or an array,
                whose columns are called x0, x1, ….
            y: The target, ``[row]``; a Series names it, else it is called y.
            sample_weight: Weights of the rows, none negative, ``[row]``.

        Raises:
            LisaError: A value is missing, infinite or no number, or the shapes differ.
        """
        frame = X if isinstance(X, pd.DataFrame) else _frame_of(X)
        target = as_vector(y, "y")
        if len(target) != len(frame):
            raise LisaError(f"X has {len(frame):,} rows and y has {len(target):,}; they must agree")
        own = [str(name) for name in frame.columns]
        named = y.name if isinstance(y, pd.Series) and y.name is not None else "y"
        *safe, target_name = safe_names([*own, str(named)])
        columns = columns_of_frame(frame, "X")
        features = {}
        for name, column in zip(safe, columns.columns, strict=True):
            _check_input(column.name, column.values, column.odd and column.odd.cell)
            features[name] = column.values
        _check_finite("y", target)
        return cls(
            MappingProxyType(features),
            target,
            target_name,
            None if sample_weight is None else _weights(sample_weight, len(target)),
            MappingProxyType(dict(zip([*safe, target_name], [*own, str(named)], strict=True))),
        )


def _frame_of(X: npt.ArrayLike) -> pd.DataFrame:
    array = np.asarray(X)
    if array.ndim != 2:
        raise LisaError(f"X has shape {array.shape}; rows and columns are needed, [row, feature]")
    return pd.DataFrame(array, columns=[f"x{place}" for place in range(array.shape[1])])


def _check_input(name: str, values: Floats, odd: str | None) -> None:
    if odd is not None:
        raise LisaError(f"X, column {name}: {odd!r} is not a number")
    _check_finite(f"X, column {name}", values)


def _check_finite(what: str, values: Floats) -> None:
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        raise LisaError(
            f"{what}, row {wrong[0]}: {values[wrong[0]]} is not finite; {len(wrong):,} such "
            "values; leave these rows out or fill them in"
        )


def _weights(sample_weight: npt.ArrayLike, rows: int) -> Floats:
    weights = as_vector(sample_weight, "sample_weight")
    if len(weights) != rows:
        raise LisaError(f"sample_weight has {len(weights):,} entries for {rows:,} rows")
    _check_finite("sample_weight", weights)
    if (weights < 0).any() or not (weights > 0).any():
        raise LisaError("sample_weight must hold no negative weight, and one above 0")
    return weights
