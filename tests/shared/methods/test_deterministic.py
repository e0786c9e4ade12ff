import math

import pytest
import torch
from small_nets import INPUTS, Vectors, vectors
from torch import nn

from shared.common.errors import LisaError
from shared.methods.deterministic import (
    AE,
    RAEGP,
    RAEL2,
    AESphere,
    differentiable_twice,
    jacobian_penalty,
)


def plain_net(seed=0):
    return Vectors(plain=True, seed=seed).double(), vectors(9).double()


def half_squares(net, x, codes):
    """R as it is written, from lists of numbers."""
    decoded = net.decode(torch.tensor(codes, dtype=torch.float64)).tolist()
    pairs = zip(x.tolist(), decoded, strict=True)
    return sum(0.5 * math.dist(row, other) ** 2 for row, other in pairs) / len(codes)


def squared_norm(rows):
    return sum(math.hypot(*row) ** 2 for row in rows) / len(rows)


def basis_probes(monkeypatch):
    """Probes that are the basis vectors in turn: their sum is exact, as is √P times their mean."""
    count = iter(range(10**6))

    def randn_like(decoded):
        one = torch.zeros_like(decoded)
        one[:, next(count) % INPUTS] = math.sqrt(INPUTS)
        return one

    monkeypatch.setattr(torch, "randn_like", randn_like)


def jacobians(net, z, **settings):
    """∂D/∂z of each example, from one code at a time."""
    return [
        torch.autograd.functional.jacobian(lambda row: net.decode(row[None])[0], row, **settings)
        for row in z
    ]


def test_the_loss_of_ae_is_the_reconstruction():
    net, x = plain_net()
    terms = AE().loss(net, x)
    assert list(terms) == ["reconstruction"]
    expected = half_squares(net, x, net.encode(x).tolist())
    assert terms["reconstruction"].item() == pytest.approx(expected)


def test_ae_sphere_decodes_directions():
    net, x = plain_net()
    terms = AESphere().loss(net, x)
    codes = net.encode(x).tolist()
    directions = [[value / math.hypot(*code) for value in code] for code in codes]
    assert list(terms) == ["reconstruction"]
    assert terms["reconstruction"].item() == pytest.approx(half_squares(net, x, directions))
    assert terms["reconstruction"].item() != pytest.approx(half_squares(net, x, codes))


@pytest.mark.parametrize(("beta", "decay"), [(1e-4, 1e-7), (0.3, 2.0), (0.0, 0.5)])
def test_the_loss_of_rae_l2_is_the_equation(beta, decay):
    net, x = plain_net()
    terms = RAEL2(beta, decay).loss(net, x)
    assert list(terms) == ["reconstruction", "code", "decoder"]
    codes = net.encode(x).tolist()
    weights = [value for each in net.decoder.parameters() for value in each.flatten().tolist()]
    assert len(weights) == 3 * 8 + 8 + 8 * 6 + 6
    assert terms["reconstruction"].item() == pytest.approx(half_squares(net, x, codes))
    assert terms["code"].item() == pytest.approx(beta * squared_norm(codes))
    assert terms["decoder"].item() == pytest.approx(decay * math.hypot(*weights) ** 2)


@pytest.mark.parametrize(("beta", "weight"), [(1e-4, 5e-8), (0.3, 2.0)])
def test_the_loss_of_rae_gp_is_the_equation(beta, weight, monkeypatch):
    net, x = plain_net()
    z = net.encode(x)
    norms = [matrix.square().sum().item() for matrix in jacobians(net, z)]
    basis_probes(monkeypatch)
    terms = RAEGP(beta, weight, probes=INPUTS).loss(net, x)
    assert list(terms) == ["reconstruction", "code", "gradient"]
    assert terms["reconstruction"].item() == pytest.approx(half_squares(net, x, z.tolist()))
    assert terms["code"].item() == pytest.approx(beta * squared_norm(z.tolist()))
    assert terms["gradient"].item() == pytest.approx(weight * 0.5 * sum(norms) / len(norms))


def test_the_gradient_of_the_penalty_is_that_of_the_exact_jacobian(monkeypatch):
    net, x = plain_net()
    net.decoder[1] = nn.Softplus()
    exact = 0.5 * sum(
        matrix.square().sum() for matrix in jacobians(net, net.encode(x), create_graph=True)
    )
    (exact / len(x)).backward()
    expected = {name: value.grad for name, value in net.named_parameters()}
    assert expected["encoder.0.weight"].abs().max() > 0
    net.zero_grad()
    basis_probes(monkeypatch)
    RAEGP(0.0, 1.0, probes=INPUTS).loss(net, x)["gradient"].backward()
    for name, value in net.named_parameters():
        if expected[name] is not None:
            torch.testing.assert_close(value.grad, expected[name])


