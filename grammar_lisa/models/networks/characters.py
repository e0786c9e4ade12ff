"""The network of the character VAE that the Grammar VAE is compared with, as published."""

import torch
from torch import Tensor

from grammar_lisa.models.mask import scored
from grammar_lisa.models.networks.layers import KusnerLayers


class Characters(KusnerLayers):
    """The layers of Kusner et al. on the characters of texts; see `KusnerLayers`.

    It knows no grammar: what it decodes may be any text.
    """

    def __init__(self, length: int, symbols: int, dim: int, width: int) -> None:
        """Build the layers.

        Args:
            length: Characters of a text, its padding included.
            symbols: How many characters there are, the padding included.
            dim: The code size.
            width: How many numbers a code the encoder gives.

        Raises:
            LisaError: Texts are shorter than the convolutions need.
        """
        super().__init__()
        self.dim, self.length, self.symbols = dim, length, symbols
        self.add_layers(width, "characters", "texts", "characters")

    def reconstruction_loss(self, x: Tensor, decoded: Tensor) -> Tensor:
        """Return −log p(text) over all characters, padding included, in nats, `[batch]`."""
        log_p = decoded.log_softmax(2).gather(2, x.long().unsqueeze(2))
        return -log_p.squeeze(2).sum(1)

    @torch.no_grad()
    def read(
        self,
        decoded: Tensor,
        *,
        temperature: float = 0.0,
        generator: torch.Generator | None = None,
        beams: int = 1,
    ) -> Tensor:
        """Return the most likely character at each step, or one drawn at a temperature.

        Steps do not depend on each other, so the likeliest text is that of the likeliest
        characters, whatever the beams.
        """
        temperature = temperature if beams == 1 else 0.0
        return scored(decoded, temperature, generator).argmax(2)
