"""The grammars that come with the toolkit, found wherever it is installed."""

import sysconfig
from pathlib import Path
from typing import Final

FOLDER: Final = "grammars"
"""What the folder of them is called, in a checkout and where it is installed."""


def find_grammar(path: str | Path) -> Path:
    """Return the file of a grammar: the path, or the shipped grammar that it names.

    Where there is no such file, ``grammars/expr.cfg``, ``expr.cfg`` and ``expr`` all name the
    shipped one.
    """
    place = Path(path)
    if place.exists() or place.parent not in (Path(), Path(FOLDER)):
        return place
    name = place.name if place.suffix else f"{place.name}.cfg"
    found = (folder / name for folder in _folders())
    return next((file for file in found if file.is_file()), place)


def shipped_grammars() -> list[str]:
    """Return the names of the shipped grammars, in alphabetical order."""
    return sorted({file.stem for folder in _folders() for file in folder.glob("*.cfg")})


def _folders() -> tuple[Path, ...]:
    """Return where they are: beside the package in a checkout, else where pip puts data."""
    checkout = Path(__file__).resolve().parents[2] / FOLDER
    return checkout, Path(sysconfig.get_path("data")) / "share" / "lisa-toolkit" / FOLDER
