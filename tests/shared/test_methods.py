"""The contract of every method, on vectors and on sentences; and LISA's own loss."""

import dataclasses
import json
import math

import pytest
import torch
from small_nets import Vectors, vectors

from grammar_lisa.decoding import StackMachine
from grammar_lisa.derivations.arrays import to_array
from grammar_lisa.derivations.sampling import sample_uniform
from grammar_lisa.grammar import parse_grammar
from grammar_lisa.networks import build_network
from shared.errors import LisaError
from shared.files import read_tensors, write_tensors
from shared.methods import LISA, METHODS, Method

DIM = 3


def on_vectors(method, seed=0):
    return Vectors(DIM, method.encoder_width(DIM), seed=seed), vectors(24)


def on_sentences(network):
    def make(method, seed=0):
        grammar = parse_grammar("S -> S '+' T | T\nT -> 'x' | 'y' | '(' S ')'")
        machine = StackMachine(grammar, 9)
        derivations = sample_uniform(grammar, 24, 9, seed=0)
        net = build_network(network, machine, DIM, method.encoder_width(DIM), seed)
        return net, torch.from_numpy(to_array(derivations, 9, machine.pad))

    return make


DATA = {
    "vectors": on_vectors,
    "dense sentences": on_sentences("dense"),
    "kusner sentences": on_sentences("kusner"),
}


@pytest.fixture(params=DATA)
def data(request):
    return DATA[request.param]


@pytest.fixture(params=METHODS)
def method(request):
    return METHODS[request.param]()


def test_the_loss_falls_and_every_term_is_finite(method, data):
    torch.manual_seed(0)
    net, x = data(method)
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    losses = []
    for _ in range(40):
        terms = method.loss(net, x)
        assert terms
        assert all(value.ndim == 0 and value.isfinite() for value in terms.values())
        total = sum(terms.values())
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        losses.append(total.item())
    assert sum(losses[-5:]) < sum(losses[:5]) - 0.1


def test_every_parameter_gets_a_gradient(method, data):
    net, x = data(method)
    sum(method.loss(net, x).values()).backward()
    for name, value in net.named_parameters():
        assert value.grad is not None, name
        assert value.grad.isfinite().all(), name
        assert value.grad.abs().max() > 0, name


def test_codes_are_what_the_interface_takes(method, data):
    net, x = data(method)
    z = method.encode(net, x)
    assert z.shape == (len(x), DIM)
    seen = method.interface(net, z)
    assert seen.shape == z.shape
    torch.testing.assert_close(method.interface(net, seen), seen)
    if method.spherical:
        torch.testing.assert_close(seen.norm(dim=1), torch.ones(len(x)))
        torch.testing.assert_close(method.interface(net, 7 * z), seen)
    else:
        assert torch.equal(seen, z)


def test_configuration_and_weights_survive_a_round_trip(method, data, tmp_path):
    record = json.loads(json.dumps({"name": method.name, **dataclasses.asdict(method)}))
    again = METHODS[record.pop("name")](**record)
    assert again == method
    net, x = data(method, seed=1)
    write_tensors(tmp_path / "net", net.state_dict(), {})
    other, _ = data(again, seed=2)
    with torch.no_grad():
        net.eval()
        other.eval()
        assert not torch.equal(method.encode(net, x), again.encode(other, x))
        other.load_state_dict(read_tensors(tmp_path / "net")[0])
        assert torch.equal(method.encode(net, x), again.encode(other, x))
        for name, value in method.loss(net, x).items():
            assert torch.equal(value, again.loss(other, x)[name])


def test_methods_are_found_by_their_name_and_cannot_change():
    assert METHODS
    for name, kind in METHODS.items():
        assert kind.name == name
        assert issubclass(kind, Method)
        assert isinstance(kind.spherical, bool)
        method = kind()
        for field in dataclasses.fields(method):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(method, field.name, 1.0)


@pytest.mark.parametrize(("weight", "t"), [(0.1, 2.0), (1.0, 0.5), (7.0, 4.0)])
def test_the_loss_of_lisa_is_equation_14(weight, t):
    net, x = Vectors(plain=True).double(), vectors(9).double()
    terms = LISA(weight, t).loss(net, x)
    assert list(terms) == ["reconstruction", "uniformity"]
    codes = net.encode(x).tolist()
    directions = [[value / math.hypot(*code) for value in code] for code in codes]
    decoded = net.decode(torch.tensor(directions, dtype=torch.float64)).tolist()
    errors = [
        sum((a - b) ** 2 for a, b in zip(row, other, strict=True))
        for row, other in zip(x.tolist(), decoded, strict=True)
    ]
    kernels = [
        math.exp(-t * math.dist(u, v) ** 2)
        for i, u in enumerate(directions)
        for j, v in enumerate(directions)
        if i != j
    ]
    assert len(kernels) == 72
    assert terms["reconstruction"].item() == pytest.approx(sum(errors) / 18)
    assert terms["uniformity"].item() == pytest.approx(weight * math.log(sum(kernels) / 72))


def test_without_weight_lisa_has_no_uniformity_term():
    net, x = Vectors(plain=True), vectors(9)
    with_, without = LISA(0.5).loss(net, x), LISA(0.0).loss(net, x)
    assert list(without) == ["reconstruction"]
    assert torch.equal(without["reconstruction"], with_["reconstruction"])


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, -math.inf])
def test_a_weight_that_is_none_is_refused(value):
    with pytest.raises(
        LisaError, match=f"uniformity-weight must be at least 0 and .*, not {value}"
    ):
        LISA(uniformity_weight=value)


@pytest.mark.parametrize("value", [0.0, -2.0, math.nan, math.inf])
def test_a_t_that_is_none_is_refused(value):
    with pytest.raises(LisaError, match=f"lisa: uniformity-t must be at least .*, not {value}"):
        LISA(uniformity_t=value)
