"""Which candidates to score next, by BoTorch's own classes."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import torch
from botorch.acquisition.logei import qLogExpectedImprovement
from botorch.generation.sampling import MaxPosteriorSampling
from botorch.optim import optimize_acqf, optimize_acqf_discrete
from botorch.sampling.normal import SobolQMCNormalSampler
from torch import Tensor

from grammar_lisa.optimize.surrogate import Surrogate, exact

_SAMPLES = 128
"""Draws of the posterior that a Monte Carlo acquisition averages over."""
_TOGETHER = 50
"""Candidates whose acquisition is computed at once."""


def thompson(surrogate: Surrogate, inputs: Tensor, q: int, seed: int) -> Tensor:
    """Choose q candidates, each the best of one draw from the joint posterior.

    Args:
        surrogate: Fitted.
        inputs: Of the candidates, ``[n, column]``, n ≥ q, no two alike.
        q: How many.
        seed: Of the draws.

    Returns:
        Rows of `inputs`, ``[q]``, no two alike.
    """
    sampling = MaxPosteriorSampling(surrogate.model, surrogate.objective, replacement=False)
    with torch.random.fork_rng(devices=[]), torch.no_grad(), exact():
        torch.manual_seed(seed)
        return _rows(inputs, sampling(inputs, num_samples=q))


def log_expected_improvement(surrogate: Surrogate, inputs: Tensor, q: int, seed: int) -> Tensor:
    """Choose q candidates, one after the other, that raise joint log expected improvement most.

    Arguments and result are those of `thompson`; the time grows with n·q².
    """
    with torch.no_grad(), exact():
        chosen, _ = optimize_acqf_discrete(
            _improvement(surrogate, seed), q, inputs, max_batch_size=_TOGETHER
        )
    return _rows(inputs, chosen)


def best_means(surrogate: Surrogate, inputs: Tensor, q: int, seed: int = 0) -> Tensor:
    """Choose the q candidates with the best posterior means; nothing is drawn."""
    return surrogate.value(inputs).topk(q).indices


def maximise(surrogate: Surrogate, bounds: Tensor, q: int, seed: int) -> Tensor:
    """Return the q points of a box ``[2, dim]`` of the greatest joint log EI, ``[q, dim]``.

    The surrogate's inputs must be points alone.
    """
    with torch.random.fork_rng(devices=[]), exact():
        torch.manual_seed(seed)
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


ACQUISITIONS: Final[Mapping[str, Callable[[Surrogate, Tensor, int, int], Tensor]]] = (
    MappingProxyType({"thompson": thompson, "qlogei": log_expected_improvement, "mean": best_means})
)
"""Those that choose among candidates, by name."""


def _improvement(surrogate: Surrogate, seed: int) -> qLogExpectedImprovement:
    sampler = SobolQMCNormalSampler(torch.Size([_SAMPLES]), seed=seed % 2**31)
    return qLogExpectedImprovement(
        surrogate.model, surrogate.best, sampler=sampler, objective=surrogate.objective
    )


def _rows(inputs: Tensor, chosen: Tensor) -> Tensor:
    """Return which rows of `inputs` were chosen; BoTorch returns the rows themselves."""
    return torch.stack([(inputs == row).all(1).int().argmax() for row in chosen])
