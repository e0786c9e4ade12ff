from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar_lisa.regression.search.contexts import Context
from grammar_lisa.regression.search.library import Library
from grammar_lisa.regression.search.recombination import Match, Products, Sums
from grammar_lisa.regression.search.tree import make, number, variable

GENERATOR = np.random.default_rng(0)
U, V, W = GENERATOR.uniform(0.5, 3, (3, 50))
SIGNED = GENERATOR.uniform(-2, 2, 50)
POINTS = {"u": U, "v": V, "w": W, "s": SIGNED}


def library_of(operators=("+", "-", "*", "/", "sqrt", "exp", "sin"), most=60, points=POINTS):
    library = Library(operators, 50)
    for name, values in points.items():
        library.add(variable(name), values, 1.0)
    library.add(number(1), np.ones(50), 1.0)
    library.grow(most, 12.0)
    return library


LIBRARY = library_of()


def context_of(targets):
    return Context(targets, targets, 0.0, lambda part: part, lambda values: values)


def through_exp(targets):
    """The context within an exponential."""
    wrap, forward = (lambda part: make("exp", part)), np.exp
    return Context(targets, np.log(targets), 1.0, wrap, forward, 1)


def best_left(columns, wanted, weights=1.0):
    """The sum of squares that a fit by linear least squares leaves."""
    weighted, wanted = (columns * weights).T, wanted * weights
    scales = np.sqrt(np.square(weighted).sum(axis=0))
    scales[scales == 0] = 1.0
    found = np.linalg.lstsq(weighted / scales, wanted, rcond=1e-12)[0]
    return np.square(weighted / scales @ found - wanted).sum()


def variance(values):
    return np.square(values - values.mean()).sum()


def rank_of(left, entries, library):
    return np.log(left + 1e-14) + 0.3 * sum(library.costs[entry] for entry in entries)


def noisy_targets(seed):
    generator = np.random.default_rng(seed)
    return U * generator.uniform(0.5, 2) + V**2 / W + 0.2 * generator.normal(size=50) + 4


KINDS = {
    "sums": Sums(LIBRARY),
    "sums beside the variables": Sums(LIBRARY, POINTS),
    "products": Products(LIBRARY, POINTS, roots=True),
}


def told(source):
    """The subexpressions that take part, those that the base does not say already."""
    left = [best_left(source.base, row) for row in source.rows]
    return [k for k, row in enumerate(source.rows) if left[k] > 1e-12 * (row @ row) > 0]


@pytest.mark.parametrize("kind", KINDS)
def test_the_base_alone(kind):
    source = KINDS[kind]
    contexts = [context_of(noisy_targets(seed)) for seed in range(5)]
    found = list(source.alone(contexts))
    assert [match.context for match in found] == contexts
    for match in found:
        desired = source.desired([match.context])[1][0]
        expected = best_left(source.base, desired) / variance(desired)
        assert match.left == pytest.approx(expected, rel=1e-6)
        assert match.entries == ()


