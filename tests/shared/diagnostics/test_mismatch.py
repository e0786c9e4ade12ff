import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.stats import ortho_group
from small_nets import Vectors

from shared.common.errors import LisaError
from shared.diagnostics.mismatch import (
    Lipschitz,
    MismatchBound,
    Transport,
    empirical_squared_error_lipschitz,
    lipschitz_on_sphere,
    mismatch_bound,
    squared_error_lipschitz,
    squared_error_risk,
    tangent_norms,
    transport,
    wasserstein_sphere,
)
from shared.sphere.geometry import geodesic, project, uniform


def on_circle(*angles):
    return torch.tensor([[math.cos(a), math.sin(a), 0.0] for a in angles], dtype=torch.float64)


def linear(matrix):
    return lambda u: u @ torch.as_tensor(matrix, dtype=u.dtype).T


class TestWasserstein:
    @pytest.mark.parametrize("angle", [0.0, 1e-9, 0.3, 2.0, math.pi])
    def test_of_point_masses_is_the_angle_between_them(self, angle):
        found = wasserstein_sphere(on_circle(0.4).repeat(5, 1), on_circle(0.4 + angle))
        assert found == pytest.approx(angle, abs=1e-12)

    def test_of_a_rotated_set_of_points_close_together_is_the_rotation(self):
        angles = np.random.default_rng(0).uniform(0, 0.5, 60)
        found = wasserstein_sphere(on_circle(*angles), on_circle(*(angles + 0.7)))
        assert found == pytest.approx(0.7)

    def test_between_uniform_and_a_point_is_a_right_angle(self):
        half = uniform(500, 4, 0)
        found = wasserstein_sphere(torch.cat([half, -half]), torch.eye(4, dtype=torch.float64)[:1])
        assert found == pytest.approx(math.pi / 2)

    def test_of_equal_samples_is_the_best_assignment(self):
        u, v = uniform(80, 6, 1), project(uniform(80, 6, 2) + 0.5)
        costs = np.arccos(np.clip(u.numpy() @ v.numpy().T, -1, 1))
        rows, columns = linear_sum_assignment(costs)
        assert wasserstein_sphere(u, v) == pytest.approx(costs[rows, columns].mean(), rel=1e-9)

    def test_counts_a_repeated_point_with_its_weight(self):
        found = wasserstein_sphere(on_circle(0, 0, 0, 1), on_circle(0, 1))
        assert found == pytest.approx(0.25)

    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 2**31), st.integers(2, 7), st.integers(2, 5))
    def test_is_a_metric(self, seed, n, dim):
        u, v, w = (uniform(n + k, dim, seed + k) for k in range(3))
        assert wasserstein_sphere(u, u) == pytest.approx(0, abs=1e-7)
        assert wasserstein_sphere(u, v) == pytest.approx(wasserstein_sphere(v, u), abs=1e-12)
        through = wasserstein_sphere(u, w) + wasserstein_sphere(w, v)
        assert wasserstein_sphere(u, v) <= through + 1e-12
        assert wasserstein_sphere(u, v) >= float((u.mean(0) - v.mean(0)).norm()) - 1e-12

    def test_refuses_what_are_not_directions_of_one_sphere(self):
        with pytest.raises(LisaError, match="unit norm"):
            wasserstein_sphere(torch.ones(2, 2), uniform(2, 2, 0))
        with pytest.raises(LisaError, match="dimensions 3 and 4"):
            wasserstein_sphere(uniform(2, 3, 0), uniform(2, 4, 0))


class TestTransport:
    def test_one_law_is_as_far_from_itself_as_its_noise(self):
        same = transport(uniform(600, 4, 0), uniform(600, 4, 1), size=300)
        assert same.distance == pytest.approx(same.noise, rel=0.15)
        assert same.size == 300

    def test_another_law_is_farther(self):
        other = transport(uniform(600, 4, 0), project(uniform(600, 4, 1) + 0.5), size=300)
        assert other.distance > 1.5 * other.noise

    def test_the_same_seed_takes_the_same_directions_and_another_takes_others(self):
        u, v = uniform(90, 3, 0), uniform(70, 3, 1)
        assert transport(u, v, 30, seed=5) == transport(u, v, 30, seed=5)
        assert transport(u, v, 30, seed=5) != transport(u, v, 30, seed=6)

    def test_few_directions_are_taken_all(self):
        u, v = uniform(20, 3, 0), uniform(31, 3, 1)
        found = transport(u, v)
        assert found.size == 20
        assert transport(u, v[:20]).distance == pytest.approx(wasserstein_sphere(u, v[:20]))

    def test_single_directions_are_refused(self):
        with pytest.raises(LisaError, match="not 1 and 5"):
            transport(uniform(1, 3, 0), uniform(5, 3, 0))


