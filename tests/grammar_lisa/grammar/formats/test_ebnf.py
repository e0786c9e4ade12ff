"""Extended BNF as ANTLR, ISO 14977 and W3C write it."""

import pytest

from grammar_lisa.grammar import GrammarError, parse_grammar

ANTLR = """
// a calculator
grammar Expr;
/* its rules */
prog : expr EOF ;
expr : left=expr op=('*'|'/') right=expr # Mul
     | expr '+' expr  # Add | INT #Number
     | '(' expr ')' # Par ;
fragment DIGIT : [0-1_] ;
INT : DIGIT+ ;
WS : [ \\t\\r\\n]+ -> skip ;
COMMENT : '//' ~[\\r\\n]* -> channel(HIDDEN) ;
"""


def rules_of(text):
    return [str(rule) for rule in parse_grammar(text, "g", "ebnf").rules]


def test_antlr():
    assert rules_of(ANTLR) == [
        "prog -> expr",
        "expr -> expr expr_group expr",
        "expr -> expr '+' expr",
        "expr -> INT",
        "expr -> '(' expr ')'",
        "expr_group -> '*'",
        "expr_group -> '/'",
        "DIGIT -> '0'",
        "DIGIT -> '1'",
        "DIGIT -> '_'",
        "INT -> DIGIT_plus",
        "DIGIT_plus -> DIGIT DIGIT_plus",
        "DIGIT_plus -> DIGIT",
    ]


def test_iso():
    text = """(* words *)
    word = letter , { letter | "_" } , [ "!" ] ;
    letter = "a" | 'b' ;"""
    assert rules_of(text) == [
        "word -> letter word_star word_opt",
        "word_star -> letter word_star",
        "word_star -> '_' word_star",
        "word_star ->",
        "word_opt -> '!'",
        "word_opt ->",
        "letter -> 'a'",
        "letter -> 'b'",
    ]


def test_w3c():
    text = """expr ::= term ('+' term)*  # without an end
    term ::= [a-b] | #x41 /* or A */
    """
    assert rules_of(text) == [
        "expr -> term expr_star",
        "expr_star -> '+' term expr_star",
        "expr_star ->",
        "term -> 'a'",
        "term -> 'b'",
        "term -> 'A'",
    ]


def test_a_label_is_no_character():
    assert rules_of("a : 'u' #xAdd | 'v' # Last ;") == ["a -> 'u'", "a -> 'v'"]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a : ~[a] ;", "1:5", ["not finite"]),
        ("a : . ;", "1:5", ["any character"]),
        ("a : [^a] ;", "1:5", ["not finite", "such as [a-z_]"]),
        ("a : 'x' {code()} ;", "1:9", ["actions and templates are not read"]),
        ("a : <assoc=right> 'x' ;", "1:5", ["options and templates are not read"]),
        ("a : 'x'\nb : 'y' ;", "2:1", ["the definition of a is not closed", "close it with ;"]),
        ("a : 'x'", "1:8", ["the definition of a is not closed"]),
        ("a : ('x' ;", "1:5", ["this ( is not closed: found ';'", "close it with )"]),
        ("a : 'x' ) ;", "1:9", ["unexpected ')'"]),
        ("a : 'x' -> more ;", "1:9", ["a command of a lexer", "only -> skip"]),
        ("options {x=y;}\na : 'x' ;", "1:1", ["expected : behind 'options', found '{'"]),
        ("a : 'x' ;\n: 'y' ;", "2:1", ["expected a definition, such as name : …, found ':'"]),
        ("a = 'x", "1:5", ["a quote that is never closed"]),
        ("a : 'x'.. 'y' ;\nb : 'xx'..'y' ;", "2:5", ["'xx'..'y' is no range"]),
    ],
)
def test_errors_show_the_place(text, place, words):
    with pytest.raises(GrammarError) as caught:
        parse_grammar(text, "g.g4", "ebnf")
    message = str(caught.value)
    assert message.startswith(f"g.g4:{place}: ")
    assert message.split("\n")[2] == " " * (int(place.split(":")[1]) + 3) + "^"
    for part in words:
        assert part in message
