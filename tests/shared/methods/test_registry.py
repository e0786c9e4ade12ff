"""The contract of every method, on vectors and on sentences."""

import copy
import dataclasses
import json
import math
import re
from fnmatch import fnmatchcase

import numpy as np
import pytest
import torch
from small_nets import Vectors, vectors

from grammar_lisa.grammar import parse_grammar
from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.models.mask import GrammarMask
from grammar_lisa.models.networks import build_network
from shared.common.errors import LisaError
from shared.methods import Codes, Method, equip, fit_sampler, sampler_names
from shared.methods.registry import METHODS
from shared.runs.tensors import read_tensors, write_tensors
from shared.samplers import mixtures, sampler_from_state

DIM = 3
GRAMMAR = parse_grammar("S -> S '+' T | T\nT -> 'x' | 'y' | '(' S ')'")
LENGTH = 9

SMALL = {"2s-vae": {"second_width": 8, "second_steps": 20}}
"""Settings, by method, with which fitting a method's own samplers takes no time."""

REFUSED = {
    ("vae-vampprior", net): "pseudo-inputs are continuous inputs, but .* examples are discrete"
    for net in ("dense sentences", "kusner sentences")
}
"""Which methods cannot serve which nets, and what they say of it."""

WITHOUT_GRADIENT: dict[tuple[str, str], str] = {}
"""By method and pattern of a parameter's name: why the loss cannot depend on the parameter."""


def on_vectors(method, n=24, seed=0):
    return Vectors(DIM, method.encoder_width(DIM), seed=seed), vectors(n)


def on_sentences(network):
    def make(method, n=24, seed=0):
        mask = GrammarMask(GRAMMAR, LENGTH)
        net = build_network(network, mask, DIM, method.encoder_width(DIM), seed)
        derivations = sample_uniform(GRAMMAR, n, LENGTH, seed=0)
        return net, torch.from_numpy(to_array(derivations, LENGTH, mask.pad))

    return make


DATA = {
    "vectors": on_vectors,
    "dense sentences": on_sentences("dense"),
    "kusner sentences": on_sentences("kusner"),
}

SERVED = [(name, data) for name in METHODS for data in DATA if (name, data) not in REFUSED]


def build(method, data, n=24, seed=0):
    """A net with the method's parts, and data for it."""
    net, x = DATA[data](method, n, seed)
    equip(net, method, seed)
    return net, x


def make(name, **settings):
    return METHODS[name](**SMALL.get(name, {}) | settings)


@pytest.fixture(params=SERVED, ids=" on ".join)
def served(request):
    """A method and the name of data that it can serve."""
    name, data = request.param
    return make(name), data


def losses(method, net, x, steps, rate=0.01):
    """The terms of the loss in each step of a training."""
    optimizer = torch.optim.Adam(net.parameters(), rate)
    for _ in range(steps):
        terms = method.loss(net, x)
        yield terms
        optimizer.zero_grad()
        sum(terms.values()).backward()
        optimizer.step()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param(*pair, marks=pytest.mark.slow if pair[1] == "kusner sentences" else ())
        for pair in SERVED
    ],
)
def test_the_loss_falls_and_every_term_is_finite(name, data):
    method = make(name)
    torch.default_generator.manual_seed(0)
    net, x = build(method, data)
    totals = []
    for terms in losses(method, net, x, steps=40):
        assert "reconstruction" in terms
        assert all(value.ndim == 0 and value.isfinite() for value in terms.values())
        totals.append(sum(terms.values()).item())
    assert sum(totals[-5:]) < sum(totals[:5]) - 0.1


def test_every_parameter_gets_a_gradient(served):
    method, data = served
    torch.default_generator.manual_seed(0)
    net, x = build(method, data)
    sum(method.loss(net, x).values()).backward()
    patterns = [pattern for name, pattern in WITHOUT_GRADIENT if name == method.name]
    for name, value in net.named_parameters():
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            assert value.grad is None or not value.grad.any(), f"{name} has a gradient after all"
            continue
        assert value.grad is not None, name
        assert value.grad.isfinite().all(), name
        assert value.grad.abs().max() > 0, name


def test_codes_are_what_the_interface_takes(served):
    method, data = served
    net, x = build(method, data)
    net.eval()
    with torch.no_grad():
        z = method.encode(net, x)
        assert z.shape == (len(x), DIM)
        seen = method.to_decoder(net, z)
        assert seen.shape == z.shape
        torch.testing.assert_close(method.to_decoder(net, seen), seen)
        if method.spherical:
            torch.testing.assert_close(seen.norm(dim=1), torch.ones(len(x)))
            torch.testing.assert_close(method.to_decoder(net, 7 * z), seen)
        elif type(method).to_decoder is Method.to_decoder:
            assert torch.equal(seen, z)
        assert method.reconstruction(net, x, z).shape == (len(x),)


def test_spreads_are_positive_or_none(served):
    method, data = served
    net, x = build(method, data)
    spread = method.posterior_std(net, x)
    if spread is not None:
        assert spread.shape == (len(x), DIM)
        assert spread.isfinite().all()
        assert (spread > 0).all()


def test_configuration_and_weights_survive_a_round_trip(served, tmp_path):
    method, data = served
    record = json.loads(json.dumps({"name": method.name, **dataclasses.asdict(method)}))
    again = METHODS[record.pop("name")](**record)
    assert again == method
    net, x = build(method, data, seed=1)
    other, _ = build(again, data, seed=2)
    write_tensors(tmp_path / "net", net.state_dict(), {})
    with torch.no_grad():
        net.eval()
        other.eval()
        assert not torch.equal(method.encode(net, x), again.encode(other, x))
        other.load_state_dict(read_tensors(tmp_path / "net")[0])
        assert torch.equal(method.encode(net, x), again.encode(other, x))
    assert evaluate(method, net, x) == evaluate(again, other, x)


