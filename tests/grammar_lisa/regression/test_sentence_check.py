"""Whether the sentences of a grammar are formulas over the inputs of a table."""

import numpy as np
import pandas as pd
import pytest

from grammar_lisa.grammar.cfg import parse_grammar
from grammar_lisa.regression.sentence_check import check_sentences, short_sentences
from grammar_lisa.regression.tables.table import Table
from shared.common.errors import LisaError

X = np.arange(1.0, 5.0)


def table():
    return Table.from_frame(pd.DataFrame({"x": X, "Δt": X, "z": X}), pd.Series(X, name="y"))


def checked(rules, max_rules=20):
    return check_sentences(parse_grammar(rules), table(), max_rules)


def test_each_rule_has_a_short_sentence():
    rules = "S -> 'c*' F | S '+' S\nF -> 'x' | 'exp(' P ')'\nP -> F | P '*' F"
    grammar = parse_grammar(rules)
    found = {str(rule): sentence for rule, sentence in short_sentences(grammar, 20)}
    assert len(found) == len(grammar.rules)
    assert found["S -> S '+' S"] == "c*x+c*x"
    assert found["P -> P '*' F"] == "c*exp(x*x)"
    assert len(list(short_sentences(grammar, 2))) == 2


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("S -> 'c*q' | 'c*x'", "the sentence .c.q.: .*unknown variable q; valid are x, Delta"),
        ("S -> 'c*x'\nS -> 'c*exp(' T ')'\nT -> 'x' | 'zz'", "line 3: the sentence 'c.exp.zz.'"),
        ("S -> 'c*floor(x)' | 'x'", "unknown function floor; valid are sin"),
        ("S -> 'C1*x/(C2+x)'", "where C1 is a number to be fitted, write c"),
        ("S -> 'c*y'", "y is the target, which no formula may use"),
        ("S -> 'c*Δt'", r"the table has Δt \(Deltat in formulas\)"),
        ("S -> 'c*x^c'", "no sentence was found that is a formula: .*write .. instead of"),
        ("S -> 'c*(x' | 'c*x)'", "the sentence 'c..x': .*this parenthesis is never closed"),
    ],
)
def test_sentences_that_are_no_formulas_are_shown_with_the_reason(rules, message):
    with pytest.raises(LisaError, match=f"(?s){message}"):
        checked(rules)


def test_some_sentences_may_be_no_formulas():
    variables, (note,) = checked("S -> 'c*(x' | 'c*x'")
    assert variables == ("x",)
    assert note.startswith("some sentences of the grammar are no formulas, and passed over: ")
    assert "never closed" in note
    assert checked("S -> 'c*z' | 'c*z**2+Deltat' | 'pi'") == (("Deltat", "z"), ())


def test_sentences_that_are_too_long_are_not_looked_at():
    rules = "S -> 'x' | A\nA -> B\nB -> 'q'"
    assert checked(rules, max_rules=2) == (("x",), ())
    with pytest.raises(LisaError, match="unknown variable q"):
        checked(rules, max_rules=3)
