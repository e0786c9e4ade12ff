import math

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import in_two_processes
from torch.nn.parallel import DistributedDataParallel

from shared import sphere
from shared.common.errors import LisaError
from shared.sphere import uniformity
from shared.sphere.uniformity import (
    log_c,
    log_energy,
    mmd2_to_uniform,
    uniform_log_energy,
    uniformity_gap,
    uniformity_loss,
)


def by_pairs(u, t):
    """Eq. 13 as it is written."""
    u = np.asarray(u, dtype=np.float64)
    squared = ((u[:, None] - u[None]) ** 2).sum(-1)
    apart = ~np.eye(len(u), dtype=bool)
    return math.log(np.exp(-t * squared[apart]).mean())


@given(st.integers(2, 20), st.integers(1, 8), st.integers(0, 2**31), st.floats(0.01, 50))
@settings(deadline=None)
def test_loss_is_the_equation(batch, dim, seed, t):
    u = sphere.uniform(batch, dim, seed)
    expected = by_pairs(u, t)
    assert float(uniformity_loss(u, t)) == pytest.approx(expected, rel=1e-10, abs=1e-12)
    assert log_energy(u, t) == pytest.approx(expected, rel=1e-10, abs=1e-12)
    assert float(uniformity_loss(u.float(), t)) == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_loss_of_few_far_points_does_not_underflow():
    u = torch.tensor([[1.0, 0.0], [-1.0, 0.0]]).requires_grad_()
    loss = uniformity_loss(u, 500.0)
    assert loss.item() == pytest.approx(-2000)
    loss.backward()
    assert u.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_loss_of_equal_directions_is_zero_with_a_finite_gradient(dtype):
    z = torch.full((64, 7), 0.3, dtype=dtype, requires_grad=True)
    loss = uniformity_loss(sphere.project(z))
    assert loss.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert loss.item() == pytest.approx(0, abs=0.02 if dtype == torch.bfloat16 else 1e-5)
    loss.backward()
    assert z.grad.isfinite().all()


def test_blocks_change_neither_loss_nor_gradient(monkeypatch):
    z = torch.randn(57, 5, generator=torch.Generator().manual_seed(0), requires_grad=True)
    whole = uniformity_loss(sphere.project(z))
    (gradient,) = torch.autograd.grad(whole, z)
    for entries in (1, 57 * 8, 57 * 56):
        monkeypatch.setattr(uniformity, "BLOCK_ENTRIES", entries)
        blocks = uniformity_loss(sphere.project(z))
        torch.testing.assert_close(blocks, whole)
        torch.testing.assert_close(torch.autograd.grad(blocks, z)[0], gradient)


def test_loss_of_a_large_float32_batch_reaches_the_uniform_value():
    u = sphere.uniform(8192, 16, 0, torch.float32).requires_grad_()
    loss = uniformity_loss(u)
    assert loss.item() == pytest.approx(uniform_log_energy(16), abs=2e-3)
    assert loss.item() == pytest.approx(log_energy(u), abs=1e-5)
    loss.backward()
    assert u.grad.isfinite().all()


