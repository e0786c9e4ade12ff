"""Words that messages share."""

import pytest

from shared.common.words import counted


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 rules"), (1, "1 rule"), (2, "2 rules"), (12_345, "12,345 rules")],
)
def test_a_noun_follows_its_number(number, said):
    assert counted(number, "rule") == said


def test_a_noun_may_have_a_plural_of_its_own():
    assert [counted(n, "search", "searches") for n in (1, 2)] == ["1 search", "2 searches"]