def evaluate(method, net, x):
    """The terms without training, as numbers."""
    torch.default_generator.manual_seed(3)
    with torch.no_grad():
        return {name: value.item() for name, value in method.loss(net.eval(), x).items()}


def test_evaluation_repeats_and_changes_nothing(served):
    method, data = served
    net, x = build(method, data)
    for _ in losses(method, net, x, steps=2):
        pass
    net.zero_grad(set_to_none=True)
    before = copy.deepcopy(net.state_dict())
    first = evaluate(method, net, x)
    assert all(math.isfinite(value) for value in first.values())
    assert evaluate(method, net, x) == first
    assert net.state_dict().keys() == before.keys()
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert not any(module.training for module in net.modules())
    assert all(value.grad is None for value in net.parameters())
    assert all(value.requires_grad for value in net.parameters())


@pytest.fixture
def rough_mixtures(monkeypatch):
    """Mixtures of Gaussians whose fits end soon: how well they fit is for other tests to say."""
    monkeypatch.setitem(mixtures._FIT, "tol", 10.0)


def training_codes(method, net, x):
    with torch.no_grad():
        spread = method.posterior_std(net, x)
        return Codes(
            method.encode(net, x).double().numpy(),
            None if spread is None else spread.double().numpy(),
        )


@pytest.mark.usefixtures("rough_mixtures")
def test_every_sampler_fits_draws_decodes_and_is_stored(served):
    method, data = served
    net, x = build(method, data, n=64)
    codes = training_codes(method, net.eval(), x)
    names = sampler_names(method)
    assert set(method.own_samplers) <= set(names)
    for name in names:
        sampler = fit_sampler(method, name, net, codes, seed=1)
        draws = sampler.sample(7, seed=2)
        assert draws.shape == (7, DIM), name
        assert draws.dtype == np.float64, name
        assert np.isfinite(draws).all(), name
        np.testing.assert_array_equal(sampler.sample(7, seed=2), draws)
        assert not np.array_equal(sampler.sample(7, seed=3), draws), name
        refitted = fit_sampler(method, name, net, codes, seed=1)
        np.testing.assert_array_equal(refitted.sample(7, seed=2), draws)
        stored = sampler_from_state(sampler.state())
        np.testing.assert_array_equal(stored.sample(7, seed=2), draws)
        with torch.no_grad():
            decoded = net.decode(method.to_decoder(net, torch.from_numpy(draws).float()))
        assert len(decoded) == 7
        assert decoded.isfinite().all(), name


@pytest.mark.parametrize("name", METHODS)
def test_a_sampler_that_is_none_is_refused_with_those_there_are(name):
    method = make(name)
    net, x = build(method, "vectors")
    codes = training_codes(method, net.eval(), x)
    with pytest.raises(LisaError, match=f"{name} has no sampler 'dice'; valid: .*gaussian, gmm"):
        fit_sampler(method, "dice", net, codes, seed=0)
    with pytest.raises(LisaError, match=f"{name} has no sampler 'dice' of its own"):
        method.own_sampler("dice", net, codes, seed=0)


def draw_setting(kind, random):
    """Values for some of a method's fields, many of them outside what the method allows."""
    setting = {}
    for field in dataclasses.fields(kind):
        if random.random() < 0.5:
            continue
        if isinstance(field.default, bool):
            setting[field.name] = bool(random.integers(2))
        elif isinstance(field.default, int):
            setting[field.name] = int(random.integers(-1, 9))
        elif isinstance(field.default, float):
            value = 10.0 ** random.uniform(-9, 9)
            setting[field.name] = float(random.choice([value, value, value, 0.0, -value]))
    return setting


@pytest.mark.parametrize("name", METHODS)
def test_any_setting_is_refused_or_trains(name):
    random = np.random.default_rng(0)
    accepted = 0
    for _ in range(50):
        setting = draw_setting(METHODS[name], random)
        torch.default_generator.manual_seed(0)
        try:
            method = METHODS[name](**setting)
            net, x = build(method, "vectors", n=8)
        except LisaError as error:
            assert str(error).startswith(f"{name}: "), setting  # noqa: PT017
            continue
        accepted += 1
        for terms in losses(method, net, x, steps=4, rate=1e-3):
            assert all(value.isfinite() for value in terms.values()), (setting, terms)
    assert accepted >= 5


def test_exactly_the_methods_of_the_table_refuse_a_net():
    refused = {}
    for name in METHODS:
        for data in DATA:
            try:
                build(make(name), data)
            except LisaError as error:
                refused[name, data] = str(error)
    assert refused.keys() == {key for key in REFUSED if key[0] in METHODS}
    for key, message in refused.items():
        assert re.search(REFUSED[key], message), message


def test_equipping_depends_on_the_seed_alone_and_leaves_the_global_state(served):
    method, data = served
    torch.default_generator.manual_seed(5)
    expected = torch.rand(3)
    torch.default_generator.manual_seed(5)
    first, _ = build(method, data)
    assert torch.equal(torch.rand(3), expected)
    torch.rand(7)
    second, _ = build(method, data)
    assert first.state_dict().keys() == second.state_dict().keys()
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name]), name


def test_methods_are_found_by_their_name_and_cannot_change():
    assert METHODS
    assert len({kind.title for kind in METHODS.values()}) == len(METHODS)
    for name, kind in METHODS.items():
        assert kind.name == name
        assert issubclass(kind, Method)
        assert isinstance(kind.spherical, bool)
        method = kind()
        for field in dataclasses.fields(method):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(method, field.name, 1.0)
