from pathlib import Path

import numpy as np
import pytest

from grammar_lisa.derivations.parsing import Parser
from grammar_lisa.derivations.sampling import sample_uniform
from grammar_lisa.derivations.text import derivations_to_texts
from grammar_lisa.grammar import load_grammar
from grammar_lisa.objectives.foresight import ExpressionForesight
from grammar_lisa.objectives.objective import Composite, Foresight
from grammar_lisa.objectives.regression import Regression
from grammar_lisa.objectives.targets import regression_for
from shared.errors import LisaError

EXPR = load_grammar(Path(__file__).parents[2] / "grammars" / "expr.cfg")
PARSER = Parser(EXPR)


@pytest.fixture(scope="module")
def scored():
    texts = derivations_to_texts(EXPR, sample_uniform(EXPR, 400, 15, 2, distinct=True))
    return texts, [len(PARSER.parse(text)) for text in texts]


def foresight_of(objective, scored):
    """What is learnt from sentences of which none is near the target, and the best of them."""
    texts, lengths = scored
    scores = objective(texts)
    kept = [row for row in range(len(texts)) if scores[row] >= 0.11]
    found = objective.foresight()
    found.learn([texts[row] for row in kept], [lengths[row] for row in kept])
    return found, [texts[row] for row in sorted(kept, key=lambda row: scores[row])[:20]]


@pytest.fixture(scope="module")
def learnt(scored):
    objective = regression_for("x*exp(sin(x))/2+1")
    return objective, *foresight_of(objective, scored)


def sayable(text, longest=15):
    try:
        return len(PARSER.parse(text)) <= longest
    except LisaError:
        return False


TARGETS = ["1/3 + x + sin(2*x)", "x/(3+x*x)+1", "sin(x+sin(x))*2"]


@pytest.mark.parametrize("target", TARGETS)
def test_targets_are_joined_from_parts_that_were_scored_apart(target, scored):
    objective = regression_for(target)
    foresight, best = foresight_of(objective, scored)
    joined = [text for text in foresight.joins(best, 15, 500) if sayable(text)]
    assert objective(joined[:10]).min() < 1e-9


def test_what_is_joined_differs_fits_and_is_the_nearest_first(learnt, scored):
    objective, foresight, best = learnt
    joined = foresight.joins(best, 15, 200)
    assert len(set(joined)) == len(joined) == 200
    assert np.mean([sayable(text) for text in joined]) > 0.9
    scores = objective(joined)
    assert scores[0] < 1e-9
    assert np.median(scores[:50]) <= np.median(scores[-50:])
    assert foresight.joins(best, 15, 7) == joined[:7]
    assert foresight_of(objective, scored)[0].joins(best, 15, 200) == joined


def test_errors_that_are_foreseen_are_those_of_outputs(learnt):
    objective, foresight, _ = learnt
    texts = derivations_to_texts(EXPR, sample_uniform(EXPR, 300, 15, 9, distinct=True))
    foreseen, true = foresight.errors(texts), objective.outputs(texts).errors
    told = np.isfinite(foreseen).all(axis=1) & (np.abs(true) < 1e3).all(axis=1)
    assert told.mean() > 0.7
    assert np.quantile(np.abs(foreseen - true)[told].max(axis=1), 0.95) < 1e-3


def test_nothing_is_joined_before_anything_is_learnt():
    foresight = regression_for("x*x").foresight()
    assert foresight.joins([], 15, 10) == []
    assert np.isnan(foresight.errors(["sin(x)", "x+"])).all()
    np.testing.assert_allclose(foresight.errors(["x*x"]), 0, atol=1e-12)
    assert isinstance(foresight.joins(["x"], 15, 10), list)


@pytest.mark.parametrize("constant", [0.0, 2.0])
def test_a_target_that_is_constant_is_joined(constant, scored):
    x = np.linspace(-2, 2, 30)
    objective = Regression({"x": x}, np.full(30, constant))
    foresight, best = foresight_of(objective, scored)
    with np.errstate(all="raise"):
        joined = foresight.joins(best, 15, 50)
    assert objective(joined).min() < 0.05


def test_a_regression_is_composite_with_foresight():
    objective = regression_for("x*x")
    assert isinstance(objective, Composite)
    foresight: Foresight = objective.foresight()
    assert foresight is not objective.foresight()


def test_more_scored_points_make_more_sentences_foreseen():
    x = np.linspace(-10, 10, 1000)
    few = {"x": x[::20]}
    known = {}
    for name, scored in {"few": few, "many": {"x": x}}.items():
        foresight = ExpressionForesight(few, np.zeros(50), 1.0, 1e3, scored)
        foresight.learn(["sin(x)", "sin(x*3)"], [3, 5])
        known[name] = ~np.isnan(foresight.errors(["sin(x*2)", "sin(x*3/2)"])[:, 0])
    assert known["many"].all()
    assert not known["few"].any()
    told = foresight.errors(["sin(x*2)"])[0]
    np.testing.assert_allclose(told, np.sin(2 * few["x"]), atol=1e-4)


SCORED = ["x", "sin(x)", "sin(x*2)+1", "exp(x)", "x*x", "sin(x*x)/2", "exp(x/2)*2", "1+x", "x*3"]


def hoping(target, points=1000):
    """What is learnt from sentences that tell of sines of small numbers only."""
    objective = Regression.from_target(target, points=points)
    foresight = objective.foresight()
    foresight.learn(SCORED, [len(text) for text in SCORED])
    return objective, foresight


def test_what_is_known_at_some_points_only_is_hoped_for():
    objective, foresight = hoping("sin(exp(x)+1)*x")
    joined = foresight.joins(SCORED, 15, 1000)
    assert objective(joined).min() > 0.1
    hopes = foresight.hopes(SCORED, 15, 20)
    assert objective(hopes[:3]).min() < 1e-9
    assert np.isnan(foresight.errors(hopes)).all()
    assert not set(hopes) & set(joined)
    assert foresight.hopes(SCORED, 15, 2) == hopes[:2]
    assert hoping("sin(exp(x)+1)*x")[1].hopes(SCORED, 15, 20) == hopes


def test_hopes_are_nearer_than_any_scored_sentence_where_they_are_known():
    objective, foresight = hoping("sin(exp(x)+1)*x")
    hopes = foresight.hopes(SCORED, 15, 20)
    central = np.abs(np.linspace(-10, 10, 1000)) < 2
    few = Regression({"x": objective.data["x"][central]}, objective.y[central])
    assert few(hopes).max() < few(SCORED).min()


@pytest.mark.parametrize("points", [5, 10])
def test_nothing_is_hoped_for_from_few_points(points):
    _, foresight = hoping("sin(exp(x)+1)*x", points)
    assert foresight.hopes(SCORED, 15, 5) == []


def test_nothing_is_hoped_for_where_everything_is_foreseen():
    _, foresight = hoping("x*x+1")
    assert foresight.hopes(SCORED, 15, 5) == []
    assert foresight.hopes([], 15, 5) == []
