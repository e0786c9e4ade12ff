"""Bayesian optimisation over codes: ask for sentences, tell their scores."""

import contextlib
import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.derivations.text import derivations_to_texts
from grammar_lisa.grammar import Grammar
from grammar_lisa.model import SentenceModel
from grammar_lisa.objectives.objective import Checked, Composite, Forms, Objective, Outputs
from grammar_lisa.search.acquisition import Aim, SmallErrors, SmallValue, Wish, choose
from grammar_lisa.search.candidates import Candidates, New
from grammar_lisa.search.complement import complement, distinct
from grammar_lisa.search.points import OF_TERMS, Points
from grammar_lisa.search.proposals import propose
from grammar_lisa.search.record import Evaluation, Record
from grammar_lisa.search.space import Space, space_of
from grammar_lisa.search.structure import parts_of
from grammar_lisa.search.surrogate import Surrogate
from shared.errors import LisaError
from shared.seeds import derive_seed

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LOOKED_AT = 3000
"""The best sentences among which those that err differently are looked for."""
_ALIKE_PARENTS, _ALIKE_STARTS, _ALIKE_POINTS = 0.3, 0.1, 0.05
"""Shares of an error below which a difference does not count, see `distinct`."""
_COMPLEMENTS, _LEAST_SHARE = 30, 0.05
_SURE = 0.01
"""The boldness of the half of a batch that trusts the surrogate's means."""
_LEARNT = 5000
"""The most sentences that are learnt from to begin with."""
_JOINED, _TOLD = 20, 10
"""Good sentences whose parts are joined; texts asked for each sentence wanted, as some are none."""
_HOPED = 10
"""One in so many sentences of a batch may be foreseen at some points only."""
_NEVER = 1e6
"""How much worse than the best counts as no promise at all."""
_EXACT = 1e-12
"""A mean squared error that counts as none."""


@dataclass(frozen=True)
class Settings:
    """How a search goes about.

    Attributes:
        rounds: how many batches are evaluated.
        batch: evaluations a round.
        pool: places decoded a round, of which the new sentences are candidates.
        steps: in how many steps they are decoded, each from the best candidates of those before.
        candidates: the most candidates that are weighed against each other.
        fit_points: the most scored sentences that the surrogate is fitted to.
        parents: the best sentences that proposals start from.
        reach: the largest step from a parent: on the sphere an angle in radians, in a box a
            distance, where the codes' own from their mean is 1.
        foresee: whether a composite objective may learn from scored sentences what others come to.
        joins: how many sentences that it makes of known parts are candidates of a round beside
            those that are decoded; none where it foresees nothing.
    """

    rounds: int = 5
    batch: int = 50
    pool: int = 20_000
    steps: int = 5
    candidates: int = 1000
    fit_points: int = 1000
    parents: int = 100
    reach: float = 1.2
    foresee: bool = True
    joins: int = 300

    def __post_init__(self) -> None:
        for name in ("rounds", "batch", "pool", "steps", "candidates", "fit_points", "parents"):
            least = 2 if name == "fit_points" else 1
            if getattr(self, name) < least:
                raise LisaError(f"{name} must be at least {least}, not {getattr(self, name)}")
        if self.joins < 0:
            raise LisaError(f"joins must be at least 0, not {self.joins}")
        if not 0 < self.reach <= math.pi:
            raise LisaError(f"reach must be an angle in (0, π], not {self.reach}")


