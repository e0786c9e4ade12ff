"""Random derivations: uniform over all of them, by length, or rule by rule by weight."""

import random
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate, islice
from operator import add

from grammar_lisa.grammar import Counts, Grammar
from grammar_lisa.grammar.analysis import nonterminals_of
from grammar_lisa.grammar.canonical import CanonicalDerivations
from grammar_lisa.grammar.completion import Completion
from grammar_lisa.grammar.laws import Law
from grammar_lisa.grammar.limits import limits_of
from grammar_lisa.grammar.rejection import Rejection
from grammar_lisa.grammar.restricted_sampling import ByUses, weighted_draws
from grammar_lisa.grammar.restrictions import Restrictions
from grammar_lisa.grammar.text import Writer
from shared.common.callbacks import Notify, silent
from shared.common.errors import LisaError
from shared.common.words import counted

PATIENCE = 10_000
"""Draws without a new sentence, beyond those asked for, after which a distinct sample gives up."""

Keys = Callable[[Sequence[str]], Iterable[Hashable]]
"""What some texts are told apart by, a key for each: equal for those that count as the same."""

_BLOCK = 1000
"""The most derivations that keys are found for at once."""


def by_text(texts: Sequence[str]) -> Sequence[str]:
    """Tell texts apart as they are written."""
    return texts


def sample(
    grammar: Grammar,
    n: int,
    max_rules: int,
    seed: int,
    law: Law,
    *,
    distinct: bool = True,
    fewer: bool = False,
    keys: Keys = by_text,
    restrictions: Restrictions | None = None,
    canonical: bool = False,
    notify: Notify = silent,
) -> list[tuple[int, ...]]:
    """Return n derivations of at most ``max_rules`` rules, drawn by a law.

    The laws:
        uniform: see `sample_uniform`.
        by-length: a number of rules, uniform over those that derivations can have, then one of
            the derivations with that many, uniformly. With ``distinct`` that is without
            replacement within a length, and a length that has run out is not drawn any more.
        weighted: rule by rule, each with odds in proportion to its weight in the grammar file, 1 by
            default, among those after which the rest can still be finished within ``max_rules``.

    Where there are restrictions, all this is among the derivations that obey them.

    Args:
        grammar: The grammar.
        n: How many to draw.
        max_rules: The greatest number of rules.
        seed: The seed of the draws.
        law: The law.
        distinct: Whether the keys of all texts differ; the first drawn of equal ones is kept.
        fewer: Whether to return those that turn up where there are fewer distinct ones.
        keys: What texts are told apart by.
        restrictions: What all of them obey.
        canonical: Whether each sentence stands for one derivation, the canonical one: the laws
            uniform and by-length are over sentences then, by rejection, as far as at least every
            tenth draw is accepted; a weighted draw is one of a derivation in any case, and so is
            one under restrictions.
        notify: Hears where they are laws over derivations all the same.

    Raises:
        LisaError: No derivation is so short or obeys, or too few distinct sentences exist or turn
            up.
    """
    if n < 0:
        raise LisaError(f"{counted(n, 'derivation')} asked for; the number must be 0 or more")
    grammar.check_length(max_rules)
    rng = random.Random(seed)  # noqa: S311
    asked = n if distinct and not fewer else 0
    if restrictions:
        if canonical and not CanonicalDerivations(grammar).all_are:
            notify(f"{grammar.source} is ambiguous: the draws are {law} over derivations")
        draws = _restricted(grammar, asked, max_rules, rng, law, distinct, restrictions)
        grammar = replace(grammar, source=f"{grammar.source} with {restrictions}")
    elif law == "weighted":
        draws = _weighted(grammar, max_rules, rng)
    else:
        counts = Counts(grammar, max_rules)
        rejection = Rejection(counts, law, seed, notify) if canonical else None
        draws = _by_rank(counts, asked, max_rules, rng, law, distinct, rejection)
    if not distinct:
        return list(islice(draws, n))
    return _distinct(grammar, draws, n, max_rules, fewer, keys)


