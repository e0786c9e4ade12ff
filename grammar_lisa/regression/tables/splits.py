"""Tables read from files, and the rows of them that are kept apart for a test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from grammar_lisa.regression.tables.reading import read_columns
from grammar_lisa.regression.tables.selection import choose
from grammar_lisa.regression.tables.table import Table
from grammar_lisa.regression.tables.table_options import TableOptions
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed

_LEAST_TO_FIT: Final = 3
"""With fewer rows each line fits, whatever the rows of the test say."""


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
    return choose(read_columns(path, options), options, needed)


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
