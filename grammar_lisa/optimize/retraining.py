"""Training a network further on the way of a search, so that its codes follow the scores."""

import copy
import math
from dataclasses import replace

import numpy as np
import torch
from gpytorch.mlls import ExactMarginalLogLikelihood
from numpy.typing import NDArray
from torch import Tensor

from grammar_lisa.optimize.config import SearchConfig
from grammar_lisa.optimize.sentences import Reader, Sentences
from grammar_lisa.optimize.surrogate import build_scores, exact
from shared.common.seeds import derive_seed
from shared.common.torch_seeds import seeded

_RANK_WEIGHT = 1e-3
"""k of weighted retraining: of N sentences, ranks up to k·N weigh about the same."""
_DRAWN, _BATCH, _RATE = 5_000, 256, 1e-3
_JOINT_STEPS, _JOINT_POINTS = 20, 128
"""Steps of a joint training, and sentences that it goes through at each."""


def retrain(
    reader: Reader, known: Sentences, utility: NDArray[np.float64], config: SearchConfig, seed: int
) -> Reader:
    """Return a reader of a model that was trained further; the given one stays as it is.

    Args:
        reader: Of the model so far.
        known: All sentences with a score.
        utility: Theirs, larger is better, ``[n]``.
        config: Says how to train.
        seed: Of every draw.
    """
    model = copy.copy(reader.model)
    model.net = copy.deepcopy(reader.model.net)
    trained = replace(reader, model=model)
    with seeded(seed):
        if config.retraining == "weighted":
            _train_weighted(trained, known, utility, derive_seed(seed, "drawn"))
        elif config.retraining == "joint":
            _train_jointly(trained, known, utility)
    model.net.eval()
    return trained


def rank_weights(utility: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities in proportion to 1/(k·N + rank), the best having rank 0.

    References:
        Tripp, Daxberger and Hernández-Lobato, Sample-Efficient Optimization in the Latent Space of
        Deep Generative Models via Weighted Retraining, 2020, arXiv:2006.09191, Eq. 3.
    """
    ranks = np.empty(len(utility))
    ranks[np.argsort(-utility, kind="stable")] = np.arange(len(utility))
    weights = 1 / (_RANK_WEIGHT * len(utility) + ranks)
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def _train_weighted(
    reader: Reader, known: Sentences, utility: NDArray[np.float64], seed: int
) -> None:
    """Train on sentences that are drawn by the weights of their ranks."""
    rng = np.random.default_rng(seed)
    drawn = rng.choice(len(known), size=_DRAWN, p=rank_weights(utility))
    model = reader.model
    rows = torch.from_numpy(model.architecture.rows(model.grammar, known.derivations[drawn]))
    optimizer = torch.optim.Adam(model.net.parameters(), lr=_RATE)
    model.net.train()
    for batch in rows.split(_BATCH):
        if len(batch) > 1:
            _step(optimizer, sum(model.method.loss(model.net, batch).values(), torch.zeros(())))


def _train_jointly(reader: Reader, known: Sentences, utility: NDArray[np.float64]) -> None:
    """Train network and surrogate by one loss on the best sentences.

    References:
        Maus, Jones, Moore, Kusner, Bradshaw and Gardner, Local Latent Space Bayesian Optimization
        over Structured Inputs, 2022, arXiv:2201.11872, section 4.2.
    """
    model, layout = reader.model, reader.layout
    best = np.argsort(-utility, kind="stable")[: _JOINT_POINTS * 4]
    values = torch.from_numpy(utility)
    weights = list(model.net.parameters())
    model.net.train()
    for step in range(_JOINT_STEPS):
        some = best[step % 4 :: 4]
        rows = torch.from_numpy(model.architecture.rows(model.grammar, known.derivations[some]))
        if len(rows) < 2:
            return
        codes = model.method.encode(model.net, rows)
        points = reader.space.project(codes)
        surrogate = build_scores(points, values[some], ("direction",), layout)
        likelihood = ExactMarginalLogLikelihood(surrogate.likelihood, surrogate)
        optimizer = torch.optim.Adam([*weights, *surrogate.parameters()], lr=_RATE)
        surrogate.train()
        with exact():
            fit = likelihood(surrogate(points), surrogate.train_targets)
        loss = sum(model.method.loss(model.net, rows).values(), torch.zeros(()))
        _step(optimizer, loss - fit.float())


def _step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    if not math.isfinite(float(loss.detach())):
        return
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], 5.0)
    optimizer.step()
