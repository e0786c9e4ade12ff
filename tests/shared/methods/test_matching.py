import itertools
import math

import numpy as np
import pytest
import torch
from processes import in_two_processes
from scipy import stats
from small_nets import Vectors, vectors
from test_mmd import by_loops
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from shared.common.errors import LisaError
from shared.methods.base import Codes
from shared.methods.matching import (
    GMMDAE,
    WAE,
    InfoVAE,
    covariance_error,
    expected_covariance_error,
    expected_rank_error,
    rank_error,
)
from shared.samplers import DiagonalMixture, StandardNormal

METHODS = (WAE(7.0), InfoVAE(0.25, 30.0), GMMDAE(2))


def plain_net(method):
    return Vectors(3, method.encoder_width(3), plain=True).double(), vectors(8).double()


def reconstruction(net, x, z):
    return (0.5 * ((x - net.decode(z)) ** 2).sum(1)).mean().item()


@pytest.mark.parametrize("weight", [10.0, 0.5])
def test_the_loss_of_wae_is_the_equation(weight):
    net, x = plain_net(WAE())
    z = net.encode(x)
    torch.default_generator.manual_seed(0)
    terms = WAE(weight).loss(net, x)
    torch.default_generator.manual_seed(0)
    draws = torch.randn(8, 3, dtype=torch.float64)
    assert list(terms) == ["reconstruction", "mmd"]
    assert terms["reconstruction"].item() == pytest.approx(reconstruction(net, x, z))
    assert terms["mmd"].item() == pytest.approx(weight * by_loops(z, draws))


@pytest.mark.parametrize(("alpha", "weight"), [(0.0, 1000.0), (0.5, 3.0), (-2.0, 3.5), (1.0, 0.0)])
def test_the_loss_of_infovae_is_the_equation(alpha, weight):
    net, x = plain_net(InfoVAE())
    mean, log_variance = net.encode(x).chunk(2, dim=1)
    torch.default_generator.manual_seed(0)
    terms = InfoVAE(alpha, weight).loss(net, x)
    torch.default_generator.manual_seed(0)
    noise, draws = (torch.randn(8, 3, dtype=torch.float64) for _ in range(2))
    z = mean + (log_variance / 2).exp() * noise
    # The divergence of one Gaussian from another, as torch has it.
    posterior = torch.distributions.Normal(mean, (log_variance / 2).exp())
    prior = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    kl = torch.distributions.kl_divergence(posterior, prior).sum(1).mean().item()
    assert list(terms) == ["reconstruction", "kl", "mmd"]
    assert terms["reconstruction"].item() == pytest.approx(reconstruction(net, x, z))
    assert terms["kl"].item() == pytest.approx((1 - alpha) * kl)
    assert terms["mmd"].item() == pytest.approx((alpha + weight - 1) * by_loops(z, draws))


def mixture(n, components, dim, seed):
    """Draws of the prior of GMM-DAE, by numpy."""
    random = np.random.default_rng(seed)
    means = np.eye(components, dim)
    draws = means[random.integers(components, size=n)] + random.standard_normal((n, dim))
    return torch.from_numpy(draws), torch.from_numpy(means)


@pytest.mark.parametrize("components", [1, 2, 3])
def test_the_loss_of_gmm_dae_is_the_equation(components):
    net, x = plain_net(GMMDAE())
    z = net.encode(x).detach().numpy()
    means = np.eye(components, 3)
    squares = []
    for axis, column in enumerate(z.T):
        for rank, value in enumerate(sorted(column), start=1):
            below = np.mean([stats.norm.cdf(value - mean[axis]) for mean in means])
            squares.append((rank / 9 - below) ** 2)
    prior = np.eye(3) + np.cov(means.T, bias=True)
    apart = np.mean((np.cov(z.T) - prior) ** 2)
    weight = float(expected_covariance_error(8, torch.from_numpy(means)))
    terms = GMMDAE(components).loss(net, x)
    assert list(terms) == ["reconstruction", "ranks", "covariance"]
    assert terms["reconstruction"].item() == pytest.approx(
        reconstruction(net, x, torch.from_numpy(z))
    )
    assert terms["ranks"].item() == pytest.approx(np.mean(squares) * 6 * 9)
    assert terms["covariance"].item() == pytest.approx(apart / weight)


@pytest.mark.parametrize(("n", "components", "dim"), [(2, 1, 1), (5, 2, 3), (40, 3, 3), (9, 1, 4)])
def test_both_weighted_terms_have_mean_one_on_batches_of_the_prior(n, components, dim):
    ranks, covariances = [], []
    for seed in range(1500):
        codes, means = mixture(n, components, dim, seed)
        ranks.append(rank_error(codes, means).item() / expected_rank_error(n))
        covariances.append(covariance_error(codes, means).item())
    covariances = np.array(covariances) / expected_covariance_error(n, means).item()
    for values in (np.array(ranks), covariances):
        error = values.std() / math.sqrt(len(values))
        assert abs(values.mean() - 1) < 4.5 * error
        assert error < 0.15


