import itertools
from itertools import islice

import numpy as np
import pytest

from grammar_lisa.expressions.expression import NEGATION, POWER
from grammar_lisa.regression import LOSSES
from grammar_lisa.regression.search import operator_search
from grammar_lisa.regression.search.operator_search import OPERATORS, SOURCES, OperatorSearch
from grammar_lisa.regression.search.scales import Scale

GENERATOR = np.random.default_rng(0)
U, V, W = GENERATOR.uniform(0.5, 3, (3, 100))
X = np.linspace(-3, 3, 100)
YEARS = np.linspace(1990, 2020, 100)
PLANTED = {
    "a product of powers": ({"u": U, "v": V, "w": W}, 3 * U**2 * W / V, 9),
    "a power of no simple exponent": ({"u": U, "v": V}, 2 * U**0.37 * V, 7),
    "a quotient of sums": ({"u": U, "v": V, "w": W}, (U + 2 * V) / (W + 3 * U), 13),
    "a root of a sum of squares": ({"u": U, "v": V}, np.sqrt(U**2 + V**2), 8),
    "an exponential of a ratio": ({"u": U, "v": V}, 2 * np.exp(-U / V), 8),
    "a wave and a line": ({"x": X}, np.sin(1.3 * X) + X, 6),
    "a logistic curve": ({"x": X}, 1 / (1 + np.exp(1 - 2 * X)), 13),
    "a saturation": ({"u": U, "v": V}, 3 * U * V / (1.5 + U), 13),
    "a constant": ({"x": X}, np.full(100, 2.5), 1),
    "zero": ({"x": X}, np.zeros(100), 1),
    "a line": ({"u": U, "v": V, "w": W}, 2 * U - 3 * V + 1, 9),
    "a logarithm of a sum": ({"u": U, "v": V}, np.log(U + 2 * V), 6),
    "a product and a difference": ({"u": U, "v": V, "w": W}, U * V - W, 5),
    "a polynomial": ({"x": X}, 2 * X**3 - X + 4, 13),
    "growth over years": ({"t": YEARS}, 3 * np.exp(0.3 * (YEARS - 1990)) + 2, 12),
    "large units": ({"u": 1e9 * U, "v": 1e-9 * V}, 1e12 * U / V, 5),
}
NOISY = np.sin(U * V) + 0.5 * W**1.3 + 0.05 * GENERATOR.normal(size=100)
POINTS = {"u": U, "v": V, "w": W}
QUICK = ("a product of powers", "a saturation", "zero")
"""What is planted in every run of the tests; the others are slow."""


SMALL = Scale(150, 60, 20, 6, 2, 80, 3, 4, 1, 12)


@pytest.fixture
def small(monkeypatch):
    """Rounds on a small scale, for tests that do not ask what is found."""
    monkeypatch.setattr(operator_search, "SCALES", (SMALL, SMALL))
    monkeypatch.setattr(operator_search, "SUBPROBLEM_SCALES", (SMALL, SMALL))


def searched(points, targets, stages=12, **options):
    """A search after its first stages, all of which are in the first round."""
    search = OperatorSearch(points, targets, **options)
    names = list(islice(search.run(), stages))
    return search, names


def operators_of(search):
    trees = [entry.tree for entry in search.archive]
    used = {part.operator for tree in trees for _, part in tree.paths() if part.operands}
    return {{POWER: "pow", NEGATION: "-"}.get(name, name) for name in used}


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in PLANTED],
)
def test_planted_formulas_are_found(name):
    points, targets, size = PLANTED[name]
    search, _ = searched(points, targets)
    assert search.solved
    best = search.archive.best
    found = np.broadcast_to(best.tree.values(points), 100)
    np.testing.assert_allclose(found, targets, rtol=1e-8, atol=1e-10 * np.abs(targets).max())
    assert best.complexity <= size


@pytest.mark.usefixtures("small")
def test_a_solved_search_ends():
    points, targets, _ = PLANTED["a product of powers"]
    assert searched(points, targets, 100)[1] == ["powers"]


