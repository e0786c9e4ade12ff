"""`regex:FILE` scores an expression by the examples that it judges wrongly, then by its length."""

import pickle

import pytest

from grammar_lisa.objectives.external import failure_report
from grammar_lisa.objectives.regular_expressions import (
    CHARACTERS,
    Examples,
    RegexObjective,
    regex_objective,
)
from shared.common.errors import LisaError

LINES = "# years\n+ 1969\n+ 2026\n\n- dog\n- 19\n-\n- \n"
EXAMPLES = Examples(("1969", "2026"), ("dog", "19", ""))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "years.txt"
    path.write_text(LINES, encoding="utf-8")
    return path


def test_a_file_of_examples_is_read(path):
    assert Examples.read(path) == EXAMPLES
    assert regex_objective(f"regex:{path}").examples == EXAMPLES


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("+ a\nb\n", r"years.txt:2: 'b' is no example; valid are '\+ text'"),
        ("+a\n", "years.txt:1: '\\+a' is no example"),
        ("+ a\n- a\n", "'a' stands behind \\+ and behind -"),
        ("- a\n", "no line '\\+ text'"),
        ("", "no line '\\+ text'"),
    ],
)
def test_what_is_no_file_of_examples_is_refused(path, text, message):
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LisaError, match=message):
        Examples.read(path)


def test_a_file_that_is_not_there_or_no_text_is_named(path):
    with pytest.raises(LisaError, match=r"missing\.txt: the file of examples cannot be read"):
        regex_objective(f"regex:{path.parent / 'missing.txt'}")
    path.write_bytes(b"+ \xff\n")
    with pytest.raises(LisaError, match="no text in UTF-8, from byte 3 on"):
        Examples.read(path)


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [("[0-9]{4,}", 0), ("[0-9]+", 1), (".*", 3), ("dog", 3), ("~(dog)", 2), ("([0-9])+&....", 0)],
)
def test_the_score_is_the_share_judged_wrongly_and_a_little_for_length(expression, wrong):
    objective = RegexObjective(EXAMPLES)
    (found,) = objective.evaluate([expression])
    assert found.score == pytest.approx((wrong + len(expression) / CHARACTERS) / 5, abs=1e-12)


def test_what_is_none_has_no_score_and_says_why():
    objective = RegexObjective(EXAMPLES)
    found = objective.evaluate(["[0-9]+", "(", "a**"])
    assert [each.score is None for each in found] == [False, True, True]
    assert "is no regular expression" in failure_report(found)


def test_it_travels_to_other_processes():
    sent = pickle.loads(pickle.dumps(RegexObjective(EXAMPLES)))
    assert sent(["[0-9]{4,}"]) == RegexObjective(EXAMPLES)(["[0-9]{4,}"])
