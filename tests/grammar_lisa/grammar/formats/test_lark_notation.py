"""lark's notation: what is read means what lark means by it; the rest is refused by place."""

import pytest
from lark import Lark

from grammar_lisa.grammar import GrammarError, parse_grammar
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts

EXPRESSIONS = r"""
// sums and products
%import common.WS
%ignore WS
?start: expr
?expr: term (("+"|"-") term)*   -> sum
     | "neg" expr               -> negated
!term: factor ("*" factor)~0..2
factor: NUMBER | NAME | "(" expr ")" | [SIGN] "\"" TWO | LETTERS
NUMBER: DIGIT+
DIGIT: "0".."3"
NAME: /[xyz]/
LETTERS: /[A-C]{2,3}/
TWO: "q"~2
SIGN: "-"
"""


def test_sentences_are_sentences_to_lark():
    grammar = parse_grammar(EXPRESSIONS, "g", "lark")
    assert grammar.spacing.mode == "words"
    theirs = Lark(EXPRESSIONS, parser="earley")
    derivations = sample_uniform(grammar, 60, 40, seed=0, distinct=False)
    for text in derivations_to_texts(grammar, derivations):
        theirs.parse(text)


def test_names_of_rules_and_symbols():
    grammar = parse_grammar(EXPRESSIONS, "g", "lark")
    rules = [str(rule) for rule in grammar.rules]
    for rule in ("start -> expr", "DIGIT_plus -> DIGIT DIGIT_plus", "factor -> SIGN_opt '\"' TWO"):
        assert rule in rules
    assert not any("WS" in rule for rule in rules)


def test_without_anything_ignored_no_blank_is_written():
    text = 's: "one" "two"\n'
    assert parse_grammar(text, "g", "lark").spacing.mode == "joined"
    assert parse_grammar(text + "%ignore /[ ]+/\n", "g", "lark").spacing.mode == "words"


def test_start_is_the_start():
    text = 'a: "x" start\nstart: "y" | a\n'
    assert str(parse_grammar(text, "g", "lark").start) == "start"
    assert str(parse_grammar('a: "x" b\nb: "y"\n', "g", "lark").start) == "a"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("start: /ab+/", "1:8", ["the regular expression /ab+/ is not read", "/[0-9]+/"]),
        ("start: /[a]{3,2}/", "1:8", ["no range of repetitions"]),
        ('start.2: "a"', "1:6", ["the priority of start is not read", "leave it out"]),
        ('a{x}: x\nstart: a{"b"}', "1:2", ["a is a template"]),
        ('start: a{"b"}', "1:9", ["actions and templates are not read"]),
        ("start: NUMBER\n%import common.NUMBER", "2:16", ["NUMBER is imported", "write its rules"]),
        ('start: "a"i', "1:8", ["in capitals and small letters alike"]),
        ("%declare A\nstart: A", "1:1", ["the directive %declare is not read"]),
        ('start: "a" | b', "1:14", ["b is defined nowhere"]),
        ('start: "a"~x', "1:12", ["expected a number, found 'x'"]),
        ('start: "a"~3..2', "1:11", ["3..2 is no range"]),
        ('start: "a" ) "b"', "1:12", ["unexpected ')'"]),
        ('start: "ab".."c"', "1:8", ["is no range"]),
        ('start "a"', "1:7", ["expected :, found"]),
        ('"a"', "1:1", ["expected the name of a rule"]),
    ],
)
def test_errors_show_the_place(text, place, words):
    with pytest.raises(GrammarError) as caught:
        parse_grammar(text, "g.lark", "lark")
    message = str(caught.value)
    assert message.startswith(f"g.lark:{place}: ")
    assert message.split("\n")[2] == " " * (int(place.split(":")[1]) + 3) + "^"
    for part in words:
        assert part in message
