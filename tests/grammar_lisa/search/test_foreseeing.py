"""What a search does with what its objective foresees."""

import dataclasses
import warnings

import numpy as np
import pytest
from small_models import EXPR, untrained

from grammar_lisa.derivations.sampling import sample_uniform
from grammar_lisa.derivations.text import derivations_to_texts
from grammar_lisa.objectives.regression import Regression
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.search.record import Record
from grammar_lisa.search.search import Search, Settings
from shared.errors import LisaError

SETTINGS = Settings(rounds=3, batch=4, pool=200, candidates=60, fit_points=60, parents=10, joins=40)
APART = [
    *("x", "1", "2*x+1", "sin(x)", "x*x", "3+x*x", "exp(x)", "sin(x)*x", "1+x+exp(x)", "x/3"),
    *("2/x", "sin(x*x)", "sin(x/3+3)+1", "exp(sin(x+1))+x", "sin(2*x)", "exp(x/3)", "(x+1)*x"),
]


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def searching(model, objective, settings=SETTINGS, begun=APART, seed=0):
    return Search(model, begun, objective(begun), settings, seed, composite=objective)


@pytest.mark.parametrize("target", ["sin(x)*sin(2*x)", "x/(3+x*x)"])
def test_targets_that_are_no_sums_are_found_at_once(model, target):
    objective = regression_for(target)
    assert objective(APART).min() > 0.05
    search = searching(model, objective)
    batch = search.ask()
    assert objective(batch[:1])[0] < 1e-9
    search.tell(batch, objective(batch))
    assert search.solved
    for changed in ({"joins": 0}, {"foresee": False}):
        plain = searching(model, objective, dataclasses.replace(SETTINGS, **changed))
        assert objective(plain.ask()).min() > 1e-9


def candidates(search):
    parents, shares = search._parents(np.random.default_rng(0))
    aims = search._aims(search._fitted(shares, np.random.default_rng(0)))
    return search._candidates(parents, search._complements(shares), aims.sure, 0), aims


@pytest.fixture
def some_unknown(monkeypatch):
    """Learn from few points, so that not every candidate is foreseen."""
    monkeypatch.setattr("grammar_lisa.objectives.regression.MOST_SCORED", 200)


@pytest.mark.usefixtures("some_unknown")
def test_what_is_foreseen_takes_the_place_of_what_is_expected(model):
    objective = regression_for("sin(x)*exp(x/3)+x")
    search = searching(model, objective)
    found, aims = candidates(search)
    assert 0.2 < found.foreseen.mean() < 1
    rows = np.flatnonzero(found.foreseen)
    true = objective.outputs([found.sentences[row] for row in rows]).errors
    near = np.isclose(found.expected.mean[rows], true, rtol=1e-2, atol=1e-2).all(axis=1)
    assert near.mean() > 0.95
    assert (found.expected.covariance[rows] == 0).all()
    assert (found.expected.covariance[~found.foreseen] > 0).all()
    some = found.rows(np.array([*rows[:5], *np.flatnonzero(~found.foreseen)[:5]]))
    jointly = aims.sure.surrogate.predict_jointly(some.points)
    told = some.told(jointly)
    assert np.array_equal(told.mean[:5], some.expected.mean[:5])
    assert np.array_equal(told.mean[5:], jointly.mean[5:])
    assert not told.covariance[:5].any()
    assert not told.covariance[:, :5].any()
    assert np.array_equal(told.covariance[5:, 5:], jointly.covariance[5:, 5:])


@pytest.mark.usefixtures("some_unknown")
def test_nothing_that_is_foreseen_is_likely(model):
    search = searching(model, regression_for("sin(x)*exp(x/3)+x"))
    found, aims = candidates(search)
    few = found.rows(np.arange(60))
    sure, likely = search._wishes(few, aims, 4)
    unknown = int((~few.foreseen).sum())
    assert (sure.number, likely.number) == (4 - min(2, unknown), min(2, unknown))
    promise = likely.aim.improvement(likely.expected.mean, np.diag(likely.expected.covariance))
    assert promise[few.foreseen].max() < promise[~few.foreseen].min()
    none, some = search._wishes(found.rows(np.flatnonzero(found.foreseen)[:10]), aims, 4)
    assert (none.number, some.number) == (4, 0)


def test_hopes_stand_behind_the_first_of_a_batch(model):
    objective = regression_for("sin(exp(x)+1)*x")
    settings = dataclasses.replace(SETTINGS, batch=20)
    begun = [*APART, "sin(x*2)+1", "sin(x*x)/2"]
    search = searching(model, objective, settings, begun)
    parents, _ = search._parents(np.random.default_rng(0))
    hopes = search._hopes(parents).sentences
    assert 1 <= len(hopes) <= 2
    batch = search.ask()
    assert batch[1 : 1 + len(hopes)] == hopes
    assert len(batch) == len(set(batch)) == 20
    assert objective(hopes).min() < 1e-9
    keys = objective.forms(batch).keys
    assert len(set(keys.tolist())) == 20
    for changed in ({"joins": 0}, {"foresee": False}, {"batch": 9}):
        plain = searching(model, objective, dataclasses.replace(settings, **changed), begun)
        assert not plain._hopes(parents).sentences


def test_without_foresight_nothing_is_foreseen(model):
    settings = dataclasses.replace(SETTINGS, foresee=False)
    search = searching(model, regression_for("x*x"), settings)
    assert search.foresight is None
    found, _ = candidates(search)
    assert not found.foreseen.any()


def test_a_replayed_search_goes_on_as_the_straight_one(model, tmp_path):
    objective = regression_for("kusner")
    begun = derivations_to_texts(model.grammar, sample_uniform(model.grammar, 30, 12, 0))
    straight = searching(model, objective, begun=begun).run(objective, Record(tmp_path / "a", {}))
    assert len(straight) == 12
    record = Record(tmp_path / "b", {})
    record.append(straight[:6])
    assert searching(model, objective, begun=begun).run(objective, record) == straight


TWO = "S -> S '+' T | S '*' T | T\nT -> 'x' | 'y' | '2' | 'sin(' S ')'\n"


@pytest.mark.parametrize("joins", [0, 20])
def test_what_the_objective_cannot_read_is_never_asked_for(joins):
    model = untrained(TWO, 10)
    x = np.linspace(-2, 2, 40)
    objective = Regression({"x": x}, np.sin(x) * x + 2 * x)
    begun = ["x", "2*x", "x*x+2", "sin(x)", "2"]
    settings = dataclasses.replace(SETTINGS, joins=joins)
    search = searching(model, objective, settings, begun)
    for _ in range(2):
        batch = search.ask()
        assert batch
        assert not any("y" in text for text in batch)
        search.tell(batch, objective(batch))


def test_joined_sentences_fit_the_model_whatever_its_length():
    objective = regression_for("x*sin(x)+exp(x/3)*3+x/3+1")
    short = untrained(EXPR, 6)
    begun = ["x", "x/3", "sin(x)", "exp(x)", "x*x", "2", "3*x"]
    search = searching(short, objective, begun=begun)
    batch = search.ask()
    assert batch
    assert max((row < len(short.grammar.rules)).sum() for row in short.parse(batch)) <= 6


def test_joins_are_not_negative():
    with pytest.raises(LisaError, match="joins must be at least 0, not -1"):
        Settings(joins=-1)
    assert Settings(joins=0).joins == 0
