"""CIFAR-10: the binary version, packed and not, and the copy as JPEGs."""

import hashlib
import io
import os
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from small_pictures import alone, jpeg, noise, offline, served

from image_lisa.data import cache, cifar10, load_images
from image_lisa.data.cifar10 import ARCHIVE, CLASSES, FOLDER, TEST, TRAIN, parse_batch
from shared.common.errors import LisaError

DATA = os.environ.get("LISA_DATA_DIR")
COUNT = 8
PLACE = Path("folder/data_batch_1.bin")


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    alone(monkeypatch, tmp_path)
    monkeypatch.setattr(cifar10, "IN_A_FILE", COUNT)


def batch(seed):
    labels = (np.arange(COUNT, dtype=np.uint8) + seed) % 10
    return np.concatenate([labels[:, None], noise(COUNT, 3072, seed=seed)], 1).tobytes()


BATCHES = {name: batch(seed) for seed, name in enumerate((*TRAIN, TEST))}


def tar(members, mode="w:gz"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def archive_in(folder, monkeypatch, members):
    content = tar(members)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ARCHIVE).write_bytes(content)
    monkeypatch.setattr(cifar10, "CHECKSUM", hashlib.md5(content).hexdigest())
    return folder / ARCHIVE


def official():
    return {f"{FOLDER}/readme.html": b"hello"} | {f"{FOLDER}/{k}": v for k, v in BATCHES.items()}


def unpack(folder, batches=BATCHES):
    (folder / FOLDER).mkdir(parents=True)
    for name, content in batches.items():
        (folder / FOLDER / name).write_bytes(content)


def jpeg_copy(folder, change=lambda members: members):
    members = {}
    for part, each in (("train", 3), ("test", 1)):
        for number, name in enumerate(CLASSES):
            for index in range(each):
                shade = np.full((32, 32, 3), 20 * number + index, np.uint8)
                members[f"{part}/{name}/{index:04}.jpg"] = jpeg(shade, quality=95)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cifar10-jpeg.tar.gz").write_bytes(tar(change(members)))


def test_a_record_is_a_label_then_red_green_and_blue():
    record = bytes([7]) + b"\x01" * 1024 + b"\x02" * 1023 + b"\x09" + b"\x03" * 1024
    images, labels = parse_batch(record * 2, PLACE)
    assert images.shape == (2, 3, 32, 32)
    assert labels.tolist() == [7, 7]
    assert images[1, :, 0, 0].tolist() == [1, 2, 3]
    assert images[0, 1, 31, 31] == 9


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "0 bytes, which is not a whole number of images"),
        (batch(0)[:-1], "24,583 bytes, .*truncated"),
        (b"\0" * 3073 + b"\x0a" * 3073, "image 2 has the label 10, not one of 0 to 9"),
    ],
)
def test_what_is_wrong_with_a_batch_is_said(content, message):
    with pytest.raises(LisaError, match=rf"^folder/data_batch_1\.bin.*{message}"):
        parse_batch(content, PLACE)


@pytest.mark.parametrize("below", ["", "cifar10"])
def test_packed_and_unpacked_are_the_same(tmp_path, monkeypatch, below):
    unpack(tmp_path / "a" / below)
    archive_in(tmp_path / "b" / below, monkeypatch, official())
    data = load_images("cifar10", data_dir=tmp_path / "a", valid=10)
    assert data.digest == load_images("cifar10", data_dir=tmp_path / "b", valid=10).digest
    assert (data.shape, len(data.train), len(data.valid), len(data.test)) == (
        (3, 32, 32),
        30,
        10,
        8,
    )
    assert data.classes == CLASSES
    assert data.notes == ()
    assert data.test.numpy().tobytes() == b"".join(
        BATCHES[TEST][row * 3073 + 1 : (row + 1) * 3073] for row in range(COUNT)
    )
    assert data.test_labels.tolist() == [5, 6, 7, 8, 9, 0, 1, 2]
    assert load_images("cifar10", data_dir=tmp_path / "a", size=16).shape == (3, 16, 16)


def test_an_archive_with_another_checksum_is_refused(tmp_path, monkeypatch):
    path = archive_in(tmp_path, monkeypatch, official())
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(LisaError) as caught:
        load_images("cifar10", data_dir=tmp_path)
    found = hashlib.md5(path.read_bytes()).hexdigest()
    assert f"{path} is damaged or not the official archive" in str(caught.value)
    assert f"its MD5 is {found}, it should be {cifar10.CHECKSUM}" in str(caught.value)


def test_an_archive_that_lacks_a_file_is_refused(tmp_path, monkeypatch):
    members = official()
    del members[f"{FOLDER}/{TRAIN[2]}"], members[f"{FOLDER}/{TEST}"]
    archive_in(tmp_path, monkeypatch, members)
    with pytest.raises(LisaError, match=r"lacks data_batch_3\.bin, test_batch\.bin"):
        load_images("cifar10", data_dir=tmp_path)


