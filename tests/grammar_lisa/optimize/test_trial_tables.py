import numpy as np
import pytest

from grammar_lisa.objectives.objective import Evaluated, Objective
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.optimize.trial_tables import (
    COLUMNS,
    REACHED,
    START,
    first_reached,
    mean_cells,
    means,
    show_cell,
    trial_row,
)

OBJECTIVE = regression_for("kusner")
SENTENCES = ["x", "1/0", None, "x", "x+1/3+sin(x*x)"]


def row(sentences):
    return trial_row(sentences, OBJECTIVE(sentences), OBJECTIVE)


def test_a_row_tells_statistics_and_when_thresholds_were_reached():
    found = row(SENTENCES)
    scores = OBJECTIVE(SENTENCES)
    assert found["evaluations"] == 5
    assert found["valid"] == 0.8
    assert found["finite"] == 0.6
    assert found["distinct"] == 3
    assert found["best"] == scores.min()
    assert found["average"] == pytest.approx(scores[scores < OBJECTIVE.worst].mean())
    assert found["reached"] == dict.fromkeys(REACHED, 5)
    assert row(["x"])["reached"] == dict.fromkeys(REACHED)


def test_means_and_deviations_are_over_trials():
    rows = [row(SENTENCES), row(["x", "x+1", "x"]), row([None])]
    found = means(rows)
    for name in COLUMNS:
        values = [each[name] for each in rows if each[name] is not None]
        assert found[name] == pytest.approx(np.mean(values))
        assert found[f"{name}_deviation"] == pytest.approx(np.std(values, ddof=1))
    assert found["≤ 0.04"] == {"trials": 1, "median_evaluations": 5.0}
    assert len([each for each in rows if each["average"] is None]) == 1


def test_one_trial_has_no_deviation():
    found = means([row(["x"])])
    assert found["best_deviation"] is None
    assert found["≤ 0.37"] == {"trials": 0, "median_evaluations": None}


def test_the_median_is_over_trials_that_reached_it():
    assert first_reached([7, None, 3, 4]) == {"trials": 3, "median_evaluations": 4.0}


def test_cells_stand_under_columns_and_thresholds():
    cells = mean_cells([row(["x"]), row(["x+1"])])
    assert len(cells) == len(COLUMNS) + len(REACHED)
    assert cells[0] == "1.000 ± 0.000"
    assert cells[2] == "1 ± 0"
    assert cells[-1] == "0/2"
    assert show_cell("best", None) == "–"


class Lengths(Objective):
    """Scores sentences by their lengths; nothing more is known of them."""

    def evaluate(self, sentences):
        return [Evaluated(sentence, float(len(sentence))) for sentence in sentences]


def test_thresholds_are_told_of_scores_with_outputs_only():
    found = trial_row(["", "x+1"], [0.0, 3.0], Lengths())
    assert found["reached"] == {}
    assert found["best"] == 0
    assert means([found])["best"] == 0
    assert len(mean_cells([found])) == len(COLUMNS)


def test_the_score_at_the_start_is_told_where_it_is_known():
    rows = [row(["x"]) | {START: start} for start in (1.0, 3.0)]
    assert means(rows)[START] == 2.0
    assert START not in means([row(["x"])])
    assert mean_cells(rows, (START,))[0] == "2.000 ± 1.414"
