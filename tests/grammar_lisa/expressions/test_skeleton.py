import ast
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar_lisa.expressions import Skeleton, evaluate
from grammar_lisa.expressions.expression import UNARY_FUNCTIONS
from shared.common.errors import LisaError

X = np.linspace(0.2, 2.0, 13)
Y = np.linspace(1.0, 3.0, 13)
POINTS = {"x": X, "y": Y}
SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}


def as_python_groups(node):
    """The text of Python's syntax tree, with every parenthesis written out."""
    match node:
        case ast.BinOp(left, operator, right):
            return f"({as_python_groups(left)}{SIGNS[type(operator)]}{as_python_groups(right)})"
        case ast.UnaryOp(ast.USub(), operand):
            return f"(-{as_python_groups(operand)})"
        case ast.Call(function, arguments):
            return f"{function.id}({','.join(map(as_python_groups, arguments))})"
        case ast.Name(name):
            return name
    return repr(node.value)


leaves = st.sampled_from(["c", "c", "x", "y", "2", "0.5", "pi", "e"])
skeletons = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds("({}{}{})".format, inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner),
        st.builds("pow({},{})".format, inner, inner),
        st.builds("{}({})".format, st.sampled_from(UNARY_FUNCTIONS), inner),
        st.builds("-{}".format, inner),
    ),
    max_leaves=10,
)
reals = st.floats(-1e6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-6)


def constants_of(data, skeleton):
    n = skeleton.n_constants
    return np.array(data.draw(st.lists(reals, min_size=n, max_size=n)))


@settings(deadline=None)
@given(skeletons, st.data())
def test_completed_text_reads_as_the_same_values(text, data):
    skeleton = Skeleton.read(text, POINTS)
    constants = constants_of(data, skeleton)
    values = skeleton.values(POINTS, constants)
    written = skeleton.with_constants(constants)
    np.testing.assert_array_equal(evaluate([written], POINTS)[0], values)
    np.testing.assert_array_equal(
        evaluate([skeleton.fix(dict(enumerate(constants))).text], POINTS)[0], values
    )


@settings(deadline=None)
@given(skeletons, st.data())
def test_python_reads_the_completed_text_alike(text, data):
    skeleton = Skeleton.read(text, POINTS)
    written = skeleton.with_constants(constants_of(data, skeleton))
    grouped = as_python_groups(ast.parse(written, mode="eval").body)
    np.testing.assert_array_equal(*evaluate([grouped, written], POINTS))


@settings(deadline=None)
@given(skeletons, st.data())
def test_starts_are_evaluated_as_one_by_one(text, data):
    skeleton = Skeleton.read(text, POINTS)
    rows = np.array([constants_of(data, skeleton) for _ in range(3)])
    values, jacobian = skeleton.values_and_jacobian(POINTS, rows)
    assert values.shape == (3, len(X))
    assert jacobian.shape == (3, skeleton.n_constants, len(X))
    for row, value, slopes in zip(rows, values, jacobian, strict=True):
        one, one_slopes = skeleton.values_and_jacobian(POINTS, row)
        np.testing.assert_allclose(value, one, rtol=1e-12)
        np.testing.assert_allclose(slopes, one_slopes, rtol=1e-9)
        np.testing.assert_array_equal(one, skeleton.values(POINTS, row))


@pytest.mark.parametrize(
    "text",
    [f"{name}(c*x)" for name in UNARY_FUNCTIONS]
    + [
        "c*sin(c*x+c)+c*x",
        "c/(1+exp(c*x+c))",
        "c*x**c",
        "c**x-c*y",
        "pow(c,c)/(c-y)",
        "-c**2*x",
        "c*(x-c)/(c*y)",
        "abs(c-x)",
        "(c+x)**3",
        "x**-c",
        "c",
        "-c",
        "c*pi+e**c",
        "(x*y)**(c/2)",
    ],
)
def test_jacobian_is_that_of_finite_differences(text):
    skeleton = Skeleton.read(text, POINTS)
    bound = skeleton.bind(POINTS)
    generator = np.random.default_rng(1)
    for constants in generator.uniform(0.1, 0.4, (5, skeleton.n_constants)):
        values, jacobian = bound.values_and_jacobian(constants)
        for number in range(skeleton.n_constants):
            shift = np.zeros(skeleton.n_constants)
            shift[number] = 1e-6
            difference = (bound.values(constants + shift) - bound.values(constants - shift)) / 2e-6
            finite = np.isfinite(difference) & np.isfinite(values)
            assert finite.any()
            np.testing.assert_allclose(
                jacobian[number][finite], difference[finite], rtol=1e-5, atol=1e-7
            )


