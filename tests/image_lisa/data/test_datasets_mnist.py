"""MNIST: its files, where they lie, what is wrong with them."""

import errno
import hashlib
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis.extra import numpy as arrays
from small_pictures import alone, idx, noise, offline, packed, served

from image_lisa.data import load_images, mnist
from image_lisa.data.mnist import CHECKSUMS, parse_idx
from shared.common.errors import LisaError

NAMES = list(CHECKSUMS)
DATA = os.environ.get("LISA_DATA_DIR")
needs_data = pytest.mark.skipif(
    DATA is None or not (Path(DATA) / "mnist").is_dir(), reason="LISA_DATA_DIR holds no MNIST"
)
PLACE = Path("folder/train-images")


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    alone(monkeypatch, tmp_path)


@pytest.fixture
def small(monkeypatch):
    """The contents of a small MNIST, whose checksums are taken for the right ones."""
    arrays = [noise(40, 28, 28), np.arange(40, dtype=np.uint8) % 10]
    arrays += [noise(12, 28, 28, seed=1), np.arange(12, dtype=np.uint8) % 10]
    contents = dict(zip(NAMES, map(idx, arrays), strict=True))
    sums = {name: hashlib.md5(content).hexdigest() for name, content in contents.items()}
    monkeypatch.setattr(mnist, "CHECKSUMS", sums)
    return contents


def write(folder, contents, suffix="", change=lambda name: name):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        path = folder / (change(name) + suffix)
        path.write_bytes(packed(content) if suffix else content)


@settings(deadline=None)
@given(arrays.arrays(np.uint8, arrays.array_shapes(max_dims=4, max_side=6)))
def test_every_array_of_bytes_comes_back(array):
    assert np.array_equal(parse_idx(idx(array), PLACE), array)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"no IDX file: it begins with nothing"),
        (b"\0\0\x08", r"no IDX file: it begins with 00 00 08"),
        (b"\x89PNG\r\n", r"no IDX file: it begins with 89 50 4e 47"),
        (b"\0\0\x08\0", r"no IDX file"),
        (b"\0\0\x0d\x01" + struct.pack(">If", 1, 0.5), r"of type 0x0d, not of bytes"),
        (b"\0\0\x08\x03" + struct.pack(">II", 1, 2), r"ends within the 3 dimensions"),
        (idx(noise(2, 3, 4))[:-1], r"is truncated: 2 × 3 × 4 bytes .* 16 make 40, .* has 39"),
        (idx(noise(2, 3, 4)) + b"\0", r"is too long: .* make 40, but it has 41"),
        (b"\0\0\x08\x04" + b"\xff" * 16, r"is truncated"),
    ],
)
def test_what_is_wrong_with_an_idx_file_is_said(content, message):
    with pytest.raises(LisaError, match=rf"^folder/train-images .*{message}"):
        parse_idx(content, PLACE)


@pytest.mark.parametrize("below", ["", "mnist", "MNIST/raw", "mnist/MNIST/raw"])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_the_files_are_found_in_every_usual_place(small, tmp_path, monkeypatch, below, suffix):
    write(tmp_path / "data" / below, small, suffix)
    data = load_images("mnist", data_dir=tmp_path / "data")
    assert (data.shape, len(data.train), len(data.valid), len(data.test)) == (
        (1, 28, 28),
        32,
        8,
        12,
    )
    assert data.test.flatten().tolist() == list(small[NAMES[2]][16:])
    assert data.test_labels.tolist() == list(small[NAMES[3]][8:])
    assert data.classes == tuple("0123456789")
    monkeypatch.setenv("LISA_DATA_DIR", str(tmp_path / "data"))
    assert load_images("mnist").digest == data.digest


def test_names_with_a_dot_are_found(small, tmp_path):
    write(tmp_path, small, ".gz", lambda name: name.replace("-idx", ".idx"))
    assert len(load_images("mnist", data_dir=tmp_path).test) == 12


def test_up_to_32_images_are_padded_else_resized(small, tmp_path):
    write(tmp_path, small)
    plain = load_images("mnist", data_dir=tmp_path)
    larger = load_images("mnist", data_dir=tmp_path, size=32)
    assert torch.equal(larger.train[..., 2:30, 2:30], plain.train)
    assert larger.train.long().sum() == plain.train.long().sum()
    assert load_images("mnist", data_dir=tmp_path, size=28).digest == plain.digest
    assert load_images("mnist", data_dir=tmp_path, size=14).shape == (1, 14, 14)
    assert load_images("mnist", data_dir=tmp_path, size=64).train[..., :4, :].sum() > 0


def test_a_file_of_other_content_is_refused_with_both_checksums(small, tmp_path):
    write(tmp_path, small, ".gz")
    path = tmp_path / f"{NAMES[1]}.gz"
    path.write_bytes(packed(idx(noise(40))))
    found = hashlib.md5(idx(noise(40))).hexdigest()
    with pytest.raises(LisaError) as caught:
        load_images("mnist", data_dir=tmp_path)
    assert str(path) in str(caught.value)
    assert f"is {found}, it should be {mnist.CHECKSUMS[NAMES[1]]}" in str(caught.value)


