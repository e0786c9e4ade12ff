import itertools
import math

import numpy as np
import pandas as pd
import pytest

from grammar_lisa.regression import FitConfig, Fitting, Table
from grammar_lisa.regression.search.operator_search import OperatorSearch as Search
from shared.common.errors import LisaError

RNG = np.random.default_rng(0)
X = np.linspace(-2, 3, 40)


def table(y, weights=None, **columns):
    return Table.from_frame(pd.DataFrame(columns or {"x": X}), y, weights)


def best(y, weights=None, columns=None, **settings):
    found = Fitting(table(y, weights, **(columns or {})), FitConfig(**settings)).run()
    return found.recommended.text


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_the_unit_of_the_target_changes_no_formula(unit):
    found = Fitting(table(unit * (X**2 + 2)), FitConfig(stop_at="r2=0.99999999")).run()
    recommended = found.recommended
    assert recommended.r2 > 1 - 1e-9
    np.testing.assert_allclose(recommended.predict({"x": X}), unit * (X**2 + 2), rtol=1e-6)


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_the_unit_of_an_input_changes_no_formula(unit):
    t = unit * np.linspace(1, 3, 40)
    found = Fitting(table(5 / t + 2 / unit, t=t), FitConfig(stop_at="r2=0.99999999")).run()
    np.testing.assert_allclose(found.recommended.predict({"t": t}), 5 / t + 2 / unit, rtol=1e-5)


def test_why_a_search_ends_is_told():
    def ending(y, **settings):
        fitting = Fitting(table(y), FitConfig(**settings))
        fitting.search()
        return fitting.ending

    noise = RNG.normal(size=40)
    assert ending(X**2 + 1) == "exact"
    assert ending(X**2 + noise, stop_at="r2=0.1") == "good enough"
    assert ending(X**2 + noise, stop_at="loss=0.9") == "good enough"
    assert ending(noise, max_time=0.01) == "time"
    assert ending(np.ones(40)) == "constant"


@pytest.mark.parametrize(
    ("columns", "y", "text", "note"),
    [
        ({"x": [1.0]}, [5.25], "5.25", "the formula is a constant: one row bears no other"),
        ({"x": [1.0, 2]}, [7.5, 7.5], "7.5", "as the target never changes"),
        ({"x": [1.0, 1]}, [1.0, 2.0], "1.5", "as no input ever changes"),
    ],
)
def test_where_there_is_nothing_to_search_for_the_constant_is_given(columns, y, text, note):
    fitting = Fitting(table(y, **columns))
    (found,) = fitting.run()
    assert found.text == text
    assert note in fitting.notes[-1]
    assert fitting.ending == "constant"


def test_an_input_that_never_changes_is_left_out_with_a_note():
    fitting = Fitting(table(2 * X + 1, k=np.full(40, 3.0), x=X))
    assert fitting.run().recommended.text == "2*x+1"
    assert fitting.notes == ["k never changes, so it is left out"]


def test_of_fifty_inputs_the_three_that_matter_are_searched():
    columns = {f"v{n}": RNG.uniform(0.5, 3, 300) for n in range(50)}
    y = columns["v3"] * columns["v14"] / columns["v41"]
    fitting = Fitting(table(y, **columns))
    assert fitting.run().recommended.text in {"v3*v14/v41", "v14*v3/v41", "v3/v41*v14"}
    assert "of the 50 inputs those that matter most" in fitting.notes[0]


def test_rows_without_weight_are_not_looked_at():
    y = np.where(X > 2, math.pi**9, X**2 + 1)
    assert best(y, weights=(X <= 2).astype(float)) == "x**2+1"


def test_a_guess_is_fitted_and_known():
    config = FitConfig(guesses=("c*sin(c*x)+c",), stop_at="r2=0.999")
    found = Fitting(table(2.5 * np.sin(1.3 * X) + 7), config).run()
    assert found.recommended.text in {"2.5*sin(1.3*x)+7", "7+2.5*sin(1.3*x)"}
    assert found.recommended.known


