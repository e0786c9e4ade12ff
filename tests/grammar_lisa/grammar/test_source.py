"""Grammar files: what is read from them, and what their errors say."""

import hashlib
import pickle

import nltk
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_grammars import EXPR, ROOT

from grammar_lisa.grammar import GrammarError, load_grammar, parse_grammar
from grammar_lisa.grammar.cfg import nltk_grammar
from grammar_lisa.grammar.source import scan
from shared.common.errors import LisaError


def rules_of(text):
    return [str(rule) for rule in parse_grammar(text).rules]


def message_of(text):
    with pytest.raises(GrammarError) as caught:
        parse_grammar(text, "g.cfg")
    return str(caught.value)


def test_expression_grammar():
    grammar = load_grammar(EXPR)
    assert len(grammar.rules) == 11
    assert [rule.number for rule in grammar.rules] == list(range(11))
    assert [str(symbol) for symbol in grammar.nonterminals] == ["S", "T"]
    assert grammar.terminals == ("+", "*", "/", "(", ")", "sin(", "exp(", "x", "1", "2", "3")
    assert {str(symbol): least for symbol, least in grammar.least_rules.items()} == {"S": 2, "T": 1}
    assert grammar.shortest == 2
    assert grammar.rules_of[grammar.start] == (0, 1, 2, 3)
    assert grammar.text == EXPR.read_text()
    assert grammar.source == str(EXPR)
    assert grammar.digest == hashlib.sha256(EXPR.read_bytes()).hexdigest()
    assert grammar.cfg.productions() == nltk.CFG.fromstring(grammar.text).productions()


@pytest.mark.parametrize("name", ["expr", "json", "sql"])
def test_shipped_grammars_load_without_warnings(name):
    grammar = load_grammar(ROOT / "grammars" / f"{name}.cfg")
    assert all(finding.severity == "note" for finding in grammar.findings)


def test_grammar_can_be_sent_to_another_process():
    grammar = parse_grammar("S -> 'a' S |")
    copy = pickle.loads(pickle.dumps(grammar))
    assert (copy.rules, copy.digest, copy.shortest) == (grammar.rules, grammar.digest, 1)


@pytest.mark.parametrize("arrow", ["->", "→", "::="])
@pytest.mark.parametrize("gap", ["", " ", "\t"])
def test_arrows(arrow, gap):
    assert rules_of(f"S{gap}{arrow}{gap}'a' S|'b'") == ["S -> 'a' S", "S -> 'b'"]


def test_quotes_comments_and_continuations():
    text = """# a comment ending in a backslash \\
    S -> "it's" '"' '#' A \\
      | 'long \\
      word'   # a trailing 'comment with one quote
    A ->    # empty
    """
    rules = parse_grammar(text).rules
    assert rules[0].rhs[:3] == ("it's", '"', "#")
    assert rules[1].rhs == ("long word",)
    assert [rule.rhs for rule in rules][2] == ()
    assert [rule.line for rule in rules] == [2, 3, 5]


def test_a_line_that_begins_with_a_bar_continues_the_rule_above():
    text = "S -> 'a' S\n\n  # more of it\n  | 'b'\n|  # nothing\nA -> 'c'\n| S [2]"
    rules = scan(text).rules
    assert [(str(rule.lhs), len(rule.rhs), rule.weight) for rule in rules] == [
        ("S", 2, None),
        ("S", 1, None),
        ("S", 0, None),
        ("A", 1, None),
        ("A", 1, 2.0),
    ]
    assert [rule.place.line for rule in rules] == [1, 4, 5, 6, 7]
    assert rules_of("S -> 'a' S \\\n   | 'b'") == rules_of("S -> 'a' S\n   | 'b'")


@pytest.mark.parametrize(
    ("written", "token"),
    [
        (r"'don\'t'", "don't"),
        (r"'shop\'s, offer'", "shop's, offer"),
        (r'"\"shop\'s offer\""', '"shop\'s offer"'),
        (r'"back\\slash"', "back\\slash"),
        (r"'\d'", "\\d"),
        (r"'\\d'", "\\d"),
        (r"'\''", "'"),
        (r"'\\'", "\\"),
        (r"'a\tb\n'", "a\tb\n"),
        (r"'\' # \''", "' # '"),
    ],
)
def test_escapes(written, token):
    (rule,) = scan(f"S -> {written}  # 'comment").rules
    assert rule.rhs == (token,)


def test_a_file_that_reads_only_without_escapes_is_read_so():
    grammar = parse_grammar("S -> '\\' S | '\\n' | '#'")
    assert grammar.terminals == ("\\", "\\n", "#")
    assert [finding.code for finding in grammar.findings] == ["no-escapes"]
    assert parse_grammar(r"S -> '\\' S | '\n'").terminals == ("\\", "\n")


def test_start_directive_and_weights():
    grammar = parse_grammar("%start B # here\nA -> 'a' [0.25] | 'b' [.75] | 'c'\nB -> A A")
    assert str(grammar.start) == "B"
    assert [rule.weight for rule in grammar.rules] == [0.25, 0.75, 1.0, 1.0]
    counted = parse_grammar("S -> 'a' [12] | 'b' [3] | [1e3]")
    assert [rule.weight for rule in counted.rules] == [12, 3, 1000]


def test_unused_rules_are_dropped_and_the_rest_renumbered():
    grammar = parse_grammar("S -> U | 'a' | B\nB -> 'b'\nU -> 'u' U\nX -> 'x'\nNothing -> None")
    assert [str(rule) for rule in grammar.rules] == ["S -> 'a'", "S -> B", "B -> 'b'"]
    assert [rule.number for rule in grammar.rules] == [0, 1, 2]
    assert len(grammar.cfg.productions()) == 7