def test_random_probes_estimate_the_jacobian_without_bias():
    torch.default_generator.manual_seed(0)
    net, x = plain_net()
    z = net.encode(x).detach().requires_grad_()
    exact = torch.stack([matrix.square().sum() for matrix in jacobians(net, z)])
    decoded = net.decode(z)
    draws = torch.stack([jacobian_penalty(z, decoded, 1, False) for _ in range(3000)])
    error = draws.std(0) / math.sqrt(len(draws))
    assert ((draws.mean(0) - exact).abs() < 4.5 * error).all()
    assert (error < 0.05 * exact).all()
    few = torch.stack([jacobian_penalty(z, decoded, 10, False) for _ in range(300)])
    shrink = (few.std(0) / draws.std(0)).mean().item()
    assert shrink == pytest.approx(1 / math.sqrt(10), rel=0.1)


class Linear(Vectors):
    """Encodes by a multiple of one matrix and decodes by another."""

    def __init__(self, gain):
        super().__init__(plain=True)
        self.gain = gain
        self.matrix = nn.Parameter(torch.arange(18.0).view(6, 3).sin())

    def encode(self, x):
        return self.gain * x[:, :3]

    def decode(self, u):
        return u @ self.matrix.T


def test_the_penalty_is_of_the_code_and_not_of_the_input():
    found = []
    for gain in (1e-3, 1.0, 1e3):
        torch.default_generator.manual_seed(0)
        net = Linear(gain)
        terms = RAEGP(0.0, 1.0, probes=1000).loss(net, vectors(200))
        found.append(terms["gradient"].item())
    assert found[0] == pytest.approx(found[1]) == pytest.approx(found[2])
    assert found[1] == pytest.approx(0.5 * net.matrix.square().sum().item(), rel=0.02)


class Deaf(Linear):
    """Decodes every code to the same."""

    def decode(self, u):
        return self.matrix.flatten()[:6].expand(len(u), -1)


def test_the_penalty_of_a_decoder_that_ignores_the_code_is_zero():
    terms = RAEGP(0.0, 1.0).loss(Deaf(1.0), vectors(5))
    assert terms["gradient"].item() == 0
    assert terms["reconstruction"].item() > 0
    sum(terms.values()).backward()


@pytest.mark.parametrize("training", [True, False])
def test_rae_gp_is_the_same_without_gradients(training):
    net, x = plain_net()
    net.train(training)
    torch.default_generator.manual_seed(0)
    expected = RAEGP(0.1, 0.1).loss(net, x)
    torch.default_generator.manual_seed(0)
    with torch.no_grad():
        found = RAEGP(0.1, 0.1).loss(net, x)
    assert found["gradient"].item() > 0
    for name, value in found.items():
        assert torch.equal(value, expected[name].detach())
        assert not value.requires_grad
    assert all(value.grad is None for value in net.parameters())


class Recurrent(Vectors):
    """Decodes by a recurrent layer, one number a step."""

    def __init__(self):
        super().__init__(plain=True)
        self.decoder = nn.GRU(3, 1, batch_first=True)

    def decode(self, u):
        return self.decoder(u[:, None].expand(-1, INPUTS, -1))[0][..., 0]


def test_recurrent_decoders_have_a_penalty_that_can_be_learnt():
    net, x = Recurrent().double(), vectors(4).double()
    exact = torch.stack(
        [m.square().sum() for m in jacobians(net, net.encode(x), create_graph=True)]
    )
    torch.default_generator.manual_seed(0)
    found = RAEGP(0.0, 1.0, probes=200).loss(net, x)["gradient"]
    assert found.item() == pytest.approx(0.5 * exact.mean().item(), rel=0.2)
    found.backward()
    for value in net.decoder.parameters():
        assert value.grad.isfinite().all()
    assert net.decoder.weight_hh_l0.grad.abs().max() > 0


def test_cudnn_is_left_out_for_recurrent_layers_alone():
    before = torch.backends.cudnn.enabled
    with differentiable_twice(Recurrent()):
        assert not torch.backends.cudnn.enabled
    with differentiable_twice(Vectors()):
        assert torch.backends.cudnn.enabled == before
    assert torch.backends.cudnn.enabled == before


@pytest.mark.parametrize("value", [-1e-9, math.nan, math.inf])
def test_weights_that_are_none_are_refused(value):
    with pytest.raises(LisaError, match="rae-l2: code-weight must be at least 0"):
        RAEL2(code_weight=value)
    with pytest.raises(LisaError, match="rae-l2: decoder-weight must be at least 0"):
        RAEL2(decoder_weight=value)
    with pytest.raises(LisaError, match="rae-gp: gradient-weight must be at least 0"):
        RAEGP(gradient_weight=value)
    with pytest.raises(LisaError, match="rae-gp: probes must be at least 1"):
        RAEGP(probes=0)