@pytest.mark.parametrize("kind", KINDS)
def test_single_members_against_least_squares_one_by_one(kind):
    source = KINDS[kind]
    contexts = [context_of(noisy_targets(seed)) for seed in range(4)]
    found = list(source.single(contexts, 3))
    assert len(found) == 12
    for context in contexts:
        desired = source.desired([context])[1][0]
        left = {
            (k,): best_left(np.vstack([source.rows[k], source.base]), desired) / variance(desired)
            for k in told(source)
        }
        expected = sorted(left, key=lambda entries: rank_of(left[entries], entries, LIBRARY))
        own = [match for match in found if match.context is context]
        assert [match.entries for match in own] == expected[:3]
        for match in own:
            assert match.left == pytest.approx(left[match.entries], rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_weighted_members_against_least_squares_one_by_one(kind):
    source = KINDS[kind]
    context = through_exp(noisy_targets(1))
    desired = source.desired([context])[1][0]
    weights = source.weights(context)
    whole, *found = source.weighted(context, 3)
    total = variance(context.targets)
    assert whole.entries == ()
    assert whole.left == pytest.approx(best_left(source.base, desired, weights) / total)
    left = {
        (k,): best_left(np.vstack([source.rows[k], source.base]), desired, weights) / total
        for k in told(source)
    }
    expected = sorted(left, key=lambda entries: rank_of(left[entries], entries, LIBRARY))
    assert {match.entries for match in found} == set(expected[:3])
    for match in found:
        assert match.left == pytest.approx(left[match.entries], rel=1e-5)


def test_weights_are_what_the_whole_changes_with():
    context = through_exp(noisy_targets(2))
    np.testing.assert_allclose(KINDS["sums"].weights(context), context.targets, rtol=1e-6)
    expected = context.targets * np.log(context.targets)
    np.testing.assert_allclose(KINDS["products"].weights(context), expected, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_pairs_against_least_squares_one_by_one(kind):
    source = KINDS[kind]
    context = context_of(noisy_targets(3))
    desired = source.desired([context])[1][0]
    weights = source.weights(context)
    left = {
        pair: best_left(np.vstack([source.rows[list(pair)], source.base]), desired, weights)
        / variance(context.targets)
        for pair in combinations(range(25), 2)
    }
    found = list(source.pairs([context], 5, 25))
    assert len(found) == 5
    for match in found:
        assert match.left == pytest.approx(left[match.entries], rel=1e-2)
    best = min(left.values())
    assert min(match.left for match in found) == pytest.approx(best, rel=1e-2)
    assert len({match.entries for match in found}) == 5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("within", [context_of, through_exp])
def test_solutions_have_their_values(kind, within):
    source = KINDS[kind]
    contexts = [within(noisy_targets(seed)) for seed in range(3)]
    matches = [*source.alone(contexts), *source.single(contexts, 5), *source.pairs(contexts, 5, 40)]
    solutions = [(match, next(source.solutions(match), None)) for match in matches]
    assert sum(solution is not None for _, solution in solutions) > len(matches) / 2
    for _, solution in filter(lambda each: each[1] is not None, solutions):
        found = np.broadcast_to(solution.tree().values(POINTS), 50)
        np.testing.assert_allclose(found, solution.values, rtol=1e-9)
        assert solution.cost > 0


def test_a_sum_is_the_weighted_least_squares_fit():
    source, context = KINDS["sums"], through_exp(noisy_targets(5))
    for match in source.single([context], 4):
        solution = next(source.solutions(match), None)
        errors = context.slopes * (solution.values - context.desired)
        columns = np.vstack([source.rows[list(match.entries)], source.base])
        expected = best_left(columns, context.desired, context.slopes)
        assert errors @ errors == pytest.approx(expected)


def exact_one(source, context, matches):
    """The text of the simplest exact solution among matches."""
    exact = []
    for match in matches:
        solution = next(source.solutions(match), None)
        if solution is not None and np.allclose(solution.values, context.desired, rtol=1e-9):
            exact.append((solution.cost, solution.tree()))
    return min(exact, key=lambda each: each[0])[1]


@settings(max_examples=30)
@given(st.integers(0, len(LIBRARY) - 1), st.integers(0, len(LIBRARY) - 1), st.integers(0, 99))
def test_planted_sums_are_found(first, second, seed):
    a, b, c = np.random.default_rng(seed).uniform(0.5, 3, 3)
    rows = KINDS["sums"].rows
    one = context_of(a * rows[first] + c)
    if np.ptp(one.desired) > 1e-6:
        tree = exact_one(KINDS["sums"], one, KINDS["sums"].single([one], 3))
        assert tree.size <= LIBRARY.tree(first).size + 4
    two = context_of(a * rows[first] - b * rows[second] + c)
    pairs = [*KINDS["sums"].pairs([two], 8, len(LIBRARY)), *KINDS["sums"].single([two], 1)]
    if np.ptp(two.desired) > 1e-6:
        exact_one(KINDS["sums"], two, pairs)


@pytest.mark.parametrize(
    ("values", "text", "constants"),
    [
        (2.5 * U**2 * W / V, "c*(u**2*w/v)", [2.5]),
        (-3 * U / (V * W), "c*(u/(v*w))", [-3]),
        (np.sqrt(U) / V, None, None),
        (0.3 * U**1.7, "c*u**c", [0.3, 1.7]),
        (4 * U * SIGNED, "c*(u*s)", [4]),
        (4 * U * SIGNED**2, "c*(u*s**2)", [4]),
        (U / SIGNED**3, None, None),
    ],
)
def test_planted_powers_are_found(values, text, constants):
    source, context = KINDS["products"], context_of(values)
    (match,) = source.alone([context])
    solution = next(source.solutions(match), None)
    np.testing.assert_allclose(solution.values, values, rtol=1e-9)
    np.testing.assert_allclose(solution.tree().values(POINTS), values, rtol=1e-9)
    if text:
        assert solution.tree().constants() == pytest.approx(constants)
        np.testing.assert_array_equal(sorted(solution.tree().text), sorted(text))


@pytest.mark.parametrize(
    "values",
    [
        3 * U * (V + W),
        -2 * V / (U - V),
        U * np.sqrt(V + W),
        0.7 * W * np.exp(U),
        SIGNED / (U + V) ** 2,
        U * np.sin(SIGNED),
    ],
)
def test_planted_products_with_a_member_are_found(values):
    source = Products(library_of(most=200), POINTS, roots=True)
    context = context_of(values)
    tree = exact_one(source, context, source.single([context], 5))
    np.testing.assert_allclose(tree.values(POINTS), values, rtol=1e-9)
    assert tree.size <= 11


def test_what_changes_its_sign_has_integer_exponents():
    source, context = KINDS["products"], context_of(2 * U * np.sqrt(np.abs(SIGNED)))
    (match,) = source.alone([context])
    assert next(source.solutions(match), None) is None


def test_what_lies_below_zero_has_roots_once_its_sign_is_changed():
    points = {"a": -U, "b": V}
    source = Products(library_of(most=100, points=points), points, roots=True)
    for values in (3 * V * np.sqrt(U), np.sqrt(U + V) / V):
        context = context_of(values)
        tree = exact_one(source, context, source.single([context], 5))
        np.testing.assert_allclose(tree.values(points), values, rtol=1e-9)


def test_without_roots_there_are_none():
    source = Products(library_of(("+", "*")), POINTS, roots=False)
    context = context_of(2 * np.sqrt(U) * V**1.5)
    (match,) = source.alone([context])
    tree = next(source.solutions(match), None).tree()
    assert not any(part.operator == "sqrt" for _, part in tree.paths())
    np.testing.assert_allclose(tree.values(POINTS), context.targets, rtol=1e-9)


def test_exponents_near_halves_are_taken_for_them():
    noise = np.exp(0.01 * np.random.default_rng(1).normal(size=50))
    (match,) = KINDS["products"].alone([context_of(2 * U**2 / V * noise)])
    tree = next(KINDS["products"].solutions(match), None).tree()
    assert {part.value for _, part in tree.paths() if part.operator == "number"} <= {1, 2}
    assert {part.name for _, part in tree.paths() if part.name} >= {"u", "v"}


def test_desired_values_with_zeros_are_no_products():
    values = U.copy()
    values[3] = 0.0
    contexts = [context_of(values), context_of(U)]
    assert [match.context for match in KINDS["products"].alone(contexts)] == contexts[1:]
    assert list(KINDS["products"].alone(contexts[:1])) == []
    assert list(KINDS["products"].single(contexts[:1], 2)) == []
    assert list(KINDS["products"].pairs(contexts[:1], 2, 10)) == []
    assert list(KINDS["products"].weighted(contexts[0], 2)) == []


def test_terms_that_are_rounding_are_left_out():
    context = context_of(3 * U + 0 * V)
    entry = next(k for k in range(len(LIBRARY)) if LIBRARY.tree(k).text == "u*v")
    solution = next(
        KINDS["sums beside the variables"].solutions(Match(0.0, context, (entry,))), None
    )
    assert solution.tree().text == "c*u"


@pytest.mark.parametrize("each", [1, 2, 50])
def test_small_libraries_serve_any_number(each):
    library = Library((), 50)
    library.add(variable("u"), U, 1.0)
    for source in (Sums(library), Products(library, {"u": U}, roots=True)):
        context = context_of(noisy_targets(1))
        assert len(list(source.single([context], each))) == 1
        assert len(list(source.weighted(context, each))) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_targets_that_do_not_vary_are_weighed(kind):
    targets = np.full(50, 5.0)
    wrap, forward = (lambda part: make("+", part, variable("u"))), (lambda values: values + U)
    context = Context(targets, targets - U, 2.0, wrap, forward, 1)
    assert all(np.isfinite(match.left) for match in KINDS[kind].weighted(context, 2))


def sources_of(rows, weight_roots=None):
    """Each kind over some of the rows."""
    points = {name: values[rows] for name, values in POINTS.items()}
    library = Library((), len(rows))
    for entry in range(len(LIBRARY)):
        library.add(
            LIBRARY.tree(entry),
            LIBRARY.values[entry][rows],
            LIBRARY.costs[entry],
        )
    return [
        Sums(library, weight_roots=weight_roots),
        Sums(library, points, weight_roots),
        Products(library, points, roots=True, weight_roots=weight_roots),
    ]


@pytest.mark.parametrize("kind", range(3))
@pytest.mark.parametrize("search", ["alone", "single", "weighted", "pairs"])
def test_a_row_of_weight_two_counts_as_that_row_twice(kind, search):
    weights = np.random.default_rng(3).integers(1, 4, 50)
    once, repeated = np.arange(50), np.repeat(np.arange(50), weights)
    roots, targets = np.sqrt(weights / weights.max()), noisy_targets(2)

    def told(rows, weight_roots):
        source = sources_of(rows, weight_roots)[kind]
        context = Context.root(targets[rows], weight_roots)
        calls = {
            "alone": lambda: source.alone([context]),
            "single": lambda: source.single([context], 5),
            "weighted": lambda: source.weighted(context, 5),
            "pairs": lambda: source.pairs([context], 3, 30),
        }
        matches = sorted(calls[search](), key=lambda match: match.left)
        least = matches[0].left
        values = next(source.solutions(matches[0]), None).values[rows.searchsorted(once)]
        return (
            [match.entries for match in matches],
            [m.left / least for m in matches],
            values,
        )

    found, expected = told(once, roots), told(repeated, None)
    assert found[0] == expected[0]
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-4)
    np.testing.assert_allclose(found[2], expected[2], rtol=1e-6)
