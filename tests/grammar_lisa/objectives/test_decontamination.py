import pytest
from small_objectives import Scored

from grammar_lisa.objectives.decontamination import NEAR, Decontamination
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from grammar_lisa.objectives.regression import Regression

SENTENCES = ["x", "sin(x*x)+x+1/3", "x+sin(x*x)", "1/3+x", "(x)+sin(x*x)", "x+", None]


@pytest.fixture(scope="module")
def kusner():
    return Regression.target(KUSNER_TARGET)


def test_the_answer_and_what_is_near_are_left_out(kusner):
    decontamination = Decontamination(kusner)
    kept = decontamination(SENTENCES)
    assert kept.tolist() == [True, False, False, True, False, True, True]
    assert (decontamination.equal, decontamination.near) == (1, 2)
    decontamination(["x+sin(x*x)"])
    assert str(decontamination) == (
        "clean protocol: left out 1 sentence equal to the target and 3 more scoring under 0.11"
    )


def test_without_a_target_nothing_is_left_out():
    decontamination = Decontamination(None)
    assert decontamination(SENTENCES).all()
    assert str(decontamination) == "nothing was left out"


def test_a_score_at_the_threshold_is_kept():
    assert Decontamination(Scored(lambda _: NEAR, worst=1.0))(["a"]).tolist() == [True]
