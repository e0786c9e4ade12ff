"""How few rules finish a symbol where rules are limited: what keeps a restricted sentence whole.

A bound ties the symbols of a stack together: what one uses, the others cannot. So the least
number of rules is kept for each *allotment*, a number of uses of each bounded thing, as a product
of the grammar with counters would keep it; a stack's is the least over all ways to share an
allotment among its symbols, the (min, +) convolution.

Most bounds need no such table: where each symbol is finished in as few rules without what is
bounded as with it, whatever the others are allotted, it is enough to count. These are *free*, the
others *coupled*.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from grammar_lisa.grammar.analysis import nonterminals_of
from grammar_lisa.grammar.cfg import Grammar
from grammar_lisa.grammar.limits import Limits
from shared.common.arrays import Bools, Integers
from shared.common.errors import LisaError
from shared.common.words import counted

FAR: Final = 1 << 40
"""Stands for a number of rules that no sentence has."""
LARGEST: Final = 256
"""The most allotments that are told apart."""


@dataclass(frozen=True, eq=False)
class Allotments:
    """All numbers of uses that can be left of some bounded things, numbered.

    Attributes:
        minus: The number of allotment v less allotment u, ``[v, u]``; `count` where u is no part
            of v.
        offset: Of each rule, the number of the allotment that it uses itself, ``[rules]``.
    """

    minus: Integers
    offset: Integers

    @property
    def count(self) -> int:
        """How many there are; the last is the largest."""
        return len(self.minus)

    @classmethod
    def of(cls, limits: Limits, coupled: Bools, largest: int) -> "Allotments":
        """Return the allotments of some of what is bounded.

        Args:
            limits: All bounds.
            coupled: Those that are told apart, ``[bounds]``.
            largest: The most allotments that there may be.

        Raises:
            LisaError: There would be more.
        """
        uses, most = limits.uses[:, coupled], limits.most[coupled]
        count = float(np.prod(most + 1.0))
        if count > largest:
            raise LisaError(
                f"{limits.said}: these bounds depend on each other in {count:,.0f} combinations, "
                f"and at most {largest:,} can be told apart; bound fewer things, or lower"
            )
        sizes = (most + 1).tolist()
        every = np.stack(np.unravel_index(np.arange(np.prod(sizes, dtype=int)), [1, *sizes]), 1)
        every = every[:, 1:]
        part = (every[:, None] >= every[None]).all(axis=2)
        rows = np.arange(len(every))
        minus = np.where(part, rows[:, None] - rows, len(every))
        strides = np.array([np.prod(sizes[place + 1 :], dtype=int) for place in range(len(sizes))])
        return cls(minus, (np.minimum(uses, most) * strides.astype(np.int64)).sum(axis=1))

    def left(self, values: Integers, allotment: Integers | int) -> Integers:
        """Return values ``[allotments]`` at what is left of an allotment by each u, else FAR."""
        found: Integers = np.append(values, FAR)[self.minus[allotment]]
        return found

    def shared(self, first: Integers, second: Integers) -> Integers:
        """Return the least sum over all ways to share each allotment, ``[allotments]``."""
        whole: Integers = (first + self.left(second, np.arange(self.count))).min(axis=1)
        return np.minimum(whole, FAR)


@dataclass(frozen=True, eq=False)
class Completion:
    """The least numbers of rules that finish symbols under limits.

    Attributes:
        limits: The limits.
        free: Which bounds are only counted, ``[bounds]``.
        allotments: Of the coupled bounds.
        least: The least rules that finish each symbol with at most an allotment,
            ``[symbols, allotments]``; FAR where none do.
        cost: The same for what each rule puts on the stack, the rule's own uses included and the
            rule itself not counted, ``[rules, allotments]``.
    """

    limits: Limits
    free: Bools
    allotments: Allotments
    least: Integers
    cost: Integers

    @classmethod
    def of(cls, limits: Limits, max_rules: int) -> "Completion":
        """Compute the tables for sentences of at most `max_rules` rules.

        Raises:
            LisaError: No sentence of so few rules obeys, or there are too many allotments.
        """
        reached = np.minimum(limits.most, max_rules * limits.uses.max(axis=0, initial=0))
        limits = Limits(limits.grammar, limits.uses, reached, limits.said)
        free = ~_coupled(limits)
        allotments = Allotments.of(limits, ~free, LARGEST)
        least, cost = _tables(limits.grammar, limits.usable, allotments)
        numbers = symbol_numbers(limits.grammar)
        shortest = int(least[numbers[limits.grammar.start], -1])
        if shortest > max_rules:
            more = f"; the shortest has {shortest}" if shortest < FAR else ""
            raise LisaError(
                f"no sentence of {limits.grammar.source} of at most {counted(max_rules, 'rule')} "
                f"obeys: {limits.said}{more}"
            )
        return cls(limits, free, allotments, least, cost)


def symbol_numbers(grammar: Grammar) -> dict[object, int]:
    """Return the place of each nonterminal among those of a grammar."""
    return {symbol: number for number, symbol in enumerate(grammar.nonterminals)}


def children_of(grammar: Grammar) -> list[list[int]]:
    """Return the nonterminals that each rule puts on the stack, by number."""
    numbers = symbol_numbers(grammar)
    return [[numbers[part] for part in nonterminals_of(rule.rhs)] for rule in grammar.rules]


def _coupled(limits: Limits) -> Bools:
    """Tell which bounds have to be told apart in the tables, ``[bounds]``."""
    bounded, bounds = limits.most > 0, np.arange(len(limits.most))
    coupled, nothing = np.zeros((2, len(bounds)), np.bool_)
    for bound in np.flatnonzero(bounded):
        coupled[bound] = not _spared(limits, bounds == bound, nothing)
    return coupled if _spared(limits, bounded & ~coupled, coupled) else bounded


def _spared(limits: Limits, some: Bools, coupled: Bools) -> bool:
    """Tell whether symbols are finished in as few rules without what some bounds count.

    Args:
        limits: All bounds.
        some: Those bounds.
        coupled: The bounds that the tables tell apart; all others are left aside.
    """
    if not some.any():
        return True
    allotments = Allotments.of(limits, coupled, LARGEST)
    without = limits.usable & (limits.uses[:, some] == 0).all(axis=1)
    kept = _tables(limits.grammar, without, allotments)[0]
    return np.array_equal(kept, _tables(limits.grammar, limits.usable, allotments)[0])


def _tables(grammar: Grammar, usable: Bools, allotments: Allotments) -> tuple[Integers, Integers]:
    """Return `least` and `cost` of a `Completion`, as the fixpoint of one sweep after the other."""
    children, numbers = children_of(grammar), symbol_numbers(grammar)
    least = np.full((len(numbers), allotments.count), FAR)
    cost = np.full((len(children), allotments.count), FAR)
    changed = True
    while changed:
        changed = False
        for rule in np.flatnonzero(usable).tolist():
            total = np.zeros(allotments.count, np.int64)
            for child in children[rule]:
                total = allotments.shared(least[child], total)
            cost[rule] = np.append(total, FAR)[allotments.minus[:, allotments.offset[rule]]]
            symbol = numbers[grammar.rules[rule].lhs]
            better = np.minimum(least[symbol], np.minimum(cost[rule] + 1, FAR))
            changed |= bool((better < least[symbol]).any())
            least[symbol] = better
    return least, cost
