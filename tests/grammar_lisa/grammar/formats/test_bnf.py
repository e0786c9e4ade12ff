"""Backus and Naur's notation."""

import pytest

from grammar_lisa.grammar import GrammarError, parse_grammar


def test_a_grammar():
    text = """# balanced
    <s> ::= "(" <s> ")" <s> | ""   // or nothing
       | <other thing> ; a comment
    <other thing> ::= 'it\\'s'"""
    grammar = parse_grammar(text, "g", "bnf")
    assert [str(rule) for rule in grammar.rules] == [
        "s -> '(' s ')' s",
        "s ->",
        "s -> other_thing",
        'other_thing -> "it\'s"',
    ]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("<a> ::= <b>*", "1:12", ["a repetition, '*', is not read", "read the file as ebnf"]),
        ("<a> ::= b", "1:9", ["unexpected 'b'", "tokens stand in quotes"]),
        ("a ::= 'b'", "1:1", ["expected <symbol> ::=, found 'a'"]),
        ("<a> ::= 'b", "1:9", ["a quote that is never closed"]),
        ("<a> ::= ('b')", "1:9", ["unexpected '('"]),
        ("<a> ::= 'b' )", "1:13", ["found ')'"]),
        ("<a> ::= 'b'\n<c> = 'd'", "2:5", ["unexpected '='"]),
        ("<a>", "1:1", ["expected <symbol> ::="]),
    ],
)
def test_errors_show_the_place(text, place, words):
    with pytest.raises(GrammarError) as caught:
        parse_grammar(text, "g.bnf", "bnf")
    message = str(caught.value)
    assert message.startswith(f"g.bnf:{place}: ")
    assert message.split("\n")[2] == " " * (int(place.split(":")[1]) + 3) + "^"
    for part in words:
        assert part in message
