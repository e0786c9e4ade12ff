"""What a run keeps for sampling: fitted samplers and training codes."""

import numpy as np
import pytest
from small_nets import Vectors, vectors

from shared.common.errors import LisaError
from shared.methods import AE, LISA, VAE, Codes, fit_sampler, sampler_names
from shared.runs.expost import (
    CODES,
    fit_samplers,
    load_codes,
    load_samplers,
    save_codes,
    save_samplers,
)
from shared.runs.run import Run


def fitted(method, **options):
    net = Vectors(width=method.encoder_width(3))
    codes = Codes(method.encode(net, vectors(60)).detach().double().numpy())
    return net, codes, fit_samplers(method, net, codes, 5, **options)


@pytest.mark.parametrize("method", [AE(), LISA(), VAE()])
def test_a_method_gets_the_samplers_it_can_have(method):
    heard = []
    net, codes, samplers = fitted(method, notify=heard.append)
    assert tuple(samplers) == sampler_names(method)
    for name, sampler in samplers.items():
        expected = fit_sampler(method, name, net, codes, 5)
        np.testing.assert_array_equal(sampler.sample(9, 1), expected.sample(9, 1))
        assert f"fitting the sampler {name}" in heard
        assert all(f"{name}: {note}" in heard for note in sampler.notes)


def test_only_some_samplers_may_be_fitted_and_others_are_refused():
    assert tuple(fitted(AE(), names=("gmm",))[2]) == ("gmm",)
    with pytest.raises(LisaError, match="the method ae has no sampler 'prior'"):
        fitted(AE(), names=("prior",))


def test_samplers_come_back_from_their_run(tmp_path):
    run = Run(tmp_path, {})
    _, _, samplers = fitted(LISA())
    save_samplers(run, samplers)
    again = load_samplers(run)
    assert list(again) == list(samplers)
    for name, sampler in samplers.items():
        np.testing.assert_array_equal(again[name].sample(20, 3), sampler.sample(20, 3))


@pytest.mark.parametrize("spread", [None, np.ones((4, 3))])
def test_codes_come_back_from_their_run(tmp_path, spread):
    run = Run(tmp_path, {})
    mean = np.random.default_rng(0).standard_normal((4, 3))
    save_codes(run, Codes(mean, spread))
    again = load_codes(run)
    np.testing.assert_array_equal(again.mean, mean)
    assert (again.posterior_std is None) == (spread is None)


def test_a_file_of_something_else_holds_no_codes(tmp_path):
    run = Run(tmp_path, {})
    run.write_tensors(CODES, {}, {})
    with pytest.raises(LisaError, match=r"codes\.safetensors holds no codes; train again"):
        load_codes(run)
