"""lark's notation: what is read means what lark means by it; the rest is refused by place."""

import pytest
from lark import Lark

from grammar_lisa.grammar import GrammarError, parse_grammar
from grammar_lisa.grammar.formats.lark_imports import library
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


LIBRARY = r"""
start: INT ";" NUMBER ";" NAME ";" WORD? ";" DIGIT WS_INLINE KEY
KEY: /k(-?\d{2}|[a-c]+)/
DIGIT: "x" | "y"
%import common.INT
%import common.SIGNED_NUMBER -> NUMBER
%import common.CNAME -> NAME
%import common (WORD, WS_INLINE)
%import python.COMMENT
%ignore COMMENT
"""


def test_what_is_imported_from_the_library_means_what_lark_means_by_it():
    """Also where the file has another DIGIT than that which the library's numbers are made of."""
    grammar = parse_grammar(LIBRARY, "g", "lark")
    theirs = Lark(LIBRARY.replace("%import python.COMMENT\n%ignore COMMENT\n", ""), parser="earley")
    derivations = sample_uniform(grammar, 60, 60, seed=0, distinct=False)
    for text in derivations_to_texts(grammar, derivations):
        theirs.parse(text)
    assert [str(rule) for rule in grammar.rules if str(rule.lhs) == "DIGIT"] == [
        "DIGIT -> 'x'",
        "DIGIT -> 'y'",
    ]


@pytest.mark.parametrize("name", sorted(library()))
def test_every_terminal_of_the_library_is_read_or_refused_by_name(name):
    text = f"start: {name}\n%import common.{name}\n"
    if name in ("ESCAPED_STRING", "_STRING_INNER", "_STRING_ESC_INNER") or "COMMENT" in name:
        with pytest.raises(GrammarError, match=f"common.{name} is a regular expression"):
            parse_grammar(text, "g", "lark")
        return
    grammar = parse_grammar(text, "g", "lark")
    theirs = Lark(text, parser="earley")
    derivations = sample_uniform(grammar, 40, 30, seed=0, distinct=False)
    for sentence in derivations_to_texts(grammar, derivations):
        theirs.parse(sentence)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("start: /a.b/", "1:8", ["/a.b/ is not read: . is any character", "/[a-z]/"]),
        ("start: /ab/i", "1:8", ["the flags i and x are not read"]),
        ("start: /[a]{3,2}/", "1:8", ["{3,2} is no range of repetitions"]),
        ('start.2: "a"', "1:6", ["the priority of start is not read", "leave it out"]),
        ('a{x}: x\nstart: a{"b"}', "1:2", ["a is a template"]),
        ('start: a{"b"}', "1:9", ["actions and templates are not read"]),
        (
            "start: STRING\n%import common.ESCAPED_STRING -> STRING",
            "2:34",
            ["common.ESCAPED_STRING is a regular expression", 'STRING: "'],
        ),
        ("start: A\n%import common.A", "2:16", ["lark's common has no A", "DIGIT, HEXDIGIT"]),
        ("start: A\n%import python.A", "2:16", ["imported from python", "write its rules here"]),
        ("start: A\n%import .other.A", "2:16", ["imported from", "other", "write its rules here"]),
        ("start: A\n%import A", "2:9", ["imported from nowhere"]),
        ('start: "a"i', "1:8", ["in capitals and small letters alike"]),
        ("%declare A\nstart: A", "1:1", ["the directive %declare is not read"]),
        ('start: "a" | b', "1:14", ["b is defined nowhere"]),
        ('start: "a"~x', "1:12", ["expected a number, found 'x'"]),
        ('start: "a"~3..2', "1:11", ["3..2 is no range"]),
        ('start: "a" ) "b"', "1:12", ["unexpected ')'"]),
        ('start: "ab".."c"', "1:8", ["is no range"]),
        ('start "a"', "1:7", ["expected :, found"]),
        ('"a"', "1:1", ["expected the name of a rule"]),
        ('start\n: "a"', "2:1", ["expected :, found the end of the line"]),
        ('start: "a"\n"b"', "2:1", ["expected the name of a rule, found '\"b\"'"]),
        ('start: ["a"', "1:8", ["this [ is not closed: found the end of the file"]),
        ('start: "a" "b', "1:12", ["a quote that is never closed"]),
        ("start: /a\\", "1:8", ["a regular expression that is not closed"]),
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
