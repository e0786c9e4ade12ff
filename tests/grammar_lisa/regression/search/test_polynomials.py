from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.regression.search.contexts import Context
from grammar_lisa.regression.search.polynomials import Polynomials, backward
from grammar_lisa.regression.search.tree import make

GENERATOR = np.random.default_rng(0)
X, Y = GENERATOR.uniform(-2, 2, (2, 80))
POINTS = {"x": X, "y": Y}
POLYNOMIALS = Polynomials(POINTS)


def context_of(targets):
    return Context(targets, targets, 0.0, lambda part: part, lambda values: values)


def exact_of(solutions, wanted):
    """The exact solution of least cost."""
    exact = [each for each in solutions if np.allclose(each.values, wanted, rtol=1e-7)]
    return min(exact, key=lambda each: each.cost)


@pytest.mark.parametrize(
    ("targets", "text", "constants"),
    [
        (2 * X + 3, "c*x+c", [2, 3]),
        (X**2 - 0.5 * Y, "c*y+x**2", [-0.5]),
        (1 - X * Y + 2 * X**3, "c*(x*y)+c*x**3+c", [-1, 2, 1]),
        (0.1 * X**4 + Y**3 - X**2 * Y, "c*(x**2*y)+y**3+c*x**4", [-1, 0.1]),
        (X + X**3 + 2, "x+x**3+c", [2]),
        (7 * X**2 * Y**2, "c*(x**2*y**2)", [7]),
    ],
)
def test_planted_polynomials_are_told(targets, text, constants):
    found = exact_of(POLYNOMIALS.sums(context_of(targets)), targets)
    tree = found.tree()
    assert tree.text == text
    assert tree.constants() == pytest.approx(constants, rel=1e-6)


@pytest.mark.parametrize(
    ("targets", "size"),
    [
        ((X + 2) / (X**2 + 3), 13),
        ((2 * X * Y + 1) / (Y**2 + 0.7), 15),
        (X / (1 + 0.5 * Y**2), 9),
        ((X**2 - Y) / (3 + X * Y**2 / 3), 19),
    ],
)
def test_planted_quotients_are_told(targets, size):
    found = exact_of(POLYNOMIALS.quotients(context_of(targets)), targets)
    tree = found.tree()
    assert tree.size == size
    np.testing.assert_allclose(tree.values(POINTS), targets, rtol=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_solutions_have_their_values(seed):
    generator = np.random.default_rng(seed)
    targets = np.exp(generator.normal() * X) + Y + 0.1 * generator.normal(size=80)
    context = context_of(targets)
    sums = list(POLYNOMIALS.sums(context))
    assert len(sums) == 10
    assert [each.cost for each in sums] == sorted([each.cost for each in sums], reverse=True)
    for solution in [*sums, *POLYNOMIALS.quotients(context)]:
        found = np.broadcast_to(solution.tree().values(POINTS), 80)
        np.testing.assert_allclose(found, solution.values, rtol=1e-6)


def test_what_all_monomials_leave():
    contexts = [context_of(X**4 - Y), context_of(np.exp(X))]
    found = list(POLYNOMIALS.alone(contexts))
    assert [context for _, context, _ in found] == contexts
    monomials = [X**i * Y**j for i in range(5) for j in range(5 - i)]
    for share, context, values in found:
        best = np.linalg.lstsq(np.transpose(monomials), context.desired, rcond=None)[0]
        np.testing.assert_allclose(values, best @ monomials, rtol=1e-7)
        left = np.square(context.desired - values).sum()
        variance = np.square(context.desired - context.desired.mean()).sum()
        assert share == pytest.approx(left / variance, rel=1e-5, abs=1e-20)
    assert found[0][0] < 1e-25
    assert 1e-8 < found[1][0] < 1e-2


def test_weights_are_what_the_whole_changes_with():
    noise = 0.05 * np.random.default_rng(1).normal(size=80)
    targets = np.exp(X + 0.5 * Y) + noise + 1
    wrap, forward = (lambda part: make("exp", part)), np.exp
    context = Context(targets, np.log(targets), 1.0, wrap, forward, 1)
    monomials = np.array([X**i * Y**j for i in range(5) for j in range(5 - i)])
    weighted = monomials * context.slopes
    best = np.linalg.lstsq(weighted.T, context.desired * context.slopes, rcond=None)[0]
    np.testing.assert_allclose(POLYNOMIALS.weighted(context), best @ monomials, rtol=1e-6)


@pytest.mark.parametrize(
    ("n_variables", "n_points", "degree"),
    [(1, 10, 2), (1, 200, 4), (2, 80, 4), (3, 80, 3), (9, 40, 1)],
)
def test_the_degree_follows_the_number_of_points(n_variables, n_points, degree):
    points = {f"x{k}": GENERATOR.normal(size=n_points) for k in range(n_variables)}
    assert Polynomials(points).degree == degree


def test_linear_terms_are_told_of_many_variables_on_few_points():
    points = {f"x{k}": GENERATOR.normal(size=12) for k in range(9)}
    targets = 2 * points["x3"] - points["x7"] + 4
    found = exact_of(Polynomials(points).sums(context_of(targets)), targets)
    assert found.tree().text == "c*x3+c*x7+c"


def best_subset(columns, desired, weights, size):
    """The least sum of squares of any subset."""
    best = np.inf
    for chosen in combinations(range(len(columns)), size):
        weighted = (columns[list(chosen)] * weights).T
        found = np.linalg.lstsq(weighted, desired * weights, rcond=None)[0]
        best = min(best, float(np.square(weighted @ found - desired * weights).sum()))
    return best


@given(st.integers(0, 999))
def test_backward_drops_what_is_missed_least(seed):
    generator = np.random.default_rng(seed)
    columns, desired = generator.normal(size=(6, 30)), generator.normal(size=30)
    weights = generator.uniform(0.5, 2, 30)
    before, left_before = None, 0.0
    for terms, found in backward(columns, desired, weights):
        weighted = (columns[terms] * weights).T
        expected = np.linalg.lstsq(weighted, desired * weights, rcond=None)[0]
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)
        left = float(np.square(weighted @ found - desired * weights).sum())
        if before is not None:
            assert set(terms) < set(before)
            assert len(terms) == len(before) - 1
            # No other of its columns would have been missed less.
            inner = best_subset(columns[before], desired, weights, len(terms))
            assert left == pytest.approx(inner)
            assert left >= left_before - 1e-9
        before, left_before = terms, left
    assert len(before) == 1


