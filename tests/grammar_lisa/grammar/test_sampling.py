"""Random derivations: their laws, their bounds, their seeds."""

import random
from collections import Counter
from fractions import Fraction

import pytest
from ambiguous_grammars import ELSE, SUMS
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from small_grammars import EXPR, enumerated, grammars

from grammar_lisa.grammar import Counts, load_grammar, parse_grammar
from grammar_lisa.grammar.canonical import CanonicalDerivations
from grammar_lisa.grammar.sampling import (
    _permuted,
    enumerate_derivations,
    sample,
    sample_uniform,
)
from grammar_lisa.grammar.text import derivations_to_texts
from shared.common.errors import LisaError

LAWS = ("uniform", "by-length", "weighted")
SMALL = "S -> S S [0.2] | 'a' [0.5] | B [0.3]\nB -> 'b' S | 'c'"


def p_value(draws, law):
    """Return the p-value of Pearson's chi-square test of draws against exact probabilities."""
    counts = Counter(draws)
    assert set(counts) <= set(law)
    seen = [counts[outcome] for outcome in law]
    expected = [float(share) * len(draws) for share in law.values()]
    return stats.chisquare(seen, expected).pvalue


def weighted_law(grammar, max_rules):
    """Return each derivation's exact probability, from the completion rule as it is defined."""
    law = Counter()
    forms = [((), (grammar.start,), Fraction(1))]
    while forms:
        derivation, stack, share = forms.pop()
        if not stack:
            law[derivation] += share
            continue
        allowed = []
        for number in grammar.rules_of[stack[0]]:
            rule = grammar.rules[number]
            rest = tuple(part for part in rule.rhs if not isinstance(part, str)) + stack[1:]
            need = sum(grammar.least_rules[part] for part in rest)
            if len(derivation) + 1 + need <= max_rules:
                allowed.append((rule, rest))
        total = sum(Fraction(rule.weight) for rule, _ in allowed)
        for rule, rest in allowed:
            forms.append(((*derivation, rule.number), rest, share * Fraction(rule.weight) / total))
    return law


def test_uniform_law():
    grammar = parse_grammar(SMALL)
    every = enumerated(grammar, 6)
    law = dict.fromkeys(sorted(every), Fraction(1, len(every)))
    draws = sample_uniform(grammar, 50 * len(every), 6, seed=0, distinct=False)
    assert p_value(draws, law) > 1e-3


def test_distinct_draws_are_uniform_too():
    grammar = load_grammar(EXPR)
    draws = [sample_uniform(grammar, 5, 4, seed)[3] for seed in range(3000)]
    law = dict.fromkeys(enumerate_derivations(grammar, 4), Fraction(1, 64))
    assert p_value(draws, law) > 1e-3


def test_weighted_law():
    grammar = parse_grammar(SMALL)
    law = weighted_law(grammar, 6)
    assert sum(law.values()) == 1
    draws = sample(grammar, 20_000, 6, 0, "weighted", distinct=False)
    assert min(law.values()) * len(draws) > 5
    assert p_value(draws, law) > 1e-3


def by_length_law(grammar, max_rules):
    """Return each derivation's probability: that of its length, shared by those as long."""
    every = sorted(enumerated(grammar, max_rules))
    lengths = Counter(map(len, every))
    return {each: Fraction(1, len(lengths) * lengths[len(each)]) for each in every}


def test_by_length_law():
    law = by_length_law(parse_grammar(SMALL), 6)
    assert sum(law.values()) == 1
    draws = sample(parse_grammar(SMALL), 50_000, 6, 0, "by-length", distinct=False)
    assert min(law.values()) * len(draws) > 5
    assert p_value(draws, law) > 1e-3


def test_the_first_of_distinct_draws_has_the_law_by_length_too():
    grammar = load_grammar(EXPR)
    draws = [sample(grammar, 1, 4, seed, "by-length")[0] for seed in range(3000)]
    assert p_value(draws, by_length_law(grammar, 4)) > 1e-3


