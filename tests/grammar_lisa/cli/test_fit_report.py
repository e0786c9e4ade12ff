from grammar_lisa.cli.fit_report import equation_record
from grammar_lisa.regression import Equation


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
