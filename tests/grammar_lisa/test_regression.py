import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar_lisa.objectives.evaluation import evaluate
from grammar_lisa.objectives.objective import Checked, Composite, from_callable
from grammar_lisa.objectives.regression import KUSNER_TARGET, Regression, sample_points
from shared.errors import LisaError

WORST = math.log(1001)


@pytest.fixture(scope="module")
def kusner():
    return Regression.from_target(KUSNER_TARGET)


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
    objective = Regression.from_target(KUSNER_TARGET, points=50)
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
    assert isinstance(kusner, Checked)


def test_several_variables_are_drawn_from_the_seed():
    first = Regression.from_target("x*y", ("x", "y"), points=30, low=0, high=2, seed=5)
    again = Regression.from_target("x*y", ("x", "y"), points=30, low=0, high=2, seed=5)
    other = Regression.from_target("x*y", ("x", "y"), points=30, low=0, high=2, seed=6)
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
        Regression.from_target("log(x)")


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


def test_csv_states_an_objective(tmp_path):
    file = tmp_path / "data.csv"
    file.write_text("\ufeffx, y ,z\n1,2,3\n\n2,3,5\n 4 ,1e1,14\n", encoding="utf-8")
    objective = Regression.from_csv(file)
    assert objective.variables == ("x", "y")
    assert objective(["x+y"])[0] == 0.0
    other = Regression.from_csv(str(file), "x", clip=10)
    assert other(["z-y"])[0] == 0.0
    assert other.worst == pytest.approx(math.log(11))


@pytest.mark.parametrize(
    ("content", "target", "message"),
    [
        ("", None, "data.csv is empty: a header row"),
        ("\n \n", None, "data.csv is empty"),
        ("x,y\n", None, "data.csv has a header row but no rows of numbers"),
        ("x\n1\n", None, "has the single column x"),
        ("x,y\n1,2\n3,\n", None, "data.csv, row 3, column y: the value is missing"),
        ("x,y\n1,two\n", None, "data.csv, row 2, column y: 'two' is not a number"),
        ("x,y\n1,2\nnan,2\n", None, "data.csv, row 3, column x: 'nan' is not finite"),
        ("x,y\n1,2,3\n", None, "data.csv, row 2 has 3 cells; the header names 2 columns"),
        ("x,y\n\n1\n", None, "data.csv, row 3 has 1 cells"),
        ("x,x\n1,2\n", None, "row 1: the column x is named twice"),
        ("1,2\n3,4\n", None, "row 1, column 1: '1' cannot name a variable"),
        ("x,\n3,4\n", None, "row 1, column 2: '' cannot name a variable"),
        ("x,cost\n3,4\n", "coast", r"no column coast; did you mean cost[?] Valid are x, cost"),
        ("x,cost\n3,4\n", "q", "has no column q; valid are x, cost"),
        ("x,y\n1," + "9" * 200_000 + "\n", None, r"cannot read .*field larger than"),
    ],
)
def test_bad_csv_is_refused_with_its_place(tmp_path, content, target, message):
    file = tmp_path / "data.csv"
    file.write_text(content)
    with pytest.raises(LisaError, match=message):
        Regression.from_csv(file, target)


def test_unreadable_csv_is_refused(tmp_path):
    with pytest.raises(LisaError, match=r"cannot read .*none\.csv: No such file"):
        Regression.from_csv(tmp_path / "none.csv")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"x,y\n\xff\xfe,1\n")
    with pytest.raises(LisaError, match="it is not UTF-8 text"):
        Regression.from_csv(binary)


def test_any_function_of_a_sentence_is_an_objective():
    def length(sentence):
        if sentence == "bad":
            raise ValueError(sentence)
        return {"nan": math.nan, "inf": math.inf, "long": 99.0}.get(sentence, len(sentence) / 10)

    objective = from_callable(length, worst=5.0)
    scores = objective(["ab", None, "bad", "nan", "inf", "long"])
    assert scores.tolist() == [0.2, 5.0, 5.0, 5.0, 5.0, 5.0]
    assert objective.worst == 5.0
    assert objective([]).shape == (0,)


def test_faults_of_a_function_pass_through_unless_named():
    def fault(sentence):
        raise KeyError(sentence)

    with pytest.raises(KeyError):
        from_callable(fault, 1.0)(["x"])
    assert from_callable(fault, 1.0, (KeyError,))(["x"]).tolist() == [1.0]


def test_outputs_are_the_errors_and_shapes_at_some_points():
    objective = Regression({"x": np.linspace(-10, 10, 1000)}, np.linspace(-3, 3, 1000))
    sentences = ["0.3*x", "x", "exp(exp(x))", "1/x", None, "x+", "log(x)", "1e9*x"]
    found = objective.outputs(sentences)
    assert found.errors.shape == found.shapes.shape == (8, 200)
    x = objective.data["x"][np.linspace(0, 999, 200).round().astype(int)]
    unit = np.std(objective.y)
    y = objective.target()
    assert np.allclose(y, 0.3 * x / unit)
    assert objective.bound == pytest.approx(np.sqrt(1000) / unit)
    assert np.abs(found.errors[0]).max() < 1e-12
    assert np.allclose(found.errors[1], x / unit - y)
    assert np.abs(found.errors).max() == np.abs(found.errors[7]).max() == 1e6
    assert np.array_equal(np.sign(found.errors[7]), np.sign(x))
    assert np.allclose(found.errors[[4, 5]], objective.bound)
    assert np.allclose(found.errors[6][x < 0], objective.bound)
    assert np.allclose(found.errors[6][x > 0], np.log(x[x > 0]) / unit - y[x > 0])
    overflown = ~np.isfinite(evaluate(["exp(exp(x))"], {"x": x})[0])
    assert np.allclose(found.errors[2][overflown], objective.bound)
    assert 0 < overflown.sum() < 200
    assert np.allclose(found.shapes[1], x / 10)
    assert np.abs(found.shapes[3]).max() == 1
    assert not found.shapes[[2, 4, 5, 6]].any()


def test_errors_add_up_where_sentences_do():
    objective = Regression.from_target(KUSNER_TARGET)
    terms = ["x", "sin(x*x)", "2*exp(x/3)"]
    errors, nothing = objective.outputs(terms).errors, -objective.target()
    together = objective.outputs(["+".join(terms)]).errors[0]
    assert np.allclose(together - nothing, (errors - nothing).sum(axis=0))


def test_outputs_of_a_constant_target_and_few_points():
    objective = Regression({"x": [1.0, 2, 3]}, [2.0, 2, 2])
    found = objective.outputs(["x", "0*x"])
    assert found.errors.tolist() == [[-1, 0, 1], [-2, -2, -2]]
    assert not found.shapes[1].any()
    assert objective.target().tolist() == [2, 2, 2]


def test_a_regression_is_composite_and_another_function_is_not(kusner):
    assert isinstance(kusner, Composite)
    assert not isinstance(from_callable(len, 1.0), Composite)


def test_scores_follow_from_bounded_errors(kusner):
    objective = Regression(kusner.data, kusner.y)
    few = Regression({"x": objective.data["x"][::10]}, objective.y[::10])
    sentences = ["x", "x*x", "exp(x)", "1/3+x", "sin(x)/(x-1)"]
    errors = few.outputs(sentences).errors * np.std(few.y)
    squares = np.clip(errors, -few.bound * np.std(few.y), few.bound * np.std(few.y)) ** 2
    assert np.allclose(few(sentences), np.log1p(squares.mean(axis=1)))
