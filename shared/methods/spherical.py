"""Methods whose decoder sees directions only."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from shared.autoencoder import Autoencoder
from shared.methods.base import Method, check_fields
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
    title: ClassVar[str] = "LISA"
    spherical: ClassVar[bool] = True

    uniformity_weight: float = 1.0
    uniformity_t: float = 2.0

    def __post_init__(self) -> None:
        check_fields(self, uniformity_weight=(0, 1e6), uniformity_t=(1e-6, 1e6))

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """The terms `reconstruction` (Eq. 11) and `uniformity`, λ times Eq. 13."""
        u = self.interface(net, net.encode(x))
        terms = {"reconstruction": net.reconstruction_loss(x, net.decode(u)).mean()}
        if self.uniformity_weight > 0:
            terms["uniformity"] = self.uniformity_weight * uniformity_loss(u, self.uniformity_t)
        return terms