def test_the_best_known_is_the_best_shown():
    y = 3.1 * np.exp(-0.4 * X) * np.cos(2.2 * X + 0.4)
    config = FitConfig(guesses=("3.1*exp(-0.4*x)*cos(2.2*x+0.4)", "x+1"), max_time=0.3)
    found = Fitting(table(y), config).run()
    assert found.recommended.text == "3.1*exp(-0.4*x)*cos(2.2*x+0.4)"
    assert found.recommended.known


def test_a_search_goes_on_from_formulas_of_an_earlier_one():
    y = 3.1 * np.exp(-0.4 * X) * np.cos(2.2 * X + 0.4)
    front = ["3*exp(-0.41*x)*cos(2.21*x+0.38)"]
    fitting = Fitting(table(y), FitConfig(), front=front)
    found = fitting.run()
    assert fitting.ending == "exact"
    np.testing.assert_allclose(found.recommended.predict({"x": X}), y, atol=1e-8)
    assert not found.recommended.known


def test_ctrl_c_keeps_the_best_so_far(monkeypatch):
    def run(search):
        yield from list(original(search))[:0]
        raise KeyboardInterrupt

    original = Search.run
    monkeypatch.setattr(Search, "run", run)
    fitting = Fitting(table(X**2 + 1))
    assert fitting.run().recommended.text == "x**2+1"
    assert fitting.ending == "interrupted"


def test_the_time_is_that_of_the_clock():
    seconds = itertools.count()
    noise = np.random.default_rng(0).normal(size=len(X))
    fitting = Fitting(table(noise), FitConfig(max_time=40), clock=lambda: float(next(seconds)))
    fitting.search()
    assert fitting.ending == "time"
    assert fitting.seconds == next(seconds) - 1


@pytest.mark.parametrize("time", [200, 1_000])
def test_the_last_fits_are_within_the_time(time):
    seconds = itertools.count()
    y = X**2 + np.sin(3 * X) + 0.1 * np.random.default_rng(0).normal(size=len(X))
    fitting = Fitting(table(y), FitConfig(max_time=time), clock=lambda: float(next(seconds)))
    found = fitting.run()
    assert fitting.ending == "time"
    assert next(seconds) <= 1.1 * time + 2 * len(found) + 10


def test_after_a_search_that_ends_early_constants_are_rounded_in_what_is_left():
    seconds = itertools.count()
    fitting = Fitting(table(2.5 * X**2 + 0.5), clock=lambda: 1e-3 * next(seconds))
    assert fitting.run().recommended.text == "2.5*x**2+0.5"


def test_a_sketch_is_there_at_any_time():
    fitting = Fitting(table(X**2 + 1))
    assert fitting.sketch().recommended.complexity == 1
    fitting.search()
    assert fitting.sketch().recommended.r2 > 0.999999


def test_operators_and_complexity_bound_what_is_found():
    y = np.sin(2 * X) + X**2
    found = Fitting(table(y), FitConfig(operators="+ - *", max_complexity=7, max_time=1)).run()
    assert all("sin" not in each.text and "/" not in each.text for each in found)
    assert max(each.complexity for each in found) <= 7


def test_a_search_that_ends_by_itself_is_the_same_for_a_seed():
    y = 2.5 * X**2 + np.sin(X)
    frames = [Fitting(table(y), FitConfig(seed=3)).run().frame() for _ in range(2)]
    pd.testing.assert_frame_equal(*frames)


def test_a_million_rows_are_served():
    x = RNG.uniform(0.5, 5, (10, 1_000_000))
    columns = {f"x{n}": values for n, values in enumerate(x)}
    y = 2.5 * x[3] * x[7] + RNG.normal(size=x.shape[1]) * 0.01
    fitting = Fitting(table(y, **columns), FitConfig(stop_at="r2=0.999"))
    found = fitting.run()
    predicted = found.recommended.predict(columns)
    np.testing.assert_allclose(predicted, 2.5 * x[3] * x[7], rtol=1e-3)
    assert found.recommended.r2 > 0.9999


@pytest.mark.parametrize(
    ("settings", "y", "message"),
    [
        ({"loss": "mze"}, X, "there is no loss 'mze'"),
        ({"loss": "log"}, X, "the loss log needs targets above 0; the target of row 1 is -2"),
        ({"loss": "nowhere:f"}, X, "nowhere"),
        ({"guesses": ("2*q",)}, X, "the guess '2.q': .*unknown variable q"),
        ({"max_time": -1}, X, "the time must be above 0"),
    ],
)
def test_what_cannot_be_served_is_refused(settings, y, message):
    with pytest.raises(LisaError, match=message):
        Fitting(table(y), FitConfig(**settings)).run()


