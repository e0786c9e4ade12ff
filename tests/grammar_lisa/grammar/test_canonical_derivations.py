"""One derivation for each sentence, the same wherever it is asked for."""

import pytest
from ambiguous_grammars import REDUCTIONS, REGEX, SUMS, ambiguous_grammars
from hypothesis import given, settings
from hypothesis import strategies as st
from small_grammars import EXPR, enumerated

from grammar_lisa.grammar import Counts, load_grammar, parse_grammar
from grammar_lisa.grammar.canonical import LISTED, LOOKED, CanonicalDerivations, is_unambiguous
from grammar_lisa.grammar.parsing import EARLEY, LALR, SHIFTING, Parser
from grammar_lisa.grammar.sampling import by_text
from grammar_lisa.grammar.text import Writer, derivations_to_texts


@settings(deadline=None, max_examples=60)
@given(ambiguous_grammars, st.integers(0, 4))
def test_derivations_of_one_text_have_one_canonical_derivation(grammar, extra):
    limit = grammar.shortest + extra
    canonical, write = CanonicalDerivations(grammar), Writer(grammar).text
    derivations = sorted(enumerated(grammar, limit))[:40]
    of_text = {}
    for derivation in derivations:
        found = canonical.of(derivation)
        assert canonical.holds(found)
        assert canonical.holds(derivation) == (found == derivation)
        assert of_text.setdefault(write(derivation), found) == found
    replaced = canonical.replace(derivations, limit, by_text)
    short = [found for found in of_text.values() if len(found) <= limit]
    texts = {write(found): found for found in short[::-1]}
    if not canonical.all_are:
        assert sorted(replaced.derivations) == sorted(texts.values())
        long = [each for each in derivations if len(canonical.of(each)) > limit]
        assert replaced.too_long == len(long)
        assert replaced.changed == sum(not canonical.holds(each) for each in derivations)


@settings(deadline=None, max_examples=40)
@given(ambiguous_grammars, st.integers(0, 3))
def test_sentences_are_counted_by_their_canonical_derivations(grammar, extra):
    limit = grammar.shortest + extra
    counts, canonical = Counts(grammar, limit), CanonicalDerivations(grammar)
    if counts.at_most() > 300:
        return
    found = canonical.count(counts)
    derivations = [counts.unrank(rank) for rank in range(counts.at_most())]
    short = {canonical.of(each) for each in derivations}
    assert found.exact
    assert found.number == sum(len(each) <= limit for each in short)
    assert f"{found.number:,} different sentences" == found.describe()


@pytest.mark.parametrize(
    ("text", "kind", "unambiguous"),
    [
        ("S -> S '+' T | T\nT -> 'x'", LALR, True),
        ("S -> 'x' | 'x'", LALR, False),
        (REGEX, SHIFTING, False),
        (REDUCTIONS, EARLEY, False),
        ("S -> 'a' S 'a' | 'a'", SHIFTING, False),
    ],
)
def test_what_tells_that_a_grammar_is_unambiguous(text, kind, unambiguous):
    parser = Parser(parse_grammar(text))
    assert parser.kind == kind
    assert is_unambiguous(parser) == unambiguous
    assert CanonicalDerivations(parser.grammar).all_are == unambiguous


def test_shifts_are_preferred():
    grammar = parse_grammar(SUMS)
    first, second = (0, 2, 0, 2, 2), (0, 0, 2, 2, 2)
    assert derivations_to_texts(grammar, [first, second]) == ["x+x+x"] * 2
    assert Parser(grammar).parse("x+x+x") == first


def test_catalan_numbers_of_derivations_are_two_to_the_n_sentences():
    grammar = parse_grammar(SUMS)
    sentences = sum(2**n * 2 ** (n + 1) for n in range(5))
    counts = Counts(grammar, 9)
    assert counts.at_most() < LISTED
    assert CanonicalDerivations(grammar).count(counts).number == sentences


def test_many_sentences_are_estimated():
    """A sum of one operator: a sentence of n operations has a Catalan number of derivations."""
    grammar = parse_grammar("E -> T | E '+' E\nT -> 'a' | 'b' | 'c' | 'd' | 'e' | 'f'\n")
    counts = Counts(grammar, 11)
    exact = sum(6 ** (n + 1) for n in range(4))
    found = CanonicalDerivations(grammar).count(counts)
    assert counts.at_most() < LISTED
    assert found.number == exact
    counts = Counts(grammar, 14)
    found = CanonicalDerivations(grammar).count(counts)
    exact = sum(6 ** (n + 1) for n in range(5))
    assert not found.exact
    assert found.looked == LOOKED
    assert abs(found.number - exact) < 4 * found.error
    assert found.error < exact / 5
    assert "by the share of canonical ones among 400 derivations drawn" in found.describe()
    none = CanonicalDerivations(grammar).count(Counts(grammar, 60))
    assert none.number == 0
    assert "far fewer different sentences" in none.describe()


def test_tokens_that_can_be_split_in_two_ways_have_one_canonical_derivation():
    """The grammar is LALR(1), but joined tokens can be read in two ways."""
    grammar = parse_grammar("# tokens: joined\nS -> A B\nA -> 'a' | 'ab'\nB -> 'bc' | 'c' | 'b'\n")
    canonical = CanonicalDerivations(grammar)
    assert is_unambiguous(Parser(grammar))
    assert not canonical.all_are
    derivations = sorted(enumerated(grammar, 3))
    texts = derivations_to_texts(grammar, derivations)
    assert len(texts) - len(set(texts)) == 1
    assert canonical.count(Counts(grammar, 3)).number == len(set(texts))


def test_all_derivations_of_a_grammar_without_ambiguity_are_canonical():
    canonical = CanonicalDerivations(load_grammar(EXPR))
    derivations = sorted(enumerated(canonical.grammar, 6))
    assert canonical.all_are
    assert canonical.replace(derivations, 2, by_text).derivations == derivations
    assert canonical.count(Counts(canonical.grammar, 15)).number == 199_941_076


def test_what_is_left_out_is_said():
    """Earley takes the first rule, so that nothing is derived by way of B and C."""
    grammar = parse_grammar("S -> A A 'x' | 'x'\nA -> B |\nB -> C\nC -> 'y' |\n")
    canonical = CanonicalDerivations(grammar)
    derivations = sorted(enumerated(grammar, 7))
    assert {len(canonical.of(each)) for each in derivations} == {7}
    changed = sum(not canonical.holds(each) for each in derivations)
    replaced = canonical.replace(derivations, 7, by_text)
    assert (len(replaced.derivations), replaced.too_long) == (3, 0)
    assert replaced.describe(7) == f"{changed} drawn derivations replaced by the canonical one"
    none = canonical.replace(derivations, 6, by_text)
    assert (none.derivations, none.too_long) == ([], len(derivations))
    assert f"{len(derivations)} sentences left out" in none.describe(6)
    assert "take more than 6 rules" in none.describe(6)
    assert canonical.replace(replaced.derivations, 7, by_text).describe(7) == ""
