import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar_lisa.expressions.evaluation import evaluate
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from grammar_lisa.objectives.regression import Regression, sample_points
from shared.common.errors import LisaError

WORST = math.log(1001)


@pytest.fixture(scope="module")
def kusner():
    return Regression.target(KUSNER_TARGET)


def test_published_values(kusner):
    scores = kusner(
        [KUSNER_TARGET, "1/3+(x)+sin(x*x)", "x+sin(x*x)", "x", "x+2/(2+3)", "exp(exp(exp(3)))"]
    )
    assert scores[0] == 0.0
    assert scores[1] <= 1e-9
    assert scores[2] == pytest.approx(math.log(1 + 1 / 9))
    assert scores[4] == pytest.approx(0.3889, abs=1e-4)
    assert scores[5] == kusner.worst
    assert kusner.worst == pytest.approx(WORST)
    assert scores.dtype == np.float64


@pytest.mark.parametrize("sentence", [None, "", "x+", "y", "0/0", "log(x)", "1/0-1/0"])
def test_what_has_no_value_scores_worst(kusner, sentence):
    assert kusner([sentence])[0] == kusner.worst


def test_overflow_costs_the_clip_at_its_point_only():
    objective = Regression({"x": [0.0, 1.0, 2.0, 4.0]}, [0.0, 1.0, 2.0, 3.0], clip=50.0)
    scores = objective(["x", "x/(x-1)*0+x", "1/(x-1)", "x+1/(x-1)*0"])
    assert scores[0] == pytest.approx(math.log1p(1 / 4))
    assert scores[2] == pytest.approx(math.log1p((1 + 50 + 1 + (3 - 1 / 3) ** 2) / 4))
    assert scores[1] == scores[3] == objective.worst == pytest.approx(math.log(51))


@settings(deadline=None)
@given(st.lists(st.sampled_from(["x", "2*x", "x*x", "exp(x*x)", "sin(x)", "x+", "1/(x-x)"])))
def test_score_is_its_definition(sentences):
    objective = Regression.target(KUSNER_TARGET, points=50)
    scores = objective(sentences)
    assert scores.shape == (len(sentences),)
    for sentence, score in zip(sentences, scores, strict=True):
        if sentence == "x+":
            assert score == objective.worst
            continue
        errors = (evaluate([sentence], objective.data)[0] - objective.y) ** 2
        assert score == pytest.approx(math.log(1 + np.minimum(errors, 1000).mean()), rel=1e-12)


def test_text_keeps_its_ordinary_meaning(kusner):
    scores = kusner(["1+x*x", "1+(x*x)", "(1+x)*x"])
    assert scores[0] == scores[1]
    assert scores[0] != scores[2]


def test_the_objective_keeps_its_own_data():
    x = np.arange(3.0)
    objective = Regression({"x": x}, x)
    x[:] = 9.0
    assert objective(["x"])[0] == 0.0
    assert objective.data["x"].tolist() == [0.0, 1.0, 2.0]


def test_valid_and_finite(kusner):
    sentences = ["x", "exp(exp(x*x))", "1/0", None, "x+", "log(x)"]
    assert kusner.valid(sentences).tolist() == [True, True, True, False, False, True]
    assert kusner.finite(sentences).tolist() == [True, False, False, False, False, False]


def test_several_variables_are_drawn_from_the_seed():
    first = Regression.target("x*y", ("x", "y"), points=30, low=0, high=2, seed=5)
    again = Regression.target("x*y", ("x", "y"), points=30, low=0, high=2, seed=5)
    other = Regression.target("x*y", ("x", "y"), points=30, low=0, high=2, seed=6)
    np.testing.assert_array_equal(first.data["y"], again.data["y"])
    assert not np.array_equal(first.data["y"], other.data["y"])
    assert not np.array_equal(first.data["x"], first.data["y"])
    assert first.variables == ("x", "y")
    assert all(v.min() >= 0 and v.max() <= 2 for v in first.data.values())
    assert first(["y*x"])[0] == 0.0


