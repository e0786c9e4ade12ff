import base64
import io

import numpy as np
from PIL import Image

from shared.reports.page import Picture, Prose
from shared.reports.pictures import picture


def saved(path, height, width, noise=False):
    random = np.random.default_rng(0)
    shape = (height, width, 3)
    pixels = random.integers(0, 256, shape) if noise else np.full(shape, 128)
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path


def test_a_picture_is_in_the_page_as_it_is(tmp_path):
    path = saved(tmp_path / "a.png", 20, 100)
    found = picture(path, "title", "alt", "caption")
    assert isinstance(found, Picture)
    assert base64.b64decode(found.uri.partition(",")[2]) == path.read_bytes()
    assert found.width == 400  # small ones are shown larger, by whole numbers


def test_a_large_picture_is_brought_to_the_page(tmp_path):
    path = saved(tmp_path / "a.png", 1200, 2400, noise=True)
    found = picture(path, "title", "alt")
    content = base64.b64decode(found.uri.partition(",")[2])
    assert len(content) < path.stat().st_size
    assert Image.open(io.BytesIO(content)).size == (found.width, found.width // 2)


def test_what_is_no_picture_is_told(tmp_path):
    (tmp_path / "a.png").write_text("words")
    for name, said in (("a.png", "a.png is no picture"), ("b.png", "has no b.png")):
        found = picture(tmp_path / name, "Samples", "alt")
        assert isinstance(found, Prose)
        assert found.missing
        assert said in found.text
