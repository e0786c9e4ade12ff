"""Autoencoders whose codes pass linear maps that make them low-rank."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from shared.methods.autoencoder import Autoencoder
from shared.methods.base import check_fields
from shared.methods.deterministic import AE

_LINEAR = "linear"


def square_maps(dim: int, layers: int) -> nn.Sequential:
    """Return linear maps from codes to codes, without bias, their entries drawn from N(0, 1/dim).

    With that variance E‖Wz‖² = ‖z‖² whatever the depth. PyTorch's own start has a third of it, so
    that eight layers would divide ‖z‖² by 3⁸ ≈ 6,600 and hardly any gradient would come through.
    """
    maps = nn.Sequential(*(nn.Linear(dim, dim, bias=False) for _ in range(layers)))
    for weight in maps.parameters():
        nn.init.normal_(weight, std=1 / math.sqrt(dim))
    return maps


@dataclass(frozen=True)
class LinearlyMapped(AE):
    """An autoencoder whose code is what the method's linear maps make of the encoder's output."""

    def encode(self, net: Autoencoder, x: Tensor) -> Tensor:
        """Return the codes z = W_l ⋯ W₁ E(x), `[batch, dim]`."""
        z: Tensor = net.parts[_LINEAR](net.encode(x))
        return z


@dataclass(frozen=True)
class IRMAE(LinearlyMapped):
    """The implicit rank-minimising autoencoder: R with the code z = W_l ⋯ W₁ E(x).

    The maps are square, linear and without bias: they add nothing to what can be expressed, but
    gradient descent on their product prefers a low rank. The code is what the last map gives.

    References:
        Jing, Zbontar and LeCun, Implicit Rank-Minimizing Autoencoder, 2020, arXiv:2010.00679.

    Attributes:
        layers: l, the number of linear maps.
    """

    name: ClassVar[str] = "irmae"
    title: ClassVar[str] = "IRMAE"

    layers: int = 8

    def __post_init__(self) -> None:
        check_fields(self, layers=(1, 32))

    def extra_modules(self, net: Autoencoder) -> dict[str, nn.Module]:
        """Return the linear maps, W₁ first."""
        return {_LINEAR: square_maps(net.dim, self.layers)}


@dataclass(frozen=True)
class LoRAE(LinearlyMapped):
    """The low-rank autoencoder: R + λ·‖W‖_* with the code z = W E(x).

    ‖W‖_* is the nuclear norm, the sum of the singular values of one square linear map without
    bias. Its gradient is a matrix of spectral norm at most λ, so that singular directions whose
    worth to R is below λ shrink towards zero.

    Weights are against R = ½ Σ (x − x̂)² over pixels: a λ chosen against the mean of (x − x̂)² over
    P pixels corresponds to λ·P/2 here. The reference finds λ by validation; the default is of the
    size that 1e-3 against that mean has at the 784 pixels of MNIST, rounded.

    References:
        Mazumder et al., Learning Low-Rank Latent Spaces with Simple Deterministic Autoencoder,
        2023, arXiv:2310.16194.

    Attributes:
        nuclear_weight: λ, the weight of the nuclear norm.
    """

    name: ClassVar[str] = "lorae"
    title: ClassVar[str] = "LoRAE"

    nuclear_weight: float = 0.4

    def __post_init__(self) -> None:
        check_fields(self, nuclear_weight=(0, 1e6))

    def extra_modules(self, net: Autoencoder) -> dict[str, nn.Module]:
        """Return the linear map W."""
        return {_LINEAR: square_maps(net.dim, 1)}

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """Return the terms `reconstruction` and `nuclear`, λ times the nuclear norm."""
        (weight,) = net.parts[_LINEAR].parameters()
        norm = torch.linalg.matrix_norm(weight, "nuc")
        return super().loss(net, x) | {"nuclear": self.nuclear_weight * norm}