def test_one_variable_is_a_grid_unless_drawn():
    np.testing.assert_array_equal(sample_points(["x"], 5, -1, 1)["x"], [-1, -0.5, 0, 0.5, 1])
    drawn = sample_points(["x"], 5, -1, 1, seed=3, spacing="uniform")["x"]
    assert len(np.unique(np.diff(drawn))) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((("x", "y"), 10, 0, 1, 0, "grid"), "a grid takes one variable"),
        (((), 10, 0, 1), "no variable is named"),
        ((("x",), 0, 0, 1), "0 points were asked for"),
        ((("x",), 10, 1, 1), "the range from 1 to 1 is empty or infinite"),
        ((("x",), 10, 0, math.inf), "empty or infinite"),
    ],
)
def test_senseless_points_are_refused(arguments, message):
    with pytest.raises(LisaError, match=message):
        sample_points(*arguments)


def test_a_target_must_be_finite():
    with pytest.raises(LisaError, match=r"log\(x\) is nan at x = -10; choose a range"):
        Regression.target("log(x)")


@pytest.mark.parametrize(
    ("x", "y", "clip", "message"),
    [
        ([1.0, 2.0], [1.0], 1.0, "x has 2 points but the target has 1"),
        ([1.0, math.nan], [1.0, 2.0], 1.0, "x is nan at point 2; finite numbers are needed"),
        ([1.0], [math.inf], 1.0, "the target is inf at point 1"),
        ([1.0], [1.0], 0.0, "clip is 0.0; it must be a positive number"),
        ([1.0], [1.0], math.inf, "clip is inf"),
        ([1.0], ["a"], 1.0, "the target holds something that is not a number"),
    ],
)
def test_unfit_data_are_refused(x, y, clip, message):
    with pytest.raises(LisaError, match=message):
        Regression({"x": x}, y, clip)


def test_sentences_are_evaluated_with_a_score_each(kusner):
    found = kusner.evaluate(["x", "1/0"])
    assert [each.sentence for each in found] == ["x", "1/0"]
    assert [each.score for each in found] == kusner(["x", "1/0"]).tolist()
    assert not any(each.failure for each in found)


def test_the_language_is_that_of_expressions_in_the_variables(kusner):
    assert str(kusner.language) == "expressions in x"
    assert kusner.language.readable(["x", "y", "x+"]).tolist() == [True, False, False]


def test_outputs_and_errors_at_some_points():
    objective = Regression({"x": np.linspace(-10, 10, 1000)}, np.linspace(-3, 3, 1000))
    composite = objective.composite()
    outputs = composite.outputs(["0.3*x", "x", "exp(exp(x))", "x+", "log(x)", "1e9*x"])
    errors = composite.errors(outputs)
    x = objective.data["x"][np.linspace(0, 999, 200).round().astype(int)]
    assert outputs.shape == errors.shape == (6, 200)
    assert composite.points["x"].tolist() == x.tolist()
    unit = composite.unit
    assert unit == pytest.approx(np.std(objective.y))
    assert np.allclose(composite.target, 0.3 * x)
    assert np.allclose(outputs[1], x)
    assert np.isnan(outputs[3]).all()
    assert np.abs(errors[0]).max() < 1e-12
    assert np.allclose(errors[1], 0.7 * x / unit)
    bound = np.sqrt(1000) / unit
    assert composite.bound == pytest.approx(np.sqrt(1000))
    overflown = ~np.isfinite(outputs[2])
    assert 0 < overflown.sum() < 200
    assert np.allclose(errors[2][overflown], bound)
    assert np.allclose(errors[3], bound)
    assert np.allclose(errors[4][x < 0], bound)
    assert np.allclose(errors[4][x > 0], (np.log(x[x > 0]) - 0.3 * x[x > 0]) / unit)
    assert np.abs(errors).max() == np.abs(errors[5]).max() == 1e6
    assert np.array_equal(np.sign(errors[5]), np.sign(x))


