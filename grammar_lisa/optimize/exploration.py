"""Proposals followed in steps to sentences that are new."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.optimize import acquisition
from grammar_lisa.optimize.candidates import Candidates, equal_to, expected
from grammar_lisa.optimize.diversity import ranks_within
from grammar_lisa.optimize.observations import Observations
from grammar_lisa.optimize.policy import Policy
from grammar_lisa.optimize.proposals import Parents, ProposalGroup, propose
from grammar_lisa.optimize.sentences import Derivations, Sentences
from shared.common.seeds import derive_seed

_EQUAL = 4
"""Of sentences with one canonical form, how many proposals start from."""
_ATTEMPTS = 5
"""Maximisations of an acquisition over the space, of which each may decode to known sentences."""


@dataclass(frozen=True)
class Exploration:
    """The search of one round for sentences that are worth a score.

    Attributes:
        observed: What is known.
        policy: How a batch is chosen.
        texts: Those of the known sentences.
        hashes: Their canonical hashes.
    """

    observed: Observations
    policy: Policy
    texts: set[str]
    hashes: set[int]

    @classmethod
    def of(cls, observed: Observations, policy: Policy) -> "Exploration":
        """Return the exploration of a round."""
        known = observed.sentences
        return cls(observed, policy, set(known.texts), set(known.hashes.tolist()))

    def candidates(self, group: ProposalGroup, seed: int, taken: Candidates) -> Candidates:
        """Return new sentences from a group of proposals, found in steps.

        The first step proposes from the best sentences, each further one from the candidates that
        the surrogate expects most of: decoding is free, so what a surrogate knows can be followed
        far before it is tested. A trust region so small that it holds nothing new is widened.
        """
        config = self.policy.config
        rng = np.random.default_rng(derive_seed(seed, "parents"))
        good, partners = self.observed.parents(config.parents, rng)
        radius = config.radius
        if config.trust_region:
            radius = self.observed.radius(config)
            good = good.rows(np.arange(1))
        while True:
            found = self._in_steps(group, Parents(good, partners, radius), seed, taken)
            if len(found.sentences) or radius >= config.radius:
                return found
            radius = min(config.radius, 2 * radius)

    def _in_steps(
        self, group: ProposalGroup, parents: Parents, seed: int, taken: Candidates
    ) -> Candidates:
        """Propose from good sentences, then from what the surrogate expects most of.

        That is looked for among the good sentences, what equals one of them by its canonical form,
        and the candidates found so far. An equal sentence is no candidate, but its derivation is
        another, and what lies near its point may lie far from that of the known one.
        """
        config, lead = self.policy.config, self.policy.lead
        found, starts = self.nothing(), expected(parents.good, lead)
        for step in range(config.steps):
            before = starts + found
            if step and lead:
                parents = replace(parents, good=self._promising(before))
            derivations = propose(
                group.kinds,
                parents,
                math.ceil(config.pool * group.share / config.steps),
                derive_seed(seed, "step", step),
            )
            read = self._unscored(derivations)
            if step + 1 < config.steps:
                starts += expected(equal_to(before.sentences, read), lead)
            found += expected(self._new(read, found, taken), lead)
        return found

    def _promising(self, found: Candidates) -> Sentences:
        """Return the sentences that the surrogate expects most of, few of which are equal."""
        order: NDArray[np.int64] = found.value.argsort(descending=True, stable=True).numpy()
        order = order[ranks_within(found.sentences.hashes[order]) < _EQUAL]
        return found.sentences.rows(order[: self.policy.config.parents])

    def _unscored(self, derivations: Derivations) -> Sentences:
        """Read the derivations that obey and whose text has no score, each once, by length."""
        reader, derivations = self.policy.reader, np.unique(derivations, axis=0)
        derivations = derivations[reader.model.obeys(derivations)]
        texts, fits = reader.write(derivations), reader.fits
        rows = [row for row, text in enumerate(texts) if text not in self.texts and fits(text)]
        rows.sort(key=lambda row: (len(texts[row]), texts[row]))
        return reader.describe(derivations[rows], [texts[row] for row in rows])

    def _new(self, read: Sentences, *found: Candidates) -> Sentences:
        """Return the sentences that equal nothing known or found; of equal ones the first."""
        known = self.hashes.union(*(each.sentences.hashes.tolist() for each in found))
        first: dict[int, int] = {}
        for place, key in enumerate(read.hashes.tolist()):
            if read.readable[place] and key not in known:
                first.setdefault(key, place)
        return read.rows(np.array(list(first.values()), dtype=np.int64))

    def by_gradient(self, q: int, seed: int) -> list[str]:
        """Return new sentences that the maxima of the acquisition over the space decode to."""
        reader, judge = self.policy.reader, self.policy.judge
        assert judge is not None
        found = self.nothing()
        for attempt in range(_ATTEMPTS):
            own = derive_seed(seed, "gradient", attempt)
            points = acquisition.maximise(judge, reader.space.bounds, q, own)
            read = self._unscored(reader.decode(reader.space.retract(points)))
            found += expected(self._new(read, found), None)
            if len(found.sentences) >= q:
                break
        return found.sentences.texts[:q]

    def nothing(self) -> Candidates:
        """Return no candidates."""
        return expected(self.observed.sentences.rows(np.arange(0)), None)
