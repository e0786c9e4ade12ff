"""Ex-post samplers: laws fitted to the codes of a trained model, from which new codes are drawn.

A sampler is fitted to unnormalised training codes (LISA, Section 3.4) and is nothing but numeric
arrays, so that it can be stored without pickle: `Sampler.state` and `sampler_from_state`.
"""

from shared.common.arrays import Floats
from shared.samplers.autoregressive import Autoregressive
from shared.samplers.base import Sampler, State, sampler_from_state
from shared.samplers.diagonal import DiagonalMixture
from shared.samplers.mixtures import RELATIVE_JITTER, DirichletMixture, Gaussian, GaussianMixture
from shared.samplers.prior import StandardNormal
from shared.samplers.projected import Projected
from shared.samplers.riemannian import Riemannian
from shared.samplers.two_stage import NoiseLevel, TwoStage
from shared.samplers.uniform import Uniform

SAMPLERS: dict[str, type[Sampler]] = {
    each.kind: each for each in (Uniform, Gaussian, GaussianMixture)
}
"""The samplers that need nothing but codes, by name; each is made without arguments."""

__all__ = [
    "RELATIVE_JITTER",
    "SAMPLERS",
    "Autoregressive",
    "DiagonalMixture",
    "DirichletMixture",
    "Floats",
    "Gaussian",
    "GaussianMixture",
    "NoiseLevel",
    "Projected",
    "Riemannian",
    "Sampler",
    "StandardNormal",
    "State",
    "TwoStage",
    "Uniform",
    "sampler_from_state",
]
