"""Batches that are chosen among candidates, and points of a space."""

from dataclasses import replace

import numpy as np
import pytest
import small_searches  # noqa: F401  limits threads
import torch
from botorch.acquisition.analytic import LogExpectedImprovement
from botorch.acquisition.objective import GenericMCObjective
from scipy.stats import norm

from grammar_lisa.optimize.acquisition import (
    ACQUISITIONS,
    believer,
    best_means,
    log_expected_improvement,
    log_improvement,
    maximise,
    thompson,
)
from grammar_lisa.optimize.sentences import InputLayout
from grammar_lisa.optimize.spaces import Box, Sphere
from grammar_lisa.optimize.surrogate import exact, fit_scores
from shared.sphere.geometry import uniform

DIM = 3
LAYOUT = InputLayout(DIM, 1, 1)
GOAL = torch.tensor([1.0, 0.0, 0.0]).double()

each = pytest.mark.parametrize("name", ACQUISITIONS)
exploring = pytest.mark.parametrize("choose", [believer, thompson, log_expected_improvement])
NONE = torch.empty(0, DIM, dtype=torch.float64)
FREE = torch.zeros(1, dtype=torch.float64)


def height(points):
    """A smooth function with its maximum of 1 at the goal."""
    return torch.exp(-(points - GOAL).square().sum(1))


@pytest.fixture(scope="module")
def surrogate():
    points = uniform(40, DIM, 0)
    return fit_scores(points, height(points), ("direction",), LAYOUT)


@pytest.fixture(scope="module")
def candidates():
    """Thirty points of which none is near the goal, and three at the goal."""
    far = uniform(400, DIM, 1)
    far = far[height(far) < 0.3][:30]
    near = GOAL + 0.05 * torch.eye(3).double()
    return torch.cat([far, near / near.norm(dim=1, keepdim=True)])


@each
@pytest.mark.parametrize("q", [1, 2, 5, 33])
def test_a_batch_takes_no_candidate_twice(surrogate, candidates, name, q):
    found = ACQUISITIONS[name](surrogate, candidates, q, 0, NONE, FREE)
    assert found.shape == (q,)
    assert len(set(found.tolist())) == q
    assert ((found >= 0) & (found < 33)).all()


@each
def test_what_is_clearly_better_is_chosen_first(surrogate, candidates, name):
    """Joint improvement need not take a second candidate beside the first."""
    better = {30, 31, 32}
    for seed in range(5):
        assert int(ACQUISITIONS[name](surrogate, candidates, 1, seed, NONE, FREE)) in better
        chosen = set(ACQUISITIONS[name](surrogate, candidates, 3, seed, NONE, FREE).tolist())
        assert chosen == better or (name == "qlogei" and chosen & better)


@each
def test_a_choice_follows_from_the_seed_and_leaves_torch_alone(surrogate, candidates, name):
    choose = ACQUISITIONS[name]
    before = torch.get_rng_state()
    first = choose(surrogate, candidates[:30], 8, 3, NONE, FREE)
    assert torch.equal(before, torch.get_rng_state())
    torch.default_generator.manual_seed(99)
    assert torch.equal(choose(surrogate, candidates[:30], 8, 3, NONE, FREE), first)
    torch.set_rng_state(before)


def test_other_seeds_draw_otherwise(surrogate, candidates):
    chosen = {
        tuple(thompson(surrogate, candidates, 8, seed, NONE, FREE).tolist()) for seed in range(5)
    }
    assert len(chosen) > 1


def test_seeds_may_be_as_large_as_they_are_derived(surrogate, candidates):
    for name in ACQUISITIONS:
        assert len(ACQUISITIONS[name](surrogate, candidates, 2, 2**63 - 1, NONE, FREE)) == 2
    assert len(maximise(surrogate, Sphere(DIM).bounds, 1, 2**63 - 1)) == 1


@exploring
def test_what_is_not_known_may_be_chosen_before_what_is_known_to_be_middling(choose):
    """Of two candidates with equal means, exploration takes the one that is uncertain."""
    points = torch.tensor([[0.0, 0, 0], [0.1, 0, 0], [0, 0.1, 0], [4, 4, 4]]).double()
    values = torch.tensor([0.5, 0.45, 0.55, 1.0]).double()
    surrogate = fit_scores(points, values, ("direction",), LAYOUT)
    middling = points[0] + 0.02 * torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
    unknown = torch.tensor([[40.0, 0, 0]]).double()
    found = [
        int(choose(surrogate, torch.cat([middling, unknown]), 1, s, NONE, FREE)) for s in range(9)
    ]
    assert found.count(8) > 4


def test_draws_are_those_of_the_joint_posterior(surrogate):
    """How often Thompson sampling takes each of a few candidates, against draws by NumPy."""
    candidates = uniform(6, DIM, 5)
    candidates = candidates[height(candidates).argsort()]
    surrogate = fit_scores(
        uniform(6, DIM, 7), height(uniform(6, DIM, 7)) + 0.3, ("direction",), LAYOUT
    )
    with torch.no_grad(), exact():
        law = surrogate.model.posterior(candidates).distribution
    mean, covariance = law.mean.numpy(), law.covariance_matrix.numpy()
    draws = np.random.default_rng(0).multivariate_normal(mean, covariance, 20_000)
    expected = np.bincount(draws.argmax(1), minlength=6) / 20_000
    found = [int(thompson(surrogate, candidates, 1, seed, NONE, FREE)) for seed in range(200)]
    assert np.allclose(np.bincount(found, minlength=6) / 200, expected, atol=0.12)
    assert expected.max() < 0.9


