import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar_lisa.expressions.expression import NEGATION, POWER
from grammar_lisa.regression.fit_config import FUNCTIONS
from grammar_lisa.regression.search.dictionary import parametric_functions
from grammar_lisa.regression.search.tree import make, number, variable

OPERATORS = (*"+-*/", "pow", *FUNCTIONS)
ARITHMETIC = ("+", "*")
X = np.linspace(0.5, 3, 25)


def made_functions(values=X, operators=OPERATORS):
    return list(parametric_functions(variable("x"), values, operators))


def values_of(trees, values):
    return [tree.values({"x": values}) for tree in trees]


@pytest.mark.parametrize("shift", [0.0, -2.0, -10.0, 2000.0, -1e6])
def test_values_are_finite_and_vary(shift):
    for values in values_of(made_functions(X + shift), X + shift):
        assert np.isfinite(values).all()
        assert np.ptp(values) > 0


@settings(max_examples=20)
@given(st.sets(st.sampled_from(OPERATORS)))
def test_nothing_but_the_operators_and_arithmetic_is_used(operators):
    for tree in made_functions(operators=operators):
        used = {part.operator for _, part in tree.paths() if part.operands}
        allowed = {POWER if name == "pow" else name for name in operators} | {*ARITHMETIC}
        assert used <= (allowed | {NEGATION} if "-" in operators else allowed)


@pytest.mark.parametrize("name", [*FUNCTIONS, "/"])
def test_each_operator_has_functions(name):
    found = [tree.operator for tree in made_functions(operators=(name,))]
    assert set(found) == {name}


def test_bells_and_powers():
    texts = {tree.text for tree in made_functions()}
    assert "exp(-(c*x+c)**2)" in texts
    assert "x**c" in texts
    assert "x**c" not in {tree.text for tree in made_functions(X - 2)}


def test_arguments_are_any_formulas():
    argument = make("+", variable("x"), make(POWER, variable("y"), number(2)))
    values = argument.values({"x": X, "y": np.cos(X) + 2})
    plain = list(parametric_functions(variable("u"), values, OPERATORS))
    for tree, expected in zip(
        parametric_functions(argument, values, OPERATORS), plain, strict=True
    ):
        found = tree.values({"x": X, "y": np.cos(X) + 2})
        np.testing.assert_allclose(found, expected.values({"u": values}), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    "values", [np.full(5, 2.0), np.array([1.0, np.inf]), np.array([1, np.nan])]
)
def test_constants_and_undefined_arguments_have_none(values):
    assert made_functions(values) == []


def test_tiny_arguments_give_no_warning():
    values = np.array([1e-250, 1.0, 2.0])
    powers = [tree for tree in made_functions(values) if tree.operator == POWER]
    assert any(np.isinf(found[0]) for found in values_of(powers, values))


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_units_of_the_argument_do_not_matter(unit):
    arithmetic_free = tuple(name for name in FUNCTIONS if name not in {"log", "sqrt"})
    plain = values_of(made_functions(operators=arithmetic_free), X)
    scaled = values_of(made_functions(unit * X, arithmetic_free), unit * X)
    np.testing.assert_allclose(scaled, plain, rtol=1e-6, atol=1e-9)


def test_waves_are_dense_enough_to_start_from():
    """A fit of a frequency converges from within a quarter of a period on the range."""
    sines = [tree.constants()[0] for tree in made_functions(operators=("sin",))]
    assert np.diff(sines).max() * np.ptp(X) <= np.pi / 2 + 1e-9
    assert max(sines) * np.ptp(X) > 2 * np.pi * 19


def test_lorentzians_bose_einstein_terms_and_stretched_exponentials():
    texts = {tree.text for tree in made_functions(np.linspace(0.1, 5, 30))}
    assert "1/((c*x+c)**2+1)" in texts
    assert "1/(exp(c*x)-1)" in texts
    assert "exp(c*x**c)" in texts
