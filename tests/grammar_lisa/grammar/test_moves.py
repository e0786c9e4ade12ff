"""Crossover and mutation: complete results, one subtree exchanged, their laws, their seeds."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from small_grammars import EXPR, ROOT, enumerated, grammars

from grammar_lisa.grammar import Counts, load_grammar, parse_grammar
from grammar_lisa.grammar.arrays import from_array, to_array
from grammar_lisa.grammar.moves import TreeMoves
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts, is_sentence
from shared.common.errors import LisaError

CYCLIC = "S -> S | A S | A\nA -> A | 'a' | \n"
FINITE = "S -> A B | 'x'\nA -> 'a' | B B | 'c' B\nB -> 'b' | | C\nC -> 'd'"


def arrays(grammar, max_rules, *batches):
    return [to_array(batch, max_rules, len(grammar.rules)) for batch in batches]


def crossed(grammar, max_rules, first, second, seed=0):
    """Return the crossovers of two lists of derivations."""
    rows = arrays(grammar, max_rules, first, second)
    found = TreeMoves(grammar, max_rules).crossover(*rows, np.random.default_rng(seed))
    return from_array(found, len(grammar.rules))


def mutated(grammar, max_rules, derivations, seed=0):
    """Return the mutations of a list of derivations."""
    (rows,) = arrays(grammar, max_rules, derivations)
    found = TreeMoves(grammar, max_rules).mutate(rows, np.random.default_rng(seed))
    return from_array(found, len(grammar.rules))


def subtrees(grammar, derivation):
    """Return each step's symbol and the end of its subtree, by expanding symbol by symbol."""
    found = []
    for start, number in enumerate(derivation):
        symbol = grammar.rules[number].lhs
        waiting, end = [symbol], start
        while waiting:
            rule = grammar.rules[derivation[end]]
            assert rule.lhs == waiting.pop()
            waiting += [part for part in reversed(rule.rhs) if not isinstance(part, str)]
            end += 1
        found.append((symbol, end))
    return found


def crossover_law(grammar, max_rules, first, second):
    """Return each possible crossover's exact probability, as it is defined."""
    places = []
    for start, (symbol, end) in enumerate(subtrees(grammar, first)):
        own = [
            (*first[:start], *second[i:j], *first[end:])
            for i, (other, j) in enumerate(subtrees(grammar, second))
            if other == symbol and (start, i) != (0, 0) and second[i:j] != first[start:end]
        ]
        places.append([result for result in own if len(result) <= max_rules])
    return mixed(places, first)


def mutation_law(grammar, max_rules, derivation):
    """Return each possible mutation's exact probability, as it is defined."""
    places = []
    for start, (symbol, end) in enumerate(subtrees(grammar, derivation)):
        room = max_rules - len(derivation) + end - start
        fresh = subtrees_from(grammar, symbol, room) - {derivation[start:end]}
        places.append([(*derivation[:start], *new, *derivation[end:]) for new in fresh])
    return mixed(places, derivation, lengths=True)


def subtrees_from(grammar, symbol, max_rules):
    class From:
        start, rules, rules_of = symbol, grammar.rules, grammar.rules_of

    return enumerated(From, max_rules)


def mixed(places, unchanged, lengths=False):
    """Return the law of a uniform choice of a place, perhaps of a length, and of a result."""
    law, places = Counter(), [place for place in places if place]
    for place in places:
        sizes = Counter(map(len, place))
        for result in place:
            own = len(sizes) * sizes[len(result)] if lengths else len(place)
            law[result] += Fraction(1, own * len(places))
    return law or Counter({unchanged: Fraction(1)})


def check_law(draws, law):
    """Pearson's chi-square test; outcomes expected fewer than five times count as one."""
    assert sum(law.values()) == 1
    counts = Counter(draws)
    assert set(counts) <= set(law)
    pairs = [(counts[key], float(share) * len(draws)) for key, share in law.items()]
    rare = [pair for pair in pairs if pair[1] < 5]
    pairs = [pair for pair in pairs if pair[1] >= 5]
    if sum(expected for _, expected in rare) >= 5:
        pairs.append(tuple(np.sum(rare, axis=0)))
        rare = []
    assert len(pairs) > 1
    seen, expected = np.transpose(pairs)
    missing = sum(share for _, share in rare)
    assert missing < 5
    expected = expected * seen.sum() / expected.sum()
    assert stats.chisquare(seen, expected).pvalue > 1e-3


@settings(deadline=None, max_examples=150)
@given(grammars, st.integers(0, 8), st.integers(0, 999))
def test_results_are_sentences_in_padded_rows(grammar, extra, seed):
    bound = grammar.shortest + extra
    rows, others = arrays(
        grammar, bound, *(sample_uniform(grammar, 8, bound, seed + i, False) for i in range(2))
    )
    moves, rng = TreeMoves(grammar, bound), np.random.default_rng(seed)
    for result in (moves.crossover(rows, others, rng), moves.mutate(rows, rng)):
        assert result.dtype == rows.dtype
        assert result.shape == rows.shape
        assert all(is_sentence(grammar, row) for row in result)


