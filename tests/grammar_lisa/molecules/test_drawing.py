import io
import xml.etree.ElementTree as ET

import pytest
from molecules_at_hand import MOLECULES, needs_rdkit
from PIL import Image

from grammar_lisa.molecules import MoleculeError, draw_grid
from shared.common.errors import LisaError

TEXTS = list(MOLECULES.values())[-6:-1]


@needs_rdkit
def test_a_grid_has_rows_of_four_and_legends():
    drawn = draw_grid(["C=O"] * 5, [f"é{number}" for number in range(5)])
    root = ET.fromstring(drawn)
    assert (root.get("width"), root.get("height")) == ("1000px", "500px")
    assert drawn == draw_grid(["C=O"] * 5, [f"é{number}" for number in range(5)])
    assert drawn != draw_grid(["C=O"] * 5, ["other"] * 5)
    small = ET.fromstring(draw_grid(["C=O"], ["one"]))
    assert (small.get("width"), small.get("height")) == ("250px", "250px")


@needs_rdkit
def test_a_grid_is_written_as_png_too():
    picture = Image.open(io.BytesIO(draw_grid(TEXTS, TEXTS, ".png")))
    assert picture.size == (1000, 500)
    assert len(picture.convert("L").getcolors()) > 2


@needs_rdkit
def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(LisaError, match="no molecule to draw"):
        draw_grid([], [])
    with pytest.raises(MoleculeError, match="rings stay open"):
        draw_grid(["C", "C1CC"], ["", ""])


@pytest.mark.parametrize("suffix", ["", ".jpg"])
def test_other_kinds_of_files_are_refused(suffix):
    with pytest.raises(LisaError, match=r"written as \.svg or \.png, not as"):
        draw_grid(["C"], ["methane"], suffix)
