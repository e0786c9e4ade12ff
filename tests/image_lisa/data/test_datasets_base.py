"""Three parts that share no image, and data that are known again."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from image_lisa.data.base import Images, ImageSource, Part, assemble, split_images
from shared.common.errors import LisaError


def numbered(n, classes=None, first=0):
    """Images that tell their number, with labels in turn."""
    numbers = torch.arange(first, first + n)
    images = torch.stack([numbers // 256, numbers % 256], 1).to(torch.uint8)[:, None, None]
    return Part(images, None if classes is None else numbers % classes)


def numbers(images):
    return (images[:, 0, 0, 0].long() * 256 + images[:, 0, 0, 1]).tolist()


def source(n=100, tests=10, valids=None, classes=None):
    return ImageSource(
        train=numbered(n, classes),
        test=numbered(tests, classes, first=n),
        valid=None if valids is None else numbered(valids, classes, first=n + tests),
        classes=tuple("abcdefghij"[: classes or 0]),
        notes=("a note",),
    )


def test_the_parts_share_no_image_and_lose_none():
    data = assemble("some", source(classes=3), seed=5)
    train, valid, test = (numbers(images) for images, _ in data.parts.values())
    assert sorted(train + valid) == list(range(100))
    assert len(valid) == 20
    assert test == list(range(100, 110))
    for images, labels in data.parts.values():
        assert labels.tolist() == [number % 3 for number in numbers(images)]
    assert (data.name, data.notes, data.classes) == ("some", ("a note",), ("a", "b", "c"))
    assert data.shape == (1, 1, 2)
    assert data.labelled


def test_a_seed_draws_the_validation_part_and_never_the_test_part():
    first, same, other = (assemble("some", source(), seed=seed) for seed in (1, 1, 2))
    assert numbers(first.valid) == numbers(same.valid)
    assert numbers(first.valid) != numbers(other.valid)
    assert numbers(first.test) == numbers(other.test)
    assert not first.labelled


def test_the_state_of_the_global_generators_is_left_alone():
    torch.default_generator.manual_seed(3)
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assemble("some", source(), seed=1, limit=50)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=2, max_size=80), st.data())
def test_a_split_is_a_partition_in_proportion(labels, data):
    count = data.draw(st.integers(1, len(labels)))
    part = Part(numbered(len(labels)).images, torch.tensor(labels))
    drawn, rest = split_images(part, count, seed=data.draw(st.integers(0, 99)))
    chosen, left = numbers(drawn.images), numbers(rest.images)
    assert sorted(chosen + left) == list(range(len(labels)))
    assert len(chosen) == count
    assert chosen == sorted(chosen)
    assert left == sorted(left)
    assert drawn.labels.tolist() == [labels[number] for number in chosen]
    for label in set(labels):
        share = count * labels.count(label) / len(labels)
        assert abs(drawn.labels.tolist().count(label) - share) < 1 + len(set(labels)) / 2


def test_a_rare_class_is_drawn_as_rarely():
    labels = torch.tensor([0] * 90 + [1] * 10)
    drawn, rest = split_images(Part(numbered(100).images, labels), 20, seed=0)
    assert torch.bincount(drawn.labels).tolist() == [18, 2]
    assert torch.bincount(rest.labels).tolist() == [72, 8]


def test_equal_classes_are_drawn_equally():
    drawn, _ = split_images(numbered(1000, 10), 100, seed=0)
    assert torch.bincount(drawn.labels).tolist() == [10] * 10
    assert numbers(drawn.images) != numbers(split_images(numbered(1000, 10), 100, seed=1)[0].images)


def test_every_image_is_drawn_as_often_as_any_other():
    drawn = torch.zeros(20)
    for seed in range(2000):
        drawn[torch.tensor(numbers(split_images(numbered(20, 2), 4, seed)[0].images))] += 1
    # 400 each of a binomial with standard deviation 18
    assert (drawn - 400).abs().max() < 90


def test_a_limit_is_taken_before_the_validation_part():
    data = assemble("some", source(1000, classes=5), seed=1, limit=50)
    assert (len(data.train), len(data.valid), len(data.test)) == (40, 10, 10)
    assert torch.bincount(torch.cat([data.train_labels, data.valid_labels])).tolist() == [10] * 5
    again = assemble("some", source(1000, classes=5), seed=1, limit=50)
    other = assemble("some", source(1000, classes=5), seed=2, limit=50)
    assert again.digest == data.digest
    assert set(numbers(other.train)) != set(numbers(data.train))
    whole = assemble("some", source(1000, classes=5), seed=1, limit=5000)
    assert whole.digest == assemble("some", source(1000, classes=5), seed=1).digest


def test_a_published_validation_part_is_used():
    data = assemble("some", source(50, valids=8), seed=1)
    assert numbers(data.train) == list(range(50))
    assert numbers(data.valid) == list(range(60, 68))
    fewer = assemble("some", source(50, valids=8), seed=1, valid=5)
    assert len(fewer.valid) == 5
    assert set(numbers(fewer.valid)) < set(range(60, 68))
    assert numbers(fewer.train) == list(range(50))
    limited = assemble("some", source(50, valids=8), seed=1, limit=10)
    assert (len(limited.train), len(limited.valid)) == (10, 8)


def test_a_validation_part_is_a_fifth_and_no_more_than_ten_thousand():
    assert len(assemble("some", source(60_000), seed=0).valid) == 10_000
    assert len(assemble("some", source(5), seed=0).valid) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"valid": 99}, r"99 validation images cannot be had: some has 100 .* from 2 to 98"),
        ({"valid": 0}, r"0 validation images .* from 2 to 98"),
        ({"valid": 1}, r"1 validation images"),
        ({"limit": 3}, r"--limit must be at least 4, not 3"),
        ({"limit": -1}, r"--limit must be at least 4, not -1"),
        ({"limit": 10, "valid": 9}, r"9 validation images cannot be had: some has 10 "),
    ],
)
def test_numbers_that_cannot_be_had(options, message):
    with pytest.raises(LisaError, match=message):
        assemble("some", source(), seed=0, **options)


def test_too_large_a_validation_part_of_those_published():
    with pytest.raises(LisaError, match=r"9 validation images .* from 2 to 8"):
        assemble("some", source(valids=8), seed=0, valid=9)


def images(**changes):
    part = torch.zeros(3, 1, 2, 2, dtype=torch.uint8)
    labels = torch.zeros(3, dtype=torch.int64)
    values = {"train": part, "valid": part, "test": part, "classes": ("a", "b")}
    values |= {"train_labels": labels, "valid_labels": labels, "test_labels": labels}
    return Images("some", **(values | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": torch.zeros(3, 1, 2, 2)}, r"train part of some must be bytes .*float32"),
        ({"test": torch.zeros(3, 2, 2, dtype=torch.uint8)}, r"test part of some must be bytes"),
        ({"valid": torch.zeros(3, 1, 2, 3, dtype=torch.uint8)}, r"valid .*\(1, 2, 3\).*\(1, 2, 2"),
        ({"test": torch.zeros(1, 1, 2, 2, dtype=torch.uint8)}, r"test part .* too few images: 1,"),
        ({"test_labels": None}, r"labels in all parts or in none"),
        ({"test_labels": torch.zeros(2, dtype=torch.int64)}, r"int64 labels \[3\]"),
        ({"test_labels": torch.zeros(3)}, r"int64 labels \[3\], not torch.float32"),
        ({"test_labels": torch.tensor([0, 1, 2])}, r"labels from 0 to 2, but there are 2 classes"),
        ({"test_labels": torch.tensor([0, 1, -1])}, r"labels from -1 to 1"),
    ],
)
def test_parts_that_do_not_fit_together(changes, message):
    with pytest.raises(LisaError, match=message):
        images(**changes)


def test_the_digest_tells_any_change_of_images_order_or_labels():
    pixels = torch.arange(12, dtype=torch.uint8).reshape(3, 1, 2, 2)
    changed = pixels.clone()
    changed[1, 0, 1, 1] ^= 1
    label = torch.tensor([0, 1, 0])
    some = images(train=pixels)
    assert some.digest == images(train=pixels.clone(), notes=("other",)).digest
    unlabelled = {"train_labels": None, "valid_labels": None, "test_labels": None}
    others = [
        images(train=changed),
        images(train=pixels.flip(0)),
        images(valid=pixels),
        images(test=pixels),
        images(train=pixels, train_labels=label),
        images(train=pixels, test_labels=label),
        images(train=pixels, **unlabelled),
        images(**{part: torch.zeros(3, 2, 1, 2).byte() for part in ("train", "valid", "test")}),
    ]
    assert len({some.digest, *(other.digest for other in others)}) == 1 + len(others)


def test_the_digest_does_not_depend_on_how_the_bytes_lie():
    pixels = torch.arange(24, dtype=torch.uint8).reshape(3, 2, 2, 2)
    parts = {"valid": pixels, "test": pixels}
    turned = pixels.contiguous(memory_format=torch.channels_last)
    assert images(train=pixels, **parts).digest == images(train=turned, **parts).digest


def test_data_move_to_a_device_whole():
    moved = images().to("cpu")
    assert moved.train.device.type == moved.test_labels.device.type == "cpu"
    assert moved.classes == ("a", "b")