@settings(deadline=None, max_examples=100)
@given(grammars, st.integers(0, 8), st.integers(0, 999))
def test_crossover_exchanges_one_subtree(grammar, extra, seed):
    bound = grammar.shortest + extra
    first, second = (sample_uniform(grammar, 6, bound, seed + i, False) for i in range(2))
    found = crossed(grammar, bound, first, second, seed)
    for one, other, result in zip(first, second, found, strict=True):
        assert result in crossover_law(grammar, bound, one, other)


@settings(deadline=None, max_examples=100)
@given(grammars, st.integers(0, 3), st.integers(0, 999))
def test_mutation_exchanges_one_subtree(grammar, extra, seed):
    bound = min(grammar.shortest + extra, 6)
    if bound < grammar.shortest or Counts(grammar, bound).at_most() > 1000:
        return
    (first,) = sample_uniform(grammar, 1, bound, seed)
    assert set(mutated(grammar, bound, [first] * 5, seed)) <= set(
        mutation_law(grammar, bound, first)
    )


@pytest.mark.parametrize("bound", [12, 14])
def test_crossover_law(bound):
    grammar = load_grammar(EXPR)
    first = (0, 0, 2, 3, 8, 10, 7, 5, 1, 3, 7, 7)
    second = sample_uniform(grammar, 1, 10, seed=3)[0]
    law = crossover_law(grammar, bound, first, second)
    assert len(law) > 10
    check_law(crossed(grammar, bound, [first] * 20_000, [second] * 20_000), law)


@pytest.mark.parametrize(("text", "bound"), [(FINITE, 9), (CYCLIC, 6), ("S -> S S | 'a'", 7)])
def test_mutation_law(text, bound):
    grammar = parse_grammar(text)
    for seed in range(3):
        (first,) = sample_uniform(grammar, 1, bound, seed)
        law = mutation_law(grammar, bound, first)
        check_law(mutated(grammar, bound, [first] * 10_000, seed), law)


@pytest.mark.parametrize("text", [FINITE, CYCLIC])
def test_mutation_reaches_every_derivation(text):
    grammar = parse_grammar(text)
    every = enumerated(grammar, 5)
    (first,) = sample_uniform(grammar, 1, 5, seed=1)
    assert set(mutated(grammar, 5, [first] * 20_000)) == every - {first}


def test_new_subtrees_are_of_all_lengths():
    grammar = parse_grammar("S -> 'a' S | 'b' S | 'c'")
    lengths = Counter(map(len, mutated(grammar, 40, [(2,)] * 7800)))
    assert set(lengths) == set(range(2, 41))
    assert min(lengths.values()) > 120


def test_hoist_and_shrink():
    grammar = parse_grammar("S -> 'a' S | 'b' S | 'c'")
    derivation = (0, 0, 1, 2)
    assert set(crossed(grammar, 4, [derivation] * 200, [derivation] * 200)) == {
        (0, 1, 2), (1, 2), (2,), (0, 2), (0, 0, 2)
    }  # fmt: skip


def test_only_what_fits_is_put_in():
    grammar = parse_grammar("S -> A 'x' A\nA -> 'a' A | 'b'")
    first, second = (0, 1, 2, 2), (0, 1, 1, 2, 2)
    results = {(0, 2, 2), (0, 1, 1, 2, 2), (0, 1, 2, 1, 2)}
    assert set(crossed(grammar, 5, [first] * 100, [second] * 100)) == results


def test_a_pair_without_common_material_is_unchanged():
    grammar = parse_grammar("S -> A | B | C\nA -> 'a' | 'aa'\nB -> 'b' B | 'c'\nC -> 'd'")
    plain, chain, single = (0, 3), (1, 5, 5, 6), (2, 7)
    pairs = [(plain, chain), (chain, plain), (plain, plain), (single, single), (chain, (1, 6))]
    first, second = zip(*pairs, strict=True)
    assert crossed(grammar, 4, first, second)[:4] == list(first[:4])
    assert crossed(grammar, 4, first, second)[4] in {(1, 6), (1, 5, 6)}


def test_a_grammar_of_one_sentence_has_no_moves():
    grammar = parse_grammar("S -> A A\nA -> 'a'")
    assert mutated(grammar, 9, [(0, 1, 1)] * 3) == [(0, 1, 1)] * 3
    assert crossed(grammar, 9, [(0, 1, 1)], [(0, 1, 1)]) == [(0, 1, 1)]


def test_changes_always_where_it_can():
    grammar = load_grammar(EXPR)
    first = sample_uniform(grammar, 500, 15, 0)
    assert all(one != new for one, new in zip(first, mutated(grammar, 15, first), strict=True))
    found = crossed(grammar, 15, first, first[::-1])
    assert all(one != new for one, new in zip(first, found, strict=True))


