"""Texts as derivations: round trips, refusals, awkward grammars."""

import gzip
import json
import os
import re
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_grammars import EXPR, ROOT, grammars

from grammar_lisa.grammar import load_grammar, parse_grammar, parsing
from grammar_lisa.grammar.parsing import Parser
from grammar_lisa.grammar.sampling import (
    enumerate_derivations,
    sample,
    sample_uniform,
)
from grammar_lisa.grammar.text import derivation_to_text, derivations_to_texts
from shared.common.errors import LisaError

DATA = Path(os.environ.get("LISA_DATA_DIR", "data")) / "expressions"


@pytest.fixture(scope="module")
def expr():
    return Parser(load_grammar(EXPR))


def refusal(parser, text):
    with pytest.raises(LisaError) as caught:
        parser.parse(text)
    return str(caught.value)


def test_target(expr):
    expected = (0, 0, 2, 3, 8, 10, 7, 5, 1, 3, 7, 7)
    assert expr.parse("1/3+x+sin(x*x)") == expected
    assert expr.parse(" 1 / 3\t+ x\n+ sin( x * x ) ") == expected
    assert expr.notice is None


def test_every_short_expression(expr):
    derivations = list(enumerate_derivations(expr.grammar, 8))
    assert len(derivations) == 4 + 60 + 1044 + 19980
    assert list(map(expr.parse, derivations_to_texts(expr.grammar, derivations))) == derivations


def test_deep_sentences(expr):
    derivations = sample_uniform(expr.grammar, 5, 1000, seed=0, distinct=False)
    assert list(map(expr.parse, derivations_to_texts(expr.grammar, derivations))) == derivations
    nested = parse_grammar("S -> '(' S ')' | 'x' | S S")
    text = "(" * 400 + "x" + ")" * 400
    assert Parser(nested).parse(text) == (0,) * 400 + (1,)


def test_published_lines(expr):
    path = DATA / "equation2_15_dataset.txt.gz"
    if not path.exists():
        pytest.skip(f"{path} is absent; set LISA_DATA_DIR")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = [line.strip() for line in file][::20]
    derivations = list(map(expr.parse, lines))
    assert max(map(len, derivations)) <= 15
    texts = derivations_to_texts(expr.grammar, derivations)
    assert texts == [line.replace(" ", "") for line in lines]


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, ["found the end; expected one of '(', '1', '2'"]),
        ("1+", 3, ["found the end; expected one of '('"]),
        ("1 + ", 4, ["found the end"]),
        ("x(1)", 2, ["found '('; expected one of the end, '*', '+', '/'"]),
        ("1+y", 3, ["found 'y'", "'sin('"]),
        ("1+\ty", 4, ["found 'y'"]),
        ("sin(x", 6, ["found the end; expected one of ')', '*', '+', '/'"]),
        ("s", 1, ["found 's'"]),
        ("x\nx", 3, ["found 'x'"]),
    ],
)
def test_refusals_show_the_place(expr, text, column, words):
    message = refusal(expr, text)
    head, line, caret, _ = message.split("\n")
    assert head == f"not a sentence of {EXPR}, from column {column} on:"
    assert line[4:] == re.sub(r"\s", " ", text)
    assert caret == " " * (column + 3) + "^"
    for part in words:
        assert part in message


def test_refusal_of_a_long_text_shows_a_part(expr):
    message = refusal(expr, "1+" * 200 + ")" + "+1" * 200)
    _, line, caret, _ = message.split("\n")
    assert "from column 401 on" in message
    assert len(line) < 90
    assert line[caret.index("^")] == ")"


def test_refusal_shortens_the_list_of_tokens():
    tokens = " | ".join(f"'t{index}x'" for index in range(30))
    message = refusal(Parser(parse_grammar(f"S -> {tokens}")), "q")
    assert "… (18 more)" in message


def test_grammar_beyond_lalr_is_read_by_earley():
    parser = Parser(parse_grammar("S -> 'a' S 'a' | 'b' S 'b' | 'a' | 'b'"))
    assert "not LALR(1)" in parser.notice
    assert derivation_to_text(parser.grammar, parser.parse("abbabba")) == "abbabba"
    for text, column, words in [("ab", 3, "found the end"), ("aqa", 2, "found 'q'"), ("", 1, "")]:
        message = refusal(parser, text)
        assert f"from column {column} on" in message
        assert words in message


def test_what_shifts_refuse_is_read_by_earley():
    """The middle of a palindrome is not where shifting goes on."""
    grammar = parse_grammar("S -> 'a' S 'a' | 'b' S 'b' | 'a' | 'b'")
    derivations = list(enumerate_derivations(grammar, 7))
    assert (
        list(map(Parser(grammar).parse, derivations_to_texts(grammar, derivations))) == derivations
    )


