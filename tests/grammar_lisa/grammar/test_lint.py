"""What the linter and the report tell about a grammar."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_grammars import EXPR, grammars

from grammar_lisa.grammar import Counts, GrammarError, load_grammar, parse_grammar
from grammar_lisa.grammar.ambiguity import find_ambiguity
from grammar_lisa.grammar.report import report
from shared.common.errors import LisaError


def found(text):
    return {finding.code: finding for finding in parse_grammar(text).findings}


def test_undefined_symbols():
    with pytest.raises(GrammarError) as caught:
        parse_grammar("S -> 'the' Nuon\nNoun -> 'dog'")
    assert "did you mean Noun?" in str(caught.value)
    assert "write 'Nuon'" in str(caught.value)
    finding = found("S -> 'a'\nNothing -> None")["undefined-symbol"]
    assert (finding.severity, finding.line, finding.column) == ("warning", 2, 12)
    assert "dropped" in finding.message


def test_several_errors_are_counted():
    with pytest.raises(GrammarError, match="2 more errors"):
        parse_grammar("S -> one | two | three")


def test_unreachable_and_unproductive():
    findings = found("S -> 'a' | U\nU -> 'b' U\nX -> 'x'")
    assert findings["unproductive"].severity == "warning"
    assert "line 1, 2" in findings["unproductive"].message
    assert "no sentence uses X" in findings["unreachable"].message


def test_reachable_only_through_a_dropped_rule():
    findings = found("S -> 'a' | U X\nU -> 'b' U\nX -> 'x'")
    assert "no sentence uses X" in findings["unreachable"].message


def test_duplicates():
    finding = found("S -> 'a' | 'b'\nS -> 'a'")["duplicate-rule"]
    assert (finding.severity, finding.line) == ("warning", 2)
    assert "line 1 already" in finding.message


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("S -> S | 'a'", "S => S"),
        ("S -> A | 'a'\nA -> B\nB -> S | 'b'", "S => A => B => S"),
        ("S -> E S E | 'a'\nE -> |'e'", "S => S"),
        ("S -> A 'x'\nA -> B E\nB -> E A | 'b'\nE ->", "A => B => A"),
    ],
)
def test_cycles(text, path):
    finding = found(text)["cycle"]
    assert finding.severity == "warning"
    assert f"({path})" in finding.message


def test_no_cycle_without_one():
    assert "cycle" not in found("S -> S S | 'a'")
    assert "cycle" in found("S -> S S | 'a' |")


def test_left_recursion():
    assert "S can begin with itself" in found("S -> S '+' 'a' | 'a'")["left-recursion"].message
    indirect = found("S -> A 'x' | 'a'\nA -> E S 'y'\nE -> 'e' |")["left-recursion"]
    assert "S => A => S" in indirect.message
    assert indirect.severity == "note"
    assert "left-recursion" not in found("S -> 'a' S | 'a'")


def test_an_empty_first_alternative_is_told():
    finding = found("S -> 'a' A\nA ->\n  | 'b'")["empty-first"]
    assert (finding.severity, finding.line) == ("warning", 2)
    assert "A can be empty" in finding.message
    assert "empty-first" not in found("S -> 'a' A\nA -> | 'b'\n  | 'c'")


def test_weights_and_pragma():
    assert found("S -> 'a' [0.5] | 'b'")["mixed-weights"].severity == "warning"
    assert "sum to 0.75" in found("S -> 'a' [0.5] | 'b' [0.25]")["weights"].message
    assert found("S -> 'a' [0.3] | 'b' [0.7]") == {}
    assert found("# tokens: wide\nS -> 'a'")["unknown-pragma"].line == 1
    assert found("# tokens: spaced\nS -> 'a'") == {}
    assert found("# tokens: these are words\nS -> 'a'") == {}


def test_finding_as_text():
    assert str(parse_grammar("S -> S | 'a'").findings[0]).startswith("1:6: warning: S derives")


def test_report_on_expressions():
    result = report(load_grammar(EXPR), 15)
    assert result.total == 199_941_076
    assert result.counts == (
        (2, 4),
        (4, 60),
        (6, 1044),
        (8, 19980),
        (10, 407268),
        (12, 8675100),
        (14, 190837620),
    )
    assert (result.shortest_sentence, result.shortest_rules) == ("x", 2)
    assert result.lalr
    assert result.spacing == "words"
    assert result.findings[-1].code == "unambiguous"
    assert "the grammar is LALR(1)" in result.findings[-1].message


def test_report_names_an_ambiguous_sentence():
    result = report(parse_grammar("S -> S '+' S | 'x'"), 7)
    finding = result.findings[-1]
    assert (finding.severity, finding.code) == ("warning", "ambiguous")
    assert "'x+x+x'" in finding.message
    assert finding.message.count("S -> S '+' S, S ->") >= 2
    assert not result.lalr


def test_report_looks_at_all_derivations_of_a_small_language():
    """Palindromes of even length: no LALR(1) grammar, but an unambiguous one."""
    result = report(parse_grammar("S -> 'a' S 'a' | 'b' S 'b' | 'a' 'a' | 'b' 'b'"), 3)
    assert not result.lalr
    message = result.findings[-1].message
    assert message.startswith("no ambiguity found among the 14 shortest derivations")
    assert message.endswith("drawn of up to 6 rules")


@given(grammars, st.integers(0, 4))
def test_what_is_called_unambiguous_has_no_witness(grammar, extra):
    limit = grammar.shortest + extra
    finding = report(grammar, limit).findings[-1]
    listed = find_ambiguity(grammar, Counts(grammar, limit))
    if finding.code == "unambiguous":
        assert listed.severity == "note"
    else:
        assert finding == listed


def test_report_too_short():
    with pytest.raises(LisaError, match="the shortest has 2"):
        report(load_grammar(EXPR), 1)
