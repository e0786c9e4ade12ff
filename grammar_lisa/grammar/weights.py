"""Weights of rules, learnt from derivations; rules told apart by the rule that they stand in."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.grammar.analysis import nonterminals_of
from grammar_lisa.grammar.cfg import Grammar, parse_grammar
from grammar_lisa.grammar.formats.translation import Names
from grammar_lisa.grammar.formats.writing import written
from grammar_lisa.grammar.source import Position, SourceRule
from grammar_lisa.grammar.symbols import Nonterminal

Derivation = Sequence[int]
Context = tuple[int | None, Nonterminal]
"""A symbol and the rule that it stands in; None for the start symbol at the root."""


def rule_counts(grammar: Grammar, derivations: Sequence[Derivation]) -> NDArray[np.int64]:
    """Return how often each rule is used, ``[rules]``."""
    flat = np.fromiter((rule for each in derivations for rule in each), np.int64)
    return np.bincount(flat, minlength=len(grammar.rules))


def file_probabilities(grammar: Grammar) -> NDArray[np.float64]:
    """Return the probability of each rule by the weights of its file, ``[rules]``."""
    weights = np.array([rule.weight for rule in grammar.rules], np.float64)
    return weights / _totals(grammar, weights)


def probabilities(
    grammar: Grammar,
    counts: NDArray[np.int64],
    smoothing: float,
    prior: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the probability of each rule among those of its symbol, ``[rules]``.

    For a symbol with K rules that was rewritten n times, a rule used c times gets
    (c + a K q) / (n + a K), with a the smoothing and q the rule's prior; with q = 1 / K that is
    (c + a) / (n + a K), additive smoothing, Laplace's for a = 1. It is the mean of the posterior
    under a Dirichlet prior (Johnson, Griffiths and Goldwater, 2007).

    Args:
        grammar: The grammar.
        counts: How often each rule is used, ``[rules]``.
        smoothing: a, above 0, so that each rule keeps a share.
        prior: q, summing to 1 over the rules of each symbol; by default uniform.
    """
    rules = _totals(grammar, np.ones(len(grammar.rules)))
    mean = 1 / rules if prior is None else prior
    added = smoothing * rules
    return (counts + added * mean) / (_totals(grammar, counts) + added)


