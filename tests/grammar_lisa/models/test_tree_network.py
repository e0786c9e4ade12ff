"""The network for long sentences: where steps stand in the tree, and rules chosen one by one."""

import itertools
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import padded, texts, walk
from scipy import stats
from small_grammars import ROOT, grammars

from grammar_lisa.grammar import load_grammar, parse_grammar
from grammar_lisa.grammar.sampling import enumerate_derivations, sample_uniform
from grammar_lisa.models.choosing import GivenSteps, beam_search, one_by_one
from grammar_lisa.models.derivation_tree import DEEPEST, TreeWalk, slots_of, tree_places
from grammar_lisa.models.mask import GrammarMask
from grammar_lisa.models.networks import build_network
from grammar_lisa.models.networks.tree import TreeSteps
from shared.sphere.geometry import uniform

EXPR = load_grammar(ROOT / "grammars" / "expr.cfg")
LISTS = parse_grammar("S -> '[' L ']' | 'a'\nL -> S L |")


def built(grammar, max_rules, dim=6):
    """A tree network in double precision whose weights are larger than those training begins with,
    so that what it gives depends on all it sees."""
    net = build_network("tree", GrammarMask(grammar, max_rules), dim, dim, 0).eval().double()
    with torch.no_grad():
        for name, weights in net.named_parameters():
            if name.startswith(("widen", "to_steps", "from_step")):
                weights *= 4
    return net


def rows_of(mask, derivations):
    return torch.tensor([padded(row, mask.max_rules, mask.pad) for row in derivations])


def places_of(grammar, derivation):
    """(rule of the parent, place under it, depth) of each step, by a stack of plain tuples."""
    stack, found = [(None, None, 0)], []
    for rule in derivation:
        place = stack.pop()
        found.append(place)
        parts = [part for part in grammar.rules[rule].rhs if not isinstance(part, str)]
        stack += [(rule, at, place[2] + 1) for at in reversed(range(len(parts)))]
    assert not stack
    return found


@settings(deadline=None, max_examples=60)
@given(grammars, st.integers(0, 12), st.integers(0, 2**32))
def test_places_in_the_tree_are_those_of_a_plain_stack(grammar, extra, seed):
    max_rules = grammar.shortest + extra
    mask = GrammarMask(grammar, max_rules)
    derivations = sample_uniform(grammar, 8, max_rules, seed=seed, distinct=False)
    x = rows_of(mask, derivations)
    slots, depths = tree_places(mask, x)
    walked = TreeWalk(mask, len(x))
    widest = mask.pushed.shape[1]
    for step in range(max_rules):
        walked.allowed(max_rules - step)
        assert torch.equal(walked.slot, slots[:, step])
        assert torch.equal(walked.depth, depths[:, step])
        walked.apply(x[:, step])
    assert slots.max() < slots_of(mask)
    for row, derivation in enumerate(derivations):
        for step, (rule, place, depth) in enumerate(places_of(grammar, derivation)):
            parent, at = divmod(int(slots[row, step]), widest)
            assert (parent, at) == ((mask.pad + 1, 0) if rule is None else (rule, place))
            assert depths[row, step] == min(depth, DEEPEST)
        behind = slots[row, len(derivation) :]
        assert (behind == mask.pad * widest).all()


def test_depths_end_at_the_deepest():
    grammar = parse_grammar("S -> 'a' S | 'b'")
    mask = GrammarMask(grammar, 100)
    _, depths = tree_places(mask, rows_of(mask, [(0,) * 99 + (1,)]))
    assert depths[0].tolist() == [min(step, DEEPEST) for step in range(100)]


def test_the_likelihoods_of_all_sentences_add_to_one():
    net = built(LISTS, 8)
    every = rows_of(net.mask, enumerate_derivations(LISTS, 8))
    for u in uniform(3, 6, seed=1):
        decoded = net.decode(u.expand(len(every), -1))
        losses = net.reconstruction_loss(every, decoded)
        assert torch.exp(-losses).sum().item() == pytest.approx(1)
        assert losses.std() > 0.1


def test_a_loss_is_that_of_the_rules_chosen_one_by_one():
    net = built(EXPR, 15)
    derivations = sample_uniform(EXPR, 20, 15, seed=0)
    x = rows_of(net.mask, derivations)
    decoded = net.decode(uniform(len(x), 6, seed=2))
    expected = []
    for row, derivation in enumerate(derivations):
        steps, total = TreeSteps(net, decoded[row : row + 1]), 0.0
        for step, (_, allowed, rule) in enumerate(walk(EXPR, derivation, 15)):
            steps.walk.allowed(15 - step)
            logits = steps.logits(step)[0]
            total -= (logits[rule] - logits[allowed].logsumexp(0)).item()
            steps.choose(torch.tensor([rule]))
        expected.append(total)
    assert net.reconstruction_loss(x, decoded).tolist() == pytest.approx(expected)


