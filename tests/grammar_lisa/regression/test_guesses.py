import numpy as np
import pandas as pd
import pytest

from grammar_lisa.regression import LOSSES, Table
from grammar_lisa.regression.finishing import Draft
from grammar_lisa.regression.guesses import read_guesses, with_open_numbers
from shared.common.errors import LisaError

X = np.linspace(1, 5, 30)
TABLE = Table.from_frame(pd.DataFrame({"x": X}), 2.5 * np.exp(-0.7 * X) + 1)


def read(*texts):
    return read_guesses(texts, TABLE, LOSSES["mse"], np.random.default_rng(0))


def test_open_numbers_of_guesses_are_fitted():
    fitted, given = read("c*exp(c*x)+c", "2*x+1")
    np.testing.assert_allclose(fitted.constants, [2.5, -0.7, 1], rtol=1e-6)
    assert (given.constants, given.skeleton.text) == ((), "2*x+1")
    assert fitted.known
    assert given.known


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("c*z", r"the guess 'c\*z': .*unknown variable z"),
        ("c*", r"the guess 'c\*': cannot read this expression"),
        ("log(x-2)", "the guess 'log.x-2.' is not defined in all 30 rows"),
    ],
)
def test_guesses_that_cannot_be_served_are_refused(text, message):
    with pytest.raises(LisaError, match=message):
        read(text)


def test_numbers_are_opened_but_for_small_whole_ones_and_simple_exponents():
    def skeleton(text):
        return with_open_numbers(Draft.read(text, ["x"])).text

    assert skeleton("850/(1+exp(-0.35*(x-12)))") == "c/(1+exp(c*(x+c)))"
    assert skeleton("2*x**3+x**1.5+4*x**0.63") == "2*x**3+x**1.5+c*x**c"
    tree = with_open_numbers(Draft.read("850*x+2", ["x"]))
    assert tree.constants() == [850.0]
