"""The estimator by scikit-learn's own checks, and what it offers beyond them."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import sympy
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from tools import environment

import grammar_lisa as gl
from shared.common.errors import LisaError

T = np.linspace(0.5, 4, 60)
X = pd.DataFrame({"Time (s)": T, "k": T[::-1] ** 2})
Y = pd.Series(2.5 * T**2 + 0.5, name="Height (m)")

FIRST_FOUND = gl.GrammarRegressor(stop_at="r2=0.01")
"""Ends with the first formula above a constant, and so is quick and the same each time."""
EXCEPTIONS = {
    "check_sample_weight_equivalence_on_dense_data": "weights count wherever errors do, but they "
    "have no unit: how far constants are rounded, how long a formula may be and which powers are "
    "tried follow from the number of rows, and a row that is repeated is more of them",
}


@parametrize_with_checks([FIRST_FOUND], expected_failed_checks=lambda estimator: EXCEPTIONS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_the_contract_of_estimators_is_kept(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def fitted():
    return gl.GrammarRegressor().fit(X, Y)


def test_a_formula_is_found_and_told_in_every_language(fitted):
    assert fitted.get_best()["formula"] == "2.5*Time_s**2+0.5"
    assert fitted.score(X, Y) == pytest.approx(1)
    assert fitted.names_ == {"Time_s": "Time (s)", "k": "k"}
    assert (fitted.n_features_in_, list(fitted.feature_names_in_)) == (2, ["Time (s)", "k"])
    t = sympy.Symbol("Time_s", real=True)
    assert float(fitted.sympy().subs(t, 2)) == pytest.approx(10.5)
    assert r"\mathrm{Time\ (s)}" in fitted.latex()
    assert fitted.ending_ == "exact"
    assert list(fitted.equations_.columns[:2]) == ["complexity", "loss"]


def test_another_formula_is_chosen_by_its_index(fitted):
    first = float(fitted.equations_["formula"][0])
    np.testing.assert_array_equal(fitted.predict(X, index=0), np.full(60, first))
    assert fitted.sympy(index=0) == pytest.approx(first)
    assert fitted.latex(index=-1) == fitted.latex()
    with pytest.raises(LisaError, match="there is no formula 99; equations_ has the rows 0 to"):
        fitted.predict(X, index=99)


def test_an_array_has_inputs_by_their_place():
    model = gl.GrammarRegressor().fit(np.column_stack([T, np.cos(9 * T)]), 2 * T + 1)
    assert model.get_best()["formula"] == "2*x0+1"
    assert not hasattr(model, "feature_names_in_")


def test_a_pickle_predicts_the_same_in_another_process(fitted, tmp_path):
    X.to_pickle(tmp_path / "X.pkl")
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(fitted))
    script = (
        "import pickle, sys, pandas as pd; from pathlib import Path; folder = Path(sys.argv[1]);"
        "model = pickle.loads((folder / 'model.pkl').read_bytes());"
        "sys.stdout.write(model.predict(pd.read_pickle(folder / 'X.pkl')).tobytes().hex())"
    )
    words = [sys.executable, "-c", script, tmp_path]
    told = subprocess.run(words, capture_output=True, text=True, env=environment(), check=True)
    assert bytes.fromhex(told.stdout) == fitted.predict(X).tobytes()


def test_it_goes_where_estimators_go():
    model = gl.GrammarRegressor(stop_at="r2=0.999999")
    scores = cross_val_score(model, X, Y, cv=2)
    assert scores.min() > 0.999
    search = GridSearchCV(model, {"digits": [1, 6]}, cv=2).fit(X, Y)
    assert search.best_params_ == {"digits": 6}
    piped = make_pipeline(StandardScaler(), clone(model)).fit(X, Y)
    assert piped.score(X, Y) > 0.999


def test_guesses_and_warm_starts_are_gone_on_from(fitted):
    y = 3.1 * np.exp(-0.4 * T) * np.cos(2.2 * T + 0.4)
    model = gl.GrammarRegressor(guesses=["c*exp(c*t)*cos(c*t+c)"], stop_at="r2=0.99999")
    data = pd.DataFrame({"t": T})
    model.fit(data, y)
    assert model.get_best()["known"]
    again = model.set_params(guesses=[], warm_start=True).fit(data, y)
    assert again.score(data, y) > 0.99999
    assert not again.get_best()["known"]
    with pytest.warns(UserWarning, match="other names than those of the last fit"):
        again.fit(data.rename(columns={"t": "q"}), 2 * T)
    with pytest.raises(LisaError, match=r"guesses must be a list of formulas, not the text 't\+c'"):
        gl.GrammarRegressor(guesses="t+c").fit(data, y)


def test_a_loss_of_ones_own_is_made_small():
    y = Y.copy()
    y[7] = 60.0

    def absolute(target, prediction):
        return np.abs(target - prediction)

    guesses = ["c*Time_s**2+c"]
    model = gl.GrammarRegressor(loss=absolute, guesses=guesses, stop_at="loss=0.2").fit(X, y)
    assert model.get_best()["formula"] == "2.5*Time_s**2+0.5"


def test_where_a_formula_is_not_defined_the_mean_counts_in_the_score():
    model = gl.GrammarRegressor(guesses=["log(t)"], stop_at="r2=0.99")
    model.fit(pd.DataFrame({"t": T}), np.log(T))
    new = pd.DataFrame({"t": [-1.0, 1.0, 2.0]})
    assert np.isnan(model.predict(new)).tolist() == [True, False, False]
    assert np.isfinite(model.score(new, [0.0, 0.0, np.log(2)]))


def test_what_is_found_is_printed_when_asked(capsys):
    gl.GrammarRegressor(verbose=True).fit(X, Y)
    assert "2.5*Time_s**2+0.5" in capsys.readouterr().out


def test_seeds_of_every_kind_are_taken():
    for random_state in (None, 3, np.random.RandomState(1)):
        model = gl.GrammarRegressor(random_state=random_state, stop_at="r2=0.01").fit(X, Y)
        assert len(model.equations_)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_time": "soon"}, "max_time must be seconds, or a time such as 90s"),
        ({"max_time": None}, "The 'max_time' parameter of GrammarRegressor must be"),
        ({"operators": 3}, "The 'operators' parameter"),
        ({"operators": ["+", "plus"]}, "there is no operator 'plus'"),
        ({"max_complexity": "40"}, "The 'max_complexity' parameter"),
        ({"digits": 2.5}, "The 'digits' parameter"),
        ({"stop_at": 0.99}, "The 'stop_at' parameter"),
        ({"guesses": 3}, "The 'guesses' parameter"),
        ({"guesses": "x"}, "guesses must be a list of formulas"),
        ({"grammar": "expr", "operators": "+"}, "grammar says what formulas are made of, in place"),
        ({"n_jobs": "two"}, "The 'n_jobs' parameter"),
    ],
)
def test_parameters_that_make_no_sense_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        gl.GrammarRegressor(**settings).fit([[1.0], [2.0], [3.0]], [1.0, 2.0, 3.0])


def test_times_and_operators_may_be_written_as_people_do():
    values = np.linspace(1, 2, 9)[:, None]
    model = gl.GrammarRegressor(["+", "*"], max_time="5s", without=["sphere", "separability"])
    assert model.fit(values, 2 * values[:, 0] + 1).get_best()["formula"] == "2*x0+1"


DAYS = pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"])
FRAMES = [
    (pd.DataFrame([[1, 2], [2, 3], [3, 5]], columns=["x", "x"]), "several columns called x"),
    (pd.DataFrame({"x": [1, 2, 3], "t": DAYS}), r"X, column t holds dates or times .*2024-01-01"),
    (pd.DataFrame({"t": DAYS.tz_localize("UTC")}), "X, column t holds dates"),
    (pd.DataFrame({"t": DAYS - DAYS[0]}), "X, column t holds dates or times"),
    (pd.DataFrame({"t": DAYS.astype(object)}), "X, column t, row 0: .* is a date or time"),
    (pd.DataFrame({"k": [1, "red", 2]}), "X, column k, row 1: 'red' is not a number"),
    (pd.DataFrame({"k": pd.Categorical(["a", "b", "a"])}), "X, column k, row 0: 'a' is not"),
    (np.array(DAYS)[:, None], "X holds dates or times"),
]


@pytest.mark.parametrize(("frame", "message"), FRAMES)
def test_columns_that_hold_no_numbers_are_named(frame, message):
    with pytest.raises(LisaError, match=message):
        gl.GrammarRegressor().fit(frame, [1.0, 2.0, 3.0])


def test_a_target_of_dates_is_refused():
    with pytest.raises(LisaError, match="y holds dates or times"):
        gl.GrammarRegressor().fit([[1.0], [2.0], [3.0]], pd.Series(DAYS))


def test_columns_of_predictions_are_checked_too(fitted):
    frame = X[:3].assign(t=DAYS)
    with pytest.raises(LisaError, match="X, column t holds dates"):
        fitted.predict(frame)


def test_numbers_that_look_like_missing_values_are_told():
    values = np.array([[1.0], [2.0], [3.0], [-999.0], [5.0]])
    (note,) = gl.GrammarRegressor("+ *").fit(values, 2 * values[:, 0] + 5000).notes_
    assert note == (
        "x0 is -999 in 1 row, far from all other values (1 to 5): if it stands for a missing "
        "value, leave such rows out"
    )
