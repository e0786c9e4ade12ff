import hashlib
from collections import OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from image_lisa.evaluation.inception import (
    WEIGHTS_NAME,
    WEIGHTS_SHA256,
    Inception,
    InceptionFeatures,
    resize,
    weights_path,
)
from shared.common.errors import LisaError


@pytest.fixture(scope="module")
def tensors():
    """Weights of the right names and shapes, as the file has them, its classification included."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        given = OrderedDict(Inception().state_dict())
        given["fc.weight"], given["fc.bias"] = torch.randn(1008, 2048), torch.randn(1008)
    return given


@pytest.fixture
def saved(tmp_path):
    def save(content):
        path = tmp_path / "weights.pth"
        torch.save(content, path)
        return path, hashlib.sha256(path.read_bytes()).hexdigest()

    return save


def by_loops(image, side=299):
    """Bilinear interpolation at i·size/side, pixel by pixel."""
    height, width = image.shape
    found = np.zeros((side, side))
    for i in range(side):
        for j in range(side):
            y, x = i * height / side, j * width / side
            top, left = int(y), int(x)
            low, right = min(top + 1, height - 1), min(left + 1, width - 1)
            dy, dx = y - top, x - left
            above = (1 - dx) * image[top, left] + dx * image[top, right]
            below = (1 - dx) * image[low, left] + dx * image[low, right]
            found[i, j] = (1 - dy) * above + dy * below
    return found


@pytest.mark.parametrize("shape", [(28, 28), (64, 48), (1, 5), (310, 299)])
def test_resizing_interpolates_from_the_corner_as_tensorflow_1_did(shape):
    image = np.random.default_rng(0).uniform(0, 255, shape)
    found = resize(torch.from_numpy(image)[None, None])[0, 0]
    np.testing.assert_allclose(found, by_loops(image), atol=1e-9)


def test_resizing_to_the_same_size_changes_nothing():
    images = torch.rand(2, 3, 299, 299)
    torch.testing.assert_close(resize(images), images, rtol=0, atol=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.integers(2, 40), st.integers(2, 40))
def test_resizing_keeps_the_first_pixel_and_the_range(height, width):
    images = torch.rand(1, 1, height, width, dtype=torch.float64)
    found = resize(images)
    assert found[0, 0, 0, 0] == images[0, 0, 0, 0]
    assert images.min() - 1e-12 <= found.min() <= found.max() <= images.max() + 1e-12


def test_the_network_has_the_convolutions_of_the_original():
    state = Inception().state_dict()
    weights = {name: value for name, value in state.items() if name.endswith("conv.weight")}
    assert len(weights) == 94
    assert len(state) == 6 * 94
    # The published count of parameters, without the classification into 1000 classes.
    counted = sum(value.numel() for name, value in state.items() if "running" not in name)
    assert counted - 94 == 21_785_568
    shapes = {
        "Conv2d_1a_3x3": (32, 3, 3, 3),
        "Conv2d_4a_3x3": (192, 80, 3, 3),
        "Mixed_5b.branch_pool": (32, 192, 1, 1),
        "Mixed_5d.branch5x5_2": (64, 48, 5, 5),
        "Mixed_6a.branch3x3": (384, 288, 3, 3),
        "Mixed_6b.branch7x7_2": (128, 128, 1, 7),
        "Mixed_6e.branch7x7dbl_5": (192, 192, 1, 7),
        "Mixed_7a.branch7x7x3_4": (192, 192, 3, 3),
        "Mixed_7b.branch3x3_2b": (384, 384, 3, 1),
        "Mixed_7c.branch3x3dbl_3a": (384, 384, 1, 3),
        "Mixed_7c.branch_pool": (192, 2048, 1, 1),
    }
    for name, shape in shapes.items():
        assert tuple(weights[f"{name}.conv.weight"].shape) == shape


def test_features_are_2048_numbers_and_grey_is_repeated(tensors, saved):
    path, checksum = saved(tensors)
    extractor = InceptionFeatures.read(path, sha256=checksum)
    grey = torch.randint(
        0, 256, (2, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    found = extractor.features(grey)
    assert found.shape == (2, 2048)
    assert found.dtype == np.float64
    assert (found >= 0).all()
    assert found.std() > 0
    np.testing.assert_array_equal(extractor.features(grey.repeat(1, 3, 1, 1)), found)
    np.testing.assert_array_equal(extractor.features(grey / 255), found)
    assert extractor.distance == "fid"


def test_the_last_blocks_pool_by_average_and_then_by_maximum(tensors):
    net = Inception().eval()
    for name, stacked in (("Mixed_7b", 1280), ("Mixed_7c", 2048)):
        block = net.get_submodule(name)
        x = torch.rand(1, stacked, 8, 8)
        with torch.no_grad():
            pooled = block(x)[:, -192:]
            corner = x[:, :, :2, :2]
            mixed = corner.mean((2, 3)) if name == "Mixed_7b" else corner.amax((2, 3))
            expected = block.get_submodule("branch_pool")(mixed[:, :, None, None])
        torch.testing.assert_close(pooled[:, :, :1, :1], expected)


def test_weights_are_taken_from_the_file_and_old_files_lack_counters(tensors, saved):
    old = {name: value for name, value in tensors.items() if "num_batches" not in name}
    path, checksum = saved(old)
    net = InceptionFeatures.read(path, sha256=checksum).net
    for name, value in net.state_dict().items():
        assert "num_batches" in name or torch.equal(value, tensors[name])
    assert not net.training


def test_a_missing_file_is_refused_and_the_way_to_get_it_told(tmp_path):
    with pytest.raises(LisaError, match=r"No such file.*download pt_inception.*LISA_INCEPTION"):
        InceptionFeatures.read(tmp_path / WEIGHTS_NAME)


def test_a_file_of_another_checksum_is_refused_unread(tensors, saved):
    path, checksum = saved({"fc.bias": torch.zeros(3)})
    with pytest.raises(LisaError, match=f"begins with {checksum[:8]}, not 6726825d"):
        InceptionFeatures.read(path)
    assert WEIGHTS_NAME.split("-")[-1] == f"{WEIGHTS_SHA256[:8]}.pth"


class Harmful:
    def __reduce__(self):
        return print, ("run",)


@pytest.mark.parametrize("content", [Harmful(), {"weights": Harmful()}])
def test_a_file_that_would_run_code_is_refused(content, saved, capsys):
    path, checksum = saved(content)
    with pytest.raises(LisaError, match="not a file of torch tensors"):
        InceptionFeatures.read(path, sha256=checksum)
    assert capsys.readouterr().out == ""


def test_other_files_are_refused(tensors, saved, tmp_path):
    text = tmp_path / "text.pth"
    text.write_text("weights")
    with pytest.raises(LisaError, match="not a file of torch tensors"):
        InceptionFeatures.read(text, sha256=hashlib.sha256(b"weights").hexdigest())
    path, checksum = saved([torch.zeros(2)])
    with pytest.raises(LisaError, match="does not hold tensors by name"):
        InceptionFeatures.read(path, sha256=checksum)
    name = "Mixed_5b.branch1x1.bn.weight"
    missing = {key: value for key, value in tensors.items() if key != name}
    path, checksum = saved(missing)
    with pytest.raises(LisaError, match=f"1 tensors are missing and 0 are unknown, e.g. {name}"):
        InceptionFeatures.read(path, sha256=checksum)
    path, checksum = saved({**tensors, "AuxLogits.fc.bias": torch.zeros(3)})
    with pytest.raises(LisaError, match="0 tensors are missing and 1 are unknown"):
        InceptionFeatures.read(path, sha256=checksum)
    path, checksum = saved({**tensors, name: torch.zeros(3)})
    with pytest.raises(LisaError, match="other shapes"):
        InceptionFeatures.read(path, sha256=checksum)


def test_images_of_two_channels_are_refused():
    with pytest.raises(LisaError, match=r"1 or 3 channels, not \[4, 2, 28, 28\]"):
        InceptionFeatures(Inception()).features(torch.zeros(4, 2, 28, 28))


def test_the_path_is_the_one_given_else_the_one_in_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv("LISA_INCEPTION", raising=False)
    assert weights_path(None) is None
    monkeypatch.setenv("LISA_INCEPTION", str(tmp_path / "a"))
    assert weights_path(None) == tmp_path / "a"
    assert weights_path(tmp_path / "b") == tmp_path / "b"
    monkeypatch.setenv("LISA_INCEPTION", "")
    assert weights_path(None) is None
