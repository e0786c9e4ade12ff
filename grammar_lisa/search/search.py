"""Bayesian optimisation over the sphere: ask for sentences, tell their scores."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.derivations.text import derivations_to_texts
from grammar_lisa.model import GrammarModel
from grammar_lisa.objectives.objective import Objective
from grammar_lisa.search.proposals import propose
from grammar_lisa.search.record import Evaluation, Record
from grammar_lisa.search.surrogate import Surrogate
from shared.errors import LisaError
from shared.seeds import derive_seed

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Settings:
    """How a search goes about.

    Attributes:
        rounds: how many batches are evaluated.
        batch: evaluations a round.
        pool: directions decoded a round, of which the new sentences are candidates.
        candidates: the most candidates that Thompson sampling chooses among.
        fit_points: the most scored sentences that the surrogate is fitted to.
        parents: the best sentences that proposals start from.
        reach: the largest angle of a cap around a parent, in radians.
    """

    rounds: int = 5
    batch: int = 50
    pool: int = 6000
    candidates: int = 2000
    fit_points: int = 1000
    parents: int = 100
    reach: float = 1.2

    def __post_init__(self) -> None:
        for name in ("rounds", "batch", "pool", "candidates", "fit_points", "parents"):
            least = 2 if name == "fit_points" else 1
            if getattr(self, name) < least:
                raise LisaError(f"{name} must be at least {least}, not {getattr(self, name)}")
        if not 0 < self.reach <= math.pi:
            raise LisaError(f"reach must be an angle in (0, π], not {self.reach}")


class Search:
    """One search of the sphere of a model.

    No sentence is asked for twice, nor one that was scored to begin with. A sentence stands at
    the direction that the encoder gives it, however it was proposed, so that equal sentences are
    one point of the surrogate.

    The search has no hidden state: what it asks next follows from the seed, the round and the
    scores it was told, so a search that is told the same scores again goes on the same way.
    """

    def __init__(
        self,
        model: GrammarModel,
        sentences: Sequence[str],
        scores: Floats,
        settings: Settings,
        seed: int,
    ) -> None:
        """Begin from scored sentences.

        Raises:
            LisaError: if there are fewer than two, or a sentence is none of the grammar.
        """
        if len(sentences) < 2:
            raise LisaError(
                f"a search begins from at least 2 scored sentences, not {len(sentences)}"
            )
        self.model, self.settings, self.seed = model, settings, seed
        self.round = 0
        self.sentences: list[str] = []
        self.scores = np.empty(0)
        self.directions = np.empty((0, model.dim))
        self._known: set[str] = set()
        self._add(sentences, scores)

    def ask(self) -> list[str]:
        """The next batch of sentences to score: new, distinct, complete."""
        seed = derive_seed(self.seed, "round", self.round)
        sentences, directions = self._candidates(seed)
        if len(sentences) <= self.settings.batch:
            return sentences
        surrogate = Surrogate.fit(*self._training_data(seed))
        mean, deviation = surrogate.predict(directions)
        promising = np.argsort(-(mean + deviation), kind="stable")[: self.settings.candidates]
        chosen = surrogate.choose(directions[promising], self.settings.batch, seed)
        return [sentences[i] for i in promising[chosen]]

    def tell(self, sentences: Sequence[str], scores: Floats) -> None:
        """Take the scores of a batch and begin the next round."""
        self._add(sentences, scores)
        self.round += 1

    def run(
        self,
        objective: Objective,
        record: Record,
        on_evaluation: Callable[[int], None] = lambda count: None,
    ) -> list[Evaluation]:
        """Ask, score and tell for all rounds; evaluations on record are not repeated.

        Args:
            objective: scores sentences.
            record: where evaluations are kept, and taken from when the search goes on.
            on_evaluation: told how many evaluations are done.
        """
        self._replay(record.evaluations)
        known = {e.sentence: e.score for e in record.evaluations}
        on_evaluation(len(known))
        while self.round < self.settings.rounds:
            batch = self.ask()
            if not batch:
                break
            fresh = [sentence for sentence in batch if sentence not in known]
            scored = [
                Evaluation(self.round + 1, sentence, float(score))
                for sentence, score in zip(fresh, objective(fresh), strict=True)
            ]
            record.append(scored)
            known |= {evaluation.sentence: evaluation.score for evaluation in scored}
            self.tell(batch, np.array([known[sentence] for sentence in batch]))
            on_evaluation(len(known))
        return record.evaluations

    def _replay(self, evaluations: Sequence[Evaluation]) -> None:
        """Take the rounds that are whole from the record, without asking again."""
        for number, group in itertools.groupby(evaluations, key=lambda e: e.round):
            done = list(group)
            if len(done) < self.settings.batch and number == evaluations[-1].round:
                return
            self.tell([e.sentence for e in done], np.array([e.score for e in done]))

    def _add(self, sentences: Sequence[str], scores: Floats) -> None:
        codes = self.model.encode(sentences, refine=False)
        self.directions = np.concatenate([self.directions, self.model.directions(codes)])
        self.scores = np.concatenate([self.scores, np.asarray(scores, dtype=np.float64)])
        self.sentences.extend(sentences)
        self._known.update(sentences)

    def _candidates(self, seed: int) -> tuple[list[str], Floats]:
        """New sentences near the best ones, and the directions the encoder gives them."""
        best = np.argsort(self.scores, kind="stable")[: self.settings.parents]
        points = propose(self.directions[best], self.settings.pool, self.settings.reach, seed)
        derivations = np.unique(self.model.decode_derivations(points), axis=0)
        texts = derivations_to_texts(self.model.grammar, derivations)
        new = {text: row for row, text in enumerate(texts) if text not in self._known}
        if not new:
            return [], np.empty((0, self.model.dim))
        rows = np.array(list(new.values()), dtype=np.int64)
        codes = self.model.encode_derivations(derivations[rows])
        return list(new), self.model.directions(codes)

    def _training_data(self, seed: int) -> tuple[Floats, Floats]:
        """The points the surrogate is fitted to, half best and half drawn from the others."""
        order = np.argsort(self.scores, kind="stable")
        limit = self.settings.fit_points
        if len(order) > limit:
            rest = np.random.default_rng(seed).permutation(order[limit // 2 :])
            order = np.concatenate([order[: limit // 2], rest[: limit - limit // 2]])
        return self.directions[order], worth(self.scores)[order]


def worth(scores: Floats) -> Floats:
    """What the surrogate models of scores: −log(0.1 + (score − best)/(median − best)).

    Larger is better. The logarithm tells apart what is good, where a plain score would spend the
    surrogate on how bad the bad ones are; best and median make it free of the scores' unit.

    Args:
        scores: smaller is better, `[n]`.
    """
    best = scores.min()
    spread = np.median(scores) - best
    values: Floats = -np.log(0.1 + (scores - best) / (spread if spread > 0 else 1.0))
    return values
