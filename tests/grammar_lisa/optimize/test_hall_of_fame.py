from pathlib import Path

import numpy as np
import pytest

from grammar_lisa.objectives.objective import Evaluated, Objective
from grammar_lisa.objectives.regression import Regression
from grammar_lisa.optimize.config import SearchConfig
from grammar_lisa.optimize.hall_of_fame import (
    INITIAL_DESIGN,
    HallOfFameEntry,
    best_entries,
    r_squared,
)
from grammar_lisa.optimize.history import Evaluation
from grammar_lisa.optimize.trials import Trial

DATA = {"x": np.linspace(-2, 2, 9)}
REGRESSION = Regression(DATA, 2 * DATA["x"] + 1)


class Length(Objective):
    def evaluate(self, sentences, /):
        return [Evaluated(sentence, float(len(sentence))) for sentence in sentences]


def trial(number, known):
    path, config = Path("none"), SearchConfig()
    return Trial(number, path, path, list(known), np.array(list(known.values())), config, True, 0)


def found(*pairs):
    return [
        Evaluation(1, sentence, score, "" if score is not None else "why")
        for sentence, score in pairs
    ]


def test_what_was_known_takes_part_and_is_marked():
    trials = [trial(1, {"x": 0.5, "1": 3.0}), trial(2, {"2": 0.25})]
    evaluations = [found(("x+1", 0.75), ("2*x", 0.125)), found(("x+3", 4.0), ("x+2", 1.5))]
    best = best_entries(trials, evaluations, REGRESSION, 5)
    assert best == [
        HallOfFameEntry(0.125, "2*x", 1, 2),
        HallOfFameEntry(0.25, "2"),
        HallOfFameEntry(0.5, "x"),
        HallOfFameEntry(0.75, "x+1", 1, 1),
        HallOfFameEntry(1.5, "x+2", 2, 2),
    ]
    assert [entry.where for entry in best[:2]] == ["trial 1, evaluation 2", INITIAL_DESIGN]


def test_of_equal_scores_what_was_known_stands_for_all_and_else_the_shortest():
    trials = [trial(1, {"1+x+0": 0.5}), trial(2, {"x": 2.0})]
    evaluations = [found(("x+x+1", 0.25), ("x+1", 0.5)), found(("2*x+1+0", 0.25 + 1e-15))]
    best = best_entries(trials, evaluations, REGRESSION, 5)
    assert best == [
        HallOfFameEntry(0.25, "x+x+1", 1, 1),
        HallOfFameEntry(0.5, "1+x+0"),
        HallOfFameEntry(2.0, "x"),
    ]


def test_equal_scores_of_other_objectives_are_other_sentences():
    trials = [trial(1, {"a": 1.0})]
    evaluations = [found(("b", 1.0), ("a", 1.0), ("c", None))]
    best = best_entries(trials, evaluations, Length(), 5)
    assert best == [HallOfFameEntry(1.0, "a"), HallOfFameEntry(1.0, "b", 1, 1)]


def test_what_has_no_score_or_the_worst_is_left_out():
    trials = [trial(1, {"x": np.nan, "1": REGRESSION.worst, "2": 3.0})]
    best = best_entries(trials, [found(("1/0", REGRESSION.worst))], REGRESSION, 5)
    assert best == [HallOfFameEntry(3.0, "2")]
    assert best_entries(trials, [found(("x", 1.0))], REGRESSION, 1) == [
        HallOfFameEntry(1.0, "x", 1, 1)
    ]


def test_the_first_of_several_evaluations_counts():
    trials = [trial(1, {"1": 3.0}), trial(2, {"1": 3.0})]
    evaluations = [found(("x+1", 2.0), ("x", 0.5)), found(("x", 0.5))]
    assert best_entries(trials, evaluations, REGRESSION, 1) == [HallOfFameEntry(0.5, "x", 2, 1)]


def test_r_squared_is_the_share_of_the_variance_explained():
    assert r_squared(REGRESSION, "2*x+1") == pytest.approx(1)
    assert r_squared(REGRESSION, "1") == pytest.approx(0)
    residual = np.square(DATA["x"] - REGRESSION.y).sum()
    total = np.square(REGRESSION.y - REGRESSION.y.mean()).sum()
    assert r_squared(REGRESSION, "x") == pytest.approx(1 - residual / total)
    assert r_squared(REGRESSION, "100*x") < 0


def test_r_squared_is_none_where_it_means_nothing():
    assert r_squared(REGRESSION, "1/x") is None
    assert r_squared(Regression(DATA, np.ones(9)), "x") is None
    assert r_squared(Length(), "x") is None
