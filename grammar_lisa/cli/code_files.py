"""Codes on disk: numpy arrays and CSV tables."""

import csv
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.common.errors import LisaError
from shared.common.tables import csv_table
from shared.runs.files import write_atomically


def check_suffix(path: Path) -> None:
    """Refuse a file of codes that is neither .npy nor .csv.

    Raises:
        LisaError: Naming the file.
    """
    if path.suffix not in (".npy", ".csv"):
        raise LisaError(f"codes are kept in .npy or .csv files, not in {path}")


def write_codes(path: Path, codes: NDArray[np.float32], sentences: list[str]) -> None:
    """Write codes `[n, dim]`; a CSV has the sentences as its first column."""
    check_suffix(path)
    if path.suffix == ".npy":
        content = io.BytesIO()
        np.save(content, codes, allow_pickle=False)
        write_atomically(path, content.getvalue())
        return
    heads = ["sentence", *(f"z{i}" for i in range(codes.shape[1]))]
    rows = ([text, *code] for text, code in zip(sentences, codes.tolist(), strict=True))
    write_atomically(path, csv_table(heads, rows).encode())


def read_codes(path: Path) -> NDArray[np.float64]:
    """Return codes `[n, dim]` of a .npy file, or of the columns z0, z1, … of a .csv file.

    Raises:
        LisaError: The file is missing, damaged, or holds no such numbers.
    """
    check_suffix(path)
    try:
        if path.suffix == ".npy":
            return _as_codes(np.load(path, allow_pickle=False), path)
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, restkey="beyond the header")
            return _read_table(list(reader), path)
    except FileNotFoundError as error:
        raise LisaError(f"there is no file {path}") from error
    except (OSError, ValueError, EOFError, MemoryError, csv.Error) as error:
        if isinstance(error, LisaError):
            raise
        raise LisaError(f"{path} holds no codes that can be read: {error}") from error


def _read_table(rows: list[dict[str, str]], path: Path) -> NDArray[np.float64]:
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
