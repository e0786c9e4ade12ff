"""The variational autoencoder that is sampled by the volume of its posterior's metric."""

from dataclasses import dataclass
from typing import ClassVar

from shared.common.errors import LisaError
from shared.methods.autoencoder import Autoencoder
from shared.methods.base import Codes, check_fields
from shared.methods.variational import VAE
from shared.samplers import Riemannian, Sampler


@dataclass(frozen=True)
class GeoVAE(VAE):
    """A VAE, trained like any, and sampled uniformly on its learned manifold.

    The posterior covariances make a Riemannian metric G of the code space; codes are drawn from
    the density √det G by HMC, see `shared.samplers.Riemannian`.

    References:
        Chadebec and Allassonnière, A Geometric Perspective on Variational Autoencoders, 2022,
        arXiv:2209.07370.

    Attributes:
        kl_weight: The weight of the divergence.
        centroids: How many training codes the metric is made of.
        temperature: T, how far a centroid reaches, in posterior deviations; None for the largest
            distance from a centroid to its nearest one.
        regularisation: λ, what the metric is far from all centroids.
        steps: HMC moves of each draw.
        leapfrog: Leapfrog steps of each move.
        step_size: Of these steps.
    """

    name: ClassVar[str] = "geo-vae"
    title: ClassVar[str] = "Geo-VAE"
    own_samplers: ClassVar[tuple[str, ...]] = ("riemannian", "prior")

    centroids: int = 100
    temperature: float | None = None
    regularisation: float = 0.01
    steps: int = 100
    leapfrog: int = 10
    step_size: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fields(
            self,
            centroids=(1, 10_000),
            regularisation=(1e-12, 1e12),
            steps=(1, 10_000),
            leapfrog=(1, 1000),
            step_size=(1e-12, 1e3),
        )
        if self.temperature is not None:
            check_fields(self, temperature=(1e-6, 1e6))

    def own_sampler(self, name: str, net: Autoencoder, codes: Codes, seed: int) -> Sampler:
        """Return prior N(0, I), or draws that are uniform with respect to the metric's volume."""
        if name != "riemannian":
            return super().own_sampler(name, net, codes, seed)
        if codes.posterior_std is None:
            raise LisaError(
                f"{self.name}: the sampler 'riemannian' needs the posterior deviations of the "
                "training codes, and these codes come without"
            )
        return Riemannian(
            codes.posterior_std,
            centroids=self.centroids,
            temperature=self.temperature,
            regularisation=self.regularisation,
            steps=self.steps,
            leapfrog=self.leapfrog,
            step_size=self.step_size,
            seed=seed,
        ).fit(codes.mean)
