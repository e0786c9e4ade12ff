"""Sentences from the sphere of a user's grammar, for a search that never leaves it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from grammar_lisa.regression.search.grammar_search import GrammarSearch
from grammar_lisa.regression.sphere.cached import CachedSphere
from grammar_lisa.regression.sphere.candidates import (
    BATCH,
    NEEDED,
    Scored,
    Skeletons,
    SphereCandidates,
    score_of,
)
from shared.common.callbacks import Notify, silent
from shared.common.durations import duration
from shared.common.errors import LisaError

FEW: Final = 5_000
"""A grammar with so few sentences needs no sphere: all of them are tried."""
_KNOWN: Final = 200
"""The best sentences of other sources that the surrogate is told of at once."""


class GrammarSphere:
    """Candidates that the sphere of a grammar gives to a search among its sentences.

    The sphere lies in the cache or is trained beside the search, which takes it up when it is
    ready.

    Args:
        seed: Of all draws.
        notify: Hears what happens.
        untrained: Whether the network has the weights that its training began from, a control.
    """

    def __init__(self, seed: int, notify: Notify = silent, *, untrained: bool = False) -> None:
        self._seed, self._notify, self._untrained = seed, notify, untrained
        self._cached: CachedSphere | None = None
        self._candidates: SphereCandidates | None = None
        self._max_rules = 0
        self._off = False

    def begin(self, search: GrammarSearch) -> None:
        """Look for the sphere in the cache, and begin to train it where it is not there."""
        if search.n_sentences <= FEW or search.deadline - search.clock() < NEEDED:
            self._off = True
            return
        self._cached = CachedSphere(search.grammar)
        if self._cached.ready:
            return
        try:
            self._cached.begin()
        except LisaError as error:
            self._off = True
            self._notify(f"there is no sphere of this grammar: {error}")
            return
        self._notify(
            f"a sphere of this grammar is trained beside the search and kept in {self._cached.path}"
        )

    def turn(self, search: GrammarSearch) -> bool:
        """Fit the sentences that the sphere hopes most of; tell whether there were any."""
        if self._off or self._cached is None or not self._cached.ready:
            return False
        candidates = self._candidates or self._begun(search, self._cached)
        if candidates is None:
            return False
        candidates.tell(self._known(search))
        asked = candidates.ask(BATCH)
        derivations = [search.parser.parse(text) for text in asked]
        fits = [each for each in derivations if len(each) <= search.max_rules]
        losses = search.attempt(fits, "sphere")
        scored = list[Scored]()
        for text, derivation in zip(asked, derivations, strict=True):
            loss = losses.get(search.canonical(text), float("inf"))
            scored.append((text, score_of(loss, len(derivation))))
        candidates.tell(scored)
        return bool(asked)

    def end(self) -> None:
        """End a training that goes on."""
        if self._cached is not None:
            self._cached.end()

    def _begun(self, search: GrammarSearch, cached: CachedSphere) -> SphereCandidates | None:
        try:
            model = cached.load(untrained=self._untrained)
        except LisaError as error:
            self._off = True
            self._notify(f"the sphere of this grammar is left out: {error}")
            return None
        since = duration(round(search.clock() - search.began))
        self._notify(f"the sphere of this grammar is searched from {since} on")
        self._max_rules = model.architecture.max_rules
        language = Skeletons(search.canonical)
        self._candidates = SphereCandidates(model, language, canonical=False, seed=self._seed)
        return self._candidates

    def _known(self, search: GrammarSearch) -> Iterator[Scored]:
        """Yield the best sentences of a search that the network can read, with their scores."""
        for loss, derivation in search.best(_KNOWN):
            if len(derivation) <= self._max_rules:
                yield search.text(derivation), score_of(loss, len(derivation))
