"""The Gaussian process that stands in for the objective on the sphere."""

from dataclasses import dataclass

import numpy as np
import torch
from botorch.fit import fit_gpytorch_mll
from botorch.generation import MaxPosteriorSampling
from botorch.models import SingleTaskGP
from botorch.models.transforms import Standardize
from botorch.models.transforms.input import InputTransform
from gpytorch.constraints import GreaterThan
from gpytorch.kernels import MaternKernel, ScaleKernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.mlls import ExactMarginalLogLikelihood
from gpytorch.priors import LogNormalPrior
from numpy.typing import NDArray
from torch import Tensor, nn

from shared.sphere import project

Floats = NDArray[np.float64]


class Directions(InputTransform, nn.Module):
    """Projects inputs on the sphere inside the model: in training, prediction and fantasies."""

    is_one_to_many = False

    def __init__(self) -> None:
        super().__init__()
        self.transform_on_train = True
        self.transform_on_eval = True
        self.transform_on_fantasize = True

    def transform(self, X: Tensor) -> Tensor:
        """The directions of `X`, `batch_shape x n x d`."""
        return project(X)


@dataclass(frozen=True)
class Surrogate:
    """An exact Gaussian process with a Matérn-5/2 kernel on chordal distance.

    One lengthscale serves all axes, as the axes of a code mean nothing in themselves. The
    restriction of the kernel from R^d to the sphere stays positive definite, which a Matérn
    kernel of geodesic distance would not be.

    Attributes:
        model: the fitted process, in double precision.
    """

    model: SingleTaskGP

    @classmethod
    def fit(cls, directions: Floats, values: Floats) -> "Surrogate":
        """Fit to values that are to be maximised.

        Args:
            directions: `[n, d]`; projected inside the model.
            values: `[n]`.
        """
        x = torch.from_numpy(directions).double()
        y = torch.from_numpy(values).double().unsqueeze(1)
        kernel = MaternKernel(nu=2.5, lengthscale_prior=LogNormalPrior(-0.5, 0.8))
        noise = GaussianLikelihood(
            noise_prior=LogNormalPrior(-3.0, 1.5), noise_constraint=GreaterThan(1e-4)
        )
        model = SingleTaskGP(
            x,
            y,
            likelihood=noise,
            covar_module=ScaleKernel(kernel),
            input_transform=Directions(),
            outcome_transform=Standardize(1),
        )
        fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        return cls(model)

    @torch.no_grad()
    def predict(self, directions: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the values at `directions` `[n, d]`."""
        posterior = self.model.posterior(torch.from_numpy(directions).double())
        return (
            posterior.mean.squeeze(-1).numpy(),
            posterior.variance.clamp_min(0).sqrt().squeeze(-1).numpy(),
        )

    def choose(self, directions: Floats, count: int, seed: int) -> NDArray[np.int64]:
        """The rows of `directions` that Thompson sampling picks, no row twice.

        Each pick is the maximum of its own draw from the joint posterior of all rows.
        """
        x = torch.from_numpy(directions).double()
        picker = MaxPosteriorSampling(self.model, replacement=False)
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            chosen = picker(x, num_samples=min(count, len(x)))
        matches = (chosen[:, None, :] == x[None, :, :]).all(-1)
        rows: NDArray[np.int64] = matches.long().argmax(1).numpy()
        return rows