@pytest.mark.parametrize(("n", "all_of"), [(200, (2,)), (7000, (2, 4, 6))])
def test_short_lengths_give_all_they_have_and_the_others_equal_shares(n, all_of):
    grammar = load_grammar(EXPR)
    counts = Counts(grammar, 15)
    draws = sample(grammar, n, 15, 0, "by-length")
    assert len(set(derivations_to_texts(grammar, draws))) == n
    found = Counter(map(len, draws))
    for length in all_of:
        assert found.pop(length) == counts.exactly(length)
    assert sorted([*all_of, *found]) == [2, 4, 6, 8, 10, 12, 14]
    assert stats.chisquare(list(found.values())).pvalue > 1e-3


def test_a_length_that_has_run_out_is_passed_over():
    """Every draw is of a uniform length of those left, so the one long sentence comes early."""
    grammar = parse_grammar("S -> 'a' | 'b' | 'c' | 'd' | L\nL -> 'e'")
    places = Counter(sample(grammar, 5, 2, seed, "by-length").index((4, 5)) for seed in range(3000))
    shares = [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 16]
    assert stats.chisquare([places[n] for n in range(5)], [3000 * s for s in shares]).pvalue > 1e-3


def test_without_replacement_is_a_permutation():
    assert sorted(_permuted(300, random.Random(0))) == list(range(300))
    orders = Counter(tuple(_permuted(3, random.Random(seed))) for seed in range(3000))
    assert len(orders) == 6
    assert min(orders.values()) > 400


@settings(deadline=None, max_examples=60)
@given(grammars, st.integers(0, 5), st.integers(0, 999))
def test_samples_are_derivations_within_the_bound(grammar, extra, seed):
    bound = grammar.shortest + extra
    for law in LAWS:
        draws = sample(grammar, 5, bound, seed, law, distinct=False)
        assert draws == sample(grammar, 5, bound, seed, law, distinct=False)
        assert len(draws) == 5
        assert all(len(draw) <= bound for draw in draws)
        derivations_to_texts(grammar, draws)


@settings(deadline=None, max_examples=40)
@given(grammars, st.integers(0, 5))
def test_enumeration_is_complete(grammar, max_rules):
    found = list(enumerate_derivations(grammar, max_rules))
    assert len(found) == len(set(found))
    assert set(found) == enumerated(grammar, max_rules)


@pytest.mark.parametrize("distinct", [False, True])
@pytest.mark.parametrize("law", LAWS)
def test_a_sample_belongs_to_its_seed(law, distinct):
    grammar = load_grammar(EXPR)
    first, same, other = (
        sample(grammar, 5, 15, seed, law, distinct=distinct) for seed in (0, 0, 1)
    )
    assert first == same != other


@pytest.mark.parametrize("law", LAWS)
def test_only_the_first_drawn_of_equal_keys_is_kept(law):
    def letters(texts):
        return ["".join(sorted(text)) for text in texts]

    grammar = load_grammar(EXPR)
    firsts = {}
    for derivation in sample(grammar, 6000, 15, 0, law):
        key, *_ = letters(derivations_to_texts(grammar, [derivation]))
        firsts.setdefault(key, derivation)
    assert 1500 < len(firsts) < 6000
    drawn = sample(grammar, 1500, 15, 0, law, keys=letters)
    assert drawn == list(firsts.values())[:1500]


def test_distinct_sentences():
    grammar = load_grammar(EXPR)
    everything = sample_uniform(grammar, 1108, 7, seed=0)
    assert set(everything) == set(enumerate_derivations(grammar, 7))
    assert sample_uniform(grammar, 0, 7, seed=0) == []
    texts = derivations_to_texts(grammar, sample(grammar, 60, 7, 0, "weighted"))
    assert len(set(texts)) == 60


def test_distinct_in_an_ambiguous_grammar():
    grammar = parse_grammar("S -> S '+' S | 'x'")
    for law in LAWS:
        texts = derivations_to_texts(grammar, sample(grammar, 4, 7, 0, law))
        assert sorted(texts, key=len) == ["x", "x+x", "x+x+x", "x+x+x+x"]
        assert len(sample(grammar, 5, 7, 0, law, fewer=True)) == 4
    with pytest.raises(LisaError, match=r"has only 4 of at most 7 rules \(among 9 derivations\)"):
        sample_uniform(grammar, 5, 7, seed=0)


