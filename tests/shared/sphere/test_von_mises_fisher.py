import math

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from shared import sphere
from shared.common.errors import LisaError
from shared.sphere.projected_normal import log_sphere_area
from shared.sphere.von_mises_fisher import (
    _attach,
    _functions,
    kl_to_uniform,
    sample_von_mises_fisher,
)

DIMS = (2, 3, 4, 17, 64, 128, 512)
CONCENTRATIONS = (1e-6, 1e-2, 1.0, 7.3, 50.0, 3e3, 1e6)


def log_normaliser(dim, concentration):
    """log C_d(κ), with gradient −A(κ)."""
    log, ratio, _ = _functions(dim, concentration)
    return _attach(concentration, -log - log_sphere_area(dim), -ratio)


def mean_resultant(dim, concentration):
    """A_d(κ), the mean of ⟨μ, u⟩, with its gradient."""
    _, ratio, slope = _functions(dim, concentration)
    return _attach(concentration, ratio, slope)


def exact(dim, concentration):
    """log C_d, A_d, A_d' and the divergence by mpmath."""
    with mpmath.workdps(60):
        kappa, order = mpmath.mpf(concentration), mpmath.mpf(dim) / 2 - 1
        bessel = mpmath.besseli(order, kappa)
        log_c = order * mpmath.log(kappa) - (order + 1) * mpmath.log(2 * mpmath.pi)
        log_c -= mpmath.log(bessel)
        ratio = mpmath.besseli(order + 1, kappa) / bessel
        slope = 1 - ratio**2 - (dim - 1) / kappa * ratio
        log_area = mpmath.log(2) + (order + 1) * mpmath.log(mpmath.pi)
        log_area -= mpmath.loggamma(order + 1)
        return log_c, ratio, slope, kappa * ratio + log_c + log_area


def value_and_slope(function, dim, concentration):
    kappa = torch.tensor(concentration, dtype=torch.float64, requires_grad=True)
    value = function(dim, kappa)
    value.backward()
    return value.item(), kappa.grad.item()


@pytest.mark.parametrize("concentration", CONCENTRATIONS)
@pytest.mark.parametrize("dim", DIMS)
def test_constants_and_their_gradients_are_those_of_exact_arithmetic(dim, concentration):
    log_c, ratio, slope, kl = exact(dim, concentration)
    value, gradient = value_and_slope(log_normaliser, dim, concentration)
    assert value == pytest.approx(float(log_c), rel=1e-12, abs=1e-12)
    assert gradient == pytest.approx(-float(ratio), rel=1e-12)
    value, gradient = value_and_slope(mean_resultant, dim, concentration)
    assert value == pytest.approx(float(ratio), rel=1e-12)
    assert gradient == pytest.approx(float(slope), rel=1e-9)
    value, gradient = value_and_slope(kl_to_uniform, dim, concentration)
    assert value == pytest.approx(float(kl), rel=1e-12, abs=1e-15 * concentration)
    assert gradient == pytest.approx(concentration * float(slope), rel=1e-9)


@pytest.mark.parametrize("concentration", [0.3, 4.0, 30.0])
@pytest.mark.parametrize("dim", [2, 3, 5])
def test_the_density_integrates_to_one_and_gives_the_divergence(dim, concentration):
    log_c = log_normaliser(dim, torch.tensor(concentration, dtype=torch.float64)).item()
    # The measure of a circle of latitude is that of the sphere in one dimension less.
    circle = 2 * math.pi ** ((dim - 1) / 2) / math.gamma((dim - 1) / 2)
    area = 2 * math.pi ** (dim / 2) / math.gamma(dim / 2)

    def mean_of(function):
        def integrand(angle):
            log_density = log_c + concentration * math.cos(angle)
            ring = circle * math.sin(angle) ** (dim - 2)
            return math.exp(log_density) * ring * function(log_density)

        return integrate.quad(integrand, 0, math.pi, epsabs=1e-13, epsrel=1e-12)[0]

    assert mean_of(lambda log: 1.0) == pytest.approx(1, rel=1e-10)
    kl = mean_of(lambda log: log + math.log(area))
    kappa = torch.tensor(concentration, dtype=torch.float64)
    assert kl_to_uniform(dim, kappa).item() == pytest.approx(kl, rel=1e-9)


