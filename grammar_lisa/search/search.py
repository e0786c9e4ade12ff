"""Bayesian optimisation over the sphere: ask for sentences, tell their scores."""

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.derivations.text import derivations_to_texts
from grammar_lisa.model import GrammarModel
from grammar_lisa.objectives.objective import Composite, Objective, Outputs
from grammar_lisa.search.acquisition import Aim, SmallErrors, SmallValue, Wish, choose
from grammar_lisa.search.complement import complement, distinct
from grammar_lisa.search.points import Points
from grammar_lisa.search.proposals import propose
from grammar_lisa.search.record import Evaluation, Record
from grammar_lisa.search.structure import parts_of
from grammar_lisa.search.surrogate import Surrogate
from shared.errors import LisaError
from shared.methods import METHODS
from shared.seeds import derive_seed

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LOOKED_AT = 3000
"""The best sentences among which those that err differently are looked for."""
_ALIKE_PARENTS, _ALIKE_POINTS = 0.3, 0.05
"""Shares of an error below which a difference does not count, see `distinct`."""
_COMPLEMENTS, _LEAST_SHARE = 30, 0.05
_SURE = 0.01
"""The boldness of the half of a batch that trusts the surrogate's means."""
_LEFT = 0.03
"""What is added to a share left over, so that its logarithm does not rule."""
_EXACT = 1e-12
"""A mean squared error that counts as none."""


@dataclass(frozen=True)
class Settings:
    """How a search goes about.

    Attributes:
        rounds: how many batches are evaluated.
        batch: evaluations a round.
        pool: directions decoded a round, of which the new sentences are candidates.
        steps: in how many steps they are decoded, each from the best candidates of those before.
        candidates: the most candidates that are weighed against each other.
        fit_points: the most scored sentences that the surrogate is fitted to.
        parents: the best sentences that proposals start from.
        reach: the largest angle of a cap around a parent, in radians.
        explore: the share of a batch that looks for what the best sentence lacks.
    """

    rounds: int = 5
    batch: int = 50
    pool: int = 12_000
    steps: int = 3
    candidates: int = 1000
    fit_points: int = 1000
    parents: int = 100
    reach: float = 1.2
    explore: float = 0.3

    def __post_init__(self) -> None:
        for name in ("rounds", "batch", "pool", "steps", "candidates", "fit_points", "parents"):
            least = 2 if name == "fit_points" else 1
            if getattr(self, name) < least:
                raise LisaError(f"{name} must be at least {least}, not {getattr(self, name)}")
        if not 0 < self.reach <= math.pi:
            raise LisaError(f"reach must be an angle in (0, π], not {self.reach}")
        if not 0 <= self.explore < 1:
            raise LisaError(f"explore must be a share in [0, 1), not {self.explore}")


