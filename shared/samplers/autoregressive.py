"""The law of quantised codes, slot by slot."""

from typing import Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from shared import sphere
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.common.fitting import fit_module
from shared.common.seeds import derive_seed
from shared.common.torch_seeds import seeded
from shared.samplers.base import (
    Sampler,
    State,
    floats_of,
    generator,
    integer_of,
    load_module,
    unfitted,
)
from shared.sphere.geometry import Rows

_WIDTH = 64
_BATCH = 250
_LEARNING_RATE = 5e-3
_WEIGHT_DECAY = 0.01
_SLOTS_SEEN = 3_000_000
_MOST_EPOCHS = 40
_ROWS_AT_ONCE = 2**14


@final
class Autoregressive(Sampler):
    """An autoregressive law of codes whose slots are vectors of one codebook.

    Codes are cut into slots and each slot becomes the number of the codebook vector that is
    nearest to it. A small recurrent network learns p(k_1) p(k_2 | k_1) ⋯ by maximum likelihood;
    draws are made slot by slot and are the codebook's vectors put together. The law is discrete,
    so that it has no density.

    A fit sees about three million slots, which is less than a minute on one core, but every code
    at least once.

    References:
        Van den Oord, Vinyals and Kavukcuoglu, Neural Discrete Representation Learning, 2017,
        arXiv:1711.00937, section 3.3, whose prior over the codes of images is a PixelCNN.

    Attributes:
        seed: Seed of the weights and of training.
    """

    kind = "autoregressive"
    _network: "_NextSlot | None" = None

    def __init__(self, codebook: Rows, seed: int = 0) -> None:
        """Take the codebook ``[code, slot_size]``.

        Raises:
            LisaError: If it does not hold finite rows, or the seed is negative.
        """
        if seed < 0:
            raise LisaError(f"an autoregressive law needs seed >= 0, not {seed}")
        self._codebook: Floats = sphere.finite_rows(codebook, "codebook vectors").numpy()
        self.seed = seed

    def fit(self, codes: Rows) -> Self:
        """Train the network on the codes' slots; see `Sampler.fit`.

        Raises:
            LisaError: As `Sampler.fit`, if the slot size does not divide the code size, or if
                training diverges.
        """
        rows = sphere.finite_rows(codes)
        size = self._codebook.shape[1]
        if rows.shape[1] % size:
            raise LisaError(
                f"codes of size {rows.shape[1]} cannot be cut into slots of size {size}"
            )
        indices = self._nearest(rows.reshape(-1, size)).view(len(rows), -1)
        with seeded(derive_seed(self.seed, "weights")):
            network = _NextSlot(len(self._codebook), indices.shape[1])
        fitted = fit_module(
            network,
            _NextSlot.loss,
            (indices,),
            epochs=min(_MOST_EPOCHS, max(1, round(_SLOTS_SEEN / indices.numel()))),
            batch_size=_BATCH,
            learning_rate=_LEARNING_RATE,
            seed=self.seed,
            weight_decay=_WEIGHT_DECAY,
        )
        self._network = fitted.double().requires_grad_(False)
        return self

    def sample(self, n: int, seed: int) -> Floats:
        """Draw codes ``[n, slots · slot_size]``; see `Sampler.sample`."""
        network = self._fitted_network()
        random = generator(n, seed)
        thresholds = torch.from_numpy(random.random((n, network.slots)))
        chosen = [network.draw(part) for part in thresholds.split(_ROWS_AT_ONCE)]
        indices: NDArray[np.int64] = torch.cat(chosen).numpy()
        return self._codebook[indices].reshape(n, network.slots * self._codebook.shape[1])

    def _nearest(self, slots: Tensor) -> Tensor:
        """Return the numbers of the codebook vectors nearest to slots."""
        book = torch.from_numpy(self._codebook)
        parts = slots.split(_ROWS_AT_ONCE)
        return torch.cat([torch.cdist(part, book).argmin(1) for part in parts])

    def _fitted_network(self) -> "_NextSlot":
        if self._network is None:
            raise unfitted(self.kind)
        return self._network

    def _arrays(self) -> State:
        network = self._fitted_network()
        settings = {"slots": network.slots, "seed": self.seed}
        return (
            {"codebook": self._codebook}
            | {name: np.array(value, dtype=np.int64) for name, value in settings.items()}
            | {f"network.{name}": value.numpy() for name, value in network.state_dict().items()}
        )

    @classmethod
    def _from_arrays(cls, state: State) -> Self:
        codebook = floats_of(state, "codebook")
        sampler = cls(codebook, integer_of(state, "seed", least=0))
        slots = integer_of(state, "slots", least=1)
        # The array fixes the size before a network of that many slots is made.
        if floats_of(state, "network.place").shape != (slots, _WIDTH):
            raise LisaError(
                f"the sampler's array 'network.place' must have shape {[slots, _WIDTH]}"
            )
        with torch.device("meta"):
            network = _NextSlot(len(codebook), slots)
        sampler._network = load_module(network, state, "network", torch.float64)
        return sampler


class _NextSlot(nn.Module):
    """The logits of a slot's number, given its place and the numbers of the slots before it.

    Attributes:
        slots: How many slots a code has.
    """

    def __init__(self, codes: int, slots: int) -> None:
        super().__init__()
        self.slots = slots
        self.place = nn.Parameter(0.1 * torch.randn(slots, _WIDTH))
        self.before = nn.Embedding(codes, _WIDTH)
        self.recurrent = nn.GRU(_WIDTH, _WIDTH, batch_first=True)
        self.to_logits = nn.Linear(_WIDTH, codes)

    def loss(self, indices: Tensor) -> Tensor:
        """Return −log p(indices) in nats a slot, the mean over codes `[batch, slot]` and slots."""
        seen = self.place.expand(len(indices), -1, -1)
        seen = seen + nn.functional.pad(self.before(indices[:, :-1]), (0, 0, 1, 0))
        logits = self.to_logits(self.recurrent(seen)[0])
        return cross_entropy(logits.flatten(0, 1), indices.flatten())

    def draw(self, thresholds: Tensor) -> Tensor:
        """Draw numbers `[n, slot]`: the distribution function inverted at uniform `[n, slot]`."""
        hidden = None
        before = torch.zeros(len(thresholds), self.place.shape[1], dtype=self.place.dtype)
        chosen = []
        for place, uniform in zip(self.place, thresholds.T, strict=True):
            outputs, hidden = self.recurrent((place + before)[:, None], hidden)
            cumulative = self.to_logits(outputs[:, 0]).softmax(1).cumsum(1)
            # Rounding may leave the last entry below one.
            number = torch.searchsorted(cumulative, uniform[:, None].contiguous(), right=True)
            chosen.append(number[:, 0].clamp(max=cumulative.shape[1] - 1))
            before = self.before(chosen[-1])
        return torch.stack(chosen, dim=1)
