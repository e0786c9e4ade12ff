"""The surrogates of one round, and how a batch is chosen by them among candidates."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from grammar_lisa.optimize import acquisition
from grammar_lisa.optimize.candidates import Candidates
from grammar_lisa.optimize.config import SearchConfig
from grammar_lisa.optimize.diversity import ranks_within
from grammar_lisa.optimize.observations import Observations
from grammar_lisa.optimize.outputs import fit_outputs
from grammar_lisa.optimize.sentences import Reader
from grammar_lisa.optimize.surrogate import Surrogate, fit_scores
from shared.common.arrays import Integers
from shared.common.seeds import derive_seed

_NAT = 0.1
"""What a nat of log improvement is worth as utility, where candidates are picked to be weighed."""


@dataclass(frozen=True)
class Policy:
    """How a batch is chosen.

    Attributes:
        config: What the search consists of.
        reader: Knows how long sentences are.
        lead: The surrogate whose means proposals follow; None for none.
        judge: The surrogate whose posterior the acquisition looks at; None for none.
        second: The surrogate by whose means a stuck search chooses a share of a batch; None where
            it is not stuck.
    """

    config: SearchConfig
    reader: Reader
    lead: Surrogate | None = None
    judge: Surrogate | None = None
    second: Surrogate | None = None

    def choose(self, found: Candidates, q: int, seed: int, taken: Candidates) -> list[int]:
        """Return the rows of the candidates to score: best means, by acquisition, by the second.

        Args:
            found: To choose from.
            q: How many.
            seed: Of the draws.
            taken: What the batch holds already.
        """
        if len(found.sentences) <= q:
            return list(range(len(found.sentences)))
        if self.judge is None:
            rng = np.random.default_rng(derive_seed(seed, "choice"))
            return [int(row) for row in rng.permutation(len(found.sentences))[:q]]
        n_second = round(q * self.config.by_terms) if self.second else 0
        chosen = self._by_means_and_judge(found, self.judge, q - n_second, seed, taken)
        if self.second and n_second:
            value = self.second.value(found.sentences.inputs)
            value[chosen] = -torch.inf
            chosen += value.topk(n_second).indices.tolist()
        return chosen

    def _by_means_and_judge(
        self, found: Candidates, judge: Surrogate, q: int, seed: int, taken: Candidates
    ) -> list[int]:
        """Return the rows of the best means, then those that the acquisition chooses."""
        sure = round(q * self.config.exploit)
        chosen: list[int] = found.value.argsort(descending=True, stable=True)[:sure].tolist()
        if sure == q:
            return chosen
        cost = self.config.simplicity * self.reader.n_rules(found.sentences)
        rows = self._weighed(found, judge, cost, chosen, q - sure)
        choose = acquisition.ACQUISITIONS[self.config.acquisition]
        seed = derive_seed(seed, "acquisition")
        inputs = found.sentences.inputs
        pending = torch.cat([taken.sentences.inputs, inputs[chosen]])
        more = choose(judge, inputs[rows], q - sure, seed, pending, cost[rows])
        return [*chosen, *rows[more.numpy()].tolist()]

    def _weighed(
        self, found: Candidates, judge: Surrogate, cost: Tensor, chosen: list[int], least: int
    ) -> Integers:
        """Return the rows of the candidates that an acquisition chooses among, at least so many.

        They are those of the best means, less what their rules cost; of candidates that differ in
        constants alone, only the best few, unless the rest is needed to make up the number.
        """
        value = found.value if judge is self.lead else judge.value(found.sentences.inputs)
        order: Integers = (value - _NAT * cost).argsort(descending=True, stable=True).numpy()
        order = order[~np.isin(order, chosen)]
        if self.config.max_same_form:
            first = ranks_within(found.sentences.skeletons[order]) < self.config.max_same_form
            order = np.concatenate([order[first], order[~first][: max(0, least - first.sum())]])
        return order[: max(self.config.candidates, least)]


def fit_policy(
    observed: Observations, config: SearchConfig, reader: Reader, rng: np.random.Generator
) -> Policy:
    """Fit the surrogates of a round.

    Args:
        observed: What the search knows.
        config: What it consists of.
        reader: Knows which columns of inputs hold what.
        rng: Draws the points that surrogates are fitted to.
    """
    if config.acquisition == "random":
        return Policy(config, reader)
    rows, layout = observed.to_fit(config, rng), reader.layout
    inputs = observed.sentences.inputs[torch.as_tensor(rows)]
    utility = torch.from_numpy(observed.utility()[rows])
    if config.acquisition == "gradient":
        inputs = inputs[:, : layout.dim]
    scores = fit_scores(inputs, utility, config.kernels, layout)
    if observed.composite is not None:
        outputs, objective = observed.composite.outputs[rows], observed.composite.objective
        return Policy(config, reader, fit_outputs(inputs, outputs, objective, layout), scores)
    if not _looks_at_terms(observed, config, reader):
        return Policy(config, reader, scores, scores)
    second = fit_scores(inputs, utility, ("terms",), layout)
    return Policy(config, reader, scores, scores, second)


def _looks_at_terms(observed: Observations, config: SearchConfig, reader: Reader) -> bool:
    """Tell whether a look at terms is due, and there are terms that are not looked at."""
    new = reader.language.has_terms and "terms" not in config.kernels
    return new and config.by_terms > 0 and observed.is_stuck(config.patience)
