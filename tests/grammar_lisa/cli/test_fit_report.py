import math

from grammar_lisa.cli.fit_report import equation_record, fine_r2
from grammar_lisa.regression import Equation


def test_digits_of_r2_tell_it_from_one():
    assert fine_r2(0.5) == "0.5"
    assert fine_r2(0.99912345) == "0.999123"
    assert fine_r2(1.0) == "1"
    assert fine_r2(math.nan) == "nan"


def test_json_says_all_of_a_formula():
    record = equation_record(Equation("x+1", 3, 0.5, 0.5, known=True))
    assert record == {
        "formula": "x+1",
        "complexity": 3,
        "loss": 0.5,
        "r2": 0.5,
        "r2_test": None,
        "known": True,
        "recommended": False,
    }
