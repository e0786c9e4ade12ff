import math

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.regression import Equation, Equations
from shared.common.errors import LisaError


def front(*losses, rows=1000, complexities=None):
    places = complexities or range(1, len(losses) + 1)
    return Equations(
        [Equation(f"x+{c}", c, loss, 1 - loss) for c, loss in zip(places, losses, strict=True)],
        rows,
    )


equations = st.builds(
    Equation, st.just("x"), st.integers(1, 30), st.floats(0, 1e3), st.floats(-1, 1)
)


@given(st.lists(equations, min_size=1), st.integers(1, 10**6))
def test_no_formula_of_the_front_is_beaten_by_a_simpler_one(candidates, rows):
    found = Equations(candidates, rows)
    assert [each.complexity for each in found] == sorted({each.complexity for each in found})
    losses = [each.loss for each in found]
    assert losses == sorted(set(losses), reverse=True)
    for each in candidates:
        assert any(e.complexity <= each.complexity and e.loss <= each.loss for e in found)
    assert sum(each.recommended for each in found) == 1
    assert found.recommended.loss <= 1.5 * max(min(losses), 1e-14 * losses[0], 5e-324)


@pytest.mark.parametrize(
    ("losses", "rows", "chosen"),
    [
        ((1.0, 0.5, 1e-30, 1e-31), 100, 3),  # rounding chooses nothing
        ((1.0, 0.5, 0.0), 100, 3),
        ((1.0, 0.9, 0.01, 0.0099, 0.0098), 200, 3),  # noise of 1 % is left alone
        ((1.0, 0.9, 0.0130, 0.0100), 30, 3),  # so near on 30 rows
        ((1.0, 0.9, 0.0130, 0.0100), 100_000, 4),  # but not on 100,000
        ((1.0,), 10, 1),
        ((0.0,), 1, 1),
    ],
)
def test_the_simplest_that_explains_all_is_recommended(losses, rows, chosen):
    found = front(*losses, rows=rows)
    assert found.recommended.complexity == chosen
    assert found[chosen - 1].recommended


def test_the_reason_is_told():
    assert front(1.0).reason == "it is the only one"
    assert front(1.0, 1e-3).reason == "no simpler formula comes within 1.02 times the least loss"
    assert front(1.0, 0.01, 0.0099, rows=8).reason == (
        "of the 2 formulas within 1.5 times the least loss, its loss falls most per unit of "
        "complexity"
    )


def test_the_frame_holds_what_the_formulas_are():
    found = Equations(
        [
            Equation("x", 1, 1.0, 0.0, 0.1),
            Equation("2*x", 3, 0.25, 0.75, None, known=True),
            Equation("3*x", 3, 0.5, 0.5),
            Equation("x/0", 3, math.nan, math.nan),
        ],
        100,
    )
    frame = found.frame()
    assert frame["formula"].tolist() == ["x", "2*x"]
    assert frame["complexity"].tolist() == [1, 3]
    assert frame["gain"].tolist() == pytest.approx([0, math.log(4) / 2])
    assert frame["r2_test"].isna().tolist() == [False, True]
    assert frame["known"].tolist() == [False, True]
    assert frame["recommended"].tolist() == [False, True]
    assert found[-1:] == (found.recommended,)
    assert repr(found) == "Equations(2, recommended: 2*x)"


def test_without_a_finite_loss_there_is_no_front():
    with pytest.raises(LisaError, match="no formula has been found that is finite"):
        Equations([Equation("x", 1, math.inf, 0.0)], 10)


def test_an_equation_is_told_in_every_language():
    equation = Equation("2.25*sin(1.3*t)+t/2", 9, 0.0, 1.0)
    t = np.linspace(0, 1, 5)
    np.testing.assert_allclose(equation.predict({"t": t}), 2.25 * np.sin(1.3 * t) + t / 2)
    expression = equation.sympy(["t"])
    symbol = sympy.Symbol("t", real=True)
    assert expression.free_symbols == {symbol}
    assert float(expression.subs(symbol, 1)) == pytest.approx(2.25 * math.sin(1.3) + 0.5)
    assert expression.has(sympy.Rational(1, 2))
    assert "1.3" in str(expression)
    assert r"\mathrm{Time\ (s)}" in equation.latex({"t": "Time (s)"})
