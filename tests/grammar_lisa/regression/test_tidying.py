"""Formulas as people write them: the same values, no longer, factors side by side."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar_lisa.expressions.skeleton import Skeleton
from grammar_lisa.regression.search.tree import tree_of
from grammar_lisa.regression.tidying import tidied

NAMES = ("a", "b", "x", "m", "n", "r")
POINTS = {name: np.linspace(0.5, 2.5, 9) + n / 7 for n, name in enumerate(NAMES)}


def tree(text):
    return tree_of(Skeleton.read(text, NAMES, "c"), ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.5*(a*b)+1", "2.5*a*b+1"),
        ("1.3/x**(-1.4)+20", "1.3*x**1.4+20"),
        ("(5/x**(-1.02))**2", "(5*x**1.02)**2"),
        ("6.6e-11*(m/r*(n/r))", "6.6e-11*m*n/r**2"),
        ("3.25*(x/exp(x)**0.0224)", "3.25*x/exp(0.0224*x)"),
        ("exp(x)**(-9)", "exp(-9*x)"),
        ("-a*(-b)", "a*b"),
        ("a*(1/x)", "a/x"),
        ("sqrt(x)*(a*sqrt(x))", "x*a"),
        ("x/(2*a)", "x/(2*a)"),
        ("sin(a*(b*x))", "sin(a*b*x)"),
    ],
)
def test_how_formulas_are_tidied(text, expected):
    assert tidied(tree(text)).skeleton(NAMES).text == expected


def test_an_exponential_of_a_great_number_stays_finite():
    great = {**POINTS, "x": np.full(9, 800.0)}
    assert (
        not np.isfinite(tree("x/exp(x)**0.02").values(great)).any()
        or (tree("x/exp(x)**0.02").values(great) == 0).all()
    )
    np.testing.assert_allclose(
        tidied(tree("x/exp(x)**0.02")).values(great), 800 * np.exp(-16), rtol=1e-12
    )


numbers = st.sampled_from(["2", "0.5", "3.7", "(-2)", "(-1.5)"])
atoms = st.sampled_from(NAMES) | numbers


@settings(max_examples=150)
@given(
    st.recursive(
        atoms,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from("+-*/"), inner).map("({0[0]}{0[1]}{0[2]})".format),
            st.tuples(st.sampled_from(NAMES), numbers).map("{0[0]}**{0[1]}".format),
            st.tuples(inner, numbers).map("exp({0[0]}/9)**{0[1]}".format),
            inner.map("sqrt({0})".format),
            inner.map("(-{0})".format),
        ),
        max_leaves=8,
    )
)
def test_values_stay_and_nothing_grows_but_by_a_number(text):
    given_tree = tree(text)
    values = given_tree.values(POINTS)
    found = tidied(given_tree)
    fine = np.isfinite(values) & (np.abs(values) < 1e100)
    with np.errstate(all="ignore"):
        result = np.broadcast_to(found.values(POINTS), np.shape(values))
    np.testing.assert_allclose(result[fine] if np.ndim(values) else result, values[fine], rtol=1e-9)
    again = tidied(found).skeleton(NAMES).text
    assert tidied(tidied(found)).skeleton(NAMES).text == again
