"""How long and in which batches images are trained on where nobody says."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_lisa.training.presets import (
    BATCH,
    DIMS,
    LEAST_BATCH,
    PIXELS_A_STEP,
    PRESETS,
    chosen_batch,
    code_size,
    settled,
)
from shared.common.errors import LisaError

COUNTS = st.integers(2, 10**6)
SIDES = st.integers(4, 1024)


def test_the_presets_are_those_of_the_paper():
    paper, light = PRESETS["paper"], PRESETS["light"]
    assert (paper.epochs, BATCH, paper.learning_rate) == (100, 100, 1e-3)
    assert paper.schedule == "plateau"
    assert (light.epochs, light.learning_rate, light.schedule) == (15, 2e-3, "cosine")
    assert (DIMS["mnist"], DIMS["cifar10"], DIMS["celeba"]) == (16, 128, 64)


def test_large_images_have_longer_codes():
    assert code_size("mnist", (1, 28, 28)) == 16
    assert code_size("cifar10", (3, 32, 32)) == 128
    assert code_size("grey", (1, 28, 28)) == 64
    assert code_size("icons", (3, 27, 28)) == 64
    assert code_size("icons", (3, 28, 28)) == 256
    assert code_size("photos", (3, 224, 224)) == 256


@pytest.mark.parametrize(
    ("images", "side", "batch", "epochs", "valid_epochs"),
    [
        (26, 224, 16, 2000, 80),
        (192, 224, 32, 338, 13),
        (2880, 32, 100, 72, 2),
        (48_000, 32, 100, 15, 1),
        (50_000, 28, 100, 15, 1),
    ],
    ids=["40 images", "300 of 224", "4,000", "60,000", "MNIST"],
)
def test_few_images_are_passed_over_more_often(images, side, batch, epochs, valid_epochs):
    training = settled("light", images, (1, side, side))
    assert (training.batch_size, training.epochs) == (batch, epochs)
    assert training.valid_epochs == valid_epochs
    assert training.patience == max(10, epochs // 4)
    assert training.kl_warmup == epochs / 10


@given(images=COUNTS, side=SIDES, network=st.sampled_from(sorted(PRESETS)))
def test_every_data_set_gets_its_steps(images, side, network):
    preset, training = PRESETS[network], settled(network, images, (1, side, side))
    steps = training.epochs * (images // training.batch_size)
    assert 2 <= training.batch_size <= min(images, BATCH)
    assert training.epochs >= preset.epochs
    assert steps >= preset.steps
    assert training.epochs % training.valid_epochs == 0
    assert math.ceil(training.epochs / training.valid_epochs) <= 50
    assert training.batch_size <= LEAST_BATCH or training.batch_size * side**2 <= PIXELS_A_STEP


@given(images=COUNTS, devices=st.integers(1, 8))
def test_devices_share_the_batch(images, devices):
    batch = chosen_batch(images, 28 * 28, devices)
    assert batch % devices == 0
    assert batch >= 2


@given(
    images=COUNTS,
    epochs=st.none() | st.integers(1, 10_000),
    batch=st.none() | st.integers(2, 1000),
    patience=st.none() | st.integers(0, 100),
    valid=st.none() | st.integers(1, 100),
    warm=st.none() | st.floats(0, 100),
)
def test_what_is_given_is_taken(images, epochs, batch, patience, valid, warm):
    values = {
        "epochs": epochs,
        "batch_size": batch,
        "patience": patience,
        "valid_epochs": valid,
        "kl_warmup": warm,
        "learning_rate": 0.5,
        "schedule": "constant",
    }
    training = settled("light", images, (1, 28, 28), values)
    for name, value in values.items():
        if value is not None:
            assert getattr(training, name) == value


@pytest.mark.parametrize(
    ("images", "shape", "share"),
    [
        (216, (3, 224, 224), 0.125),
        (4999, (3, 28, 28), 0.125),
        (5000, (3, 28, 28), 0),
        (216, (3, 27, 40), 0),
        (216, (1, 224, 224), 0),
    ],
)
def test_few_coloured_images_are_augmented(images, shape, share):
    assert settled("light", images, shape).augment == share
    assert settled("light", images, shape, {"augment": 0.3}).augment == 0.3


def test_senseless_values_are_refused():
    with pytest.raises(LisaError, match="epochs must be at least 1"):
        settled("light", 100, (1, 8, 8), {"epochs": 0})
