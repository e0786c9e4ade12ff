"""Which samplers a method can have, and how each is fitted."""

from collections.abc import Callable

from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.methods.autoencoder import Autoencoder
from shared.methods.base import Codes, Method
from shared.samplers import DirichletMixture, Gaussian, GaussianMixture, Projected, Sampler, Uniform

FITTED: dict[str, Callable[[int], Sampler]] = {
    "gaussian": lambda seed: Gaussian(),
    "gmm": lambda seed: GaussianMixture(seed=seed),
    "dirichlet": lambda seed: DirichletMixture(seed=seed),
}
"""The samplers that any method's codes can be fitted by; each is made with a seed."""


def sampler_names(method: Method) -> tuple[str, ...]:
    """Return the samplers that a method can have, its own ones first."""
    sphere = ("uniform",) if method.spherical else ()
    return tuple(dict.fromkeys((*method.own_samplers, *sphere, *FITTED)))


def fit_sampler(method: Method, name: str, net: Autoencoder, codes: Codes, seed: int) -> Sampler:
    """Fit one of `sampler_names` to training codes.

    Args:
        method: Whose codes they are; the draws of a spherical method are directions.
        name: Of the sampler.
        net: The trained net, for samplers that need its parts.
        codes: Of training data alone.
        seed: Of the fit.

    Raises:
        LisaError: The method has no such sampler, naming those it has.
    """
    if name not in (names := sampler_names(method)):
        raise LisaError(
            f"the method {method.name} has no sampler '{name}'; valid: {', '.join(names)}"
        )
    own_seed = derive_seed(seed, "sampler", name) % 2**32
    if name in method.own_samplers:
        return method.own_sampler(name, net, codes, own_seed)
    if name == "uniform":
        return Uniform().fit(codes.mean)
    sampler = FITTED[name](own_seed)
    return (Projected(sampler) if method.spherical else sampler).fit(codes.mean)
