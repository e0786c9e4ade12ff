import numpy as np
import pytest

from grammar_lisa.regression.search.contexts import Context
from grammar_lisa.regression.search.feature_polynomials import feature_fits
from grammar_lisa.regression.search.tree import make, variable

GENERATOR = np.random.default_rng(0)
POINTS = dict(zip("abwt", GENERATOR.uniform(0.5, 3, (4, 120)), strict=True))
A, B, W, T = POINTS.values()
WAVE = make("cos", make("*", variable("w"), variable("t")))
HEIGHTS = make("exp", variable("w"))
MEMBERS = [(tree, tree.values(POINTS)) for tree in (HEIGHTS, WAVE)]


def best_of(targets):
    """The features that leave least."""
    root = Context.root(targets)
    return min(feature_fits([root], POINTS, MEMBERS), key=lambda each: each.left)


@pytest.mark.parametrize(
    ("targets", "text"),
    [
        (A * (np.cos(W * T) + B * np.cos(W * T) ** 2), "a*cos(w*t)+a*b*cos(w*t)**2"),
        (A**2 + B**2 - 2 * A * B * np.cos(W * T), "a**2+b**2+c*(a*b*cos(w*t))"),
        (A + 3 * B * np.exp(2 * W), "a+c*(b*exp(w)**2)"),
    ],
)
def test_planted_polynomials_in_a_function(targets, text):
    found = best_of(targets)
    assert found.left < 1e-20
    exact = [
        each
        for each in found.polynomials.sums(found.context)
        if np.allclose(each.values, targets, rtol=1e-8)
    ]
    assert min(exact, key=lambda each: each.cost).tree().text == text


def test_planted_quotients_in_a_function():
    targets = A * (1 - B) / (2 + B * np.cos(W * T))
    found = list(feature_fits([Context.root(targets)], POINTS, MEMBERS[1:]))
    exact = [
        solution
        for each in found
        for solution in each.polynomials.quotients(each.context)
        if np.allclose(solution.values, targets, rtol=1e-8)
    ]
    assert exact
    tree = exact[0].tree()
    np.testing.assert_allclose(tree.values(POINTS), targets, rtol=1e-8)


def test_what_a_function_is_of_is_a_letter_beside_it_where_inputs_are_few():
    assert best_of(A * np.exp(W) + W).left < 1e-20
    many = POINTS | {"u": A[::-1].copy()}
    targets = A * np.exp(W) + W
    left = [each.left for each in feature_fits([Context.root(targets)], many, MEMBERS[:1])]
    assert len(left) == 1
    assert left[0] > 1e-6


def test_costs_grow_with_contexts_and_functions():
    root = Context.root(A)
    inner = root.within(A, 2.0, lambda part: part, lambda values: values)
    costs = [each.cost for each in feature_fits([root, inner], POINTS, MEMBERS[1:])]
    assert costs == [2.0, 4.0, 2.0, 4.0]
