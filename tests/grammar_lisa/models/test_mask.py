"""The grammar mask: every decode is complete, and every derivation that fits is reachable."""

import math
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import choices, favouring, log_probability, padded, reachable, texts, walk
from scipy import stats
from small_grammars import ROOT, enumerated, grammars

from grammar_lisa.grammar import Counts, load_grammar, parse_grammar
from grammar_lisa.grammar.sampling import enumerate_derivations, sample_uniform
from grammar_lisa.models.mask import GrammarMask, Walk
from grammar_lisa.models.networks import build_network
from shared.common.errors import LisaError
from shared.sphere.geometry import uniform

EXPR = load_grammar(ROOT / "grammars" / "expr.cfg")
SHIPPED = sorted((ROOT / "grammars").glob("*.cfg"))
LENGTHS = {"expr": 15, "koza": 21, "json": 40, "sql": 35, "smiles": 12, "regex": 12, "chess": 30}

SMALL = {
    "brackets": ("S -> '(' S ')' S |", 9),
    "unit cycle": ("S -> A | 'x'\nA -> S | 'y' S", 7),
    "empty sentence": ("S ->", 3),
    "all vanish": ("S -> A A A\nA -> | 'a'", 6),
    "wide": ("S -> A A A A A | 'x'\nA -> 'a' | S", 11),
    "one rule": ("S -> 'x'", 4),
    "two lengths": ("S -> S S | A\nA -> B 'b' | \nB -> 'b'", 7),
    "right": ("S -> 'a' S | 'b'", 8),
    "expr": (EXPR.text, 7),
}
SPECIAL = [math.nan, math.inf, -math.inf, 3.4e38, -3.4e38, 0.0, 1e-45, 1.0]


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def awkward_logits(shape, seed):
    """Random logits, a third of them infinite, not a number, huge or equal."""
    generator = seeded(seed)
    special = torch.tensor(SPECIAL)[torch.randint(len(SPECIAL), shape, generator=generator)]
    plain = torch.randn(shape, generator=generator) * 10
    return torch.where(torch.rand(shape, generator=generator) < 1 / 3, special, plain)


@pytest.mark.parametrize("name", SMALL)
def test_the_reachable_derivations_are_all_that_fit(name):
    text, most = SMALL[name]
    grammar = parse_grammar(text)
    for max_rules in range(grammar.shortest, most + 1):
        mask = GrammarMask(grammar, max_rules)
        every = set(enumerate_derivations(grammar, max_rules))
        assert reachable(mask) == every == enumerated(grammar, max_rules)
        decoded = mask.decode(favouring(mask, sorted(every)))
        assert decoded.tolist() == [padded(row, max_rules, mask.pad) for row in sorted(every)]


@settings(deadline=None, max_examples=60)
@given(grammars, st.integers(0, 3))
def test_the_reachable_derivations_of_any_grammar_are_all_that_fit(grammar, extra):
    max_rules = grammar.shortest + extra
    while Counts(grammar, max_rules).at_most() > 200:
        max_rules -= 1
    if max_rules >= grammar.shortest:
        mask = GrammarMask(grammar, max_rules)
        assert reachable(mask) == enumerated(grammar, max_rules)


@settings(deadline=None, max_examples=100)
@given(
    grammars,
    st.integers(0, 20),
    st.integers(0, 2**32),
    st.sampled_from([torch.float16, torch.bfloat16, torch.float32, torch.float64]),
    st.sampled_from([0.0, 0.1, 1.0, 1e30]),
)
def test_any_logits_of_any_grammar_give_sentences(grammar, extra, seed, dtype, temperature):
    max_rules = grammar.shortest + extra
    mask = GrammarMask(grammar, max_rules)
    logits = awkward_logits((20, max_rules, mask.pad + 1), seed).to(dtype)
    decoded = mask.decode(logits, temperature=temperature, generator=seeded(seed))
    assert decoded.shape == (20, max_rules)
    assert decoded.dtype == torch.long
    texts(grammar, decoded)
    for row in decoded.tolist():
        rules = [rule for rule in row if rule != mask.pad]
        assert row == padded(rules, max_rules, mask.pad)
        for _, allowed, rule in walk(grammar, rules, max_rules):
            assert rule in allowed


@pytest.mark.parametrize("value", SPECIAL)
def test_logits_of_one_value_take_the_first_allowed_rule(value):
    mask = GrammarMask(EXPR, 15)
    first = mask.decode(torch.zeros(2, 15, 12))
    assert torch.equal(mask.decode(torch.full((2, 15, 12), value)), first)
    for _, allowed, rule in walk(EXPR, [r for r in first[0].tolist() if r != 11], 15):
        assert rule == allowed[0]


