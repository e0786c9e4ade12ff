import re
import subprocess
import sys
import threading

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from light_reports import one_algebra

from grammar_lisa.expressions import algebra
from grammar_lisa.expressions.algebra import simplify, simplify_all, to_sympy
from grammar_lisa.expressions.evaluation import evaluate
from grammar_lisa.expressions.expression import UNARY_FUNCTIONS
from grammar_lisa.expressions.latex import latex
from shared.common.errors import LisaError

PATIENCE = 600.0
"""Seconds for a simplification that ends, however busy the machine is."""

X = np.linspace(0.1, 2.0, 23)
texts = st.recursive(
    st.sampled_from(["x", "1", "2", "0.5", "pi"]),
    lambda inner: st.one_of(
        st.builds("({}{}{})".format, inner, st.sampled_from(["+", "-", "*", "/"]), inner),
        st.builds("{}({})".format, st.sampled_from(["sin", "cos", "tanh", "atan", "abs"]), inner),
        st.builds("({})**2".format, inner),
        st.builds("(-{})".format, inner),
    ),
    max_leaves=6,
)


WORKER = algebra._Worker


@pytest.fixture(scope="module", autouse=True)
def _one_algebra():
    with one_algebra():
        yield


def values_by_sympy(expression):
    function = sympy.lambdify(sympy.Symbol("x", real=True), expression, "numpy")
    with np.errstate(all="ignore"):
        return np.broadcast_to(np.asarray(function(X), dtype=np.float64), X.shape)


@settings(max_examples=60, deadline=None)
@given(texts)
def test_sympy_gets_the_same_function(text):
    expected = evaluate([text], {"x": X})[0]
    if np.isfinite(expected).all():
        found = values_by_sympy(to_sympy(text))
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", UNARY_FUNCTIONS)
def test_every_function_is_known_to_sympy(name):
    text = f"{name}(x/3)"
    np.testing.assert_allclose(values_by_sympy(to_sympy(text)), evaluate([text], {"x": X})[0])


def test_numbers_stay_exact():
    assert to_sympy("1/3") == sympy.Rational(1, 3)
    assert to_sympy("0.1") == sympy.Rational(1, 10)
    assert to_sympy("-2") == sympy.Integer(-2)
    assert to_sympy("x/4", evaluate=True) == sympy.Symbol("x", real=True) / 4
    assert sympy.Rational(1, 4) in to_sympy("x/4").args
    assert to_sympy("1e999") is sympy.oo


def test_nothing_is_evaluated_unless_asked():
    assert to_sympy("3**3**3**3").is_Pow
    assert to_sympy("x + x").is_Add
    assert to_sympy("x + x", evaluate=True).is_Mul
    assert to_sympy("exp(exp(exp(exp(3))))").func is sympy.exp


def test_simplification():
    originals = ["sin(x)**2+cos(x)**2", "x/x*x", "x-x+abs(-x)", "sqrt(x*x)", "e**x*e**x", "(x)+1"]
    expected = ["1", "x", "abs(x)", "abs(x)", "exp(2*x)", "(x)+1"]
    assert simplify_all(originals, PATIENCE) == expected


def test_variables_win_over_constants():
    assert simplify("log(e)+x", PATIENCE) == "x + 1"
    assert simplify("log(e)+x", PATIENCE, ["e", "x"]) == "log(e)+x"
    assert simplify("e+x-x", PATIENCE, ("e", "x")) == "e"
    assert to_sympy("e", ["e"]) == sympy.Symbol("e", real=True)
    with pytest.raises(LisaError, match="unknown variable y"):
        simplify("y", variables=["x"])


def test_results_are_equal_and_never_longer():
    generator = np.random.default_rng(3)
    parts = ["x", "(x+1)", "sin(x)", "1", "2", "exp(x)", "(x*x)", "log(x)"]
    lines = ["*".join(generator.choice(parts, 3)) + "/(2*x)" for _ in range(25)]
    results = simplify_all(lines, seconds=PATIENCE)
    assert sum(result != line for result, line in zip(results, lines, strict=True)) > 15
    data = {"x": X}
    np.testing.assert_allclose(evaluate(results, data), evaluate(lines, data), rtol=1e-6)


def test_towers_end_in_time():
    lines = ["3**3**3**3**x*3**3**3**3", "exp(exp(exp(exp(exp(3)))))-x"]
    assert len(simplify_all(lines, seconds=1.0)) == 2


def test_a_hanging_expression_leaves_the_others(monkeypatch):
    asked = []

    def ask(self, text, seconds, variables):
        asked.append(text)
        if text == "x+x+x":
            raise TimeoutError
        return "2*x"

    monkeypatch.setattr("grammar_lisa.expressions.algebra._Worker.ask", ask)
    assert simplify_all(["x+x+x", "x+x+x-x"]) == ["x+x+x", "2*x"]
    assert asked == ["x+x+x", "x+x+x-x"]


