"""Weights learnt from sentences: against counts by hand, frequencies, and the grammar they keep."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_grammars import EXPR, grammars

from grammar_lisa.grammar import Parser, load_grammar, parse_grammar
from grammar_lisa.grammar.sampling import sample, sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.grammar.weights import (
    ByParent,
    file_probabilities,
    learn_weights,
    log_likelihoods,
    rule_counts,
)

SUMS = parse_grammar("E -> E '+' T | T\nT -> 'x' [3] | '1' [1] | '(' E ')' [4]", "sums")


def parsed(*texts):
    return list(map(Parser(SUMS).parse, texts))


def shares(grammar):
    return dict(zip(map(str, grammar.rules), file_probabilities(grammar).tolist(), strict=True))


def test_against_counts_by_hand():
    """x+x and (x): E -> E '+' T once, E -> T three times, 'x' three times, '(' once."""
    derivations = parsed("x+x", "(x)")
    assert rule_counts(SUMS, derivations).tolist() == [1, 3, 3, 0, 1]
    found = learn_weights(SUMS, derivations, smoothing=1)
    np.testing.assert_allclose(found.plain, [2 / 6, 4 / 6, 4 / 7, 1 / 7, 2 / 7])
    found = learn_weights(SUMS, derivations, smoothing=0.5)
    np.testing.assert_allclose(found.plain, [1.5 / 5, 3.5 / 5, 3.5 / 5.5, 0.5 / 5.5, 1.5 / 5.5])


def test_by_parent_against_counts_by_hand():
    """Of the two T behind a plus none is '1'; their prior are the weights without the parent."""
    found = learn_weights(SUMS, parsed("x+x", "(x)"), smoothing=1)
    learnt = shares(parse_grammar(found.text(by_parent=True)))
    prior = {"'x'": 4 / 7, "'1'": 1 / 7}
    assert learnt["T^E1 -> 'x'"] == pytest.approx((1 + 3 * prior["'x'"]) / (1 + 3))
    assert learnt["T^E1 -> '1'"] == pytest.approx((0 + 3 * prior["'1'"]) / (1 + 3))
    assert learnt["T^E2 -> 'x'"] == pytest.approx((2 + 3 * prior["'x'"]) / (3 + 3))
    assert learnt["E -> T^E2"] == pytest.approx((1 + 2 * 4 / 6) / (2 + 2))
    assert learnt["E^T3 -> T^E2"] == pytest.approx((1 + 2 * 4 / 6) / (1 + 2))


def test_a_sentence_that_comes_twice_counts_twice():
    once, twice = (learn_weights(SUMS, parsed(*texts), 1) for texts in (["x"], ["x", "x"]))
    assert twice.plain[2] == pytest.approx(3 / 5)
    assert once.plain[2] == pytest.approx(2 / 4)


def test_weights_of_the_file_count_in_proportion():
    np.testing.assert_allclose(file_probabilities(SUMS), [0.5, 0.5, 3 / 8, 1 / 8, 4 / 8])
    (derivation,) = parsed("x+1")
    (found,) = log_likelihoods([derivation], file_probabilities(SUMS))
    assert found == pytest.approx(math.log(0.5 * 0.5 * 3 / 8 * 1 / 8))


@settings(deadline=None, max_examples=50)
@given(grammars, st.integers(0, 99), st.sampled_from([0.1, 1.0, 7.0]))
def test_learnt_grammars_are_the_same_language_with_weights(grammar, seed, smoothing):
    limit = grammar.shortest + 4
    derivations = sample_uniform(grammar, 5, limit, seed, distinct=False)
    found = learn_weights(grammar, derivations, smoothing)
    plain = parse_grammar(found.text(by_parent=False, head="learnt\nfrom a file"))
    assert [str(rule) for rule in plain.rules] == [str(rule) for rule in grammar.rules]
    np.testing.assert_allclose(file_probabilities(plain), found.plain, rtol=1e-6)
    apart = parse_grammar(found.text(by_parent=True))
    own = [found.by_parent.derivation(each) for each in derivations]
    texts = derivations_to_texts(grammar, derivations)
    assert derivations_to_texts(apart, own) == texts
    assert [[int(found.by_parent.base[rule]) for rule in each] for each in own] == [
        list(each) for each in derivations
    ]
    np.testing.assert_allclose(
        found.log_likelihoods(derivations, by_parent=True),
        log_likelihoods(own, file_probabilities(apart)),
        rtol=1e-6,
    )
    assert apart.spacing.mode == grammar.spacing.mode
    assert (found.plain > 0).all()
    assert (found.conditioned > 0).all()


def test_samples_have_the_frequencies_of_the_sentences():
    texts = ["x"] * 50 + ["1"] * 30 + ["x+1"] * 15 + ["(x)"] * 5
    found = learn_weights(SUMS, parsed(*texts), smoothing=1e-6)
    grammar = parse_grammar(found.text(by_parent=True))
    drawn = sample(grammar, 4000, 60, 0, "weighted", distinct=False)
    frequency = Counter(derivations_to_texts(grammar, drawn))
    assert frequency["x"] / len(drawn) == pytest.approx(85 / 100 * 70 / 105, abs=0.03)
    assert frequency["x+1"] / len(drawn) == pytest.approx(15 / 100 * 70 / 105, abs=0.03)
    counts = rule_counts(grammar, drawn)
    for symbol in grammar.nonterminals:
        rules = list(grammar.rules_of[symbol])
        uses = counts[rules].sum()
        if uses > 200:
            expected = file_probabilities(grammar)[rules]
            np.testing.assert_allclose(counts[rules] / uses, expected, atol=4 / math.sqrt(uses))


def test_the_parent_says_more_where_symbols_depend_on_it():
    """In these sentences a T behind a plus is always 1, and another T always x."""
    train, test = parsed(*["x+1", "x"] * 30), parsed("x+1", "x")
    found = learn_weights(SUMS, train, 1)
    plain = found.log_likelihoods(test, by_parent=False).mean()
    assert found.log_likelihoods(test, by_parent=True).mean() > plain + 0.3
    assert plain > log_likelihoods(test, file_probabilities(SUMS)).mean()


def test_symbols_are_told_apart_once():
    by_parent = ByParent(load_grammar(EXPR))
    assert len(by_parent.contexts) == 1 + 3 + 4 + 3
    assert len(by_parent.grammar.rules) == len(by_parent.base)
    again = ByParent(by_parent.grammar)
    assert len({rule.lhs for rule in again.grammar.rules}) == len(again.contexts)