@pytest.mark.usefixtures("small")
def test_the_same_seed_gives_the_same_archive():
    first, second = (list(searched(POINTS, NOISY, 4, seed=1)[0].archive) for _ in range(2))
    assert first == second


@pytest.mark.usefixtures("small")
def test_entries_have_their_losses():
    search, _ = searched(POINTS, NOISY, 4)
    for entry in search.archive:
        errors = np.broadcast_to(entry.tree.values(POINTS), 100) - NOISY
        assert entry.loss == pytest.approx(np.square(errors).mean() / np.var(NOISY), rel=1e-6)
    assert search.archive.best.loss < 0.5
    assert search.fits > len(search.archive)


SOURCE_NAMES = {
    "subexpressions": {"sums", "products"},
    "polynomials": {"polynomials", "quotients"},
    "features": {"features"},
    "dictionary": {"dictionary"},
    "backpropagation": {"backpropagation"},
}
STAGES = {
    "subexpressions": ["subexpressions", "subexpressions, weighted"],
    "polynomials": ["polynomials", "quotients"],
    "features": ["features"],
    "dictionary": ["sums of functions", "sums of functions", "dictionary"],
    "backpropagation": ["backpropagation"],
}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("source", STAGES)
def test_each_source_works_alone(source):
    stages = 1 + len(STAGES[source])
    targets = U * (V + np.sin(W)) if source == "backpropagation" else NOISY
    search, names = searched(POINTS, targets, stages, sources=(source,))
    assert names == ["powers", *STAGES[source]]
    found = {entry.source for entry in search.archive}
    assert found <= {"constant", "lines", "powers"} | SOURCE_NAMES[source]
    assert found & SOURCE_NAMES[source]


@pytest.mark.usefixtures("small")
def test_separability_alone():
    targets = U**2.5 * (1 + (V / W) ** 0.7)
    search, names = searched(POINTS, targets, 100, sources=("separability",))
    assert set(names) == {"powers"}
    assert search.solved
    searched_again, names = searched(POINTS, targets, 100, sources=())
    assert names == ["powers"] * 2
    assert not searched_again.solved


@pytest.mark.usefixtures("small")
def test_pairs_alone():
    search, names = searched(POINTS, NOISY, 3, sources=("pairs",))
    assert names == ["powers", "pairs, sums", "pairs, products"]
    assert {entry.source for entry in search.archive} <= {"constant", "powers", "sums", "products"}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("source", STAGES)
def test_each_source_can_be_switched_off(source):
    others = tuple(name for name in SOURCES if name not in {source, "pairs"})
    search, names = searched(POINTS, NOISY, 4, sources=others)
    assert not {entry.source for entry in search.archive} & SOURCE_NAMES[source]
    assert not set(names) & set(STAGES[source])


@pytest.mark.usefixtures("small")
def test_without_sources_powers_are_left():
    search, names = searched(POINTS, NOISY, 100, sources=())
    assert names == ["powers"] * 2
    assert {entry.source for entry in search.archive} <= {"constant", "powers"}


@pytest.mark.usefixtures("small")
def test_variation_goes_on_after_the_rounds():
    search, names = searched({"x": X[::10]}, np.cumsum(X[::10] ** 2 % 1), 4, sources=("variation",))
    assert names == ["powers"] * 2 + ["variation"] * 2
    assert search.fits > 20


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "operators",
    [
        OPERATORS,
        ("+", "-", "*", "/"),
        ("+", "-", "*"),
        ("+", "*"),
        ("*", "/", "pow"),
        ("+", "*", "exp"),
        ("+",),
        ("abs",),
        (),
    ],
)
def test_nothing_but_the_operators_is_used(operators):
    search, names = searched(POINTS, NOISY, 4, operators=operators)
    assert len(names) == 4
    assert operators_of(search) <= set(operators)
    assert len(search.archive) >= 1


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("operators", "targets"),
    [
        (("+", "*"), 2 * U**3 * V + W),
        (("+", "-", "*", "/"), 3 * U**2 / (V + W)),
        (("-", "*"), 2 * U * V**2),
        (("/", "*"), 5 * U * U / V),
    ],
)
def test_few_operators_are_enough_for_formulas_of_them(operators, targets):
    search, _ = searched(POINTS, targets, operators=operators)
    assert search.solved
    assert operators_of(search) <= set(operators)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("most", [1, 5, 9])
