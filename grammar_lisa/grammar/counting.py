"""How many derivations a grammar has, exactly, and which one has a given rank."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from operator import mul

from grammar_lisa.grammar.analysis import nonterminals_of
from grammar_lisa.grammar.cfg import Grammar
from grammar_lisa.grammar.symbols import Nonterminal
from shared.common.errors import LisaError

Symbols = tuple[Nonterminal, ...]

CACHED_NUMBERS = 2_000_000


class Counts:
    """Exact numbers of derivations by their number of rules, and a ranking of them.

    A table holds, for each sequence of symbols that can stand on the stack of a leftmost
    derivation (the tails of right-hand sides), in how many ways exactly n rules finish it, for
    n = 0 .. max_rules. A rule costs one, so the recurrence also ends for empty rules and for
    cycles. The method is that of Flajolet, Zimmermann and Van Cutsem, A calculus for the random
    generation of labelled combinatorial structures, 1994. Building it takes
    O(tails * max_rules**2) big-integer products.

    Raises:
        LisaError: ``max_rules`` is negative.
    """

    def __init__(self, grammar: Grammar, max_rules: int) -> None:
        if max_rules < 0:
            raise LisaError(f"max_rules is {max_rules}; it must be 0 or more")
        self.grammar = grammar
        self.max_rules = max_rules
        self._tails = [nonterminals_of(rule.rhs) for rule in grammar.rules]
        self._ways = self._count()
        self._by_length = list(accumulate(self._ways[(grammar.start,)]))
        self._split_cache: dict[tuple[Symbols, int], list[int]] = {}
        self._rule_cache: dict[tuple[Nonterminal, int], list[int]] = {}
        self._cached = 0

    def exactly(self, n: int) -> int:
        """Return the number of derivations of exactly ``n`` rules, n up to ``max_rules``."""
        return self.exactly_from(self.grammar.start, n)

    def at_most(self, n: int | None = None) -> int:
        """Return the number of derivations of at most ``n`` rules (default ``max_rules``)."""
        return self._by_length[self.max_rules if n is None else self._length(n)]

    def unrank(self, rank: int) -> tuple[int, ...]:
        """Return the derivation with a rank in range(at_most()).

        Ranks go by number of rules first, so a smaller ``max_rules`` ranks a prefix alike.

        Raises:
            LisaError: The rank is out of range.
        """
        total = self._by_length[-1]
        if not 0 <= rank < total:
            raise LisaError(
                f"rank {rank} is out of range: {total} derivations have at most "
                f"{self.max_rules} rules, so ranks go from 0 to {total - 1}"
            )
        length = bisect_right(self._by_length, rank)
        return self._expand(self.grammar.start, length, rank - self._by_length[length - 1])

    def exactly_from(self, symbol: Nonterminal, n: int) -> int:
        """Return the number of subtrees of exactly ``n`` rules whose root is ``symbol``."""
        return self._ways[(symbol,)][self._length(n)]

    def unrank_from(self, symbol: Nonterminal, n: int, rank: int) -> tuple[int, ...]:
        """Return the subtree of ``n`` rules with a rank in range(exactly_from(symbol, n)).

        Raises:
            LisaError: The rank or ``n`` is out of range.
        """
        total = self.exactly_from(symbol, n)
        if not 0 <= rank < total:
            raise LisaError(
                f"rank {rank} is out of range: {total} subtrees of {symbol} have exactly {n} rules"
            )
        return self._expand(symbol, n, rank)

    def _length(self, n: int) -> int:
        """Return a number of rules that the table holds."""
        if not 0 <= n <= self.max_rules:
            raise LisaError(f"n is {n}; this table goes from 0 to {self.max_rules} rules")
        return n

    def _expand(self, symbol: Nonterminal, length: int, rank: int) -> tuple[int, ...]:
        """Return the subtree of a rank among those of a symbol and a number of rules."""
        derivation: list[int] = []
        stack: list[tuple[Symbols, int, int]] = [((symbol,), length, rank)]
        while stack:
            symbols, length, rank = stack.pop()
            first = symbols[0]
            own = length
            if len(symbols) > 1:
                splits = self._splits(symbols, length)
                own = bisect_right(splits, rank)
                rank -= splits[own - 1]
                rest = symbols[1:]
                rank, rest_rank = divmod(rank, self._ways[rest][length - own])
                stack.append((rest, length - own, rest_rank))
            choices = self._choices(first, own)
            chosen = bisect_right(choices, rank)
            rank -= choices[chosen - 1] if chosen else 0
            rule = self.grammar.rules_of[first][chosen]
            derivation.append(rule)
            if self._tails[rule]:
                stack.append((self._tails[rule], own - 1, rank))
        return tuple(derivation)

    def _count(self) -> dict[Symbols, list[int]]:
        """Fill the table of ways, one number of rules after the other, short tails first."""
        size = self.max_rules + 1
        tails = {tail[i:] for tail in self._tails for i in range(len(tail))}
        tails |= {(symbol,) for symbol in self.grammar.nonterminals}
        order = sorted((tail for tail in tails if len(tail) > 1), key=len)
        ways: dict[Symbols, list[int]] = {tail: [0] for tail in tails}
        ways[()] = [1] + [0] * (size - 1)
        singles = [
            (ways[(symbol,)], [ways[self._tails[rule]] for rule in rules])
            for symbol, rules in self.grammar.rules_of.items()
        ]
        longer = [(ways[tail], ways[tail[:1]], ways[tail[1:]]) for tail in order]
        for n in range(1, size):
            for own, alternatives in singles:
                own.append(sum(alternative[n - 1] for alternative in alternatives))
            for own, first, rest in longer:
                own.append(sum(map(mul, first[1:n], rest[n - 1 : 0 : -1])))
        return ways

    def _splits(self, symbols: Symbols, length: int) -> list[int]:
        """Return the cumulative ways of giving 0, 1, .. ``length`` rules to the first symbol."""
        key = (symbols, length)
        if key not in self._split_cache:
            first, rest = self._ways[symbols[:1]], self._ways[symbols[1:]]
            found = list(accumulate(map(mul, first[: length + 1], rest[length::-1])))
            self._make_room(len(found))
            self._split_cache[key] = found
        return self._split_cache[key]

    def _choices(self, symbol: Nonterminal, length: int) -> Sequence[int]:
        """Return the cumulative ways over the rules of a symbol that is to take ``length``."""
        key = (symbol, length)
        if key not in self._rule_cache:
            rules = self.grammar.rules_of[symbol]
            found = list(accumulate(self._ways[self._tails[rule]][length - 1] for rule in rules))
            self._make_room(len(found))
            self._rule_cache[key] = found
        return self._rule_cache[key]

    def _make_room(self, numbers: int) -> None:
        """Forget the cumulative tables when they would grow beyond a bound."""
        self._cached += numbers
        if self._cached > CACHED_NUMBERS:
            self._split_cache.clear()
            self._rule_cache.clear()
            self._cached = numbers
