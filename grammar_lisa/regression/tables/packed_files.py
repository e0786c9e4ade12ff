"""The bytes of a file that may be compressed, or standard input."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Final

from shared.common.errors import LisaError

STANDARD_INPUT: Final = Path("-")
"""The name of standard input."""
PACKED: Final = (".gz", ".bz2", ".xz", ".zip")
"""How the names of compressed files end."""
BROKEN: Final = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError)
"""What is raised where a file cannot be read to its end."""
ZIP: Final = b"PK\x03\x04"
"""How zip archives begin, and spreadsheets."""
_OPENERS: Final[Mapping[bytes, Callable[..., IO[Any]]]] = MappingProxyType(
    {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
)
_LONGEST_MARK: Final = 6


def open_bytes(path: Path, content: bytes | None) -> IO[bytes]:
    """Open what a file holds, uncompressed where it is compressed with gzip, bzip2 or xz.

    Args:
        path: The file.
        content: What it holds, where that was read already.
    """
    with _plain(path, content) as file:
        start = file.read(_LONGEST_MARK)
    for mark, opener in _OPENERS.items():
        if start.startswith(mark):
            return opener(path if content is None else io.BytesIO(content), "rb")
    return _plain(path, content)


def unzipped(path: Path, content: bytes | None) -> bytes | None:
    """Return the one file in a zip archive; what is none stays as it is.

    Args:
        path: The file.
        content: What it holds, where that was read already.

    Raises:
        LisaError: The archive is a spreadsheet, or does not hold one file.
    """
    with _plain(path, content) as file:
        if file.read(len(ZIP)) != ZIP or not zipfile.is_zipfile(file):
            return content
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            if {"[Content_Types].xml", "mimetype"} & set(names):
                raise LisaError(
                    f"{path} is a spreadsheet, no text; save the table as CSV and give that"
                )
            names = [name for name in names if not name.startswith("__MACOSX/")]
            if len(names) != 1:
                some = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
                raise LisaError(
                    f"{path} is a zip archive of {len(names)} files ({some}); unpack it, and give "
                    "the table"
                )
            return archive.read(names[0])


def standard_input() -> bytes:
    """Return what standard input holds, as often as it is asked for."""
    return _all_of(sys.stdin.buffer)


@lru_cache(maxsize=1)
def _all_of(stream: IO[bytes]) -> bytes:
    return stream.read()


def _plain(path: Path, content: bytes | None) -> IO[bytes]:
    return path.open("rb") if content is None else io.BytesIO(content)
