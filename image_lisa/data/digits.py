"""Digits: 1,797 handwritten digits, 8 × 8, grey, that ship with scikit-learn."""

from functools import cache

import numpy as np
import torch
from sklearn.datasets import load_digits

from image_lisa.data.base import ImageSource, Part, split_images
from image_lisa.data.pictures import resized
from image_lisa.data.places import Request
from shared.common.seeds import derive_seed

TEST = 360
"""Images of the test part; the same ones whatever the seed of a run."""

_MOST = 16
"""The brightest pixel in the file."""

_read = cache(load_digits)


def load(request: Request) -> ImageSource:
    """Return the digits of Alpaydin & Kaynak (1998, UCI); needs no files and no network."""
    found = _read()
    pixels = np.rint(found.images * (255 / _MOST)).astype(np.uint8)
    images = torch.from_numpy(pixels)[:, None]
    if request.size is not None:
        images = resized(images, request.size)
    digits = Part(images, torch.from_numpy(found.target.astype(np.int64)))
    test, train = split_images(digits, TEST, derive_seed(0, "digits", "test"))
    return ImageSource(train=train, test=test, classes=tuple("0123456789"))