def test_both_terms_vanish_on_large_batches_of_the_prior():
    codes, means = mixture(200_000, 3, 4, 0)
    assert rank_error(codes, means) < 1e-5
    assert covariance_error(codes, means) < 1e-3
    for other in (codes + 0.5, 2 * codes, codes[:, :1].expand(-1, 4)):
        assert rank_error(other, means) + covariance_error(other, means) > 1e-2


def test_the_terms_of_gmm_dae_draw_codes_to_the_prior():
    means = torch.eye(2, dtype=torch.float64)
    codes = torch.randn(100, 2, generator=torch.Generator().manual_seed(0)).double()
    codes = (0.1 * codes + 3).requires_grad_()
    adam = torch.optim.Adam([codes], lr=0.05)
    weight = expected_covariance_error(100, means)
    for _ in range(400):
        adam.zero_grad()
        ranks = rank_error(codes, means) / expected_rank_error(100)
        (ranks + covariance_error(codes, means) / weight).backward()
        adam.step()
    assert ranks < 0.1
    assert covariance_error(codes, means) < 0.1 * weight


@pytest.mark.parametrize("dim", [2, 16])
def test_codes_of_few_axes_get_one_gaussian_an_axis(dim):
    net = Vectors(dim, dim)
    codes = Codes(np.zeros((5, dim)))
    sampler = GMMDAE().own_sampler("prior", net, codes, seed=0)
    assert isinstance(sampler, DiagonalMixture)
    components = min(10, dim)
    draws = sampler.sample(200_000, seed=1)
    share = np.where(np.arange(dim) < components, 1 / components, 0)
    np.testing.assert_allclose(draws.mean(0), share, atol=0.02)
    expected = np.eye(dim) + np.cov(np.eye(components, dim).T, bias=True)
    np.testing.assert_allclose(np.cov(draws.T), expected, atol=0.03)
    terms = GMMDAE().loss(net, vectors(9))
    assert all(value.isfinite() for value in terms.values())


def test_wae_and_infovae_are_sampled_from_the_standard_normal():
    codes = Codes(np.ones((5, 3)))
    for method in (WAE(), InfoVAE()):
        assert method.own_samplers == ("prior",)
        sampler = method.own_sampler("prior", Vectors(), codes, seed=0)
        assert isinstance(sampler, StandardNormal)
        assert sampler.sample(4, seed=0).shape == (4, 3)
    for method in METHODS:
        with pytest.raises(LisaError, match="has no sampler 'uniform' of its own"):
            method.own_sampler("uniform", Vectors(), codes, seed=0)


def test_fields_that_are_none_are_refused():
    with pytest.raises(LisaError, match="wae: mmd-weight must be at least 0"):
        WAE(-1.0)
    with pytest.raises(LisaError, match=r"infovae: alpha must be at least .* and at most 1, not 2"):
        InfoVAE(alpha=2.0)
    with pytest.raises(LisaError, match=r"infovae: alpha \+ mmd-weight .* 1, not 0\.5 \+ 0\.25"):
        InfoVAE(0.5, 0.25)
    with pytest.raises(LisaError, match="gmm-dae: components must be at least 1"):
        GMMDAE(0)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_one_example_is_refused(method):
    net, x = plain_net(method)
    with pytest.raises(LisaError, match="2 codes"):
        method.loss(net, x[:1])


SIZES = (4, 4)


def noise_of_rows(rows):
    """A randn_like that gives the same rows whichever process asks for them."""
    calls = itertools.count()

    def randn_like(z):
        generator = torch.Generator().manual_seed(next(calls))
        everywhere = torch.randn(sum(SIZES), z.shape[1], generator=generator, dtype=z.dtype)
        return everywhere[rows]

    return randn_like


class Objective(nn.Module):
    def __init__(self, net, method):
        super().__init__()
        self.net, self.method = net, method

    def forward(self, x):
        return self.method.loss(self.net, x)


def one_process_of_two(rank, folder):
    own = torch.arange(sum(SIZES)).split(SIZES)[rank]
    for method in METHODS:
        net, x = plain_net(method)
        model = DistributedDataParallel(Objective(net, method))
        torch.randn_like = noise_of_rows(own)
        terms = model(x[own])
        sum(terms.values()).backward()
        found = {"terms": {name: value.detach() for name, value in terms.items()}}
        found["gradients"] = {name: value.grad for name, value in net.named_parameters()}
        torch.save(found, folder / f"{method.name}-{rank}.pt")


@pytest.mark.slow
def test_two_processes_give_the_terms_and_gradients_of_one(tmp_path, monkeypatch):
    in_two_processes(one_process_of_two, tmp_path, folder=tmp_path)
    for method in METHODS:
        monkeypatch.setattr(torch, "randn_like", noise_of_rows(slice(None)))
        net, x = plain_net(method)
        terms = method.loss(net, x)
        sum(terms.values()).backward()
        halves = [torch.load(tmp_path / f"{method.name}-{rank}.pt") for rank in (0, 1)]
        for name, value in terms.items():
            parts = [half["terms"][name] for half in halves]
            torch.testing.assert_close(torch.stack(parts).mean(), value.detach())
            if name not in {"reconstruction", "kl"}:
                assert parts[0] == parts[1]
        for half in halves:
            for name, weight in net.named_parameters():
                torch.testing.assert_close(half["gradients"][name], weight.grad)