def test_power_of_zero_does_not_change_with_its_exponent():
    _, jacobian = Skeleton.read("c*x**c", ["x"]).values_and_jacobian({"x": [0.0, 1.0]}, [3.0, 2.0])
    np.testing.assert_array_equal(jacobian, [[0, 1], [0, 0]])


@settings(deadline=None)
@given(skeletons, st.data())
def test_values_are_linear_in_linear_constants(text, data):
    skeleton = Skeleton.read(text, POINTS)
    generator = np.random.default_rng(0)
    first, second = generator.uniform(0.1, 2, (2, skeleton.n_constants))
    others = [k for k in range(skeleton.n_constants) if k not in skeleton.linear]
    second[others] = first[others]
    ends = skeleton.values(POINTS, np.array([first, second, (first + second) / 2]))
    finite = np.isfinite(ends).all(0) & (np.abs(ends) < 1e100).all(0)
    np.testing.assert_allclose(
        ends[2, finite],
        (ends[0] + ends[1])[finite] / 2,
        atol=1e-9 * np.abs(ends[:2, finite]).max(initial=1e-300),
    )


@pytest.mark.parametrize(
    ("text", "linear"),
    [
        ("c*sin(c*x+c)+c*x", (0, 3)),
        ("c/(1+exp(c*x+c))", (0,)),
        ("(c+c*x)*(c-y)", (0, 1)),
        ("(c-y)*(c*x+c)", (1, 2)),
        ("-(c*x-c)/sin(c)", (0, 1)),
        ("x/(c+x)", ()),
        ("c**2", ()),
        ("x+y", ()),
        ("c", (0,)),
    ],
)
def test_linear_constants(text, linear):
    assert Skeleton.read(text, POINTS).linear == linear


@pytest.mark.parametrize(
    ("text", "size"), [("c", 1), ("c*x+c", 5), ("x*x+x*x", 7), ("-sin((c))", 3), ("pow(x,2)", 3)]
)
def test_size_counts_each_occurrence(text, size):
    assert Skeleton.read(text, POINTS).size == size


def test_constants_are_numbered_left_to_right():
    skeleton = Skeleton.read("c*x**(c-c)/c", ["x"])
    assert skeleton.n_constants == 4
    assert skeleton.variables == ("x",)
    assert skeleton.with_constants([1, 2, 3, 4]) == "1*x**(2-3)/4"


@pytest.mark.parametrize(
    ("text", "constants", "written"),
    [
        ("x+c*y", [-2], "x-2*y"),
        ("x-c*y", [-2], "x+2*y"),
        ("x+y*c", [-2], "x-y*2"),
        ("c*x", [-2.5], "-2.5*x"),
        ("x**c", [-1], "x**(-1)"),
        ("c**x", [-1], "(-1)**x"),
        ("sin(c*x)", [-1.5], "sin(-1.5*x)"),
        ("x-(c+y)", [-1], "x-(-1+y)"),
        ("-(c*x)", [-3], "3*x"),
        ("-(x+c)*c", [1, 2], "-(x+1)*2"),
        ("x/(c*y)", [-4], "-x/(4*y)"),
        ("(x/c)/y", [3], "x/3/y"),
        ("x/(c/y)", [3], "x/(3/y)"),
        ("c*x", [6.674e-11], "6.674e-11*x"),
        ("c*x", [1e22], "1e22*x"),
        ("c*x+c", [2.5e9, -1e-5], "2.5e9*x-1e-5"),
        ("c*x+c", [299792458, 120000], "299792458*x+120000"),
        ("c*x", [0.1 + 0.2], "0.30000000000000004*x"),
        ("c*x+c", ["2*pi", "-1/3"], "2*pi*x-1/3"),
        ("x**c", ["1/3"], "x**(1/3)"),
        ("x/c", ["2*pi"], "x/(2*pi)"),
        ("(x**c)**c", [2, 3], "(x**2)**3"),
        ("x**c**c", [2, 3], "x**2**3"),
    ],
)
def test_completed_text(text, constants, written):
    assert Skeleton.read(text, POINTS).with_constants(constants) == written