@settings(deadline=None)
@given(
    st.integers(2, 512),
    st.lists(st.floats(1e-6, 1e12), min_size=1, max_size=5),
    st.sampled_from([torch.float32, torch.float64]),
)
def test_everything_is_finite_and_in_its_range(dim, concentrations, dtype):
    kappa = torch.tensor(concentrations, dtype=dtype, requires_grad=True)
    ratio, kl = mean_resultant(dim, kappa), kl_to_uniform(dim, kappa)
    assert ratio.dtype == kl.dtype == dtype
    (ratio.sum() + kl.sum() + log_normaliser(dim, kappa).sum()).backward()
    assert (ratio >= 0).all()
    assert (ratio <= 1).all()
    assert (kl >= 0).all()
    assert kl.isfinite().all()
    assert kappa.grad.isfinite().all()


def test_without_concentration_the_law_is_uniform():
    zero = torch.zeros(3, dtype=torch.float64)
    area = math.log(4 * math.pi)
    torch.testing.assert_close(log_normaliser(3, zero), torch.full_like(zero, -area))
    assert torch.equal(mean_resultant(3, zero), zero)
    assert torch.equal(kl_to_uniform(3, zero), zero)


def draws(n, dim, concentration, seed=0, dtype=torch.float64):
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        mean = sphere.project(torch.randn(dim, dtype=dtype))
        kappa = torch.full((n,), concentration, dtype=dtype)
        return mean, sample_von_mises_fisher(mean.expand(n, dim), kappa)


@pytest.mark.parametrize("concentration", [0.01, 1.0, 20.0, 1e4])
@pytest.mark.parametrize("dim", [2, 3, 16, 128])
def test_cosines_of_draws_follow_their_density(dim, concentration):
    mean, u = draws(20_000, dim, concentration)
    torch.testing.assert_close(u.norm(dim=1), torch.ones(20_000, dtype=torch.float64))
    angle = torch.atan2((u - (u @ mean)[:, None] * mean).norm(dim=1), u @ mean).numpy()

    grid = np.linspace(max(0, angle.min() - 0.05), min(np.pi, angle.max() + 0.05), 20_001)
    middle = (grid[1:] + grid[:-1]) / 2
    log_density = concentration * (np.cos(middle) - 1) + (dim - 2) * np.log(np.sin(middle))
    mass = np.exp(log_density - log_density.max())
    distribution = np.concatenate([[0], np.cumsum(mass) / mass.sum()])
    assert stats.kstest(np.interp(angle, grid, distribution), "uniform").pvalue > 1e-3

    expected = mean_resultant(dim, torch.tensor(concentration, dtype=torch.float64)).item()
    error = 5 * (u @ mean).std().item() / math.sqrt(20_000)
    assert (u @ mean).mean().item() == pytest.approx(expected, abs=error)
    # Across the mean direction nothing is preferred.
    rest = u - (u @ mean)[:, None] * mean
    assert rest.mean(0).norm().item() < 5 * rest.norm(dim=1).square().mean().sqrt() / math.sqrt(
        20_000
    )


@pytest.mark.parametrize("concentration", [0.01, 3.0, 200.0, 1e5])
@pytest.mark.parametrize("dim", [2, 3, 40])
def test_the_angles_gradient_is_that_of_its_quantile(dim, concentration):
    kappa = torch.full((6,), concentration, dtype=torch.float64, requires_grad=True)
    mean = torch.eye(dim, dtype=torch.float64)[0].expand(6, dim)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(1)
        u = sample_von_mises_fisher(mean, kappa)
    (gradient,) = torch.autograd.grad(u[:, 0].sum(), kappa)
    grid = np.linspace(0, min(math.pi, 20 / math.sqrt(concentration + dim)), 400_001)[1:]

    def distribution(kappa):
        with np.errstate(divide="ignore"):
            log_density = kappa * (np.cos(grid) - 1) + (dim - 2) * np.log(np.sin(grid))
        density = np.exp(log_density - log_density.max())
        mass = integrate.cumulative_trapezoid(density, grid, initial=0)
        return mass / mass[-1]

    angle, change = np.arccos(u[:, 0].detach().numpy()), 1e-3 * concentration
    level = np.interp(angle, grid, distribution(concentration))
    after = np.interp(level, distribution(concentration + change), grid)
    before = np.interp(level, distribution(concentration - change), grid)
    expected = -np.sin(angle) * (after - before) / (2 * change)
    np.testing.assert_allclose(gradient.numpy(), expected, rtol=1e-3, atol=1e-4 * expected.max())


