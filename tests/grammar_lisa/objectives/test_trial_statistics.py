import pytest
from small_objectives import Scored

from grammar_lisa.objectives.kusner import KUSNER_TARGET
from grammar_lisa.objectives.regression import Regression
from grammar_lisa.objectives.trial_statistics import (
    THRESHOLDS,
    TrialStatistics,
    evaluations_to,
    trial_statistics,
)


@pytest.fixture(scope="module")
def kusner():
    return Regression.target(KUSNER_TARGET)


def test_evaluations_are_counted_from_one():
    assert evaluations_to([3.0, 0.37, 0.2, 0.04, 0.05]) == {0.37: 2, 0.105: 4, 0.04: 4, 1e-9: None}
    assert evaluations_to([0.0])[1e-9] == 1
    assert evaluations_to([]) == dict.fromkeys(THRESHOLDS)


def test_statistics_of_a_trial(kusner):
    sentences = ["x", "x ", "x+1/3", "log(x)", "exp(exp(x*x))", "x+", None, "1/0"]
    scores = kusner(sentences)
    statistics = trial_statistics(scores, sentences, kusner)
    assert statistics == TrialStatistics(
        evaluations=8,
        valid=6 / 8,
        finite=3 / 8,
        distinct=5,
        average=pytest.approx(scores[scores < kusner.worst].mean()),
        best=scores[2],
    )


def test_statistics_without_the_objectives_help():
    objective = Scored(lambda sentence: float(len(sentence)), worst=4.0)
    sentences = ["a", "abcdefg", None, "  ", "a"]
    statistics = trial_statistics(objective(sentences), sentences, objective)
    assert (statistics.valid, statistics.finite) == (3 / 5, 2 / 5)
    assert (statistics.distinct, statistics.best) == (2, 1.0)


def test_what_has_no_score_is_not_finite():
    objective = Scored({"a": None, "b": 2.0}.get, worst=4.0)
    statistics = trial_statistics(objective(["a", "b", "a"]), ["a", "b", "a"], objective)
    assert (statistics.valid, statistics.finite) == (1, 1 / 3)
    assert (statistics.average, statistics.best) == (2.0, 2.0)
    statistics = trial_statistics(objective(["a"]), ["a"], objective)
    assert (statistics.average, statistics.best) == (None, None)


def test_statistics_of_nothing(kusner):
    assert trial_statistics([], [], kusner) == TrialStatistics(0, 0.0, 0.0, 0, None, None)
    assert trial_statistics(kusner([None]), [None], kusner).average is None


def test_scores_must_belong_to_the_sentences(kusner):
    with pytest.raises(ValueError, match="1 scores for 2 sentences"):
        trial_statistics([1.0], ["x", "x"], kusner)