def sample_uniform(
    grammar: Grammar,
    n: int,
    max_rules: int,
    seed: int,
    distinct: bool = True,
    fewer: bool = False,
    restrictions: Restrictions | None = None,
) -> list[tuple[int, ...]]:
    """Return n derivations, uniform over all derivations of at most ``max_rules`` rules.

    A uniform rank is drawn and turned into its derivation, so the law is exact. With
    ``distinct`` ranks are drawn without replacement and no two derivations have the same text:
    where the grammar is unambiguous every set of n sentences is equally likely.

    Args:
        grammar: The grammar.
        n: How many to draw.
        max_rules: The greatest number of rules.
        seed: The seed of the draws.
        distinct: Whether all texts differ.
        fewer: Whether to return those that turn up where there are fewer distinct ones.
        restrictions: What all of them obey.

    Raises:
        LisaError: No derivation is so short or obeys, or fewer sentences exist than asked for (or
            turn up: a grammar can have many derivations for each of few sentences).
    """
    law: Law = "uniform"
    return sample(
        grammar,
        n,
        max_rules,
        seed,
        law,
        distinct=distinct,
        fewer=fewer,
        restrictions=restrictions,
    )


def enumerate_derivations(grammar: Grammar, max_rules: int) -> Iterator[tuple[int, ...]]:
    """Yield every derivation of at most ``max_rules`` rules, the shorter ones first."""
    counts = Counts(grammar, max_rules)
    rank = 0
    while rank < counts.at_most():
        yield counts.unrank(rank)
        rank += 1


def _restricted(
    grammar: Grammar,
    asked: int,
    max_rules: int,
    rng: random.Random,
    law: Law,
    distinct: bool,
    restrictions: Restrictions,
) -> Iterator[tuple[int, ...]]:
    """Return draws that obey restrictions; refuse those that none obeys."""
    completion = Completion.of(limits_of(grammar, restrictions), max_rules)
    if law == "weighted":
        return weighted_draws(completion, max_rules, rng)
    product = ByUses(completion.limits)
    counts = Counts(product.grammar, max_rules + 1)
    return map(product.original, _by_rank(counts, asked, max_rules, rng, law, distinct))


def _by_rank(
    counts: Counts,
    asked: int,
    max_rules: int,
    rng: random.Random,
    law: Law,
    distinct: bool,
    rejection: Rejection | None = None,
) -> Iterator[tuple[int, ...]]:
    """Return draws by their ranks, once it is sure that as many exist as are asked for."""
    total = counts.at_most()
    if asked > total:
        raise LisaError(
            f"{counted(asked, 'distinct sentence')} asked for, but {counts.grammar.source} has "
            f"only {counted(total, 'derivation')} of at most {counted(max_rules, 'rule')}; ask for "
            "fewer or allow more rules"
        )
    draw = _by_length if law == "by-length" else _uniform
    return draw(counts, rng, distinct, rejection)


def _uniform(
    counts: Counts, rng: random.Random, distinct: bool, rejection: Rejection | None
) -> Iterator[tuple[int, ...]]:
    """Return derivations, uniform over all, or over those that are accepted."""
    draws = map(counts.unrank, _below(counts.at_most(), rng, distinct))
    return draws if rejection is None else rejection.accepted(draws, counts.max_rules)


def _by_length(
    counts: Counts, rng: random.Random, distinct: bool, rejection: Rejection | None
) -> Iterator[tuple[int, ...]]:
    """Yield derivations, each of a length that is uniform over those with any left."""
    parts = []
    for length in [n for n in range(1, counts.max_rules + 1) if counts.exactly(n)]:
        ranks = map(
            partial(add, counts.at_most(length - 1)), _below(counts.exactly(length), rng, distinct)
        )
        draws = map(counts.unrank, ranks)
        parts.append(draws if rejection is None else rejection.accepted(draws, length))
    while parts:
        chosen = rng.randrange(len(parts))
        derivation = next(parts[chosen], None)
        if derivation is None:
            parts.pop(chosen)
        else:
            yield derivation


def _below(total: int, rng: random.Random, distinct: bool) -> Iterator[int]:
    """Yield uniform numbers below a total: each once, or without end."""
    if distinct:
        yield from _permuted(total, rng)
    while not distinct:
        yield rng.randrange(total)


