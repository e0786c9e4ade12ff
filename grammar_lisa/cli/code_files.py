"""Codes on disk: a numpy array of nothing else, or a table with their sentences."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.cli.table_files import check_kind, write_table
from shared.common.errors import LisaError
from shared.runs.files import make_folder, write_atomically


def write_codes(path: Path, codes: NDArray[np.float32], sentences: list[str]) -> None:
    """Write codes `[n, dim]`; a table has the sentences as its first column."""
    if path.suffix.lower() != ".npy":
        write_table(path, {"sentence": sentences, "z": codes})
        return
    make_folder(path.parent)
    content = io.BytesIO()
    np.save(content, codes, allow_pickle=False)
    write_atomically(path, content.getvalue())


def read_codes(path: Path) -> NDArray[np.float64]:
    """Return codes `[n, dim]` of a .npy file, or of the columns z0, z1, … of a table.

    Raises:
        LisaError: The file is missing, damaged, or holds no such numbers.
    """
    check_kind(path)
    try:
        if path.suffix.lower() == ".npy":
            return _as_codes(np.load(path, allow_pickle=False), path)
        return _of_rows(_rows(path), path)
    except FileNotFoundError as error:
        raise LisaError(f"there is no file {path}") from error
    except (OSError, ValueError, EOFError, MemoryError, csv.Error) as error:
        if isinstance(error, LisaError):
            raise
        raise LisaError(f"{path} holds no codes that can be read: {error}") from error


def _rows(path: Path) -> Sequence[Mapping[str, Any]]:
    if path.suffix.lower() == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, restkey="beyond the header"))
    import pandas as pd

    return [
        {str(name): row[name] for name in row} for row in pd.read_parquet(path).to_dict("records")
    ]


def _of_rows(rows: Sequence[Mapping[str, Any]], path: Path) -> NDArray[np.float64]:
    if not rows:
        raise LisaError(f"{path} is empty: it needs a header with the columns z0, z1, …, and rows")
    columns = [name for name in rows[0] if name and name[:1] == "z" and name[1:].isdigit()]
    if not columns:
        raise LisaError(f"{path} has no columns z0, z1, …: its header is {', '.join(rows[0])}")
    columns.sort(key=lambda name: int(name[1:]))
    values = []
    for number, row in enumerate(rows, start=2):
        try:
            values.append([float(row[name]) for name in columns])
        except (TypeError, ValueError) as error:
            raise LisaError(f"{path}, line {number}: a code is a row of numbers") from error
    return np.array(values)


def _as_codes(array: object, path: Path) -> NDArray[np.float64]:
    if not isinstance(array, np.ndarray):
        raise LisaError(f"{path} is an archive of arrays; codes are one array of shape [n, dim]")
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise LisaError(
            f"{path} holds an array of {array.dtype} with shape {array.shape}; codes are numbers "
            "of shape [n, dim]"
        )
    return array.astype(np.float64)
