"""Methods whose decoder sees directions only."""

import math
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from shared.common.errors import LisaError
from shared.methods.autoencoder import Autoencoder
from shared.methods.base import Method, check_fields
from shared.methods.records import UNRECORDED_DEFAULT
from shared.sphere.geometry import at_angle
from shared.sphere.uniformity import uniformity_loss

READOUT = "readout"
"""The part of a net that reads what an example does from its direction."""


@dataclass(frozen=True)
class LISA(Method):
    """A deterministic autoencoder that decodes directions and spreads them over the sphere.

    Its loss is Eq. 14 of the paper, R(f(u)) + λ·log mean over i ≠ j of exp(−t‖u_i − u_j‖²) with
    u = z/‖z‖, where R is the net's own reconstruction loss.

    With an alignment weight, examples that are alike lie near each other, without a label. Where it
    is known what examples do, a linear readout of u, the part `READOUT`, learns it, and the mean
    squared error of its standardised outputs joins the loss. Where examples have views, as images
    have, it is the mean ‖u − u′‖², u′ the direction of another view of the same example.

    With a noise angle, the decoder is trained on directions that are turned by a random angle up to
    it, in a random direction, as a denoising autoencoder is on noisy examples. It learns to decode
    what lies between the codes as something likely, so that draws of a sampler are more like the
    data, and reconstructs less exactly for it.

    References:
        LISA: Latent Inference on the Sphere for A-posteriori sampling, Eqs. 11–14.
        Wang and Isola, Understanding Contrastive Representation Learning through Alignment and
        Uniformity on the Hypersphere, 2020, arXiv:2005.10242.

    Attributes:
        uniformity_weight: λ, the weight of the uniformity loss.
        uniformity_t: t, the inverse width of its kernel.
        alignment_weight: The weight of the alignment loss. Of sentences, 5 to 10 where it is
            wanted: how badly a linear readout of u tells what they do. Of images, 1: how far from
            each other images and their views lie, which are moved, turned and resized a little,
            and mirrored where they are coloured.
        noise_angle: The largest angle, in radians, by which directions are turned in training,
            uniform from 0; 0 turns none, and at π/2 some examples give nothing away.
    """

    name: ClassVar[str] = "lisa"
    title: ClassVar[str] = "LISA"
    spherical: ClassVar[bool] = True

    uniformity_weight: float = 1.0
    uniformity_t: float = 2.0
    alignment_weight: float = field(default=0.0, metadata=UNRECORDED_DEFAULT)
    noise_angle: float = field(default=0.0, metadata=UNRECORDED_DEFAULT)

    def __post_init__(self) -> None:
        check_fields(
            self,
            uniformity_weight=(0, 1e6),
            uniformity_t=(1e-6, 1e6),
            alignment_weight=(0, 1e6),
            noise_angle=(0, math.pi),
        )

    @property
    def aligned(self) -> bool:
        """Whether the alignment loss has a weight."""
        return self.alignment_weight > 0

    def extra_modules(self, net: Autoencoder) -> dict[str, nn.Module]:
        """Return the readout, where there is an alignment loss that needs one."""
        if not self.aligned or (net.has_views and not net.semantics):
            return {}
        if net.semantics < 1:
            raise LisaError(
                f"{self.name}: an alignment-weight above 0 needs examples with semantics or views, "
                f"and those of {type(net).__name__} have none; leave it at 0"
            )
        return {READOUT: nn.Linear(net.dim, net.semantics)}

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """Return the terms `reconstruction` (Eq. 11) and `uniformity`, λ times Eq. 13.

        Of examples that have views there may be `alignment`, the weighted distance to them.
        """
        u = self.to_decoder(net, net.encode(x))
        terms = self._terms(net, x, u)
        if self.aligned and net.has_views:
            other = self.to_decoder(net, net.encode(net.view(x)))
            terms["alignment"] = self.alignment_weight * (u - other).square().sum(1).mean()
        return terms

    def aligned_loss(self, net: Autoencoder, x: Tensor, semantics: Tensor) -> dict[str, Tensor]:
        """Return the terms of `loss` and `alignment`, the weighted error of the readout."""
        if not self.aligned:
            return self.loss(net, x)
        u = self.to_decoder(net, net.encode(x))
        error = functional.mse_loss(net.parts[READOUT](u), semantics)
        return self._terms(net, x, u) | {"alignment": self.alignment_weight * error}

    def _terms(self, net: Autoencoder, x: Tensor, u: Tensor) -> dict[str, Tensor]:
        decoded = net.decode(self._turned(u))
        terms = {"reconstruction": net.reconstruction_loss(x, decoded).mean()}
        if self.uniformity_weight > 0:
            terms["uniformity"] = self.uniformity_weight * uniformity_loss(u, self.uniformity_t)
        return terms

    def _turned(self, u: Tensor) -> Tensor:
        """Return directions turned by random angles up to the noise angle."""
        if self.noise_angle == 0:
            return u
        return at_angle(u, self.noise_angle * torch.rand(len(u), device=u.device, dtype=u.dtype))