def _permuted(total: int, rng: random.Random) -> Iterator[int]:
    """Yield range(total) in uniformly random order, in memory for the part that is used.

    The shuffle of Fisher and Yates on a list that is kept as its differences from the identity.
    """
    moved: dict[int, int] = {}
    for index in _count_to(total):
        other = index + rng.randrange(total - index)
        here = moved.pop(index, index)
        yield here if other == index else moved.get(other, other)
        if other != index:
            moved[other] = here


def _count_to(total: int) -> Iterator[int]:
    """Yield 0 .. total - 1 also where that is more than range can count."""
    index = 0
    while index < total:
        yield index
        index += 1


def _distinct(
    grammar: Grammar,
    draws: Iterator[tuple[int, ...]],
    n: int,
    max_rules: int,
    fewer: bool,
    keys: Keys,
) -> list[tuple[int, ...]]:
    """Return the first n of the draws whose keys differ."""
    found: dict[Hashable, tuple[int, ...]] = {}
    drawn = stale = 0
    keyed = _keyed(grammar, draws, keys, min(n, _BLOCK))
    while len(found) < n and stale < PATIENCE + 10 * n:
        key, derivation = next(keyed, (None, None))
        if derivation is None and fewer:
            break
        if derivation is None:
            raise LisaError(
                f"{counted(n, 'distinct sentence')} asked for, but {grammar.source} has only "
                f"{len(found)} of at most {counted(max_rules, 'rule')} (among "
                f"{counted(drawn, 'derivation')}); ask for fewer or allow more rules"
            )
        drawn += 1
        known = len(found)
        found.setdefault(key, derivation)
        stale = 0 if len(found) > known else stale + 1
    if len(found) < n and not fewer:
        raise LisaError(
            f"{counted(n, 'distinct sentence')} asked for, but {counted(drawn, 'draw')} of at most "
            f"{counted(max_rules, 'rule')} from {grammar.source} gave only {len(found)}; ask for "
            "fewer or allow more rules"
        )
    return list(found.values())


def _keyed(
    grammar: Grammar, draws: Iterator[tuple[int, ...]], keys: Keys, block: int
) -> Iterator[tuple[Hashable, tuple[int, ...]]]:
    """Yield draws with the keys of their texts, found by the block, and once for each text."""
    writer = Writer(grammar)
    known: dict[str, Hashable] = {}
    while derivations := list(islice(draws, block)):
        texts = writer.texts(derivations)
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(new, keys(new), strict=True))
        yield from zip((known[text] for text in texts), derivations, strict=True)


def _weighted(grammar: Grammar, max_rules: int, rng: random.Random) -> Iterator[tuple[int, ...]]:
    """Yield derivations without end.

    The slack is how many rules are left beyond the least that finishes the stack. A rule of A
    uses up 1 + d(its right-hand side) - d(A) of it, and is allowed iff that much is there.
    """
    least = grammar.least_rules
    tails = [nonterminals_of(rule.rhs) for rule in grammar.rules]
    pushes = [tail[::-1] for tail in tails]
    costs = [
        1 + sum(least[part] for part in tail) - least[rule.lhs]
        for rule, tail in zip(grammar.rules, tails, strict=True)
    ]
    ceiling = {symbol: max(costs[rule] for rule in own) for symbol, own in grammar.rules_of.items()}
    tables = {
        (symbol, slack): _odds(grammar, [rule for rule in own if costs[rule] <= slack])
        for symbol, own in grammar.rules_of.items()
        for slack in range(ceiling[symbol] + 1)
    }
    draw = rng.random
    while True:
        slack = max_rules - grammar.shortest
        stack = [grammar.start]
        derivation: list[int] = []
        while stack:
            symbol = stack.pop()
            rules, odds = tables[symbol, min(slack, ceiling[symbol])]
            rule = rules[bisect_right(odds, draw() * odds[-1], 0, len(odds) - 1)]
            derivation.append(rule)
            slack -= costs[rule]
            stack.extend(pushes[rule])
        yield tuple(derivation)


def _odds(grammar: Grammar, rules: list[int]) -> tuple[list[int], list[float]]:
    """Return the rules with their cumulative weights."""
    return rules, list(accumulate(grammar.rules[rule].weight for rule in rules))
