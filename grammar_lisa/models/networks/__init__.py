"""Networks of sentences: on derivations, and on characters."""

from collections.abc import Callable
from typing import TypeVar

from grammar_lisa.models.mask import GrammarMask
from grammar_lisa.models.networks.base import SentenceAutoencoder, SequenceAutoencoder
from grammar_lisa.models.networks.characters import Characters
from grammar_lisa.models.networks.dense import Dense
from grammar_lisa.models.networks.kusner import Kusner
from grammar_lisa.models.networks.tree import TreeNetwork
from grammar_lisa.models.tokenizer import CharacterTokenizer
from shared.common.seeds import derive_seed
from shared.common.torch_seeds import seeded

NETWORKS: dict[str, Callable[[GrammarMask, int, int], SentenceAutoencoder]] = {
    "dense": Dense,
    "kusner": Kusner,
    "tree": TreeNetwork,
}
"""The networks on derivations, by name."""

N = TypeVar("N", bound=SequenceAutoencoder)


def build_network(
    name: str, mask: GrammarMask, dim: int, width: int, seed: int
) -> SentenceAutoencoder:
    """Return a network on derivations with freshly drawn weights.

    Args:
        name: A key of `NETWORKS`.
        mask: The mask of the grammar.
        dim: The code size.
        width: How many numbers a code the encoder gives; the method chooses it.
        seed: Of the weights; the global random state is left as it was.
    """
    return _drawn(lambda: NETWORKS[name](mask, dim, width), seed)


def build_characters(tokenizer: CharacterTokenizer, dim: int, width: int, seed: int) -> Characters:
    """Return the network on characters with freshly drawn weights; see `build_network`."""
    symbols = tokenizer.pad + 1
    return _drawn(lambda: Characters(tokenizer.length, symbols, dim, width), seed)


def _drawn(make: Callable[[], N], seed: int) -> N:
    """Return what `make` makes, its weights drawn from a seed of their own."""
    with seeded(derive_seed(seed, "weights")):
        return make()


__all__ = [
    "NETWORKS",
    "Characters",
    "Dense",
    "Kusner",
    "SentenceAutoencoder",
    "SequenceAutoencoder",
    "TreeNetwork",
    "build_characters",
    "build_network",
]
