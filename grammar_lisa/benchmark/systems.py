"""What Table 5 compares: systems, networks, and the protocols of their searches."""

from dataclasses import dataclass
from typing import Final

from grammar_lisa.networks import CHARACTERS, NETWORKS
from shared.training import Schedule


@dataclass(frozen=True)
class System:
    """A row of Table 5.

    Attributes:
        name: as the paper calls it.
        method: a key of `METHODS`.
        characters: whether it reads and writes characters, by the one network for these.
    """

    name: str
    method: str
    characters: bool = False

    def networks(self, chosen: tuple[str, ...]) -> tuple[str, ...]:
        """The networks that it is trained with, of those chosen for derivations."""
        return (CHARACTERS,) if self.characters else chosen


SYSTEMS: Final = {
    system.name: system
    for system in (
        System("GVAE", "vae"),
        System("CVAE", "vae", characters=True),
        System("GCVVAE", "cv-vae"),
        System("GRAE", "rae-l2"),
        System("G-GMM-DAE", "gmm-dae"),
        System("G-LISA", "lisa"),
    )
}
"""By name, in the order of the table."""

ALL_NETWORKS: Final = (*NETWORKS, CHARACTERS)


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes:
        epochs: passes over the sentences, unless the user says otherwise.
        batch_size: sentences a step.
        learning_rate: of Adam, at its highest.
        schedule: how it changes.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: Schedule


RECIPES: Final = {
    "dense": Recipe(30, 256, 3e-3, "cosine"),
    "kusner": Recipe(50, 600, 1e-3, "plateau"),
    CHARACTERS: Recipe(50, 600, 1e-3, "plateau"),
}
"""By network: that of `grammar-lisa train`, and the published one for the other two."""


@dataclass(frozen=True)
class Protocol:
    """How systems are searched and what is told of it.

    Attributes:
        name: what the command line calls it.
        clean: whether sentences at or near the target are kept out of training and search.
        rounds: batches that a trial evaluates.
        halves: whether what a trial reached after half of its rounds is told as well.
        begin_from: how many scored sentences trials begin from.
    """

    name: str
    clean: bool
    rounds: int
    halves: bool
    begin_from: tuple[int, ...]

    def marks(self, rounds: int) -> tuple[int, ...]:
        """The rounds after which a trial of so many is told of."""
        half = rounds // 2
        return (half, rounds) if self.halves and half else (rounds,)


PROTOCOLS: Final = {
    protocol.name: protocol
    for protocol in (
        Protocol("published", clean=False, rounds=5, halves=False, begin_from=(5000,)),
        Protocol("clean", clean=True, rounds=10, halves=True, begin_from=(500, 5000)),
    )
}
