import numpy as np
import pytest
from learning import learnt

from grammar_lisa.objectives.evaluation import evaluate
from grammar_lisa.objectives.holes import holes_of, no_hole
from grammar_lisa.objectives.meanings import Meanings
from grammar_lisa.objectives.writing import Written, leaf

POINTS = {"x": np.linspace(0.3, 2.9, 40)}
SCORED = ["sin(x)+1", "sin(x/2)", "sin(x*x)", "sin(2*x)", "exp(x)", "exp(x/2)"]


@pytest.fixture(scope="module")
def meanings():
    return learnt(SCORED, POINTS)


def values(text):
    return evaluate([text], POINTS)[0]


def filled(hole, text):
    return hole.fill(Written(text, 1, 3)).text


def test_the_whole_is_a_hole(meanings):
    hole = no_hole(values("x"))
    assert hole.fill(leaf("x")).text == "x"
    np.testing.assert_array_equal(hole.wanted, values("x"))


@pytest.mark.parametrize(
    "whole", ["x*{}+1", "{}-x", "x-2*{}", "x/{}", "{}/x/3", "-{}*x", "1/(x+{})"]
)
def test_a_hole_wants_what_the_target_has_there(meanings, whole):
    target = values(whole.format("sin(x)"))
    holes = list(holes_of(whole.format("2"), target, meanings))
    right = next(h for h in holes if values(filled(h, "sin(x)")) == pytest.approx(target))
    np.testing.assert_allclose(right.wanted, values("sin(x)"), rtol=1e-9)
    at = np.array([3, 5])
    np.testing.assert_array_equal(right.at(at).wanted, right.wanted[at])


@pytest.mark.parametrize("whole", ["x*{}+1", "x-2*{}", "x/{}", "{}/x/3", "1/(x+{})"])
def test_weights_are_the_slope_of_the_whole(meanings, whole):
    target, step = values(whole.format("(x+1)")), 1e-6
    holes = list(holes_of(whole.format("2"), target, meanings))
    right = next(h for h in holes if values(filled(h, "x+1")) == pytest.approx(target))
    more = values(whole.format(f"(x+1+{step})"))
    np.testing.assert_allclose(right.weights, (more - target) / step, rtol=1e-3)


def test_below_a_function_a_hole_wants_what_its_slope_says(meanings):
    target = values("exp(x/2)")
    (hole,) = holes_of("exp(x)", target, meanings)
    assert filled(hole, "1") == "exp(1)"
    first_order = values("x") + (target - values("exp(x)")) / values("exp(x)")
    np.testing.assert_allclose(hole.wanted, first_order, rtol=2e-2)
    np.testing.assert_allclose(hole.weights, values("exp(x)"), rtol=2e-2)


def test_what_cannot_be_undone_is_no_hole(meanings):
    target = values("x")
    assert not list(holes_of("sin(", target, meanings))
    assert not list(holes_of("x**2", target, meanings))
    assert not list(holes_of("cosh(x)", target, meanings))
    zero = {"x": np.array([0.0, 1.0])}
    texts = [hole.fill(leaf("1")).text for hole in holes_of("x*2", np.ones(2), Meanings(zero))]
    assert texts == ["1*2"]


@pytest.mark.parametrize("sentence", ["x*exp(x)", "x/exp(x)"])
def test_a_part_that_weighs_beyond_all_numbers_is_no_hole(sentence):
    points = {"x": np.array([690.0, 700.0])}
    meanings = learnt(["exp(x)"], points)
    holes = list(holes_of(sentence, np.ones(2), meanings))
    assert all(np.isfinite(hole.total) for hole in holes)
    assert len(holes) < 3
