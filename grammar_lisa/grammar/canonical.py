"""One derivation for each sentence: the canonical one, which the parser gives of its text."""

import math
import random
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final

from grammar_lisa.grammar import Counts, Grammar
from grammar_lisa.grammar.parsing import LALR, Parser, terminals_overlap
from grammar_lisa.grammar.text import Writer
from shared.common.words import counted

Derivation = tuple[int, ...]

LISTED: Final = 20_000
"""The most derivations that are all looked at, to count sentences."""

LOOKED: Final = 400
"""Derivations that are drawn where there are more than can be listed."""


def is_unambiguous(parser: Parser) -> bool:
    """Tell whether a grammar is LALR(1) beyond doubt, so that no tokens have two derivations.

    Lark overlooks equal rules and cycles (Aho, Lam, Sethi and Ullman, Compilers: Principles,
    Techniques, and Tools, 2006, section 4.5).
    """
    grammar = parser.grammar
    distinct = len({(rule.lhs, rule.rhs) for rule in grammar.rules}) == len(grammar.rules)
    cyclic = any(finding.code == "cycle" for finding in grammar.findings)
    return parser.kind == LALR and distinct and not cyclic


@dataclass(frozen=True)
class Replaced:
    """Derivations in canonical form.

    Attributes:
        derivations: The canonical derivations, one for each key, in order.
        changed: How many derivations another one stands for.
        too_long: How many have been left out, as the canonical one takes too many rules.
    """

    derivations: list[Derivation]
    changed: int
    too_long: int

    def describe(self, max_rules: int) -> str:
        """Return what was replaced and left out, in words; nothing if nothing was."""
        parts = []
        if self.changed:
            drawn = counted(self.changed, "drawn derivation")
            parts.append(f"{drawn} replaced by the canonical one")
        if self.too_long:
            parts.append(
                f"{counted(self.too_long, 'sentence')} left out, which canonically take more than "
                f"{counted(max_rules, 'rule')}"
            )
        return "; ".join(parts)


@dataclass(frozen=True)
class SentenceCount:
    """How many sentences derivations are of.

    Attributes:
        number: Exact, or estimated from the share of canonical derivations.
        looked: How many derivations were looked at.
        exact: Whether these were all, or none had to be.
        error: One standard error of the estimate; 0 of what is exact.
    """

    number: int
    looked: int
    exact: bool
    error: float = 0.0

    def describe(self) -> str:
        """Return the number in words."""
        if self.exact:
            return f"{self.number:,} different sentences"
        if not self.number:
            return f"far fewer different sentences (none of {self.looked} drawn is canonical)"
        return (
            f"about {_rounded(self.number)} ± {_rounded(self.error)} different sentences (by the "
            f"share of canonical ones among {counted(self.looked, 'derivation')} drawn)"
        )


class CanonicalDerivations:
    """Tells the canonical derivations of one grammar from others, and finds them.

    Attributes:
        grammar: The grammar.
    """

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self._parser = Parser(grammar)
        self._writer = Writer(grammar)

    @cached_property
    def all_are(self) -> bool:
        """Whether each derivation is that of its text: of an ambiguous grammar, some are not.

        Where tokens can be told apart in one way, an LALR(1) grammar has one derivation for each
        text. Where one begins another, some derivations are drawn and looked at.
        """
        if not is_unambiguous(self._parser):
            return False
        return not terminals_overlap(self.grammar.terminals) or self._all_drawn_are

    @cached_property
    def _all_drawn_are(self) -> bool:
        """Whether some short and some longer derivations are all canonical."""
        counts = Counts(self.grammar, 2 * self.grammar.shortest + 8)
        total = counts.at_most()
        ranks = {*range(min(total, LOOKED // 2)), *range(0, total, max(1, 2 * total // LOOKED))}
        return all(self.holds(counts.unrank(rank)) for rank in sorted(ranks))

    def of(self, derivation: Sequence[int]) -> Derivation:
        """Return the canonical derivation of the sentence that a derivation gives."""
        return self._parser.parse(self._writer.text(derivation))

    def holds(self, derivation: Sequence[int]) -> bool:
        """Tell whether a derivation is the canonical one of its sentence."""
        return self.of(derivation) == tuple(derivation)

    def replace(
        self,
        derivations: Sequence[Derivation],
        max_rules: int,
        keys: Callable[[Sequence[str]], Iterable[Hashable]],
    ) -> Replaced:
        """Return the canonical derivations of the sentences of derivations, each once.

        Args:
            derivations: Derivations of the grammar.
            max_rules: The most rules that a canonical derivation may take.
            keys: What texts are told apart by.
        """
        if self.all_are:
            return Replaced(list(derivations), 0, 0)
        found = [self.of(derivation) for derivation in derivations]
        changed = sum(map(tuple.__ne__, map(tuple, derivations), found))
        short = [derivation for derivation in found if len(derivation) <= max_rules]
        first: dict[Hashable, Derivation] = {}
        for key, derivation in zip(keys(self._writer.texts(short)), short, strict=True):
            first.setdefault(key, derivation)
        return Replaced(list(first.values()), changed, len(found) - len(short))

    def count(self, counts: Counts) -> SentenceCount:
        """Return how many sentences have a canonical derivation among those that are counted."""
        total = counts.at_most()
        if self.all_are:
            return SentenceCount(total, 0, exact=True)
        if total <= LISTED:
            number = sum(self.holds(counts.unrank(rank)) for rank in range(total))
            return SentenceCount(number, total, exact=True)
        rng = random.Random(0)  # noqa: S311
        ranks = [rng.randrange(total) for _ in range(LOOKED)]
        share = Fraction(sum(self.holds(counts.unrank(rank)) for rank in ranks), LOOKED)
        error = math.sqrt(float(share * (1 - share)) / LOOKED)
        return SentenceCount(round(total * share), LOOKED, False, total * error)


def _rounded(number: float) -> str:
    """Return a number to two digits, with commas where it is not long."""
    return f"{number:.1e}" if number >= 1e15 else f"{float(f'{number:.1e}'):,.0f}"
