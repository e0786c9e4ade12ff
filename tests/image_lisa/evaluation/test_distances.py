import numpy as np
import pytest

from image_lisa.evaluation.coverage import coverage
from image_lisa.evaluation.distances import RealFeatures, real_rows
from image_lisa.evaluation.frechet import frechet_distance
from image_lisa.evaluation.kernel_distance import kernel_distance, kernel_distance_spread
from shared.common.errors import LisaError


def two_sets():
    random = np.random.default_rng(0)
    return random.normal(size=(90, 4)), random.normal(size=(70, 4)) + 0.4


def test_all_distances_are_measured_and_the_frechet_distance_is_named_apart():
    real, other = two_sets()
    found = RealFeatures(real, name="fcd").measure(other, seed=3)
    assert list(found) == [
        "fcd", "kid", "kid_spread", "precision", "recall", "density", "coverage"
    ]  # fmt: skip
    assert found["fcd"] == frechet_distance(real, other)
    assert found["kid"] == kernel_distance(real, other)
    assert found["kid_spread"] == kernel_distance_spread(real, other, seed=3)
    assert found["recall"] == coverage(real, other).recall
    assert found["density"] == coverage(real, other).density


def test_real_and_other_have_their_places():
    real, other = two_sets()
    assert (
        RealFeatures(real).measure(other)["precision"]
        == RealFeatures(other).measure(real)["recall"]
    )
    assert (
        RealFeatures(real).measure(other)["coverage"]
        != RealFeatures(other).measure(real)["coverage"]
    )


def test_real_images_are_drawn_once_each_and_by_their_seed():
    rows = real_rows(500, 100, seed=1)
    assert len(set(rows.tolist())) == 100
    assert rows.min() >= 0
    assert rows.max() < 500
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(rows, real_rows(500, 100, seed=1))
    assert (rows != real_rows(500, 100, seed=2)).any()


def test_few_real_images_are_taken_all():
    np.testing.assert_array_equal(real_rows(5, 100, seed=0), np.arange(5))


@pytest.mark.parametrize(("available", "count"), [(0, 5), (5, 0)])
def test_no_real_images_are_refused(available, count):
    with pytest.raises(LisaError, match=f"not {count} of {available}"):
        real_rows(available, count, seed=0)