@pytest.mark.parametrize(
    ("text", "place", "column", "words"),
    [
        ("S -> 'a", "1:6", 6, ["quote is never closed", "close it with '"]),
        ("S -> 'a'\nA 'b'", "2:3", 3, ['expected an arrow (->), found "\'"', "a rule is"]),
        ("S", "1:2", 2, ["expected an arrow (->), found the end of the line"]),
        ("-> 'a'", "1:1", 1, ["expected a symbol name, found '-'"]),
        ("S -> 'a' -> 'b'", "1:10", 10, ["a second arrow"]),
        ("  S -> 'a' ; ", "1:12", 12, ["unexpected ';'", "write ';'"]),
        ("%begin S\nS -> 'a'", "1:1", 1, ["unknown directive", "%start NAME"]),
        ("%start\nS -> 'a'", "1:7", 7, ["takes one symbol name"]),
        ("%start S A\nS -> 'a'", "1:8", 8, ["takes one symbol name"]),
        ("%start S\nS -> 'a'\n%start S", "3:1", 1, ["a second %start", "keep one"]),
        ("%start s\nS -> 'a'", "1:8", 8, ["the start symbol s has no rules"]),
        ("S -> 'a' | ''", "1:12", 12, ["an empty terminal", "leave the alternative empty"]),
        ("S -> 'a' [-1.5]", "1:10", 10, ["the weight -1.5 is out of range", "[0.3]", "[12]"]),
        ("S -> 'a' [inf]", "1:10", 10, ["the weight inf is out of range"]),
        ("\n  | 'a'\nS -> 'b'", "2:3", 3, ["no rule above", "continues"]),
        ("S -> 'a' [0]", "1:10", 10, ["the weight 0 is out of range"]),
        ("S -> 'a' [nan]", "1:10", 10, ["out of range"]),
        ("S -> 'a' [x]", "1:10", 10, ["'x' is no number"]),
        ("S -> 'a' [0.5", "1:10", 10, ["bracket is never closed"]),
        ("S -> 'a' [0.5] 'b'", "1:16", 16, ["a symbol behind the weight"]),
        ("S -> 'a' \\\n  'b' | \\\n\t'c", "3:2", 2, ["never closed"]),
        ("S -> 'a' \\", "1:10", 10, ["ends in a backslash", "remove the backslash"]),
        ("S -> 'a' | NP", "1:12", 12, ["NP is defined nowhere", "unquoted terminal"]),
        ("S -> 'a' ε", "1:10", 10, ["ε is defined nowhere", "leave the alternative empty"]),
        ("S -> 'a' S", "1:6", 6, ["the language is empty"]),
    ],
)
def test_errors_show_the_place(text, place, column, words):
    message = message_of(text)
    head, line, caret, hint = message.split("\n")[:4]
    assert head.startswith(f"g.cfg:{place}: ")
    assert line[4:] == text.split("\n")[int(place.split(":")[0]) - 1].rstrip().replace("\t", " ")
    assert caret == " " * (column + 3) + "^"
    assert hint
    for part in words:
        assert part in message


@pytest.mark.parametrize("text", ["", " \n\n", "# only a comment\n", "%start S"])
def test_no_rules(text):
    assert "write rules such as: S -> " in message_of(text)


def test_files_that_are_no_grammar(tmp_path):
    (tmp_path / "binary.cfg").write_bytes(b"S -> '\0'")
    (tmp_path / "latin.cfg").write_bytes("S -> 'é'".encode("latin-1"))
    for name, words in [
        ("missing.cfg", "no such file"),
        (".", "a directory"),
        ("binary.cfg", "binary file"),
        ("latin.cfg", "not UTF-8 text (byte 6)"),
    ]:
        with pytest.raises(LisaError, match=r".*") as caught:
            load_grammar(tmp_path / name)
        assert words in str(caught.value)
        assert "give the path of a text file" in str(caught.value)
    (tmp_path / "file").write_text("S -> 'a'")
    with pytest.raises(GrammarError, match=r"g\.cfg: cannot be read \(Not a directory\); give"):
        load_grammar(tmp_path / "file" / "g.cfg")


def test_byte_order_mark_is_ignored(tmp_path):
    (tmp_path / "bom.cfg").write_bytes("S -> 'a'".encode("utf-8-sig"))
    assert len(load_grammar(tmp_path / "bom.cfg").rules) == 1


pieces = st.sampled_from(
    [
        "S",
        "A",
        "B/x",
        "n-1",
        " ",
        "  ",
        "\t",
        " -> ",
        "->",
        " | ",
        "|",
        "'a'",
        '"b c"',
        "'#'",
        "'it\"s'",
        '"\'"',
        "\n",
        "\n\n",
        "\\\n",
        "# note\n",
        "%start A\n",
        "S -> ",
        "A -> 'a'\n",
        "'\\'",
        "'\\d'",
    ]
)


@given(st.lists(pieces, max_size=25).map("".join))
def test_what_nltk_accepts_means_the_same_here(text):
    try:
        theirs = nltk.CFG.fromstring(text)
    except (ValueError, IndexError):
        return
    try:
        ours = nltk_grammar(scan(text))
    except GrammarError as error:
        assert "second %start" in str(error) or "ends in a backslash" in str(error)  # noqa: PT017
        return
    assert ours.start() == theirs.start()
    assert ours.productions() == theirs.productions()


@given(st.text(alphabet="SA->|'\"ab \\\n#%[]0.1start→:=é", max_size=60))
def test_any_text_is_a_grammar_or_a_grammar_error(text):
    try:
        grammar = parse_grammar(text)
    except GrammarError:
        return
    assert grammar.shortest >= 1
