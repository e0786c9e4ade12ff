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
