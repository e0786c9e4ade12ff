import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_grammars import EXPR

from grammar_lisa.benchmark.drawn import drawn_targets
from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.parsing import Parser
from grammar_lisa.objectives.targets import target_for
from shared.common.errors import LisaError

GRAMMAR = load_grammar(EXPR)
POINTS = {"x": np.linspace(-10, 10, 1000)}


def values_of(text):
    """An evaluation that shares nothing with the package."""
    with np.errstate(all="ignore"):
        value = eval(text, {"sin": np.sin, "exp": np.exp}, POINTS)
    return np.broadcast_to(value, 1000)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=20)
def test_drawn_targets_are_different_finite_and_no_straight_lines(seed):
    texts = drawn_targets(GRAMMAR, 15, POINTS, 5, seed)
    assert len(texts) == 5
    values = [values_of(text) for text in texts]
    for text, y in zip(texts, values, strict=True):
        target_for(text, ("x",)).regression(seed)
        assert np.abs(y).max() <= 1000
        residual = np.polynomial.Polynomial.fit(POINTS["x"], y, 1)(POINTS["x"]) - y
        assert np.log1p(np.mean(residual**2)) >= 0.11
    assert len({np.round(y, 5).tobytes() for y in values}) == 5


def test_the_seed_draws_them():
    assert drawn_targets(GRAMMAR, 15, POINTS, 6, 3) == drawn_targets(GRAMMAR, 15, POINTS, 6, 3)
    assert drawn_targets(GRAMMAR, 15, POINTS, 6, 3)[:4] == drawn_targets(GRAMMAR, 15, POINTS, 4, 3)
    assert drawn_targets(GRAMMAR, 15, POINTS, 6, 3) != drawn_targets(GRAMMAR, 15, POINTS, 6, 4)


def test_they_are_sentences_within_the_length():
    for text in drawn_targets(GRAMMAR, 9, POINTS, 5, 0):
        assert len(Parser(GRAMMAR).parse(text)) <= 9


def test_what_does_not_fit_is_passed_over():
    drawn = drawn_targets(GRAMMAR, 15, POINTS, 6, 3)
    others = drawn_targets(GRAMMAR, 15, POINTS, 5, 3, lambda text: text != drawn[2])
    assert others == drawn[:2] + drawn[3:]


def test_a_grammar_that_has_too_few_is_told():
    with pytest.raises(LisaError, match=r"expr.cfg at 3 rules are targets worth looking for"):
        drawn_targets(GRAMMAR, 3, POINTS, 3, 0)