def test_descent_spreads_directions_evenly():
    z = torch.randn(4, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    z = (z + 3).requires_grad_()
    adam = torch.optim.Adam([z], lr=0.05)
    for _ in range(600):
        adam.zero_grad()
        uniformity_loss(sphere.project(z)).backward()
        adam.step()
    # Four points repel into a regular tetrahedron, where every inner product is −1/3.
    assert float(uniformity_loss(sphere.project(z.detach()))) == pytest.approx(-16 / 3, abs=1e-4)


@pytest.mark.parametrize("u", [torch.ones(1, 3), torch.ones(0, 3)])
def test_a_batch_without_pairs_is_refused(u):
    with pytest.raises(LisaError, match="2 directions or more"):
        uniformity_loss(u)


def test_bad_arguments_are_refused():
    u = sphere.uniform(4, 3, 0)
    with pytest.raises(LisaError, match=r"\[batch, dim\]"):
        uniformity_loss(u[0])
    for t in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(LisaError, match="precision t"):
            uniformity_loss(u, t)
        with pytest.raises(LisaError, match="precision t"):
            uniform_log_energy(3, t)
        with pytest.raises(LisaError, match="bandwidth"):
            mmd2_to_uniform(u, t)
    with pytest.raises(LisaError, match="dim"):
        uniform_log_energy(0)
    with pytest.raises(LisaError, match="unit norm"):
        uniformity_gap(2 * u)


@pytest.mark.parametrize(("dim", "value"), [(16, -3.513), (64, -3.875), (128, -3.938)])
def test_uniform_value_at_the_published_dimensions(dim, value):
    assert uniform_log_energy(dim) == pytest.approx(value, abs=5e-4)


@pytest.mark.parametrize("dim", [1, 2, 3, 16, 64, 128, 512, 5000])
@pytest.mark.parametrize("t", [1e-3, 0.1, 2.0, 50.0, 1e3, 1e4])
def test_uniform_value_agrees_with_the_hypergeometric_function(dim, t):
    with mpmath.workdps(40):
        value = mpmath.hyp0f1(mpmath.mpf(dim) / 2, mpmath.mpf(t) ** 2, maxterms=10**6)
        expected = float(mpmath.log(value) - 2 * mpmath.mpf(t))
    assert uniform_log_energy(dim, t) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize(("dim", "sigma"), [(2, 0.5), (16, 1.0), (128, 0.3)])
def test_log_c_is_the_constant_of_theorem_2(dim, sigma):
    with mpmath.workdps(40):
        s2, half = mpmath.mpf(sigma) ** 2, mpmath.mpf(dim) / 2
        bessel = mpmath.besseli(half - 1, 1 / s2)
        c = mpmath.exp(-1 / s2) * mpmath.gamma(half) * (2 * s2) ** (half - 1) * bessel
        assert log_c(dim, sigma) == pytest.approx(float(mpmath.log(c)), rel=1e-12)


def test_unbiased_mmd_is_unbiased_and_the_biased_one_is_never_negative():
    draws = [sphere.uniform(10, 3, seed) for seed in range(2000)]
    unbiased = np.array([mmd2_to_uniform(u, 0.7) for u in draws])
    biased = np.array([mmd2_to_uniform(u, 0.7, unbiased=False) for u in draws])
    assert abs(unbiased.mean()) < 4 * unbiased.std() / math.sqrt(len(draws))
    assert unbiased.min() < 0 < biased.min()
    # E of the V-statistic: (1 − C) / n above the truth, which is zero here.
    excess = (1 - math.exp(log_c(3, 0.7))) / 10
    assert biased.mean() == pytest.approx(excess, abs=4 * biased.std() / math.sqrt(len(draws)))


def test_mmd_of_equal_directions_is_one_minus_the_constant():
    u = np.tile([[0.6, 0.8]], (5, 1))
    for unbiased in (True, False):
        found = mmd2_to_uniform(u, 1.0, unbiased=unbiased)
        assert found == pytest.approx(1 - math.exp(log_c(2, 1.0)))


def test_gap_tells_uniform_from_concentrated_directions():
    u = sphere.uniform(3000, 8, 0)
    assert abs(uniformity_gap(u)) < 0.01
    one_sided = sphere.project(u + torch.eye(8, dtype=torch.float64)[0])
    assert uniformity_gap(one_sided) > 0.5


SIZES = (5, 3)


def encoder():
    torch.default_generator.manual_seed(0)
    layers = torch.nn.Linear(4, 6), torch.nn.Tanh(), torch.nn.Linear(6, 3)
    return torch.nn.Sequential(*layers).double()


def inputs():
    return torch.randn(sum(SIZES), 4, generator=torch.Generator().manual_seed(2)).double()


def one_process_of_two(rank, folder):
    model = DistributedDataParallel(encoder())
    own = inputs().split(SIZES)[rank]
    loss = uniformity_loss(sphere.project(model(own)))
    loss.backward()
    found = [loss.detach(), *(weight.grad for weight in model.parameters())]
    torch.save(found, folder / f"{rank}.pt")


def test_two_processes_give_the_loss_and_gradient_of_one(tmp_path):
    in_two_processes(one_process_of_two, tmp_path, folder=tmp_path)
    model = encoder()
    loss = uniformity_loss(sphere.project(model(inputs())))
    loss.backward()
    expected = [loss.detach(), *(weight.grad for weight in model.parameters())]
    for rank in range(len(SIZES)):
        torch.testing.assert_close(torch.load(tmp_path / f"{rank}.pt"), expected)
