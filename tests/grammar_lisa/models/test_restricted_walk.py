"""Decoding under restrictions: what obeys stays reachable, nothing else is, all is complete."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from machines import favouring, padded, reachable, texts
from small_grammars import EXPR, enumerated, grammars

from grammar_lisa.grammar import Counts, load_grammar, parse_grammar
from grammar_lisa.grammar.limits import limits_of
from grammar_lisa.grammar.restrictions import Restrictions
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.models.mask import GrammarMask, Walk
from shared.common.errors import LisaError

EXPRESSIONS = load_grammar(EXPR)
TIED = {
    "all leaves bounded": ("S -> S S | 'a' | 'b'", {"a": 1, "b": 2}, 9),
    "no leaf without": ("S -> A A | 'x' S\nA -> 'a' | 'b' B\nB -> 'a' 'a' | 'c'", {"a": 2}, 8),
    "used twice by a rule": ("S -> 'a' 'a' S | 'b' S | 'a'", {"a": 3}, 7),
    "a symbol": ("S -> A S A | 'x'\nA -> 'a' | 'b' A", {"A": 3}, 9),
    "counted beside told apart": ("S -> S '+' T | T\nT -> 'x' | '(' S ')'", {"x": 3, "(": 1}, 11),
}


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def restricted(grammar, restrictions, max_rules):
    mask = GrammarMask(grammar, max_rules)
    mask.restrict(limits_of(grammar, restrictions))
    return mask


def uses(grammar, derivation, name):
    """How often a derivation uses what a name names, counted on its own rules."""
    rules = [grammar.rules[number] for number in derivation]
    if name in grammar.terminals:
        return sum(rule.rhs.count(name) for rule in rules)
    return sum(name in (str(rule), rule.lhs.name) for rule in rules)


def obeying(grammar, restrictions, max_rules):
    bounds = [*((name, 0) for name in restrictions.forbid), *restrictions.at_most.items()]
    return {
        derivation
        for derivation in enumerated(grammar, max_rules)
        if all(uses(grammar, derivation, name) <= most for name, most in bounds)
    }


@st.composite
def small_cases(draw):
    """A small grammar, a length, restrictions, and the derivations that obey them."""
    grammar = draw(grammars)
    max_rules = grammar.shortest + draw(st.integers(0, 4))
    while Counts(grammar, max_rules).at_most() > 300:
        max_rules -= 1
    assume(max_rules >= grammar.shortest)
    symbols = {str(symbol) for symbol in grammar.nonterminals}
    names = [token for token in grammar.terminals if token not in symbols]
    names += [*symbols, *map(str, grammar.rules)]
    some = st.lists(st.sampled_from(sorted(names)), max_size=3, unique=True)
    bounds = st.dictionaries(st.sampled_from(sorted(names)), st.integers(0, 3), max_size=3)
    restrictions = Restrictions(tuple(draw(some))[:1], draw(bounds))
    return grammar, max_rules, restrictions, obeying(grammar, restrictions, max_rules)


@settings(deadline=None, max_examples=150)
@given(small_cases())
def test_of_any_grammar_what_obeys_is_reachable_and_nothing_else(case):
    grammar, max_rules, restrictions, every = case
    if every:
        assert reachable(restricted(grammar, restrictions, max_rules)) == every
    else:
        with pytest.raises(
            LisaError, match=rf"no sentence of .* of at most {max_rules} rules? obeys"
        ):
            restricted(grammar, restrictions, max_rules)


@pytest.mark.parametrize("name", TIED)
def test_bounds_that_tie_symbols_together_leave_all_that_obeys(name):
    text, at_most, most = TIED[name]
    grammar, restrictions = parse_grammar(text), Restrictions(at_most=at_most)
    found = [obeying(grammar, restrictions, n) for n in range(most + 1)]
    assert found[most] != enumerated(grammar, most)
    for max_rules, every in enumerate(found):
        if every:
            mask = restricted(grammar, restrictions, max_rules)
            assert reachable(mask) == every
            assert not mask.restricted.completion.free.all()


def test_what_can_be_done_without_is_only_counted():
    mask = restricted(EXPRESSIONS, Restrictions(("exp",), {"sin": 2, "(": 1, "x": 3}), 15)
    found = mask.restricted.completion
    assert found.free.all()
    assert found.allotments.count == 1


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_any_logits_give_sentences_that_obey(temperature):
    restrictions = Restrictions(("exp",), {"sin": 1, "x": 2, "1": 1, "2": 0, "3": 3})
    mask = restricted(EXPRESSIONS, restrictions, 21)
    limits = limits_of(EXPRESSIONS, restrictions)
    for scale in (1, 100):
        logits = scale * torch.randn(2000, 21, mask.pad + 1, generator=seeded(scale))
        decoded = mask.decode(logits, temperature=temperature, generator=seeded(0))
        assert limits.obeyed(decoded.numpy()).all()
        written = texts(EXPRESSIONS, decoded)
        assert len(set(written)) > 100
        for text in written:
            assert "exp" not in text
            assert "2" not in text
            assert text.count("sin") <= 1
            assert text.count("1") <= 1
            assert text.count("x") <= 2


def test_restrictions_bear_on_decoding_alone_and_can_be_lifted():
    mask, free = GrammarMask(EXPRESSIONS, 15), GrammarMask(EXPRESSIONS, 15)
    mask.restrict(limits_of(EXPRESSIONS, Restrictions(("x",))))
    drawn = sample_uniform(EXPRESSIONS, 50, 15, 0)
    rules = torch.tensor([padded(row, 15, mask.pad) for row in drawn])
    logits = torch.randn(50, 15, mask.pad + 1, generator=seeded(0))
    states = free.states(rules)
    assert torch.equal(mask.states(rules), states)
    likelihood = free.log_likelihood(logits, rules, states)
    assert torch.equal(mask.log_likelihood(logits, rules, states), likelihood)
    assert not torch.equal(mask.decode(logits), free.decode(logits))
    with mask.unrestricted():
        assert torch.equal(mask.decode(logits), free.decode(logits))
    assert not torch.equal(mask.decode(logits), free.decode(logits))
    mask.restrict(None)
    assert torch.equal(mask.decode(logits), free.decode(logits))
    assert not [name for name in mask.state_dict() if "restricted" in name]


def test_a_sentence_that_obeys_is_decoded_as_without_restrictions():
    drawn = sample_uniform(EXPRESSIONS, 300, 15, 1)
    restrictions = Restrictions((), {"sin": 1, "x": 2})
    limits, free = limits_of(EXPRESSIONS, restrictions), GrammarMask(EXPRESSIONS, 15)
    rules = torch.tensor([padded(row, 15, free.pad) for row in drawn])
    obeyed = torch.from_numpy(limits.obeyed(rules.numpy()))
    assert 0 < obeyed.sum() < 300
    decoded = restricted(EXPRESSIONS, restrictions, 15).decode(favouring(free, drawn))
    assert torch.equal((decoded == rules).all(dim=1), obeyed)


def test_rows_of_a_restricted_walk_can_be_selected():
    """As a beam search does: what is left of the bounds goes with each row."""
    grammar = parse_grammar("S -> S S | 'a' | 'b'")
    restrictions = Restrictions(at_most={"a": 2, "b": 2})
    mask = restricted(grammar, restrictions, 7)
    walk, prefixes = Walk(mask, 1), [()]
    for step in range(7):
        rows, rules = walk.allowed(7 - step).nonzero(as_tuple=True)
        walk.select(rows)
        walk.apply(rules)
        prefixes = [(*prefixes[row], rule) for row, rule in zip(rows, rules.tolist(), strict=True)]
    found = {tuple(rule for rule in prefix if rule != mask.pad) for prefix in prefixes}
    assert len(prefixes) == len(found)
    assert found == obeying(grammar, restrictions, 7)


def test_empty_batches_are_decoded():
    mask = restricted(EXPRESSIONS, Restrictions(("x",)), 15)
    assert mask.decode(torch.zeros(0, 15, mask.pad + 1)).shape == (0, 15)