def test_the_complexity_is_bounded(most):
    search, _ = searched(POINTS, NOISY, 4, most=most)
    assert max(entry.complexity for entry in search.archive) <= most


@pytest.mark.usefixtures("small")
def test_rows_of_weight_zero_do_not_matter():
    targets = 3 * U**2 / V
    wild = np.where(np.arange(100) % 10 == 0, 50.0, targets)
    weights = np.where(np.arange(100) % 10 == 0, 0.0, 1.0)
    search = OperatorSearch({"u": U, "v": V}, wild, weights=weights)
    search.fit(next_tree(), "here")
    assert search.archive.best.loss < 1e-20
    assert search.archive.best.tree.constants() == pytest.approx([3])
    equal = OperatorSearch({"u": U, "v": V}, wild)
    equal.fit(next_tree(), "here")
    assert equal.archive.best.loss > 0.1


def next_tree():
    """The formula c*u**2/v from a far start."""
    search, _ = searched({"u": U, "v": V}, 3 * U**2 / V, 1)
    return search.archive.best.tree.with_constants([1.0])


@pytest.mark.usefixtures("small")
def test_weights_move_what_is_found():
    line = np.where(X < 0, -X, 2 * X) + 0.1 * np.random.default_rng(3).normal(size=100)
    ends = {}
    for side, weights in (("left", X < 0), ("right", X > 0)):
        search, _ = searched({"x": X}, line, 2, weights=0.001 + weights, most=5)
        own = np.asarray(search.archive.best.tree.values({"x": X}))
        ends[side] = np.square(own - line)
    assert ends["left"][X < 0].mean() < ends["right"][X < 0].mean()
    assert ends["right"][X > 0].mean() < ends["left"][X > 0].mean()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_finds_an_exact_formula(loss):
    search, _ = searched({"u": U, "v": V}, 3 * U**2 / V, 3, loss=LOSSES[loss])
    assert search.solved
    np.testing.assert_allclose(search.archive.best.tree.values(POINTS), 3 * U**2 / V, rtol=1e-5)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("n_points", [1, 2, 3, 5])
def test_a_few_rows(n_points):
    points = {name: values[:n_points] for name, values in POINTS.items()}
    search, _ = searched(points, NOISY[:n_points])
    assert len(search.archive) >= 1


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("column", [np.zeros(100), np.full(100, 3.0), 1.0 * (X > 0)])
@pytest.mark.parametrize("targets", [X**2 % 1, 1.0 * (np.arange(100) == 7)])
def test_columns_of_few_values(column, targets):
    search, names = searched({"x": column}, targets)
    assert len(names) >= 1
    assert np.isfinite(search.archive.best.loss)


@pytest.mark.usefixtures("small")
def test_targets_that_vary_on_unseen_rows_alone():
    targets = np.zeros(1000)
    seen = np.random.default_rng(0).permutation(1000)
    targets[seen[-1]] = 1.0
    points = {"x": np.random.default_rng(1).normal(size=1000)}
    search, names = searched(points, targets, 6)
    assert len(names) == 6
    assert np.isfinite(search.archive.best.loss)


@pytest.mark.usefixtures("small")
def test_a_deadline_in_the_past_ends_at_once():
    search, names = searched(POINTS, NOISY, 100, deadline=0.0)
    assert names == []
    assert [entry.source for entry in search.archive] == ["constant"]


