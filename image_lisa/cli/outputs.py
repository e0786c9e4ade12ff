"""Where commands write: pictures, folders of pictures, tables of numbers beside names."""

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from image_lisa.data.pictures import save_png
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.common.extras import check_extra
from shared.common.tables import csv_table
from shared.runs.files import write_atomically

TABLES = (".csv", ".npy", ".parquet")
"""Endings of tables."""

TableColumns = Mapping[str, Sequence[Any] | np.ndarray[Any, np.dtype[Any]]]
"""The columns of a table by name; a matrix is several columns, name0, name1, …."""


def check_place(out: Path, overwrite: bool) -> None:
    """Refuse a place for pictures, a .png or a folder, that is taken or of the other kind.

    Raises:
        LisaError: Naming it.
    """
    if is_picture(out):
        taken = out.exists()
        if out.is_dir():
            raise LisaError(f"{out} is a folder; name a file for --out, or a folder without .png")
    else:
        if out.exists() and not out.is_dir():
            raise LisaError(f"{out} is a file; --out must end with .png or name a folder")
        taken = out.is_dir() and any(out.iterdir())
    refuse_taken(out, taken, overwrite)


def check_table(out: Path, overwrite: bool) -> None:
    """Refuse a place for a table that is taken, of another kind, or cannot be written here.

    Raises:
        LisaError: Naming it.
    """
    if out.suffix.lower() not in TABLES:
        raise LisaError(f"--out must end with {', '.join(TABLES)}, not {out.name}")
    if out.is_dir():
        raise LisaError(f"{out} is a folder; name a file for --out")
    if out.suffix.lower() == ".parquet":
        check_extra("parquet", "pyarrow")
    refuse_taken(out, out.exists(), overwrite)


def refuse_taken(out: Path, taken: bool, overwrite: bool) -> None:
    """Refuse what is there already, unless it may be replaced."""
    if taken and not overwrite:
        raise LisaError(f"{out} is there already; replace it with --overwrite, or name another")


def is_picture(out: Path) -> bool:
    """Return whether a place is that of one picture and not of a folder."""
    return out.suffix.lower() == ".png"


def make_folder(folder: Path) -> None:
    """Make a folder, if it is not there.

    Raises:
        LisaError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LisaError(f"cannot make the folder {folder}: {error.strerror or error}") from error


def write_numbered(out: Path, images: Tensor, terminal: Terminal) -> None:
    """Write a numbered PNG for each of some images into a folder; others with numbers are removed.

    Args:
        out: The folder.
        images: Bytes `[n, channel, height, width]`.
        terminal: Shows progress.
    """
    for surplus in out.glob("*.png"):
        if surplus.stem.isdigit():
            surplus.unlink()
    digits = len(str(len(images) - 1))
    write_images(out, images, [f"{number:0{digits}d}" for number in range(len(images))], terminal)


def write_images(
    out: Path, images: Iterable[Tensor], names: Sequence[str], terminal: Terminal
) -> None:
    """Write a PNG for each of some images into a folder.

    Args:
        out: The folder.
        images: Bytes `[channel, height, width]`.
        names: Of the files, below the folder, without their endings.
        terminal: Shows progress.
    """
    make_folder(out)
    with terminal.progress("writing", len(names)) as bar:
        for number, (name, image) in enumerate(zip(names, images, strict=True)):
            path = out / f"{name}.png"
            make_folder(path.parent)
            save_png(path, image)
            bar.update(number + 1)


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
