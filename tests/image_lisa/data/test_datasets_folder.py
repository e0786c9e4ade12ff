"""Any folder of images: kinds, sizes, classes, parts, damage."""

import io
import os

import numpy as np
import pytest
import torch
from PIL import Image
from small_pictures import alone, jpeg, noise, png

from image_lisa.data import load_images
from image_lisa.data.decoding import open_image, read_image
from shared.common.errors import LisaError


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    alone(monkeypatch, tmp_path)


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    return folder


def fill(folder, count=20, shape=(6, 6), first=0):
    """Grey PNGs of one shade each: their number."""
    for number in range(first, first + count):
        png(folder / f"{number:03}.png", np.full(shape, number, np.uint8))


def shades(images):
    return sorted(images[:, 0, 0, 0].tolist())


def load(place, **options):
    return load_images(str(place), **options)


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


def test_a_plain_folder_is_parted_without_labels(place):
    fill(place)
    data = load(place)
    parts = [shades(images) for images, _ in data.parts.values()]
    assert sorted(shade for part in parts for shade in part) == list(range(20))
    assert [len(part) for part in parts] == [13, 3, 4]
    assert data.shape == (1, 6, 6)
    assert (data.labelled, data.notes, data.name) == (False, (), str(place))


def test_the_test_part_is_the_same_for_every_seed(place):
    fill(place, 60)
    first, other = load(place, seed=1), load(place, seed=2)
    assert torch.equal(first.test, other.test)
    assert shades(first.valid) != shades(other.valid)
    assert load(place, seed=1).digest == first.digest


@pytest.mark.parametrize(("count", "test"), [(10, 2), (29, 5), (40, 8), (79, 8), (200, 20)])
def test_of_few_images_up_to_a_fifth_are_to_test(place, count, test):
    fill(place, count)
    assert len(load(place).test) == test


