"""Grammars written in each notation come back as they were."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Lark
from small_grammars import ROOT, grammars

from grammar_lisa.grammar import load_grammar, parse_grammar
from grammar_lisa.grammar.formats.writing import written
from grammar_lisa.grammar.lint import trimmed
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.source import Position, SourceRule, scan
from grammar_lisa.grammar.symbols import Nonterminal
from grammar_lisa.grammar.text import derivations_to_texts


def source_rules(grammar):
    return trimmed(scan(grammar.text))


def again(grammar, notation):
    text = written(source_rules(grammar), grammar.start, grammar.spacing.mode, notation)
    return parse_grammar(text, "g", notation)


def renamed(grammar):
    """The rules of each symbol, under numbers for the symbols in the order in which they occur."""
    numbers, waiting, found = {grammar.start: 0}, [grammar.start], []
    for symbol in waiting:
        for number in grammar.rules_of[symbol]:
            rhs = grammar.rules[number].rhs
            for part in rhs:
                if not isinstance(part, str) and part not in numbers:
                    numbers[part] = len(numbers)
                    waiting.append(part)
            own = tuple(part if isinstance(part, str) else numbers[part] for part in rhs)
            found.append((numbers[symbol], own, grammar.rules[number].weight))
    return found


@settings(deadline=None)
@given(grammars, st.sampled_from(["cfg", "bnf", "ebnf", "lark"]))
def test_what_is_written_is_read_back(grammar, notation):
    found = again(grammar, notation)
    assert renamed(found) == renamed(grammar)
    assert found.spacing.mode == grammar.spacing.mode
    if notation == "cfg":
        assert [rule.lhs for rule in found.rules] == [rule.lhs for rule in grammar.rules]
        assert found.start == grammar.start


symbols = st.sampled_from(["S", "A", "B/x", "s", "n-1", "1", "A^S2"]).map(Nonterminal)
tokens = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
weights = (
    st.none() | st.integers(1, 10**6).map(float) | st.floats(1e-6, 1).map(lambda w: round(w, 9))
)


@given(st.lists(st.tuples(symbols, st.lists(symbols | tokens, max_size=4), weights), min_size=1))
def test_any_rules_survive_as_cfg(drawn):
    place = Position(1, 1)
    rules = [
        SourceRule(lhs, tuple(rhs), weight, place, (place,) * len(rhs))
        for lhs, rhs, weight in drawn
    ]
    found = scan(written(rules, rules[-1].lhs, "joined"))
    assert [(rule.lhs, rule.rhs, rule.weight) for rule in found.rules] == [
        (rule.lhs, rule.rhs, rule.weight) for rule in rules
    ]
    assert (found.start, found.pragma) == (rules[-1].lhs, "joined")


@pytest.mark.parametrize("name", ["expr", "json", "koza", "sql"])
@pytest.mark.parametrize("notation", ["cfg", "bnf", "ebnf", "lark"])
def test_shipped_grammars_survive(name, notation):
    grammar = load_grammar(ROOT / "grammars" / f"{name}.cfg")
    expected = renamed(grammar)
    if notation != "cfg":
        expected = [(symbol, rhs, 1.0) for symbol, rhs, _ in expected]
    assert renamed(again(grammar, notation)) == expected


def test_what_is_written_for_lark_is_read_by_lark():
    grammar = load_grammar(ROOT / "grammars" / "json.cfg")
    text = written(source_rules(grammar), grammar.start, grammar.spacing.mode, "lark")
    theirs = Lark(text, parser="earley", lexer="dynamic")
    derivations = sample_uniform(grammar, 3, 30, seed=0, distinct=False)
    for sentence in derivations_to_texts(grammar, derivations):
        theirs.parse(sentence)


def test_long_rules_are_laid_out_and_an_empty_first_alternative_stands_alone():
    words = " | ".join(f"'word{number}'" for number in range(30))
    grammar = parse_grammar(f"S -> | {words} | S S")
    text = written(source_rules(grammar), grammar.start, "words")
    assert max(map(len, text.splitlines())) < 100
    assert text.startswith("%start S\nS ->\nS -> 'word0'\n  | 'word1'\n")
    assert not any(each.code == "empty-first" for each in parse_grammar(text).findings)
