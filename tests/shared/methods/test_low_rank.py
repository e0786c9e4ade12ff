import math

import numpy as np
import pytest
import torch
from small_nets import Vectors, vectors

from shared.common.errors import LisaError
from shared.methods.base import equip
from shared.methods.low_rank import IRMAE, LoRAE, square_maps


def equipped(method, dim=3):
    net = Vectors(dim, dim, plain=True)
    equip(net, method, seed=0)
    return net.double(), vectors(9).double()


def maps_of(net):
    return [weight.detach().numpy() for weight in net.parts["linear"].parameters()]


@pytest.mark.parametrize("layers", [1, 2, 8])
def test_codes_of_irmae_are_the_product_of_its_maps(layers):
    net, x = equipped(IRMAE(layers))
    maps = maps_of(net)
    assert [each.shape for each in maps] == [(3, 3)] * layers
    product = np.eye(3)
    for each in maps:
        product = each @ product
    encoded = net.encode(x).detach().numpy()
    z = IRMAE(layers).encode(net, x)
    np.testing.assert_allclose(z.detach().numpy(), encoded @ product.T, rtol=1e-12)
    errors = 0.5 * ((x - net.decode(z)) ** 2).sum(1)
    terms = IRMAE(layers).loss(net, x)
    assert list(terms) == ["reconstruction"]
    assert terms["reconstruction"].item() == pytest.approx(errors.mean().item())


def test_the_maps_are_linear_and_without_bias():
    net, _ = equipped(IRMAE())
    assert len(list(net.parts.parameters())) == 8
    assert torch.equal(net.parts["linear"](torch.zeros(2, 3).double()), torch.zeros(2, 3).double())


@pytest.mark.parametrize("layers", [1, 8])
def test_codes_do_not_vanish_however_many_maps_there_are(layers):
    torch.default_generator.manual_seed(0)
    z = torch.randn(500, 32)
    z /= z.square().mean().sqrt()
    with torch.no_grad():
        gains = [square_maps(32, layers)(z).square().mean().item() for _ in range(200)]
    error = np.std(gains) / math.sqrt(len(gains))
    assert abs(np.mean(gains) - 1) < 4 * error
    assert error < 0.1
    assert min(gains) > 0.05


@pytest.mark.parametrize("weight", [0.4, 0.0, 3.0])
def test_the_loss_of_lorae_has_the_nuclear_norm(weight):
    net, x = equipped(LoRAE(weight))
    (linear,) = maps_of(net)
    terms = LoRAE(weight).loss(net, x)
    assert list(terms) == ["reconstruction", "nuclear"]
    norm = np.linalg.svd(linear, compute_uv=False).sum()
    assert terms["nuclear"].item() == pytest.approx(weight * norm)
    z = net.encode(x).detach().numpy() @ linear.T
    np.testing.assert_allclose(LoRAE().encode(net, x).detach().numpy(), z)
    errors = 0.5 * ((x - net.decode(torch.from_numpy(z))) ** 2).sum(1)
    assert terms["reconstruction"].item() == pytest.approx(errors.mean().item())


def test_the_gradient_of_the_nuclear_norm_is_that_of_the_singular_vectors():
    net, x = equipped(LoRAE(1.0))
    (weight,) = net.parts["linear"].parameters()
    left, _, right = np.linalg.svd(weight.detach().numpy())
    LoRAE(1.0).loss(net, x)["nuclear"].backward()
    np.testing.assert_allclose(weight.grad.numpy(), left @ right, atol=1e-12)


DEGENERATE = {
    "zero": torch.zeros(3, 3),
    "equal singular values": torch.eye(3),
    "rank one": torch.ones(3, 3),
}


@pytest.mark.parametrize("matrix", DEGENERATE.values(), ids=DEGENERATE)
def test_the_nuclear_norm_of_degenerate_maps_has_a_finite_gradient(matrix):
    net, x = equipped(LoRAE(1.0))
    (weight,) = net.parts["linear"].parameters()
    with torch.no_grad():
        weight.copy_(matrix)
    loss = LoRAE(1.0).loss(net, x)["nuclear"]
    assert loss.item() == pytest.approx(np.linalg.norm(matrix.numpy(), "nuc"), abs=1e-12)
    loss.backward()
    assert weight.grad.isfinite().all()
    assert torch.linalg.matrix_norm(weight.grad, 2) <= 1 + 1e-9


def test_the_nuclear_norm_makes_codes_of_lower_rank():
    ranks = []
    for weight in (0.0, 0.4):
        net, x = equipped(LoRAE(weight))
        optimizer = torch.optim.Adam(net.parameters(), 0.01)
        for _ in range(300):
            optimizer.zero_grad()
            sum(LoRAE(weight).loss(net, x).values()).backward()
            optimizer.step()
        values = np.linalg.svd(maps_of(net)[0], compute_uv=False)
        ranks.append((values > 0.05 * values[0]).sum())
    assert ranks[1] < ranks[0] == 3


def test_fields_that_are_none_are_refused():
    for layers in (0, 33, math.nan):
        with pytest.raises(LisaError, match=f"irmae: layers must be at least 1 .*, not {layers}"):
            IRMAE(layers)
    with pytest.raises(LisaError, match="lorae: nuclear-weight must be at least 0"):
        LoRAE(-0.1)