class TestLipschitz:
    def test_a_tangent_norm_of_a_linear_map_is_that_of_its_tangent_block(self):
        rotation = ortho_group.rvs(4, random_state=0)
        stretch = rotation @ np.diag([5.0, 3, 2, 1])
        u = torch.eye(4, dtype=torch.float64)
        norms = tangent_norms(linear(stretch), u, iterations=200)
        np.testing.assert_allclose(norms, [3, 5, 5, 5], rtol=1e-9)
        mixed = project(torch.tensor([[1.0, 2, 3, 4]], dtype=torch.float64))
        tangent = np.eye(4) - mixed.T.numpy() @ mixed.numpy()
        exact = np.linalg.norm(stretch @ tangent, 2)
        assert float(tangent_norms(linear(stretch), mixed, 300)) == pytest.approx(exact, rel=1e-9)

    def test_a_radial_slope_counts_for_nothing(self):
        u = torch.eye(3, dtype=torch.float64)
        norms = tangent_norms(lambda v: v.square().sum(1, keepdim=True), u)
        np.testing.assert_allclose(norms, 0, atol=1e-14)

    def test_a_tangent_norm_of_a_network_is_that_of_its_jacobian(self):
        net = Vectors(4, 4).double().eval()
        u = uniform(5, 4, 3)
        found = tangent_norms(net.decode, u, iterations=500)
        assert not found.requires_grad
        for row, norm in zip(u, found, strict=True):
            jacobian = torch.autograd.functional.jacobian(net.decode, row)
            tangent = torch.eye(4, dtype=torch.float64) - row[:, None] * row
            exact = float(torch.linalg.matrix_norm(jacobian @ tangent, 2))
            assert float(norm) == pytest.approx(exact, rel=1e-5)

    def test_every_bound_of_a_linear_map_lies_below_its_constant_and_the_best_near_it(self):
        stretch = ortho_group.rvs(6, random_state=1) @ np.diag([5.0, 3, 2, 1, 1, 1])
        found = lipschitz_on_sphere(linear(stretch), uniform(100, 6, 2), seed=0)
        for bound in (found.pairs, found.neighbours, found.local):
            assert 2 < bound <= 5 + 1e-9
        assert found.value > 4.9

    def test_an_isometry_has_constant_one(self):
        turn = ortho_group.rvs(5, random_state=3)
        found = lipschitz_on_sphere(linear(turn), uniform(60, 5, 0).float(), seed=1)
        assert found.local == pytest.approx(1, abs=1e-5)
        assert found.neighbours == pytest.approx(1, abs=0.02)
        assert found.pairs <= 1 + 1e-6

    def test_a_cliff_between_the_codes_is_seen_along_the_geodesics(self):
        u = torch.cat([on_circle(0.0), on_circle(1.0)]).repeat(20, 1)
        found = lipschitz_on_sphere(
            lambda v: torch.sigmoid(200 * (v[:, 1:2] - 0.4)), u, pairs=400, points=100, seed=0
        )
        assert found.neighbours > 5 * found.pairs

    def test_too_few_of_anything_is_refused(self):
        u = uniform(5, 3, 0)
        for changed in ({"pairs": 0}, {"points": 0}, {"steps": 1}):
            with pytest.raises(LisaError, match="or more"):
                lipschitz_on_sphere(linear(np.eye(3)), u, seed=0, **changed)
        with pytest.raises(LisaError, match="2 directions"):
            lipschitz_on_sphere(linear(np.eye(3)), u[:1], seed=0)
        with pytest.raises(LisaError, match="1 step"):
            tangent_norms(linear(np.eye(3)), u, iterations=0)