def test_too_few_sentences():
    grammar = load_grammar(EXPR)
    with pytest.raises(LisaError, match="has only 1,108 derivations of at most 7 rules"):
        sample_uniform(grammar, 1109, 7, seed=0)
    with pytest.raises(LisaError, match="has only 1,108 derivations of at most 7 rules"):
        sample(grammar, 1109, 7, 0, "by-length")
    every = set(enumerate_derivations(grammar, 7))
    assert set(sample(grammar, 1109, 7, 0, "by-length", fewer=True)) == every
    with pytest.raises(LisaError, match="gave only 4; ask for fewer"):
        sample(grammar, 5, 2, 0, "weighted")
    cyclic = parse_grammar("S -> S | A | 'a'\nA -> S | 'b'")
    with pytest.raises(LisaError, match="gave only 2; ask for fewer"):
        sample_uniform(cyclic, 3, 60, seed=0)


@pytest.mark.parametrize("law", LAWS)
def test_bounds(law):
    grammar = load_grammar(EXPR)
    with pytest.raises(LisaError, match="the shortest has 2; set max_rules to 2 or more"):
        sample(grammar, 3, 1, 0, law)
    with pytest.raises(LisaError, match="-1 derivations asked for"):
        sample(grammar, -1, 5, 0, law)
    assert sample(grammar, 0, 5, 0, law) == []
    assert all(len(draw) == 2 for draw in sample(grammar, 4, 2, 0, law))


@pytest.mark.parametrize("law", ["uniform", "by-length"])
def test_sentences_of_an_ambiguous_grammar_are_drawn_uniformly(law):
    """The draws of derivations that are not canonical are rejected."""
    grammar = parse_grammar(ELSE)
    canonical = CanonicalDerivations(grammar)
    every = [each for each in sorted(enumerated(grammar, 6)) if canonical.holds(each)]
    assert len(every) < len(enumerated(grammar, 6))
    lengths = Counter(map(len, every))
    share = {
        "uniform": lambda _: Fraction(1, len(every)),
        "by-length": lambda each: Fraction(1, len(lengths) * lengths[len(each)]),
    }[law]
    notes = []
    draws = sample(grammar, 20_000, 6, 0, law, distinct=False, canonical=True, notify=notes.append)
    assert p_value(draws, {each: share(each) for each in every}) > 1e-3
    assert notes == []


def test_all_sentences_of_an_ambiguous_grammar_are_drawn_once():
    grammar = parse_grammar(ELSE)
    canonical = CanonicalDerivations(grammar)
    every = {each for each in enumerated(grammar, 6) if canonical.holds(each)}
    for law in ("uniform", "by-length"):
        draws = sample(grammar, 10_000, 6, 0, law, fewer=True, canonical=True)
        assert len(draws) == len(every)
        assert set(draws) == every


@pytest.mark.parametrize(
    ("law", "said"),
    [
        ("uniform", "the draws are uniform over derivations (under 10%"),
        ("by-length", "over sentences up to 9 rules, beyond that over derivations (under 10%"),
        ("weighted", None),
    ],
)
def test_a_law_over_derivations_is_said_to_be_one(law, said):
    """Of seven operations there are 429 trees, of four only 14."""
    grammar = parse_grammar(SUMS)
    notes = []
    draws = sample(grammar, 20, 15, 0, law, canonical=True, notify=notes.append)
    assert [said in note for note in notes] == ([True] if said else [])
    if law != "by-length":
        assert draws == sample(grammar, 20, 15, 0, law)
    canonical = CanonicalDerivations(grammar)
    assert all(canonical.holds(each) for each in draws if law == "by-length" and len(each) < 10)


@pytest.mark.parametrize("law", LAWS)
def test_draws_of_a_grammar_without_ambiguity_are_the_same(law):
    grammar = load_grammar(EXPR)
    assert sample(grammar, 50, 9, 3, law, canonical=True) == sample(grammar, 50, 9, 3, law)