class Search:
    """One search of the sphere of a model.

    No sentence is asked for twice, nor one that was scored to begin with. A sentence stands at
    the direction that the encoder gives it, however it was proposed, so that equal sentences are
    one point of the surrogate.

    Where the outputs of sentences are told, a composite objective (see `Composite`), the
    surrogate models these instead of scores, and part of each batch looks for sentences that
    explain what the best one leaves over.

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
        *,
        outputs: Outputs | None = None,
        target: Floats | None = None,
    ) -> None:
        """Begin from scored sentences.

        Args:
            model: whose sphere is searched.
            sentences: distinct ones that are scored already.
            scores: theirs, smaller is better, `[n]`.
            settings: how to go about.
            seed: of every draw.
            outputs: theirs, where the objective is composite.
            target: the outputs to meet; given with `outputs`.

        Raises:
            LisaError: if there are fewer than two, a sentence is none of the grammar, or the codes
                of the model's method are no directions.
        """
        check_spherical(model)
        if len(sentences) < 2:
            raise LisaError(
                f"a search begins from at least 2 scored sentences, not {len(sentences)}"
            )
        self.model, self.settings, self.seed, self.target = model, settings, seed, target
        self.round, self._begun = 0, len(sentences)
        self.sentences = list(sentences)
        self.scores = np.asarray(scores, dtype=np.float64)
        self.points = self._points(model.parse(sentences))
        self.outputs = outputs
        self._known = set(sentences)

    def ask(self) -> list[str]:
        """The next batch of sentences to score: new, distinct, complete."""
        seed = derive_seed(self.seed, "round", self.round)
        rng = np.random.default_rng(seed)
        parents, shares = self._parents(rng)
        aims = self._aims(shares, rng)
        found = self._candidates(parents, self._complements(shares), aims, seed)
        if len(found.sentences) <= self.settings.batch:
            return found.sentences
        weighed = self._promising(found, aims)
        joint = aims.surrogate.predict_jointly(found.points.rows(weighed))
        explore = 0 if aims.beside is None else int(self.settings.explore * self.settings.batch)
        sure = (self.settings.batch - explore) // 2
        wishes = [
            Wish(aims.sure, joint.mean, sure),
            Wish(aims.main, joint.mean, self.settings.batch - explore - sure),
        ]
        if aims.beside is not None and found.beside is not None:
            wishes.append(Wish(aims.beside, found.beside[weighed], explore))
        rows = weighed[choose(wishes, joint.covariance, aims.surrogate.kernel.noise)]
        return [found.sentences[i] for i in rows]

    @property
    def solved(self) -> bool:
        """Whether a sentence that was asked for meets the target: no score can be smaller."""
        if self.outputs is None:
            return False
        return bool(((self.outputs.errors[self._begun :] ** 2).mean(axis=1) <= _EXACT).any())

    def tell(
        self, sentences: Sequence[str], scores: Floats, outputs: Outputs | None = None
    ) -> None:
        """Take the scores of a batch, and its outputs where they are known; begin the next round.

        Raises:
            LisaError: if outputs were told to begin with and now are not, or the reverse.
        """
        if (outputs is None) != (self.outputs is None):
            raise LisaError("tell the outputs of all sentences of a search, or of none")
        if len(sentences):
            self.points += self._points(self.model.parse(sentences))
            self.scores = np.concatenate([self.scores, np.asarray(scores, dtype=np.float64)])
            self.sentences.extend(sentences)
            self._known.update(sentences)
            if outputs is not None and self.outputs is not None:
                pairs = zip(self.outputs, outputs, strict=True)
                self.outputs = Outputs(*(np.concatenate(pair) for pair in pairs))
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
        self._replay(record.evaluations, objective)
        known = {e.sentence: e.score for e in record.evaluations}
        on_evaluation(len(known))
        while self.round < self.settings.rounds and not self.solved:
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
            self._tell(batch, [known[sentence] for sentence in batch], objective)
            on_evaluation(len(known))
        return record.evaluations

    def _replay(self, evaluations: Sequence[Evaluation], objective: Objective) -> None:
        """Take the rounds that are whole from the record, without asking again."""
        for number, group in itertools.groupby(evaluations, key=lambda e: e.round):
            done = list(group)
            if len(done) < self.settings.batch and number == evaluations[-1].round:
                return
            self._tell([e.sentence for e in done], [e.score for e in done], objective)

    def _tell(self, sentences: list[str], scores: list[float], objective: Objective) -> None:
        outputs = None
        if self.outputs is not None and isinstance(objective, Composite):
            outputs = objective.outputs(sentences)
        self.tell(sentences, np.array(scores), outputs)

    def _points(self, derivations: NDArray[np.signedinteger]) -> Points:
        directions = self.model.directions(self.model.encode_derivations(derivations))
        return Points(directions, parts_of(self.model.grammar, derivations))

    def _parents(self, rng: np.random.Generator) -> tuple[Integers, Floats | None]:
        """The best sentences that differ, best first; and what all could add to one of these."""
        order = np.argsort(self.scores, kind="stable")[:_LOOKED_AT]
        if self.outputs is None or self.target is None:
            return order[: self.settings.parents], None
        parents = distinct(order, self.outputs.errors, _ALIKE_PARENTS, self.settings.parents)
        best = parents[min(int(rng.geometric(0.5)), len(parents)) - 1]
        return parents, complement(self.outputs.shapes, int(best), self.target)

    def _candidates(
        self, parents: Integers, complements: Integers, aims: "Aims", seed: int
    ) -> "Candidates":
        """New sentences, found in steps.

        The first looks around and between the best sentences and their complements, each further
        one around and between the candidates so far whose scores the surrogate expects to be best:
        decoding is free, so what a surrogate knows can be followed far before it is tested.
        """
        settings, directions = self.settings, self.points.directions
        beside, starts = directions[complements], directions[parents]
        found: Candidates | None = None
        for step in range(settings.steps):
            if found is not None:
                promise = aims.sure.improvement(found.mean, found.variance)
                best = np.argsort(-promise, kind="stable")[: settings.parents]
                starts = found.points.directions[best]
            proposed = propose(
                starts,
                beside,
                max(1, settings.pool // settings.steps),
                settings.reach,
                derive_seed(seed, "step", step),
            )
            known = self._known if found is None else self._known.union(found.sentences)
            fresh = self._expected(*self._decoded(proposed, known), aims)
            found = fresh if found is None else found + fresh
            if not found.sentences:
                break
        assert found is not None
        return found

    def _decoded(self, proposed: Floats, known: set[str]) -> tuple[list[str], Points]:
        """The sentences that directions decode to and that are not known, and where they stand."""
        derivations = np.unique(self.model.decode_derivations(proposed), axis=0)
        texts = derivations_to_texts(self.model.grammar, derivations)
        new = {text: row for row, text in enumerate(texts) if text not in known}
        rows = np.array(list(new.values()), dtype=np.int64)
        return list(new), self._points(derivations[rows]) if new else self.points.rows(rows)

    def _expected(self, sentences: list[str], points: Points, aims: "Aims") -> "Candidates":
        expected = aims.surrogate.predict(points)
        beside = None if aims.beside is None else aims.beside.surrogate.predict(points).mean
        return Candidates(sentences, points, expected.mean, expected.covariance, beside)

    def _complements(self, shares: Floats | None) -> Integers:
        """The sentences that could add most, which differ in how they err."""
        if shares is None or self.outputs is None:
            return np.empty(0, dtype=np.int64)
        order = np.argsort(-shares, kind="stable")[:_LOOKED_AT]
        order = order[shares[order] >= _LEAST_SHARE]
        return distinct(order, self.outputs.errors, _ALIKE_PARENTS, _COMPLEMENTS)

    def _aims(self, shares: Floats | None, rng: np.random.Generator) -> "Aims":
        """What is wanted: a small score; and a large share of what the best one leaves over."""
        rows = self._fitted(shares, rng)
        points = self.points.rows(rows)
        if self.outputs is None or shares is None:
            values = -worth(self.scores)
            surrogate = Surrogate.fit(points, values[rows, None])
            return Aims(SmallValue(surrogate, float(values.min())), None)
        errors = self.outputs.errors
        squares = np.maximum((errors**2).mean(axis=1), _EXACT)
        surrogate = Surrogate.fit(points, errors[rows])
        left = np.log(_LEFT + 1 - shares)
        return Aims(
            SmallErrors(surrogate, float(np.log(squares.min()))),
            SmallValue(surrogate.of(left[rows, None]), float(left.min())),
        )

    def _fitted(self, shares: Floats | None, rng: np.random.Generator) -> Integers:
        """The sentences that the surrogate is fitted to: half good ones, half drawn from others."""
        limit = self.settings.fit_points
        order = np.argsort(self.scores, kind="stable")
        if len(order) <= limit:
            return order
        good = order[: limit // 2]
        if self.outputs is not None and shares is not None:
            few = distinct(order[:_LOOKED_AT], self.outputs.errors, _ALIKE_POINTS, limit // 2)
            adding = np.argsort(-shares, kind="stable")[: limit // 10]
            good = np.union1d(few, adding)
        others = rng.permutation(np.setdiff1d(order, good))
        return np.concatenate([good, others[: limit - len(good)]])

    def _promising(self, found: "Candidates", aims: "Aims") -> Integers:
        """The candidates that promise most by themselves: for the score, surely; and beside it."""
        limit = self.settings.candidates
        promises = [aim.improvement(found.mean, found.variance) for aim in (aims.sure, aims.main)]
        if aims.beside is not None and found.beside is not None:
            promises.append(aims.beside.improvement(found.beside, found.variance))
        share = limit // len(promises)
        best = [np.argsort(-promise, kind="stable")[:share] for promise in promises]
        return np.unique(np.concatenate(best))


@dataclass(frozen=True)
class Aims:
    """What a round is after.

    Attributes:
        main: a small score.
        beside: much of what the best sentence leaves over; None where outputs are not known.
    """

    main: Aim
    beside: Aim | None

    @property
    def sure(self) -> Aim:
        """A small score, by the surrogate's means."""
        return dataclasses.replace(self.main, boldness=_SURE)

    @property
    def surrogate(self) -> Surrogate:
        """Of the scores or outputs."""
        return self.main.surrogate


@dataclass(frozen=True)
class Candidates:
    """New sentences and what the surrogate expects of them.

    Attributes:
        sentences: `n` of them.
        points: where they stand.
        mean: of the outputs, `[n, output]`.
        variance: in units of each output's own, `[n]`.
        beside: the mean of what they leave over, `[n, 1]`.
    """

    sentences: list[str]
    points: Points
    mean: Floats
    variance: Floats
    beside: Floats | None

    def __add__(self, other: "Candidates") -> "Candidates":
        """These and others behind them."""
        beside = None
        if self.beside is not None and other.beside is not None:
            beside = np.concatenate([self.beside, other.beside])
        return Candidates(
            self.sentences + other.sentences,
            self.points + other.points,
            np.concatenate([self.mean, other.mean]),
            np.concatenate([self.variance, other.variance]),
            beside,
        )


def check_spherical(model: GrammarModel) -> None:
    """Refuse a model whose codes are no directions.

    Raises:
        LisaError: naming its method.
    """
    if not model.method.spherical:
        names = " or ".join(name for name, kind in METHODS.items() if kind.spherical)
        raise LisaError(
            f"the model was trained with --method {model.method.name}, whose codes are no points "
            f"of a sphere to search; train with {names}"
        )


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
