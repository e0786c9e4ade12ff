"""Texts that commands write where the user says."""

from pathlib import Path

from shared.runs.files import make_folder, write_atomically


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all, in a folder that is made if it is not there.

    Raises:
        LisaError: The file cannot be written.
    """
    make_folder(path.parent)
    write_atomically(path, text.encode())
