"""Files that are written whole or not at all, and checked when they are read."""

import json
import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.common.errors import LisaError


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` beside `path`, then rename: a reader finds the old file or the new one.

    Raises:
        LisaError: The place cannot be written (a full disk, no permission); what was there
            before is untouched.
    """
    temporary: str | None = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        raise LisaError(
            f"cannot write {path}: {error.strerror or error}; what was there is unchanged"
        ) from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def check_free(*paths: Path, overwrite: bool = False) -> None:
    """Refuse to write where folders are, and over files unless they may be replaced.

    Raises:
        LisaError: Naming the first.
    """
    for path in paths:
        if path.is_dir():
            raise LisaError(f"{path} is a folder; name a file")
        if path.exists() and not overwrite:
            raise LisaError(f"{path} is there already; --overwrite replaces it")


def make_folder(folder: Path) -> None:
    """Make a folder, if it is not there.

    Raises:
        LisaError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LisaError(f"cannot make the folder {folder}: {error.strerror or error}") from error


def to_json(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON; numbers that JSON has not, infinities and NaN, become null."""
    return json.dumps(_plain(value), indent=indent, ensure_ascii=False, allow_nan=False)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically."""
    write_atomically(path, (to_json(value, indent=2) + "\n").encode())


def read_file(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises:
        LisaError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise LisaError(f"cannot read {path}: {error.strerror or error}") from error


def read_json(path: Path) -> Any:
    """Return the value in a JSON file.

    Raises:
        LisaError: There is no such file or it is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LisaError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise LisaError(f"{path} is not valid JSON: {error}") from error


def _plain(value: Any) -> Any:
    """Return a value in the types that JSON has."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if getattr(value, "shape", None) == ():  # a number of numpy, which is not imported for it
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
