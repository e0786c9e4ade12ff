"""Draws that obey restrictions have the laws of those that need not, among what obeys."""

from collections import Counter

import numpy as np
import pytest
from scipy import stats
from small_grammars import EXPR, enumerated

from grammar_lisa.grammar import load_grammar, parse_grammar
from grammar_lisa.grammar.completion import Completion
from grammar_lisa.grammar.limits import limits_of
from grammar_lisa.grammar.restrictions import Restrictions
from grammar_lisa.grammar.sampling import sample
from shared.common.errors import LisaError

LEAVES = parse_grammar("S -> S S | 'a' [3] | 'b' [1]")
BOUNDS = Restrictions(at_most={"a": 2, "b": 1})
EVERY = sorted(
    derivation
    for derivation in enumerated(LEAVES, 5)
    if derivation.count(1) <= 2 and derivation.count(2) <= 1
)


def draws(law, n=6000, **options):
    return sample(LEAVES, n, 5, 0, law, restrictions=BOUNDS, **options)


def fits_law(drawn, law):
    counts, total = Counter(drawn), len(drawn)
    assert set(counts) == set(law)
    seen = [counts[each] for each in law]
    expected = [total * share for share in law.values()]
    return stats.chisquare(seen, expected).pvalue > 1e-3


def test_uniform_draws_are_uniform_over_what_obeys():
    assert len(EVERY) == 11
    assert fits_law(draws("uniform", distinct=False), dict.fromkeys(EVERY, 1 / 11))


def test_lengths_are_uniform_by_length():
    lengths = Counter(map(len, EVERY))
    law = {each: 1 / len(lengths) / lengths[len(each)] for each in EVERY}
    assert fits_law(draws("by-length", distinct=False), law)


def test_weighted_draws_go_by_the_weights_of_what_can_be_finished():
    """By a walk in plain Python over the prefixes of all that obeys."""
    weights = [rule.weight for rule in LEAVES.rules]
    law = {}
    for derivation in EVERY:
        share = 1.0
        for step, rule in enumerate(derivation):
            prefix = derivation[:step]
            others = {each[step] for each in EVERY if each[:step] == prefix}
            share *= weights[rule] / sum(weights[other] for other in others)
        law[derivation] = share
    assert sum(law.values()) == pytest.approx(1)
    assert fits_law(draws("weighted", distinct=False), law)


@pytest.mark.parametrize("law", ["uniform", "by-length"])
def test_distinct_draws_are_all_that_obeys(law):
    texts = {"".join("ab"[rule - 1] for rule in each if rule) for each in EVERY}
    found = draws(law, n=len(texts), fewer=True)
    assert len(found) == len(texts)
    assert set(found) <= set(EVERY)
    with pytest.raises(LisaError, match=r"12 distinct .* with at most 2 of a, at most 1 of b has"):
        draws(law, n=12)


@pytest.mark.parametrize("law", ["uniform", "by-length", "weighted"])
def test_draws_of_a_shipped_grammar_obey(law):
    grammar = load_grammar(EXPR)
    restrictions = Restrictions(("exp",), {"sin": 1, "T -> 'x'": 1, "+": 2})
    found = sample(grammar, 200, 15, 0, law, distinct=False, restrictions=restrictions)
    limits = limits_of(grammar, restrictions)
    padded = np.array([[*each, *[len(grammar.rules)] * (15 - len(each))] for each in found])
    assert limits.obeyed(padded).all()
    assert found == sample(grammar, 200, 15, 0, law, distinct=False, restrictions=restrictions)
    assert len(set(found)) > 50


def test_where_nothing_obeys_there_is_one_message():
    with pytest.raises(LisaError, match=r"no sentence of .* of at most 5 rules obeys: no a, no b$"):
        sample(LEAVES, 1, 5, 0, "uniform", restrictions=Restrictions(("a", "b")))
    grammar = parse_grammar("S -> 'a' S | 'b' A\nA -> 'c' A | 'd' B | 'e'\nB -> 'f'")
    with pytest.raises(LisaError, match=r"of at most 2 rules obeys: no e; the shortest has 3"):
        sample(grammar, 1, 2, 0, "weighted", restrictions=Restrictions(("e",)))


def test_bounds_in_too_many_combinations_are_refused():
    grammar = parse_grammar("S -> S S S | 'a' | 'b' | 'c' | 'd'")
    bounds = Restrictions(at_most=dict.fromkeys("abcd", 5))
    with pytest.raises(LisaError, match=r"in 1,296 combinations, and at most 256"):
        Completion.of(limits_of(grammar, bounds), 100)
    grammar = parse_grammar("S -> S S S S S S | 'a' | 'b' | 'c' | 'd'")
    spread = Restrictions(at_most=dict.fromkeys("abcd", 2))
    with pytest.raises(LisaError, match=r"takes a grammar of .* rules, and at most 200,000"):
        sample(grammar, 1, 30, 0, "uniform", restrictions=spread)
    assert sample(grammar, 1, 30, 0, "weighted", restrictions=spread)
