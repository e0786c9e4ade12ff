"""Classes of characters, where they are finite."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.grammar.formats.characters import characters


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a-d_", "abcd_"),
        (r"\d\-+", "0123456789-+"),
        (r"\]\\", "]\\"),
        (r"\n\t ", "\n\t "),
        ("#x41-#x43", "ABC"),
        (r"\u0061-\u0063", "abc"),
        (r"\x30", "0"),
        ("-a", "-a"),
        ("a-", "a-"),
        (r"a\-c", "a-c"),
        ("aab", "ab"),
    ],
)
def test_classes(written, expected):
    assert characters(written) == tuple(expected)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("^a", "not finite"),
        (r"\w", "no finite set"),
        (r"\u0000-\uffff", "65536 characters"),
        ("z-a", "no range"),
        (r"\d-z", "no range"),
        ("", "0 characters"),
    ],
)
def test_classes_that_are_refused(written, words):
    with pytest.raises(ValueError, match=words):
        characters(written)


_plain = string.ascii_letters + string.digits + "_+*. "


@given(st.text(alphabet=_plain + "-", min_size=1, max_size=6))
def test_classes_hold_what_regular_expressions_mean_by_them(written):
    try:
        expected = re.compile(f"[{written}]")
    except re.error:
        with pytest.raises(ValueError, match="no range"):
            characters(written)
    else:
        every = map(chr, range(128))
        assert set(characters(written)) == {char for char in every if expected.fullmatch(char)}
