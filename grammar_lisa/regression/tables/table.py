"""A table of numbers to explain: inputs, a target, perhaps weights, and their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from grammar_lisa.expressions.evaluation import as_vector, spread_evenly
from grammar_lisa.regression.tables.reading import columns_of_frame, read_columns
from grammar_lisa.regression.tables.safe_names import safe_names
from grammar_lisa.regression.tables.selection import Chosen, choose
from grammar_lisa.regression.tables.table_options import TableOptions
from shared.common.arrays import Bools, Floats, Integers
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed

_LEAST_TO_FIT: Final = 3
"""With fewer rows each line fits, whatever the rows of the test say."""


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
    def matrix(self) -> Floats:
        """The inputs, ``[row, feature]``."""
        return np.column_stack(list(self.features.values()))

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


@dataclass(frozen=True)
class TableSplit:
    """Rows to find formulas with, and perhaps others to judge them on.

    Attributes:
        train: To find formulas with.
        test: To judge them on.
    """

    train: Table
    test: Table | None = None


def read_table(
    path: Path | str,
    options: TableOptions | None = None,
    *,
    needed: Sequence[str] | None = None,
) -> Table:
    """Read a table, of text or Parquet, and choose its columns.

    Args:
        path: The file.
        options: How it is read and which columns are what; by default all is found, and the last
            column is the target.
        needed: The only inputs that are looked at, where `options` names none.

    Raises:
        LisaError: The file cannot be read, an option names no column of it, or a value is missing,
            infinite or no number; the message says where, and what would help.
    """
    options = options or TableOptions()
    options.check()
    return _table(choose(read_columns(path, options), options, needed))


def read_split(
    path: Path | str,
    options: TableOptions | None = None,
    *,
    seed: int = 0,
    needed: Sequence[str] | None = None,
) -> TableSplit:
    """Read a table and the rows that `options.test` keeps apart; see `read_table`.

    Args:
        path: The file.
        options: As for `read_table`.
        seed: Of the draw of a share of the rows.
        needed: As for `read_table`.

    Raises:
        LisaError: As `read_table`, or too few rows are left.
    """
    options = options or TableOptions()
    table = read_table(path, options, needed=needed)
    if options.test is None:
        return TableSplit(table)
    if options.test_share is not None:
        return split_rows(table, options.test_share, seed)
    return TableSplit(table, _test_table(Path(options.test), options, table))


def split_rows(table: Table, share: float, seed: int) -> TableSplit:
    """Draw a share of the rows to judge formulas on.

    Raises:
        LisaError: No row would be left to test on, or fewer than three to fit.
    """
    count = round(share * len(table))
    left = len(table) - count
    if count == 0 or left < _LEAST_TO_FIT:
        fitted = f"{left or 'none'} to fit, and {_LEAST_TO_FIT} are needed"
        raise LisaError(
            f"--test {share:g} of {len(table):,} row{'s' * (len(table) != 1)} leaves "
            f"{'none to test on' if count == 0 else fitted}; give another share, or a file"
        )
    order = np.random.default_rng(derive_seed(seed, "test rows")).permutation(len(table))
    test, train = np.sort(order[:count]), np.sort(order[count:])
    note = f"{count:,} of {len(table):,} rows are drawn to test on, {len(train):,} to fit"
    return TableSplit(replace(table.take(train), notes=(*table.notes, note)), table.take(test))


def _test_table(path: Path, options: TableOptions, train: Table) -> Table:
    """Read the table of a test: the same columns, by the names that their file gives them."""
    same = replace(
        options,
        target=train.shown_name(train.target_name),
        features=",".join(f'"{train.shown_name(name)}"' for name in train.features),
        ignore=None,
        test=None,
    )
    table = read_table(path, same)
    # Both files may call a column alike and mean another safe name by it.
    features = dict(zip(train.features, table.features.values(), strict=True))
    return Table(
        MappingProxyType(features),
        table.target,
        train.target_name,
        table.weights,
        train.names,
        table.notes,
    )


def _table(chosen: Chosen) -> Table:
    return Table(
        MappingProxyType(dict(chosen.features)),
        chosen.target,
        chosen.target_name,
        chosen.weights,
        MappingProxyType(dict(chosen.names)),
        chosen.notes,
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
