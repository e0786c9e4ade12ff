"""The Gaussian processes that stand in for an objective."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import gpytorch
import torch
from botorch.acquisition.objective import MCAcquisitionObjective
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.models.transforms.outcome import Standardize
from gpytorch.constraints import GreaterThan
from gpytorch.kernels import AdditiveKernel, Kernel, MaternKernel, ScaleKernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.mlls import ExactMarginalLogLikelihood
from gpytorch.priors import GammaPrior, LogNormalPrior
from linear_operator.utils.warnings import NumericalWarning
from torch import Tensor

from grammar_lisa.optimize.kernels import MonomialKernel, OncePerBatch, TermsKernel, TreeKernel
from grammar_lisa.optimize.sentences import InputLayout

HYPER_POINTS = 300
"""Hyperparameters are fitted to at most so many points; the model of all points takes them."""
STEPS = 60
"""The most steps of such a fit."""
_LARGEST = 20_000
"""Up to this size covariances are factored exactly."""
_LEAST_NOISE = 1e-4
_AT_A_TIME = 1000
"""Means are computed of so many sentences, to bound memory."""


@contextmanager
def exact() -> Iterator[None]:
    """Compute Gaussian processes by Cholesky factors, whatever their size.

    Where candidates are nearly the same a factor needs a jitter, which is nothing to warn of.
    """
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", NumericalWarning)
        stack.enter_context(gpytorch.settings.max_cholesky_size(_LARGEST))
        stack.enter_context(
            gpytorch.settings.fast_computations(
                covar_root_decomposition=False, log_prob=False, solves=False
            )
        )
        yield


def sentence_kernel(parts: Sequence[str], layout: InputLayout, outputs: int = 1) -> Kernel:
    """Return the sum of the kernels that are named, each scaled by a variance of its own.

    Args:
        parts: Names in `KERNELS`.
        layout: Of the inputs.
        outputs: Of the model; each has variances of its own.
    """
    bases = [base for part in parts for base in KERNELS[part](layout)]
    batch = torch.Size([outputs] if outputs > 1 else [])
    scaled = [
        ScaleKernel(OncePerBatch(base), batch_shape=batch, outputscale_prior=GammaPrior(1.5, 1.5))
        for base in bases
    ]
    for kernel in scaled:
        kernel.outputscale = torch.full(batch, 1.0 / len(scaled))
    total = scaled[0]
    for kernel in scaled[1:]:
        total = total + kernel
    return total


def _of_terms(layout: InputLayout) -> list[Kernel]:
    """Return the kernel of canonical forms; none where the language has none."""
    return [_of_distances(TermsKernel, layout.monomials)] if layout.n_monomials else []


def _of_trees(layout: InputLayout) -> list[Kernel]:
    """Return the kernels of shared subtrees, and of shared steps from rule to rule."""
    return [TreeKernel(active_dims=layout.subtrees), TreeKernel(active_dims=layout.rules)]


def _of_distances(kind: type[Kernel], columns: tuple[int, ...], **options: float) -> Kernel:
    """Return a kernel of distances, with the lengthscale that it begins from and expects."""
    kernel = kind(active_dims=columns, lengthscale_prior=LogNormalPrior(0.0, 0.7), **options)
    kernel.lengthscale = 1.0
    return kernel


KERNELS: Final[dict[str, Callable[[InputLayout], list[Kernel]]]] = {
    "structure": _of_trees,
    "terms": _of_terms,
    "monomials": lambda layout: [MonomialKernel(active_dims=layout.monomials)],
    "direction": lambda layout: [_of_distances(MaternKernel, layout.direction, nu=2.5)],
}
"""By name: of derivations, canonical forms, monomials (linear), and directions.

