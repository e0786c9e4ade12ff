import pytest

from grammar_lisa.regression import ReadOptions, TableOptions
from shared.common.errors import LisaError

REFUSED = [
    ({"sep": "::"}, "--sep must be auto, comma, semicolon, tab, space or |, not '::'"),
    ({"decimal": ";"}, "--decimal must be '.' or ',', not ';'"),
    ({"thousands": "1"}, "--thousands must be one character that is no letter or digit"),
    ({"thousands": ",,"}, "--thousands must be one character"),
    (
        {"thousands": ",", "decimal": ","},
        "--decimal and --thousands are both ','; they must differ",
    ),
    ({"skip": -1}, "--skip must be from 0 to 1,000,000, not -1"),
    ({"encoding": "utf-9"}, "--encoding utf-9 is unknown; valid are utf-8"),
    ({"weights": "a", "errors": "b"}, "--weights and --errors both weigh the rows; give one"),
    ({"test": "1.5"}, "--test must be a file or a share of the rows between 0 and 1, not 1.5"),
    ({"test": "0"}, "--test must be a file or a share"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(LisaError) as refusal:
        TableOptions(**options).check()
    assert message in str(refusal.value)


def test_options_that_make_sense_pass():
    for sep in ["auto", "tab", ",", r"\t", "\t", " ", "|"]:
        ReadOptions(sep=sep, thousands=",").check()
    assert ReadOptions(sep="tab").separator == "\t"
    assert ReadOptions().separator is None
    assert ReadOptions(comment="").comment_marks == ()
    assert TableOptions(test="0.25").test_share == 0.25
    assert TableOptions(test="other.csv").test_share is None
