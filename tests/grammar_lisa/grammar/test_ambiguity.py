"""Ambiguous sentences and sentences that only blanks tell apart are found."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_grammars import enumerated, grammars

from grammar_lisa.grammar import Counts, ambiguity, parse_grammar
from grammar_lisa.grammar.ambiguity import Forests, find_ambiguity, find_blanks
from grammar_lisa.grammar.report import report
from grammar_lisa.grammar.text import Writer

REGEX = """# tokens: joined
R -> R '|' R | Seq
Seq -> Piece Seq | Piece
Piece -> Atom Quant
Quant -> '*' | '+' | '?' | '{' D ',' D '}' |
Atom -> '(' R ')' | '.' | 'a' | 'b' | 'c'
D -> '0' | '1' | '2' | '3'
"""


@settings(deadline=None)
@given(grammars, st.integers(0, 3))
def test_forests_tell_what_listing_all_derivations_tells(grammar, extra):
    limit = grammar.shortest + extra
    tokens_of = Writer(grammar).tokens
    rules = {(rule.lhs, rule.rhs) for rule in grammar.rules}
    if len(rules) < len(grammar.rules):
        return
    seen, several = {}, set()
    for derivation in enumerated(grammar, limit):
        tokens = tuple(tokens_of(derivation))
        if seen.setdefault(tokens, derivation) != derivation:
            several.add(tokens)
    forests = Forests(grammar)
    for tokens in [*several][:3]:
        witness = forests.witness(tokens)
        assert witness
        assert witness.tokens == tokens
        assert " ".join(witness.part) in " ".join(tokens)
    if report(grammar, limit).unambiguous:
        assert not any(forests.witness(tokens) for tokens in [*seen][:9])


def test_ambiguity_is_found_at_the_length_in_use():
    grammar = parse_grammar(REGEX)
    for limit in (15, 60):
        finding = find_ambiguity(grammar, Counts(grammar, limit))
        assert (finding.severity, finding.code) == ("warning", "ambiguous")
        assert "R derives '" in finding.message
        assert ("more than the 15 asked for" in finding.message) == (limit == 15)


def test_ambiguity_is_found_among_long_words():
    """Nearly all derivations of a length are one word of many letters."""
    grammar = parse_grammar("e : e '+' e | ID ; ID : [a-z]+ ;", "g", "ebnf")
    finding = find_ambiguity(grammar, Counts(grammar, 15))
    assert finding.severity == "warning"
    assert "e derives '" in finding.message


def test_the_smallest_part_is_named():
    grammar = parse_grammar(REGEX)
    witness = Forests(grammar).witness([*"(a|b|c)a*"])
    assert (str(witness.symbol), "".join(witness.part)) == ("R", "a|b|c")
    assert Forests(grammar).witness([*"(a|b)|c"]) is None


def test_the_work_is_bounded(monkeypatch):
    monkeypatch.setattr(ambiguity, "MOST_WORK", 3_000)
    monkeypatch.setattr(ambiguity, "LONGEST_SENTENCE", 30)
    forests = Forests(parse_grammar("S -> 'a' S |"))
    sentences = [["a"] * length for length in (31, 30, *[9] * 1000)]
    looked = [len(tokens) for tokens, _ in forests.witnesses(sentences)]
    assert looked == [30] + [9] * ((3_000 - 31**2) // 100)
    assert forests.left < 0


@pytest.mark.parametrize(
    ("pragma", "severity", "words"),
    [
        ("", "note", "blanks alone tell 'ab ba' from 'a bb a'"),
        (
            "# tokens: joined\n",
            "warning",
            "two sentences are written 'abba', of the tokens 'ab' 'b'",
        ),
        ("# tokens: spaced\n", "note", "blanks alone tell 'ab b a' from 'a bb a'"),
    ],
)
def test_sentences_that_only_blanks_tell_apart(pragma, severity, words):
    text = "S -> AB B A | A BB A\nA -> 'a'\nB -> 'b'\nAB -> 'ab'\nBB -> 'bb'"
    grammar = parse_grammar(pragma + text)
    finding = find_blanks(grammar, Counts(grammar, 10))
    assert (finding.severity, finding.code) == (severity, "blanks")
    assert words in finding.message


def test_no_blanks_where_tokens_are_plain():
    for text in ("S -> 'a' S | 'b'", "S -> 'a' S | 'ab'"):
        grammar = parse_grammar(text)
        assert find_blanks(grammar, Counts(grammar, 10)) is None