class Search:
    """One search of the codes of a model.

    No sentence is asked for twice, nor one that was scored to begin with. A sentence stands at
    the place that the encoder gives it, however it was proposed, so that equal sentences are
    one point of the surrogate. What decodes to no sentence, as a network on characters may, is
    never asked for.

    Where the objective is composite (see `Composite`), the surrogate models the outputs of scored
    sentences instead of their scores, as sums of what terms come to; no two sentences that come to
    the same by algebra are scored; and proposals lead to sentences that explain what the best one
    leaves over. What the objective foresees (see `Foresight`) takes the place of what the surrogate
    expects.

    The search has no hidden state: what it asks next follows from the seed, the round and the
    scores it was told, so a search that is told the same scores again goes on the same way.

    Attributes:
        space: where it looks.
        decoded: how many places it decoded so far; not those of rounds that it took from a record.
        readable: how many of these decoded to sentences.
    """

    def __init__(
        self,
        model: SentenceModel,
        sentences: Sequence[str],
        scores: Floats,
        settings: Settings,
        seed: int,
        *,
        composite: Composite | None = None,
        space: Space | None = None,
    ) -> None:
        """Begin from scored sentences.

        Args:
            model: whose codes are searched.
            sentences: distinct ones that are scored already.
            scores: theirs, smaller is better, `[n]`.
            settings: how to go about.
            seed: of every draw.
            composite: the objective, where it is composite.
            space: where to look; by default that of the model, see `space_of`, where a box holds
                the codes of `sentences`.

        Raises:
            LisaError: if there are fewer than two, a sentence is none of the grammar or too long
                for the model, or the space is of another code size.
        """
        if len(sentences) < 2:
            raise LisaError(
                f"a search begins from at least 2 scored sentences, not {len(sentences)}"
            )
        self.model, self.settings, self.seed = model, settings, seed
        self.composite = composite
        self.round, self._begun = 0, len(sentences)
        self.sentences = list(sentences)
        self.scores = np.asarray(scores, dtype=np.float64)
        derivations = model.parse(sentences)
        self.space = space_of(model, self._codes(derivations)) if space is None else space
        forms = self._forms(self.sentences)
        self.points = self._points(derivations, forms)
        self.outputs = None if composite is None else composite.outputs(self.sentences)
        self.foresight = None
        if composite is not None and settings.foresee:
            self.foresight = composite.foresight()
            self.foresight.learn(self.sentences[:_LEARNT], self._lengths(derivations[:_LEARNT]))
        self.decoded = self.readable = 0
        self._known, self._keys = set(sentences), set(forms.keys.tolist())

    def ask(self) -> list[str]:
        """The next batch of sentences to score: new, distinct, complete."""
        seed = derive_seed(self.seed, "round", self.round)
        rng = np.random.default_rng(seed)
        parents, shares = self._parents(rng)
        aims = self._aims(self._fitted(shares, rng))
        found = self._candidates(parents, self._complements(shares), aims.sure, seed)
        hopes = self._hopes(parents)
        found = found.rows(np.flatnonzero(~np.isin(found.keys, hopes.keys)))
        batch = self.settings.batch - len(hopes.sentences)
        chosen = self._chosen(found, aims, batch)
        return [*chosen[:1], *hopes.sentences, *chosen[1:]]

    def _chosen(self, found: Candidates, aims: "Aims", batch: int) -> list[str]:
        """The candidates to score, the most promising one first."""
        if len(found.sentences) <= batch:
            return found.sentences
        rows = self._promising(found, aims)
        chosen = choose(self._wishes(found.rows(rows), aims, batch))
        return [found.sentences[row] for row in rows[chosen]]

    def _wishes(self, weighed: Candidates, aims: "Aims", batch: int) -> list[Wish]:
        """Half a batch for each aim; but nothing is likely of what is foreseen."""
        open_ = ~weighed.foreseen
        many = min(batch - batch // 2, int(open_.sum()))
        sure = weighed.told(aims.sure.surrogate.predict_jointly(weighed.points))
        if aims.alike:
            likely = sure
        else:
            likely = aims.likely.surrogate.predict_jointly(weighed.points)
            likely.mean[weighed.foreseen] = aims.likely.best + _NEVER
        return [Wish(aims.sure, sure, batch - many), Wish(aims.likely, likely, many)]

    @property
    def solved(self) -> bool:
        """Whether a sentence that was asked for meets the target: no score can be smaller."""
        if self.outputs is None:
            return False
        return bool((_squares(self.outputs.errors[self._begun :], math.inf) <= _EXACT).any())

    def tell(self, sentences: Sequence[str], scores: Floats) -> None:
        """Take the scores of a batch, and begin the next round."""
        if len(sentences):
            forms = self._forms(sentences)
            derivations = self.model.parse(sentences)
            self.points += self._points(derivations, forms)
            self.scores = np.concatenate([self.scores, np.asarray(scores, dtype=np.float64)])
            self.sentences.extend(sentences)
            self._known.update(sentences)
            self._keys.update(forms.keys.tolist())
            if self.foresight is not None:
                self.foresight.learn(sentences, self._lengths(derivations))
            if self.composite is not None and self.outputs is not None:
                pairs = zip(self.outputs, self.composite.outputs(sentences), strict=True)
                self.outputs = Outputs(*(np.concatenate(pair) for pair in pairs))
        self.round += 1

    def run(
        self,
        objective: Objective,
        record: Record,
        on_evaluation: Callable[[int], None] = lambda count: None,
    ) -> list[Evaluation]:
        """Ask, score and tell for all rounds; evaluations on record are not repeated.

        Each evaluation is on record before the next one begins, and one that meets the target is
        the last.

        Args:
            objective: scores sentences.
            record: where evaluations are kept, and taken from when the search goes on.
            on_evaluation: told how many evaluations are done.
        """
        self._replay(record.evaluations)
        known = {e.sentence: e.score for e in record.evaluations}
        on_evaluation(len(known))
        while self.round < self.settings.rounds and not self.solved:
            scores: list[float] = []
            batch = self.ask()
            for sentence in batch:
                if sentence not in known:
                    score = float(objective([sentence])[0])
                    record.append([Evaluation(self.round + 1, sentence, score)])
                    known[sentence] = score
                    on_evaluation(len(known))
                scores.append(known[sentence])
                if self._meets(sentence):
                    break
            if not scores:
                break
            self.tell(batch[: len(scores)], np.array(scores))
        return record.evaluations

    def _meets(self, sentence: str) -> bool:
        """Whether a sentence meets the target, so that no score can be smaller."""
        if self.composite is None:
            return False
        errors = self.composite.outputs([sentence]).errors
        return bool(_squares(errors, math.inf)[0] <= _EXACT)

    def _replay(self, evaluations: Sequence[Evaluation]) -> None:
        """Take the rounds that are whole from the record, without asking again."""
        for number, group in itertools.groupby(evaluations, key=lambda e: e.round):
            done = list(group)
            if len(done) < self.settings.batch and number == evaluations[-1].round:
                return
            self.tell([e.sentence for e in done], np.array([e.score for e in done]))

    def _forms(self, sentences: Sequence[str]) -> Forms:
        """What is known of sentences without scoring them; each comes to its own where nothing."""
        if self.composite is not None:
            return self.composite.forms(sentences)
        return Forms.of_texts(sentences)

    def _points(self, derivations: NDArray[np.signedinteger], forms: Forms) -> Points:
        places = self.space.places_of(self._codes(derivations))
        return Points(places, parts_of(self.model.grammar, derivations), forms.terms, self.space)

    def _lengths(self, derivations: NDArray[np.signedinteger]) -> list[int]:
        lengths: list[int] = (derivations < len(self.model.grammar.rules)).sum(axis=1).tolist()
        return lengths

    def _codes(self, derivations: NDArray[np.signedinteger]) -> NDArray[np.float32]:
        model = self.model
        return model.encode_rows(model.architecture.rows(model.grammar, derivations))

    def _parents(self, rng: np.random.Generator) -> tuple[Integers, Floats | None]:
        """The best sentences that differ, best first; and what all could add to one of these."""
        order = np.argsort(self.scores, kind="stable")[:_LOOKED_AT]
        if self.outputs is None or self.composite is None:
            return order[: self.settings.parents], None
        parents = distinct(order, self.outputs.errors, _ALIKE_PARENTS, self.settings.parents)
        best = parents[min(int(rng.geometric(0.5)), len(parents)) - 1]
        return parents, complement(self.outputs.shapes, int(best), self.composite.target())

    def _candidates(
        self, parents: Integers, complements: Integers, sure: Aim, seed: int
    ) -> Candidates:
        """New sentences, found in steps.

        The first looks around and between the best sentences and their complements, each further
        one around and between the candidates so far whose scores the surrogate expects to be best:
        decoding is free, so what a surrogate knows can be followed far before it is tested.
        """
        settings, places = self.settings, self.points.places
        beside, starts = places[complements], places[parents]
        found: Candidates | None = None
        for step in range(settings.steps):
            if found is not None and found.sentences:
                starts = found.points.places[self._promising_starts(found, sure)]
            proposed = propose(
                self.space,
                starts,
                beside,
                max(1, settings.pool // settings.steps),
                settings.reach,
                derive_seed(seed, "step", step),
            )
            derivations = self._sentences(proposed)
            if not step:
                derivations = _stacked(derivations, self._joined(parents), self.model.grammar)
            new = self._new(derivations, found)
            fresh = self._expected(new, sure)
            found = fresh if found is None else found + fresh
        assert found is not None
        return found

    def _joined(self, parents: Integers) -> NDArray[np.signedinteger]:
        """New sentences that the objective joins from known parts, as padded derivations."""
        if self.foresight is None:
            return self.model.parse([])
        return self._told(self.foresight.joins, parents, self.settings.joins)

    def _hopes(self, parents: Integers) -> New:
        """New sentences that the objective joins and foresees at some points only."""
        joins, hoped = self.settings.joins, self.settings.batch // _HOPED
        if self.foresight is None or not joins:
            return self._new(self.model.parse([]), None)
        return self._new(self._told(self.foresight.hopes, parents, min(hoped, joins)), None)

    def _told(
        self, tell: Callable[[Sequence[str], int, int], list[str]], parents: Integers, count: int
    ) -> NDArray[np.signedinteger]:
        """The first texts that are told from the best sentences and new sentences, padded."""
        if not count:
            return self.model.parse([])
        best = [self.sentences[row] for row in parents[:_JOINED]]
        told = tell(best, self.model.architecture.max_rules, _TOLD * count)
        new = filter(self._fits, (text for text in told if text not in self._known))
        return self.model.parse(list(itertools.islice(new, count)))

    def _fits(self, text: str) -> bool:
        """Whether a text is a sentence, and short enough for the model."""
        with contextlib.suppress(LisaError):
            self.model.architecture.rows(self.model.grammar, self.model.parse([text]))
            return True
        return False

    def _expected(self, new: New, sure: Aim) -> Candidates:
        """What is foreseen of new sentences, or else what the surrogate expects."""
        expected = sure.surrogate.predict(new.points)
        foreseen: NDArray[np.bool_] = np.zeros(len(new.keys), dtype=np.bool_)
        if self.foresight is not None:
            errors = self.foresight.errors(new.sentences)
            foreseen = ~np.isnan(errors[:, 0])
            expected.mean[foreseen] = errors[foreseen]
            expected.covariance[foreseen] = 0.0
        return Candidates(*new, expected, foreseen)

    def _promising_starts(self, found: Candidates, sure: Aim) -> Integers:
        """The candidates that promise most, and differ in what is expected of them."""
        promise = sure.improvement(*found.expected)
        order = np.argsort(-promise, kind="stable")[:_LOOKED_AT]
        if self.composite is None:
            return order[: self.settings.parents]
        errors = np.clip(found.expected.mean, -self.composite.bound, self.composite.bound)
        return distinct(order, errors, _ALIKE_STARTS, self.settings.parents)

    def _new(self, derivations: NDArray[np.signedinteger], found: Candidates | None) -> New:
        """The sentences that are known neither from scores nor from candidates so far.

        Of sentences that come to the same the shortest stands for all.
        """
        texts = derivations_to_texts(self.model.grammar, derivations)
        unknown = [row for row, text in enumerate(texts) if text not in self._known]
        unknown = self._understood(texts, unknown)
        rows = np.array(sorted(unknown, key=lambda row: (len(texts[row]), texts[row])), dtype=int)
        forms = self._forms([texts[row] for row in rows])
        known = self._keys if found is None else self._keys.union(found.keys)
        first = {key: n for n, key in reversed(list(enumerate(forms.keys.tolist())))}
        kept = np.array(sorted(n for key, n in first.items() if key not in known), dtype=np.int64)
        rows, forms = rows[kept], forms.rows(kept)
        points = self._points(derivations[rows], forms) if len(kept) else self.points.rows(kept)
        return New([texts[row] for row in rows], forms.keys.tolist(), points)

    def _understood(self, texts: Sequence[str], rows: list[int]) -> list[int]:
        """The rows of texts that the objective can read, where it knows which these are."""
        objective: object = self.composite
        if not isinstance(objective, Checked):
            return rows
        valid = objective.valid([texts[row] for row in rows])
        return [row for row, good in zip(rows, valid.tolist(), strict=True) if good]

    def _sentences(self, proposed: Floats) -> NDArray[np.signedinteger]:
        """The different sentences that places decode to, as padded derivations."""
        decoded = self.model.decode_rows(self.space.codes_of(proposed))
        different, counts = np.unique(decoded, axis=0, return_counts=True)
        derivations, readable = self.model.derivations(different)
        self.decoded += len(decoded)
        self.readable += int(counts[readable].sum())
        return derivations

    def _complements(self, shares: Floats | None) -> Integers:
        """The sentences that could add most, which differ in how they err."""
        if shares is None or self.outputs is None:
            return np.empty(0, dtype=np.int64)
        order = np.argsort(-shares, kind="stable")[:_LOOKED_AT]
        order = order[shares[order] >= _LEAST_SHARE]
        return distinct(order, self.outputs.errors, _ALIKE_PARENTS, _COMPLEMENTS)

    def _aims(self, rows: Integers) -> "Aims":
        """What is wanted of sentences: small scores, by what surrogates of some rows expect."""
        points, values = self.points.rows(rows), -worth(self.scores)
        structure = Surrogate.fit(points, values[rows, None])
        likely = SmallValue(structure, float(values.min()))
        if self.outputs is None or self.composite is None:
            return Aims(dataclasses.replace(likely, boldness=_SURE), likely)
        composite, errors = self.composite, self.outputs.errors
        sums = Surrogate.fit(
            points,
            errors[rows],
            OF_TERMS,
            sizes=np.maximum(1.0, (errors[rows] ** 2).mean(axis=1)),
            centre=-composite.target(),
        )
        least = np.maximum(_squares(errors, composite.bound), _EXACT).min()
        sure = SmallErrors(sums, math.log(least), boldness=_SURE, bound=composite.bound)
        return Aims(sure, likely)

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

    def _promising(self, found: Candidates, aims: "Aims") -> Integers:
        """The candidates that promise most by themselves, for either aim."""
        likely = found.expected if aims.alike else aims.likely.surrogate.predict(found.points)
        likelihood = np.where(found.foreseen, -np.inf, aims.likely.improvement(*likely))
        promises = aims.sure.improvement(*found.expected), likelihood
        share = max(1, self.settings.candidates // 2)
        best = [np.argsort(-promise, kind="stable")[:share] for promise in promises]
        return np.unique(np.concatenate(best))


class Aims(NamedTuple):
    """What a round is after; half of a batch is chosen for each.

    Attributes:
        sure: a small score by a surrogate's means: of the outputs where they are known, as sums of
            terms, else of the scores.
        likely: a small score by the surrogate of the scores, which goes by what sentences are made
            of and where they stand, and by its uncertainty.
    """

    sure: Aim
    likely: Aim

    @property
    def alike(self) -> bool:
        """Whether one surrogate serves both."""
        return self.sure.surrogate is self.likely.surrogate


def _stacked(
    first: NDArray[np.signedinteger], second: NDArray[np.signedinteger], grammar: Grammar
) -> NDArray[np.signedinteger]:
    """Padded derivations and others behind them, which may be padded to another width."""
    width = max(first.shape[1], second.shape[1])
    rows = (
        np.pad(each, ((0, 0), (0, width - each.shape[1])), constant_values=len(grammar.rules))
        for each in (first, second)
    )
    return np.concatenate(list(rows))


def _squares(errors: Floats, bound: float) -> Floats:
    """The mean squared error of each row, no error counting for more than a bound."""
    squares: Floats = (np.clip(errors, -bound, bound) ** 2).mean(axis=1)
    return squares


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
