"""The VAE, the β-VAE and the VAE of constant variance, against closed forms and plain loops."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from small_nets import Vectors, vectors

from shared.common.errors import LisaError
from shared.methods.base import Codes
from shared.methods.variational import VAE, BetaVAE, ConstantVarianceVAE
from shared.samplers import StandardNormal
from shared.samplers.gaussians import kl_to_standard, log_normal, sample_gaussian

DIM = 3


def plain(method, seed=0):
    return Vectors(DIM, method.encoder_width(DIM), seed=seed, plain=True).double()


def seeded_loss(method, net, x, seed=4):
    torch.default_generator.manual_seed(seed)
    return method.loss(net, x)


def noise_of(shape, seed=4):
    torch.default_generator.manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64)


def squared_errors(net, x, z):
    return [
        sum((a - b) ** 2 for a, b in zip(row, other, strict=True))
        for row, other in zip(x.tolist(), net.decode(z).tolist(), strict=True)
    ]


def test_the_divergence_is_that_of_monte_carlo_draws():
    mean = torch.tensor([[0.3, -1.2, 0.0], [2.0, 0.1, -0.4]], dtype=torch.float64)
    log_variance = torch.tensor([[-1.0, 0.5, 0.0], [-3.0, 1.0, 0.2]], dtype=torch.float64)
    torch.default_generator.manual_seed(0)
    z = sample_gaussian(mean.expand(200_000, 2, 3), log_variance.expand(200_000, 2, 3))
    ratios = log_normal(z, mean, log_variance) - log_normal(z)
    error = ratios.std(0) / math.sqrt(len(ratios))
    exact = kl_to_standard(mean, log_variance)
    assert ((ratios.mean(0) - exact).abs() < 4 * error).all()
    assert (error < 0.02).all()


def test_the_divergence_is_that_of_scipys_densities_by_quadrature():
    mean, deviation = 0.8, 0.6
    q, p = stats.norm(mean, deviation), stats.norm(0, 1)
    expected = q.expect(lambda z: q.logpdf(z) - p.logpdf(z))
    found = kl_to_standard(torch.tensor([[mean]]), torch.tensor([[2 * math.log(deviation)]]))
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_log_densities_are_scipys():
    random = np.random.default_rng(0)
    z, mean, log_variance = random.standard_normal((3, 5, 4))
    expected = stats.norm(mean, np.exp(0.5 * log_variance)).logpdf(z).sum(1)
    found = log_normal(*(torch.from_numpy(each) for each in (z, mean, log_variance)))
    np.testing.assert_allclose(found.numpy(), expected)


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_the_loss_of_the_vae_is_the_negative_elbo(weight):
    method = VAE(weight)
    net, x = plain(method), vectors(9).double()
    terms = seeded_loss(method, net, x)
    mean, log_variance = net.encode(x).chunk(2, dim=1)
    z = mean + (0.5 * log_variance).exp() * noise_of(mean.shape)
    assert list(terms) == ["reconstruction", "kl"]
    assert terms["reconstruction"].item() == pytest.approx(sum(squared_errors(net, x, z)) / 18)
    divergences = [
        0.5 * (m**2 + math.exp(v) - 1 - v)
        for m, v in zip(mean.flatten().tolist(), log_variance.flatten().tolist(), strict=True)
    ]
    assert terms["kl"].item() == pytest.approx(weight * sum(divergences) / 9)


def test_the_beta_vae_with_beta_one_is_the_vae():
    net, x = plain(VAE()), vectors(9).double()
    assert seeded_loss(BetaVAE(1.0), net, x) == seeded_loss(VAE(), net, x)


def test_beta_multiplies_the_divergence_alone():
    net, x = plain(VAE()), vectors(9).double()
    one, four = (seeded_loss(BetaVAE(beta), net, x) for beta in (1.0, 4.0))
    assert torch.equal(four["reconstruction"], one["reconstruction"])
    torch.testing.assert_close(four["kl"], 4 * one["kl"])
    assert BetaVAE().beta == 2


@pytest.mark.parametrize(("sigma", "weight"), [(0.7, 1.0), (0.01, 0.039), (3.0, 0.0)])
def test_the_loss_of_the_constant_variance_vae_is_half_the_squared_mean(sigma, weight):
    method = ConstantVarianceVAE(sigma, weight)
    net, x = plain(method), vectors(9).double()
    terms = seeded_loss(method, net, x)
    means, noise = net.encode(x).tolist(), noise_of((9, DIM)).tolist()
    z = [
        [m + sigma * e for m, e in zip(row, draws, strict=True)]
        for row, draws in zip(means, noise, strict=True)
    ]
    errors = squared_errors(net, x, torch.tensor(z, dtype=torch.float64))
    assert list(terms) == ["reconstruction", "kl"]
    assert terms["reconstruction"].item() == pytest.approx(sum(errors) / 18)
    squares = sum(m**2 for row in means for m in row)
    assert terms["kl"].item() == pytest.approx(weight * squares / 18)


def test_the_constant_variance_divergence_lacks_a_constant_only():
    method = ConstantVarianceVAE(0.4)
    net, x = plain(method), vectors(9).double()
    full = kl_to_standard(*method.posterior(net, x)).mean()
    constant = DIM / 2 * (0.4**2 - 1 - math.log(0.4**2))
    assert full.item() - method.loss(net, x)["kl"].item() == pytest.approx(constant)


def test_the_constant_variance_posterior_has_its_sigma_everywhere():
    method = ConstantVarianceVAE(0.4)
    net, x = plain(method), vectors(9).double()
    assert method.encoder_width(DIM) == DIM
    assert torch.equal(method.encode(net, x), net.encode(x))
    torch.testing.assert_close(method.posterior_std(net, x), torch.full((9, DIM), 0.4).double())


def test_codes_are_posterior_means_and_spreads_standard_deviations():
    method = VAE()
    net, x = plain(method), vectors(9).double()
    parameters = net.encode(x)
    assert torch.equal(method.encode(net, x), parameters[:, :DIM])
    torch.testing.assert_close(method.posterior_std(net, x), parameters[:, DIM:].exp().sqrt())


@pytest.mark.parametrize("method", [VAE(), BetaVAE(), ConstantVarianceVAE()], ids=lambda m: m.name)
def test_the_own_sampler_is_the_prior(method):
    sampler = method.own_sampler("prior", plain(method), Codes(np.full((5, DIM), 9.0)), seed=0)
    assert isinstance(sampler, StandardNormal)
    draws = sampler.sample(20_000, seed=0)
    assert stats.kstest(draws[:, 1], "norm").pvalue > 1e-3


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, 1e7])
@pytest.mark.parametrize(
    ("kind", "field"),
    [(VAE, "kl_weight"), (BetaVAE, "beta"), (ConstantVarianceVAE, "kl_weight")],
    ids=lambda each: getattr(each, "name", each),
)
def test_weights_out_of_range_are_refused(kind, field, value):
    flag = field.replace("_", "-")
    with pytest.raises(
        LisaError,
        match=rf"^{kind.name}: {flag} must be at least 0 .*, not {value}".replace("+", "."),
    ):
        kind(**{field: value})


@pytest.mark.parametrize("value", [0.0, -1.0, 1e5, math.nan])
def test_a_sigma_out_of_range_is_refused(value):
    with pytest.raises(LisaError, match=r"cv-vae: sigma must be at least 0\.0001 and at most"):
        ConstantVarianceVAE(sigma=value)
