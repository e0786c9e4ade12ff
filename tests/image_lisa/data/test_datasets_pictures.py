"""Bytes, numbers in [0, 1], sizes, grids and PNG files."""

import errno
import os

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from small_pictures import noise

from image_lisa.data.pictures import grid, padded, resized, save_png, to_bytes
from shared.common.errors import LisaError

EVERY = torch.arange(256, dtype=torch.uint8)


@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.float16])
def test_every_byte_comes_back(kind):
    assert torch.equal(to_bytes((EVERY.double() / 255).to(kind)), EVERY)


def test_pixels_are_rounded_not_truncated_and_clamped():
    values = torch.tensor([0.4999, 0.5001, 1.6, 254.6, 254.4, -3.0, 400.0]) / 255
    assert to_bytes(values).tolist() == [0, 1, 2, 255, 254, 0, 255]
    assert to_bytes(torch.tensor([torch.inf, -torch.inf])).tolist() == [255, 0]


@settings(deadline=None)
@given(st.floats(0, 1))
def test_rounding_is_never_off_by_more_than_half_a_step(value):
    byte = to_bytes(torch.tensor([value], dtype=torch.float64)).item()
    assert abs(byte - 255 * value) <= 0.5 + 1e-4


def test_pixels_that_are_no_numbers_are_refused():
    with pytest.raises(LisaError, match="NaN"):
        to_bytes(torch.tensor([0.5, torch.nan]))


@pytest.mark.parametrize(("shape", "size"), [((3, 28), 20), ((1, 8), 16), ((3, 32), 64)])
def test_resizing_is_that_of_pillow(shape, size):
    pixels = noise(5, shape[0], shape[1], shape[1])
    small = resized(torch.from_numpy(pixels), size).numpy().astype(int)
    assert small.shape == (5, shape[0], size, size)
    for image, result in zip(pixels, small, strict=True):
        for channel, found in zip(image, result, strict=True):
            expected = Image.fromarray(channel).resize((size, size), Image.Resampling.BILINEAR)
            assert np.abs(found - np.asarray(expected).astype(int)).max() <= 1


def test_resizing_to_the_same_size_changes_nothing():
    pixels = torch.from_numpy(noise(2, 1, 8, 8))
    assert torch.equal(resized(pixels, 8), pixels)


def test_many_images_are_resized_like_few():
    pixels = torch.from_numpy(noise(5000, 1, 8, 8))
    assert torch.equal(resized(pixels, 4)[4990:], resized(pixels[4990:], 4))


def test_padding_keeps_every_pixel_in_the_middle():
    pixels = torch.from_numpy(noise(3, 1, 28, 28))
    for size, before in ((32, 2), (31, 1), (28, 0)):
        larger = padded(pixels, size)
        assert larger.shape == (3, 1, size, size)
        assert torch.equal(larger[..., before : before + 28, before : before + 28], pixels)
        assert larger.long().sum() == pixels.long().sum()


def test_a_grid_shows_each_image_in_its_place():
    pixels = torch.from_numpy(noise(5, 3, 4, 6))
    sheet = grid(pixels, columns=3, pad=1, fill=7)
    assert sheet.shape == (3, 2 * 5 + 1, 3 * 7 + 1)
    for place, (row, column) in enumerate([(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]):
        top, left = 1 + 5 * row, 1 + 7 * column
        assert torch.equal(sheet[:, top : top + 4, left : left + 6], pixels[place])
    assert (sheet[:, 6:10, 15:21] == 7).all()
    assert (sheet[:, [0, 5, 10]] == 7).all()
    assert (sheet[:, :, [0, 7, 14, 21]] == 7).all()


def test_a_grid_is_about_square_and_no_wider_than_it_has_images():
    pixels = torch.zeros(10, 1, 2, 2, dtype=torch.uint8)
    assert grid(pixels, pad=0).shape == (1, 6, 8)
    assert grid(pixels[:2], columns=8, pad=0).shape == (1, 2, 4)


@pytest.mark.parametrize(("count", "columns"), [(0, 3), (0, None), (4, 0)])
def test_a_grid_of_nothing_is_refused(count, columns):
    with pytest.raises(LisaError, match="make no picture"):
        grid(torch.zeros(count, 1, 2, 2, dtype=torch.uint8), columns)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_png_comes_back_as_it_was(tmp_path, channels):
    pixels = noise(channels, 5, 7)
    path = tmp_path / "a.png"
    save_png(path, torch.from_numpy(pixels))
    with Image.open(path) as found:
        assert (found.format, found.mode) == ("PNG", "L" if channels == 1 else "RGB")
        array = np.asarray(found).reshape(5, 7, channels)
    assert np.array_equal(array.transpose(2, 0, 1), pixels)


@pytest.mark.parametrize(
    "image", [torch.zeros(1, 2, 2), torch.zeros(2, 2, 2).byte(), torch.zeros(2, 2).byte()]
)
def test_what_is_no_picture_is_refused(tmp_path, image):
    with pytest.raises(LisaError, match=r"a PNG needs bytes"):
        save_png(tmp_path / "a.png", image)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_the_old_picture(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    save_png(path, torch.zeros(1, 2, 2).byte())
    before = path.read_bytes()

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(LisaError, match=r"a\.png: No space left on device"):
            save_png(path, torch.ones(1, 2, 2).byte())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
