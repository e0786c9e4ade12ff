import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from shared import sphere
from shared.common.errors import LisaError
from shared.sphere.projected_normal import (
    log_density,
    log_radial_integral,
    log_sphere_area,
    mixture_log_density,
)


def random_covariance(dim, seed):
    root = np.random.default_rng(seed).standard_normal((dim, dim + 2))
    return root @ root.T / dim


def by_mpmath(dim, m):
    """log ∫ s^(dim−1) exp(−(s − m)²/2) ds through the parabolic cylinder function."""
    with mpmath.workdps(40):
        x = mpmath.mpf(float(m))
        value = mpmath.gamma(dim) * mpmath.pcfd(-dim, -x)
        return float(mpmath.log(value) - x**2 / 4)


@pytest.mark.parametrize("dim", [1, 2, 3, 16, 64, 128, 512])
def test_radial_integral_agrees_with_the_parabolic_cylinder_function(dim):
    m = np.array([-1e4, -300, -30, -5, -1, -0.1, -1e-3, 0, 1e-3, 0.5, 3, 20, 300, 1e4])
    expected = [by_mpmath(dim, each) for each in m]
    np.testing.assert_allclose(log_radial_integral(dim, m), expected, rtol=2e-13, atol=2e-13)


@given(st.integers(1, 200), st.floats(0, 1e3))
@settings(deadline=None)
def test_radial_integrals_obey_their_recurrence_on_both_sides(dim, m):
    for at in (m, -m):
        j = [float(log_radial_integral(k, np.array([at]))[0]) for k in (dim, dim + 1, dim + 2)]
        # J_{k+1} = m J_k + k J_{k−1}, written so that every term is positive.
        log_m = math.log(m) if m > 0 else -math.inf
        if at >= 0:
            total = np.logaddexp(log_m + j[1], math.log(dim) + j[0])
            assert j[2] == pytest.approx(total, rel=1e-12, abs=1e-12)
        else:
            total = np.logaddexp(log_m + j[1], j[2]) - math.log(dim)
            assert j[0] == pytest.approx(total, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("dim", [2, 5, 32, 128])
@pytest.mark.parametrize("place", ["aligned", "opposite", "zero", "elsewhere"])
def test_density_agrees_with_integration_along_the_ray(dim, place):
    covariance = random_covariance(dim, dim)
    u = sphere.uniform(1, dim, 3).numpy()
    other = sphere.uniform(1, dim, 4).numpy()[0]
    mean = {"aligned": 3 * u[0], "opposite": -3 * u[0], "zero": 0 * u[0], "elsewhere": 2 * other}
    law = stats.multivariate_normal(mean[place], covariance)
    precision = np.linalg.inv(covariance)
    a, b = u[0] @ precision @ u[0], u[0] @ precision @ mean[place]
    peak = (b + math.sqrt(b**2 + 4 * a * (dim - 1))) / (2 * a)

    def log_integrand(r):
        return law.logpdf(r * u[0]) + (dim - 1) * math.log(r) if r > 0 else -math.inf

    top = log_integrand(peak)
    width = 12 / math.sqrt(a)
    ends = (max(0.0, peak - width), peak + width)
    area, _ = integrate.quad(
        lambda r: math.exp(log_integrand(r) - top), *ends, points=[peak], epsabs=0, epsrel=1e-12
    )
    expected = top + math.log(area)
    assert log_density(u, mean[place], covariance)[0] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("size", [0.0, 0.5, 8.0])
def test_density_integrates_to_one_on_the_circle(size):
    angle = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
    u = np.stack([np.cos(angle), np.sin(angle)], 1)
    density = np.exp(log_density(u, size * np.array([0.3, -1.0]), random_covariance(2, 1)))
    assert density.mean() * 2 * np.pi == pytest.approx(1, abs=1e-12)


def test_mixture_integrates_to_one_on_the_sphere():
    heights, weights = np.polynomial.legendre.leggauss(120)
    angle = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    z, phi = np.meshgrid(heights, angle, indexing="ij")
    flat = np.sqrt(1 - z**2)
    u = np.stack([flat * np.cos(phi), flat * np.sin(phi), z], -1).reshape(-1, 3)
    means = np.array([[1.0, 2.0, -1.0], [0.0, 0.0, 0.5]])
    covariances = np.stack([random_covariance(3, 5), random_covariance(3, 6)])
    density = np.exp(mixture_log_density(u, np.array([0.3, 0.7]), means, covariances))
    area = (density.reshape(z.shape).mean(1) * weights).sum() * 2 * np.pi
    assert area == pytest.approx(1, abs=1e-9)


def test_density_agrees_with_the_histogram_of_draws():
    mean, covariance = np.array([0.8, -0.4]), np.array([[1.0, 0.6], [0.6, 0.7]])
    draws = np.random.default_rng(0).multivariate_normal(mean, covariance, size=100_000)
    bins = np.linspace(-np.pi, np.pi, 41)
    counts, _ = np.histogram(np.arctan2(draws[:, 1], draws[:, 0]), bins)
    fine = np.linspace(-np.pi, np.pi, 40 * 50 + 1)[:-1] + np.pi / (40 * 50)
    u = np.stack([np.cos(fine), np.sin(fine)], 1)
    masses = np.exp(log_density(u, mean, covariance)).reshape(40, 50).mean(1) * 2 * np.pi / 40
    assert stats.chisquare(counts, masses / masses.sum() * counts.sum()).pvalue > 1e-3


@pytest.mark.parametrize("dim", [2, 3, 64, 128])
def test_isotropic_centred_gaussian_is_uniform(dim):
    u = sphere.uniform(5, dim, 0)
    density = log_density(u, np.zeros(dim), 1e-6 * np.eye(dim))
    np.testing.assert_allclose(density, -log_sphere_area(dim), rtol=1e-12)


def test_density_depends_on_the_gaussian_only_up_to_scale():
    u, covariance = sphere.uniform(20, 6, 1), random_covariance(6, 2)
    mean = np.arange(6.0)
    scaled = log_density(u, 1e5 * mean, 1e10 * covariance)
    np.testing.assert_allclose(scaled, log_density(u, mean, covariance), rtol=1e-12)


def test_sphere_areas():
    areas = [math.exp(log_sphere_area(dim)) for dim in (1, 2, 3, 4)]
    assert areas == pytest.approx([2, 2 * math.pi, 4 * math.pi, 2 * math.pi**2])


def test_bad_parameters_are_refused():
    u = sphere.uniform(2, 3, 0)
    with pytest.raises(LisaError, match="not positive definite"):
        log_density(u, np.zeros(3), np.diag([1.0, 1.0, 0.0]))
    with pytest.raises(LisaError, match="dimension 3"):
        log_density(u, np.zeros(2), np.eye(2))
    with pytest.raises(LisaError, match="unit norm"):
        log_density(2 * u, np.zeros(3), np.eye(3))
