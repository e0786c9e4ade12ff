"""The Gaussian process of the outputs of sentences, for composite objectives."""

import numpy as np
import torch
from botorch.acquisition.objective import GenericMCObjective
from botorch.models import SingleTaskGP
from gpytorch.means import ZeroMean
from torch import Tensor

from grammar_lisa.objectives.composite import SquaredErrors
from grammar_lisa.optimize.sentences import InputLayout
from grammar_lisa.optimize.surrogate import Surrogate, fitted, sentence_kernel
from shared.common.arrays import Floats

_RANK = 12
"""Principal directions of the outputs that are modelled."""
_HYPER_POINTS, _STEPS = 150, 20
"""What the fit of the variances may take: there is one for each direction."""
_NOISE = 1e-4
"""The noise's variance of a sentence with small errors, as a share of the outputs' own."""


def fit_outputs(
    inputs: Tensor, outputs: Floats, composite: SquaredErrors, layout: InputLayout
) -> Surrogate:
    """Fit a process with many outputs: a sentence comes to the sum of what its monomials come to.

    What is modelled are coordinates of outputs along `_RANK` principal directions, in which large
    errors weigh little; all outputs share one kernel, of monomials.

    Args:
        inputs: Of sentences, ``[n, column]``.
        outputs: Theirs, ``[n, point]``.
        composite: How outputs make the score.
        layout: Of the inputs.
    """
    target = composite.target / composite.unit
    values = composite.errors(outputs) + target
    sizes = np.sqrt(np.maximum(1.0, (composite.errors(outputs) ** 2).mean(axis=1)))
    weighted = np.vstack([values / sizes[:, None], target * np.sqrt(len(values))])
    _, _, axes = np.linalg.svd(weighted, full_matrices=False)
    axes = axes[: min(_RANK, len(axes))]
    coordinates = values @ axes.T
    scale = np.sqrt(((coordinates / sizes[:, None]) ** 2).mean(axis=0)) + 1e-12
    basis = torch.from_numpy(scale[:, None] * axes)
    train = torch.from_numpy(coordinates / scale)
    noise = torch.from_numpy(_NOISE * sizes[:, None] ** 2 * np.ones_like(scale))
    wanted = torch.from_numpy(target)

    def build(rows: Tensor) -> SingleTaskGP:
        return SingleTaskGP(
            inputs[rows],
            train[rows],
            noise[rows],
            covar_module=sentence_kernel(("monomials",), layout, len(scale)),
            mean_module=ZeroMean(batch_shape=torch.Size([len(scale)])),
            outcome_transform=None,
        )

    def utility(samples: Tensor, X: Tensor | None = None) -> Tensor:
        return composite.utility(samples @ basis - wanted)

    errors = torch.from_numpy(composite.errors(outputs))
    best = float(composite.utility(errors).max())
    return Surrogate(
        fitted(build, len(inputs), _HYPER_POINTS, _STEPS), GenericMCObjective(utility), best
    )
