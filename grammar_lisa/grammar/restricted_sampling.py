"""Random derivations that obey restrictions, by the same laws as those that need not."""

import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Final

import numpy as np

from grammar_lisa.grammar import Grammar, Rule
from grammar_lisa.grammar.analysis import least_rules, nonterminals_of, reachable
from grammar_lisa.grammar.completion import Allotments, Completion, children_of, symbol_numbers
from grammar_lisa.grammar.limits import Limits
from grammar_lisa.grammar.symbols import Nonterminal
from shared.common.errors import LisaError

_START: Final = Nonterminal("^")
_MOST: Final = 2048
"""The most allotments that are told apart: derivations are counted for each."""
_MOST_RULES: Final = 200_000
"""The most rules of a grammar whose symbols are told apart by what they use."""


@dataclass(frozen=True)
class ByUses:
    """A grammar whose symbols are told apart by how often they use what is bounded.

    The product of the grammar with counters: ``T^2`` derives what T derives with the allotment
    number 2 used up, no more and no less. Each derivation of the original that obeys has one of the
    product, with one rule more, at the root, that says what is used in all.
    """

    limits: Limits

    @cached_property
    def _allotments(self) -> Allotments:
        return Allotments.of(self.limits, np.ones(len(self.limits.most), np.bool_), _MOST)

    @cached_property
    def _numbered(self) -> list[tuple[Rule, int]]:
        """The rules that some derivation uses, each with that of the original, -1 at the root."""
        original, made = self.limits.grammar, list[tuple[Rule, int]]()
        self._check_size()
        last = self._allotments.count - 1
        for used in range(last + 1):
            made.append((self._rule(_START, (original.start,), (used,)), -1))
        for number, rule in enumerate(original.rules):
            if self.limits.usable[number]:
                parts = nonterminals_of(rule.rhs)
                for used in range(last + 1):
                    own = int(self._allotments.minus[used, self._allotments.offset[number]])
                    symbol = _named(rule.lhs, used)
                    made += [
                        (self._rule(symbol, parts, split), number)
                        for split in self._splits(own, len(parts))
                    ]
        finished = least_rules([rule for rule, _ in made])
        whole = [each for each in made if all(part in finished for part in each[0].rhs)]
        reached = reachable([rule for rule, _ in whole], _START)
        kept = [each for each in whole if each[0].lhs in reached]
        return [(replace(rule, number=place), of) for place, (rule, of) in enumerate(kept)]

    @cached_property
    def grammar(self) -> Grammar:
        """The product, without terminals."""
        original = self.limits.grammar
        rules = tuple(rule for rule, _ in self._numbered)
        source = f"{original.source} with {self.limits.said}"
        return Grammar(rules, _START, "", source, (), original.spacing)

    def original(self, derivation: tuple[int, ...]) -> tuple[int, ...]:
        """Return a derivation of the product as one of the original."""
        return tuple(self._numbered[rule][1] for rule in derivation[1:])

    def _rule(
        self, lhs: Nonterminal, parts: tuple[Nonterminal, ...], used: tuple[int, ...]
    ) -> Rule:
        return Rule(0, lhs, tuple(map(_named, parts, used)), 1.0, 0)

    def _splits(self, allotment: int, parts: int) -> Iterator[tuple[int, ...]]:
        """Yield the ways to share out an allotment among so many symbols, nothing left over."""
        count = self._allotments.count
        if allotment == count:
            return
        if not parts:
            if allotment == 0:
                yield ()
        elif parts == 1:
            yield (allotment,)
        else:
            for first in range(allotment + 1):
                rest = int(self._allotments.minus[allotment, first])
                if rest < count:
                    yield from ((first, *split) for split in self._splits(rest, parts - 1))

    def _check_size(self) -> None:
        """Refuse bounds whose product would have too many rules."""
        within = (self._allotments.minus < self._allotments.count).astype(float)
        sizes = [len(nonterminals_of(rule.rhs)) for rule in self.limits.grammar.rules]
        ways = [np.ones(self._allotments.count)]
        while len(ways) <= max(sizes):
            ways.append(within @ ways[-1])
        total = sum(ways[max(size - 1, 0)].sum() for size in sizes)
        if total > _MOST_RULES:
            raise LisaError(
                f"{self.limits.said}: to draw uniformly with these bounds takes a grammar of "
                f"{total:,.0f} rules, and at most {_MOST_RULES:,} are made; bound fewer things, or "
                "lower, or draw by weight (law weighted)"
            )


def weighted_draws(
    completion: Completion, max_rules: int, rng: random.Random
) -> Iterator[tuple[int, ...]]:
    """Yield derivations without end, drawn rule by rule with the weights of the grammar.

    Args:
        completion: Of the limits that they obey.
        max_rules: The most rules of a derivation.
        rng: The source of the draws.
    """
    limits, allotments = completion.limits, completion.allotments
    grammar, children = limits.grammar, children_of(limits.grammar)
    own = [np.array(grammar.rules_of[symbol]) for symbol in grammar.nonterminals]
    start = symbol_numbers(grammar)[grammar.start]
    weights = [rule.weight for rule in grammar.rules]
    uses = limits.uses[:, completion.free]
    while True:
        derivation: list[int] = []
        free, spare = limits.most[completion.free].copy(), allotments.count - 1
        stack = [start]
        below = [np.zeros(allotments.count, np.int64)]
        while stack:
            symbol, rest = stack.pop(), below.pop()
            need = (completion.cost[own[symbol]] + allotments.left(rest, spare)).min(axis=1)
            fits = need < max_rules - len(derivation)
            rules = own[symbol][fits & (uses[own[symbol]] <= free).all(axis=1)].tolist()
            odds = list(accumulate(weights[rule] for rule in rules))
            rule = rules[bisect_right(odds, rng.random() * odds[-1], 0, len(odds) - 1)]
            derivation.append(rule)
            free -= uses[rule]
            spare -= int(allotments.offset[rule])
            for child in reversed(children[rule]):
                stack.append(child)
                below.append(rest)
                rest = allotments.shared(completion.least[child], rest)
        yield tuple(derivation)


def _named(symbol: Nonterminal, used: int) -> Nonterminal:
    return Nonterminal(f"{symbol}^{used}")
