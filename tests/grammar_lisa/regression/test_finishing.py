import itertools
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.expressions import Skeleton
from grammar_lisa.regression import LOSSES, Table
from grammar_lisa.regression.finishing import FITTED_ROWS, Draft, Finishing, made_with
from grammar_lisa.regression.measures import predict

RNG = np.random.default_rng(0)
X = np.linspace(0.5, 5, 60)
Y = 2.5 * X**2 + 0.5


def finishing(x=X, y=Y, loss="mse", digits=None, test=None, weights=None):
    table = Table.from_frame(pd.DataFrame({"x": x}), y, weights)
    return Finishing(table, test, LOSSES[loss], digits)


def draft(text, *constants, known=False):
    return Draft(Skeleton.read(text, ["x"]), constants, known)


def test_constants_are_fitted_rounded_and_measured():
    test = Table.from_frame(pd.DataFrame({"x": [6.0, 7.0]}), [90.5, 124.0])
    (best,) = finishing(test=test).finished([draft("c*x**2+c", 2.0, 1.0)])
    assert (best.text, best.complexity, best.loss, best.r2) == ("2.5*x**2+0.5", 7, 0.0, 1.0)
    assert 0.99 < best.r2_test < 1


def test_a_formula_twice_is_told_once_and_as_known():
    drafts = [draft("c*x**2+c", 2.0, 1.0), draft("2.5*x**2+0.5", known=True)]
    (best,) = finishing().finished(drafts)
    assert best.known


def test_digits_bound_the_numbers():
    y = np.pi * X
    assert finishing(y=y, digits=3).finished([draft("c*x", 3.0)])[0].text == "3.14*x"


def test_a_sketch_takes_constants_as_they_are():
    (first,) = finishing().sketch([draft("c*x**2+c", 2.123456789, 1.0)])
    assert first.text == "2.123457*x**2+1"
    assert first.loss > 0


def test_formulas_without_a_value_in_some_row_are_left_out():
    found = finishing().finished([draft("c", 1.0), draft("c*log(x-1)", 1.0)])
    assert [each.complexity for each in found] == [1]


