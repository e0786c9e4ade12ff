"""LISA's own loss."""

import math

import pytest
import torch
from scipy import stats
from small_nets import Vectors, vectors

from shared.common.errors import LisaError
from shared.methods import LISA, READOUT, VAE, equip
from shared.sphere.geometry import geodesic


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


def aligned_net(weight, numbers=4):
    """A net with the method's readout, the method, examples and what they do."""
    net, method = Vectors(plain=True), LISA(alignment_weight=weight)
    net.semantics = numbers
    equip(net, method, seed=0)
    return net.double(), method, vectors(9).double(), vectors(9, seed=1).double()[:, :numbers]


@pytest.mark.parametrize("weight", [0.5, 7.0])
def test_the_alignment_is_the_mean_squared_error_of_a_linear_readout_of_directions(weight):
    net, method, x, semantics = aligned_net(weight)
    terms = method.aligned_loss(net, x, semantics)
    assert list(terms) == ["reconstruction", "uniformity", "alignment"]
    readout = net.parts[READOUT]
    weights, biases = readout.weight.tolist(), readout.bias.tolist()
    errors = []
    for code, wanted in zip(net.encode(x).tolist(), semantics.tolist(), strict=True):
        u = [value / math.hypot(*code) for value in code]
        read = [
            sum(a * b for a, b in zip(row, u, strict=True)) + bias
            for row, bias in zip(weights, biases, strict=True)
        ]
        errors += [(a - b) ** 2 for a, b in zip(read, wanted, strict=True)]
    assert len(errors) == 36
    assert terms.pop("alignment").item() == pytest.approx(weight * sum(errors) / 36)
    plain = LISA().loss(net, x)
    assert terms.keys() == plain.keys()
    assert all(torch.equal(terms[name], plain[name]) for name in plain)


def test_the_alignment_moves_encoder_and_readout_but_no_decoder():
    net, method, x, semantics = aligned_net(5.0)
    method.aligned_loss(net, x, semantics)["alignment"].backward()
    moved = [*net.encoder.parameters(), *net.to_code.parameters(), *net.parts.parameters()]
    assert all(weights.grad.abs().max() > 0 for weights in moved)
    assert all(weights.grad is None for weights in net.decoder.parameters())


@pytest.mark.parametrize("method", [LISA(), VAE()], ids=lambda method: method.name)
def test_without_alignment_semantics_change_nothing(method):
    net, x = Vectors(width=method.encoder_width(3)), vectors(9)
    net.semantics = 4
    before = {name: value.clone() for name, value in net.state_dict().items()}
    equip(net, method, seed=0)
    assert before.keys() == net.state_dict().keys()
    found = []
    for loss in (method.loss, lambda net, x: method.aligned_loss(net, x, torch.ones(9, 4))):
        net.load_state_dict(before)
        torch.default_generator.manual_seed(0)
        found.append(loss(net, x))
    assert found[0].keys() == found[1].keys()
    assert all(torch.equal(value, found[1][name]) for name, value in found[0].items())


def test_a_net_that_is_not_told_what_examples_do_cannot_be_aligned():
    with pytest.raises(
        LisaError, match=r"lisa: an alignment-weight above 0 .* those of Vectors have none"
    ):
        equip(Vectors(), LISA(alignment_weight=1.0), seed=0)


class Seen(Vectors):
    """Examples have views: the next example each."""

    has_views = True

    def view(self, x):
        return x.roll(-1, 0)


@pytest.mark.parametrize("weight", [0.5, 7.0])
def test_the_alignment_of_views_is_the_mean_squared_distance_of_their_directions(weight):
    net, method, x = Seen(plain=True), LISA(alignment_weight=weight), vectors(9).double()
    equip(net, method, seed=0)
    net = net.double()
    assert not net.parts
    terms = method.loss(net, x)
    u = [[value / math.hypot(*z) for value in z] for z in net.encode(x).tolist()]
    distances = [math.dist(a, b) ** 2 for a, b in zip(u, [*u[1:], u[0]], strict=True)]
    assert terms.pop("alignment").item() == pytest.approx(weight * sum(distances) / 9)
    plain = LISA().loss(net, x)
    assert terms.keys() == plain.keys()
    assert all(torch.equal(terms[name], plain[name]) for name in plain)


def test_views_are_not_looked_at_without_a_weight():
    class Hidden(Seen):
        def view(self, x):
            raise AssertionError

    assert list(LISA().loss(Hidden(), vectors(9))) == ["reconstruction", "uniformity"]


@pytest.mark.parametrize("value", [-0.1, 2e6, math.nan, math.inf])
def test_an_alignment_weight_that_is_none_is_refused(value):
    with pytest.raises(LisaError, match="lisa: alignment-weight must be at least 0 and at most"):
        LISA(alignment_weight=value)


class Listening(Vectors):
    """Keeps what its decoder was given."""

    def decode(self, u):
        self.given = u
        return super().decode(u)


def test_noise_turns_the_directions_that_are_decoded_and_not_those_that_are_spread():
    net = Listening(plain=True)
    x = vectors(500)
    plain = LISA().loss(net, x)
    u = net.given
    torch.manual_seed(3)
    noisy = LISA(noise_angle=0.7).loss(net, x)
    angles = geodesic(u, net.given)
    assert stats.kstest(angles.detach().numpy() / 0.7, "uniform").pvalue > 1e-3
    assert angles.max() <= 0.7 + 1e-5
    assert torch.equal(noisy["uniformity"], plain["uniformity"])
    assert noisy["reconstruction"] != plain["reconstruction"]
    assert torch.equal(LISA().to_decoder(net, net.encode(x)), u)


@pytest.mark.parametrize("value", [-0.1, 3.2, math.nan])
def test_a_noise_angle_that_is_none_is_refused(value):
    with pytest.raises(LisaError, match=r"lisa: noise-angle must be at least 0 and at most 3\.14"):
        LISA(noise_angle=value)
