"""Expressions written in one order: equal in value, and one text for all orders."""

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar_lisa.expressions.evaluation import evaluate
from grammar_lisa.expressions.language import Expressions, PlainText
from grammar_lisa.expressions.reading import Reading
from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts

X_AND_Y = Expressions(("x", "y"))


def texts_of(sentences):
    return [each.text for each in X_AND_Y.canonical(sentences)]


def skeleton(sentence):
    return X_AND_Y.canonical([sentence])[0].skeleton


DATA = {"x": np.array([0.7315, 1.9131, -1.2741]), "y": np.array([1.3177, -0.4419, 2.2351])}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x*1+sin(3)+sin(x*x)", "sin(3)+x+sin(x*x)"),
        ("sin(x)+x*1+(2+1)", "1+2+x+sin(x)"),
        ("((x))+1/3+sin(x*(1))", "1/3+x+sin(x)"),
        ("x/3*2", "2*x/3"),
        ("x/(2/3)", "3*x/2"),
        ("1/(x+2)/3", "1/3/(2+x)"),
        ("x-0+y*0", "x+0*y"),
        ("1*1+0", "1"),
        ("0+0", "0"),
        ("-x+1", "1-x"),
        ("-(x-1)", "1-x"),
        ("-(x*y)-2", "-2-x*y"),
        ("2-(x-(1-x))", "1+2-x-x"),
        ("-x**2", "-x**2"),
        ("(-x)**2", "(-x)**2"),
        ("2**3**x", "2**3**x"),
        ("(2**3)**(1*x)", "(2**3)**x"),
        ("pow(x, 2)", "x**2"),
        ("exp( x ) * y - 0.50", "y*exp(x)-0.5"),
        ("y*pi+e", "e+pi*y"),
        ("x+", "x+"),
        ("x+z", "x+z"),
    ],
)
def test_texts_are_in_one_order_without_what_changes_nothing(text, expected):
    assert texts_of([text]) == [expected]


def shuffled(text, generator):
    """Write an expression with the terms of sums and the factors of products in another order."""
    depths = list(itertools.accumulate((c == "(") - (c == ")") for c in text))
    at = {sign: [i for i, c in enumerate(text) if c == sign and not depths[i]] for sign in "+-*/"}
    sign = "+" if at["+"] else "*" if at["*"] and not at["-"] and "**" not in text else ""
    if sign:
        edges = [-1, *at[sign], len(text)]
        parts = [text[a + 1 : b] for a, b in itertools.pairwise(edges)]
        generator.shuffle(parts)
        return sign.join(shuffled(part, generator) for part in parts)
    if text.endswith(")") and not any(at.values()):
        name, _, inner = text.partition("(")
        return f"{name}({shuffled(inner[:-1], generator)})"
    return text


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["expr", "koza"]), st.integers(0, 10_000), st.sampled_from([6, 9, 12]))
def test_values_stay_and_one_text_is_that_of_all_orders(grammars, name, seed, rules):
    grammar = grammars[name]
    texts = derivations_to_texts(grammar, sample_uniform(grammar, 60, rules, seed, fewer=True))
    found = texts_of(texts)
    assert texts_of(found) == found
    others = [shuffled(text, random.Random(seed)) for text in texts]
    assert texts_of(others) == found
    before, after = evaluate(texts, DATA), evaluate(found, DATA)
    both = np.isfinite(before) & np.isfinite(after) & (np.abs(before) < 1e6)
    assert np.allclose(before[both], after[both], rtol=1e-6, atol=1e-6)


@pytest.fixture(scope="module")
def grammars(request):
    folder = request.config.rootpath / "grammars"
    return {name: load_grammar(folder / f"{name}.cfg") for name in ("expr", "koza")}


def test_a_text_is_that_whichever_sentences_are_beside():
    texts = ["x*x+1", "sin(x*x)+y", "1+x*x", "y"]
    assert texts_of(texts) == [texts_of([t])[0] for t in texts]
    assert texts_of([]) == []


def test_deep_parentheses_are_no_limit():
    assert texts_of(["(" * 5000 + "x+1" + ")" * 5000]) == ["1+x"]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["x*1+sin(3)+sin(x*x)", "1/3+x+sin(x*x)", "sin(x*x)+x-2"], "(c+sin((x*x))+x)"),
        (["x+sin(x*x)"], "(sin((x*x))+x)"),
        (["2*x", "x/3*2", "x*exp(1)/5"], "(c*x)"),
        (["1/x"], "(/x)"),
        (["2/x", "sin(1)/x/3"], "(c*/x)"),
        (["x", "x*1", "(x)+0"], "x"),
        (["3", "sin(1)+2", "2**3", "pi"], "c"),
        (["x**2", "x**sin(3)"], "**(x,c)"),
        (["sin(2*x+1)-y", "sin(3+x*5)-y*1"], "(sin((c+(c*x)))+-y)"),
    ],
)
def test_a_skeleton_is_what_is_left_but_for_constants(texts, expected):
    assert {skeleton(text) for text in texts} == {expected}


def test_skeletons_tell_apart_what_differs_in_more_than_constants():
    texts = ["x", "c", "x+1", "2*x", "1/x", "x*x", "x+x", "sin(x)", "sin(x+1)", "-x", "x-y", "y-x"]
    assert len({skeleton(text) for text in texts}) == len(texts)


def test_a_language_of_expressions_has_canonical_texts_and_plain_text_its_own():
    found = X_AND_Y.canonical(["x*1", "x+1", "x+z"])
    assert found == [("x", "x"), ("1+x", "(c+x)"), ("x+z", "x+z")]
    assert PlainText().canonical(["x*1"]) == [("x*1", "x*1")]


def test_what_was_forgotten_is_read_as_before(monkeypatch):
    sentences = ["sin(x)+x*1", "x+(2+1)", "y/2*x", "x+", "sin(x)+x*1"]
    monkeypatch.setattr("grammar_lisa.expressions.reading._REMEMBERED", 2)
    read = Reading(("x", "y"))
    for sentence in sentences:
        fresh = Reading(("x", "y"))
        assert read.canonical(sentence) == fresh.canonical(sentence)
        assert read.monomials(sentence) == fresh.monomials(sentence)