def log_likelihoods(
    derivations: Sequence[Derivation], probability: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the logarithm of the probability of each derivation, in nats."""
    logs = np.log(probability)
    return np.array([logs[list(derivation)].sum() for derivation in derivations])


def weighted_text(grammar: Grammar, probability: NDArray[np.float64], head: str = "") -> str:
    """Return a grammar with weights, as the text of a .cfg file.

    Args:
        grammar: The grammar.
        probability: Of each rule, ``[rules]``.
        head: What a comment above the rules says.
    """
    rules = [
        _source_rule(rule.lhs, rule.rhs, float(share))
        for rule, share in zip(grammar.rules, probability, strict=True)
    ]
    comment = "".join(f"# {line}\n" for line in head.splitlines())
    return comment + written(rules, grammar.start, grammar.spacing.mode)


@dataclass(frozen=True)
class ByParent:
    """A grammar whose symbols are told apart by the rule that they stand in.

    M. Johnson, PCFG models of linguistic tree representations, 1998, adds to each symbol its
    parent's; here it is the parent's rule: ``T^E2`` is a T in the second rule of E. Sentences and
    their derivations stay the same, one to one.
    """

    original: Grammar

    @cached_property
    def contexts(self) -> tuple[Context, ...]:
        """The symbols with the rules that they stand in, the start symbol alone first."""
        found: dict[Context, None] = {(None, self.original.start): None}
        for rule in self.original.rules:
            found |= dict.fromkeys((rule.number, part) for part in nonterminals_of(rule.rhs))
        return tuple(found)

    @cached_property
    def base(self) -> NDArray[np.int64]:
        """The rule of the original that each rule of the grammar is, ``[rules]``."""
        own = self.original.rules_of
        return np.array([rule for _, symbol in self.contexts for rule in own[symbol]])

    @cached_property
    def grammar(self) -> Grammar:
        """The grammar with the symbols told apart, without weights."""
        names = self._names()
        rules = [
            _source_rule(
                names[context],
                tuple(
                    part if isinstance(part, str) else names[number, part]
                    for part in self.original.rules[number].rhs
                ),
                None,
            )
            for context in self.contexts
            for number in self.original.rules_of[context[1]]
        ]
        text = written(rules, names[self.contexts[0]], self.original.spacing.mode)
        return parse_grammar(text, f"{self.original.source}, by parent rule")

    def derivation(self, derivation: Derivation) -> tuple[int, ...]:
        """Return a derivation of the original as one of the grammar told apart."""
        stack = [self.contexts[0]]
        found: list[int] = []
        for rule in derivation:
            context = stack.pop()
            place = self.original.rules_of[context[1]].index(rule)
            found.append(self._first[context] + place)
            parts = nonterminals_of(self.original.rules[rule].rhs)
            stack += [(rule, part) for part in reversed(parts)]
        return tuple(found)

    @cached_property
    def _first(self) -> dict[Context, int]:
        """The number of the first rule of each context."""
        sizes = [len(self.original.rules_of[symbol]) for _, symbol in self.contexts]
        return dict(zip(self.contexts, np.cumsum([0, *sizes]).tolist(), strict=False))

    def _names(self) -> dict[Context, Nonterminal]:
        names = Names()
        found: dict[Context, Nonterminal] = {}
        for number, symbol in self.contexts:
            if number is None:
                found[number, symbol] = names.new(symbol.name)
            else:
                parent = self.original.rules[number].lhs
                own = self.original.rules_of[parent]
                place = str(own.index(number) + 1) if len(own) > 1 else ""
                found[number, symbol] = names.new(f"{symbol}^{parent}{place}")
        return found


@dataclass(frozen=True)
class LearntWeights:
    """Weights of the rules of a grammar, plain and by parent rule.

    Attributes:
        grammar: The grammar.
        plain: The probability of each rule, ``[rules]``.
        by_parent: The grammar whose symbols are told apart by the rule that they stand in.
        conditioned: The probability of each rule of that one, its prior the plain one.
    """

    grammar: Grammar
    plain: NDArray[np.float64]
    by_parent: ByParent
    conditioned: NDArray[np.float64]

    def log_likelihoods(
        self, derivations: Sequence[Derivation], by_parent: bool
    ) -> NDArray[np.float64]:
        """Return the logarithm of the probability of each derivation of the grammar, in nats."""
        if not by_parent:
            return log_likelihoods(derivations, self.plain)
        return log_likelihoods([*map(self.by_parent.derivation, derivations)], self.conditioned)

    def text(self, by_parent: bool, head: str = "") -> str:
        """Return the weighted grammar as the text of a .cfg file."""
        if by_parent:
            return weighted_text(self.by_parent.grammar, self.conditioned, head)
        return weighted_text(self.grammar, self.plain, head)


def learn_weights(
    grammar: Grammar, derivations: Sequence[Derivation], smoothing: float
) -> LearntWeights:
    """Return the weights that derivations speak for.

    Args:
        grammar: The grammar.
        derivations: Leftmost, one for each sentence; a sentence that comes twice counts twice.
        smoothing: As in `probabilities`.
    """
    plain = probabilities(grammar, rule_counts(grammar, derivations), smoothing)
    by_parent = ByParent(grammar)
    apart = [by_parent.derivation(derivation) for derivation in derivations]
    counts = rule_counts(by_parent.grammar, apart)
    conditioned = probabilities(by_parent.grammar, counts, smoothing, plain[by_parent.base])
    return LearntWeights(grammar, plain, by_parent, conditioned)


def _totals(grammar: Grammar, values: NDArray[Any]) -> NDArray[np.float64]:
    """Return for each rule the sum of values over the rules of its symbol, ``[rules]``."""
    symbols = {symbol: index for index, symbol in enumerate(grammar.nonterminals)}
    of = np.array([symbols[rule.lhs] for rule in grammar.rules])
    totals = np.zeros(len(symbols))
    np.add.at(totals, of, values)
    return np.take(totals, of)


def _source_rule(
    lhs: Nonterminal, rhs: tuple[Nonterminal | str, ...], weight: float | None
) -> SourceRule:
    place = Position(1, 1)
    return SourceRule(lhs, rhs, weight, place, (place,) * len(rhs))
