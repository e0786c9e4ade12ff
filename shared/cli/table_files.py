"""Tables of numbers beside names that commands write: CSV, Parquet, and arrays of numpy."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shared.common.errors import LisaError
from shared.common.extras import check_extra
from shared.common.tables import csv_table
from shared.runs.files import check_free, make_folder, write_atomically

TABLES = (".csv", ".npy", ".parquet")
"""Endings of tables."""

TableColumns = Mapping[str, Sequence[Any] | np.ndarray[Any, np.dtype[Any]]]
"""The columns of a table by name; a matrix is several columns, name0, name1, …."""


def check_kind(path: Path) -> None:
    """Refuse a table of another kind than those that are written and read here.

    Raises:
        LisaError: Naming it, or the extra that is missing.
    """
    if path.suffix.lower() not in TABLES:
        raise LisaError(f"{path}: name a file that ends in {', '.join(TABLES)}")
    if path.suffix.lower() == ".parquet":
        check_extra("parquet", "pyarrow")


def check_table(out: Path, overwrite: bool) -> None:
    """Refuse a place for a table that is taken, of another kind, or cannot be written here.

    Raises:
        LisaError: Naming it.
    """
    check_kind(out)
    check_free(out, overwrite=overwrite)


def write_table(out: Path, columns: TableColumns) -> None:
    """Write a table as CSV, as Parquet, or as a structured array of numpy (.npy), by the ending.

    In an .npy file a matrix stays one field; it is read by `numpy.load` without pickle.

    Raises:
        LisaError: It cannot be written.
    """
    make_folder(out.parent)
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    if out.suffix.lower() == ".npy":
        fields = [(name, each.dtype, each.shape[1:]) for name, each in arrays.items()]
        table = np.empty(len(next(iter(arrays.values()))), dtype=fields)
        for name, each in arrays.items():
            table[name] = each
        buffer = io.BytesIO()
        np.save(buffer, table, allow_pickle=False)
        write_atomically(out, buffer.getvalue())
        return
    flat: dict[str, Any] = {}
    for name, each in arrays.items():
        flat |= (
            {name: each}
            if each.ndim == 1
            else {f"{name}{number}": column for number, column in enumerate(each.T)}
        )
    if out.suffix.lower() == ".parquet":
        import pandas as pd

        buffer = io.BytesIO()
        pd.DataFrame(flat).to_parquet(buffer, index=False)
        write_atomically(out, buffer.getvalue())
        return
    rows = zip(*(each.tolist() for each in flat.values()), strict=True)
    write_atomically(out, csv_table(list(flat), rows).encode())
