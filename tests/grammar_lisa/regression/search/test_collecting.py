import numpy as np
import pytest

from grammar_lisa.regression.finishing import Draft
from grammar_lisa.regression.guesses import with_open_numbers
from grammar_lisa.regression.search.collecting import shortened

POINTS = {name: np.random.default_rng(n).uniform(0.5, 3, 50) for n, name in enumerate("xy")}


@pytest.mark.parametrize(
    ("text", "form", "constants"),
    [
        ("1/(0.4/(x*y**3)*y**2)", "c*(x*y)", [2.5]),
        ("4.5*x**2+1+3.5", "c*x**2+c", [4.5, 4.5]),
        ("1/(sqrt(0.25/x**4)*x)+1", "c*x+1", [2]),
        ("x-3.5-(y-4.5)", "x+c-y", [1]),
        ("3.5*x/x", "c", [3.5]),
        ("exp(-0.4*x)*cos(x*2.5*1.5)*3.1", "c*(exp(c*x)*cos(c*x))", [3.1, -0.4, 3.75]),
        ("-(-x*y)", "x*y", []),
        ("x*x*x", "x**3", []),
        ("x-(1+1)", "x-2", []),
    ],
)
def test_numbers_and_powers_are_put_together(text, form, constants):
    short = shortened(with_open_numbers(Draft.read(text, ["x", "y"])), POINTS)
    assert short.text == form
    assert short.constants() == pytest.approx(constants)


@pytest.mark.parametrize("text", ["1-x", "x+3.5", "3.5*(x+sin(x))*sqrt(x)", "sqrt(x**2+y**2)", "x"])
def test_what_is_short_stays_as_it_is(text):
    tree = with_open_numbers(Draft.read(text, ["x", "y"]))
    assert shortened(tree, POINTS) is tree


def test_a_form_with_other_values_is_not_taken():
    tree = with_open_numbers(Draft.read("sqrt(x**2)", ["x"]))
    assert shortened(tree, POINTS).text == "x"
    assert shortened(tree, {"x": np.linspace(-1, 1, 9)}) is tree
