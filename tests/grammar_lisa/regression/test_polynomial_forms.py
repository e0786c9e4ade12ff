import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar_lisa.expressions import Skeleton
from grammar_lisa.expressions.expression import NEGATION, POWER
from grammar_lisa.regression.polynomial_forms import digits_in, shortest_form
from grammar_lisa.regression.search.tree import Tree, number, tree_of, variable

GENERATOR = np.random.default_rng(0)
POINTS = {name: GENERATOR.uniform(0.3, 2, 40) for name in "xyz"}


def read(text):
    return tree_of(Skeleton.read(text, list(POINTS)), ())


@pytest.mark.parametrize(
    ("text", "shortest"),
    [
        ("2*x+x**2+1", "(x+1)**2"),
        ("-x**2-2*x-1", "-(x+1)**2"),
        ("x**2+2*x*y+y**2", "(x+y)**2"),
        ("8*x**3+12*x**2+6*x+1", "(2*x+1)**3"),
        ("0.09*x**2+0.42*x+0.49", "(0.3*x+0.7)**2"),
        ("x**2/3+2*x/3+1/3", "(x+1)**2/3"),
        ("x**2+2*x+1+y", "(x+1)**2+y"),
        ("2*x+2*y", "2*(x+y)"),
        ("x*y+3*x", "x*(y+3)"),
        ("x**2+2*x+5", "x*(x+2)+5"),
        ("x*y+x*z+y*z", "x*(y+z)+y*z"),
        ("x**4+x**3+x**2+x", "x*(x+1)*(x**2+1)"),
        ("2*sin(x)+sin(x)**2+1", "(sin(x)+1)**2"),
        ("exp(-x**2-2*x-1)", "exp(-(x+1)**2)"),
        ("sqrt(x**2+2*x*y+y**2)", "sqrt((x+y)**2)"),
        ("1/(x**2+2*x+1)", "1/(x+1)**2"),
        ("(3/x+2*y-x)*x", "x*(2*y-x)+3"),
        ("1/(1/x-1/y)", "x*y/(y-x)"),
        ("800*(x*y)/(60*x+120*y+200)", "40*x*y/(3*x+6*y+10)"),
    ],
)
def test_a_shorter_form_is_taken(text, shortest):
    assert shortest_form(read(text)).text == shortest


@pytest.mark.parametrize(
    "text",
    [
        "2.5*x**2+0.5",
        "2-4.9*x**2",
        "x**3+x**2+x",
        "x**2-y**2",
        "7.3*x/(x+2.1)",
        "x/((0.075*x+0.25)/y+0.15)",
        "x*(x-1)*2.37",
        "1/(x-x)",
        "0*x/(x-x)",
        "x**2.5+x",
        "3",
        "x",
        "(x+y+z+1)**12",
        "x+sin(x)+cos(x)+exp(x)+sqrt(x)+log(x)+sin(y)",
    ],
)
def test_what_has_no_shorter_form_stays(text):
    tree = read(text)
    assert shortest_form(tree) == tree


numbers = st.sampled_from([1.0, 2.0, 3.0, 7.0, -2.0, 0.5, 0.1, -1.3, 2.37]).map(number)
formulas = st.recursive(
    numbers | st.sampled_from("xyz").map(variable),
    lambda inner: st.one_of(
        st.builds(
            lambda operator, left, right: Tree(operator, (left, right)),
            st.sampled_from("++--**/"),
            inner,
            inner,
        ),
        st.builds(lambda part: Tree(NEGATION, (part,)), inner),
        st.builds(lambda part: Tree("sin", (part,)), inner),
        st.builds(
            lambda base, exponent: Tree(POWER, (base, number(exponent))),
            inner,
            st.sampled_from([2.0, 3.0, -1.0]),
        ),
    ),
    max_leaves=7,
)


@settings(max_examples=100)
@given(formulas)
def test_the_values_stay_and_the_length_never_grows(formula):
    form = shortest_form(formula)
    assert form.size <= formula.size + 1  # a sign that its number takes up is free
    given_, values = (np.broadcast_to(each.values(POINTS), 40) for each in (formula, form))
    sure = np.isfinite(given_) & (np.abs(given_) < 1e6)
    np.testing.assert_allclose(values[sure], given_[sure], rtol=1e-6, atol=1e-7)
    assert shortest_form(form).size <= form.size


def test_digits_are_counted_without_zeros_at_the_ends_and_exponents():
    assert digits_in(read("100*x**12+0.025*y")) == 3
