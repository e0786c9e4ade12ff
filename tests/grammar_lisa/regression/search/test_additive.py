import numpy as np
import pytest

from grammar_lisa.regression.search.additive import AdditiveModels
from grammar_lisa.regression.search.operator_search import OPERATORS, OperatorSearch

GENERATOR = np.random.default_rng(0)
X = np.linspace(0, 10, 120)
A, B, C = GENERATOR.uniform(-3, 3, (3, 150))
KINDS = {
    "two peaks": 5 * np.exp(-((X - 3) ** 2) / 0.8) + 3 * np.exp(-((X - 7) ** 2) / 2),
    "two peaks with long tails": 4 / ((X - 2) ** 2 + 1) + 9 / ((X - 7.5) ** 2 + 3),
    "two steps": 2 / (1 + np.exp(-3 * (X - 2))) + 4 / (1 + np.exp(-2 * (X - 7))),
    "two decays": 8 * np.exp(-1.9 * X) + 3 * np.exp(-0.21 * X),
    "two waves": 2 * np.sin(1.1 * X) + 0.8 * np.sin(3.7 * X),
}


def search_of(points, targets, operators=OPERATORS, **options):
    return OperatorSearch(points, targets, operators, **options)


@pytest.mark.parametrize("kind", KINDS)
def test_two_of_a_kind_are_found_at_once(kind):
    search = search_of({"x": X}, KINDS[kind])
    AdditiveModels(search, "dictionary").fit_pairs()
    assert search.archive.best.loss < 1e-20
    assert search.archive.best.source == "dictionary"


def test_terms_of_several_inputs_are_found_one_by_one():
    targets = 2 * np.exp(-0.4 * A) + 3 * np.sin(1.3 * B) + 0.5 * C**2 + 1
    search = search_of({"a": A, "b": B, "c": C}, targets)
    AdditiveModels(search, "dictionary").fit_stagewise()
    best = search.archive.best
    assert best.loss < 1e-20
    np.testing.assert_allclose(best.tree.values({"a": A, "b": B, "c": C}), targets)


def test_rows_without_weight_decide_nothing():
    wrong = np.where(np.arange(len(X)) % 5 == 0, 40.0, KINDS["two peaks"])
    weights = (np.arange(len(X)) % 5 != 0).astype(float)
    search = search_of({"x": X}, wrong, weights=weights)
    models = AdditiveModels(search, "dictionary")
    models.fit_pairs()
    models.fit_stagewise()
    assert search.archive.best.loss < 1e-20


def test_they_keep_to_operators_size_and_time():
    used = search_of({"x": X}, KINDS["two waves"], ("+", "*", "sin"), most=9)
    AdditiveModels(used, "dictionary").fit_pairs()
    AdditiveModels(used, "dictionary").fit_stagewise()
    trees = [entry.tree for entry in used.archive]
    assert trees
    assert all(tree.size <= 9 for tree in trees)
    names = {part.operator for tree in trees for _, part in tree.paths() if part.operands}
    assert names <= {"+", "*", "sin"}
    late = search_of({"x": X}, KINDS["two waves"], deadline=-np.inf)
    AdditiveModels(late, "dictionary").fit_pairs()
    AdditiveModels(late, "dictionary").fit_stagewise()
    assert late.fits == 0


def test_constant_inputs_have_no_functions():
    search = search_of({"x": np.ones(20)}, np.arange(20.0))
    models = AdditiveModels(search, "dictionary")
    models.fit_pairs()
    models.fit_stagewise()
    assert search.fits == 0