def test_a_search_ends_with_the_first_formula_that_is_good_enough():
    asked = []
    search, names = searched(
        POINTS, NOISY, 100, good_enough=lambda best: asked.append(best) or best.loss < 0.2
    )
    assert [best.loss < 0.2 for best in asked] == [*[False] * (len(asked) - 1), True]
    assert search.archive.best.tree is asked[-1].tree
    assert search.ended
    whole, further = searched(POINTS, NOISY, len(names))
    assert further == names
    assert search.fits < whole.fits  # the last stage was not done to its end


@pytest.mark.parametrize(
    ("targets", "size"),
    [(2 * X + 3, 5), (X, 1), (-0.5 * X, 3), (X - 2, 3)],
    ids=("line", "itself", "share", "shift"),
)
def test_a_line_is_found_before_a_library_is_made(targets, size):
    search, stages = searched({"x": X}, targets)
    assert stages == []
    assert search.solved
    assert search.archive.best.complexity <= size


def test_lines_keep_to_the_operators_and_the_complexity():
    search, _ = searched(POINTS, 2 * U - W + 3, 1, operators=("*",), most=3)
    assert operators_of(search) <= {"*"}
    assert max(entry.complexity for entry in search.archive) <= 3


@pytest.mark.parametrize(
    ("name", "targets"),
    [
        ("tan", 0.5 * np.tan(0.4 * X) + 1),
        pytest.param("asin", 2 * np.arcsin(0.3 * X) + 0.3, marks=pytest.mark.slow),
        ("acos", np.arccos(0.3 * X - 0.1)),
        pytest.param("atan", 2 * np.arctan(3 * X - 4) + 1, marks=pytest.mark.slow),
        pytest.param("sinh", 2 * np.sinh(0.5 * X) - 1, marks=pytest.mark.slow),
        pytest.param("cosh", 2.5 * np.cosh(0.8 * X), marks=pytest.mark.slow),
        ("abs", 3 * np.abs(X - 1.2) + 1),
    ],
)
def test_functions_that_are_named_are_found(name, targets):
    search, _ = searched({"x": X}, targets, operators=("+", "-", "*", "/", name))
    assert search.solved
    assert operators_of(search) <= {"+", "-", "*", "/", name}
    assert search.archive.best.complexity <= 10


@pytest.mark.usefixtures("small")
def test_outliers_of_a_robust_loss_do_not_decide():
    """Outliers on one side move a fit by Huber, but leave it its form."""
    x = np.linspace(0.1, 8, 90)
    truth = 5 * x / (2 + x)
    search = OperatorSearch({"x": x}, truth + 40.0 * (np.arange(90) % 9 == 0), loss=LOSSES["huber"])
    list(islice(search.run(), 14))
    assert np.count_nonzero(search.weight_roots < 1) >= 8
    differences = [e.tree.values({"x": x}) - truth for e in search.archive if e.complexity < 10]
    assert min(np.ptp(each) for each in differences) < 0.2


def test_steep_powers_are_no_formulas_where_there_are_exponentials():
    years = np.linspace(1990, 2020, 31)
    growth = np.exp(0.042 * (years - 1990)) * (1 + 0.01 * np.sin(np.arange(31) ** 2))
    search = OperatorSearch({"t": years}, growth)
    list(islice(search.run(), 8))
    for entry in search.archive:
        for _, part in entry.tree.paths():
            if part.operator == POWER and not part.operands[1].operands:
                assert abs(part.operands[1].value) <= 12


def test_a_factor_near_minus_one_is_tried_once_where_there_are_no_signs(small):
    # Its form with a sign is the same formula again where operators allow no signs.
    y = U * V - 2 * U + 1 + 0.02 * np.random.default_rng(1).normal(size=100)
    looks = itertools.count()
    options = {"clock": lambda: float(next(looks)), "deadline": 9_000.0}
    searched({"u": U, "v": V}, y, 8, operators=("+", "*", "sin"), **options)
    assert next(looks) < 9_000
