import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.common.errors import LisaError
from shared.methods.flows import AutoregressiveFlow, Chain, MaskedLinear, PlanarFlow


def seeded(make, seed=0, scale=None):
    """A flow in float64, its weights drawn, and made large where a scale is given."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        flow = make().double()
        if scale is not None:
            for parameter in flow.parameters():
                torch.nn.init.normal_(parameter, std=scale)
    return flow


def codes(n, dim, seed=0):
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def jacobians(flow, z):
    return torch.stack(
        [torch.autograd.functional.jacobian(lambda row: flow(row[None])[0][0], row) for row in z]
    )


FLOWS = {
    "planar": lambda: PlanarFlow(4),
    "autoregressive": lambda: AutoregressiveFlow(4, 16, 2),
    "reversed": lambda: AutoregressiveFlow(4, 16, 2, reverse=True),
    "narrow": lambda: AutoregressiveFlow(4, 1, 1),
    "chain": lambda: Chain([PlanarFlow(4), AutoregressiveFlow(4, 8, 3), PlanarFlow(4)]),
}


@pytest.mark.parametrize("scale", [None, 0.3, 0.6])
@pytest.mark.parametrize("make", FLOWS.values(), ids=FLOWS)
def test_log_determinants_are_those_of_the_jacobian(make, scale):
    flow, z = seeded(make, scale=scale), codes(10, 4)
    moved, log_determinant = flow(z)
    assert moved.shape == z.shape
    assert log_determinant.shape == (10,)
    signs, logs = torch.linalg.slogdet(jacobians(flow, z))
    assert (signs == 1).all()
    torch.testing.assert_close(log_determinant, logs, atol=1e-8, rtol=1e-8)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("dim", "hidden", "layers"), [(2, 3, 1), (5, 32, 2), (9, 4, 3)])
def test_the_jacobian_is_triangular_and_full(dim, hidden, layers, reverse):
    flow = seeded(lambda: AutoregressiveFlow(dim, hidden, layers, reverse=reverse), scale=1.0)
    matrices = jacobians(flow, codes(4, dim))
    matrices = matrices.flip(1, 2) if reverse else matrices
    assert (matrices.triu(1) == 0).all()
    assert (matrices.diagonal(dim1=1, dim2=2) > 0).all()
    if hidden >= dim - 1:
        below = torch.ones(dim, dim).tril(-1).bool()
        assert (matrices.abs().amax(0)[below] > 0).all()


def test_the_autoregressive_gates_are_the_papers():
    flow, z = seeded(lambda: AutoregressiveFlow(3, 8, 2), scale=0.7), codes(6, 3)
    hidden = flow.hidden(z)
    gate, shift = torch.sigmoid(flow.gate(hidden)), flow.shift(hidden)
    moved, log_determinant = flow(z)
    torch.testing.assert_close(moved, gate * z + (1 - gate) * shift)
    torch.testing.assert_close(log_determinant, gate.log().sum(1))


def test_closed_gates_stay_finite():
    flow = AutoregressiveFlow(3, 8, 2)
    torch.nn.init.constant_(flow.gate.bias, -500.0)
    _, log_determinant = flow(torch.zeros(2, 3))
    assert log_determinant.isfinite().all()
    assert (log_determinant < -1000).all()


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(0, 1000), st.floats(1e-6, 1e3))
def test_planar_flows_stay_invertible_whatever_the_weights(dim, seed, scale):
    flow = seeded(lambda: PlanarFlow(dim), seed, scale)
    along, u = flow.direction()
    assert along.item() > -1
    assert u.isfinite().all()
    allowance = 1e-9 * (1 + (flow.w.norm() * u.norm()).item())
    assert (flow.w @ u).item() == pytest.approx(along.item(), abs=allowance)
    assert flow(10 * codes(20, dim))[1].isfinite().all()
    # Along w the map is increasing: no two codes meet.
    line = torch.linspace(-5, 5, 400, dtype=torch.float64)[:, None] * flow.w / flow.w.norm()
    heights = flow(line)[0] @ flow.w / flow.w.norm()
    assert (heights.diff() > -allowance).all()


def test_the_planar_map_is_the_papers():
    flow, z = seeded(lambda: PlanarFlow(3), scale=1.0), codes(5, 3)
    w, u, b = flow.w.detach(), flow.u.detach(), flow.b.detach()
    inner = (w * u).sum()
    pushed = torch.log(1 + torch.exp(inner + math.log(math.e - 1))) - 1
    u_hat = u + (pushed - inner) * w / (w**2).sum()
    expected = z + u_hat * torch.tanh(z @ w + b)[:, None]
    torch.testing.assert_close(flow(z)[0], expected)


def test_planar_flows_without_u_or_without_w_are_harmless():
    flow, z = PlanarFlow(3), torch.randn(5, 3)
    with torch.no_grad():
        flow.u.zero_()
    moved, log_determinant = flow(z)
    torch.testing.assert_close(moved, z)
    torch.testing.assert_close(log_determinant, torch.zeros(5), atol=1e-6, rtol=0)
    with torch.no_grad():
        flow.w.zero_()
        flow.u.fill_(1.0)
    moved, log_determinant = flow(z)
    (moved.sum() + log_determinant.sum()).backward()
    assert log_determinant.abs().max() < 1e-6
    assert all(parameter.grad.isfinite().all() for parameter in flow.parameters())


def test_a_chain_adds_log_determinants():
    first, second = seeded(lambda: PlanarFlow(3)), seeded(lambda: PlanarFlow(3), 1)
    z = codes(4, 3)
    middle, one = first(z)
    last, two = second(middle)
    moved, total = Chain([first, second])(z)
    torch.testing.assert_close(moved, last)
    torch.testing.assert_close(total, one + two)
    assert torch.equal(Chain([])(z)[0], z)


def test_cut_connections_are_cut_and_not_stored():
    layer = MaskedLinear(torch.tensor([[True, False], [True, True]]))
    weight = layer.weight.detach().clone()
    weight[0, 1] = 0
    x = torch.randn(3, 2)
    torch.testing.assert_close(layer(x), x @ weight.T + layer.bias)
    assert set(layer.state_dict()) == {"weight", "bias"}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PlanarFlow(0), "at least 1 coordinate, not 0"),
        (lambda: AutoregressiveFlow(1, 8, 2), "at least 2 coordinates, not 1"),
        (lambda: AutoregressiveFlow(3, 0, 2), "at least 1 hidden unit, not 0"),
        (lambda: AutoregressiveFlow(3, 8, 0), "at least 1 hidden layer, not 0"),
    ],
)
def test_impossible_flows_are_refused(make, message):
    with pytest.raises(LisaError, match=message):
        make()
