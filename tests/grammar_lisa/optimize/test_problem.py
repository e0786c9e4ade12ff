import numpy as np
import pytest
from small_searches import X

from grammar_lisa.models.names import TOOL
from grammar_lisa.objectives.objective import Evaluated, Objective
from grammar_lisa.objectives.regression import Regression
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.optimize.config import TrialSettings
from grammar_lisa.optimize.history import Evaluation
from grammar_lisa.optimize.problem import SearchedRun, random_draws
from shared.common.errors import LisaError
from shared.runs.run import open_run


class Length(Objective):
    """The length of a sentence; those with a 3 have none."""

    def evaluate(self, sentences, /):
        return [
            Evaluated(s, None, "has a 3") if "3" in s else Evaluated(s, float(len(s)))
            for s in sentences
        ]


@pytest.fixture(scope="module")
def searched(folder):
    return SearchedRun.load(open_run(folder, TOOL))


@pytest.fixture
def said():
    return []


def test_all_training_sentences_are_what_a_search_may_begin_from(searched, objective, said):
    problem = searched.problem(objective, decontaminate=False, notify=said.append)
    assert problem.sentences == problem.data == searched.sentences
    assert len(set(searched.sentences)) == len(searched.sentences)
    assert np.array_equal(problem.scores, objective(searched.sentences))
    assert problem.seen == 0
    assert said == ["nothing was left out"]


def test_what_is_near_the_target_is_left_out(searched, said):
    target = searched.sentences[5]
    objective = regression_for(target)
    problem = searched.problem(objective, decontaminate=True, notify=said.append)
    assert target not in problem.sentences
    assert problem.scores.min() >= 0.11
    assert problem.seen == len(searched.sentences) - len(problem.sentences) > 0
    assert problem.data == problem.sentences
    assert any(f"the network was trained on these {problem.seen}" in line for line in said)


def test_sentences_in_other_variables_are_left_out(folder, said):
    searched = SearchedRun.load(open_run(folder, TOOL))
    objective = Regression({"y": [1.0, 2.0]}, [1.0, 2.0])
    problem = searched.problem(objective, decontaminate=False, notify=said.append)
    assert problem.sentences == [s for s in searched.sentences if "x" not in s.replace("exp", "")]
    assert any("of the training sentences cannot be scored" in line for line in said)


def test_a_search_that_nothing_is_left_for_is_refused(searched, said):
    class Nothing(Regression):
        def score(self, sentences):
            return np.zeros(len(sentences))

    objective = Nothing({"x": [1.0, 2.0]}, [1.0, 2.0])
    with pytest.raises(LisaError, match=r"0 of the \d+ training sentences are left"):
        searched.problem(objective, decontaminate=True, notify=said.append)


def test_only_a_target_has_something_near_it(searched, said):
    with pytest.raises(LisaError, match="this objective has none"):
        searched.problem(Length(), decontaminate=True, notify=said.append)
    problem = searched.problem(Length(), decontaminate=False, notify=said.append)
    assert problem.sentences == searched.sentences
    assert np.isnan(problem.scores).tolist() == ["3" in s for s in searched.sentences]


def test_an_initial_design_is_drawn_and_begun_from(searched):
    design = searched.design(12, 0)
    assert len(set(design)) == 12
    assert set(design) <= set(searched.sentences)
    assert searched.design(5, 0) == design[:5]
    assert searched.design(12, 1) != design
    evaluations = [Evaluation.of(0, found) for found in Length().evaluate(design)]
    problem = searched.problem_from(Length(), evaluations)
    assert problem.sentences == design
    assert np.array_equal(problem.scores, [e.value for e in evaluations], equal_nan=True)
    assert problem.data == searched.sentences
    assert str(problem.decontamination) == "nothing was left out"


def test_too_few_scores_are_refused_with_the_reasons(searched):
    evaluations = [Evaluation(0, "x", 1.0), Evaluation(0, "3", None, "has a 3")]
    with pytest.raises(LisaError) as caught:
        searched.problem_from(Length(), evaluations)
    assert str(caught.value) == (
        "a search begins from at least 2 scored sentences, not 1: 1 of 2 sentences could not be "
        "scored: 1 × has a 3 (as '3')"
    )


@pytest.mark.parametrize("make", [Length, lambda: regression_for("kusner")])
def test_random_draws_need_no_score(searched, said, make):
    problem = searched.problem(make(), decontaminate=False, notify=said.append)
    draws = random_draws(problem, 8, [0, 1])
    assert list(draws) == ["random data", "random grammar", "random sphere"]
    for each in draws.values():
        assert [len(set(drawn)) for drawn in each] == [8, 8]
        assert each[0] != each[1]
    assert set(draws["random data"][0]) <= set(problem.data)
    assert X.readable(draws["random grammar"][0]).all()


def test_random_points_are_those_of_the_space_that_is_searched(folder, objective, said):
    searched = SearchedRun.load(open_run(folder, TOOL), "box")
    problem = searched.problem(objective, decontaminate=False, notify=said.append)
    assert "random box" in random_draws(problem, 4, [0])


def test_trials_are_seeded_by_the_command(searched, objective, said, tmp_path):
    problem = searched.problem(objective, decontaminate=False, notify=said.append)

    def planned(seed):
        settings = TrialSettings(n_initial=10, black_box=True, seed=seed)
        trials = problem.trials(searched.run.path, tmp_path, 2, settings)
        return [trial.header() | {"begins": trial.sentences} for trial in trials]

    assert planned(0) == planned(0) != planned(1)