@given(st.integers(0, 999), st.sets(st.integers(0, 7), min_size=1, max_size=3))
def test_backward_ends_with_the_columns_that_are_needed(seed, planted):
    generator = np.random.default_rng(seed)
    columns = generator.normal(size=(8, 30))
    coefficients = generator.uniform(1, 2, len(planted))
    chosen = sorted(planted)
    found = list(backward(columns, coefficients @ columns[chosen], np.ones(30)))
    terms, told = found[0]
    assert terms == chosen
    np.testing.assert_allclose(told, coefficients, rtol=1e-9)


def test_long_sums_are_not_told():
    columns = np.random.default_rng(0).normal(size=(40, 100))
    desired = np.random.default_rng(1).normal(size=100)
    lengths = [len(terms) for terms, _ in backward(columns, desired, np.ones(100))]
    assert lengths == list(range(10, 0, -1))


def test_units_of_columns_do_not_matter():
    columns = np.random.default_rng(0).normal(size=(6, 30))
    desired = np.random.default_rng(1).normal(size=30)
    scales = 10.0 ** np.arange(-9, 9, 3)
    plain = list(backward(columns, desired, np.ones(30)))
    scaled = list(backward(columns * scales[:, None], desired, np.ones(30)))
    assert [terms for terms, _ in plain] == [terms for terms, _ in scaled]
    for (terms, found), (_, other) in zip(plain, scaled, strict=True):
        np.testing.assert_allclose(other * scales[terms], found, rtol=1e-7)


def test_columns_of_zeros_and_repeated_ones_do_no_harm():
    columns = np.vstack([np.zeros(80), X, X, Y])
    for terms, found in backward(columns, 3 * X + np.exp(Y), np.ones(80)):
        assert np.isfinite(found).all()
        assert terms


def test_nothing_desired_has_no_terms():
    assert list(backward(np.vstack([X, Y]), np.zeros(80), np.ones(80))) == []


def test_variables_are_told_by_their_names():
    solution = next(Polynomials({"alpha": X}).sums(context_of(2 * X**2)))
    assert solution.tree().text == "c*alpha**2"


def test_a_variable_that_is_zero_everywhere_does_no_harm():
    polynomials = Polynomials({"x": X, "zero": np.zeros(80)})
    targets = 2 * X + 3
    (found,) = polynomials.alone([context_of(targets)])
    assert found[0] < 1e-25
    assert exact_of(polynomials.sums(context_of(targets)), targets).tree().text == "c*x+c"


def test_powers_without_a_number_are_left_out():
    with np.errstate(over="ignore"):
        polynomials = Polynomials({"x": 1e90 * X}, most_degree=10)
    assert np.isfinite(polynomials.monomials.values).all()
    assert [tree.text for tree in polynomials.monomials.trees] == ["c", "x", "x**2", "x**3"]


def test_a_row_of_weight_two_counts_as_that_row_twice_in_polynomials():
    generator = np.random.default_rng(4)
    weights = generator.integers(1, 4, 80)
    once, repeated = np.arange(80), np.repeat(np.arange(80), weights)
    targets = np.exp(X) + Y**2 + generator.normal(size=80)

    def told(rows, weight_roots):
        points = {"x": X[rows], "y": Y[rows]}
        polynomials = Polynomials(points, most_degree=2, weight_roots=weight_roots)
        context = Context.root(targets[rows], weight_roots)
        ((share, _, values),) = polynomials.alone([context])
        places = rows.searchsorted(once)
        sums = [solution.values[places] for solution in polynomials.sums(context)]
        return share, values[places], polynomials.weighted(context)[places], *sums

    found, expected = told(once, np.sqrt(weights / weights.max())), told(repeated, None)
    assert found[0] == pytest.approx(expected[0], rel=1e-9)
    for one, other in zip(found[1:], expected[1:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-8)


def test_what_overflows_is_left_out():
    """Squares of some weighted values are infinite: no least squares may see them."""
    x = np.linspace(1, 2, 30)
    columns = np.array([np.ones(30), x, 1e300 * x])
    found = list(backward(columns, 2 * x + 1, np.full(30, 1e10)))
    assert found
    for terms, coefficients in found:
        assert np.isfinite(coefficients).all()
        assert 2 not in terms or coefficients[terms.index(2)] == 0
    assert not list(backward(columns, 1e300 * x, np.full(30, 1e10)))
