"""Networks on derivations."""

from collections.abc import Callable

import torch

from grammar_lisa.decoding import StackMachine
from grammar_lisa.networks.base import SentenceAutoencoder
from grammar_lisa.networks.dense import Dense
from grammar_lisa.networks.kusner import Kusner
from shared.seeds import derive_seed

NETWORKS: dict[str, Callable[[StackMachine, int, int], SentenceAutoencoder]] = {
    "dense": Dense,
    "kusner": Kusner,
}


def build_network(
    name: str, machine: StackMachine, dim: int, width: int, seed: int
) -> SentenceAutoencoder:
    """A network with freshly drawn weights.

    Args:
        name: a key of `NETWORKS`.
        machine: the stack machine of the grammar.
        dim: the code size.
        width: how many numbers a code the encoder gives; the method chooses it.
        seed: of the weights; the global random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(derive_seed(seed, "weights"))
        return NETWORKS[name](machine, dim, width)


__all__ = ["NETWORKS", "Dense", "Kusner", "SentenceAutoencoder", "build_network"]
