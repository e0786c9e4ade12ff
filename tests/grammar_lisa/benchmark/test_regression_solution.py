import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar_lisa.benchmark.regression_solution import is_solution, written_complexity
from grammar_lisa.benchmark.regression_suites import Problem, suite
from shared.common.errors import LisaError


def problem(formula, **ranges):
    return Problem("p", formula, tuple(ranges), tuple(ranges.values()), 100, 100, "here")


COSH = problem("cosh(x)", x=(-1.0, 1.0))
MASS = problem("m/sqrt(1-v**2/k**2)", m=(1.0, 5.0), v=(1.0, 2.0), k=(3.0, 10.0))
LOGISTIC = problem("640/(1+exp(-0.42*(t-9.5)))", t=(0.0, 25.0))
SQUARE = problem("x**2", x=(1.0, 5.0))
numbers = st.floats(0.5, 5.0)


@settings(max_examples=25, deadline=None)
@given(numbers, numbers, numbers, st.sampled_from([0.0, 0.01]))
def test_equal_forms_written_otherwise_are_solutions(top, half, other, noise):
    truth = problem(f"{top!r}*x/({half!r}+x)", x=(0.5, 10.0))
    for text in (
        f"{top!r}/(1+{half!r}/x)",
        f"1/({1 / top!r}+{half / top!r}/x)",
        f"{top!r}-{top * half!r}/(x+{half!r})",
        f"{other!r}*x/({half!r}+x)",
        f"{other!r}+x*{top!r}/(x+{half!r})",
        f"{other!r}-x/({half / top!r}+x*{1 / top!r})*1",
    ):
        assert is_solution(text, truth, noise) == (not text.endswith("*1")), text


@settings(max_examples=25, deadline=None)
@given(numbers, numbers, st.sampled_from([0.0, 0.01]))
def test_near_misses_are_none(top, half, noise):
    truth = problem(f"{top!r}*x/({half!r}+x)", x=(0.5, 10.0))
    for text in (
        f"{top!r}*x/({2 * half!r}+x)",
        f"{top!r}*x/({half!r}+x)+{top / 100!r}*sin(5*x)",
        f"{top!r}*(1-exp(0-x/{half!r}))",
        f"{top!r}*x**1.5/({half!r}+x)",
        f"{top!r}",
    ):
        assert not is_solution(text, truth, noise), text


@pytest.mark.parametrize("name", ["nguyen", "livermore", "tables"])
def test_every_truth_is_its_own_solution(name):
    assert [each.name for each in suite(name) if not is_solution(each.formula, each)] == []


@pytest.mark.parametrize(
    ("truth", "text", "noise"),
    [
        (COSH, "(exp(x)+exp(-x))/2", 0),
        (COSH, "3+exp(x)/2+exp(-x)/2", 0),
        (COSH, "7*exp(x)+7*exp(-x)", 0),
        (COSH, "0.503*exp(x)+0.498*exp(-1.002*x)", 0.01),
        (COSH, "0.5*exp(x)+0.5*exp(-x)+0.0001*sin(5*x)", 0),
        (MASS, "m*k/sqrt((k-v)*(k+v))", 0),
        (MASS, "m/(1-(v/k)*(v/k))**0.5", 0),
        (MASS, "m/(1-v**2/k**2)**0.502", 0.01),
        (LOGISTIC, "637/(1+exp(-0.42*(t-9.48)))", 0.01),
        (LOGISTIC, "3+11.9/(exp(-0.418*t)+0.0186)", 0.02),
        (SQUARE, "x**2+0.02", 0.01),
        (SQUARE, "x**2.0003", 0),
        (SQUARE, "abs(x)*x", 0),
        (SQUARE, "exp(2*log(x))", 0),
    ],
)
def test_solutions(truth, text, noise):
    assert is_solution(text, truth, noise)


@pytest.mark.parametrize(
    ("truth", "text", "noise"),
    [
        (COSH, "1+x**2/2+x**4/24+x**6/720+x**8/40320+x**10/3628800", 0),
        (COSH, "0.5*exp(x)+0.52*exp(-x)", 0),
        (COSH, "0.503*exp(x)+0.498*exp(-1.002*x)", 0),
        (COSH, "0.503*exp(x)+0.498*exp(-1.002*x)+0.006*sin(5*x)", 0.01),
        (MASS, "m*(1+0.5*v**2/k**2+0.375*v**4/k**4)", 0),
        (MASS, "m/(1-v**2/k**2)**0.51", 0),
        (SQUARE, "x**2.1", 0),
        (SQUARE, "log(0-x)", 0),
        (LOGISTIC, "12.5/(exp(-0.42*t)+0.018)**0.98", 0.01),
        (LOGISTIC, "12.48/(exp(-0.42*(t+0.01))+0.0185)+2", 0.002),
        (SQUARE, "(x+0.01)**2", 0.01),
        (problem("x", x=(-1.0, 5.0)), "abs(x)", 0),
        (problem("x", x=(-1.0, 5.0)), "0", 0),
    ],
)
def test_no_solutions(truth, text, noise):
    assert not is_solution(text, truth, noise)


def test_algebra_decides_where_few_farther_points_have_a_value():
    ranges = dict.fromkeys("abd", (0.9, 1.0))
    narrow = problem("asin(a)+asin(b)+asin(d)", **ranges)
    assert is_solution("asin(b)+(asin(a)+asin(d))", narrow)
    assert not is_solution("asin(b)+asin(a)+asin(1.0005*d-0.0006)", narrow)


def test_what_is_no_formula_is_refused():
    with pytest.raises(LisaError):
        is_solution("x+", SQUARE)
    with pytest.raises(LisaError):
        is_solution("x+y", SQUARE)


def test_complexity_counts_operations_variables_and_numbers():
    assert written_complexity("2*x+sin(x)", ("x",)) == 6
    assert written_complexity("x", ("x",)) == 1
