"""Network, code size and epochs of a training that names none: by how long its sentences are."""

from typing import Final, NamedTuple

from grammar_lisa.models.names import NetworkName
from grammar_lisa.training.config import TrainConfig

SHORT: Final = 20
"""The most rules of sentences for the dense network.

With a code as large it gives back as much as the tree network up to about 20 rules in equal
seconds, and less of longer sentences; `scripts/compare_networks.py` compares them.
"""

DENSE_DIM: Final = 25
"""The code size of a network that is not for long sentences: that of the paper's Table 5."""


def default_network(max_rules: int) -> NetworkName:
    """Return the network for sentences of at most so many rules."""
    return "dense" if max_rules <= SHORT else "tree"


def default_dim(network: NetworkName, max_rules: int) -> int:
    """Return the code size for a network and sentences of at most so many rules.

    A longer sentence says more, so the tree network's code grows with it: two numbers for a rule,
    in steps of 32 from 64 to 256.
    """
    if network != "tree":
        return DENSE_DIM
    return min(256, max(64, 32 * round(2 * max_rules / 32)))


def default_epochs(network: NetworkName) -> int:
    """Return the passes over the training sentences.

    The tree network learns more from each sentence, and takes thirty times as long over it.
    """
    return 10 if network == "tree" else 30


class NetworkChoice(NamedTuple):
    """What a training takes, told or by default; see `TrainConfig`."""

    network: NetworkName
    dim: int
    epochs: int


def chosen(config: TrainConfig, max_rules: int) -> NetworkChoice:
    """Return what a configuration tells, and the defaults for what it leaves open.

    Args:
        config: The configuration.
        max_rules: The most rules that one of the sentences takes.
    """
    network = config.network or default_network(max_rules)
    return NetworkChoice(
        network,
        config.dim or default_dim(network, max_rules),
        config.epochs or default_epochs(network),
    )
