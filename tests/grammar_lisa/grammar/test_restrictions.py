"""What names of restrictions mean, and what is refused."""

import numpy as np
import pytest
from small_grammars import EXPR

from grammar_lisa.grammar import load_grammar, parse_grammar
from grammar_lisa.grammar.limits import limits_of
from grammar_lisa.grammar.restrictions import Restrictions
from shared.common.errors import LisaError

EXPRESSIONS = load_grammar(EXPR)


def rules_of(grammar, name):
    """The rules that a name bounds, with how often each uses it."""
    uses = limits_of(grammar, Restrictions(at_most={name: 1})).uses[:, 0]
    return {str(grammar.rules[rule]): int(uses[rule]) for rule in np.flatnonzero(uses)}


@pytest.mark.parametrize(
    "name",
    ["sin(", "'sin('", '"sin("', "sin", "T -> 'sin(' S ')'", "T->sin(S)", "T ::= 'sin(' S ')'"],
)
def test_a_terminal_and_its_rule_have_several_names(name):
    assert rules_of(EXPRESSIONS, name) == {"T -> 'sin(' S ')'": 1}


def test_names_may_be_those_of_symbols_and_of_several_rules():
    assert len(rules_of(EXPRESSIONS, "T")) == 7
    assert len(rules_of(EXPRESSIONS, ")")) == 3
    assert rules_of(EXPRESSIONS, "T -> 'x' | '3'") == {"T -> 'x'": 1, "T -> '3'": 1}
    twice = parse_grammar("S -> 'a' 'a' S | 'b'")
    assert rules_of(twice, "a") == {"S -> 'a' 'a' S": 2}
    empty = parse_grammar("S -> 'a' S |")
    assert rules_of(empty, "S ->") == {"S ->": 1}


def test_terminals_may_look_like_anything():
    grammar = parse_grammar("S -> 'S' S | ':' | '->' | '\\'' | 'a b'")
    assert rules_of(grammar, "'S'") == {"S -> 'S' S": 1}
    for token in (":", "->", "'", "a b"):
        assert len(rules_of(grammar, token)) == 1
    assert Restrictions.of_words([], ["::2"]).at_most == {":": 2}
    with pytest.raises(LisaError, match=r"S is a terminal and a nonterminal of .*: write 'S' in"):
        rules_of(grammar, "S")


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("S -> 'ab' | 'c'", "abb", "no terminal or nonterminal 'abb'; did you mean 'ab'.* valid: "),
        ("S -> 'f(' S ')' | 'f[' S ']' | 'x'", "f", r"f may be one of the terminals 'f\(', 'f\['"),
        ("S -> 'ab' | 'c'", "S -> 'd'", "has no rule 'S -> 'd''; S has these: S -> 'ab'; S -> 'c'"),
        ("S -> 'ab' | 'c'", "S -> 'c' | 'd'", "has no rule"),
        ("S -> 'ab' | 'c'", "A -> 'c'", "nor a symbol A with rules"),
        ("S -> 'ab' | 'a' 'b'", "S -> a b", "may be several rules of .*; write which"),
    ],
)
def test_what_a_grammar_has_not_is_refused(text, name, message):
    with pytest.raises(LisaError, match=message):
        limits_of(parse_grammar(text), Restrictions((name,)))


@pytest.mark.parametrize("word", ["sin", "sin:", ":2", "sin:-1", "sin:two", "sin:1.5", "x:1e9"])
def test_bounds_are_words_with_a_count(word):
    with pytest.raises(LisaError, match=r"--at-most takes NAME:COUNT, such as 'sin:2', not"):
        Restrictions.of_words([], [word])


def test_of_two_bounds_the_lower_one_counts():
    found = Restrictions.of_words(["x"], ["sin:2", "sin:1", "exp:3", "sin:4"])
    assert found == Restrictions(("x",), {"sin": 1, "exp": 3})
    assert str(found) == "no x, at most 1 of sin, at most 3 of exp"
    assert found
    assert not Restrictions()
    with pytest.raises(LisaError, match=r"at most -1 of sin cannot be"):
        Restrictions(at_most={"sin": -1})


def test_derivations_that_obey_are_told():
    limits = limits_of(EXPRESSIONS, Restrictions(("3",), {"x": 1}))
    pad = len(EXPRESSIONS.rules)
    x, three = (
        next(rule.number for rule in EXPRESSIONS.rules if rule.rhs == (token,)) for token in "x3"
    )
    derivations = np.array([[3, x, pad, pad], [0, 3, x, x], [3, three, pad, pad]])
    assert limits.obeyed(derivations).tolist() == [True, False, False]
    assert limits.obeyed(derivations[:0]).shape == (0,)
    assert limits_of(EXPRESSIONS, Restrictions()).obeyed(derivations).all()