def test_other_losses_are_made_small():
    y = np.where(np.arange(40) % 9 == 4, 50.0, 2 * X + 1)
    found = Fitting(table(y), FitConfig(loss="mae", stop_at="loss=0.331")).run()
    np.testing.assert_allclose(found.recommended.predict({"x": X}), 2 * X + 1, atol=1e-6)


def test_a_grammar_is_never_left(tmp_path):
    path = tmp_path / "form.cfg"
    path.write_text("%start S\nS -> 'c*x**' N '+c' | 'c*exp(c*x)'\nN -> '1' | '2' | '3'\n")
    config = FitConfig(grammar=str(path), max_time=5)
    assert Fitting(table(2.5 * X**2 + 0.5), config).run().recommended.text == "2.5*x**2+0.5"
    fitting = Fitting(table(np.sin(3 * X)), config)
    assert {each.text.count("sin") for each in fitting.run()} == {0}
    assert fitting.ending == "searched"
    with pytest.raises(LisaError, match=r"the sentence 'c.x..1.c': .*unknown variable x"):
        Fitting(table(X, q=X), config)


def test_a_grammar_says_which_inputs_are_looked_at(tmp_path):
    path = tmp_path / "form.cfg"
    path.write_text("S -> 'c*q0+c*q14+c*T'\n")
    generator = np.random.default_rng(0)
    inputs = {f"q{place}": generator.random(len(X)) for place in range(15)}
    y = 2 * inputs["q0"] + 0.001 * inputs["q14"] + 3
    found = Fitting(table(y, **inputs, T=np.full(len(X), 3.0)), FitConfig(grammar=str(path))).run()
    assert all(name in found.recommended.text for name in ("q0", "q14", "T"))


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_numbers_without_squares_are_refused(size):
    with pytest.raises(LisaError, match=r"y reaches .*give it in a unit in which its greatest"):
        Fitting(table(size * X))
    with pytest.raises(LisaError, match="x reaches"):
        Fitting(table(X, x=size * X))


def test_what_operators_do_not_allow_is_not_called_exact():
    fitting = Fitting(table(X**2 + 1), FitConfig(operators="sin", max_time=2))
    assert len(fitting.run()) >= 1
    assert fitting.ending != "exact"


@pytest.mark.parametrize(
    ("rules", "x", "told"),
    [
        (
            "'log(0-x)'",
            X + 3,
            "'log(0-x)' of line 1 has no finite value in 40 of them, first at x=1",
        ),
        (
            "'c*log(x-3)'",
            X + 3,
            "'c*log(x-3)' of line 1 with 1 for each c has no finite value in 16",
        ),
        ("'c*log(0-x)' | S '+c'", X + 3, "'c*log(0-x)' of line 1 with 1 for each c"),
        # The one row that no sentence is defined in is none of those that the search looks at.
        ("'c*log(x)+c'", np.where(np.arange(5_000) == 7, -1, 2.0), "in 1 of them, first at x=-1"),
    ],
)
def test_where_no_sentence_is_defined_in_all_rows_the_message_says_where(tmp_path, rules, x, told):
    path = tmp_path / "form.cfg"
    path.write_text(f"S -> {rules}\n")
    x = x + 1e-3 * np.arange(len(x)) * (x > 0)
    config = FitConfig(grammar=str(path), max_time=10, sources=())
    with pytest.raises(LisaError, match=f"finite in all {len(x):,} rows: .*Leave such") as error:
        Fitting(table(2 * x + 1, x=x), config).run()
    assert told in str(error.value)


def test_where_time_is_over_before_a_sentence_is_fitted_that_is_told(tmp_path):
    path = tmp_path / "form.cfg"
    path.write_text("S -> 'c*x'\n")
    with pytest.raises(LisaError, match=r"the time was over before a sentence of .*form\.cfg"):
        Fitting(table(X), FitConfig(grammar=str(path), max_time=1e-9)).run()
