"""Which samplers a method has, and that each is fitted to the codes alone, by its own seed."""

import numpy as np
import pytest
import torch
from small_nets import Vectors

from shared.common.errors import LisaError
from shared.methods import Codes, equip, fit_sampler, sampler_names
from shared.methods.registry import METHODS
from shared.methods.sampling import FITTED
from shared.samplers import Projected, StandardNormal, Uniform, sampler_from_state

DIM = 3
QUICK = {"2s-vae": {"second_width": 8, "second_steps": 20}}


def method_of(name):
    return METHODS[name](**QUICK.get(name, {}))


def net_of(method):
    net = Vectors(DIM, method.encoder_width(DIM))
    equip(net, method, seed=0)
    return net.eval()


def codes_of(method, n=60, seed=0):
    random = np.random.default_rng(seed)
    mean = 2 + random.standard_normal((n, DIM)) @ np.diag([1.0, 0.5, 2.0])
    spread = random.uniform(0.1, 0.5, (n, DIM)) if method.encoder_width(DIM) > DIM else None
    return Codes(mean, spread)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_has_its_own_samplers_and_those_of_any_codes(name):
    method = METHODS[name]()
    names = sampler_names(method)
    assert len(set(names)) == len(names)
    assert names[: len(method.own_samplers)] == method.own_samplers
    assert ("uniform" in names) == (method.spherical or "uniform" in method.own_samplers)
    assert names[-3:] == tuple(FITTED) == ("gaussian", "gmm", "dirichlet")


@pytest.mark.parametrize("name", METHODS)
def test_every_sampler_of_every_method_is_fitted_and_drawn_from(name):
    method = method_of(name)
    net, codes = net_of(method), codes_of(method)
    before = torch.get_rng_state()
    for sampler in sampler_names(method):
        law = fit_sampler(method, sampler, net, codes, seed=3)
        draws = law.sample(7, seed=1)
        assert draws.shape == (7, DIM)
        assert np.isfinite(draws).all()
        again = fit_sampler(method, sampler, net, codes, seed=3)
        np.testing.assert_array_equal(again.sample(7, seed=1), draws)
        stored = sampler_from_state(law.state())
        np.testing.assert_array_equal(stored.sample(7, seed=1), draws)
        if method.spherical:
            np.testing.assert_allclose(np.linalg.norm(draws, axis=1), 1)
        elif sampler in FITTED:
            assert abs(law.sample(4000, 0).mean(0) - codes.mean.mean(0)).max() < 0.3
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("wrong", ["nearest", "", "projected", "Gaussian"])
def test_other_samplers_are_refused_with_those_there_are(name, wrong):
    method = METHODS[name]()
    valid = ", ".join(sampler_names(method))
    with pytest.raises(LisaError) as caught:
        fit_sampler(method, wrong, net_of(method), codes_of(method), seed=0)
    assert str(caught.value) == f"the method {name} has no sampler '{wrong}'; valid: {valid}"


@pytest.mark.parametrize("name", [name for name, kind in METHODS.items() if not kind.spherical])
def test_off_the_sphere_there_is_no_uniform_law(name):
    method = METHODS[name]()
    if "uniform" not in method.own_samplers:
        with pytest.raises(LisaError, match=f"{name} has no sampler 'uniform'"):
            fit_sampler(method, "uniform", net_of(method), codes_of(method), seed=0)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_knows_its_own_samplers_only(name):
    method = METHODS[name]()
    with pytest.raises(LisaError, match=f"{name} has no sampler 'nearest' of its own"):
        method.own_sampler("nearest", net_of(method), codes_of(method), 0)


def test_directions_are_drawn_for_a_method_of_directions():
    method, codes = METHODS["lisa"](), codes_of(METHODS["lisa"]())
    for name in FITTED:
        law = fit_sampler(method, name, net_of(method), codes, seed=0)
        assert isinstance(law, Projected)
        assert law.sampler.kind == name
    assert isinstance(fit_sampler(method, "uniform", net_of(method), codes, 0), Uniform)
    plain = fit_sampler(METHODS["ae"](), "gmm", net_of(METHODS["ae"]()), codes, seed=0)
    inner = fit_sampler(method, "gmm", net_of(method), codes, seed=0).sampler
    np.testing.assert_array_equal(inner.sample(5, 0), plain.sample(5, 0))


def test_the_prior_of_a_variational_method_is_standard_normal():
    method = METHODS["vae"]()
    law = fit_sampler(method, "prior", net_of(method), codes_of(method), seed=0)
    assert isinstance(law, StandardNormal)
    draws = law.sample(20_000, seed=0)
    assert abs(draws.mean(0)).max() < 0.05
    assert abs(np.cov(draws.T) - np.eye(DIM)).max() < 0.05


def test_each_sampler_has_a_seed_of_its_own():
    method = METHODS["ae"]()
    net, codes = net_of(method), codes_of(method)
    seeds = {
        int(fit_sampler(method, name, net, codes, seed).seed)
        for name in ("gmm", "dirichlet")
        for seed in (0, 1)
    }
    assert len(seeds) == 4
    assert all(0 <= seed < 2**32 for seed in seeds)
