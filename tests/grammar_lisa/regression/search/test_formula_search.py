from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar_lisa.regression import LOSSES
from grammar_lisa.regression.search.formula_search import FITTED, SAMPLE, FormulaSearch
from grammar_lisa.regression.search.tree import make, number, open_constant, power, variable

X = np.linspace(0.1, 5, 60)
LINE = make("+", make("*", open_constant(1.0), variable("x")), open_constant(0.0))


class Still(FormulaSearch):
    """A search that begins with a constant and does no more."""

    def run(self) -> Iterator[str]:
        self.fit_constant()
        yield "constant"


def search_of(targets, points=None, **options):
    return Still({"x": X} if points is None else points, targets, **options)


def test_a_formula_is_fitted_and_kept():
    search = search_of(2 * X + 3)
    assert search.fit(LINE, "here").loss == pytest.approx(0, abs=1e-25)
    (entry,) = search.archive
    assert entry.tree.constants() == pytest.approx([2, 3])
    assert (entry.source, entry.complexity) == ("here", 5)
    assert search.fits == 1
    assert search.solved


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_are_those_that_are_asked_for(loss):
    targets = 2 * X + 3 + np.sin(5 * X)
    search = search_of(targets, loss=LOSSES[loss])
    found = search.fit(LINE, "here").loss
    (entry,) = search.archive
    assert found == pytest.approx(LOSSES[loss].value(entry.tree.values({"x": X}), targets))
    assert entry.loss == found


def test_weights_are_those_of_the_rows():
    generator = np.random.default_rng(0)
    targets, weights = 2 * X + generator.normal(size=60), generator.uniform(0, 2, 60)
    search = search_of(targets, weights=weights)
    search.fit(LINE, "here")
    columns = np.column_stack([X, np.ones(60)]) * np.sqrt(weights)[:, None]
    expected = np.linalg.lstsq(columns, targets * np.sqrt(weights), rcond=None)[0]
    (entry,) = search.archive
    assert entry.tree.constants() == pytest.approx(expected)


def test_the_search_begins_with_the_best_constant():
    search = search_of(X**2)
    assert list(search.run()) == ["constant"]
    (entry,) = search.archive
    assert entry.tree.constants() == pytest.approx([np.mean(X**2)])
    assert (entry.loss, entry.source) == (pytest.approx(1.0), "constant")


@pytest.mark.parametrize("targets", [np.zeros(60), np.full(60, 7.0), np.full(60, 1e-12)])
def test_constant_targets_are_solved_by_a_constant(targets):
    search = search_of(targets)
    assert list(search.run()) == ["constant"]
    assert search.solved


def test_formulas_without_constants_are_measured():
    search = search_of(X**2)
    search.fit(power(variable("x"), 2), "here")
    assert search.solved
    other = search_of(X**2)
    assert other.fit(variable("x"), "here").loss == pytest.approx(
        np.square(X**2 - X).mean() / np.var(X**2)
    )


def test_undefined_formulas_are_not_kept():
    search = search_of(X)
    below = make("-", variable("x"), number(2))
    assert search.fit(make("log", below), "here") is None
    assert len(search.archive) == 0


def test_further_starts_reach_farther():
    targets = 2 * np.sin(7 * X)
    wave = make("*", open_constant(1.0), make("sin", make("*", open_constant(1.0), variable("x"))))
    search = search_of(targets)
    near = search.fit(wave, "near").loss
    far = search.fit(wave, "far", starts=6).loss
    assert far < 1e-20 < 1e-3 < near
    assert search.archive.best.source == "far"


def test_what_is_too_long_is_not_kept():
    search = search_of(2 * X + 3, most=4)
    search.fit(LINE, "here")
    assert len(search.archive) == 0


def test_nothing_is_solved_or_late_at_first():
    search = search_of(X)
    assert not search.solved
    assert not search.late
    assert search_of(X, deadline=0.0).late


def test_the_time_is_that_of_the_clock():
    now = [5.0]
    search = search_of(X**2, clock=lambda: now[0], deadline=9.0)
    assert not search.late
    now[0] = 8.0
    search.fit(LINE, "here")
    now[0] = 9.5
    assert search.late


@settings(max_examples=20)
@given(st.integers(1, 1500), st.integers(0, 9))
def test_rows_stay_together_and_are_bounded(n_rows, seed):
    rows = np.arange(n_rows, dtype=float)
    search = Still({"x": rows, "y": -rows}, 2 * rows, weights=3 * rows + 1, seed=seed)
    assert len(search.targets) == min(n_rows, FITTED)
    assert len(search.sample_targets) == min(n_rows, SAMPLE)
    np.testing.assert_array_equal(search.targets, 2 * search.points["x"])
    np.testing.assert_array_equal(search.points["y"], -search.points["x"])
    np.testing.assert_array_equal(search.weights, 3 * search.points["x"] + 1)
    np.testing.assert_array_equal(search.sample_targets, 2 * search.sample["x"])
    assert len(np.unique(search.targets)) == len(search.targets)
    assert search.sample_loss.scale > 0


def test_the_seed_chooses_the_rows():
    rows = np.arange(2000.0)
    first, again, other = (Still({"x": rows}, rows, seed=seed).targets for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("loss", LOSSES)
def test_targets_of_six_digits_are_met_by_what_their_digits_leave_open(loss):
    targets = np.round(2 * X + 3, 6)
    steps = np.full(len(X), 1e-6)
    assert not search_fitted(targets, loss=LOSSES[loss]).solved
    assert search_fitted(targets, loss=LOSSES[loss], steps=steps).solved
    assert not search_fitted(targets + 1e-5 * np.sin(9 * X), loss=LOSSES[loss], steps=steps).solved


def test_few_digits_and_few_rows_are_met_by_chance():
    rough, fine = np.full(len(X), 1e-3), np.full(19, 1e-6)
    assert not search_fitted(np.round(2 * X + 3, 3), steps=rough).solved
    some = np.round(2 * X[:19] + 3, 6)
    assert not search_fitted(some, points={"x": X[:19]}, steps=fine).solved


def search_fitted(targets, **options):
    search = search_of(targets, **options)
    search.fit(LINE, "here")
    return search