def test_reductions_without_end_are_stopped(monkeypatch):
    """A parser that prefers shifts may reduce for ever; its reductions are counted."""
    grammar = parse_grammar("S -> S '+' S | 'x'")
    text = "x+x+x"
    expected = Parser(grammar).parse(text)
    monkeypatch.setattr(parsing._Reductions, "left", property(lambda _: -1, lambda *_: None))
    assert derivation_to_text(grammar, Parser(grammar).parse(text)) == text
    monkeypatch.undo()
    assert Parser(grammar).parse(text) == expected


@pytest.mark.parametrize(
    ("forms", "text"), [("{0} S | {1}", "{0} {0} {1}"), ("S {0} S | {1}", "{1} {0} {1} {0} {1}")]
)
def test_grammars_of_one_form_share_their_tables_and_nothing_else(monkeypatch, forms, text):
    """With and without conflicts; tokens of one grammar are none of the other."""
    one, other = (parse_grammar("S -> " + forms.format(*map(repr, word))) for word in ("ab", "xy"))
    first = Parser(one)
    monkeypatch.setattr(parsing, "token_parser", None)  # nothing is made again
    second = Parser(other)
    found = first.parse(text.format(*"ab"))
    assert second.parse(text.format(*"xy")) == found
    assert derivation_to_text(other, found) == text.format(*"xy").replace(" ", "")
    monkeypatch.undo()
    assert "'a'" not in refusal(second, "a").rpartition("expected")[2]


def test_dangling_else_keeps_every_sentence():
    grammar = parse_grammar("S -> 'if' S | 'if' S 'else' S | 'x'")
    parser = Parser(grammar)
    for text in derivations_to_texts(grammar, enumerate_derivations(grammar, 7)):
        assert derivation_to_text(grammar, parser.parse(text)) == text


def test_overlapping_terminals():
    parser = Parser(parse_grammar("S -> 'a' S | 'ab' S | 'bc' |"))
    assert parser.parse("abc") == (0, 2)
    assert parser.parse("abbc") == (1, 2)
    assert parser.parse("aa bc") == (0, 0, 2)
    assert "from column 3 on" in refusal(parser, "abcc")
    assert "from column 2 on" in refusal(parser, "aqa")


def test_ambiguous_choice_is_steady():
    grammar = parse_grammar("S -> S S | 'a' |")
    first = Parser(grammar).parse("a" * 8)
    assert first == Parser(grammar).parse("a" * 8)
    assert derivation_to_text(grammar, first) == "a" * 8


def test_cyclic_and_empty_rules():
    grammar = parse_grammar("S -> S | A | 'x' S S |\nA -> S | B 'y'\nB -> |")
    parser = Parser(grammar)
    for text in ["", "x", "xy", "xxyy", "y", "xyxyxy"]:
        assert derivation_to_text(grammar, parser.parse(text)) == text
    assert "found 'z'" in refusal(parser, "z")


def test_no_terminals_at_all():
    parser = Parser(parse_grammar("S -> A A\nA ->"))
    assert parser.parse("  ") == (0, 1, 1)
    assert "found 'x'; expected the end" in refusal(parser, "x")


@settings(deadline=None)
@given(grammars, st.integers(0, 999))
def test_every_sentence_parses_to_its_text(grammar, seed):
    parser = Parser(grammar)
    for derivation in sample_uniform(grammar, 4, grammar.shortest + 4, seed, distinct=False):
        text = derivation_to_text(grammar, derivation)
        found = derivation_to_text(grammar, parser.parse(text))
        assert found.replace(" ", "") == text.replace(" ", "")


@settings(deadline=None)
@given(grammars, st.text(alphabet='abcx+( .*word\\"q', max_size=8))
def test_any_text_parses_or_is_refused(grammar, text):
    try:
        derivation = Parser(grammar).parse(text)
    except LisaError as error:
        assert "not a sentence" in str(error)  # noqa: PT017
    else:
        found = derivation_to_text(grammar, derivation)
        assert found.replace(" ", "") == text.replace(" ", "")


def shipped(name, max_rules):
    grammar = load_grammar(ROOT / "grammars" / f"{name}.cfg")
    derivations = sample_uniform(grammar, 500, max_rules, seed=0)
    derivations += sample(grammar, 500, max_rules, 1, "weighted", distinct=False)
    texts = derivations_to_texts(grammar, derivations)
    parser = Parser(grammar)
    assert parser.notice is None
    assert list(map(parser.parse, texts)) == derivations
    return grammar, texts


def test_json_sentences_are_json():
    _, texts = shipped("json", 60)
    records = [json.loads(text) for text in texts]
    assert all({"id", "name"} <= set(record) for record in records)


def test_sql_sentences_prepare():
    grammar, texts = shipped("sql", 45)
    header = "".join(re.findall(r"^#(   .*)$", grammar.text, re.MULTILINE))
    database = sqlite3.connect(":memory:")
    database.executescript(header)
    for text in texts:
        database.execute("EXPLAIN " + text)
    database.close()
