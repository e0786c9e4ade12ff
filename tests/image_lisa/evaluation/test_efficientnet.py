"""Features of EfficientNet-Lite0, and whether distances on them order images sensibly."""

import hashlib

import numpy as np
import pytest
import torch
from feature_weights import needs_weights
from PIL import Image, ImageFilter
from sklearn.datasets import load_sample_images

from image_lisa.evaluation.distances import RealFeatures
from image_lisa.evaluation.efficientnet import (
    ADVICE,
    EfficientNet,
    EfficientNetFeatures,
    installed_weights,
)
from image_lisa.evaluation.extractors import Extractor, default_features, published_extractor
from shared.common.errors import LisaError

CROPS, SIDE = 12, 96

PLACES = [0, 2, 31, 32, 39, 56]
EXPECTED = [1.52959, 0.9649, 1.92068, 0.31199, 1.44642, 0.65616]
SUM = 159.1191
"""Some features of one image and the sum of all, by the package efficientnet-lite-pytorch 0.1.0."""


@pytest.fixture(scope="module")
def extractor():
    return EfficientNetFeatures.read(installed_weights())


def crops(seed):
    """Pieces of the two photographs that ship with scikit-learn, `[n, 3, side, side]`."""
    random = np.random.default_rng(seed)
    photographs = load_sample_images().images
    pieces = []
    for number in range(CROPS):
        whole = photographs[number % 2]
        top, left = (int(random.integers(side - SIDE)) for side in whole.shape[:2])
        pieces.append(whole[top : top + SIDE, left : left + SIDE])
    return torch.from_numpy(np.stack(pieces)).permute(0, 3, 1, 2)


def blurred(images, radius):
    filtered = [
        np.asarray(Image.fromarray(each.permute(1, 2, 0).numpy()).filter(radius)) for each in images
    ]
    return torch.from_numpy(np.stack(filtered)).permute(0, 3, 1, 2)


def noisy(images, deviation):
    random = np.random.default_rng(0)
    noise = torch.from_numpy(random.normal(scale=deviation, size=images.shape))
    return (images + noise).clamp(0, 255).round().to(torch.uint8)


@needs_weights
def test_the_distance_orders_real_blurred_and_noisy_images(extractor):
    target = RealFeatures(extractor.features(crops(0)), name="fde")

    def measured(images):
        found = target.measure(extractor.features(images))
        return np.array([found["fde"], found["kid"]])

    real = crops(1)
    same = measured(real)
    slight, strong = (measured(blurred(real, ImageFilter.GaussianBlur(r))) for r in (1, 3))
    assert (same < 0.9 * slight).all()
    assert (slight < 0.9 * strong).all()
    assert (same < 0.9 * measured(noisy(real, 30))).all()


@needs_weights
def test_features_are_those_of_the_published_network(extractor):
    numbers = torch.arange(3 * 224 * 224).reshape(1, 3, 224, 224)
    (found,) = extractor.features((numbers * 7919 % 251).to(torch.uint8))
    assert found.shape == (1280,)
    np.testing.assert_allclose(found[PLACES], EXPECTED, atol=2e-4)
    assert found.sum() == pytest.approx(SUM, rel=1e-4)


@needs_weights
def test_grey_images_and_any_size_are_taken(extractor):
    grey = crops(0)[:2, :1]
    found = extractor.features(grey)
    assert found.shape == (2, 1280)
    np.testing.assert_array_equal(found, extractor.features(grey.repeat(1, 3, 1, 1)))
    assert np.isfinite(extractor.features(torch.zeros(1, 1, 4, 7))).all()
    with pytest.raises(LisaError, match=r"1 or 3 channels, not \[1, 2, 8, 8\]"):
        extractor.features(torch.zeros(1, 2, 8, 8))


def test_another_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "weights.pth"
    with pytest.raises(LisaError, match=r"cannot read .* pip install 'lisa-toolkit\[features\]'"):
        EfficientNetFeatures.read(path)
    torch.save(EfficientNet().state_dict(), path)
    with pytest.raises(LisaError, match="is not the file of EfficientNet-Lite0's weights"):
        EfficientNetFeatures.read(path)


def test_weights_that_lack_something_are_refused(tmp_path):
    path = tmp_path / "weights.pth"
    state = EfficientNet().state_dict()
    del state["_conv_head.weight"]
    torch.save(state, path)
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(LisaError, match=r"1 tensors are missing .* _conv_head\.weight"):
        EfficientNetFeatures.read(path, sha256=checksum)


def test_which_network_serves_which_images(monkeypatch, tmp_path):
    package = "image_lisa.evaluation.extractors.installed_weights"
    monkeypatch.setattr(package, lambda: tmp_path / "weights.pth")
    assert default_features((1, 28, 28)) == "classifier"
    assert default_features((1, 224, 224)) == default_features((3, 32, 32)) == "efficientnet"
    found = published_extractor("efficientnet", None, "cpu")
    assert found == Extractor(tmp_path / "weights.pth", "efficientnet", "cpu")
    assert found.identity() == "efficientnet"
    monkeypatch.setattr(package, lambda: None)
    assert default_features((3, 32, 32)) == "classifier"
    with pytest.raises(LisaError) as refused:
        published_extractor("efficientnet", None, "cpu")
    assert ADVICE in str(refused.value)
    with pytest.raises(LisaError, match="--inception-weights"):
        published_extractor("inception", None, "cpu")
