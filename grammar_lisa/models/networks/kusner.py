"""The network of the Grammar VAE, as published."""

from grammar_lisa.models.mask import GrammarMask
from grammar_lisa.models.networks.base import SentenceAutoencoder
from grammar_lisa.models.networks.layers import KusnerLayers


class Kusner(KusnerLayers, SentenceAutoencoder):
    """The layers of Kusner et al. on derivations; see `KusnerLayers`."""

    def __init__(self, mask: GrammarMask, dim: int, width: int) -> None:
        """Build the layers; `width` numbers a code come from the encoder.

        Raises:
            LisaError: Derivations are shorter than the convolutions need.
        """
        super().__init__(mask, dim)
        self.add_layers(width, "kusner", "derivations", "rules")
