import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.expressions import Skeleton
from grammar_lisa.regression import Equation
from grammar_lisa.regression.description_length import complexity, worth_their_length


@pytest.mark.parametrize(
    ("text", "size"),
    [("2-4.9*x**2", 7), ("-4.9*x**2+2", 7), ("-x", 2), ("exp(-3/x)", 4), ("x", 1), ("-2", 1)],
)
def test_signs_of_numbers_are_free(text, size):
    assert complexity(Skeleton.read(text, ["x"])) == size


equations = st.builds(
    Equation, st.just("x"), st.integers(1, 30), st.floats(0, 1e3), st.floats(-1, 1)
)


@given(st.lists(equations, min_size=1), st.integers(1, 10**6))
def test_what_is_worth_its_length_includes_the_simplest_and_all_that_is_known(found, rows):
    kept = worth_their_length(found, [rows] * len(found))
    least = min(each.complexity for each in found)
    assert any(each.complexity == least for each in kept)
    known = [Equation("x+1", 40, 1e4, 0.0, known=True)]
    assert known[0] in worth_their_length([*found, *known], [rows] * (len(found) + 1))


def test_few_rows_bear_no_long_formula():
    long = "0.3*x+0.4*x**2.5+0.7*x**3.7"
    found = [Equation("0.5*x", 5, 1e-8, 1.0), Equation(long, 29, 1e-13, 1.0)]
    assert [each.text for each in worth_their_length(found, [8, 8])] == ["0.5*x"]
    assert [each.text for each in worth_their_length(found, [80, 80])] == ["0.5*x", long]


def test_a_line_through_noise_is_worth_its_length():
    found = [Equation("0.5", 1, 1.0, 0.0), Equation("0.5*x+3.1", 5, 0.7, 0.3)]
    assert len(worth_their_length(found, [40, 40])) == 2
    assert len(worth_their_length(found, [8, 8])) == 1
    assert len(worth_their_length(found, [20, 20], squared=False)) == 2


def test_what_few_rows_gain_is_not_worth_its_length():
    long = "0.2*x**1.5+0.03*cos((x-1)**2)"
    found = [Equation("0.2*x**1.5", 5, 1.1e-4, 1.0), Equation(long, 17, 7.3e-5, 1.0)]
    assert [each.text for each in worth_their_length(found, [24, 35])] == ["0.2*x**1.5"]
    assert len(worth_their_length(found, [24, 400])) == 2  # its errors are spread evenly
    assert len(worth_their_length(found, [400, 24])) == 2
