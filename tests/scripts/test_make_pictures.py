"""Pictures made to train on: drawn shapes, and photographs enlarged."""

import importlib
import io
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def make(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    module = importlib.import_module("make_pictures")

    def run(folder, *words):
        monkeypatch.setattr(sys, "argv", ["make_pictures.py", str(folder), *map(str, words)])
        assert module.main() == 0
        return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.png")}

    return run


def test_shapes_are_of_all_classes_and_depend_on_the_seed_alone(make, tmp_path):
    first = make(tmp_path / "first", "--number", 10, "--size", 24)
    assert {path.parts[0] for path in first} == {"cross", "disc", "ring", "square", "triangle"}
    assert len(first) == len(set(first.values())) == 10
    assert make(tmp_path / "again", "--number", 10, "--size", 24) == first
    other = make(tmp_path / "other", "--number", 10, "--size", 24, "--seed", 1)
    assert not set(other.values()) & set(first.values())
    for content in first.values():
        image = Image.open(io.BytesIO(content))
        assert (image.size, image.mode) == ((24, 24), "RGB")
        assert np.asarray(image).std() > 2


def test_photographs_are_those_of_the_archive_enlarged(make, tmp_path):
    archive = tmp_path / "photos.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        for part, label, shade in (("train", "cat", 40), ("train", "dog", 200), ("test", "cat", 9)):
            content = io.BytesIO()
            Image.new("RGB", (32, 32), (shade,) * 3).save(content, "JPEG")
            member = tarfile.TarInfo(f"{part}/{label}/0000.jpg")
            member.size = len(content.getvalue())
            file.addfile(member, io.BytesIO(content.getvalue()))
    found = make(tmp_path / "made", "--photos", archive, "--size", 64)
    shades = {
        path.parts[0]: np.asarray(Image.open(io.BytesIO(content)))
        for path, content in found.items()
    }
    assert {name: pixels.shape for name, pixels in shades.items()} == {
        "cat": (64, 64, 3),
        "dog": (64, 64, 3),
    }
    assert abs(shades["cat"].mean() - 40) < 3
    assert abs(shades["dog"].mean() - 200) < 3
