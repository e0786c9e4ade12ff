"""Crossover and mutation of derivations: one subtree makes room for another of its symbol.

The moves of genetic programming (Koza, Genetic Programming, 1992) as a grammar types them
(Whigham, Grammatically-based genetic programming, 1995): a symbol's subtree is a stretch of the
leftmost derivation, and any other subtree of the symbol can stand in its place.
"""

import random
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.grammar import Counts, Grammar
from grammar_lisa.grammar.analysis import nonterminals_of
from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.symbols import Nonterminal
from shared.common.errors import LisaError

Derivations = NDArray[np.signedinteger]
"""Rule numbers in leftmost order, ``[n, max_rules]``, padded behind with ``len(grammar.rules)``."""

_Whole = NDArray[np.int64]
_Flags = NDArray[np.bool_]
_Hashes = NDArray[np.uint64]

_BASE = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class _Trees:
    """Derivations and their subtrees, one from each step.

    Attributes:
        rules: The derivations.
        lengths: Their numbers of rules, ``[n]``.
        symbols: The symbol that each step rewrites, as its number, -1 in the padding.
        spans: The number of rules of each step's subtree, 0 in the padding.
    """

    rules: Derivations
    lengths: _Whole
    symbols: _Whole
    spans: _Whole

    @cached_property
    def hashes(self) -> _Hashes:
        """Each step's subtree in 64 bits: a polynomial in its rules, from sums over steps."""
        width = self.rules.shape[1]
        base, inverse = np.uint64(_BASE), np.uint64(pow(_BASE, -1, 2**64))
        up = np.cumprod(np.full(width, base), dtype=np.uint64)
        down = np.cumprod(np.full(width, inverse), dtype=np.uint64)
        sums: _Hashes = np.zeros((len(self.rules), width + 1), np.uint64)
        np.cumsum((self.rules.astype(np.uint64) + np.uint64(1)) * up, axis=1, out=sums[:, 1:])
        ends: _Hashes = np.take_along_axis(sums, np.arange(width) + self.spans, axis=1)
        found: _Hashes = (ends - sums[:, :-1]) * down
        return found


@dataclass
class _Cuts:
    """What is exchanged in each row; as it starts, nothing is.

    Attributes:
        at: The step where the removed subtree starts.
        gone: Its number of rules.
        source: The step of the donor where the new subtree starts.
        size: Its number of rules.
    """

    at: _Whole
    gone: _Whole
    source: _Whole
    size: _Whole

    @classmethod
    def none(cls, n: int) -> "_Cuts":
        """Return no exchange in any of n rows."""
        return cls(*np.zeros((4, n), np.int64))