def test_a_file_of_the_wrong_size_is_named(tmp_path):
    unpack(tmp_path, BATCHES | {TRAIN[1]: batch(1)[:3073]})
    with pytest.raises(LisaError, match=r"data_batch_2\.bin holds 1 images, it should hold 8"):
        load_images("cifar10", data_dir=tmp_path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    unpack(tmp_path, {name: BATCHES[name] for name in TRAIN})
    with pytest.raises(LisaError, match=r"cannot read .*test_batch\.bin: No such file"):
        load_images("cifar10", data_dir=tmp_path)


def test_names_that_lead_out_of_an_archive_lead_nowhere(tmp_path, monkeypatch):
    evil = {"../evil": b"x", "/evil": b"x", f"{FOLDER}/../../evil": b"x"}
    data_dir = tmp_path / "data"
    archive_in(data_dir, monkeypatch, evil | official())
    load_images("cifar10", data_dir=data_dir)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [data_dir / ARCHIVE]


def test_a_pickle_is_never_read(tmp_path, monkeypatch):
    def refused(*_, **__):
        raise AssertionError("a pickle was read")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refused)
    offline(monkeypatch)
    (tmp_path / "cifar-10-python.tar.gz").write_bytes(tar({"cifar-10-batches-py/a": b"cos\n"}))
    for download in (False, True):
        with pytest.raises(LisaError) as caught:
            load_images("cifar10", data_dir=tmp_path, download=download)
        message = str(caught.value)
        assert message.startswith("CIFAR-10 is not here: cifar-10-binary.tar.gz")
        assert "cifar-10-python.tar.gz is the Python version: it holds pickles" in message
        assert ("could not be downloaded" in message) == download
        assert f"into {tmp_path / 'cifar10'}" in message


def test_the_archive_is_downloaded_once(tmp_path, monkeypatch):
    content = tar(official())
    monkeypatch.setattr(cifar10, "CHECKSUM", hashlib.md5(content).hexdigest())
    tried = served(monkeypatch, {ARCHIVE: content})
    first = load_images("cifar10", data_dir=tmp_path)
    assert load_images("cifar10", data_dir=tmp_path).digest == first.digest
    assert tried == list(cifar10.URLS)
    assert (tmp_path / "cifar10" / ARCHIVE).read_bytes() == content


def test_a_jpeg_copy_is_read_and_said_to_be_one(tmp_path):
    jpeg_copy(tmp_path)
    told = []
    data = load_images("cifar10", data_dir=tmp_path, valid=10, notify=told.append)
    assert (len(data.train), len(data.valid), len(data.test)) == (20, 10, 10)
    assert "JPEG copy, not lossless" in data.notes[0]
    assert data.test_labels.tolist() == list(range(10))
    shades = data.test.float().mean((1, 2, 3))
    assert (shades - 20 * torch.arange(10)).abs().max() < 2
    assert told == [f"decoding {tmp_path / 'cifar10-jpeg.tar.gz'}; the next time is quick"]


def test_decoded_images_are_kept_and_made_again_when_damaged(tmp_path):
    jpeg_copy(tmp_path)
    first = load_images("cifar10", data_dir=tmp_path)
    told = []
    again = load_images("cifar10", data_dir=tmp_path, notify=told.append)
    assert (again.digest, again.notes, told) == (first.digest, first.notes, [])
    (path,) = (tmp_path / "cache").rglob("*.safetensors")
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    mended = load_images("cifar10", data_dir=tmp_path, notify=told.append)
    assert mended.digest == first.digest
    assert "were damaged: made again" in mended.notes[-1]
    assert len(told) == 1
    assert load_images("cifar10", data_dir=tmp_path).notes == first.notes


def test_another_archive_is_not_taken_for_the_one_that_was_decoded(tmp_path):
    jpeg_copy(tmp_path / "a")
    white = jpeg(np.full((32, 32, 3), 255, np.uint8))
    jpeg_copy(tmp_path / "b", lambda members: members | {"test/cat/0000.jpg": white})
    first = load_images("cifar10", data_dir=tmp_path / "a")
    other = load_images("cifar10", data_dir=tmp_path / "b")
    assert other.test[3].min() == 255
    assert first.test[3].max() < 255
    assert other.notes[1:] == ()


def test_decoded_images_that_cannot_be_kept_stop_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise LisaError("No space left on device")

    monkeypatch.setattr(cache, "write_tensors", full)
    jpeg_copy(tmp_path)
    assert "cannot be kept" in load_images("cifar10", data_dir=tmp_path).notes[-1]


@pytest.mark.parametrize(
    ("content", "size"), [(b"no image", None), (None, 31)], ids=["damaged", "of another size"]
)
def test_damaged_jpegs_are_named(tmp_path, content, size):
    content = jpeg(noise(size, size, 3)) if content is None else content
    jpeg_copy(tmp_path, lambda members: members | {"train/dog/0001.jpg": content})
    with pytest.raises(LisaError, match=r"1 of 30 files of its train part .*train/dog/0001\.jpg"):
        load_images("cifar10", data_dir=tmp_path)


def test_an_archive_of_other_things_is_refused(tmp_path):
    jpeg_copy(tmp_path, lambda _: {"readme": b"hello"})
    with pytest.raises(LisaError, match=r"holds no images below train/<class>/"):
        load_images("cifar10", data_dir=tmp_path)
    path = tmp_path / "cifar10-jpeg.tar.gz"
    for content in (b"no archive", tar({"train/cat/0000.jpg": noise(9999).tobytes()})[:-2000]):
        path.write_bytes(content)
        with pytest.raises(LisaError, match=rf"{path} is a damaged archive"):
            load_images("cifar10", data_dir=tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(
    DATA is None or not (Path(DATA) / "cifar10-jpeg.tar.gz").is_file(),
    reason="LISA_DATA_DIR holds no cifar10-jpeg.tar.gz",
)
def test_the_real_copy(monkeypatch):
    monkeypatch.setenv("LISA_DATA_DIR", DATA)
    data = load_images("cifar10")
    assert (len(data.train), len(data.valid), len(data.test)) == (40_000, 10_000, 10_000)
    assert torch.bincount(data.test_labels).tolist() == [1000] * 10
    assert torch.bincount(data.valid_labels).tolist() == [1000] * 10
    # The means that the field normalises CIFAR-10 by.
    means = torch.cat([data.train, data.valid]).float().mean((0, 2, 3)) / 255
    assert means.tolist() == pytest.approx([0.4914, 0.4822, 0.4465], abs=2e-3)
    assert load_images("cifar10").digest == data.digest
