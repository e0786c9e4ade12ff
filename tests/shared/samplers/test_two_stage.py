"""The two-stage VAE: the learned noise level of its first stage, and the second as a sampler."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.spatial import cKDTree
from small_nets import INPUTS, Vectors, vectors
from torch import nn

from shared.common.errors import LisaError
from shared.methods import Codes, equip, fit_sampler, sampler_names
from shared.methods.autoencoder import Autoencoder
from shared.methods.two_stage import TwoStageVAE
from shared.methods.variational import VAE
from shared.runs.tensors import read_tensors, write_tensors
from shared.samplers import Gaussian, NoiseLevel, StandardNormal, TwoStage, sampler_from_state
from shared.samplers.two_stage import LEAST_NOISE

QUICK = {"width": 8, "steps": 10}


def equipped(dim=3):
    method = TwoStageVAE()
    net = Vectors(dim, method.encoder_width(dim), plain=True).double()
    equip(net, method, seed=0)
    return method, net.double()


class Discrete(Vectors):
    """Vectors whose loss is called no Gaussian likelihood."""

    outputs = None


@pytest.mark.parametrize("raw", [-2.0, 0.0, 0.7])
def test_the_first_stage_is_the_elbo_of_a_gaussian_with_noise_gamma(raw):
    method, net = equipped()
    nn.init.constant_(net.parts["noise"].raw, raw)
    x = vectors(9).double()
    torch.default_generator.manual_seed(2)
    terms = method.loss(net, x)
    assert list(terms) == ["reconstruction", "kl"]
    torch.default_generator.manual_seed(2)
    mean, log_variance = method.posterior(net, x)
    decoded = net.decode(mean + (0.5 * log_variance).exp() * torch.randn_like(mean))
    gamma = math.hypot(LEAST_NOISE, math.exp(raw))
    densities = stats.norm(decoded.detach().numpy(), gamma).logpdf(x.numpy()).sum(1)
    constant = INPUTS / 2 * math.log(2 * math.pi)
    assert terms["reconstruction"].item() == pytest.approx(-densities.mean() - constant)
    torch.default_generator.manual_seed(2)
    assert torch.equal(terms["kl"], VAE().loss(net, x)["kl"])


def test_gamma_begins_at_one_where_the_loss_is_that_of_the_vae():
    method, net = equipped()
    x = vectors(9).double()
    assert net.parts["noise"]().item() == pytest.approx(1, abs=1e-6)
    torch.default_generator.manual_seed(2)
    terms = method.loss(net, x)
    torch.default_generator.manual_seed(2)
    for name, value in VAE().loss(net, x).items():
        torch.testing.assert_close(terms[name], value, rtol=1e-5, atol=1e-5)


def test_the_best_gamma_is_the_root_mean_squared_error():
    noise = NoiseLevel().double()
    errors = 0.05 * torch.randn(400, 30, generator=torch.Generator().manual_seed(0)).double()
    half_squares = 0.5 * errors.square().sum(1)
    optimizer = torch.optim.LBFGS(noise.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        value = noise.negative_log_likelihood(half_squares, 30).mean()
        value.backward()
        return value

    optimizer.step(closure)
    assert noise().item() == pytest.approx(errors.square().mean().sqrt().item(), rel=1e-4)


def test_gamma_stays_above_its_bound_and_keeps_a_gradient():
    noise = NoiseLevel()
    optimizer = torch.optim.Adam(noise.parameters(), 0.1)
    for _ in range(300):
        optimizer.zero_grad()
        loss = noise.negative_log_likelihood(torch.zeros(3), 100).mean()
        loss.backward()
        assert loss.isfinite()
        assert noise.raw.grad > 0
        optimizer.step()
    assert LEAST_NOISE <= noise().item() < 1.01 * LEAST_NOISE
    noise.zero_grad()
    noise.negative_log_likelihood(torch.full((3,), 50.0), 100).mean().backward()
    assert noise.raw.grad < 0


def test_a_net_of_another_likelihood_has_no_noise_and_trains_the_vae():
    method = TwoStageVAE()
    net, x = Discrete(3, 6, plain=True), vectors(9)
    equip(net, method, seed=0)
    assert len(net.parts) == 0
    torch.default_generator.manual_seed(0)
    terms = method.loss(net, x)
    torch.default_generator.manual_seed(0)
    assert terms == VAE().loss(net, x)
    assert isinstance(net, Autoencoder)


def test_the_own_samplers_are_the_second_stage_then_the_prior():
    method = TwoStageVAE(second_width=8, second_steps=5)
    assert sampler_names(method)[:2] == ("two-stage", "prior")
    codes = Codes(np.random.default_rng(0).standard_normal((50, 3)), np.full((50, 3), 0.1))
    net = Vectors(3, 6)
    second = fit_sampler(method, "two-stage", net, codes, seed=0)
    assert isinstance(second, TwoStage)
    assert (second.width, second.steps) == (8, 5)
    points = fit_sampler(method, "two-stage", net, Codes(codes.mean), seed=0)
    assert not np.array_equal(points.sample(5, 0), second.sample(5, 0))
    assert isinstance(fit_sampler(method, "prior", net, codes, seed=0), StandardNormal)


@pytest.mark.parametrize("field", ["second_width", "second_steps"])
def test_a_second_stage_without_size_is_refused(field):
    flag = field.replace("_", "-")
    with pytest.raises(LisaError, match=f"2s-vae: {flag} must be at least 1 .*, not 0"):
        TwoStageVAE(**{field: 0})


def ring(n, seed=0):
    """Two opposite arcs of the circle of radius 3, thickened by 0.05."""
    random = np.random.default_rng(seed)
    angle = random.uniform(-1, 1, n) + np.pi * random.integers(2, size=n)
    circle = 3 * np.stack([np.cos(angle), np.sin(angle)], 1)
    return circle + 0.05 * random.standard_normal((n, 2))


def share_near(draws, codes, reach=0.3):
    """The fraction of draws that lie within `reach` of a code, and of codes near a draw."""
    near = cKDTree(codes).query(draws)[0] < reach
    covered = cKDTree(draws).query(codes)[0] < reach
    return near.mean(), covered.mean()


def test_the_second_stage_finds_a_curved_law_of_two_modes_that_one_gaussian_misses():
    codes, held_out = ring(2000), ring(2000, seed=1)
    law = TwoStage(width=64, steps=1200).fit(codes)
    near, covered = share_near(law.sample(2000, seed=0), held_out)
    gaussian_near, _ = share_near(Gaussian().fit(codes).sample(2000, seed=0), held_out)
    assert gaussian_near < 0.35
    assert near > 0.7
    assert covered > 0.9
    # A second stage that ignores its latent code ends with the noise of one Gaussian, 1.
    assert float(law.state()["noise"]) < 0.2


def test_the_second_stage_learns_the_mean_and_covariance_of_draws_of_the_posterior():
    random = np.random.default_rng(0)
    means = random.standard_normal((3000, 3)) @ np.diag([5.0, 1.0, 0.01]) + np.array([7, 0, -2])
    spreads = np.full((3000, 3), [1.0, 2.0, 0.02])
    draws = TwoStage(width=32, steps=500).fit(means, spreads).sample(20_000, seed=0)
    expected = np.sqrt([25 + 1, 1 + 4, 0.01**2 + 0.02**2])
    np.testing.assert_allclose(draws.std(0), expected, rtol=0.1)
    assert (np.abs(draws.mean(0) - means.mean(0)) < 0.1 * expected).all()


def test_a_fit_does_not_depend_on_the_size_or_place_of_the_codes():
    codes = ring(200)
    plain = TwoStage(**QUICK).fit(codes).sample(5, seed=0)
    moved = TwoStage(**QUICK).fit(1e6 * codes + 3e6).sample(5, seed=0)
    np.testing.assert_allclose((moved - 3e6) / 1e6, plain, atol=1e-4)


@pytest.mark.parametrize("count", [1, 2, 300])
def test_constant_coordinates_stay_constant(count):
    codes = np.hstack([ring(count), np.full((count, 1), 3.7)])
    draws = TwoStage(**QUICK).fit(codes).sample(9, seed=0)
    assert np.isfinite(draws).all()
    np.testing.assert_allclose(draws[:, 2], 3.7, rtol=1e-12)


def test_draws_depend_on_the_two_seeds_alone_and_are_float64():
    codes = ring(100)
    torch.default_generator.manual_seed(8)
    expected = torch.rand(2)
    torch.default_generator.manual_seed(8)
    law = TwoStage(**QUICK, seed=1).fit(codes)
    assert torch.equal(torch.rand(2), expected)
    draws = law.sample(6, seed=3)
    assert draws.dtype == np.float64
    np.testing.assert_array_equal(TwoStage(**QUICK, seed=1).fit(codes).sample(6, seed=3), draws)
    assert not np.array_equal(TwoStage(**QUICK, seed=2).fit(codes).sample(6, seed=3), draws)
    assert not np.array_equal(law.sample(6, seed=4), draws)
    assert law.sample(0, seed=0).shape == (0, 2)


def test_the_noise_is_added_to_what_the_decoder_gives():
    law = TwoStage(**QUICK).fit(ring(100))
    state = law.state()
    silent = sampler_from_state(state | {"noise": np.array(0.0)})
    noise = (law.sample(20_000, seed=0) - silent.sample(20_000, seed=0)) / state["scale"]
    np.testing.assert_allclose(noise.std(0), float(state["noise"]), rtol=0.03)
    assert stats.kstest(noise[:, 0] / noise[:, 0].std(), "norm").pvalue > 1e-3


def test_the_state_survives_storage(tmp_path):
    law = TwoStage(**QUICK, seed=5).fit(ring(100))
    arrays = {name: torch.from_numpy(np.asarray(value)) for name, value in law.state().items()}
    write_tensors(tmp_path / "sampler", arrays, {})
    tensors, _ = read_tensors(tmp_path / "sampler")
    again = sampler_from_state({name: value.numpy() for name, value in tensors.items()})
    assert isinstance(again, TwoStage)
    assert (again.width, again.steps, again.seed) == (8, 10, 5)
    np.testing.assert_array_equal(again.sample(9, seed=1), law.sample(9, seed=1))
    assert again.state().keys() == law.state().keys()
    for name, value in law.state().items():
        np.testing.assert_array_equal(again.state()[name], value)


TAMPERED = {
    "no weights": ("decoder.last.bias", None, "lacks the array 'decoder.last.bias'"),
    "weights of another width": ("width", np.array(9), r"must have shape \[9, 2\]"),
    "weights that are none": ("decoder.last.bias", np.full(2, np.nan), "finite float64"),
    "negative noise": ("noise", np.array(-1.0), "noise is not one number"),
    "no dimension": ("centre", np.zeros(0), "centre is no code"),
    "scale of another size": ("scale", np.ones(3), "scale does not fit"),
    "negative scale": ("scale", np.array([1.0, -1.0]), "negative"),
    "steps": ("steps", np.array(0), "at least 1"),
}


@pytest.mark.parametrize(("name", "value", "message"), TAMPERED.values(), ids=TAMPERED)
def test_a_tampered_state_is_refused(name, value, message):
    state = TwoStage(**QUICK).fit(ring(20)).state() | {name: value}
    if value is None:
        del state[name]
    with pytest.raises(LisaError, match=message):
        sampler_from_state(state)


def test_an_unfitted_second_stage_says_so():
    for use in (lambda: TwoStage().sample(3, seed=0), lambda: TwoStage().state()):
        with pytest.raises(LisaError, match="'two-stage' is not fitted"):
            use()
    with pytest.raises(LisaError, match="no density in closed form"):
        TwoStage(**QUICK).fit(ring(9)).log_prob(ring(2))


def test_bad_settings_codes_and_spreads_are_refused():
    for settings in ({"width": 0}, {"steps": 0}, {"seed": -1}):
        with pytest.raises(LisaError, match="width >= 1, steps >= 1 and seed >= 0"):
            TwoStage(**settings)
    law = TwoStage(**QUICK)
    with pytest.raises(LisaError, match="1 of 9 codes hold NaN"):
        law.fit(np.where(np.arange(18).reshape(9, 2) == 5, np.nan, ring(9)))
    with pytest.raises(LisaError, match=r"must have that shape .* not shape \[9, 1\]"):
        law.fit(ring(9), np.ones((9, 1)))
    with pytest.raises(LisaError, match="least entry -1"):
        law.fit(ring(9), np.full((9, 2), -1.0))
    with pytest.raises(LisaError, match="largest entry"):
        law.fit(1e200 * ring(9))
    with pytest.raises(LisaError, match="n >= 0"):
        law.fit(ring(9)).sample(-1, seed=0)