class TestSquaredErrors:
    def test_the_risk_is_the_mean_over_every_input(self):
        random = torch.Generator().manual_seed(0)
        x = torch.rand(300, 2, 3, generator=random)
        decoded = torch.rand(7, 2, 3, generator=random)
        pairs = 0.5 * (x[:, None] - decoded[None]).double().square().sum((2, 3)).mean(0)
        torch.testing.assert_close(squared_error_risk(x)(decoded), pairs, rtol=1e-6, atol=0)

    @settings(max_examples=50, deadline=None)
    @given(st.integers(0, 2**31), st.integers(1, 9))
    def test_the_analytic_constant_is_never_exceeded_and_the_empirical_one_on_its_sample(
        self, seed, outputs
    ):
        random = np.random.default_rng(seed)
        x, a = (torch.from_numpy(random.beta(0.1, 0.1, (5, outputs))) for _ in range(2))
        losses = 0.5 * (x[:, None] - a[None]).square().sum(2)
        change = (losses[:, :, None] - losses[:, None, :]).abs()
        moved = torch.cdist(a, a)
        empirical = empirical_squared_error_lipschitz(x, a)
        assert empirical <= squared_error_lipschitz(outputs) + 1e-12
        assert (change <= empirical * moved + 1e-6).all()

    def test_the_analytic_constant_is_approached_in_opposite_corners(self):
        x, a, b = torch.zeros(9), torch.ones(9), torch.full((9,), 1 - 1e-3)
        change = 0.5 * ((x - a).square().sum() - (x - b).square().sum())
        assert float(change / (a - b).norm()) == pytest.approx(squared_error_lipschitz(9), rel=1e-3)

    def test_the_empirical_constant_is_the_farthest_pair(self):
        x, decoded = torch.zeros(2, 1, 4), torch.tensor([[[0.0, 0, 0, 0.5]], [[1.0, 1, 1, 1]]])
        assert empirical_squared_error_lipschitz(x, decoded) == pytest.approx(2)


class TestBound:
    @pytest.mark.parametrize("angle", [0.1, 1.0, 3.0])
    def test_point_masses_under_the_identity_give_the_analytic_sides(self, angle):
        # x = e1 always: r(u) = 1 − cos θ, L_f = 1, L_ℓ = ‖x − u‖ = 2 sin(θ/2), W₁ = θ.
        codes, sampled = on_circle(0.0).repeat(6, 1), on_circle(angle).repeat(6, 1)
        loss = empirical_squared_error_lipschitz(codes, sampled)
        assert loss == pytest.approx(2 * math.sin(angle / 2))
        found = mismatch_bound(linear(np.eye(3)), squared_error_risk(codes), sampled, codes, loss)
        assert found.risk_sampler == pytest.approx(1 - math.cos(angle))
        assert found.risk_codes == pytest.approx(0, abs=1e-15)
        assert found.transport.distance == pytest.approx(angle)
        assert found.transport.noise == pytest.approx(0, abs=1e-7)
        assert found.decoder.value == pytest.approx(1)
        assert found.right == pytest.approx(2 * math.sin(angle / 2) * angle)
        assert found.tightness == pytest.approx(math.sin(angle / 2) / angle)
        assert found.holds

    def test_it_holds_for_a_network_and_says_what_each_side_is(self):
        net = Vectors(4, 4).eval()
        x = torch.rand(64, 6, generator=torch.Generator().manual_seed(0))
        codes = project(net.encode(x).detach())
        sampled = uniform(50, 4, 0, torch.float32)
        risk, loss = squared_error_risk(x), squared_error_lipschitz(6)
        found = mismatch_bound(net.decode, risk, sampled, codes, loss)
        assert found == mismatch_bound(net.decode, risk, sampled, codes, loss)
        with torch.no_grad():
            assert found.risk_sampler == pytest.approx(float(risk(net.decode(sampled)).mean()))
            assert found.risk_codes != pytest.approx(found.risk_sampler)
        assert found.holds
        assert 0 < found.tightness < 1
        assert found.transport.size == 50

    def test_the_transport_plan_never_moves_the_risk_by_more_than_the_theorem_allows(self):
        stretch = torch.from_numpy(np.diag([2.0, 1, 0.5]))
        x = torch.rand(40, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
        sampled, codes = uniform(60, 3, 0), project(uniform(60, 3, 1) + 0.8)
        decoded = linear(stretch)(torch.cat([sampled, codes]))
        loss = empirical_squared_error_lipschitz(x, decoded)
        found = mismatch_bound(linear(stretch), squared_error_risk(x), sampled, codes, loss)
        gap = abs(found.risk_sampler - found.risk_codes)
        assert 0 < gap <= loss * 2 * found.transport.distance

    def test_an_underestimated_constant_shows(self):
        none = Lipschitz(0.0, 0.0, 0.0)
        parts = {"transport": Transport(1.0, 0.1, 5), "decoder": none, "loss": 1.0}
        failed = MismatchBound(risk_sampler=2.0, risk_codes=1.0, **parts)
        assert not failed.holds
        assert failed.tightness == math.inf
        assert MismatchBound(risk_sampler=1.0, risk_codes=1.0, **parts).tightness == 0


def test_pairs_at_no_distance_are_left_out():
    u = on_circle(0.0).repeat(4, 1)
    found = lipschitz_on_sphere(lambda v: v, u, seed=0, pairs=8)
    assert math.isfinite(found.value)
    assert float(geodesic(u[:1], u[1:2])) == 0
