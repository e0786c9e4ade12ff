import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import ortho_group

from shared import sphere
from shared.common.errors import LisaError
from shared.diagnostics import Spectrum, spectrum


def with_eigenvalues(values, seed=0):
    """Directions whose second moment has exactly these eigenvalues, in a rotated frame."""
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * len(values))).reshape(len(values), -1).T
    return (signs * np.sqrt(values)) @ ortho_group.rvs(len(values), random_state=seed)


def test_eigenvalues_are_those_the_directions_were_built_with():
    values = np.array([0.5, 0.25, 0.15, 0.1])
    found = spectrum(with_eigenvalues(values))
    np.testing.assert_allclose(found.eigenvalues, values, atol=1e-14)
    assert found.lambda_max == pytest.approx(0.5)
    assert found.condition == pytest.approx(5)
    assert found.effective_rank == pytest.approx(math.exp(-(values * np.log(values)).sum()))
    assert found.participation_ratio == pytest.approx(1 / (values**2).sum())


def test_an_even_cover_has_every_rank_full_and_no_gap():
    found = spectrum(np.vstack([np.eye(5), -np.eye(5)]))
    assert found.condition == pytest.approx(1)
    assert found.effective_rank == pytest.approx(5)
    assert found.participation_ratio == pytest.approx(5)
    np.testing.assert_allclose(found.eigenvalues, 1 / 5)


def test_uniform_draws_come_close_to_the_uniform_law():
    found = spectrum(sphere.uniform(100_000, 8, 0))
    assert np.abs(found.eigenvalues - 1 / 8).max() < 0.003
    assert found.effective_rank == pytest.approx(8, abs=0.01)


def test_directions_within_a_subspace_are_singular():
    u = np.zeros((40, 6))
    u[:, :3] = sphere.uniform(40, 3, 1).numpy()
    rotated = u @ ortho_group.rvs(6, random_state=2)
    found = spectrum(rotated)
    assert found.condition == math.inf
    assert 1 < found.effective_rank <= 3 + 1e-9


def test_one_repeated_direction_is_not_centred_away():
    found = spectrum(np.tile([0.6, 0.8], (10, 1)))
    assert found.lambda_max == pytest.approx(1)
    assert found.effective_rank == pytest.approx(1)


def test_the_papers_effective_rank_is_not_the_entropy_one():
    # Entropy is Schur concave: given the extremes it is least with all values but one at an end.
    top, condition, dim = 0.175, 8.355, 16
    low = top / condition
    many = int((1 - dim * low) / (top - low))
    rest = 1 - many * top - (dim - many - 1) * low
    least = Spectrum(np.array([top] * many + [rest] + [low] * (dim - many - 1)))
    assert low <= rest <= top
    assert least.effective_rank > 9.475

    def decay(power):
        values = low + (top - low) * np.linspace(1, 0, dim) ** power
        return values.sum() - 1

    power = brentq(decay, 0.1, 20)
    between = Spectrum(low + (top - low) * np.linspace(1, 0, dim) ** power)
    assert least.participation_ratio < 9.465 < between.participation_ratio


def test_codes_that_are_not_directions_are_refused():
    with pytest.raises(LisaError, match="unit norm"):
        spectrum(np.full((3, 2), 2.0))
