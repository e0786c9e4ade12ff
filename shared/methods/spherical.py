"""Methods whose decoder sees directions only."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from shared.autoencoder import Autoencoder
from shared.errors import LisaError
from shared.methods.base import Method
from shared.sphere import project
from shared.uniformity import uniformity_loss


@dataclass(frozen=True)
class LISA(Method):
    """A deterministic autoencoder that decodes directions and spreads them over the sphere.

    Its loss is Eq. 14 of the paper, R(f(u)) + λ·log mean over i ≠ j of exp(−t‖u_i − u_j‖²) with
    u = z/‖z‖, where R is the net's own reconstruction loss.

    References:
        LISA: Latent Inference on the Sphere for A-posteriori sampling, Eqs. 11–14.
        Wang and Isola, Understanding Contrastive Representation Learning through Alignment and
        Uniformity on the Hypersphere, 2020, arXiv:2005.10242.

    Attributes:
        uniformity_weight: λ, the weight of the uniformity loss.
        uniformity_t: t, the inverse width of its kernel.
    """

    name: ClassVar[str] = "lisa"
    spherical: ClassVar[bool] = True

    uniformity_weight: float = 1.0
    uniformity_t: float = 2.0

    def __post_init__(self) -> None:
        if not 0 <= self.uniformity_weight < float("inf"):
            raise LisaError(
                f"the uniformity weight λ must be a finite number ≥ 0, not {self.uniformity_weight}"
            )
        if not 0 < self.uniformity_t < float("inf"):
            raise LisaError(
                f"the uniformity t must be a finite number > 0, not {self.uniformity_t}"
            )

    def interface(self, z: Tensor) -> Tensor:
        """The directions of codes `z` (Eq. 6), `[batch, dim]`."""
        return project(z)

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """The terms `reconstruction` (Eq. 11) and `uniformity`, λ times Eq. 13."""
        u = self.interface(net.encode(x))
        terms = {"reconstruction": net.reconstruction_loss(x, net.decode(u)).mean()}
        if self.uniformity_weight > 0:
            terms["uniformity"] = self.uniformity_weight * uniformity_loss(u, self.uniformity_t)
        return terms
