"""Which candidates to score next, by BoTorch's own classes."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import torch
from botorch.acquisition.logei import qLogExpectedImprovement
from botorch.generation.sampling import MaxPosteriorSampling
from botorch.optim import optimize_acqf, optimize_acqf_discrete
from botorch.sampling.normal import SobolQMCNormalSampler
from botorch.utils.probability.utils import log_phi, ndtr, phi, standard_normal_log_hazard
from botorch.utils.safe_math import log1mexp
from torch import Tensor

from grammar_lisa.optimize.surrogate import Surrogate, exact
from shared.common.torch_seeds import seeded

_SAMPLES = 128
"""Draws of the posterior that a Monte Carlo acquisition averages over."""
_TOGETHER = 50
"""Candidates whose acquisition is computed at once."""
_LEAST_VARIANCE = 1e-9
"""Of what is all but known, against rounding."""


def believer(
    surrogate: Surrogate, inputs: Tensor, q: int, seed: int, pending: Tensor, cost: Tensor
) -> Tensor:
    """Choose q candidates one after the other, each of the greatest expected improvement.

    Each is believed to score what the model expects of it, as are the pending ones: means stay as
    they are, but what is like a chosen candidate has less left to promise. A cost is a prior belief
    that improvement is less likely here than there.

    References:
        Ginsbourger, Le Riche and Carraro, Kriging Is Well-Suited to Parallelize Optimization, 2010.
        Hvarfner et al., πBO: Augmenting Acquisition Functions with User Beliefs, 2022,
        arXiv:2204.11051.

    Args:
        surrogate: Fitted, of one output, which is maximised.
        inputs: Of the candidates, ``[n, column]``, n ≥ q, no two alike.
        q: How many.
        seed: Of the draws; nothing is drawn here.
        pending: Inputs of what was chosen before, ``[m, column]``, none of them a candidate.
        cost: What is taken from the log improvement of each candidate, ``[n]``.

    Returns:
        Rows of `inputs`, ``[q]``, no two alike.
    """
    with torch.no_grad(), exact():
        law = surrogate.model.posterior(torch.cat([pending, inputs])).distribution
        mean, covariance = law.mean, law.covariance_matrix.clone()
    noise = surrogate.noise
    for row in range(len(pending)):
        _believe(covariance, row, noise)
    mean, covariance = mean[len(pending) :], covariance[len(pending) :, len(pending) :]
    chosen: list[int] = []
    for _ in range(q):
        deviation = covariance.diagonal().clamp_min(_LEAST_VARIANCE).sqrt()
        improvement = log_improvement(mean, deviation, surrogate.best) - cost
        improvement[chosen] = -torch.inf
        chosen.append(int(improvement.argmax()))
        _believe(covariance, chosen[-1], noise)
    return torch.tensor(chosen, dtype=torch.int64)


def _believe(covariance: Tensor, row: int, noise: float) -> None:
    """Change the covariances to what they are once one point is known."""
    known = covariance[row, row].clamp_min(0.0) + noise
    covariance -= torch.outer(covariance[:, row], covariance[row]) / known


def log_improvement(mean: Tensor, deviation: Tensor, best: float) -> Tensor:
    """Return log E[max(0, f − best)] of normal f, exact far out in the tail.

    References:
        Ament et al., Unexpected Improvements to Expected Improvement, 2023, arXiv:2310.20708.

    Args:
        mean: ``[n]``.
        deviation: ``[n]``, positive.
        best: What is to be improved on.
    """
    u = (mean - best) / deviation
    far, near = u.clamp_max(-1.0), u.clamp_min(-1.0)
    tail = log_phi(far) + log1mexp((-far).log() - standard_normal_log_hazard(-far))
    improvement: Tensor = torch.where(u < -1.0, tail, (phi(near) + near * ndtr(near)).log())
    return deviation.log() + improvement


def thompson(
    surrogate: Surrogate, inputs: Tensor, q: int, seed: int, pending: Tensor, cost: Tensor
) -> Tensor:
    """Choose q candidates, each the best of one draw from the joint posterior.

    Arguments and result are those of `believer`; what is pending and the cost change nothing, and
    the surrogate may have an objective.
    """
    sampling = MaxPosteriorSampling(surrogate.model, surrogate.objective, replacement=False)
    with seeded(seed), torch.no_grad(), exact():
        return _rows(inputs, sampling(inputs, num_samples=q))


def log_expected_improvement(
    surrogate: Surrogate, inputs: Tensor, q: int, seed: int, pending: Tensor, cost: Tensor
) -> Tensor:
    """Choose q candidates, one after the other, that raise joint log expected improvement most.

    Arguments and result are those of `thompson`, but what is pending counts; the time grows with
    n·q².
    """
    with torch.no_grad(), exact():
        improvement = _improvement(surrogate, seed, pending if len(pending) else None)
        chosen, _ = optimize_acqf_discrete(improvement, q, inputs, max_batch_size=_TOGETHER)
    return _rows(inputs, chosen)


def best_means(
    surrogate: Surrogate, inputs: Tensor, q: int, seed: int, pending: Tensor, cost: Tensor
) -> Tensor:
    """Choose the q candidates with the best posterior means; nothing is drawn."""
    return surrogate.value(inputs).topk(q).indices


def maximise(surrogate: Surrogate, bounds: Tensor, q: int, seed: int) -> Tensor:
    """Return the q points of a box ``[2, dim]`` of the greatest joint log EI, ``[q, dim]``.

    The surrogate's inputs must be points alone.
    """
    with seeded(seed), exact():
        points, _ = optimize_acqf(
            _improvement(surrogate, seed),
            bounds=bounds,
            q=q,
            num_restarts=2,
            raw_samples=64,
            options={"maxiter": 30, "seed": seed},
        )
    found: Tensor = points.detach()
    return found


Acquisition = Callable[[Surrogate, Tensor, int, int, Tensor, Tensor], Tensor]

ACQUISITIONS: Final[Mapping[str, Acquisition]] = MappingProxyType(
    {
        "believer": believer,
        "thompson": thompson,
        "qlogei": log_expected_improvement,
        "mean": best_means,
    }
)
"""Those that choose among candidates, by name."""


def _improvement(
    surrogate: Surrogate, seed: int, pending: Tensor | None = None
) -> qLogExpectedImprovement:
    sampler = SobolQMCNormalSampler(torch.Size([_SAMPLES]), seed=seed % 2**31)
    return qLogExpectedImprovement(
        surrogate.model,
        surrogate.best,
        sampler=sampler,
        objective=surrogate.objective,
        X_pending=pending,
    )


def _rows(inputs: Tensor, chosen: Tensor) -> Tensor:
    """Return which rows of `inputs` were chosen; BoTorch returns the rows themselves."""
    return torch.stack([(inputs == row).all(1).int().argmax() for row in chosen])