def test_same_seed_same_bytes():
    grammar = load_grammar(EXPR)
    first, second = (sample_uniform(grammar, 200, 15, seed) for seed in range(2))
    for seed in range(3):
        assert crossed(grammar, 15, first, second, seed) == crossed(
            grammar, 15, first, second, seed
        )
        assert mutated(grammar, 15, first, seed) == mutated(grammar, 15, first, seed)
    assert mutated(grammar, 15, first, 0) != mutated(grammar, 15, first, 1)
    assert crossed(grammar, 15, first, second, 0) != crossed(grammar, 15, first, second, 1)


def test_arguments_are_left_alone_and_the_type_is_kept():
    grammar = load_grammar(EXPR)
    first, second = arrays(grammar, 15, *(sample_uniform(grammar, 50, 15, i) for i in range(2)))
    copies, rng = (first.copy(), second.copy()), np.random.default_rng(0)
    moves = TreeMoves(grammar, 15)
    for dtype in (np.int16, np.int32):
        wide = first.astype(dtype)
        assert moves.crossover(wide, second, rng).dtype == dtype
        assert moves.mutate(wide, rng).dtype == dtype
    assert np.array_equal(first, copies[0])
    assert np.array_equal(second, copies[1])


def test_empty_batch():
    grammar = load_grammar(EXPR)
    (rows,) = arrays(grammar, 15, [])
    moves, rng = TreeMoves(grammar, 15), np.random.default_rng(0)
    assert moves.crossover(rows, rows, rng).shape == (0, 15)
    assert moves.mutate(rows, rng).dtype == rows.dtype


@pytest.mark.parametrize("name", ["expr", "json", "sql"])
def test_three_hundred_rules(name):
    grammar = load_grammar(ROOT / "grammars" / f"{name}.cfg")
    first, second = (sample_uniform(grammar, 30, 300, seed) for seed in range(2))
    derivations_to_texts(grammar, crossed(grammar, 300, first, second))
    derivations_to_texts(grammar, mutated(grammar, 300, first))


def test_deep_and_wide_derivations():
    grammar = parse_grammar("S -> '(' S ')' | S S S S S | 'x' |")
    deep, wide = (0,) * 399 + (2,), (1,) * 79 + (2,) * 317
    assert is_sentence(grammar, wide)
    pairs = [deep, wide] * 20, [wide, deep] * 20
    assert all(is_sentence(grammar, row) for row in crossed(grammar, 400, *pairs))
    assert all(is_sentence(grammar, row) for row in mutated(grammar, 400, pairs[0]))


def test_many_rules():
    grammar = parse_grammar("S -> A S | A\nA -> " + " | ".join(f"'t{i}'" for i in range(33_000)))
    first, second = (sample_uniform(grammar, 20, 6, seed) for seed in range(2))
    for found in (crossed(grammar, 6, first, second), mutated(grammar, 6, first)):
        derivations_to_texts(grammar, found)
        assert all(one != new for one, new in zip(first, found, strict=True))


@settings(deadline=None, max_examples=60)
@given(grammars, st.integers(0, 5))
def test_ranks_from_each_symbol(grammar, max_rules):
    counts = Counts(grammar, max_rules)
    for symbol in grammar.nonterminals:
        sizes = Counter(map(len, subtrees_from(grammar, symbol, max_rules)))
        for n in range(max_rules + 1):
            total = counts.exactly_from(symbol, n)
            assert total == sizes[n]
            found = {counts.unrank_from(symbol, n, rank) for rank in range(min(total, 500))}
            assert len(found) == min(total, 500)
            assert found <= subtrees_from(grammar, symbol, n)
            assert all(len(subtree) == n for subtree in found)


def test_errors():
    grammar = load_grammar(EXPR)
    with pytest.raises(LisaError, match="the shortest has 2"):
        TreeMoves(grammar, 1)
    moves, rng = TreeMoves(grammar, 8), np.random.default_rng(0)
    (rows,) = arrays(grammar, 8, sample_uniform(grammar, 3, 8, 0))
    with pytest.raises(LisaError, match=r"expected \[n, 8\]"):
        moves.mutate(rows[:, :7], rng)
    with pytest.raises(LisaError, match="3 derivations cannot be crossed with 2"):
        moves.crossover(rows, rows[:2], rng)
    for wrong in (0, -1, 11, 99):
        bad = rows.copy()
        bad[1] = wrong
        with pytest.raises(LisaError, match="row 1 is no complete derivation padded with 11"):
            moves.mutate(bad, rng)
    counts = Counts(grammar, 4)
    with pytest.raises(LisaError, match="0 to 4 rules"):
        counts.exactly_from(grammar.start, 5)
    with pytest.raises(LisaError, match="subtrees of S have exactly 2 rules"):
        counts.unrank_from(grammar.start, 2, 99)
