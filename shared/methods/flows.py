"""Normalising flows: invertible maps of codes whose volume change is known.

A flow takes codes ``[batch, dim]`` and gives codes ``[batch, dim]`` and log |det ∂z'/∂z|
``[batch]``; a code of density q(z) becomes one of density q(z)/|det|.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from shared.common.errors import LisaError

_IDENTITY_OFFSET = math.log(math.e - 1)
_LEAST_STRETCH = 1e-4
_GATE = 2.0


class PlanarFlow(nn.Module):
    """z' = z + û·tanh(⟨w, z⟩ + b), stretched along one direction (Rezende & Mohamed 2015, Eq. 10).

    The map is invertible where ⟨w, û⟩ > −1. As in their appendix A.1, û is u with its component
    along w changed from a = ⟨w, u⟩ to m(a) = softplus(a + c) − 1, which lies above −1; the shift
    c = log(e − 1) is such that m(0) = 0, so that u = 0 is the identity and û stays bounded
    for small w. The volume changes by 1 + m(a)·tanh'(⟨w, z⟩ + b), at least 1e-4.

    References:
        Rezende and Mohamed, Variational Inference with Normalizing Flows, 2015, arXiv:1505.05770.
    """

    def __init__(self, dim: int) -> None:
        """Draw a flow close to the identity.

        Args:
            dim: The number of coordinates, at least 1.

        Raises:
            LisaError: If it is below 1.
        """
        super().__init__()
        if dim < 1:
            raise LisaError(f"a planar flow needs codes of at least 1 coordinate, not {dim}")
        self.w = nn.Parameter(torch.randn(dim) / math.sqrt(dim))
        self.u = nn.Parameter(0.01 * torch.randn(dim))
        self.b = nn.Parameter(torch.zeros(()))

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Map codes `z` `[batch, dim]` to codes `[batch, dim]` and log-determinants `[batch]`."""
        along, u = self.direction()
        bend = torch.tanh(z @ self.w + self.b)
        log_determinant = torch.log1p((1 - bend**2) * along)
        return z + bend.unsqueeze(1) * u, log_determinant

    def direction(self) -> tuple[Tensor, Tensor]:
        """Return ⟨w, û⟩, above −1, and û `[dim]`."""
        before = self.w @ self.u
        along = functional.softplus(before + _IDENTITY_OFFSET) - 1
        along = along.clamp(min=_LEAST_STRETCH - 1)
        norm = (self.w @ self.w).clamp(min=torch.finfo(self.w.dtype).tiny)
        return along, self.u + (along - before) * self.w / norm


class AutoregressiveFlow(nn.Module):
    """z' = g ⊙ z + (1 − g) ⊙ m, where g = σ(s) and (m, s)_i depend on the coordinates before i.

    The inverse autoregressive flow of Kingma et al. 2016, Eqs. 13 and 14: m and s come from one
    masked network (MADE, Germain et al. 2015), the Jacobian is triangular with g on its diagonal,
    and log |det| = Σ log σ(s). The gates begin near σ(2).

    References:
        Kingma et al., Improving Variational Inference with Inverse Autoregressive Flow, 2016,
        arXiv:1606.04934.
        Germain et al., MADE: Masked Autoencoder for Distribution Estimation, 2015,
        arXiv:1502.03509.
    """

    def __init__(self, dim: int, hidden: int, layers: int, *, reverse: bool = False) -> None:
        """Draw the network.

        Args:
            dim: The number of coordinates, at least 2.
            hidden: Units of each hidden layer, at least 1.
            layers: Hidden layers, at least 1.
            reverse: Whether the last coordinate comes first in the order.

        Raises:
            LisaError: If a number is below its least.
        """
        super().__init__()
        for what, value, least in (
            ("codes of at least 2 coordinates", dim, 2),
            ("at least 1 hidden unit", hidden, 1),
            ("at least 1 hidden layer", layers, 1),
        ):
            if value < least:
                raise LisaError(f"an inverse autoregressive flow needs {what}, not {value}")
        places = torch.arange(1, dim + 1)
        places = places.flip(0) if reverse else places
        between = torch.linspace(1, dim - 1, hidden).round().long()
        modules: list[nn.Module] = []
        before = places
        for _ in range(layers):
            modules += [MaskedLinear(between.unsqueeze(1) >= before), nn.ELU()]
            before = between
        self.hidden = nn.Sequential(*modules)
        self.shift = MaskedLinear(places.unsqueeze(1) > before)
        self.gate = MaskedLinear(places.unsqueeze(1) > before)
        nn.init.constant_(self.gate.bias, _GATE)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Map codes `z` `[batch, dim]` to codes `[batch, dim]` and log-determinants `[batch]`."""
        hidden = self.hidden(z)
        shift, gate = self.shift(hidden), self.gate(hidden)
        kept = torch.sigmoid(gate)
        return kept * z + torch.sigmoid(-gate) * shift, functional.logsigmoid(gate).sum(1)


class MaskedLinear(nn.Linear):
    """A linear layer some of whose connections are cut."""

    mask: Tensor

    def __init__(self, mask: Tensor) -> None:
        """Draw the weights.

        Args:
            mask: ``[outputs, inputs]``, true where there is a connection.
        """
        super().__init__(mask.shape[1], mask.shape[0])
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, input: Tensor) -> Tensor:
        """Return the layer's output `[batch, outputs]`."""
        return functional.linear(input, self.weight * self.mask, self.bias)


class Chain(nn.Module):
    """Flows one after another."""

    def __init__(self, flows: list[nn.Module]) -> None:
        super().__init__()
        self.flows = nn.ModuleList(flows)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Map codes `z` `[batch, dim]` to codes `[batch, dim]` and log-determinants `[batch]`."""
        total = torch.zeros_like(z[:, 0])
        for flow in self.flows:
            z, log_determinant = flow(z)
            total = total + log_determinant
        return z, total