def test_what_is_read_comes_back_and_nothing_else_does():
    net = built(EXPR, 15)
    decoded = net.decode(uniform(200, 6, seed=0))
    rows = net.read(decoded)
    assert len(texts(EXPR, rows)) > 20
    assert net.reconstructs(rows, decoded).all()
    others = rows[torch.arange(200).roll(1)]
    same = (rows == others).all(1)
    assert not same.all()
    assert torch.equal(net.reconstructs(others, decoded), same)


@settings(deadline=None, max_examples=30)
@given(grammars, st.integers(0, 8), st.sampled_from([0.0, 0.5, 3.0]), st.integers(1, 3))
def test_whatever_is_read_is_a_sentence(grammar, extra, temperature, beams):
    max_rules = grammar.shortest + extra
    net = built(grammar, max_rules)
    generator = torch.Generator().manual_seed(0)
    decoded = net.decode(5 * torch.randn(12, 6, generator=generator, dtype=torch.float64))
    rows = net.read(decoded, temperature=temperature, generator=generator, beams=beams)
    assert rows.shape == (12, max_rules)
    texts(grammar, rows)
    if temperature == 0 and beams == 1:
        assert net.reconstructs(rows, decoded).all()


def test_codes_that_are_not_numbers_give_sentences():
    net = built(EXPR, 15).float()
    decoded = torch.full((3, net.decode(torch.ones(1, 6)).shape[1]), torch.nan)
    texts(EXPR, net.read(decoded))


def test_draws_follow_the_likelihood():
    net = built(LISTS, 6)
    every = rows_of(net.mask, enumerate_derivations(LISTS, 6))
    decoded = net.decode(uniform(1, 6, seed=3))
    expected = torch.exp(-net.reconstruction_loss(every, decoded.expand(len(every), -1)))
    draws = net.read(
        decoded.expand(4_000, -1), temperature=1.0, generator=torch.Generator().manual_seed(1)
    )
    counts = Counter(map(tuple, draws.tolist()))
    found = [counts[tuple(row)] for row in every.tolist()]
    assert sum(found) == 4_000
    assert stats.chisquare(found, 4_000 * expected.detach().numpy()).pvalue > 1e-3


def test_a_beam_as_wide_as_the_language_finds_the_likeliest_sentence():
    net = built(EXPR, 6)
    every = rows_of(net.mask, enumerate_derivations(EXPR, 6))
    decoded = net.decode(uniform(6, 6, seed=7))
    losses = torch.stack(
        [net.reconstruction_loss(every, row.expand(len(every), -1)) for row in decoded]
    )
    found = net.read(decoded, beams=len(every))
    assert torch.equal(found, every[losses.argmin(1)])
    greedy = net.reconstruction_loss(net.read(decoded), decoded)
    assert (losses.amin(1) <= greedy + 1e-9).all()
    assert (losses.amin(1) < greedy - 1e-6).any()


def test_logits_of_all_steps_are_chosen_from_as_the_mask_does():
    mask = GrammarMask(LISTS, 8)
    logits = torch.randn(50, 8, mask.pad + 1, generator=torch.Generator().manual_seed(0))
    assert torch.equal(one_by_one(GivenSteps(mask, logits)), mask.decode(logits))
    every = rows_of(mask, enumerate_derivations(LISTS, 8))
    likelihoods = torch.stack(
        [
            mask.log_likelihood(row.expand(len(every), -1, -1), every, mask.states(every))
            for row in logits.double()
        ]
    )
    found = beam_search(GivenSteps(mask, logits.double()), len(every))
    assert torch.equal(found, every[likelihoods.argmax(1)])
    net = build_network("dense", mask, 6, 6, 0).double()
    assert torch.equal(net.read(logits.double(), beams=len(every)), found)


def test_the_code_and_the_rules_before_both_tell_on_every_step():
    net = built(EXPR, 15)
    x = rows_of(net.mask, sample_uniform(EXPR, 1, 15, seed=5))
    u = uniform(1, 6, seed=5).requires_grad_()
    losses = net.reconstruction_loss(x, net.decode(u))
    (slope,) = torch.autograd.grad(losses.sum(), u)
    assert slope.abs().min() > 0
    chosen = itertools.chain.from_iterable(table.parameters() for table in net.chosen)
    net.zero_grad()
    net.reconstruction_loss(x, net.decode(u)).sum().backward()
    assert all(weights.grad.abs().max() > 0 for weights in chosen)
