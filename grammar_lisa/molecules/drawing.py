"""Drawings of molecules, in a grid, as SVG or PNG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from grammar_lisa.molecules.reading import molecule
from shared.common.errors import LisaError

SUFFIXES: Final = (".svg", ".png")
"""What a drawing's file may end in."""
_COLUMNS: Final = 4
_SIDE: Final = 250
"""Pixels of a drawing's side."""


def draw_grid(smiles: Sequence[str], legends: Sequence[str], suffix: str = ".svg") -> bytes:
    """Return a picture of molecules in rows of four, each above its legend.

    Args:
        smiles: The molecules.
        legends: What stands below each.
        suffix: Of the file that it is for, one of `SUFFIXES`.

    Raises:
        MoleculeError: One is no molecule.
        LisaError: There is none, or the suffix is another.
    """
    check_suffix(suffix)
    if not smiles:
        raise LisaError("there is no molecule to draw")
    found = [molecule(text) for text in smiles]
    canvas = _canvas(len(found), suffix)
    canvas.DrawMolecules(found, legends=list(legends))
    canvas.FinishDrawing()
    drawing: str | bytes = canvas.GetDrawingText()
    if isinstance(drawing, bytes):
        return drawing
    return drawing.encode("iso-8859-1", "xmlcharrefreplace")  # as its head declares


def check_suffix(suffix: str) -> None:
    """Refuse a kind of file that no drawing is written as.

    Raises:
        LisaError: It is none of `SUFFIXES`.
    """
    if suffix not in SUFFIXES:
        raise LisaError(
            f"drawings are written as {' or '.join(SUFFIXES)}, not as {suffix or 'a bare name'!r}"
        )


def _canvas(count: int, suffix: str) -> Any:
    from rdkit.Chem.Draw import rdMolDraw2D

    columns = min(count, _COLUMNS)
    rows = -(-count // columns)
    kind = rdMolDraw2D.MolDraw2DSVG if suffix == ".svg" else rdMolDraw2D.MolDraw2DCairo
    return kind(columns * _SIDE, rows * _SIDE, _SIDE, _SIDE)