def test_ctrl_c_takes_the_rest_as_it_is(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("grammar_lisa.regression.finishing.polish", interrupt)
    found = finishing().finished([draft("c", 1.25), draft("c*x**2+c", 2.5, 0.25)])
    assert [each.text for each in found] == ["1.25", "2.5*x**2+0.25"]


def test_many_rows_are_all_measured_and_some_fitted():
    x = RNG.uniform(0, 5, 3 * FITTED_ROWS)
    y = 2.5 * x + RNG.normal(size=len(x))
    (best,) = finishing(x, y).finished([draft("c*x", 1.0)])
    constant = float(best.text.split("*")[0])
    assert constant == pytest.approx(2.5, abs=0.01)
    assert best.r2 == pytest.approx(1 - np.var(y - constant * x) / np.var(y), abs=1e-6)


def test_weights_count():
    y = np.where(X > 3, 100.0, Y)
    found = finishing(y=y, weights=(X <= 3) + 1e-12).finished([draft("c*x**2+c", 1.0, 1.0)])
    assert found[0].text == "2.5*x**2+0.5"


@pytest.mark.parametrize(
    ("text", "operators", "fits"),
    [
        ("x+1", "+", True),
        ("x-1", "+", True),
        ("x-1", "-", True),
        ("-x", "*", True),
        ("x/2", "+ *", False),
        ("x**2", "*", True),
        ("x**2", "+", False),
        ("x**2.5", "*", False),
        ("x**(-2)", "*", False),
        ("x**2.5", "pow", True),
        ("sqrt(x)", "pow", False),
        ("sin(2*x)", "sin *", True),
    ],
)
def test_formulas_are_made_with_the_operators_that_are_given(text, operators, fits):
    assert made_with(Skeleton.read(text, ["x"]).nodes, operators.split()) == fits


def test_errors_that_grow_with_the_target_do_not_make_a_formula_long():
    generator = np.random.default_rng(5)
    x = np.exp(generator.uniform(-3, 7, 200))
    y = 0.2 * x**1.5 * (1 + 0.02 * generator.normal(size=200))
    waves = "(0.2*sqrt(x)+c*sin(c*x+c)+c*sin(c*x+c))*x"
    start = draft(waves, 0.01, 0.077, 0.0, 0.01, 0.1, 0.0)
    found = finishing(x, y).finished([draft("c*x**c", 0.2, 1.5), start])
    assert [each.text for each in found] == ["0.2*x**1.5"]
    (alone,) = finishing(x, y).finished([start])
    assert alone.loss < 0.9 * found[0].loss


def test_a_number_of_one_is_left_out_where_few_rows_tell_it():
    x = np.array([0.387, 0.723, 1.0, 1.524, 5.203, 9.537, 19.191, 30.069])
    y = np.array([0.241, 0.615, 1.0, 1.881, 11.862, 29.457, 84.011, 164.79])
    drafts = [draft("c*x**c", 1.0, 1.5), draft("x**c", 1.5), draft("(c*x+c)**c", 1, 0, 1.5)]
    assert finishing(x, y).finished(drafts).recommended.text == "x**1.5"


def test_a_formula_is_shown_in_its_shortest_form():
    table = Table.from_frame(pd.DataFrame({"x": X}), (X + 1) ** 2)
    free = Finishing(table, None, LOSSES["mse"], operators=("+", "*"))
    assert free.finished([draft("c*x+x**2+c", 1.9, 1.1)])[0].text == "(x+1)**2"
    given_ = free.finished([Draft.read("2*x+x**2+1", ["x"], known=True)])
    assert given_[0].text == "2*x+x**2+1"
    formed = Finishing(table, None, LOSSES["mse"])
    assert formed.finished([draft("c*x+x**2+c", 1.9, 1.1)])[0].text == "2*x+x**2+1"


def test_no_form_needs_an_operator_that_is_not_given():
    table = Table.from_frame(pd.DataFrame({"x": X}), 1 / (1 / X - 1 / (X + 1)))
    found = Finishing(table, None, LOSSES["mse"], operators=("/", "-", "+"))
    assert found.finished([draft("1/(1/x-1/(x+1))")])[0].text == "1/(1/x-1/(x+1))"
    found = Finishing(table, None, LOSSES["mse"], operators=("/", "-", "+", "*"))
    assert found.finished([draft("1/(1/x-1/(x+1))")])[0].text == "x**2+x"


def three():
    """Formulas of one, five and nine parts, the second of which is the one to take."""
    texts = (("c", 11.0), ("c*x**2+c", 2.51, 0.49), ("c*x**2+c+c*x", 2.6, 0.5, -0.1))
    losses = (1.0, 1e-9, 0.9e-9)
    return [draft(*each)._replace(loss=loss) for each, loss in zip(texts, losses, strict=True)]


def test_where_time_is_over_constants_stay_as_they_are():
    found = finishing().finished(three(), lambda: True)
    assert {"11", "2.51*x**2+0.49"} <= {each.text for each in found}


def test_the_formula_to_take_is_finished_first():
    looks = itertools.count()
    finishing().finished(three()[1:2], lambda: next(looks) < 0)
    enough, looks = next(looks), itertools.count()
    found = finishing().finished(three(), lambda: next(looks) >= enough)
    # The constant alone is not fitted any more.
    assert {"11", "2.5*x**2+0.5"} <= {each.text for each in found}


@given(st.integers(0, 400))
def test_time_that_ends_anywhere_leaves_formulas_that_fit_as_well(count):
    looks = itertools.count()
    found = finishing().finished(three(), lambda: next(looks) >= count)
    assert found.recommended.complexity == 7
    assert found.recommended.r2 > 0.9999


def test_each_formula_is_predicted_once_on_all_rows(monkeypatch):
    asked = Counter()
    original = predict

    def counted(text, rows):
        asked[text, len(rows)] += 1
        return original(text, rows)

    monkeypatch.setattr("grammar_lisa.regression.finishing.predict", counted)
    drafts = [*three(), draft("2.5*x**2+0.5", known=True)]
    for loss in ("mse", "mae"):
        asked.clear()
        finishing(loss=loss).finished([*drafts[1:]])
        assert set(asked.values()) == {1}
    x = RNG.uniform(0, 5, 3000)
    asked.clear()
    finishing(x, 2.5 * x**2 + RNG.normal(size=3000)).finished(drafts)
    assert {count for (_, rows), count in asked.items() if rows == 3000} == {1}
