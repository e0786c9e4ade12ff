"""Data sets by name, the digits, and what cannot be loaded."""

import sys

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from small_pictures import alone, noise, png
from tools import environment, finish, started

from image_lisa.data import DATASETS, load_images
from shared.common.errors import LisaError


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    alone(monkeypatch, tmp_path)


def test_the_digits_need_no_files_and_no_network():
    data = load_images("digits")
    assert (data.shape, len(data.train), len(data.valid), len(data.test)) == (
        (1, 8, 8),
        1150,
        287,
        360,
    )
    assert data.classes == tuple("0123456789")
    everything = torch.cat([data.train, data.valid, data.test])[:, 0]
    assert set(everything.unique().tolist()) == {round(level * 255 / 16) for level in range(17)}
    found = sorted(map(bytes, everything.flatten(1).numpy()))
    expected = np.rint(load_digits().images * 255 / 16).astype(np.uint8)
    assert found == sorted(map(bytes, expected.reshape(1797, 64)))


def test_the_digits_keep_their_labels():
    original = load_digits()
    labels = {
        np.rint(image * 255 / 16).astype(np.uint8).tobytes(): label
        for image, label in zip(original.images, original.target, strict=True)
    }
    for images, found in load_images("digits").parts.values():
        assert [labels[image.numpy().tobytes()] for image in images] == found.tolist()


def test_the_test_part_of_the_digits_is_the_same_for_every_seed():
    first, same, other = (load_images("digits", seed=seed) for seed in (1, 1, 2))
    assert first.digest == same.digest != other.digest
    assert torch.equal(first.test, other.test)
    assert not torch.equal(first.valid, other.valid)
    assert load_images("digits", size=32).shape == (1, 32, 32)


def test_an_unknown_name_gives_the_nearest():
    with pytest.raises(
        LisaError, match=r"no folder 'mnits'; did you mean 'mnist'\? valid: mnist, "
    ):
        load_images("mnits")
    for name in ("", "some/where"):
        with pytest.raises(LisaError, match=rf"no folder '{name}'; valid: .* folder of images$"):
            load_images(name)


def test_a_file_is_no_folder(tmp_path):
    path = png(tmp_path / "a.png", noise(3, 3))
    with pytest.raises(LisaError, match=r"a\.png is a file; --dataset takes a folder"):
        load_images(str(path))
    with pytest.raises(LisaError, match=r"--data-dir .*a\.png is a file; name a folder"):
        load_images("mnist", data_dir=path)


def test_a_name_wins_over_a_folder_of_that_name(tmp_path, monkeypatch):
    (tmp_path / "digits").mkdir()
    monkeypatch.chdir(tmp_path)
    assert len(load_images("digits").test) == 360
    with pytest.raises(LisaError, match="holds no images"):
        load_images("./digits")


@pytest.mark.parametrize("size", [-1, 0, 3, 1025])
def test_sizes_that_make_no_sense(size):
    with pytest.raises(LisaError, match=rf"--size must be from 4 to 1,024, not {size}"):
        load_images("digits", size=size)


def test_every_data_set_reads_where_it_is_told_and_writes_nothing_there(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for name in DATASETS:
        if name != "digits":
            with pytest.raises(LisaError, match=rf"Looked in: {folder}, "):
                load_images(name, data_dir=folder, download=False)
    assert not list(folder.iterdir())
    assert not (tmp_path / "cache").exists()


def test_a_download_without_network_ends_soon_in_one_message(tmp_path):
    """The real client, with every address out of reach."""
    code = (
        "import socket, time\n"
        "def refused(*_, **__): raise socket.gaierror(-2, 'Name or service not known')\n"
        "def waiting(*_): raise AssertionError('no time to wait')\n"
        "socket.getaddrinfo = refused\n"
        "from image_lisa.data import load_images\n"
        "time.sleep = waiting\n"
        "try: load_images('mnist')\n"
        "except ValueError as error: print(type(error).__name__, error)\n"
    )
    variables = {
        name: value for name, value in environment().items() if not name.lower().endswith("_proxy")
    }
    with started(sys.executable, "-c", code, env=variables) as process:
        result = finish(process)
    assert result.err == ""
    assert result.out.startswith("LisaError MNIST is not here: ")
    assert result.out.count("ConnectionError") == 2
    assert result.out.count("\n") == 1
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
