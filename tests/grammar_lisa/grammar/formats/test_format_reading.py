"""Grammars in other notations: which one a file is in, and that runs keep what was read."""

import pytest

from grammar_lisa.grammar import GrammarError, load_grammar, parse_grammar
from grammar_lisa.grammar.formats.reading import notation_of

BNF = "<s> ::= 'a' <s> | 'b'\n"
EBNF = "s : 'a' s | 'b' ;\n"
LARK = 's: "a" s | "b"\n'
CFG = "S -> 'a' S | 'b'\n"


@pytest.mark.parametrize(
    ("name", "text", "notation", "reason"),
    [
        ("g.cfg", CFG, "cfg", "its name ends in .cfg"),
        ("g.bnf", BNF, "bnf", "its name ends in .bnf"),
        ("g.G4", EBNF, "ebnf", "its name ends in .g4"),
        ("g.lark", LARK, "lark", "its name ends in .lark"),
        ("g.txt", CFG, "cfg", "its rules are written so"),
        ("g", BNF, "bnf", "its rules are written so"),
        ("g.txt", EBNF, "ebnf", "it reads in no other notation"),
        ("g.txt", LARK, "lark", "it reads in no other notation"),
        ("g.txt", "S ::= 'a' S | 'b'", "cfg", "it reads so"),
    ],
)
def test_the_ending_or_the_content_tells_the_notation(name, text, notation, reason):
    assert notation_of(text, name) == (notation, reason)


def test_what_cannot_be_told_is_asked_for():
    with pytest.raises(GrammarError, match="it reads in none of them; name it with --format"):
        notation_of("s = a | ;;", "g.txt")


@pytest.mark.parametrize(
    ("name", "text"), [("g.bnf", BNF), ("g.ebnf", EBNF), ("g.lark", LARK), ("g", LARK)]
)
def test_grammars_in_other_notations_keep_the_text_of_a_cfg(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    grammar = load_grammar(tmp_path / name)
    assert [(len(rule.rhs), rule.rhs[0]) for rule in grammar.rules] == [(2, "a"), (1, "b")]
    (told,) = [finding for finding in grammar.findings if finding.code == "format"]
    assert told.message.startswith(f"read as {notation_of(text, name)[0]}: ")
    again = parse_grammar(grammar.text)
    assert [str(rule) for rule in again.rules] == [str(rule) for rule in grammar.rules]
    assert (again.start, again.spacing.mode) == (grammar.start, grammar.spacing.mode)


def test_a_notation_asked_for_is_taken(tmp_path):
    path = tmp_path / "g.cfg"
    path.write_text(BNF)
    assert len(load_grammar(path, "bnf").rules) == 2
    with pytest.raises(GrammarError, match="it reads as bnf: --format bnf"):
        load_grammar(path)


def test_backslashes_are_themselves_where_only_that_reads():
    assert parse_grammar("<s> ::= '\\' <s> | 'n'", "g", "bnf").terminals == ("\\", "n")
    assert parse_grammar(r"s : '\'' s | '\n' ;", "g", "ebnf").terminals == ("'", "\n")


@pytest.mark.parametrize("notation", ["bnf", "ebnf", "lark"])
@pytest.mark.parametrize("text", ["", "\n  \n", "// nothing\n"])
def test_no_rules_at_all(notation, text):
    with pytest.raises(GrammarError, match="no rules"):
        parse_grammar(text, "g", notation)


def test_the_pragma_is_read_in_any_comment():
    for text, notation in [
        ("# tokens: spaced\n" + BNF, "bnf"),
        ("(* tokens: spaced *)\n" + EBNF, "ebnf"),
        ("// tokens: spaced\n" + LARK, "lark"),
    ]:
        assert parse_grammar(text, "g", notation).spacing.mode == "spaced"


def test_findings_are_about_places_of_the_file():
    grammar = parse_grammar("s : 'a' ;\n\n  t : 'b' ;\n", "g", "ebnf")
    (finding,) = [each for each in grammar.findings if each.code == "unreachable"]
    assert (finding.line, finding.column) == (3, 7)
    with pytest.raises(GrammarError, match=r"g:2:5: the symbol u is defined nowhere"):
        parse_grammar("s : 'a'\n  | u ;", "g", "ebnf")


def test_the_start_is_what_leads_to_all_else_the_first():
    last = "digit = '0' | '1' ; number = digit, { digit } ;"
    assert str(parse_grammar(last, "g", "ebnf").start) == "number"
    first = "expr : term ; term : 'x' | '(' expr ')' ; NOTE : '#' ;"
    assert str(parse_grammar(first, "g", "ebnf").start) == "expr"