def test_the_most_likely_allowed_rule_is_taken():
    """Greedy decoding step by step in plain Python, NaN as the least."""
    mask = GrammarMask(EXPR, 15)
    logits = awkward_logits((300, 15, 12), 1)
    for row, scores in zip(mask.decode(logits).tolist(), logits.tolist(), strict=True):
        stack, expected = [EXPR.start], []
        while stack:
            allowed = choices(EXPR, stack, 15 - len(expected))
            at = scores[len(expected)]
            worth = {r: -math.inf if math.isnan(at[r]) else at[r] for r in allowed}
            # What lies beyond ±1e30 counts as equal.
            rule = max(allowed, key=lambda r: (max(-1e30, min(1e30, worth[r])), -r))
            expected.append(rule)
            parts = [part for part in EXPR.rules[rule].rhs if not isinstance(part, str)]
            stack = parts + stack[1:]
        assert row == padded(expected, 15, mask.pad)


def test_small_differences_in_double_precision_decide():
    grammar = parse_grammar("S -> 'a' | 'b'")
    logits = torch.tensor([[[1.0, 1.0 + 1e-12, 0.0]]], dtype=torch.float64)
    assert GrammarMask(grammar, 1).decode(logits).tolist() == [[1]]


def test_logits_and_tables_are_left_alone():
    mask = GrammarMask(EXPR, 15)
    logits = awkward_logits((10, 15, 12), 0)
    before = logits.clone()
    first = mask.decode(logits, temperature=1.0, generator=seeded(1))
    assert torch.equal(torch.nan_to_num(logits), torch.nan_to_num(before))
    assert torch.equal(mask.decode(logits, temperature=1.0, generator=seeded(1)), first)


def test_an_empty_batch():
    mask = GrammarMask(EXPR, 15)
    assert mask.decode(torch.zeros(0, 15, 12)).shape == (0, 15)
    assert mask.states(torch.zeros(0, 15, dtype=torch.long)).shape == (0, 15)


def test_derivations_are_padded_with_the_number_after_the_last_rule():
    mask = GrammarMask(EXPR, 15)
    assert mask.pad == 11
    decoded = mask.decode(favouring(mask, [(3, 7)]))
    assert decoded.tolist() == [[3, 7] + [11] * 13]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_length_below_the_shortest_sentence_is_refused(path):
    grammar = load_grammar(path)
    words = f"no sentence of .*{path.name} fits in .* the shortest needs {grammar.shortest}"
    for max_rules in (grammar.shortest - 1, 0, -5):
        with pytest.raises(LisaError, match=words):
            GrammarMask(grammar, max_rules)
    mask = GrammarMask(grammar, grammar.shortest)
    logits = torch.randn(50, grammar.shortest, mask.pad + 1, generator=seeded(0))
    decoded = mask.decode(logits)
    assert (decoded != mask.pad).all()
    texts(grammar, decoded)


def test_symbols_that_need_more_rules_than_a_number_holds_are_never_chosen():
    doubling = "\n".join(f"A{i} -> A{i + 1} A{i + 1}" for i in range(80))
    grammar = parse_grammar(f"S -> 'a' S | A0 | 'b'\n{doubling}\nA80 -> 'x'")
    assert max(grammar.least_rules.values()) > 2**63
    mask = GrammarMask(grammar, 6)
    assert reachable(mask) == {(0,) * n + (2,) for n in range(6)}


@settings(deadline=None, max_examples=50)
@given(grammars, st.integers(0, 8), st.integers(0, 99))
def test_states_from_sums_are_those_met_on_the_way(grammar, extra, seed):
    max_rules = grammar.shortest + extra
    mask = GrammarMask(grammar, max_rules)
    derivations = sample_uniform(grammar, 5, max_rules, seed, distinct=False)
    array = torch.tensor([padded(row, max_rules, mask.pad) for row in derivations])
    states = mask.states(array.to(torch.int16))
    assert torch.equal(states, mask.states(array))
    for derivation, row in zip(derivations, states.tolist(), strict=True):
        steps = mask.allowed[row]
        met = list(walk(grammar, derivation, max_rules))
        for (_, allowed, _), step in zip(met, steps, strict=False):
            assert step.nonzero().flatten().tolist() == allowed
        for step in steps[len(met) :]:
            assert step.nonzero().flatten().tolist() == [mask.pad]


def test_a_walk_tells_what_is_allowed_and_goes_on_with_any_of_its_rows():
    mask = GrammarMask(EXPR, 15)
    drawn = sample_uniform(EXPR, 30, 15, 0)
    rules = torch.tensor([padded(row, 15, mask.pad) for row in drawn])
    masks = mask.allowed[mask.states(rules)]
    walk, rows = Walk(mask, 30), torch.arange(30)
    for step in range(15):
        assert torch.equal(walk.allowed(15 - step), masks[rows, step])
        walk.apply(rules[rows, step])
        kept = torch.randint(len(rows), (40,), generator=seeded(step))
        walk.select(kept)
        rows = rows[kept]


