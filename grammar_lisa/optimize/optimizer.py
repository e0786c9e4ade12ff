"""Bayesian optimisation over codes: ask for sentences, tell their scores."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grammar_lisa.objectives.composite import SquaredErrors
from grammar_lisa.optimize import acquisition
from grammar_lisa.optimize.candidates import Candidates, equal_to, expected
from grammar_lisa.optimize.config import SearchConfig
from grammar_lisa.optimize.diversity import diverse, ranks_within, residual_correlation
from grammar_lisa.optimize.outputs import fit_outputs
from grammar_lisa.optimize.progress import is_stuck, trust_radius
from grammar_lisa.optimize.proposals import Group, Parents, groups_of, kinds_of, propose
from grammar_lisa.optimize.retraining import retrain
from grammar_lisa.optimize.sentences import Derivations, Reader, Sentences
from grammar_lisa.optimize.surrogate import Surrogate, fit_scores
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LOOKED_AT = 3000
"""The best sentences among which those that err differently are looked for."""
_LIKE_PARENTS, _LIKE_STARTS, _LIKE_POINTS = 0.3, 0.1, 0.05
"""Shares of an error below which a difference does not count, see `diverse`."""
_PARTNERS, _LEAST_SHARE = 30, 0.05
_BEST = 25
"""The best sentences that decide how many proposals are trees."""
_EQUAL = 4
"""Of sentences with one canonical form, how many proposals start from."""
_NAT = 0.1
"""What a nat of log improvement is worth as utility, where candidates are picked to be weighed."""
_ATTEMPTS = 5
"""Maximisations of an acquisition over the space, of which each may decode to known sentences."""


@dataclass(frozen=True)
class Policy:
    """How a batch is chosen.

    Attributes:
        lead: The surrogate whose means proposals follow; None for none.
        judge: The surrogate whose posterior the acquisition looks at; None for none.
        second: The surrogate by whose means a stuck search chooses a share of a batch; None where
            it is not stuck.
    """

    lead: Surrogate | None = None
    judge: Surrogate | None = None
    second: Surrogate | None = None


class Optimizer:
    """One search for the sentence with the least score.

    No sentence is asked for that is known, or equals a known one by its canonical form. A sentence
    stands at the point that the encoder gives it, however it was proposed.

    Where outputs are told, a surrogate of the outputs is followed beside one of the scores, and
    arcs lead to sentences that explain what the best one leaves over.

    There is no hidden state: what is asked next follows from the seed, the round and what was
    told, so a search that is told the same again goes on the same way.

    Attributes:
        known: All sentences with a score.
        scores: Theirs, smaller is better, ``[n]``.
        round: How many batches were told.
    """

    def __init__(
        self,
        reader: Reader,
        config: SearchConfig,
        sentences: Sequence[str],
        scores: Floats,
        *,
        outputs: Floats | None = None,
        composite: SquaredErrors | None = None,
        seed: int = 0,
    ) -> None:
        """Begin from scored sentences.

        Args:
            reader: Of the model whose codes are searched.
            config: What the search consists of.
            sentences: The initial design, distinct.
            scores: Theirs, ``[n]``; NaN for what could not be scored.
            outputs: Theirs, ``[n, point]``, where they are known; see `SearchConfig.sees_outputs`.
            composite: How outputs make the score; needed with outputs.
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
        self.known = reader.read(sentences)
        self.scores = _numbers(scores)
        if np.isfinite(self.scores).sum() < 2:
            raise LisaError(
                f"a search begins from at least 2 scored sentences, not "
                f"{int(np.isfinite(self.scores).sum())}"
            )
        sees = config.sees_outputs
        self.outputs, self.composite = (outputs, composite) if sees else (None, None)
        self.n_initial, self.round = len(self.known), 0
        self._keys, self._texts = set(self.known.keys.tolist()), set(sentences)
        self._kinds = kinds_of(reader)
        self._batches: list[int] = []

    def ask(self, q: int | None = None) -> list[str]:
        """Return the next batch of sentences to score: new, distinct, complete.

        Args:
            q: How many; by default the configuration's batch. Fewer come back where nothing new is
                found.
        """
        q = self.config.batch if q is None else q
        seed = derive_seed(self.seed, "round", self.round)
        rng = np.random.default_rng(seed)
        policy = self._fit(rng)
        if self.config.acquisition == "gradient":
            return self._by_gradient(policy, q, seed)
        batch, done, left = self._nothing(), 0.0, list[Candidates]()
        for place, group in enumerate(self._groups()):
            done += group.share
            quota = round(q * done) - len(batch.sentences)
            if quota > 0:
                own = derive_seed(seed, "part", place)
                found = self._candidates(group, policy, own, batch)
                batch += found.rows(self._choose(found, policy, quota, own, batch))
                left.append(found)
        for found in left:
            batch += found.rows(_best_others(found, batch, q - len(batch.sentences)))
        return batch.sentences.texts

    def tell(self, sentences: Sequence[str], scores: Floats, outputs: Floats | None = None) -> None:
        """Take the scores of a batch, and begin the next round.

        Args:
            sentences: That were scored, whether asked for or not.
            scores: Theirs, ``[n]``; NaN for what could not be scored.
            outputs: Theirs, ``[n, point]``, where the search began with outputs.

        Raises:
            LisaError: There are not as many scores, or outputs, as sentences.
        """
        if len(scores) != len(sentences):
            raise LisaError(f"{len(scores)} scores for {len(sentences)} sentences were told")
        if self.outputs is not None and len(sentences):
            found = 0 if outputs is None else len(outputs)
            if found != len(sentences):
                raise LisaError(f"outputs of {found} of {len(sentences)} sentences were told")
        if len(sentences):
            read = self.reader.read(sentences)
            self.known += read
            self.scores = np.concatenate([self.scores, _numbers(scores)])
            if self.outputs is not None and outputs is not None:
                self.outputs = np.concatenate([self.outputs, outputs])
            self._keys.update(read.keys.tolist())
            self._texts.update(sentences)
        self._batches.append(len(sentences))
        self.round += 1
        if self.config.retraining != "none" and self.round % self.config.retrain_every == 0:
            self._retrain()

    def _retrain(self) -> None:
        """Train the network further, and encode what is known anew."""
        seed = derive_seed(self.seed, "retraining", self.round)
        self.reader = retrain(self.reader, self.known, self.utility(), self.config, seed)
        self.known = self.reader.describe(self.known.derivations, self.known.texts)
        self._kinds = kinds_of(self.reader)

    @property
    def best(self) -> tuple[str, float]:
        """The best sentence known and its score."""
        row = int(np.nanargmin(self.scores))
        return self.known.texts[row], float(self.scores[row])

    def utility(self) -> Floats:
        """Return what the surrogate models: −log(0.1 + (s − best)/(s′ − best)) of scores s.

        s′ is the median. Larger is better. The logarithm tells apart what is good, where a plain
        score would spend the surrogate on how bad the bad ones are; best and median make it free
        of the scores' unit. What could not be scored counts as the worst score.
        """
        scores = np.where(np.isnan(self.scores), np.nanmax(self.scores), self.scores)
        best = scores.min()
        spread = np.median(scores) - best
        values: Floats = -np.log(0.1 + (scores - best) / (spread if spread > 0 else 1.0))
        return values

    def _fit(self, rng: np.random.Generator) -> Policy:
        """Fit the surrogates of this round."""
        if self.config.acquisition == "random":
            return Policy()
        rows = self._fitted(rng)
        inputs, layout = self.known.inputs[torch.as_tensor(rows)], self.reader.layout
        utility = torch.from_numpy(self.utility()[rows])
        if self.config.acquisition == "gradient":
            inputs = inputs[:, : layout.dim]
        scores = fit_scores(inputs, utility, self.config.kernels, layout)
        if self.outputs is not None and self.composite is not None:
            return Policy(fit_outputs(inputs, self.outputs[rows], self.composite, layout), scores)
        if not self._is_stuck():
            return Policy(scores, scores)
        return Policy(scores, scores, fit_scores(inputs, utility, ("terms",), layout))

    def _is_stuck(self) -> bool:
        """Tell whether a look at terms is due, and there are terms that are not looked at."""
        new = self.reader.language.has_terms and "terms" not in self.config.kernels
        patience = self.config.patience
        stuck = is_stuck(self.scores, self.n_initial, self._batches, patience)
        return new and self.config.by_terms > 0 and stuck

    def _fitted(self, rng: np.random.Generator) -> Integers:
        """Return the sentences that surrogates are fitted to: good ones, and some of the others."""
        limit = self.config.fit_points
        order = np.argsort(self.scores, kind="stable")
        if len(order) <= limit:
            return order
        few = round(limit * self.config.fit_best)
        good = order[:few]
        if self.outputs is not None and self.composite is not None:
            errors = self.composite.errors(self.outputs)
            few = min(few, limit - limit // 10)
            good = diverse(order[:_LOOKED_AT], errors, _LIKE_POINTS, few)
            shares = self._shares(int(order[0]))
            good = np.union1d(good, np.argsort(-shares, kind="stable")[: limit // 10])
        others = rng.permutation(np.setdiff1d(order, good))
        return np.concatenate([good, others[: limit - len(good)]])

    def _parents(self, rng: np.random.Generator) -> tuple[Sentences, Sentences]:
        """Return good sentences, best first, and what these may lack."""
        order = np.argsort(self.scores, kind="stable")[:_LOOKED_AT]
        if self.outputs is None or self.composite is None:
            good = order[: self.config.parents]
            return self.known.rows(good), self.known.rows(order[:0])
        errors = self.composite.errors(self.outputs)
        good = diverse(order, errors, _LIKE_PARENTS, self.config.parents)
        best = good[min(int(rng.geometric(0.5)), len(good)) - 1]
        shares = self._shares(int(best))
        lacking = np.argsort(-shares, kind="stable")[:_LOOKED_AT]
        lacking = lacking[shares[lacking] >= _LEAST_SHARE]
        partners = diverse(lacking, errors, _LIKE_PARENTS, _PARTNERS)
        return self.known.rows(good), self.known.rows(partners)

    def _shares(self, best: int) -> Floats:
        """Return how much of the error of one sentence each other could explain, ``[n]``."""
        assert self.outputs is not None
        assert self.composite is not None
        return residual_correlation(self.outputs, best, self.composite.target)

    def _groups(self) -> list[Group]:
        """Return the groups of proposals, with more trees where the space lacks good sentences."""
        if not self.config.trees_grow:
            return groups_of(self._kinds, self.config)
        best = np.argsort(self.scores, kind="stable")[:_BEST]
        held = self.reader.reproduced(self.known.derivations[best])
        return groups_of(self._kinds, self.config, 1 - float(held.mean()))

    def _candidates(self, group: Group, policy: Policy, seed: int, taken: Candidates) -> Candidates:
        """Return new sentences from a group of proposals, found in steps.

        The first step proposes from the best sentences, each further one from the candidates that
        the surrogate expects most of: decoding is free, so what a surrogate knows can be followed
        far before it is tested. A trust region so small that it holds nothing new is widened.
        """
        config = self.config
        good, partners = self._parents(np.random.default_rng(derive_seed(seed, "parents")))
        radius = config.radius
        if config.trust_region:
            radius = trust_radius(self.scores, self.n_initial, self._batches, config)
            good = good.rows(np.arange(1))
        while True:
            parents = Parents(good, partners, radius)
            found = self._in_steps(group, policy, parents, seed, taken)
            if len(found.sentences) or radius >= config.radius:
                return found
            radius = min(config.radius, 2 * radius)

    def _in_steps(
        self, group: Group, policy: Policy, parents: Parents, seed: int, taken: Candidates
    ) -> Candidates:
        """Propose from good sentences, then from what the surrogate expects most of.

        That is looked for among the good sentences, what equals one of them by its canonical form,
        and the candidates found so far. An equal sentence is no candidate, but its derivation is
        another, and what lies near its point may lie far from that of the known one.
        """
        config, lead = self.config, policy.lead
        found, begun = self._nothing(), expected(parents.good, lead)
        for step in range(config.steps):
            before = begun + found
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
                begun += expected(equal_to(before.sentences, read), lead)
            found += expected(self._new(read, found, taken), lead)
        return found

    def _promising(self, found: Candidates) -> Sentences:
        """Return the sentences that the surrogate expects most of, few of which are equal."""
        order: Integers = found.value.argsort(descending=True, stable=True).numpy()
        order = order[ranks_within(found.sentences.keys[order]) < _EQUAL]
        return found.sentences.rows(order[: self.config.parents])

    def _unscored(self, derivations: Derivations) -> Sentences:
        """Read the derivations whose very text has no score, each once, shorter ones first."""
        derivations = np.unique(derivations, axis=0)
        texts, fits = self.reader.write(derivations), self.reader.fits
        rows = [row for row, text in enumerate(texts) if text not in self._texts and fits(text)]
        rows.sort(key=lambda row: (len(texts[row]), texts[row]))
        return self.reader.describe(derivations[rows], [texts[row] for row in rows])

    def _new(self, read: Sentences, *found: Candidates) -> Sentences:
        """Return the sentences that equal nothing known or found; of equal ones the first."""
        known = self._keys.union(*(each.sentences.keys.tolist() for each in found))
        first: dict[int, int] = {}
        for place, key in enumerate(read.keys.tolist()):
            if read.readable[place] and key not in known:
                first.setdefault(key, place)
        return read.rows(np.array(list(first.values()), dtype=np.int64))

    def _choose(
        self, found: Candidates, policy: Policy, q: int, seed: int, taken: Candidates
    ) -> list[int]:
        """Return the rows of the candidates to score: best means, by acquisition, by the second.

        Args:
            found: To choose from.
            policy: How.
            q: How many.
            seed: Of the draws.
            taken: What the batch holds already.
        """
        if len(found.sentences) <= q:
            return list(range(len(found.sentences)))
        if policy.judge is None:
            rng = np.random.default_rng(derive_seed(seed, "choice"))
            return [int(row) for row in rng.permutation(len(found.sentences))[:q]]
        n_second = round(q * self.config.by_terms) if policy.second else 0
        chosen = self._by_means_and_judge(found, policy, q - n_second, seed, taken)
        if policy.second and n_second:
            value = policy.second.value(found.sentences.inputs)
            value[chosen] = -torch.inf
            chosen += value.topk(n_second).indices.tolist()
        return chosen

    def _by_means_and_judge(
        self, found: Candidates, policy: Policy, q: int, seed: int, taken: Candidates
    ) -> list[int]:
        """Return the rows of the best means, then those that the acquisition chooses."""
        assert policy.judge is not None
        sure = round(q * self.config.exploit)
        chosen: list[int] = found.value.argsort(descending=True, stable=True)[:sure].tolist()
        if sure == q:
            return chosen
        cost = self.config.simplicity * self.reader.n_rules(found.sentences)
        rows = self._weighed(found, policy, cost, chosen, q - sure)
        choose = acquisition.ACQUISITIONS[self.config.acquisition]
        seed = derive_seed(seed, "acquisition")
        inputs = found.sentences.inputs
        pending = torch.cat([taken.sentences.inputs, inputs[chosen]])
        more = choose(policy.judge, inputs[rows], q - sure, seed, pending, cost[rows])
        return [*chosen, *rows[more.numpy()].tolist()]

    def _weighed(
        self, found: Candidates, policy: Policy, cost: Tensor, chosen: list[int], least: int
    ) -> Integers:
        """Return the rows of the candidates that an acquisition chooses among, at least so many.

        They are those of the best means, less what their rules cost; of candidates that differ in
        constants alone, only the best few, unless the rest is needed to make up the number.
        """
        assert policy.judge is not None
        same = policy.judge is policy.lead
        value = found.value if same else policy.judge.value(found.sentences.inputs)
        order: Integers = (value - _NAT * cost).argsort(descending=True, stable=True).numpy()
        order = order[~np.isin(order, chosen)]
        if self.config.alike:
            first = ranks_within(found.sentences.skeletons[order]) < self.config.alike
            order = np.concatenate([order[first], order[~first][: max(0, least - first.sum())]])
        return order[: max(self.config.candidates, least)]

    def _by_gradient(self, policy: Policy, q: int, seed: int) -> list[str]:
        """Return new sentences that the maxima of the acquisition over the space decode to."""
        space = self.reader.space
        found = self._nothing()
        assert policy.judge is not None
        for attempt in range(_ATTEMPTS):
            own = derive_seed(seed, "gradient", attempt)
            points = acquisition.maximise(policy.judge, space.bounds, q, own)
            read = self._unscored(self.reader.decode(space.retract(points)))
            found += expected(self._new(read, found), None)
            if len(found.sentences) >= q:
                break
        return found.sentences.texts[:q]

    def _nothing(self) -> Candidates:
        """Return no candidates."""
        return Candidates(self.known.rows(np.arange(0)), torch.empty(0, dtype=torch.float64))


def _best_others(found: Candidates, batch: Candidates, count: int) -> list[int]:
    """Return the rows of the best means, at most `count`, that equal nothing in a batch."""
    if count <= 0:
        return []
    taken, keys = set(batch.sentences.keys.tolist()), found.sentences.keys.tolist()
    order = found.value.argsort(descending=True, stable=True).tolist()
    return [row for row in order if keys[row] not in taken][:count]


def _numbers(scores: Floats) -> Floats:
    """Return scores with NaN for what is no finite number."""
    values = np.asarray(scores, dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)
