"""CelebA in the official layout, small."""

import os

import numpy as np
import pytest
import torch
from PIL import Image
from small_pictures import alone, jpeg, noise

from image_lisa.data import celeba, load_images
from image_lisa.data.celeba import parse_partition
from shared.common.errors import LisaError

PARTS = (0, 0, 0, 0, 0, 1, 1, 2, 2, 2)
NAMES = tuple(f"{number:06}.jpg" for number in range(1, 11))


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    alone(monkeypatch, tmp_path)


@pytest.fixture(scope="module")
def faces():
    """Ten smooth pictures, so that JPEG keeps them nearly as they are."""
    rows, columns = np.mgrid[0:218, 0:178]
    return [
        np.stack([rows, columns, np.full((218, 178), 20 * number)], 2).astype(np.uint8)
        for number in range(10)
    ]


def write(folder, faces, *, images="img_align_celeba", partition="", parts=PARTS):
    (folder / images).mkdir(parents=True)
    for name, face in zip(NAMES, faces, strict=True):
        (folder / images / name).write_bytes(jpeg(face, quality=95))
    lines = [f"{name} {part}" for name, part in zip(NAMES, parts, strict=True)]
    (folder / partition).mkdir(parents=True, exist_ok=True)
    (folder / partition / "list_eval_partition.txt").write_text("\n".join(lines) + "\n")
    return folder


def test_the_official_parts_are_kept(tmp_path, faces):
    data = load_images("celeba", data_dir=write(tmp_path / "data", faces))
    assert (len(data.train), len(data.valid), len(data.test)) == (5, 2, 3)
    assert data.shape == (3, 64, 64)
    assert not data.labelled
    for images, first in ((data.train, 0), (data.valid, 5), (data.test, 7)):
        blue = images[:, 2].float().mean((1, 2))
        assert (blue - 20 * torch.arange(first, first + len(images))).abs().max() < 2
    assert "lists 10 images, the whole CelebA has 202,599" in data.notes[0]


def test_parts_that_do_not_lie_together_are_told_apart(tmp_path, faces):
    mixed = (2, 0, 1, 0, 2, 0, 1, 0, 2, 0)
    data = load_images("celeba", data_dir=write(tmp_path / "data", faces, parts=mixed))
    shades = [
        (images[:, 2].float().mean((1, 2)) / 20).round().tolist()
        for images, _ in data.parts.values()
    ]
    assert shades == [[1, 3, 5, 7, 9], [2, 6], [0, 4, 8]]


def test_the_middle_is_cropped_and_resized(tmp_path, faces):
    """The crop begins at row 39, column 19; a pixel of 64 is 140 / 64 pixels wide."""
    data = load_images("celeba", data_dir=write(tmp_path / "data", faces))
    places = (np.arange(64) + 0.5) * 140 / 64 - 0.5
    image = data.train[0].numpy().astype(float)
    # Away from the border, where the support of the filter is cut.
    assert np.abs(image[0].mean(1) - (39 + places))[2:-2].max() < 1.5
    assert np.abs(image[1].mean(0) - (19 + places))[2:-2].max() < 1.5
    with Image.open(tmp_path / "data" / "img_align_celeba" / NAMES[0]) as face:
        expected = face.crop((19, 39, 159, 179)).resize((64, 64), Image.Resampling.BILINEAR)
    assert np.array_equal(image, np.asarray(expected).transpose(2, 0, 1))
    smaller = load_images("celeba", data_dir=tmp_path / "data", size=32)
    assert smaller.shape == (3, 32, 32)


@pytest.mark.parametrize(
    ("below", "images", "partition"),
    [
        ("", "img_align_celeba", ""),
        ("celeba", "img_align_celeba", ""),
        ("CelebA", "Img/img_align_celeba", "Eval"),
        ("", "img_align_celeba/img_align_celeba", ""),
    ],
)
def test_the_files_are_found_where_archives_put_them(tmp_path, faces, below, images, partition):
    write(tmp_path / "data" / below, faces, images=images, partition=partition)
    assert len(load_images("celeba", data_dir=tmp_path / "data").train) == 5


def test_without_files_the_message_says_where_to_get_and_put_them(tmp_path, faces):
    with pytest.raises(LisaError) as caught:
        load_images("celeba", data_dir=tmp_path / "data")
    message = str(caught.value)
    assert "CelebA is not here: img_align_celeba/*.jpg and list_eval_partition.txt not" in message
    assert "may not be passed on" in message
    assert f"into {tmp_path / 'data' / 'celeba'}" in message
    write(tmp_path / "data", faces)
    (tmp_path / "data" / "list_eval_partition.txt").unlink()
    with pytest.raises(LisaError, match=r"not here: list_eval_partition\.txt not found"):
        load_images("celeba", data_dir=tmp_path / "data")


