"""What a refusal of a formula says of what was meant."""

import pytest

from grammar_lisa.expressions.expression import Pool, UnknownNameError
from shared.common.errors import LisaError

MEANT = [
    ("ln(x)", "write log instead of ln"),
    ("SIN(x)", "write sin instead of SIN"),
    ("arctan(x)", "write atan instead of arctan"),
    ("PI*x", "write pi instead of PI"),
    ("Temp", "write temp instead of Temp"),
    ("c1*x", "where c1 is a number to be fitted, write c: each c is a number of its own"),
    ("C*x", "write c instead of C"),
    ("a*x", "where a is a number to be fitted, write c"),
    ("y = 2*x", "a formula is the right side alone: leave 'y =' away"),
    ("f(x) = 2*x", "leave 'f(x) =' away"),
    ("x²", "write x**2 instead of x²"),
    ("(x+1)²", "write **2 instead of ²"),
    ("np.sin(x)", "write sin instead of np.sin"),
    ("2*math.ln(x)", "write log instead of math.ln"),
    ("2 · x", "write * instead of ·"),
    ("3,5*x", "the decimal mark is a point"),
    ("|x|", "write abs(...) instead of |"),
]


@pytest.mark.parametrize(("text", "hint"), MEANT)
def test_what_was_meant_is_said(text, hint):
    with pytest.raises(LisaError) as caught:
        Pool(["x", "temp"], "c").add(text)
    assert hint in str(caught.value)


def test_nobody_is_told_of_open_constants_where_there_are_none():
    with pytest.raises(UnknownNameError) as caught:
        Pool(["x"]).add("2*a1")
    assert "to be fitted" not in str(caught.value)
    assert caught.value.name == "a1"


def test_a_module_is_named_where_any_name_may_be_a_variable():
    with pytest.raises(LisaError, match=r"write cos instead of numpy\.cos"):
        Pool(None, "c").add("x+numpy.cos(x)")
