import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from shared import sphere
from shared.common.errors import LisaError

seeds = st.integers(0, 2**31)
dims = st.integers(2, 40)


def pair(dim, seed):
    u, v = sphere.uniform(2, dim, seed)
    return u, v


@given(seeds, st.integers(1, 40), st.integers(-30, 30))
@settings(deadline=None)
def test_project_has_norm_one_and_forgets_the_scale(seed, dim, exponent):
    z = torch.randn(3, 2, dim, generator=torch.Generator().manual_seed(seed))
    u = sphere.project(z * 10.0**exponent)
    assert u.dtype == torch.float32
    torch.testing.assert_close(u.norm(dim=-1), torch.ones(3, 2))
    torch.testing.assert_close(u, sphere.project(z))


@pytest.mark.parametrize("size", [1e30, 3e38, 1e-30, 1e-37, 1.0])
def test_project_of_extreme_float32_vectors_has_the_exact_gradient(size):
    z = torch.tensor([[0.6, 0.0, 0.8]]) * size
    z.requires_grad_()
    u = sphere.project(z)
    torch.testing.assert_close(u, torch.tensor([[0.6, 0.0, 0.8]]))
    (gradient,) = torch.autograd.grad(u[0, 0], z)
    expected = torch.tensor([[0.64, 0.0, -0.48]], dtype=torch.float64) / size
    torch.testing.assert_close(gradient.double(), expected, rtol=1e-5, atol=1e-7 / size)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_project_sends_the_zero_vector_to_the_first_axis_without_gradient(dtype):
    z = torch.zeros(2, 4, dtype=dtype)
    z[1, 2] = 5
    z.requires_grad_()
    u = sphere.project(z)
    assert u.dtype == dtype
    assert u.tolist() == [[1, 0, 0, 0], [0, 0, 1, 0]]
    u[:, 1].sum().backward()
    assert z.grad[0].tolist() == [0, 0, 0, 0]
    assert float(z.grad[1, 1]) == pytest.approx(0.2, rel=1e-2)


def test_project_gradient_agrees_with_finite_differences():
    z = torch.randn(3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.autograd.gradcheck(sphere.project, z.requires_grad_())


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_project_lets_broken_vectors_show(bad):
    u = sphere.project(torch.tensor([[bad, 1.0], [3.0, 4.0]]))
    assert u[0].isnan().any()
    assert u[1].tolist() == pytest.approx([0.6, 0.8])


@pytest.mark.parametrize("z", [torch.ones(3, 0), torch.tensor(1.0), torch.ones(2, 3).int()])
def test_project_refuses_what_has_no_direction(z):
    with pytest.raises(LisaError, match="floating-point codes"):
        sphere.project(z)


@given(seeds, dims, st.floats(-12, math.log10(math.pi)))
@settings(deadline=None)
def test_geodesic_is_accurate_near_zero_and_near_pi(seed, dim, exponent):
    angle = 10.0**exponent
    u, v = pair(dim, seed)
    side = sphere.project(v - (u @ v) * u)
    side = sphere.project(side - (side @ u) * u)
    w = math.cos(angle) * u + math.sin(angle) * side
    assert float(sphere.geodesic(u, w)) == pytest.approx(angle, rel=1e-3, abs=1e-15)
    assert float(sphere.geodesic(u, -w)) == pytest.approx(math.pi - angle, abs=1e-14)


def test_geodesic_at_its_ends():
    u = sphere.uniform(5, 7, 0).requires_grad_()
    assert sphere.geodesic(u, u.detach()).tolist() == [0] * 5
    assert sphere.geodesic(u, -u).tolist() == pytest.approx([math.pi] * 5)
    sphere.geodesic(u, u.detach()).sum().backward()
    assert u.grad.isfinite().all()


@given(seeds, dims, st.floats(0, 1))
@settings(deadline=None)
def test_slerp_divides_the_geodesic_in_proportion(seed, dim, t):
    u, v = pair(dim, seed)
    w = sphere.slerp(u, v, t)
    whole = float(sphere.geodesic(u, v))
    assert float(w.norm()) == pytest.approx(1, abs=1e-14)
    assert float(sphere.geodesic(u, w)) == pytest.approx(t * whole, abs=1e-13)
    assert float(sphere.geodesic(w, v)) == pytest.approx((1 - t) * whole, abs=1e-13)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_slerp_ends_exactly_and_broadcasts(dtype):
    u, v = sphere.uniform(6, 9, 1, dtype), sphere.uniform(6, 9, 2, dtype)
    path = sphere.slerp(u[:, None], v[:, None], torch.linspace(0, 1, 5))
    assert path.shape == (6, 5, 9)
    assert torch.equal(path[:, 0], u)
    assert torch.equal(path[:, -1], v)
    steps = sphere.geodesic(path[:, 1:], path[:, :-1])
    torch.testing.assert_close(steps, (sphere.geodesic(u, v) / 4)[:, None].expand(6, 4))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_slerp_joins_antipodes_along_one_fixed_half_circle(dtype):
    u = sphere.uniform(50, 3, 3, dtype)
    t = torch.linspace(0, 1, 9, dtype=dtype)
    path = sphere.slerp(u[:, None], -u[:, None], t)
    # Off by a rounding of the norm only, which must not turn the half circle.
    other = sphere.slerp(u[:, None], (-u * (1 + torch.finfo(dtype).eps))[:, None], t)
    torch.testing.assert_close(path.norm(dim=-1), torch.ones(50, 9, dtype=dtype))
    torch.testing.assert_close(sphere.geodesic(u[:, None], path), (math.pi * t).expand(50, 9))
    torch.testing.assert_close(path, other, atol=1e-5, rtol=0)
    middle = sphere.slerp(torch.tensor([0.6, 0.0, 0.8]), -torch.tensor([0.6, 0.0, 0.8]), 0.5)
    torch.testing.assert_close(middle, torch.tensor([0.0, 1.0, 0.0]), atol=1e-6, rtol=0)


@given(seeds, dims, st.floats(1e-9, 3.14))
@settings(deadline=None)
def test_exp_and_log_undo_each_other(seed, dim, length):
    u, v = pair(dim, seed)
    tangent = v - (u @ v) * u
    tangent = tangent * (length / tangent.norm())
    w = sphere.exp_map(u, tangent)
    assert float(sphere.geodesic(u, w)) == pytest.approx(length, rel=1e-6)
    back = sphere.log_map(u, w)
    # Near the antipode a rounding of the point turns the tangent vector by 1 / (π − length).
    tolerance = 1e-13 / (math.pi - length)
    torch.testing.assert_close(back, tangent, atol=tolerance, rtol=0)
    torch.testing.assert_close(sphere.exp_map(u, sphere.log_map(u, v)), v, atol=1e-13, rtol=0)


def test_log_map_of_a_point_itself_is_zero_with_the_identity_as_gradient():
    u = torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64)
    assert sphere.log_map(u, u).tolist() == [0, 0, 0]
    jacobian = torch.autograd.functional.jacobian(lambda v: sphere.log_map(u, v), u)
    torch.testing.assert_close(jacobian, torch.diag(torch.tensor([1.0, 0.0, 1.0])).double())


