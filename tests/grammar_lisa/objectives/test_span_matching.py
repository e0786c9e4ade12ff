"""Matching by spans agrees with Python's `re`, adds & and ~ as sets, and ends in any case."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_grammars import ROOT
from texts_at_hand import REGEXES

from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivation_to_text
from grammar_lisa.objectives.span_matching import LARGEST, RegularExpressionError, Strings
from shared.common.errors import LisaError

TEXTS = ["", "a", "b", "aa", "ab", "ba", "a b", "abab", "a-1", "1 a", "bbaab", "A", "dog 7", "é"]
STRINGS = Strings(TEXTS)
OPERANDS = ["a", "b", ".", "[ab]", "[^a]", "[a-c1-9]", r"\d", r"\w", r"\s", r"\-", r"\b", "()", " "]
REPEATED = ["*", "+", "?", "{2}", "{0,1}", "{1,}", "{0}", "{2,3}"]


def combined(parts):
    group = parts.map(lambda part: f"({part})")
    return (
        st.tuples(group, st.sampled_from(REPEATED)).map("".join)
        | st.tuples(parts, parts).map("|".join)
        | st.tuples(group, group).map("".join)
    )


expressions = st.recursive(st.sampled_from(OPERANDS), combined, max_leaves=6)


def found(expression):
    return STRINGS.full_matches(expression)


@given(expressions)
def test_it_agrees_with_python(expression):
    expected = [re.fullmatch(expression, text) is not None for text in TEXTS]
    assert found(expression).tolist() == expected


@given(expressions, expressions)
def test_and_not_are_those_of_sets(first, second):
    assert (found(f"({first})&({second})") == (found(first) & found(second))).all()
    assert (found(f"~({first})") == ~found(first)).all()
    assert (found(f"~(~({first})|~({second}))") == found(f"({first})&({second})")).all()


@pytest.mark.parametrize(
    ("expression", "meaning"),
    [
        ("a|b&a", "a|(b&a)"),
        ("ab&.*a.*", "(ab)&(.*a.*)"),
        ("~a*", "(~a)*"),
        ("~ab", "(~a)b"),
        ("ab*", "a(b*)"),
    ],
)
def test_the_operators_bind_as_the_page_says(expression, meaning):
    texts = Strings([*TEXTS, "abb", "bb", "ac"])
    assert (texts.full_matches(expression) == texts.full_matches(meaning)).all()


def test_a_complement_inside_of_an_expression_is_that_of_a_part():
    texts = Strings(["xdogx", "xcatx", "dog", "xx"])
    assert texts.full_matches("x~(dog)x").tolist() == [False, True, False, True]


def test_what_takes_backtracking_for_ever_is_matched_at_once():
    texts = Strings(["a" * 60 + "b", "a" * 61])
    assert texts.full_matches("((a*)*)*(a|aa)+(a|a|a)*").tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ends too early"),
        ("(a", "ends too early"),
        ("a**", r"'\*' in column 3 cannot stand there"),
        ("a)", r"'\)' in column 2"),
        ("[z-a]", "'\\[z-a\\]' stands for no characters: bad character range"),
        ("[a&&b]", "stands for no characters"),
        ("a{3,2}", "ends below where it begins"),
        (r"(a)\1", "in column 4"),
    ],
)
def test_what_is_none_says_why(text, message):
    with pytest.raises(RegularExpressionError, match=message):
        found(text)


def test_all_that_the_grammar_derives_is_read():
    grammar = load_grammar(ROOT / "grammars" / "regex.cfg")
    drawn = [derivation_to_text(grammar, each) for each in sample_uniform(grammar, 200, 18, seed=1)]
    matches = np.array([found(text) for text in [*REGEXES, *drawn]])
    assert 0.02 < matches.mean() < 0.9


def test_no_strings_and_too_many():
    assert Strings([]).full_matches("a").shape == (0,)
    with pytest.raises(LisaError, match="2 strings of up to 2,000 characters are too much"):
        Strings(["a" * 2000] * 2)
    assert LARGEST < 2 * 2001**2