That of directions is Matérn-5/2 of the chordal distance, with one lengthscale for all axes, as the
axes of a code mean nothing in themselves; that of canonical forms is Matérn-5/2 as well.
"""


@dataclass(frozen=True)
class Surrogate:
    """A fitted model and what of its outputs is to be large.

    Attributes:
        model: Of the inputs of sentences.
        objective: From outputs to what is maximised; None where the one output is that.
        best: The largest value of that so far.
    """

    model: SingleTaskGP
    objective: MCAcquisitionObjective | None
    best: float

    @torch.no_grad()
    def value(self, inputs: Tensor) -> Tensor:
        """Return what is maximised at the posterior mean, ``[n]``."""
        with exact():
            mean = torch.cat([_means(self.model, some) for some in inputs.split(_AT_A_TIME)])
        return mean.squeeze(-1) if self.objective is None else self.objective(mean)

    @property
    def noise(self) -> float:
        """The variance of the noise of the one output, in the output's own unit."""
        scale = self.model.outcome_transform.stdvs.square()
        return float((self.model.likelihood.noise.detach() * scale).mean())


def _means(model: SingleTaskGP, inputs: Tensor) -> Tensor:
    """Return posterior means ``[n, output]`` of a model whose kernel is a `sentence_kernel`.

    A posterior of GPyTorch computes covariances among the inputs even where its variances are
    skipped, and those with the training inputs once for each output.
    """
    if model.prediction_strategy is None:
        with gpytorch.settings.skip_posterior_variances():
            model.posterior(inputs[:1])
    train = model.train_inputs[0].reshape(-1, *model.train_inputs[0].shape[-2:])[0]
    weights = model.prediction_strategy.mean_cache
    kernel = model.covar_module
    mean = model.mean_module(inputs.expand(*weights.shape[:-1], *inputs.shape))
    for part in kernel.kernels if isinstance(kernel, AdditiveKernel) else [kernel]:
        scaled = part.outputscale.unsqueeze(-1) * weights
        found = part.base_kernel.weighted(torch.atleast_2d(scaled), train, inputs)
        mean = mean + found.reshape(mean.shape)
    mean = torch.atleast_2d(mean).transpose(-1, -2)
    whole = not hasattr(model, "outcome_transform")
    untransformed: Tensor = mean if whole else model.outcome_transform.untransform(mean)[0]
    return untransformed


def build_scores(
    inputs: Tensor, utility: Tensor, parts: Sequence[str], layout: InputLayout
) -> SingleTaskGP:
    """Build a process of utilities ``[n]``, larger is better, with unfitted hyperparameters."""
    likelihood = GaussianLikelihood(
        noise_prior=LogNormalPrior(-3.0, 1.5), noise_constraint=GreaterThan(_LEAST_NOISE)
    )
    likelihood.noise = 0.05
    return SingleTaskGP(
        inputs,
        utility[:, None],
        likelihood=likelihood,
        covar_module=sentence_kernel(parts, layout),
        outcome_transform=Standardize(m=1),
    )


def fit_scores(
    inputs: Tensor, utility: Tensor, parts: Sequence[str], layout: InputLayout
) -> Surrogate:
    """Fit a process to utilities ``[n]``, larger is better.

    Hyperparameters maximise the marginal likelihood (times their priors) of at most
    `HYPER_POINTS` of the points, spread evenly over all.
    """

    def build(rows: Tensor) -> SingleTaskGP:
        return build_scores(inputs[rows], utility[rows], parts, layout)

    return Surrogate(fitted(build, len(inputs)), None, float(utility.max()))


def fitted(
    build: Callable[[Tensor], SingleTaskGP], n: int, most: int = HYPER_POINTS, steps: int = STEPS
) -> SingleTaskGP:
    """Fit hyperparameters on some rows, and give them to the model of all.

    Args:
        build: From rows to the model of these.
        n: How many rows there are.
        most: How many of them hyperparameters are fitted to, spread evenly.
        steps: The most steps of the fit.
    """
    some = torch.linspace(0, n - 1, min(n, most)).long()
    with exact():
        small = build(some)
        mll = ExactMarginalLogLikelihood(small.likelihood, small)
        fit_gpytorch_mll(mll, optimizer_kwargs={"options": {"maxiter": steps}})
        model = build(torch.arange(n))
    state = {
        name: value
        for name, value in small.state_dict().items()
        if not name.startswith("outcome_transform")
    }
    model.load_state_dict(state, strict=False)
    return model.eval()
