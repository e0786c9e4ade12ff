"""The autoencoder whose decoder sees vectors of a codebook only."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from shared.common.collective import gather_rows
from shared.methods.autoencoder import Autoencoder
from shared.methods.base import Codes, Method, check_fields
from shared.samplers import Autoregressive, Sampler

DEAD = 0.01
"""A codebook vector is dead when it is used less than this times as often as the average one."""

_CODEBOOK = "codebook"


class Codebook(nn.Module):
    """Vectors that stand for the slots of codes, learnt as running means of what they stand for.

    Vector k is sums_k / counts_k, where counts_k and sums_k are exponential moving averages of how
    many slots of a batch are nearest to it and of their sum. There is nothing to differentiate:
    these are buffers, saved and loaded with the net.

    Attributes:
        vectors: The codebook ``[code, slot_size]``.
        counts: ``[code]``; all zero before the first batch.
        sums: ``[code, slot_size]``.
    """

    vectors: Tensor
    counts: Tensor
    sums: Tensor

    def __init__(self, codes: int, slot_size: int) -> None:
        super().__init__()
        self.register_buffer("vectors", torch.randn(codes, slot_size))
        self.register_buffer("counts", torch.zeros(codes))
        self.register_buffer("sums", torch.zeros(codes, slot_size))

    def slots(self, z: Tensor) -> Tensor:
        """Return codes `[batch, dim]` cut into slots `[batch · slots, slot_size]`."""
        return z.reshape(-1, self.vectors.shape[1]).to(self.vectors.dtype)

    def nearest(self, slots: Tensor) -> Tensor:
        """Return the numbers `[n]` of the vectors that are nearest to slots `[n, slot_size]`."""
        # Distances from differences are exactly zero at a vector of the codebook itself.
        distances = torch.cdist(
            slots.detach(), self.vectors, compute_mode="donot_use_mm_for_euclid_dist"
        )
        return distances.argmin(1)

    @torch.no_grad()
    def revive(self, slots: Tensor) -> None:
        """Put dead vectors on slots of the batch drawn at random, none twice while there are some.

        A vector that was never used is dead, so the first batch sets the whole codebook. Revived
        vectors begin with an average count.

        Args:
            slots: ``[n, slot_size]`` of the global batch.
        """
        average = len(slots) / len(self.counts)
        dead = self.counts < DEAD * average
        # Every process must choose the same slots: the first one's draws are used.
        draws = gather_rows(torch.rand(len(slots), 1, device=slots.device))[: len(slots), 0]
        order = torch.arange(len(self.counts), device=slots.device) % len(slots)
        chosen = slots[draws.argsort()[order]]
        self.counts.copy_(torch.where(dead, average, self.counts))
        self.vectors.copy_(torch.where(dead[:, None], chosen, self.vectors))
        self.sums.copy_(torch.where(dead[:, None], average * chosen, self.sums))

    @torch.no_grad()
    def average(self, slots: Tensor, indices: Tensor, decay: float) -> None:
        """Take one step of the moving averages.

        Args:
            slots: ``[n, slot_size]`` of the global batch.
            indices: Which vector each slot is nearest to, ``[n]``.
            decay: What is kept of the averages.
        """
        used = torch.zeros_like(self.counts).index_add_(0, indices, torch.ones_like(slots[:, 0]))
        total = torch.zeros_like(self.sums).index_add_(0, indices, slots)
        self.counts.lerp_(used, 1 - decay)
        self.sums.lerp_(total, 1 - decay)
        known = self.counts[:, None] > torch.finfo(self.counts.dtype).tiny
        self.vectors.copy_(torch.where(known, self.sums / self.counts[:, None], self.vectors))


@dataclass(frozen=True)
class VQVAE(Method):
    """The vector-quantised autoencoder: R(e) + β·‖sg(e) − z‖², e the codebook vectors nearest to z.

    A code is cut into equal slots, each of which is replaced by the nearest vector of one codebook
    that all slots share. The gradient of R passes from e to z as if they were one (straight
    through); sg stops gradients. The commitment ‖sg(e) − z‖² is a sum over the whole code as R is
    over pixels, and a mean over the batch. Vectors are moving averages of the slots that are
    nearest to them (appendix A.1 of the reference), updated in training only and over the global
    batch of several devices; unused ones are put back on slots of the batch.

    Codes, as they are probed and stored, are what the encoder gives; `to_decoder` quantises them.

    References:
        Van den Oord, Vinyals and Kavukcuoglu, Neural Discrete Representation Learning, 2017,
        arXiv:1711.00937.

    Attributes:
        codes: The number of vectors of the codebook.
        slots: Into how many slots a code is cut at most: into the greatest number up to this one
            that divides the code size.
        commitment_weight: β, the weight of the commitment.
        decay: What one step keeps of the moving averages.
    """

    name: ClassVar[str] = "vq-vae"
    title: ClassVar[str] = "VQ-VAE"
    own_samplers: ClassVar[tuple[str, ...]] = ("autoregressive",)

    codes: int = 512
    slots: int = 8
    commitment_weight: float = 0.25
    decay: float = 0.99

    def __post_init__(self) -> None:
        check_fields(
            self,
            codes=(2, 65_536),
            slots=(1, 1024),
            commitment_weight=(0, 1e6),
            decay=(0, 0.99999),
        )

    def extra_modules(self, net: Autoencoder) -> dict[str, nn.Module]:
        """Return the codebook."""
        slots = max(n for n in range(1, min(self.slots, net.dim) + 1) if net.dim % n == 0)
        return {_CODEBOOK: Codebook(self.codes, net.dim // slots)}

    def to_decoder(self, net: Autoencoder, z: Tensor) -> Tensor:
        """Return the codebook vectors nearest to the slots of `z`.

        The gradient passes straight through.

        Quantised codes stay as they are.
        """
        book = codebook(net)
        return _straight_through(z, book.vectors[book.nearest(book.slots(z))].view(z.shape))

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """Return the terms `reconstruction` and `commitment`, β·‖sg(e) − z‖².

        In training it also updates the codebook.
        """
        z = self.encode(net, x)
        book = codebook(net)
        learning = net.training and torch.is_grad_enabled()
        everywhere = book.slots(gather_rows(z.detach())) if learning else z.new_empty(0)
        if learning:
            book.revive(everywhere)
        indices = book.nearest(book.slots(z))
        quantised = book.vectors[indices].view(z.shape)
        if learning:
            book.average(everywhere, gather_rows(indices.view(len(z), -1)).flatten(), self.decay)
        decoded = net.decode(_straight_through(z, quantised))
        commitment = (quantised - z).square().sum(1).mean()
        return {
            "reconstruction": net.reconstruction_loss(x, decoded).mean(),
            "commitment": self.commitment_weight * commitment,
        }

    def own_sampler(self, name: str, net: Autoencoder, codes: Codes, seed: int) -> Sampler:
        """Return the autoregressive law of the training codes' codebook vectors."""
        if name != "autoregressive":
            return super().own_sampler(name, net, codes, seed)
        return Autoregressive(codebook(net).vectors, seed=seed).fit(codes.mean)


def codebook(net: Autoencoder) -> Codebook:
    """Return the codebook among the net's parts."""
    book = net.parts[_CODEBOOK]
    assert isinstance(book, Codebook)
    return book


def _straight_through(z: Tensor, quantised: Tensor) -> Tensor:
    """Return the quantised codes, to the bit, with the gradient of `z`."""
    return quantised.to(z.dtype) + (z - z.detach())