@pytest.mark.parametrize("sign", [1, -1])
def test_slerp_gradients_are_finite_where_the_geodesic_degenerates(sign):
    u = sphere.uniform(4, 6, 5).requires_grad_()
    v = (sign * u.detach()).requires_grad_()
    sphere.slerp(u, v, 0.3).pow(3).sum().backward()
    assert u.grad.isfinite().all()
    assert v.grad.isfinite().all()


def test_exp_map_ignores_a_radial_component_and_stays_at_u_for_zero():
    u, v = pair(8, 9)
    torch.testing.assert_close(sphere.exp_map(u, v), sphere.exp_map(u, v + 3 * u))
    torch.testing.assert_close(sphere.exp_map(u, torch.zeros(8, dtype=torch.float64)), u)


@pytest.mark.parametrize("dim", [2, 3, 16])
def test_uniform_has_the_uniform_law_of_one_coordinate(dim):
    u = sphere.uniform(20_000, dim, 7).numpy()
    law = stats.beta((dim - 1) / 2, (dim - 1) / 2)
    for axis in (0, dim - 1):
        assert stats.kstest((u[:, axis] + 1) / 2, law.cdf).pvalue > 1e-3


def test_uniform_draws_depend_on_the_seed_alone():
    torch.default_generator.manual_seed(1)
    before = torch.get_rng_state()
    u = sphere.uniform(5, 4, 11)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(u, sphere.uniform(5, 4, 11))
    assert not torch.equal(u, sphere.uniform(5, 4, 12))
    assert torch.equal(u.float(), sphere.uniform(5, 4, 11, torch.float32))


@pytest.mark.parametrize(("n", "dim"), [(-1, 3), (3, 0)])
def test_uniform_refuses_impossible_sizes(n, dim):
    with pytest.raises(LisaError, match="n >= 0 and dim >= 1"):
        sphere.uniform(n, dim, 0)


def test_rows_are_read_as_float64_or_refused_with_a_count():
    rows = sphere.finite_rows(np.ones((2, 3), dtype=np.float32))
    assert rows.dtype == torch.float64
    with pytest.raises(LisaError, match="2 of 3 codes hold NaN"):
        sphere.finite_rows(torch.tensor([[math.nan, 1], [0, 1], [math.inf, math.nan]]))
    with pytest.raises(LisaError, match=r"shape \[n, dim\]"):
        sphere.finite_rows(torch.ones(3))
    with pytest.raises(LisaError, match="1 of 2 directions do not have unit norm"):
        sphere.unit_rows(torch.tensor([[1.0, 0.0], [1.0, 0.1]]))


@pytest.mark.parametrize("dim", [2, 3, 10])
@pytest.mark.parametrize("angle", [0.0, 0.4, 2.0, math.pi])
def test_directions_at_an_angle_lie_on_its_whole_circle(dim, angle):
    u = sphere.uniform(1, dim, 0).expand(4000, dim)
    drawn = sphere.at_angle(u, angle, torch.Generator().manual_seed(1))
    expected = torch.full((4000,), angle, dtype=torch.float64)
    torch.testing.assert_close(sphere.geodesic(u, drawn), expected, atol=1e-7, rtol=0)
    # Without the part along u, all ways are equally likely: the mean is 0.
    mean = (drawn - math.cos(angle) * u).mean(0)
    assert mean.abs().max() < 5 * math.sin(angle) / math.sqrt(4000) + 1e-9
    angles = torch.rand(4000, generator=torch.Generator().manual_seed(2)).double()
    own = sphere.at_angle(u, angles, torch.Generator().manual_seed(3))
    torch.testing.assert_close(sphere.geodesic(u, own), angles, atol=1e-7, rtol=0)
