"""Folders as people have them: kinds of files, depths of pixels, parts, what is left out."""

import os
import struct
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from small_pictures import alone, noise, png

from image_lisa.data import load_images
from image_lisa.data.decoding import endings
from image_lisa.data.levels import Levels
from shared.common.errors import LisaError


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    alone(monkeypatch, tmp_path)


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    return folder


def fill(folder, count=12, shade=0, ending="png"):
    """Grey images of one shade each: `shade` and more."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        pixels = np.full((6, 6), shade + number, np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:03}.{ending}")
    return folder


def everything(place, **options):
    data = load_images(str(place), **options)
    return data, torch.cat([data.train, data.valid, data.test])


def shades(images):
    return sorted(images[:, 0, 0, 0].tolist())


def deep(folder, arrays, ending="png"):
    folder.mkdir(parents=True, exist_ok=True)
    for number, array in enumerate(arrays):
        Image.fromarray(array).save(folder / f"{number:03}.{ending}")


def colour_png(array):
    """A PNG of sixteen-bit colours, which Pillow reads and does not write."""

    def chunk(name, content):
        check = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)

    height, width, _ = array.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    head = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("ending", [".jfif", ".JFIF", ".jpe", ".avif", ".ppm", ".tga", ".apng"])
def test_further_endings_are_read_beside_the_usual_ones(place, ending):
    fill(place, 10)
    if ending.lower() not in endings():
        pytest.skip(f"this Pillow reads no {ending}")
    kind = {".jfif": "JPEG", ".jpe": "JPEG", ".avif": "AVIF", ".apng": "PNG"}.get(ending.lower())
    Image.fromarray(np.full((6, 6), 200, np.uint8)).convert("RGB").save(
        place / f"other{ending}", format=kind
    )
    data, found = everything(place)
    assert len(found) == 11
    assert max(shades(found)) == pytest.approx(200, abs=2)
    assert data.notes == ()


def test_what_no_pillow_here_reads_is_named(place):
    fill(place)
    for name in ("phone.heic", "raw.CR2", "labels.csv", "notes", "drawing.svg"):
        (place / name).write_bytes(b"x")
    (place / ".secret.png").write_bytes(b"x")
    (place / ".DS_Store").write_bytes(b"x")
    data, found = everything(place)
    assert len(found) == 12
    told = "\n".join(data.notes)
    assert "1 hidden image: " in told
    assert ".secret.png" in told
    assert "raw.CR2" in told
    assert " of a kind that is not read here" in told
    assert "2 files" in told
    assert "files that are no images by their endings: labels.csv, notes" in told
    assert ".DS_Store" not in told
    assert ("phone.heic" in told) == (".heic" not in endings())


def test_a_folder_that_holds_nothing_readable_says_what_it_holds(place):
    (place / "a.heic").write_bytes(b"x")
    with pytest.raises(LisaError, match=r"holds no images: .*not read here .*a\.heic"):
        everything(place)


@pytest.mark.parametrize("bits", [9, 10, 12, 14, 16])
def test_fewer_bits_in_sixteen_are_scaled_and_said(place, bits):
    random = np.random.default_rng(0)
    arrays = [random.integers(0, 2**bits, (6, 6)).astype(np.uint16) for _ in range(12)]
    arrays[0][0, 0] = 2**bits - 1
    deep(place, arrays)
    data, found = everything(place)
    white = 2 ** max(8, bits + bits % 2) - 1
    expected = sorted(
        np.rint(a.astype(float) * 255 / white).astype(int).ravel().tolist() for a in arrays
    )
    assert sorted(each.flatten().tolist() for each in found) == expected
    assert found.max() > 120
    (note,) = data.notes
    assert f"12 images of 16 or 32 bits were scaled: 0 is black, {white:g} is white" in note
    assert data.levels == Levels(whole=(0, white))


def test_one_bright_image_sets_the_scale_of_all(place):
    dark = [np.full((6, 6), 100 * n, np.uint16) for n in range(11)]
    deep(place, [*dark, np.full((6, 6), 4000, np.uint16)])
    _, found = everything(place)
    assert shades(found) == sorted([round(100 * n * 255 / 4095) for n in range(11)] + [249])


def test_eight_and_sixteen_bits_side_by_side(place):
    fill(place, 10, shade=200)
    deep(place / "deep", [np.full((6, 6), 4095, np.uint16)] * 2, "tif")
    _, found = everything(place)
    assert shades(found) == [*range(200, 210), 255, 255]


def test_sixteen_bit_colours_of_twelve_bits_are_not_black(place):
    for number in range(12):
        shade = np.full((6, 6, 3), 300 * number, np.uint16)
        (place / f"{number:02}.png").write_bytes(colour_png(shade))
    data, found = everything(place)
    assert shades(found) == [17 * (300 * number // 256) for number in range(12)]
    assert "16 bits a colour, whose upper 8 are read, were scaled: 0 is black, 15" in data.notes[0]


def test_negative_whole_numbers_are_scaled_by_their_range(place):
    deep(place, [np.full((6, 6), 200 * n - 1000, np.int32) for n in range(12)], "tif")
    data, found = everything(place)
    assert shades(found) == [round(255 * n / 11) for n in range(12)]
    assert data.levels.whole == (-1000, 1200)


@pytest.mark.parametrize(
    ("least", "most", "scale"),
    [
        (0.0, 1.0, (0, 1)),
        (0.2, 0.7, (0, 1)),
        (-1.0, 1.0, (-1, 1)),
        (0.0, 255.0, (0, 255)),
        (0.0, 3.0, (0, 3)),
        (-70.5, 12.0, (-70.5, 12)),
        (0.4, 0.5, (0.4, 0.5)),
        (0.0, 50_000.0, (0, 65_535)),
        (5.0, 5.0, (5, 6)),
    ],
)
def test_real_numbers_are_scaled_by_their_range(place, least, most, scale):
    values = np.linspace(least, most, 12, dtype=np.float32)
    deep(place, [np.full((6, 6), value, np.float32) for value in values], "tiff")
    data, found = everything(place)
    assert data.levels.real == pytest.approx(scale)
    black, white = data.levels.real
    expected = np.rint(255 * (values.astype(float) - black) / (white - black))
    assert shades(found) == sorted(expected.astype(int).tolist())
    assert f"{black:g} is black, {white:g} is white" in data.notes[0]


def test_pixels_that_are_no_numbers_are_left_out_and_named(place):
    deep(place, [np.full((6, 6), n / 12, np.float32) for n in range(12)], "tif")
    Image.fromarray(np.full((6, 6), np.nan, np.float32)).save(place / "lost.tif")
    data, found = everything(place)
    assert len(found) == 12
    assert any("not finite: lost.tif" in note for note in data.notes)


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e6)), min_size=1, max_size=5),
    st.sampled_from(["whole", "real"]),
)
def test_levels_hold_every_value_and_survive_a_record(pairs, kind):
    found = [(kind, (least, least + more)) for least, more in pairs]
    levels = Levels.fitting(found)
    black, white = getattr(levels, kind)
    assert black < white
    assert black <= min(low for _, (low, _) in found)
    assert white >= max(high for _, (_, high) in found)
    assert Levels.from_record(levels.to_record(), "here") == levels


@pytest.mark.parametrize("record", [{"whole": [1, 0]}, {"real": [1]}, {"other": [0, 1]}, 3])
def test_levels_of_a_damaged_record_are_refused(record):
    with pytest.raises(LisaError, match="config holds no levels of images"):
        Levels.from_record(record, "config")


@pytest.mark.parametrize("ending", ["gif", "webp", "tif", "png"])
def test_that_the_first_frame_was_taken_is_said(place, ending):
    fill(place)
    frames = [Image.fromarray(np.full((6, 6), shade, np.uint8)) for shade in (90, 200)]
    options = {"lossless": True} if ending == "webp" else {}
    frames[0].save(place / f"film.{ending}", save_all=True, append_images=frames[1:], **options)
    data, found = everything(place)
    assert max(shades(found)) == 90
    (note,) = data.notes
    assert "the first of several frames was taken of" in note
    assert note.endswith(f"film.{ending}")


@pytest.mark.parametrize(
    "names", [("train", "test"), ("training", "testing"), ("Train", "validation", "TEST")]
)
def test_parts_are_no_classes_whatever_they_are_called(place, names):
    for number, name in enumerate(names):
        for label in ("cat", "dog"):
            fill(place / name / label, 6, shade=60 * number + 20 * (label == "dog"))
    data, found = everything(place)
    assert data.classes == ("cat", "dog")
    assert len(found) == 12 * len(names)
    first = 60 * (len(names) - 1)
    assert shades(data.test) == [*range(first, first + 6), *range(first + 20, first + 26)]
    assert data.test_labels.tolist() == [0] * 6 + [1] * 6


def test_parts_within_each_class(place):
    for number, label in enumerate(("cat", "dog")):
        fill(place / label / "train", 8, shade=100 * number)
        fill(place / label / "val", 4, shade=100 * number + 40)
    data, _ = everything(place)
    assert data.classes == ("cat", "dog")
    assert shades(data.valid) == [40, 41, 42, 43, 140, 141, 142, 143]


@pytest.mark.parametrize("names", [("train", "training"), ("test", "testing")])
def test_one_part_under_two_names_is_refused(place, names):
    for name in {"train", *names}:
        fill(place / name)
    with pytest.raises(LisaError, match=f"has several .* parts: {', '.join(names)}"):
        everything(place)


def test_only_a_validation_part_is_refused(place):
    fill(place / "val")
    with pytest.raises(LisaError, match="has a sub-folder 'val' but none called 'train'"):
        everything(place)


def test_a_single_folder_within_the_folder_is_entered(place):
    fill(place / "archive" / "data" / "train" / "a", 12)
    fill(place / "archive" / "data" / "train" / "b", 12, shade=50)
    fill(place / "archive" / "data" / "test" / "a", 4, shade=100)
    data, _ = everything(place)
    assert data.classes == ("a", "b")
    assert shades(data.test) == [100, 101, 102, 103]


def test_links_that_lead_nowhere_and_cut_files_are_named_with_the_reason(place):
    fill(place)
    (place / "gone.png").symlink_to(place / "nowhere.png")
    content = png(place / "cut.png", noise(6, 6)).read_bytes()
    (place / "cut.png").write_bytes(content[:-30])
    (place / "page.jpg").write_text("<html>not found</html>")
    data, found = everything(place)
    assert len(found) == 12
    (note,) = data.notes
    assert "no such file or directory: gone.png" in note
    assert "no image that Pillow knows: page.jpg" in note
    assert "cut.png" in note


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="every folder can be entered")
def test_a_folder_that_cannot_be_entered_is_named(place):
    fill(place)
    fill(place / "closed").chmod(0)
    try:
        data, found = everything(place)
    finally:
        (place / "closed").chmod(0o700)
    assert len(found) == 12
    assert "1 folders in" in data.notes[0]


@pytest.mark.parametrize("mode", ["P", "CMYK", "LA", "1", "YCbCr", "RGBA", "L"])
def test_every_mode_is_read(place, mode):
    fill(place)
    ending = "tif" if mode in ("CMYK", "YCbCr") else "png"
    Image.fromarray(np.full((6, 6, 3), 255, np.uint8)).convert(mode).save(place / f"z.{ending}")
    data, found = everything(place)
    assert (max(shades(found)), len(found), data.notes) == (255, 13, ())
