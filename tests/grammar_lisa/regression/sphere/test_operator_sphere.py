import time

import numpy as np
import pytest
from small_spheres import skeleton_sphere

from grammar_lisa.regression.search.operator_search import OperatorSearch
from grammar_lisa.regression.search.tree import make, open_constant, variable
from grammar_lisa.regression.sphere import operator_sphere
from grammar_lisa.regression.sphere.candidates import BATCH, score_of
from grammar_lisa.regression.sphere.operator_sphere import OperatorSphere, most_used
from shared.common.errors import LisaError

GENERATOR = np.random.default_rng(0)
NAMES = ("u", "v", "w", "s", "t")
POINTS = {name: GENERATOR.uniform(0.5, 3, 60) for name in NAMES}
TARGETS = np.sin(POINTS["v"] * POINTS["t"]) + POINTS["s"] ** 1.3


@pytest.fixture(autouse=True)
def small_sphere(monkeypatch):
    monkeypatch.setattr(operator_sphere, "shipped_model", skeleton_sphere)


def search_of(names, **options):
    """A search that has seen a few formulas."""
    search = OperatorSearch({name: POINTS[name] for name in names}, TARGETS, sources=(), **options)
    search.fit_constant()
    for name in names[-2:]:
        search.fit(make("*", open_constant(1.0), variable(name)), "powers")
        search.fit(make("sin", variable(name)), "powers")
    return search


def test_a_turn_fits_candidates_of_the_sphere():
    search = search_of(("s", "t"))
    before = search.fits
    assert OperatorSphere(0).turn(search)
    assert before < search.fits <= before + BATCH
    assert all(np.isfinite(each.loss) for each in search.scored)


def test_the_same_seed_gives_the_same_formulas():
    found = []
    for seed in (0, 0, 1):
        search = search_of(("s", "t"))
        OperatorSphere(seed).turn(search)
        found.append([(each.text, each.loss) for each in search.scored])
    assert found[0] == found[1] != found[2]


def test_the_sphere_does_not_begin_shortly_before_the_end():
    search = search_of(("s", "t"), deadline=time.monotonic() + 10)
    before = search.fits
    assert not OperatorSphere(0).turn(search)
    assert search.fits == before


def test_weights_that_cannot_be_read_are_left_out_with_a_note(monkeypatch):
    def missing(n_variables, *, untrained):
        raise LisaError("model.safetensors is missing")

    monkeypatch.setattr(operator_sphere, "shipped_model", missing)
    search, notes = search_of(("s", "t")), []
    sphere = OperatorSphere(0, notes.append)
    assert not sphere.turn(search)
    assert not sphere.turn(search)
    assert notes == ["the sphere is left out: model.safetensors is missing"]


def test_a_search_that_is_late_is_not_held_up():
    search = search_of(("s", "t"))
    sphere = OperatorSphere(0)
    sphere.turn(search)
    before, search.deadline = search.fits, -np.inf
    assert not sphere.turn(search)
    assert search.fits == before


def test_of_many_inputs_those_of_the_best_formulas_are_taken():
    search = search_of(NAMES)
    chosen = most_used(search)
    assert len(chosen) == 3
    used = {name for entry in search.archive for name in NAMES if name in entry.tree.text}
    assert set(chosen) >= used - {"sin"}
    assert OperatorSphere(0).turn(search)
    named = {name for each in search.scored for name in NAMES if variable(name) in parts(each.tree)}
    assert named <= set(chosen) | {"s", "t"}


def parts(tree):
    return [part for _, part in tree.paths()]


def test_operators_that_are_not_allowed_stay_away():
    search = search_of(("s", "t"), operators=("+", "*"))
    OperatorSphere(0).turn(search)
    used = {part.operator for entry in search.archive for part in parts(entry.tree)}
    assert not used & {"sin", "exp", "log", "sqrt", "-", "/"}


def test_scores_are_orders_of_magnitude_with_a_price():
    assert score_of(0.01, 0) == pytest.approx(-2)
    assert score_of(0.01, 10) > score_of(0.01, 5)
    assert np.isnan(score_of(np.inf, 5))
    assert np.isfinite(score_of(0.0, 1))


def test_a_search_takes_turns_with_the_sphere_until_it_has_nothing_more():
    turns = []

    def turn(search):
        turns.append(search)
        if len(turns) < 4:
            search.fit_constant()
        return len(turns) < 4

    search = OperatorSearch(POINTS, TARGETS, sources=("sphere",), sphere=turn)
    assert list(search._late_sources()) == ["sphere"] * 3
    assert turns == [search] * 4