def test_sub_folders_are_classes(place):
    for number, name in enumerate(("dog", "cat", "Ant")):
        fill(place / name, 10, first=50 * number)
    fill(place / "cat" / "deeper" / "still", 10, first=70)
    data = load(place)
    assert data.classes == ("Ant", "cat", "dog")
    for images, labels in data.parts.values():
        expected = [{2: 0, 1: 1, 0: 2}[shade // 50] for shade in images[:, 0, 0, 0].tolist()]
        assert labels.tolist() == expected
    assert torch.bincount(data.test_labels).tolist() == [2, 4, 2]


def test_one_sub_folder_is_no_class(place):
    fill(place / "all")
    assert not load(place).labelled


def test_images_beside_classes_take_the_labels_away(place):
    fill(place / "a")
    fill(place / "b", first=100)
    fill(place, 2, first=200)
    data = load(place)
    assert not data.labelled
    assert "so none has a label" in data.notes[0]


@pytest.mark.parametrize("valid", ["valid", "val", "validation", "Valid"])
def test_sub_folders_may_be_the_parts(place, valid):
    for number, name in enumerate(("train", valid, "test")):
        fill(place / name / "x", 5, first=50 * number)
        fill(place / name / "y", 5, first=50 * number + 20)
    data = load(place)
    for number, (images, labels) in enumerate(data.parts.values()):
        first = 50 * number
        expected = [*range(first, first + 5), *range(first + 20, first + 25)]
        assert images[:, 0, 0, 0].tolist() == expected
        assert labels.tolist() == [0] * 5 + [1] * 5
    assert data.classes == ("x", "y")


def test_parts_that_are_not_there_are_split_from_train(place):
    fill(place / "train", 40)
    fill(place / "test", 4, first=100)
    data = load(place)
    assert shades(data.test) == [100, 101, 102, 103]
    assert sorted(shades(data.train) + shades(data.valid)) == list(range(40))
    fill(place / "val", 4, first=200)
    assert shades(load(place).valid) == [200, 201, 202, 203]
    for path in (place / "test").iterdir():
        path.unlink()
    data = load(place)
    assert shades(data.valid) == [200, 201, 202, 203]
    assert sorted(shades(data.train) + shades(data.test)) == list(range(40))
    assert len(data.test) == 8


def test_what_lies_beside_the_parts_is_said_to_be_left_out(place):
    fill(place / "train", 40)
    fill(place / "extra", 3, first=100)
    data = load(place)
    assert max(max(shades(images)) for images, _ in data.parts.values()) < 40
    assert "3 images outside train" in data.notes[0]


def test_a_test_part_needs_a_train_part(place):
    fill(place / "test", 40)
    with pytest.raises(LisaError, match=r"has a sub-folder 'test' but none called 'train'"):
        load(place)


def test_two_validation_parts_are_one_too_many(place):
    for name in ("train", "val", "valid"):
        fill(place / name, 10)
    with pytest.raises(LisaError, match=r"has several validation parts: val, valid"):
        load(place)


def test_a_part_whose_images_are_all_damaged_is_not_replaced(place):
    fill(place / "train", 40)
    for name in "ab":
        png(place / "test" / f"{name}.png", noise(6, 6)).write_bytes(b"damaged")
    with pytest.raises(LisaError, match=r"the test part of .* too few images: 0"):
        load(place)


def test_damaged_files_are_named_and_left_out(place):
    fill(place, 30, shape=(16, 16))
    sound = load(place)
    content = png(place / "big.png", noise(16, 16)).read_bytes()
    for length in (0, 8, 20, 40, len(content) // 2, len(content) - 25):
        (place / f"cut-{length:03}.png").write_bytes(content[:length])
    picture = jpeg(noise(16, 16))
    (place / "half.jpg").write_bytes(picture[: len(picture) // 2])
    (place / "text.gif").write_text("hello")
    (place / "big.png").unlink()
    data = load(place)
    assert data.digest == sound.digest
    (note,) = data.notes
    assert ": 8 of 38 files, no readable images: " in note
    for name in ("cut-000.png", "cut-008.png", "cut-020.png", "half.jpg", "text.gif"):
        assert name in note


def test_of_many_damaged_files_ten_are_named(place):
    fill(place)
    for number in range(15):
        (place / f"x{number:02}.png").write_bytes(b"")
    (note,) = load(place).notes
    assert note.endswith("x08.png, x09.png and 5 more")


@pytest.mark.parametrize("files", [[], ["readme.txt", "a.npy", ".hidden.png", "b.png.part"]])
def test_a_folder_without_images_is_refused(place, files):
    for name in files:
        (place / name).write_bytes(b"x")
    with pytest.raises(LisaError, match=r"pictures holds no images: no file below .* \.png, "):
        load(place)


def test_a_folder_of_damaged_images_is_refused(place):
    for name in "ab":
        (place / f"{name}.png").write_bytes(b"x")
    with pytest.raises(LisaError, match=r"no readable image: none of its 2 files .*a\.png, b\.png"):
        load(place)


def test_too_few_images_are_refused(place):
    fill(place, 9)
    (place / "x.png").write_bytes(b"")
    with pytest.raises(LisaError, match=r"9 readable images, at least 10 .*1 of 10 files.*x\.png"):
        load(place)


def test_ten_images_are_enough(place):
    fill(place, 10)
    assert [len(images) for images, _ in load(place).parts.values()] == [6, 2, 2]


def test_several_sizes_need_a_size(place):
    fill(place, 12, (6, 8))
    fill(place, 3, (10, 10), first=100)
    with pytest.raises(LisaError, match=r"2 sizes: 8 × 6 \(12\), 10 × 10 \(3\); give --size N"):
        load(place)
    data = load(place, size=5)
    assert data.shape == (1, 5, 5)
    assert len(data.train) + len(data.valid) + len(data.test) == 15


def test_of_many_sizes_five_are_named(place):
    for side in range(4, 16):
        fill(place, 2, (side, 4), first=10 * side)
    with pytest.raises(LisaError, match=r"12 sizes: (\d+ × \d+ \(2\), ){4}\S+ × \S+ \(2\) and 7 m"):
        load(place)


def test_images_that_are_no_squares_stay_so_without_a_size(place):
    fill(place, 12, (6, 8))
    assert load(place).shape == (1, 6, 8)


def test_resizing_takes_the_largest_square_in_the_middle(place):
    fill(place, 12)
    wide = np.zeros((10, 30), np.uint8)
    wide[:, 10:20] = 200
    png(place / "train" / "wide.png", wide)
    for number in range(12):
        png(place / "train" / f"{number}.png", wide)
    data = load(place, size=20)
    assert (data.train == 200).all()


def test_pixels_are_averaged_not_picked_when_made_smaller(place):
    board = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)
    for number in range(12):
        png(place / f"{number}.png", board)
    data = load(place, size=8)
    assert (data.train[..., 1:-1, 1:-1].int() - 128).abs().max() <= 2


def test_one_image_in_colour_puts_all_in_colour(place):
    fill(place, 12)
    colour = noise(6, 6, 3)
    png(place / "zz.png", colour)
    data = load(place, seed=0)
    assert data.shape == (3, 6, 6)
    everything = torch.cat([data.train, data.valid, data.test])
    matches = (everything == torch.from_numpy(colour).permute(2, 0, 1)).all((1, 2, 3))
    assert matches.sum() == 1
    rest = everything[~matches]
    assert (rest == rest[:, :1]).all()
    (place / "zz.png").unlink()
    assert load(place).shape == (1, 6, 6)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "WEBP", "GIF", "TIFF"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_lossless_kind_comes_back_as_it_was(kind, channels):
    pixels = noise(9, 11, 3) if channels == 3 else noise(9, 11)
    if kind == "GIF":
        pixels = pixels // 86 * 86
    options = {"lossless": True} if kind == "WEBP" else {}
    image = read_image(saved(Image.fromarray(pixels), kind, **options))
    found = np.asarray(image.convert("RGB"))
    assert np.array_equal(found, np.broadcast_to(pixels.reshape(9, 11, -1), (9, 11, 3)))


def test_sixteen_bits_are_scaled_and_rounded():
    values = np.array([[0, 128, 129, 257, 385, 386, 65_535]], np.uint16)
    for kind in ("PNG", "TIFF"):
        image = read_image(saved(Image.fromarray(values), kind))
        assert image.mode == "L"
        assert np.asarray(image).tolist() == [[0, 0, 1, 1, 1, 2, 255]]


def test_black_and_white_become_zero_and_255():
    image = Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1")
    found = read_image(saved(image, "PNG"))
    assert (found.mode, np.asarray(found).tolist()) == ("L", [[0, 255]])


def test_without_levels_one_is_white_and_what_is_beyond_is_clipped():
    values = np.array([[0.0, 0.5, 1.0]], np.float32)
    found = read_image(saved(Image.fromarray(values), "TIFF"))
    assert np.asarray(found).tolist() == [[0, 128, 255]]
    beyond = open_image(saved(Image.fromarray(values * 3), "TIFF"))
    assert (np.asarray(beyond.image).tolist(), beyond.clipped) == ([[0, 255, 255]], True)
    with pytest.raises(ValueError, match="not finite"):
        read_image(saved(Image.fromarray(values * np.nan), "TIFF"))


def test_what_is_transparent_shows_white():
    pixels = np.zeros((1, 3, 4), np.uint8)
    pixels[0, :, 0] = 255
    pixels[0, :, 3] = (0, 255, 51)
    found = read_image(saved(Image.fromarray(pixels), "PNG"))
    assert found.mode == "RGB"
    assert np.asarray(found)[0].tolist() == [[255, 255, 255], [255, 0, 0], [255, 204, 204]]
    grey = Image.fromarray(np.array([[[10, 0], [10, 255]]], np.uint8), "LA")
    found = read_image(saved(grey, "PNG"))
    assert (found.mode, np.asarray(found).tolist()) == ("L", [[255, 10]])


def test_palettes_are_looked_up():
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    image.putpalette([10, 20, 30, 200, 100, 50])
    found = read_image(saved(image, "PNG"))
    assert np.asarray(found).tolist() == [[[10, 20, 30], [200, 100, 50]]]
    found = read_image(saved(image, "PNG", transparency=b"\x00\xff"))
    assert np.asarray(found).tolist() == [[[255, 255, 255], [200, 100, 50]]]


def test_inks_become_colours():
    image = Image.fromarray(np.full((8, 8, 3), (200, 30, 60), np.uint8)).convert("CMYK")
    found = np.asarray(read_image(saved(image, "TIFF")))
    assert found[0, 0].tolist() == [200, 30, 60]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_of_a_turned_camera_stand_upright(orientation):
    upright = noise(4, 6, 3)
    undo = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }
    stored = Image.fromarray(np.ascontiguousarray(undo[orientation](upright)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = read_image(saved(stored, "PNG", exif=exif.tobytes()))
    assert np.array_equal(np.asarray(found), upright)


def test_of_a_moving_picture_the_first_frame_is_taken():
    frames = [Image.fromarray(np.full((3, 3), shade, np.uint8)) for shade in (40, 200)]
    content = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (np.asarray(read_image(content).convert("L")) == 40).all()


def test_endings_are_read_in_any_case_and_linked_folders_once(place):
    fill(place, 10)
    for path in list(place.iterdir()):
        path.rename(path.with_suffix(".PnG"))
    fill(place.parent / "elsewhere", 10, first=100)
    (place / "link").symlink_to(place.parent / "elsewhere")
    (place / "loop").symlink_to(place)
    fill(place / ".hidden", 3, first=200)
    fill(place / "__MACOSX", 3, first=210)
    data = load(place)
    everything = torch.cat([data.train, data.valid, data.test])
    assert shades(everything) == [*range(10), *range(100, 110)]


def test_the_order_is_that_of_the_names_whatever_the_disk_says(place, monkeypatch):
    fill(place / "b", 10)
    fill(place / "a", 10, first=100)
    first = load(place)
    walk = os.walk

    def backwards(*arguments, **options):
        for base, folders, files in walk(*arguments, **options):
            files.reverse()
            yield base, folders, files

    monkeypatch.setattr(os, "walk", backwards)
    assert load(place).digest == first.digest


def test_the_limit_and_the_number_of_validation_images_are_kept(place):
    fill(place, 100)
    data = load(place, limit=20, valid=6)
    assert (len(data.train), len(data.valid), len(data.test)) == (14, 6, 10)