@pytest.mark.parametrize(("dim", "concentration"), [(2, 1.5), (3, 6.0), (10, 4.0)])
def test_the_gradient_of_a_mean_over_draws_is_the_means_gradient(dim, concentration):
    n = 60_000
    kappa = torch.full((n,), concentration, dtype=torch.float64, requires_grad=True)
    z = torch.ones(dim, dtype=torch.float64, requires_grad=True)
    weights = torch.linspace(-1, 2, dim, dtype=torch.float64)

    def mean_of_function(cosines, centre):
        # f(u) = ⟨w, u⟩²: its mean follows from the second moments of the law.
        second = 1 - (dim - 1) / concentration_of[0] * cosines
        along = (weights @ centre) ** 2
        return second * along + (1 - second) / (dim - 1) * (weights @ weights - along)

    concentration_of = [torch.tensor(concentration, dtype=torch.float64, requires_grad=True)]
    centre = torch.ones(dim, dtype=torch.float64, requires_grad=True)
    exact_value = mean_of_function(mean_resultant(dim, concentration_of[0]), centre / centre.norm())
    by_kappa, by_mean = torch.autograd.grad(exact_value, [concentration_of[0], centre])

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(2)
        u = sample_von_mises_fisher(sphere.project(z).expand(n, dim), kappa)
    values = (u @ weights) ** 2
    error = 5 * values.std().item() / math.sqrt(n)
    assert values.mean().item() == pytest.approx(exact_value.item(), abs=error)
    each, along_mean = torch.autograd.grad(values.sum(), [kappa, z])
    error = 5 * each.std().item() / math.sqrt(n)
    assert each.mean().item() == pytest.approx(by_kappa.item(), abs=error)
    torch.testing.assert_close(along_mean / n, by_mean, atol=0.03, rtol=0)


@pytest.mark.parametrize("concentration", [1e-6, 1.0, 1e3, 1e5, 1e12, 1e30])
@pytest.mark.parametrize("dim", [2, 128, 512])
def test_draws_and_gradients_stay_finite_in_float32(dim, concentration):
    kappa = torch.full((500,), concentration, requires_grad=True)
    z = torch.randn(500, dim, requires_grad=True)
    u = sample_von_mises_fisher(sphere.project(z), kappa)
    assert u.dtype == torch.float32
    torch.testing.assert_close(u.norm(dim=1), torch.ones(500))
    (u[:, 0].sum() + kl_to_uniform(dim, kappa).sum()).backward()
    assert z.grad.isfinite().all()
    assert kappa.grad.isfinite().all()


def test_draws_follow_the_global_seed_and_leave_no_graph_without_need():
    first, second = draws(9, 5, 3.0)[1], draws(9, 5, 3.0)[1]
    assert torch.equal(first, second)
    assert not torch.equal(first, draws(9, 5, 3.0, seed=1)[1])
    assert not first.requires_grad
    assert draws(0, 5, 3.0)[1].shape == (0, 5)


def test_bad_shapes_and_dimensions_are_refused():
    kappa = torch.ones(3)
    for function in (log_normaliser, mean_resultant, kl_to_uniform):
        with pytest.raises(LisaError, match="dim of at least 2, not 1"):
            function(1, kappa)
    with pytest.raises(LisaError, match="dim of at least 2, not 1"):
        sample_von_mises_fisher(torch.ones(3, 1), kappa)
    with pytest.raises(LisaError, match=r"not \[3, 2\] and \[3, 1\]"):
        sample_von_mises_fisher(torch.ones(3, 2), kappa.unsqueeze(1))