def test_another_way_to_pack_the_same_content_is_welcome(small, tmp_path):
    write(tmp_path, small, ".gz")
    half = len(small[NAMES[0]]) // 2
    content = small[NAMES[0]]
    (tmp_path / f"{NAMES[0]}.gz").write_bytes(packed(content[:half]) + packed(content[half:]))
    assert len(load_images("mnist", data_dir=tmp_path).train) == 32


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: data[:30] + b"?" * 50])
def test_a_damaged_archive_is_named(small, tmp_path, damage):
    write(tmp_path, small, ".gz")
    path = tmp_path / f"{NAMES[0]}.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(LisaError, match=rf"{path} is a damaged gzip file"):
        load_images("mnist", data_dir=tmp_path)


def test_without_network_and_files_one_message_says_what_to_put_where(tmp_path, monkeypatch):
    monkeypatch.setenv("LISA_DATA_DIR", str(tmp_path / "env"))
    tried = offline(monkeypatch)
    with pytest.raises(LisaError) as caught:
        load_images("mnist", data_dir=tmp_path / "data")
    message = str(caught.value)
    assert message.startswith("MNIST is not here: ")
    for name in NAMES:
        assert name in message
    assert f"into {tmp_path / 'data' / 'mnist'}" in message
    looked = [tmp_path / "data", tmp_path / "env", tmp_path / "cache" / "lisa-toolkit"]
    assert message.endswith(f"Looked in: {', '.join(map(str, looked))}")
    assert "--data-dir or LISA_DATA_DIR" in message
    assert len(tried) == len(mnist.MIRRORS)
    assert not list((tmp_path / "data").rglob("*"))


def test_without_leave_to_download_nothing_is_tried(tmp_path):
    with pytest.raises(LisaError, match="MNIST is not here"):
        load_images("mnist", data_dir=tmp_path, download=False)


def test_what_is_missing_is_downloaded_once(small, tmp_path, monkeypatch):
    write(tmp_path, {name: small[name] for name in NAMES[:3]})
    tried = served(monkeypatch, {f"{name}.gz": packed(small[name]) for name in NAMES})
    told = []
    data = load_images("mnist", data_dir=tmp_path, notify=told.append)
    assert tried == [f"{mnist.MIRRORS[0]}{NAMES[3]}.gz"]
    assert told == [f"downloading MNIST to {tmp_path / 'mnist'}"]
    assert [path.name for path in (tmp_path / "mnist").iterdir()] == [f"{NAMES[3]}.gz"]
    assert load_images("mnist", data_dir=tmp_path).digest == data.digest
    assert len(tried) == 1


def test_downloads_go_to_the_user_s_cache_by_default(small, tmp_path, monkeypatch):
    served(monkeypatch, {f"{name}.gz": packed(small[name]) for name in NAMES})
    load_images("mnist")
    found = {path.name for path in (tmp_path / "cache" / "lisa-toolkit" / "mnist").iterdir()}
    assert found == {f"{name}.gz" for name in NAMES}


def test_the_second_mirror_serves_where_the_first_gives_rubbish(small, tmp_path, monkeypatch):
    def contents(url):
        name = url.rsplit("/", 1)[1].removesuffix(".gz")
        return b"<html>" if url.startswith(mnist.MIRRORS[0]) else packed(small[name])

    tried = served(monkeypatch, contents)
    assert len(load_images("mnist", data_dir=tmp_path).test) == 12
    assert len(tried) == 8


def test_a_download_of_other_content_never_takes_its_place(small, tmp_path, monkeypatch):
    served(monkeypatch, lambda url: packed(b"other"))
    with pytest.raises(LisaError, match=r"gave other content: .*train-images.* is not the file"):
        load_images("mnist", data_dir=tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_full_disk_ends_the_download_at_once(small, tmp_path, monkeypatch):
    write(tmp_path, {name: small[name] for name in NAMES[:3]})
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    tried = served(monkeypatch, lambda url: full)
    with pytest.raises(LisaError, match=r"cannot write .*t10k-labels.*No space left on device"):
        load_images("mnist", data_dir=tmp_path)
    assert len(tried) == 1
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path: path.read_bytes() for path in files} == before


@needs_data
def test_the_real_mnist(monkeypatch):
    monkeypatch.setenv("LISA_DATA_DIR", DATA)
    data = load_images("mnist", seed=0)
    assert (data.shape, len(data.train), len(data.valid), len(data.test)) == (
        (1, 28, 28),
        50_000,
        10_000,
        10_000,
    )
    everything = torch.cat([data.train, data.valid])
    # The mean and deviation that the field normalises MNIST by.
    assert everything.float().mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert everything.float().std() / 255 == pytest.approx(0.3081, abs=5e-5)
    assert data.test_labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert torch.bincount(data.test_labels)[:3].tolist() == [980, 1135, 1032]
    share = torch.bincount(data.valid_labels) / torch.bincount(data.train_labels)
    assert (share - 0.2).abs().max() < 1e-3
    assert data.digest == load_images("mnist", seed=0).digest
    assert data.digest != load_images("mnist", seed=1).digest
