from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.expressions.expression import NEGATION, POWER
from grammar_lisa.grammar.parsing import Parser
from grammar_lisa.grammar.sampling import sample
from grammar_lisa.grammar.text import Writer
from grammar_lisa.regression.search.tree import Tree, number, open_constant, variable
from grammar_lisa.regression.sphere.skeleton_grammar import (
    MAX_RULES,
    canonical_formula,
    distinct_sentences,
    has_parts_twice,
    n_rules,
    read_sentence,
    renamed,
    skeleton_grammar,
    write_sentence,
)

X, Y = variable("x1"), variable("x2")
LEAVES = st.sampled_from([X, Y]) | st.floats(0.5, 3).map(open_constant)


def applied(trees):
    pairs = st.tuples(trees, trees)
    return (
        st.builds(Tree, st.sampled_from("+-*/"), pairs)
        | st.builds(Tree, st.sampled_from(["sqrt", "exp", "sin", NEGATION]), st.tuples(trees))
        | st.builds(lambda base, n: Tree(POWER, (base, number(n))), trees, st.sampled_from([2, 3]))
    )


TREES = st.recursive(LEAVES, applied, max_leaves=6)


@cache
def parser():
    return Parser(skeleton_grammar(2))


@given(TREES)
def test_what_is_written_is_a_sentence_of_the_grammar_and_stays_as_it_is(tree):
    sentence = write_sentence(tree)
    assert write_sentence(read_sentence(sentence)) == sentence
    assert len(parser().parse(sentence)) == n_rules(canonical_formula(tree))


@given(TREES.filter(lambda tree: not tree.constants()))
def test_a_formula_without_constants_keeps_its_values(tree):
    points = {"x1": np.array([0.6, 1.3, 2.9]), "x2": np.array([1.9, 0.7, 1.1])}
    formula = canonical_formula(tree)
    if formula.constants():  # -x is written c*x
        return
    expected, found = (each.values(points) for each in (tree, formula))
    np.testing.assert_allclose(*np.broadcast_arrays(found, expected), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("formula", "sentence"),
    [
        ("x2+x1", "(x1+x2)"),
        ("x2*3*x1/2", "(c*(x1*x2))"),
        ("-x1", "(c*x1)"),
        ("1/x1", "(c/x1)"),
        ("x1**0.5", "sqrt(x1)"),
        ("x1**2.5", "(x1**c)"),
        ("(2*x1)**2", "(c*(x1**2))"),
        ("sin(3+x2)-x1", "(sin((x2+c))-x1)"),
        ("2*exp(log(x1)*3)", "(c*(x1**c))"),
    ],
)
def test_numbers_become_constants_and_parts_come_in_one_order(formula, sentence):
    assert write_sentence(read_sentence(formula)) == sentence


@pytest.mark.parametrize("formula", ["tanh(x1)", "x1**x2", "2+tanh(x1)"])
def test_what_the_grammar_lacks_is_no_sentence(formula):
    assert write_sentence(read_sentence(formula)) is None


@pytest.mark.parametrize(
    ("formula", "twice"),
    [
        ("x1+x1", True),
        ("x1*(x2/x1)", True),
        ("sin(2*cos(x1))", True),
        ("exp(x1+exp(x2))", True),
        ("x1+x1*x2", False),
        ("sin(x1)+cos(x1)", False),
    ],
)
def test_parts_that_stand_twice_are_noticed(formula, twice):
    assert has_parts_twice(read_sentence(formula)) == twice


@pytest.mark.parametrize("count", [1, 2, 3])
def test_weighted_draws_give_short_sentences_in_all_variables(count):
    grammar = skeleton_grammar(count)
    drawn = sample(grammar, 500, MAX_RULES, 0, "weighted", distinct=False)
    texts = Writer(grammar).texts(drawn)
    sentences = list(distinct_sentences(read_sentence(text) for text in texts))
    assert len(sentences) == len(set(sentences)) > 50
    trees = [read_sentence(text) for text in sentences]
    assert all(1 <= n_rules(tree) <= MAX_RULES and len(tree.constants()) <= 5 for tree in trees)
    assert all(any(f"x{place + 1}" in text for text in sentences) for place in range(count))


def test_variables_are_renamed_or_the_formula_is_none():
    tree = read_sentence("x1*exp(x2)")
    assert renamed(tree, {"x1": "u", "x2": "v"}).text == "u*exp(v)"
    assert renamed(tree, {"x1": "u"}) is None
