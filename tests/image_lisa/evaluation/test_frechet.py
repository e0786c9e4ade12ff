import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from torchmetrics.image.fid import FrechetInceptionDistance

from image_lisa.evaluation.frechet import frechet_distance, gaussian_distance
from shared.common.errors import LisaError


class FeaturesAsImages(torch.nn.Module):
    """Hands features through torchmetrics, which wants a module that makes them of images."""

    def __init__(self, size):
        super().__init__()
        self.num_features = size

    def forward(self, x):
        return x.flatten(1)


def two_sets(n=400, m=300, size=6, seed=0):
    random = np.random.default_rng(seed)
    mix, other_mix = random.normal(size=(2, size, size))
    real = random.normal(size=(n, size)) @ mix
    return real, random.normal(size=(m, size)) @ other_mix + random.normal(size=size)


def by_square_root_of_a_matrix(real, other):
    covariances = [np.cov(rows, rowvar=False) for rows in (real, other)]
    shift = np.square(real.mean(0) - other.mean(0)).sum()
    root = sqrtm(covariances[0] @ covariances[1]).real
    return shift + np.trace(covariances[0] + covariances[1] - 2 * root)


@given(st.integers(0, 2**31), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_diagonal_covariances_have_a_closed_form(seed, size):
    random = np.random.default_rng(seed)
    mean, other_mean = random.normal(size=(2, size))
    spread, other_spread = random.exponential(size=(2, size))
    expected = np.square(mean - other_mean).sum() + np.square(spread - other_spread).sum()
    found = gaussian_distance(mean, np.diag(spread**2), other_mean, np.diag(other_spread**2))
    assert found == pytest.approx(expected, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("size", [1, 2, 30])
def test_it_agrees_with_the_square_root_of_the_matrix(size):
    real, other = two_sets(size=size) if size > 1 else (np.eye(9)[:, :1], np.eye(5)[:, :1] + 1)
    if size == 1:
        expected = (real.mean() - other.mean()) ** 2 + (real.std(ddof=1) - other.std(ddof=1)) ** 2
    else:
        expected = by_square_root_of_a_matrix(real, other)
    assert frechet_distance(real, other) == pytest.approx(expected, rel=1e-10)


def test_it_agrees_with_torchmetrics():
    real, other = two_sets(n=900, m=700, size=12)
    metric = FrechetInceptionDistance(
        feature=FeaturesAsImages(12), normalize=True, input_img_size=(3, 2, 2)
    ).set_dtype(torch.float64)
    metric.update(torch.from_numpy(real).view(-1, 3, 2, 2), real=True)
    metric.update(torch.from_numpy(other).view(-1, 3, 2, 2), real=False)
    assert frechet_distance(real, other) == pytest.approx(float(metric.compute()), rel=1e-6)


@given(st.integers(0, 2**31), st.integers(2, 8), st.integers(2, 12))
@settings(max_examples=40, deadline=None)
def test_it_is_symmetric_never_negative_and_zero_for_one_set(seed, size, n):
    real, other = two_sets(n=n, m=n + 1, size=size, seed=seed)
    there, back = frechet_distance(real, other), frechet_distance(other, real)
    assert there == pytest.approx(back, rel=1e-9)
    assert there >= 0
    scale = float(np.square(real).sum(1).mean())
    assert frechet_distance(real, real[::-1].copy()) <= 1e-12 * scale


def test_a_shift_of_a_degenerate_set_costs_its_square_alone():
    random = np.random.default_rng(0)
    real = random.normal(size=(50, 3)) @ random.normal(size=(3, 40))
    shift = random.normal(size=40)
    found = frechet_distance(real, real + shift)
    assert found == pytest.approx(np.square(shift).sum(), rel=1e-12)


def test_degenerate_sets_on_orthogonal_planes_share_nothing():
    random = np.random.default_rng(1)
    real, other = np.zeros((2, 60, 6))
    real[:, :3], other[:, 3:] = random.normal(size=(2, 60, 3))
    traces = sum(np.trace(np.cov(rows, rowvar=False)) for rows in (real, other))
    shift = np.square(real.mean(0) - other.mean(0)).sum()
    assert frechet_distance(real, other) == pytest.approx(shift + traces, rel=1e-12)


def test_point_masses_are_their_squared_distance_apart():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = frechet_distance(np.ones((3, 4)), np.full((2, 4), 3.0))
    assert found == pytest.approx(16)


def test_bad_input_is_refused():
    with pytest.raises(LisaError, match="2 features or more, not 1"):
        frechet_distance(np.ones((1, 3)), np.ones((5, 3)))
    with pytest.raises(LisaError, match=r"\(3,\), \(3, 3\), \(2,\)"):
        frechet_distance(np.ones((4, 3)), np.ones((5, 2)))
    with pytest.raises(LisaError, match="1 of 4 features hold NaN"):
        frechet_distance(np.where(np.eye(4, 3, -3) == 1, np.nan, 1.0), np.ones((5, 3)))
    with pytest.raises(LisaError, match="negative eigenvalue -1"):
        gaussian_distance(np.zeros(2), np.diag([1.0, -1]), np.zeros(2), np.eye(2))
