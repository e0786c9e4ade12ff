"""Derivations as sentences: tokens, spaces, batches, arrays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_grammars import EXPR, grammars

from grammar_lisa.grammar import load_grammar, parse_grammar
from grammar_lisa.grammar.arrays import from_array, to_array
from grammar_lisa.grammar.sampling import enumerate_derivations, sample_uniform
from grammar_lisa.grammar.text import (
    Writer,
    derivation_to_text,
    derivations_to_texts,
)
from shared.common.errors import LisaError

ENGLISH = """S -> NP VP
NP -> 'the' N
N -> 'dog' | 'cat'
VP -> 'barks' | 'sees' NP
"""


def only_text(text):
    grammar = parse_grammar(text)
    (derivation,) = enumerate_derivations(grammar, grammar.shortest)
    return derivation_to_text(grammar, derivation)


def test_expressions_have_no_spaces():
    grammar = load_grammar(EXPR)
    derivation = (0, 0, 2, 3, 8, 10, 7, 5, 1, 3, 7, 7)
    assert derivation_to_text(grammar, derivation) == "1/3+x+sin(x*x)"
    assert Writer(grammar).tokens(derivation) == [*"1/3+x+", "sin(", *"x*x)"]


def test_words_have_spaces():
    grammar = parse_grammar(ENGLISH)
    texts = derivations_to_texts(grammar, enumerate_derivations(grammar, 6))
    assert texts[:2] == ["the dog barks", "the cat barks"]
    assert "the dog sees the cat" in texts


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ("S -> 'x' 'y'", "xy"),
        ("S -> 'x' 'yy'", "x yy"),
        ("S -> 'if' '(' 'x' ')' 'go'", "if(x)go"),
        ("S -> 'x_1' 'x'", "x_1 x"),
        ("S -> A\nA -> '=' '=' '<=' | A '<'", "==<="),
        ("S -> '<' '=' A\nA -> | '<=' 'loop' S", "< ="),
        ("S -> '-' '>' A\nA -> | '->' S", "- >"),
        ("# tokens: joined\nS -> 'the' 'dog'", "thedog"),
        ("# tokens: spaced\nS -> '(' 'x' ')'", "( x )"),
        ("S ->", ""),
        ("# tokens: spaced\nS ->", ""),
    ],
)
def test_spacing(rules, text):
    assert only_text(rules) == text


@pytest.mark.parametrize(
    ("derivation", "words"),
    [
        ((), "after its 0 rules S still waits"),
        ((0, 3, 7), "after its 3 rules T still waits"),
        ((0,), "S, T still wait for"),
        ((7,), "step 1 of the derivation: rule 7 (T -> 'x') does not apply; expected a rule of S"),
        ((3, 3), "step 2 of the derivation: rule 3 (S -> T) does not apply; expected a rule of T"),
        ((3, 11), "step 2 of the derivation: rule 11 does not exist; expected a rule of T: 4, 5"),
        ((3, -4), "step 2 of the derivation: rule -4 does not exist"),
        ((3, 7, 7), "step 3 of the derivation: rule 7 follows a finished sentence"),
    ],
)
def test_wrong_derivations(derivation, words):
    grammar = load_grammar(EXPR)
    with pytest.raises(LisaError) as caught:
        derivation_to_text(grammar, derivation)
    assert words in str(caught.value)


def test_batches_take_lists_and_arrays():
    grammar = load_grammar(EXPR)
    derivations = sample_uniform(grammar, 200, 15, seed=0)
    expected = [derivation_to_text(grammar, derivation) for derivation in derivations]
    array = to_array(derivations, 15, pad=len(grammar.rules))
    assert derivations_to_texts(grammar, derivations) == expected
    assert derivations_to_texts(grammar, array) == expected
    assert derivations_to_texts(grammar, np.empty((0, 15), np.int16)) == []


@given(st.lists(st.lists(st.integers(0, 9), max_size=6).map(tuple), max_size=6))
def test_arrays_round_trip(derivations):
    array = to_array(derivations, 6, pad=10)
    assert array.shape == (len(derivations), 6)
    assert array.dtype == np.int16
    assert from_array(array, pad=10) == derivations


def test_array_types_and_errors():
    assert to_array([(40000,)], 2, pad=50000).tolist() == [[40000, 50000]]
    assert to_array([(40000,)], 2, pad=50000).dtype == np.int32
    with pytest.raises(LisaError, match=r"derivation 1 has 3 rules .* need max_rules of 4"):
        to_array([(1,), (1, 2, 3), (1, 2, 3, 4)], 2, pad=9)
    with pytest.raises(LisaError, match=r"derivation 1 holds 9; rule numbers go from 0 to 8"):
        to_array([(1,), (2, 9)], 2, pad=9)
    with pytest.raises(LisaError, match="row 1 has rules behind its padding"):
        from_array(np.array([[1, 9, 9], [1, 9, 2]]), pad=9)
    with pytest.raises(LisaError, match="expected integers"):
        from_array(np.zeros((2, 2)), pad=9)
    with pytest.raises(LisaError, match="expected integers"):
        from_array(np.zeros(2, int), pad=9)


@settings(deadline=None)
@given(grammars, st.integers(0, 999))
def test_tokens_agree_with_plain_expansion(grammar, seed):
    for derivation in sample_uniform(grammar, 3, grammar.shortest + 5, seed, distinct=False):
        form = [grammar.start]
        for number in derivation:
            at = next(i for i, part in enumerate(form) if not isinstance(part, str))
            form[at : at + 1] = grammar.rules[number].rhs
        assert Writer(grammar).tokens(derivation) == form
        assert derivation_to_text(grammar, derivation).replace(" ", "") == "".join(form).replace(
            " ", ""
        )
