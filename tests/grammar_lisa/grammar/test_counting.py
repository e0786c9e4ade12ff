"""Exact counts, and ranks as a bijection."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_grammars import EXPR, ROOT, enumerated, grammars

from grammar_lisa.grammar import Counts, load_grammar, parse_grammar
from grammar_lisa.grammar.text import derivation_to_text
from shared.common.errors import LisaError


def test_expressions_of_at_most_fifteen_rules():
    counts = Counts(load_grammar(EXPR), 15)
    assert counts.at_most() == 199_941_076
    assert all(counts.exactly(n) == 0 for n in range(1, 16, 2))
    assert counts.at_most(4) == 64


@settings(deadline=None, max_examples=60)
@given(grammars, st.integers(0, 6))
def test_ranks_are_a_bijection_onto_all_derivations(grammar, max_rules):
    expected = enumerated(grammar, max_rules)
    counts = Counts(grammar, max_rules)
    assert counts.at_most() == len(expected)
    if len(expected) <= 3000:
        found = [counts.unrank(rank) for rank in range(counts.at_most())]
        assert set(found) == expected
        assert [len(derivation) for derivation in found] == sorted(map(len, found))
        lengths = [sum(len(d) == n for d in found) for n in range(max_rules + 1)]
        assert lengths == [counts.exactly(n) for n in range(max_rules + 1)]


def test_ranks_do_not_depend_on_the_bound():
    grammar = load_grammar(EXPR)
    short, long = Counts(grammar, 6), Counts(grammar, 20)
    assert all(short.unrank(rank) == long.unrank(rank) for rank in range(short.at_most()))


@pytest.mark.parametrize("name", ["expr", "json", "sql"])
def test_three_hundred_rules(name):
    grammar = load_grammar(ROOT / "grammars" / f"{name}.cfg")
    counts = Counts(grammar, 300)
    rng = random.Random(0)
    for _ in range(20):
        assert derivation_to_text(grammar, counts.unrank(rng.randrange(counts.at_most())))


def test_depth_is_not_limited_by_the_stack():
    grammar = parse_grammar("S -> '(' S ')' | 'x'")
    derivation = Counts(grammar, 3000).unrank(2999)
    assert len(derivation) == 3000
    assert derivation_to_text(grammar, derivation) == "(" * 2999 + "x" + ")" * 2999


def test_cumulative_tables_stay_bounded(monkeypatch):
    monkeypatch.setattr("grammar_lisa.grammar.counting.CACHED_NUMBERS", 50)
    grammar = load_grammar(EXPR)
    small, plain = Counts(grammar, 8), enumerated(grammar, 8)
    assert {small.unrank(rank) for rank in range(small.at_most())} == plain


def test_errors():
    counts = Counts(load_grammar(EXPR), 4)
    with pytest.raises(LisaError, match="ranks go from 0 to 63"):
        counts.unrank(64)
    with pytest.raises(LisaError, match="out of range"):
        counts.unrank(-1)
    with pytest.raises(LisaError, match="0 to 4 rules"):
        counts.exactly(5)
    with pytest.raises(LisaError, match="0 to 4 rules"):
        counts.at_most(5)
    with pytest.raises(LisaError, match="0 or more"):
        Counts(load_grammar(EXPR), -1)