def test_an_archive_that_is_not_unpacked_is_pointed_at(tmp_path):
    (tmp_path / "img_align_celeba.zip").write_bytes(b"PK")
    with pytest.raises(LisaError, match=r"img_align_celeba\.zip must be unpacked"):
        load_images("celeba", data_dir=tmp_path)


def test_images_and_list_must_agree(tmp_path, faces):
    folder = write(tmp_path / "data", faces)
    (folder / "img_align_celeba" / NAMES[3]).rename(folder / "img_align_celeba" / "other.jpg")
    with pytest.raises(LisaError, match=r"lacks 1 of the 10 images .* lists: 000004\.jpg"):
        load_images("celeba", data_dir=folder)
    (folder / "img_align_celeba" / NAMES[3]).write_bytes(jpeg(faces[3]))
    with pytest.raises(LisaError, match=r"does not list 1 of the 11 images .*: other\.jpg"):
        load_images("celeba", data_dir=folder)


def test_of_many_files_a_message_names_ten(tmp_path):
    folder = tmp_path / "img_align_celeba"
    folder.mkdir()
    lines = [f"{number:06}.jpg {number % 3}\n" for number in range(30)]
    (tmp_path / "list_eval_partition.txt").write_text("".join(lines))
    with pytest.raises(LisaError, match=r"lacks 30 .* 000009\.jpg and 20 more$"):
        load_images("celeba", data_dir=tmp_path)


@pytest.mark.parametrize("kind", ["truncated", "of another size"])
def test_damaged_images_are_named(tmp_path, faces, kind):
    folder = write(tmp_path / "data", faces)
    path = folder / "img_align_celeba" / NAMES[6]
    truncated = path.read_bytes()[:2000]
    path.write_bytes(truncated if kind == "truncated" else jpeg(noise(178, 178, 3)))
    with pytest.raises(LisaError, match=r"1 files are damaged .*178 × 218 pixels: 000007\.jpg;"):
        load_images("celeba", data_dir=folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a.jpg 0\nb.jpg\n", r"line 2: expected .* not 'b\.jpg'"),
        ("a.jpg 0\n\nb.jpg 3\n", r"line 3: expected .* not 'b\.jpg 3'"),
        ("image_id,partition\n", r"line 1: expected"),
        ("../a.jpg 0\n", r"line 1: expected"),
        ("a.jpg 0\na.jpg 1\n", r"line 2: a\.jpg is listed twice"),
        ("", r"must list images of all parts"),
        ("a.jpg 0\nb.jpg 1\n", r"must list images of all parts"),
    ],
)
def test_what_is_wrong_with_a_list_is_said(tmp_path, content, message):
    with pytest.raises(LisaError, match=rf"list\.txt.* {message}"):
        parse_partition(content.encode(), tmp_path / "list.txt")


def test_chunks_are_kept_and_only_those_that_are_damaged_made_again(tmp_path, faces, monkeypatch):
    monkeypatch.setattr(celeba, "_CHUNK", 4)
    folder = write(tmp_path / "data", faces)
    told = []
    first = load_images("celeba", data_dir=folder, notify=told.append)
    assert told == [f"decoding CelebA: {start} of 10 images" for start in (0, 4, 8)]
    kept = sorted((tmp_path / "cache").rglob("*.safetensors"))
    assert [path.name for path in kept] == [f"celeba-64-{n:02}.safetensors" for n in range(3)]
    kept[1].write_bytes(kept[1].read_bytes()[:-9])
    told.clear()
    again = load_images("celeba", data_dir=folder, notify=told.append)
    assert told == ["decoding CelebA: 4 of 10 images"]
    assert again.digest == first.digest
    assert "were damaged: made again" in again.notes[-1]


def test_changed_files_are_decoded_again(tmp_path, faces):
    folder = write(tmp_path / "data", faces)
    first = load_images("celeba", data_dir=folder)
    path = folder / "img_align_celeba" / NAMES[0]
    path.write_bytes(jpeg(faces[9], quality=95))
    os.utime(path, (1, 1))
    again = load_images("celeba", data_dir=folder)
    assert again.digest != first.digest
    assert again.train[0, 2].float().mean() > 170
    assert again.notes == first.notes


def test_more_images_than_memory_holds_are_refused(tmp_path, faces, monkeypatch):
    folder = write(tmp_path / "data", faces)
    monkeypatch.setattr(os, "sysconf", lambda name: 100)
    with pytest.raises(LisaError, match=r"CelebA: 10 images of 64 × 64 need 0\.0 GiB .*--size"):
        load_images("celeba", data_dir=folder)
