"""Diagonal Gaussians against scipy and torch."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch.distributions import Independent, Normal, kl_divergence

from shared.samplers.gaussians import (
    LOG_VARIANCES,
    kl_to_standard,
    log_normal,
    sample_gaussian,
    split_parameters,
)


def parameters(batch, dim, seed):
    generator = torch.Generator().manual_seed(seed)
    z, mean, log_variance = torch.randn(
        3, batch, dim, generator=generator, dtype=torch.float64
    ).unbind()
    return z, 2 * mean, 1.5 * log_variance


cases = given(st.integers(1, 6), st.integers(1, 7), st.integers(0, 2**31))


@cases
@settings(deadline=None)
def test_the_density_is_that_of_scipy(batch, dim, seed):
    z, mean, log_variance = parameters(batch, dim, seed)
    expected = [
        stats.multivariate_normal(m, np.diag(np.exp(v))).logpdf(row)
        for row, m, v in zip(z.numpy(), mean.numpy(), log_variance.numpy(), strict=True)
    ]
    np.testing.assert_allclose(log_normal(z, mean, log_variance), expected, rtol=1e-10)
    standard = stats.multivariate_normal(np.zeros(dim)).logpdf(z.numpy())
    np.testing.assert_allclose(log_normal(z), standard.reshape(batch), rtol=1e-10)
    np.testing.assert_allclose(log_normal(z, 0.5), log_normal(z - 0.5), rtol=1e-10)
    zeros = torch.zeros_like(z)
    np.testing.assert_allclose(log_normal(z, 0.0, zeros), log_normal(z), rtol=1e-10)


def test_the_density_broadcasts():
    z, mean, log_variance = parameters(4, 3, 0)
    pairs = log_normal(z[:, None], mean[None], log_variance[None])
    assert pairs.shape == (4, 4)
    torch.testing.assert_close(pairs.diagonal(), log_normal(z, mean, log_variance))


@cases
@settings(deadline=None)
def test_the_divergence_is_that_of_torch(batch, dim, seed):
    _, mean, log_variance = parameters(batch, dim, seed)
    first = Independent(Normal(mean, (0.5 * log_variance).exp()), 1)
    second = Independent(Normal(torch.zeros_like(mean), torch.ones_like(mean)), 1)
    expected = kl_divergence(first, second)
    found = kl_to_standard(mean, log_variance)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)
    assert (found >= 0).all()


def test_the_divergence_of_the_standard_one_is_zero():
    zeros = torch.zeros(3, 5)
    assert kl_to_standard(zeros, zeros).tolist() == [0, 0, 0]


def test_draws_follow_their_law():
    mean = torch.tensor([[1.0, -3.0]]).expand(50_000, 2)
    log_variance = torch.tensor([[0.0, math.log(0.25)]]).expand(50_000, 2)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        z = sample_gaussian(mean, log_variance).numpy()
    assert stats.kstest(z[:, 0], "norm", (1, 1)).pvalue > 1e-3
    assert stats.kstest(z[:, 1], "norm", (-3, 0.5)).pvalue > 1e-3
    assert abs(np.corrcoef(z.T)[0, 1]) < 0.02


def test_gradients_pass_through_a_draw():
    """∂z/∂mean = 1 and ∂z/∂log σ² = (z − mean)/2."""
    mean = torch.tensor([[1.0, 2.0]], requires_grad=True)
    log_variance = torch.tensor([[0.3, -1.0]], requires_grad=True)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(1)
        z = sample_gaussian(mean, log_variance)
    z.sum().backward()
    torch.testing.assert_close(mean.grad, torch.ones(1, 2))
    torch.testing.assert_close(log_variance.grad, (z - mean).detach() / 2)


def test_the_first_half_is_the_mean_and_the_second_is_held_in_bounds():
    given = torch.tensor([[1.0, 2.0, 3.0, -1e9], [4.0, 5.0, 1e9, -3.0]])
    mean, log_variance = split_parameters(given)
    assert mean.tolist() == [[1, 2], [4, 5]]
    least, most = LOG_VARIANCES
    assert log_variance.tolist() == [[3, least], [most, -3]]
    assert kl_to_standard(mean, log_variance).isfinite().all()
    assert torch.exp(torch.tensor(LOG_VARIANCES)).isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_types_are_kept(dtype):
    mean, log_variance = split_parameters(torch.zeros(2, 6, dtype=dtype))
    with torch.random.fork_rng(devices=[]):
        z = sample_gaussian(mean, log_variance)
    found = (z, log_normal(z, mean, log_variance), kl_to_standard(mean, log_variance))
    assert {each.dtype for each in found} == {dtype}