@pytest.mark.parametrize("choose", [believer, log_expected_improvement])
def test_log_expected_improvement_picks_by_what_it_says(surrogate, choose):
    """The first choice is the one with the greatest closed-form expected improvement."""
    candidates = uniform(25, DIM, 3)
    with torch.no_grad(), exact():
        law = surrogate.model.posterior(candidates)
    mean, deviation = law.mean.squeeze(1).numpy(), law.variance.squeeze(1).sqrt().numpy()
    for best in np.sort(mean)[[3, 10, 20]]:
        z = (mean - best) / deviation
        improvement = (mean - best) * norm.cdf(z) + deviation * norm.pdf(z)
        asked = replace(surrogate, best=float(best))
        chosen = int(choose(asked, candidates, 1, 0, NONE, FREE))
        assert improvement[chosen] == pytest.approx(improvement.max(), rel=0.05)


def test_log_improvement_is_that_of_botorch(surrogate):
    """From nearly certain to far out in the tail, against BoTorch's class on the same model."""
    points = uniform(50, DIM, 4)
    with torch.no_grad(), exact():
        law = surrogate.model.posterior(points[:, None])
        mean, deviation = law.mean.flatten(), law.variance.flatten().sqrt()
        for best in (-2.0, 0.5, 1.0, 5.0, 50.0):
            expected = LogExpectedImprovement(surrogate.model, best)(points[:, None])
            found = log_improvement(mean, deviation, best)
            assert torch.allclose(found, expected, rtol=1e-8)


def test_a_believer_chooses_as_if_what_it_expects_had_been_seen(surrogate):
    """Against GPyTorch's own fantasies, one after the other, some chosen before."""
    candidates, before = uniform(30, DIM, 8), uniform(2, DIM, 9)
    chosen = believer(surrogate, candidates, 6, 0, before, FREE).tolist()
    model, expected = surrogate.model, []
    with torch.no_grad(), exact():
        for point in before:
            model = model.condition_on_observations(point[None], model.posterior(point[None]).mean)
        for _ in range(6):
            law = model.posterior(candidates)
            improvement = log_improvement(
                law.mean.flatten(), law.variance.flatten().sqrt(), surrogate.best
            )
            improvement[expected] = -torch.inf
            expected.append(int(improvement.argmax()))
            point = candidates[expected[-1]][None]
            model = model.condition_on_observations(point, model.posterior(point).mean)
    assert chosen == expected
    assert chosen != believer(surrogate, candidates, 6, 0, NONE, FREE).tolist()


def test_a_believer_weighs_what_candidates_cost(surrogate):
    """Of two that promise the same the cheaper one; a nat takes a factor of e from improvement."""
    point, other = uniform(2, DIM, 8)
    twins = torch.stack([point, point + 1e-7])
    for cost in ([0.0, 1.0], [1.0, 0.0]):
        chosen = believer(surrogate, twins, 1, 0, NONE, torch.tensor(cost).double())
        assert int(chosen) == int(np.argmin(cost))
    pair, asked = torch.stack([point, other]), replace(surrogate, best=0.0)
    with torch.no_grad(), exact():
        law = surrogate.model.posterior(pair).distribution
    first, second = log_improvement(law.mean, law.stddev, asked.best).tolist()
    for more, expected in ((-0.01, 0), (0.01, 1)):
        cost = torch.tensor([first - second + more, 0.0]).double()
        assert int(believer(asked, pair, 1, 0, NONE, cost)) == expected


def test_best_means_are_in_order(surrogate, candidates):
    value = surrogate.value(candidates)
    found = best_means(surrogate, candidates, 5, 0, NONE, FREE)
    assert found.tolist() == value.argsort(descending=True)[:5].tolist()


@pytest.mark.parametrize("name", [name for name in ACQUISITIONS if name != "believer"])
def test_an_objective_of_outputs_decides(surrogate, candidates, name):
    """Of what is maximised the objective alone tells, whatever the outputs are."""
    turned = replace(
        surrogate,
        objective=GenericMCObjective(lambda samples, X=None: -samples.squeeze(-1)),
        best=-float(surrogate.model.outcome_transform.means),
    )
    found = ACQUISITIONS[name](turned, candidates, 5, 0, NONE, FREE)
    assert not set(found.tolist()) & {30, 31, 32}


@pytest.mark.parametrize("space", [Sphere(DIM), Box.holding(uniform(60, DIM, 2))])
def test_maximised_points_lie_within_bounds_and_where_much_is_expected(surrogate, space):
    points = maximise(surrogate, space.bounds, 2, 0)
    assert points.shape == (2, DIM)
    assert points.dtype == torch.float64
    assert not points.requires_grad
    low, high = space.bounds
    assert (points >= low).all()
    assert (points <= high).all()
    drawn = space.sample(200, torch.Generator().manual_seed(0))
    value = surrogate.value(space.retract(points)).max()
    assert value > surrogate.value(drawn).quantile(0.9)
    assert torch.equal(maximise(surrogate, space.bounds, 2, 0), points)
    assert not torch.equal(*points)