@pytest.mark.parametrize("answer", [None, "zoo", "2*I*x", "x", "oo", "nan", "x+x+x-x+x-x+0"])
def test_answers_that_are_no_better_are_not_taken(monkeypatch, answer):
    monkeypatch.setattr("grammar_lisa.expressions.algebra._Worker.ask", lambda *arguments: answer)
    assert simplify("x+x+x-x") == "x+x+x-x"


def test_works_in_another_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(simplify("x+x-x", PATIENCE)))
    thread.start()
    thread.join()
    assert results == ["x"]


def test_a_dead_process_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(algebra, "_Worker", WORKER)
    monkeypatch.setattr("grammar_lisa.expressions.algebra.sys.executable", "/bin/false")
    with pytest.raises(RuntimeError, match="did not start"):
        simplify("x")


def test_depth_is_survived():
    text = "sin(" * 400 + "x" + ")" * 400
    assert simplify(text) == text
    assert latex(text).count(r"\sin") == 400


def test_bad_input_is_refused():
    with pytest.raises(LisaError, match="expected a number"):
        simplify("x+")
    with pytest.raises(LisaError, match="0 seconds to simplify; a positive number is needed"):
        simplify("x", 0)
    with pytest.raises(LisaError, match="expected a number"):
        to_sympy("x+")
    with pytest.raises(LisaError, match="expected a number"):
        latex("x+")
    assert simplify_all([]) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1/3+(x)", r"\frac{1}{3} + x"),
        ("x*(x+1)", r"x \cdot \left(x + 1\right)"),
        ("x-(y-z)", r"x - \left(y - z\right)"),
        ("x-y-z", r"x - y - z"),
        ("x+(-y)", r"x + \left(-y\right)"),
        ("x*-y", r"x \cdot \left(-y\right)"),
        ("-x**2", r"-x^{2}"),
        ("(-x)**2", r"\left(-x\right)^{2}"),
        ("-(x+1)", r"-\left(x + 1\right)"),
        ("x**y**z", r"x^{y^{z}}"),
        ("(x**y)**z", r"\left(x^{y}\right)^{z}"),
        ("(x/y)**2", r"\left(\frac{x}{y}\right)^{2}"),
        ("sqrt(x)+abs(-x)", r"\sqrt{x} + \left|-x\right|"),
        ("sin(x)*exp(x)", r"\sin\left(x\right) \cdot e^{x}"),
        ("exp(x)**2", r"\left(e^{x}\right)^{2}"),
        ("log10(x)+asin(x)", r"\log_{10}\left(x\right) + \arcsin\left(x\right)"),
        ("2*pi*e", r"2 \cdot \pi \cdot e"),
        ("1.5e-7*x", r"1.5 \cdot 10^{-7} \cdot x"),
        ("x1+rate_2+my_rate", r"x_{1} + \mathrm{rate}_{2} + \mathrm{my\_rate}"),
        ("_+__2", r"\_ + \mathrm{\_\_2}"),
        ("1e999", r"\infty"),
    ],
)
def test_latex(text, shown):
    assert latex(text) == shown


@settings(deadline=None)
@given(texts)
def test_latex_is_balanced(text):
    shown = latex(text)
    assert shown.count("{") == shown.count("}")
    assert shown.count(r"\left") == shown.count(r"\right")


def test_reading_alone_does_not_import_sympy():
    code = (
        "import sys, grammar_lisa.objectives.targets, grammar_lisa.objectives.decontamination, "
        "grammar_lisa.expressions.latex; assert not {'sympy', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ({"t": "x1", "v": "speed"}, r"x_{1} \cdot \mathrm{speed}"),
        ({"t": "Time (s)", "v": "µ"}, r"\mathrm{Time\ (s)} \cdot \mu{}"),
        ({"t": "T [°C]", "v": "x²"}, r"\mathrm{T\ [^{\circ}C]} \cdot \mathrm{x^{2}}"),
        ({"t": "pi", "v": "e"}, r"\mathrm{pi} \cdot \mathrm{e}"),
        ({"t": "50%_{a}$\\^~#&", "v": "Δt"}, None),
    ],
)
def test_latex_calls_variables_what_the_user_does(names, shown):
    text = latex("t*v", names)
    assert shown is None or text == shown
    bare = re.sub(r"\\(?:[#$%&_{} ]|[a-z]+|Delta)", "", text)
    assert bare.count("{") == bare.count("}")
    assert not set("#$%&~\\") & set(bare)
