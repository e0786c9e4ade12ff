import numpy as np
import pytest

from grammar_lisa.regression.search.contexts import Context
from grammar_lisa.regression.search.fractions import Fractions

GENERATOR = np.random.default_rng(0)
P, Q, S = GENERATOR.uniform(1, 4, (3, 200))
PLANTED = {
    "a sum of velocities": ({"p": P, "q": Q, "s": S}, (P + Q) / (1 + P * Q / S**2), 19),
    "a ratio of sums": ({"p": P, "q": Q}, P * (1 + Q) / (P + Q), 13),
    "a saturation with a rest": ({"p": P, "q": Q}, 5 - P * Q / (1 + 0.4 * P**2), 21),
    "an orbit": ({"q": Q / 5, "s": S}, (1 - Q**2 / 25) / (1 + Q * S / 5), 15),
}


@pytest.mark.parametrize("noise", [0.0, 0.01])
@pytest.mark.parametrize("name", PLANTED)
def test_planted_quotients_are_told(name, noise):
    points, targets, size = PLANTED[name]
    level = noise * float(np.sqrt(np.square(targets).mean()))
    noisy = targets + level * GENERATOR.normal(size=200)
    near = [
        each.tree()
        for degree in (1, 3)
        for each in Fractions(points, degree).solutions(Context.root(noisy))
        if np.abs(each.values - noisy).std() < 1.6 * level + 1e-4 * targets.std()
    ]
    assert min(tree.size for tree in near) <= size


def test_solutions_have_their_values():
    points = {"p": P, "q": Q}
    for solution in Fractions(points).solutions(Context.root(np.sqrt(P) + np.sin(Q))):
        np.testing.assert_allclose(solution.tree().values(points), solution.values, rtol=1e-6)


def test_denominators_have_no_zeros_between_the_points():
    points = {"p": P - 2.5}
    found = list(Fractions(points).solutions(Context.root(1 / (P - 2.5))))
    assert found
    for solution in found:
        quotients = (part for _, part in solution.tree().paths() if part.operator == "/")
        below = next(quotients).operands[1].values(points)
        assert np.ptp(np.sign(below)) == 0


def test_errors_count_as_the_whole_changes_with_them():
    targets = np.exp((1 + P) / (1 + 0.5 * Q))
    context = Context.root(targets).within(
        np.log(targets + np.where(P > 3.9, 0.2 * targets, 0.0)),
        1.0,
        lambda part: part,
        np.exp,
    )
    found = list(Fractions({"p": P, "q": Q}).solutions(context))
    assert found
    assert all(np.isfinite(each.values).all() for each in found)
