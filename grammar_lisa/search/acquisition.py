"""Which sentences to score: those that may well beat the best, and not the same one fifty times."""

import abc
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from botorch.acquisition.analytic import LogExpectedImprovement
from botorch.models.model import Model
from botorch.posteriors import GPyTorchPosterior, Posterior
from gpytorch.distributions import MultivariateNormal
from linear_operator.operators import DiagLinearOperator
from numpy.typing import NDArray
from torch import Tensor

from grammar_lisa.search.surrogate import Posterior as Expected
from grammar_lisa.search.surrogate import Surrogate

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LEAST = 1e-9
"""The least variance, against rounding."""
_LEAST_DEVIATION = 2e-5
"""The least deviation of a loss; GPyTorch takes no variance for less than 1e-10."""


@dataclass(frozen=True)
class Aim(abc.ABC):
    """What a surrogate's outputs are wanted for: a loss that is about normal, to be small.

    Attributes:
        surrogate: of the outputs.
        best: the least loss so far.
        boldness: a factor on variances; 1 is the expected improvement that the surrogate gives,
            near 0 trusts its means.
    """

    surrogate: Surrogate
    best: float
    boldness: float = 1.0

    @abc.abstractmethod
    def loss(self, mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
        """Mean and deviation of the loss.

        Args:
            mean: of the outputs, `[n, output]`.
            variance: in units of each output's own, `[n]`.
        """

    def improvement(self, mean: Floats, variance: Floats) -> Floats:
        """The logarithm of the expected improvement on `best`, `[n]`."""
        return log_improvement(*self.loss(mean, self.boldness * variance), self.best)


@dataclass(frozen=True)
class SmallValue(Aim):
    """One output that is itself the loss."""

    def loss(self, mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
        """The output's mean and deviation."""
        return mean[:, 0], np.sqrt(variance) * float(np.linalg.norm(self.surrogate.spread))


@dataclass(frozen=True)
class SmallErrors(Aim):
    """Outputs that are errors, of which the logarithm of the mean square is the loss.

    A composite objective: what is modelled is not the score but the outputs that it is a known
    function of. The mean square of normal errors has the mean (|μ|² + v·tr Σ)/m and the variance
    (2v²·tr Σ² + 4v·μᵀΣμ)/m²; its logarithm is taken as normal with the moments of a lognormal
    variable that has both.

    References:
        Astudillo and Frazier, Bayesian Optimization of Composite Functions, 2019,
        arXiv:1906.01537.

    Attributes:
        bound: the largest error that counts at a point.
    """

    bound: float = math.inf

    def loss(self, mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
        """Mean and deviation of the logarithm of the mean squared error."""
        spread, count = self.surrogate.spread, mean.shape[1]
        mean = np.clip(mean, -self.bound, self.bound)
        gram = spread @ spread.T
        square = ((mean**2).sum(axis=1) + variance * np.trace(gram)) / count
        along = ((mean @ spread.T) ** 2).sum(axis=1)
        wide = (2 * variance**2 * (gram**2).sum() + 4 * variance * along) / count**2
        square = np.maximum(square, 1e-300)
        of_log = np.log1p((np.sqrt(wide) / square) ** 2)
        return np.log(square) - of_log / 2, np.sqrt(of_log)


def log_improvement(mean: Floats, deviation: Floats, best: float) -> Floats:
    """Log E[max(0, best − X)] of normal X, `[n]`, exact far out in the tails."""
    moments = torch.from_numpy(np.stack([mean, np.maximum(deviation, _LEAST_DEVIATION)], axis=1))
    improvement = LogExpectedImprovement(_Told(), best, maximize=False)
    with torch.no_grad():
        found: Floats = improvement(moments.unsqueeze(1)).numpy()
    return found


class _Told(Model):
    """A model of points that are a mean and a deviation: the normal law with these."""

    @property
    def num_outputs(self) -> int:
        return 1

    def posterior(self, X: Tensor, *_: object, **__: object) -> Posterior:
        law = MultivariateNormal(X[..., 0], DiagLinearOperator(X[..., 1] ** 2))
        return GPyTorchPosterior(law)


class Wish(NamedTuple):
    """How many points are to be chosen for an aim.

    Attributes:
        aim: what is wanted.
        expected: of the points by its surrogate, jointly.
        number: how many points to choose for it.
    """

    aim: Aim
    expected: Expected
    number: int


def choose(wishes: Sequence[Wish]) -> Integers:
    """The points to score together, each by the greatest expected improvement that is left.

    After each the covariances are what they will be once that point is known, while the means
    stay: points that are like it promise no more than they still can.

    Args:
        wishes: in the order in which they are served, all of the same points.

    Returns:
        The rows of the points, no row twice; fewer than wished for where there are no more.
    """
    chosen: list[int] = []
    for aim, expected, number in wishes:
        left = expected.covariance.copy()
        for row in chosen:
            _learn(left, row, aim)
        for _ in range(min(number, len(left) - len(chosen))):
            promise = aim.improvement(expected.mean, np.maximum(np.diag(left), _LEAST))
            promise[chosen] = -np.inf
            chosen.append(int(promise.argmax()))
            _learn(left, chosen[-1], aim)
    return np.array(chosen, dtype=np.int64)


def _learn(covariance: Floats, row: int, aim: Aim) -> None:
    """What covariances are once a point is known, with the noise of an aim's surrogate."""
    known = max(covariance[row, row], 0.0) + aim.surrogate.kernel.noise
    covariance -= np.outer(covariance[:, row], covariance[row]) / known
