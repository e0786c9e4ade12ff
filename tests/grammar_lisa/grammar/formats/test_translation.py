"""Groups and repetitions become symbols of their own, with names that tell what they are."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.grammar import parse_grammar
from grammar_lisa.grammar.sampling import enumerate_derivations
from grammar_lisa.grammar.text import derivations_to_texts


def rules_of(text, notation="lark"):
    return [str(rule) for rule in parse_grammar(text, "g", notation).rules]


@pytest.mark.parametrize(
    ("part", "rules"),
    [
        ("b*", ["start -> b_star", "b_star -> b b_star", "b_star ->"]),
        ("b+", ["start -> b_plus", "b_plus -> b b_plus", "b_plus -> b"]),
        ("b?", ["start -> b_opt", "b_opt -> b", "b_opt ->"]),
        ("[b]", ["start -> b_opt", "b_opt -> b", "b_opt ->"]),
        ("b~3", ["start -> b b b"]),
        (
            'b ("," b)*',
            ["start -> b start_star", "start_star -> ',' b start_star", "start_star ->"],
        ),
        ('"x" (b | "c")', ["start -> 'x' start_group", "start_group -> b", "start_group -> 'c'"]),
        ('(b | "c")', ["start -> b", "start -> 'c'"]),
    ],
)
def test_symbols_of_parts(part, rules):
    own = [rule for rule in rules_of(f'start: {part}\nb: "b"\n') if not rule.startswith("b ->")]
    assert own == rules


def test_equal_parts_share_a_symbol_and_names_do_not_clash():
    text = 'start: b* "x" b* | b_star\nb: "b"\nb_star: "s"\n'
    assert "start -> b_star_2 'x' b_star_2" in rules_of(text)


def test_names_that_a_cfg_cannot_hold():
    rules = rules_of("<a b> ::= <a-b> | <a b> 'x'\n<a-b> ::= 'y' | <1.5>\n<1.5> ::= 'z'", "bnf")
    assert rules == ["a_b -> a-b", "a_b -> a_b 'x'", "a-b -> 'y'", "a-b -> 1_5", "1_5 -> 'z'"]


def test_definitions_of_one_symbol_are_one():
    assert rules_of("s : 'a' t ; t : 'b' ; s : 'c' ;", "ebnf") == [
        "s -> 'a' t",
        "s -> 'c'",
        "t -> 'b'",
    ]


parts = st.recursive(
    st.sampled_from(['"a"', '"b"', '"c"']),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["?", "*", "+", "~2", "~1..3", "~0..2"])).map(
            lambda pair: f"({pair[0]}){pair[1]}"
        ),
        st.lists(inner, min_size=1, max_size=3).map(" ".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda all_: f"({' | '.join(all_)})"),
    ),
    max_leaves=5,
)


@given(parts)
def test_sentences_are_those_of_the_regular_expression(part):
    grammar = parse_grammar(f"start: {part}\n", "g", "lark")
    expression = re.sub(r"~(\d)\.\.(\d)", r"{\1,\2}", part.replace('"', "").replace(" ", ""))
    pattern = re.compile(re.sub(r"~(\d)", r"{\1}", expression))
    derivations = list(enumerate_derivations(grammar, grammar.shortest + 4))[:200]
    texts = derivations_to_texts(grammar, derivations)
    assert all(pattern.fullmatch(text) for text in texts)
    words = ["a", "b", "c", "ab", "bb", "ca", "aa", "abc"]
    longer = set(derivations_to_texts(grammar, list(_some(grammar))))
    for word in words:
        if pattern.fullmatch(word) and len(longer) < 3000:
            assert word in longer


def _some(grammar):
    for number, derivation in enumerate(enumerate_derivations(grammar, grammar.shortest + 14)):
        if number == 3000:
            return
        yield derivation