@pytest.mark.parametrize("name", SMALL)
def test_likelihoods_are_those_of_plain_sums_and_add_to_one(name):
    text, max_rules = SMALL[name]
    grammar = parse_grammar(text)
    mask = GrammarMask(grammar, max_rules)
    every = list(enumerate_derivations(grammar, max_rules))
    array = torch.tensor([padded(row, max_rules, mask.pad) for row in every])
    for scale in (0, 1, 5):
        shape = (1, max_rules, mask.pad + 1)
        logits = scale * torch.randn(shape, generator=seeded(scale), dtype=torch.float64)
        found = mask.log_likelihood(logits.expand(len(every), -1, -1), array, mask.states(array))
        expected = [log_probability(grammar, row, logits[0].tolist(), max_rules) for row in every]
        assert found.tolist() == pytest.approx(expected, abs=1e-10)
        assert found.exp().sum().item() == pytest.approx(1, abs=1e-10)


def test_likelihoods_have_finite_gradients_on_allowed_rules_only():
    mask = GrammarMask(EXPR, 15)
    array = torch.tensor([padded((3, 7), 15, 11), padded((0, 3, 7, 8), 15, 11)])
    logits = torch.randn(2, 15, 12, generator=seeded(0), requires_grad=True)
    mask.log_likelihood(logits, array, mask.states(array)).sum().backward()
    assert logits.grad.isfinite().all()
    masks = mask.allowed[mask.states(array)]
    assert (logits.grad[~masks] == 0).all()
    assert (logits.grad[masks & (masks.sum(2, keepdim=True) > 1)] != 0).all()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_rules_are_drawn_in_proportion_to_their_exponentials(temperature):
    text, max_rules = SMALL["expr"]
    grammar = parse_grammar(text)
    mask = GrammarMask(grammar, max_rules)
    logits = torch.randn(max_rules, mask.pad + 1, generator=seeded(3))
    draws = mask.decode(logits.expand(40_000, -1, -1), temperature=temperature, generator=seeded(4))
    cooled = (logits.double() / temperature).tolist()
    law = {
        tuple(padded(row, max_rules, mask.pad)): 40_000
        * math.exp(log_probability(grammar, row, cooled, max_rules))
        for row in enumerate_derivations(grammar, max_rules)
    }
    counts = Counter(map(tuple, draws.tolist()))
    assert set(counts) <= set(law)
    often = [row for row, expected in law.items() if expected >= 5]
    seen = [counts[row] for row in often] + [40_000 - sum(counts[row] for row in often)]
    expected = [law[row] for row in often] + [40_000 - sum(law[row] for row in often)]
    if expected[-1] < 5:
        seen, expected = seen[:-1], expected[:-1]
        expected = [value * sum(seen) / sum(expected) for value in expected]
    assert len(expected) > 10
    assert stats.chisquare(seen, expected).pvalue > 1e-3


def test_draws_are_seeded():
    mask = GrammarMask(EXPR, 15)
    logits = torch.zeros(50, 15, 12)
    first, same, other = (
        mask.decode(logits, temperature=1.0, generator=seeded(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    state = torch.random.get_rng_state()
    mask.decode(logits, temperature=1.0, generator=seeded(1))
    mask.decode(logits)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_low_temperature_is_greedy():
    mask = GrammarMask(EXPR, 15)
    logits = torch.randn(200, 15, 12, generator=seeded(0))
    cold = mask.decode(logits, temperature=1e-7, generator=seeded(1))
    assert torch.equal(cold, mask.decode(logits))


def all_complete(path, count, batch):
    """Decode `count` random logits of two scales and `count` directions; all are sentences."""
    grammar = load_grammar(path)
    mask = GrammarMask(grammar, LENGTHS[path.stem])
    net = build_network("dense", mask, 25, 25, seed=0)
    distinct = 0
    for start in range(0, count, batch):
        scale = (1, 100)[start // batch % 2]
        shape = (batch, mask.max_rules, mask.pad + 1)
        decoded = mask.decode(scale * torch.randn(shape, generator=seeded(start)))
        distinct += len(set(texts(grammar, decoded)))
        texts(grammar, net.derivations(uniform(batch, 25, start).float()))
    assert distinct > count / 100


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_four_thousand_decodes_are_complete(path):
    all_complete(path, 4_000, 1_000)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_million_decodes_are_complete(path):
    all_complete(path, 1_000_000, 10_000)
