"""Bayesian optimisation over codes: ask for sentences, tell their scores."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from grammar_lisa.objectives.composite import SquaredErrors
from grammar_lisa.optimize.candidates import Candidates
from grammar_lisa.optimize.config import SearchConfig
from grammar_lisa.optimize.exploration import Exploration
from grammar_lisa.optimize.observations import Composite, Observations
from grammar_lisa.optimize.policy import fit_policy
from grammar_lisa.optimize.proposals import ProposalGroup, groups_of, kinds_of
from grammar_lisa.optimize.retraining import retrain
from grammar_lisa.optimize.sentences import Reader, Sentences
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed

_BEST = 25
"""The best sentences that decide how many proposals are trees."""


class Optimizer:
    """One search for the sentence with the least score.

    No sentence is asked for that is known, or equals a known one by its canonical form. A sentence
    stands at the point that the encoder gives it, however it was proposed.

    Where outputs make the score, a surrogate of the outputs is followed beside one of the scores,
    and arcs lead to sentences that explain what the best one leaves over.

    There is no hidden state: what is asked next follows from the seed, the round and what was
    told, so a search that is told the same again goes on the same way.

    Attributes:
        observed: What it knows.
        round: How many batches were told.
    """

    def __init__(
        self,
        reader: Reader,
        config: SearchConfig,
        sentences: Sequence[str],
        scores: ArrayLike,
        *,
        composite: SquaredErrors | None = None,
        seed: int = 0,
    ) -> None:
        """Begin from scored sentences.

        Args:
            reader: Of the model whose codes are searched.
            config: What the search consists of.
            sentences: The initial design, distinct.
            scores: Theirs, ``[n]``; NaN for what could not be scored.
            composite: Tells the outputs of sentences, and how they make the score; None for a
                search that sees scores alone. See `SearchConfig.sees_outputs`.
            seed: Of every draw.

        Raises:
            LisaError: Fewer than two sentences have a score, one is no sentence of the grammar or
                too long for the model, or the language has nothing that the kernel looks at.
        """
        reader = replace(reader, canonical=config.canonical)
        self.reader, self.config, self.seed = reader, config, seed
        if config.kernels == ("terms",) and not reader.language.has_terms:
            raise LisaError(
                "the kernel terms needs expressions; for other sentences take structure"
            )
        read, seen = reader.read(sentences), None
        if config.sees_outputs and composite is not None:
            seen = Composite(composite.outputs(sentences), composite)
        self.observed = Observations(read, scores, seen)
        self.round = 0
        self._kinds = kinds_of(reader)

    def ask(self, q: int | None = None) -> list[str]:
        """Return the next batch of sentences to score: new, distinct, complete.

        Args:
            q: How many; by default the configuration's batch. Fewer come back where nothing new is
                found.
        """
        q = self.config.batch if q is None else q
        seed = derive_seed(self.seed, "round", self.round)
        policy = fit_policy(self.observed, self.config, self.reader, np.random.default_rng(seed))
        exploration = Exploration.of(self.observed, policy)
        if self.config.acquisition == "gradient":
            return exploration.by_gradient(q, seed)
        batch, done, left = exploration.nothing(), 0.0, list[Candidates]()
        for place, group in enumerate(self._groups()):
            done += group.share
            quota = round(q * done) - len(batch.sentences)
            if quota > 0:
                own = derive_seed(seed, "part", place)
                found = exploration.candidates(group, own, batch)
                batch += found.rows(policy.choose(found, quota, own, batch))
                left.append(found)
        for found in left:
            batch += found.rows(_best_others(found, batch, q - len(batch.sentences)))
        return batch.sentences.texts

    def tell(self, sentences: Sequence[str], scores: ArrayLike) -> None:
        """Take the scores of a batch, and begin the next round.

        Args:
            sentences: That were scored, whether asked for or not.
            scores: Theirs, ``[n]``; NaN for what could not be scored.

        Raises:
            LisaError: There are not as many scores as sentences.
        """
        values = np.asarray(scores, dtype=np.float64)
        if values.shape != (len(sentences),):
            raise LisaError(f"{values.size} scores for {len(sentences)} sentences were told")
        if len(sentences):
            read = self.reader.read(sentences)
            outputs = None if self.composite is None else self.composite.outputs(sentences)
            self.observed.add(read, values, outputs)
        self.observed.batches.append(len(sentences))
        self.round += 1
        if self.config.retraining != "none" and self.round % self.config.retrain_every == 0:
            self._retrain()

    def _retrain(self) -> None:
        """Train the network further, and encode what is known anew."""
        seed = derive_seed(self.seed, "retraining", self.round)
        known, utility = self.known, self.observed.utility()
        self.reader = retrain(self.reader, known, utility, self.config, seed)
        self.observed.sentences = self.reader.describe(known.derivations, known.texts)
        self._kinds = kinds_of(self.reader)

    @property
    def known(self) -> Sentences:
        """All sentences with a score, in the order in which they were told."""
        return self.observed.sentences

    @property
    def scores(self) -> Floats:
        """Theirs, smaller is better, ``[n]``; NaN for what could not be scored."""
        return self.observed.scores

    @property
    def composite(self) -> SquaredErrors | None:
        """How outputs make the score; None where the search sees scores alone."""
        seen = self.observed.composite
        return None if seen is None else seen.objective

    @property
    def best(self) -> tuple[str, float]:
        """The best sentence known and its score."""
        return self.observed.best

    def _groups(self) -> list[ProposalGroup]:
        """Return the groups of proposals, with more trees where the space lacks good sentences."""
        if not self.config.trees_grow:
            return groups_of(self._kinds, self.config)
        best = self.observed.order[:_BEST]
        held = self.reader.reproduced(self.known.derivations[best])
        return groups_of(self._kinds, self.config, 1 - float(held.mean()))


def _best_others(found: Candidates, batch: Candidates, count: int) -> list[int]:
    """Return the rows of the best means, at most `count`, that equal nothing in a batch."""
    if count <= 0:
        return []
    taken, keys = set(batch.sentences.hashes.tolist()), found.sentences.hashes.tolist()
    order = found.value.argsort(descending=True, stable=True).tolist()
    return [row for row in order if keys[row] not in taken][:count]