class TreeMoves:
    """Crossover and mutation of the derivations of a grammar within a number of rules.

    Results are complete by construction: only subtrees that fit are put in. A row that no move
    of the kind can change comes back as it was.

    Raises:
        LisaError: No derivation has at most ``max_rules`` rules.
    """

    def __init__(self, grammar: Grammar, max_rules: int) -> None:
        grammar.check_length(max_rules)
        self.grammar = grammar
        self.max_rules = max_rules
        self._pad = len(grammar.rules)
        numbers = {symbol: index for index, symbol in enumerate(grammar.nonterminals)}
        self._lhs = np.array([*(numbers[rule.lhs] for rule in grammar.rules), -1])
        # Padding takes nothing off the stack, so it counts as a rule with one symbol.
        self._arity = np.array([*(len(nonterminals_of(rule.rhs)) for rule in grammar.rules), 1])

    def crossover(
        self, first: Derivations, second: Derivations, rng: np.random.Generator
    ) -> Derivations:
        """Replace a subtree of each first derivation by one of the second, of the same symbol.

        The place is uniform over those where some subtree of the second derivation fits and
        differs from what stands there; the subtree is uniform over these. The whole second
        derivation never stands for the whole first.

        Args:
            first: The derivations that are changed.
            second: The derivations that subtrees are taken from, as many.
            rng: The source of the draws.

        Raises:
            LisaError: The arrays are no complete derivations of this grammar and width, or not
                equally many.
        """
        hosts, donors = self._trees(first), self._trees(second)
        if len(first) != len(second):
            raise LisaError(f"{len(first)} derivations cannot be crossed with {len(second)}")
        return self._spliced(first, second, self._crossings(hosts, donors, rng))

    def mutate(self, derivations: Derivations, rng: np.random.Generator) -> Derivations:
        """Replace a subtree of each derivation by another one of the same symbol, newly drawn.

        The place is uniform over those where another subtree fits. The new subtree's number of
        rules is uniform over those that are possible there, and the subtree uniform over those
        of this number other than the removed one.

        Args:
            derivations: The derivations that are changed.
            rng: The source of the draws.

        Raises:
            LisaError: The array holds no complete derivations of this grammar and width.
        """
        trees = self._trees(derivations)
        cuts = self._mutations(trees, rng)
        return self._spliced(derivations, self._drawn(trees, cuts, rng), cuts)

    def _trees(self, rules: Derivations) -> _Trees:
        """Find the subtrees of derivations, and refuse what has none."""
        if rules.ndim != 2 or rules.shape[1] != self.max_rules:
            raise LisaError(
                f"an array of shape {rules.shape} holds no derivations here; "
                f"expected [n, {self.max_rules}]"
            )
        inside = rules != self._pad
        known = (rules >= 0) & (rules <= self._pad)
        whole = np.where(known, rules, self._pad)
        stack = np.ones((len(rules), self.max_rules + 1), np.int64)
        stack[:, 1:] += np.cumsum(self._arity[whole] - 1, axis=1)
        wrong = ((stack[:, :-1] > 0) != inside).any(axis=1) | (stack[:, -1] != 0)
        wrong |= ~known.all(axis=1)
        if wrong.any():
            raise LisaError(
                f"row {int(np.argmax(wrong))} is no complete derivation padded with {self._pad}"
            )
        spans = np.where(inside, _ends(stack) - np.arange(self.max_rules), 0)
        return _Trees(rules, inside.sum(axis=1), self._lhs[whole], spans)

    def _crossings(self, hosts: _Trees, donors: _Trees, rng: np.random.Generator) -> _Cuts:
        """Draw what a crossover exchanges: places in random order, up to one with a donor."""
        cuts = _Cuts.none(len(hosts.rules))
        hopeful = self._hopeful(hosts, donors)
        order = np.argsort(rng.random(hopeful.shape) + ~hopeful, axis=1)
        turns, rows = hopeful.sum(axis=1), np.arange(len(order))
        for turn in range(self.max_rules):
            rows = rows[turn < turns[rows]]
            if not len(rows):
                break
            at = order[rows, turn]
            fits = self._fitting(hosts, donors, rows, at)
            some = fits.any(axis=1)
            found, at, fits = rows[some], at[some], fits[some]
            cuts.at[found], cuts.gone[found] = at, hosts.spans[found, at]
            source = _pick(fits, rng)
            cuts.source[found], cuts.size[found] = source, donors.spans[found, source]
            rows = rows[~some]
        return cuts

    def _hopeful(self, hosts: _Trees, donors: _Trees) -> _Flags:
        """Tell at which steps of hosts a subtree of their donors could stand, if only itself."""
        least = np.full((len(hosts.rules), len(self.grammar.nonterminals)), self.max_rules + 1)
        rows, steps = np.nonzero(donors.spans)
        symbols, spans = donors.symbols[rows, steps], donors.spans[rows, steps]
        np.minimum.at(least, (rows, symbols), spans)
        shortest = np.take_along_axis(least, np.maximum(hosts.symbols, 0), axis=1)
        hopeful: _Flags = shortest <= self.max_rules - hosts.lengths[:, None] + hosts.spans
        return hopeful & (hosts.spans > 0)

    def _fitting(self, hosts: _Trees, donors: _Trees, rows: _Whole, at: _Whole) -> _Flags:
        """Tell which subtrees of the donors can stand at a step of their hosts, and change them."""
        room = self.max_rules - hosts.lengths[rows] + hosts.spans[rows, at]
        fits: _Flags = donors.symbols[rows] == hosts.symbols[rows, at, None]
        fits &= donors.spans[rows] <= room[:, None]
        fits &= donors.hashes[rows] != hosts.hashes[rows, at, None]
        fits[:, 0] &= at > 0
        return fits

    @cached_property
    def _counts(self) -> Counts:
        return Counts(self.grammar, self.max_rules)

    @cached_property
    def _ways(self) -> _Whole:
        """How many subtrees each symbol has of each number of rules: none, one, or 2 for more."""
        counts, lengths = self._counts, range(self.max_rules + 1)
        rows = [
            [min(counts.exactly_from(symbol, n), 2) for n in lengths]
            for symbol in self.grammar.nonterminals
        ]
        return np.array(rows)

    def _mutations(self, trees: _Trees, rng: np.random.Generator) -> _Cuts:
        """Draw the place of each mutation and the number of rules of what comes there."""
        cuts = _Cuts.none(len(trees.rules))
        room = self.max_rules - trees.lengths[:, None] + trees.spans
        several = self._ways.cumsum(axis=1) > 1
        can = several[trees.symbols, room] & (trees.spans > 0)
        rows = np.flatnonzero(can.any(axis=1))
        at = _pick(can[rows], rng)
        span, ways = trees.spans[rows, at], self._ways[trees.symbols[rows, at]]
        ways[np.arange(len(rows)), span] -= 1
        lengths = (ways > 0) & (np.arange(self.max_rules + 1) <= room[rows, at, None])
        cuts.at[rows], cuts.gone[rows], cuts.size[rows] = at, span, _pick(lengths, rng)
        return cuts

    def _drawn(self, trees: _Trees, cuts: _Cuts, rng: np.random.Generator) -> Derivations:
        """Draw a subtree for each cut, of the number of rules that it asks for."""
        counts, symbols = self._counts, self.grammar.nonterminals
        source = random.Random(int(rng.integers(2**63)))  # noqa: S311
        drawn: list[tuple[int, ...]] = []
        for row, (at, size) in enumerate(zip(cuts.at.tolist(), cuts.size.tolist(), strict=True)):
            old = tuple(trees.rules[row, at : at + cuts.gone[row]].tolist())
            symbol = symbols[trees.symbols[row, at]]
            drawn.append(_another(counts, symbol, size, old, source) if size else ())
        return to_array(drawn, self.max_rules, self._pad)

    def _spliced(self, hosts: Derivations, donors: Derivations, cuts: _Cuts) -> Derivations:
        """Exchange what the cuts say."""
        at, gone, source, size = np.stack([cuts.at, cuts.gone, cuts.source, cuts.size])[:, :, None]
        steps, width = np.arange(self.max_rules), self.max_rules
        index = np.where(steps < at, steps, steps + gone - size)
        index[index >= width] = 2 * width
        new = (at <= steps) & (steps < at + size)
        index = np.where(new, width + source + steps - at, index)
        padding = np.full((len(hosts), 1), self._pad, hosts.dtype)
        joined = np.concatenate([hosts, donors.astype(hosts.dtype, copy=False), padding], axis=1)
        return np.take_along_axis(joined, index, axis=1)