def test_a_constant_target_and_few_points():
    composite = Regression({"x": [1.0, 2, 3]}, [2.0, 2, 2]).composite()
    assert composite.unit == 1
    assert composite.target.tolist() == [2, 2, 2]
    errors = composite.errors(composite.outputs(["x", "0*x"]))
    assert errors.tolist() == [[-1, 0, 1], [-2, -2, -2]]


def test_the_utility_falls_as_the_score_does(kusner):
    few = Regression({"x": kusner.data["x"][::10]}, kusner.y[::10])
    composite = few.composite()
    sentences = ["x", "x*x", "exp(x)", "1/3+x", "sin(x)/(x-1)", KUSNER_TARGET]
    errors = torch.from_numpy(composite.errors(composite.outputs(sentences)))
    squares = np.exp(-composite.utility(errors).numpy()) * composite.unit**2
    assert np.allclose(np.log1p(squares), few(sentences), atol=1e-9)


def test_a_cap_clips_no_point():
    objective = Regression({"x": [0.0, 1.0, 2.0, 4.0]}, [0.0, 1.0, 2.0, 3.0], cap=7.0)
    scores = objective(["x", "x*x*x*x", "10*x", "x/(x-1)", "x+1/(x-1)*0", "y", None, "exp(exp(x))"])
    assert scores[0] == pytest.approx(math.log1p(1 / 4), rel=1e-15)
    assert scores[1] == 7.0 < math.log1p((14**2 + 253**2) / 4)
    assert scores[2] == pytest.approx(math.log1p((9**2 + 18**2 + 37**2) / 4), rel=1e-12)
    assert scores[3:].tolist() == [7.0] * 5
    assert objective.worst == objective.cap == 7.0
    assert objective.clip == math.inf


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["x", "2*x", "x*x", "exp(x)", "exp(x*x)", "x+", "1/(x-x)", "0/0"])),
    st.floats(0.1, 20),
)
def test_a_capped_score_is_its_definition(sentences, cap):
    objective = Regression.target(KUSNER_TARGET, points=50, cap=cap)
    for sentence, score in zip(sentences, objective(sentences), strict=True):
        if sentence == "x+":
            assert score == cap
            continue
        with np.errstate(all="ignore"):
            error = ((evaluate([sentence], objective.data)[0] - objective.y) ** 2).mean()
        wanted = min(cap, math.log1p(error)) if math.isfinite(error) else cap
        assert score == pytest.approx(wanted, rel=1e-12)


def test_without_a_cap_nothing_changes(kusner):
    capped = Regression.target(KUSNER_TARGET, cap=7)
    near = ["x", "x+sin(x*x)", "2+x+sin(2)+sin(3+1)"]
    assert capped(near).tolist() == kusner(near).tolist()
    assert kusner.cap is None
    assert kusner.clip == 1000.0
    steep = "x+x*x"
    assert capped([steep])[0] > kusner([steep])[0]


def test_an_error_of_the_bound_at_one_point_reaches_the_cap():
    objective = Regression.target(KUSNER_TARGET, cap=7.0)
    composite = objective.composite()
    errors = composite.errors(composite.outputs(["1/3+x+sin(x*x)", "x+"])) * composite.unit
    assert np.abs(errors[0]).max() < 1e-12
    assert np.allclose(errors[1], composite.bound)
    assert math.log1p(errors[1][0] ** 2 / errors.shape[1]) == pytest.approx(7.0)


@pytest.mark.parametrize(
    ("clip", "cap", "message"),
    [
        (1000.0, 0.0, r"cap is 0\.0; it must be a positive number up to 700"),
        (1000.0, math.nan, "cap is nan"),
        (1000.0, math.inf, "cap is inf"),
        (50.0, 7.0, r"clip is 50\.0 and cap is 7\.0; under a cap no point is clipped"),
        (-1.0, 7.0, r"clip is -1\.0; it must be"),
    ],
)
def test_an_unfit_cap_is_refused(clip, cap, message):
    with pytest.raises(LisaError, match=message):
        Regression({"x": [1.0]}, [1.0], clip, cap)
