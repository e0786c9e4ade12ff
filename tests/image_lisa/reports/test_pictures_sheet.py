"""Images side by side: each whole, large enough, told apart on white, with its titles."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from image_lisa.reports.pictures_sheet import LEAST, MOST, lay_out
from shared.common.errors import LisaError


def noise(*shape):
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))


def part(sheet, place):
    left, top, right, bottom = sheet.boxes[place]
    return sheet.image[:, top:bottom, left:right]


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 7),
    st.integers(1, 5),
    st.sampled_from([1, 3]),
    st.integers(4, 90),
    st.integers(4, 90),
    st.booleans(),
)
def test_every_image_is_there_enlarged_by_a_whole_number(count, columns, channels, h, w, titled):
    images = noise(count, channels, h, w)
    titles = {"title": "a title", "captions": ["x"] * count} if titled else {}
    sheet = lay_out(images, columns, **titles)
    assert sheet.factor >= 1
    assert len(sheet.boxes) == count
    for place, image in enumerate(images):
        large = image.expand(3, -1, -1)
        large = large.repeat_interleave(sheet.factor, 1).repeat_interleave(sheet.factor, 2)
        assert torch.equal(part(sheet, place), large)
    assert max(large.shape[1:]) <= MOST
    assert min(large.shape[1:]) >= LEAST or 2 * max(large.shape[1:]) > MOST


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_frame_and_a_gap_lie_between_images_of_any_shade(shade):
    sheet = lay_out(torch.full((4, 1, 8, 8), shade, dtype=torch.uint8), 2)
    (_, top, right, _), (left, *_) = sheet.boxes[:2]
    between = sheet.image[:, top + 5, right:left].float().mean(0)
    assert between.max() == 255
    assert between.min() == 128
    assert (sheet.image[:, 0] == 255).all()


def test_large_images_are_made_smaller():
    sheet = lay_out(torch.full((2, 3, 400, 800), 77, dtype=torch.uint8), 2)
    assert sheet.factor == 0
    assert part(sheet, 1).shape == (3, MOST // 2, MOST)
    assert (part(sheet, 1) == 77).all()


def test_titles_are_written_beside_the_images_and_nowhere_on_them():
    images = noise(4, 1, 8, 8)
    plain = lay_out(images, 2)
    titled = lay_out(
        images,
        2,
        title="LISA: samples",
        row_titles=("first → second", "кот"),
        column_titles=("a name that is far too long for the width of an image", "b"),
        captions=("1", "2", "3", "4"),
    )
    for place in range(4):
        assert torch.equal(part(plain, place), part(titled, place))
    assert titled.image.shape[1] > plain.image.shape[1]
    assert titled.image.shape[2] > plain.image.shape[2]

    def inked(top, bottom, left, right):
        return bool((titled.image[:, top:bottom, left:right] < 100).any())

    left, top, right, bottom = titled.boxes[0]
    assert inked(0, top - 1, 0, right)  # the title and that of a column
    assert inked(top, bottom, 0, left - 1)  # that of the row
    assert inked(bottom + 1, titled.boxes[2][1] - 1, left, right)  # the caption


def test_a_long_title_stays_on_the_page():
    sheet = lay_out(noise(1, 1, 8, 8), title="a title that is much longer than the image is wide")
    assert (sheet.image[:, :, -5:] == 255).all()


@pytest.mark.parametrize(
    ("images", "columns", "message"),
    [
        (torch.zeros(2, 1, 8, 8), None, "needs bytes"),
        (torch.zeros(2, 2, 8, 8, dtype=torch.uint8), None, "1 or 3 channels"),
        (torch.zeros(0, 1, 8, 8, dtype=torch.uint8), None, "0 images in"),
        (torch.zeros(2, 1, 8, 8, dtype=torch.uint8), 0, "in 0 columns"),
    ],
)
def test_what_makes_no_picture_is_refused(images, columns, message):
    with pytest.raises(LisaError, match=message):
        lay_out(images, columns)
