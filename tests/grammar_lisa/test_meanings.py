import numpy as np
import pytest
from learning import learnt

from grammar_lisa.derivations.sampling import sample_uniform
from grammar_lisa.derivations.text import derivations_to_texts
from grammar_lisa.grammar import parse_grammar
from grammar_lisa.objectives.evaluation import evaluate
from grammar_lisa.objectives.meanings import Meanings

EXPR = """
S -> S '+' T | S '*' T | S '/' T | T
T -> '(' S ')' | 'sin(' S ')' | 'exp(' S ')' | 'x' | '1' | '2' | '3'
"""
POINTS = {"x": np.linspace(-4.1, 4.3, 60)}


def known(meanings, *sentences):
    found = meanings.foresee(sentences)
    assert (np.isnan(found).any(axis=1) == np.isnan(found).all(axis=1)).all()
    return np.isfinite(found).all(axis=1).tolist()


ARITHMETIC = ["x", "1/3", "x*x+2/x", "-x-(1-x)", "x**3", "sin(3)*x", "exp(sin(1))/x", "pi*x"]


@pytest.mark.parametrize("sentence", ARITHMETIC)
def test_arithmetic_and_functions_of_numbers_are_known_from_the_start(sentence):
    found = Meanings(POINTS).foresee([sentence])
    np.testing.assert_array_equal(found, evaluate([sentence], POINTS))


@pytest.mark.parametrize("sentence", ["sin(x)", "x**x", "x**(1/2)", "exp(x*x)+x", "cosh(2*x)"])
def test_functions_of_variables_are_not(sentence):
    assert known(Meanings(POINTS), sentence) == [False]
    assert known(learnt(["x+exp(x/3)"], POINTS), sentence) == [False]


@pytest.mark.parametrize(
    "scored",
    ["3*sin(x)+x", "x/(2-sin(x))", "-(1-sin(x))*x", "(sin(x)+1/3)/x", "sin(3)+sin(x)", "2/sin(x)"],
)
def test_arithmetic_tells_a_function_that_stands_alone(scored):
    meanings = learnt([scored], POINTS)
    np.testing.assert_allclose(
        meanings.foresee(["sin(x)/2+x"]), evaluate(["sin(x)/2+x"], POINTS), rtol=1e-7, atol=1e-9
    )
    assert known(meanings, "sin(x+7)", "exp(x)") == [False, False]


def test_two_unknown_functions_tell_nothing_until_one_is_known():
    both = ["sin(x)+exp(x)"]
    assert known(learnt(both, POINTS), "sin(x)", "exp(x)") == [False, False]
    assert known(learnt([*both, "exp(x)*x"], POINTS), "sin(x)", "exp(x)") == [True, True]


def test_a_function_in_a_function_is_told_once_the_inner_one_is():
    inner = "exp(sin(x))"
    assert known(learnt([inner], POINTS), "exp(sin(x))+1", "exp(x)") == [False, False]
    assert known(learnt([inner, "2*sin(x)"], POINTS), "exp(sin(x))+1") == [True]


def test_what_is_known_at_some_points_alone_is_not_foreseen():
    few = {"x": np.linspace(-1, 1, 9)}
    meanings = Meanings(few)
    outputs = evaluate(["sin(x)"], few)
    outputs[0, 3] = np.nan
    meanings.learn(["sin(x)"], outputs)
    assert known(meanings, "sin(x)") == [False]
    assert len(meanings.tables["sin"]) == 8


def test_a_difference_that_is_rounding_alone_tells_nothing():
    points = {"x": np.array([1.0, 2.0])}
    assert known(learnt(["x*10000000000000000+sin(x)"], points), "sin(x)") == [False]


def test_sentences_that_cannot_be_read_are_passed_over():
    meanings = learnt(["sin(", "x+y", "sin(x)"], POINTS)
    assert known(meanings, "sin(", "x+y", "sin(x)", "") == [False, False, True, False]
    assert meanings.foresee([]).shape == (0, 60)


def test_learning_goes_on_and_a_copy_does_not():
    meanings = learnt(["sin(x)"], POINTS)
    kept, extent = meanings.copy(), meanings.extent
    meanings.learn(["exp(x)"], evaluate(["exp(x)"], POINTS))
    assert meanings.extent == extent + 60
    assert kept.extent == extent
    assert known(kept, "exp(x)") == [False]
    assert known(meanings, "exp(x)*sin(x)") == [True]


def test_most_sentences_of_a_grammar_are_foreseen_by_some_hundreds_of_others():
    grammar = parse_grammar(EXPR)
    texts = derivations_to_texts(grammar, sample_uniform(grammar, 1500, 15, 3, distinct=True))
    scored, others = texts[:500], texts[500:]
    found = learnt(scored, POINTS).foresee(others)
    true = evaluate(others, POINTS)
    finite, told = np.isfinite(true).all(axis=1), np.isfinite(found).all(axis=1)
    assert not (told & ~finite).any()
    assert told.sum() > 0.8 * finite.sum()
    errors = (np.abs(found - true) / (1 + np.abs(true)))[told].max(axis=1)
    assert np.median(errors) < 1e-12
    assert np.quantile(errors, 0.95) < 1e-4


def test_two_variables():
    points = {name: np.random.default_rng(n).uniform(-1, 1, 40) for n, name in enumerate("xy")}
    meanings = learnt(["sin(x)*y", "sin(y)+1", "x*cos(x+y)"], points)
    assert known(meanings, "sin(x)*sin(y)", "y*cos(x+y)", "exp(y)") == [True, True, False]


def test_a_view_at_some_points_learns_what_the_whole_learns():
    meanings = Meanings(POINTS)
    rows = np.array([1, 3])
    view = meanings.at(rows)
    assert known(view, "sin(x)") == [False]
    meanings.learn(["sin(x)+1"], evaluate(["sin(x)+1"], POINTS))
    np.testing.assert_allclose(view.foresee(["sin(x)"]), meanings.foresee(["sin(x)"])[:, rows])
    assert known(view, "sin(x)") == [True]
    assert (view.operators, view.numbers) == (meanings.operators, meanings.numbers)