def _ends(stack: _Whole) -> _Whole:
    """Return the step behind each subtree: the first from there on with a lower stack.

    Args:
        stack: The number of open symbols before each step, and behind the last one.
    """
    count, steps = stack.shape[0], stack.shape[1] - 1
    each = np.arange(count)
    stack = stack.T.copy()  # so that the loop reads rows
    ends = np.empty((steps, count), np.int64)
    # By number of open symbols, the next step that has so many; the last row is for padding.
    following = np.full((steps + 2, count), steps)
    for step in range(steps - 1, -1, -1):
        now = stack[step]
        ends[step] = following[now - 1, each]
        following[now, each] = step
    return ends.T


def _another(
    counts: Counts, symbol: Nonterminal, size: int, old: tuple[int, ...], source: random.Random
) -> tuple[int, ...]:
    """Draw a subtree of a symbol and a number of rules, uniform over those other than ``old``."""
    ways, new = counts.exactly_from(symbol, size), old
    while new == old:
        new = counts.unrank_from(symbol, size, source.randrange(ways))
    return new


def _pick(mask: _Flags, rng: np.random.Generator) -> _Whole:
    """Return for each row one of its true columns, uniformly."""
    found: _Whole = np.where(mask, rng.random(mask.shape), -1.0).argmax(axis=1)
    return found
