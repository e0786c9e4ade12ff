import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.expressions.expression import NEGATION, POWER
from grammar_lisa.regression.fit_config import ARITHMETIC
from grammar_lisa.regression.search.allowed import allowed
from grammar_lisa.regression.search.tree import make, number, open_constant, power, variable

X, Y = variable("x"), variable("y")
POINTS = {"x": np.linspace(0.5, 2, 9), "y": np.linspace(1.7, 0.6, 9)}
NAMES = sorted((*ARITHMETIC, "sqrt", "exp"))
trees = st.recursive(
    st.sampled_from([X, Y, number(1), open_constant(0.7), open_constant(-1.3)]),
    lambda inner: st.one_of(
        st.builds(make, st.sampled_from("+-*/"), inner, inner),
        st.builds(make, st.sampled_from(["sqrt", "exp", NEGATION]), inner),
        st.builds(power, inner, st.sampled_from([2, 3, 1.5, 2.5, 0.3, -1])),
    ),
    max_leaves=6,
)


def operators_of(tree):
    used = {part.operator for _, part in tree.paths() if part.operands}
    return {{POWER: "pow", NEGATION: "-"}.get(name, name) for name in used}


@given(trees, st.sets(st.sampled_from(NAMES)))
def test_forms_have_nothing_but_the_operators(tree, operators):
    form = allowed(tree, operators)
    assert form is None or operators_of(form) <= operators
    if operators_of(tree) <= operators:
        assert form is not None


@given(trees, st.sets(st.sampled_from(NAMES)))
def test_forms_have_the_same_values(tree, operators):
    form = allowed(tree, operators)
    values = np.broadcast_to(tree.values(POINTS), 9)
    if form is not None and np.isfinite(values).all() and np.abs(values).max() < 1e6:
        found = np.broadcast_to(form.values(POINTS), 9)
        np.testing.assert_allclose(found, values, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("tree", "operators", "text"),
    [
        (power(X, 2), "*", "x*x"),
        (power(X, 3), "*", "x*x*x"),
        (power(X, 0.3), "*", None),
        (power(X, 9), "*", None),
        (power(X, 2), "+", None),
        (power(X, 2.5), ("*", "sqrt"), "x*x*sqrt(x)"),
        (power(X, 2.5), "*", None),
        (make("-", X, Y), "+*", "x+c*y"),
        (make("-", X, Y), "+", None),
        (make(NEGATION, X), "*", "c*x"),
        (make(NEGATION, X), "-", "-x"),
        (make("/", X, Y), "+-*", None),
        (make("exp", X), "+-*", None),
    ],
)
def test_forms(tree, operators, text):
    form = allowed(tree, set(operators))
    assert (form and form.text) == text
