"""Texts that commands write where the user says."""

from pathlib import Path

from shared.common.errors import LisaError
from shared.runs.files import make_folder


def write_text(path: Path, text: str) -> None:
    """Write a text file.

    Raises:
        LisaError: The file cannot be written.
    """
    make_folder(path.parent)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise LisaError(f"cannot write {path}: {error.strerror}") from error