def test_significant_digits():
    skeleton = Skeleton.read("c*x+c", ["x"])
    assert skeleton.with_constants([math.pi, -123456.0], digits=3) == "3.14*x-123000"


@pytest.mark.parametrize(
    ("text", "constants", "written"),
    [
        ("c*x+c", [1, 0], "x"),
        ("c+c*sin(c*x)", [0, 1, 1], "sin(x)"),
        ("c*log(x)+c", [0, 3], "3"),
        ("x**c/c", [1, 1], "x"),
        ("c-c*x", [0, 2], "-2*x"),
        ("c*c*x", [3, 2], "6*x"),
        ("c*x*c", [0.5, 0.25], "0.5*x*0.25"),
        ("c/x", [0], "0"),
        ("x-c", [0], "x"),
        ("exp(c*x)/c", [-1, -1], "-exp(-x)"),
        ("x*c", [-1], "-x"),
    ],
)
def test_neutral_elements_are_left_out(text, constants, written):
    assert Skeleton.read(text, POINTS).with_constants(constants, neutral=False) == written


def test_fixed_constants_leave_the_others_open():
    skeleton = Skeleton.read("c*sin(c*x+c)", ["x"]).fix({1: -2.0, 2: "pi"})
    assert skeleton.text == "c*sin(-2*x+pi)"
    assert skeleton.n_constants == 1


def test_another_name_for_constants():
    skeleton = Skeleton.read("C1*c+C1", ["c"], constant="C1")
    assert skeleton.with_constants([2, 3]) == "2*c+3"


def test_a_long_formula_is_read_and_written():
    text = "+".join(["c*x"] * 3000)
    skeleton = Skeleton.read("sin(" * 3000 + text + ")" * 3000, ["x"])
    assert skeleton.with_constants(np.ones(3000)).count("sin(") == 3000


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Skeleton.read("c*z", ["x"]), "unknown variable z; valid are x, c, pi, e"),
        (lambda: Skeleton.read("c x", ["x"]), "found 'x' at column 3"),
        (lambda: Skeleton.read("c(x)", ["x"]), "found 'c\\(' at column 1"),
        (lambda: Skeleton.read("c", ["c"]), "c names both a variable and the open constants"),
        (lambda: Skeleton.read("c", ["x"], "sin"), "sin has a meaning of its own"),
        (lambda: Skeleton.read("c", ["x"], "pi"), "pi has a meaning of its own"),
        (lambda: Skeleton.read("c", ["x"], "c-"), "'c-' cannot name a constant"),
        (lambda: Skeleton.read("c*x", ["x"]).bind({"y": [1.0]}), "no variable x.*they have y"),
        (
            lambda: Skeleton.read("c*x", ["x"]).values({"x": [1.0]}, [1, 2]),
            r"shape \(2,\); \[1\] or \[start, 1\]",
        ),
        (lambda: Skeleton.read("c*x", ["x"]).with_constants([]), "1 open constants; 0 were given"),
        (lambda: Skeleton.read("c*x", ["x"]).with_constants([math.nan]), "must be finite"),
        (lambda: Skeleton.read("c*x", ["x"]).with_constants(["2*"]), "cannot read"),
        (lambda: Skeleton.read("c*pi", ["pi"]).with_constants(["pi"]), "pi is a variable here"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(LisaError, match=message):
        call()
