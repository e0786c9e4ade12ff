import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.expressions import Pool, evaluate
from grammar_lisa.expressions.writing import number_text, tidy, write
from shared.common.errors import LisaError


def nodes_of(text):
    pool = Pool(["x", "y"])
    pool.add(text)
    return pool.nodes


@given(st.floats(0, allow_infinity=False, allow_nan=False))
def test_numbers_read_as_themselves(value):
    text = number_text(value)
    assert float(text) == value
    assert evaluate([text], {"x": [0.0]})[0, 0] == value


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (2.0, None, "2"),
        (0.1, None, "0.1"),
        (1e-5, None, "1e-5"),
        (6.674e-11, None, "6.674e-11"),
        (123456.0, None, "123456"),
        (100000.0, None, "100000"),
        (2.5e9, None, "2.5e9"),
        (299792458.0, None, "299792458"),
        (1e300, None, "1e300"),
        (3.14159, 3, "3.14"),
        (12345.678, 2, "12000"),
        (0.0, None, "0"),
    ],
)
def test_numbers_are_short(value, digits, text):
    assert number_text(value, digits) == text


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_numbers_that_are_none_are_refused(value):
    with pytest.raises(LisaError, match="constants must be finite"):
        number_text(value)


@pytest.mark.parametrize(
    "text",
    [
        *("x-(y-2)", "x-(y+2)", "x/(y*2)", "(x+y)**2", "x**(y+1)", "-x**2", "(-x)**2", "2**3**x"),
        *("-(x+y)", "x*(-y)", "sin(-x)", "x+-2", "(x*y)*(y*x)", "x-y-2", "pi*e", "-(-x)"),
    ],
)
def test_written_text_has_the_same_values(text):
    written = write(nodes_of(text))
    points = {"x": [0.7, 2.0], "y": [1.3, -0.4]}
    values = evaluate([text, written], points)
    assert (values[0] == values[1]).all()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("0+x*1", "x"),
        ("x**1/1-0", "x"),
        ("-1*x", "-x"),
        ("x/(-1)", "-x"),
        ("0*x+y", "y"),
        ("0-x", "-x"),
        ("2*3*x+1", "6*x+1"),
        ("1/3*x", "1/3*x"),
        ("0.5*0.5*x", "0.5*0.5*x"),
        ("x-x", "x-x"),
    ],
)
def test_what_has_no_effect_is_left_out(text, left):
    assert write(tidy(nodes_of(text))) == left
