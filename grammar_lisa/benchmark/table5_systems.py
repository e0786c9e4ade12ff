"""What Table 5 compares: systems, networks, sentences, and the protocols of their searches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from grammar_lisa.models.names import CHARACTERS, NetworkName
from grammar_lisa.optimize.config import SYSTEMS as SEARCHES
from grammar_lisa.optimize.config import SearchConfig
from shared.training.settings import Schedule


@dataclass(frozen=True)
class System:
    """A row of Table 5.

    Attributes:
        name: As the paper calls it.
        method: A key of `METHODS`.
        characters: Whether it reads and writes characters, by the one network for these.
    """

    name: str
    method: str
    characters: bool = False

    def fits(self, network: NetworkName) -> bool:
        """Tell whether it can be trained with a network."""
        return self.characters == (network == CHARACTERS)


TABLE5_SYSTEMS: Final = {
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

ALL_NETWORKS: Final[tuple[NetworkName, ...]] = get_args(NetworkName)
SENTENCE_KINDS: Final = ("data", "grammar")
"""The sentences that systems learn from: those of a file, or of the grammar, drawn uniformly."""


@dataclass(frozen=True)
class Table5Entry:
    """One system, trained with one network on one kind of sentences.

    Attributes:
        sentences: One of `SENTENCE_KINDS`.
        network: One of `ALL_NETWORKS`.
        system: A key of `TABLE5_SYSTEMS`.
    """

    sentences: str
    network: NetworkName
    system: str

    @property
    def name(self) -> str:
        """Of the run."""
        return f"{self.sentences}-{self.network}-{self.system.lower()}"


ENTRIES: Final = tuple(
    Table5Entry(sentences, network, system.name)
    for sentences in SENTENCE_KINDS
    for network in ALL_NETWORKS
    for system in TABLE5_SYSTEMS.values()
    if system.fits(network)
)
"""All that a comparison can hold, in the order of tables."""


def entries_of(
    systems: Sequence[str], networks: Sequence[str], sentences: Sequence[str]
) -> list[Table5Entry]:
    """Return the entries asked for, in the order of tables."""
    return [
        entry
        for entry in ENTRIES
        if entry.system in systems
        and entry.sentences in sentences
        and (entry.network == CHARACTERS or entry.network in networks)
    ]


@dataclass(frozen=True)
class NetworkRecipe:
    """How a network is trained.

    Attributes:
        epochs: Passes over the sentences, unless the user says otherwise.
        batch_size: Sentences a step.
        learning_rate: Of Adam, at its highest.
        schedule: How it changes.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: Schedule


RECIPES: Final = {
    "dense": NetworkRecipe(30, 256, 3e-3, "cosine"),
    "kusner": NetworkRecipe(50, 600, 1e-3, "plateau"),
    CHARACTERS: NetworkRecipe(50, 600, 1e-3, "plateau"),
}
"""By network: that of `grammar-lisa train`, and the published one for the other two."""


ProtocolName = Literal["published", "clean"]


@dataclass(frozen=True)
class Table5Protocol:
    """How systems are searched and what is told of it.

    Attributes:
        name: What the command line calls it.
        clean: Whether sentences at or near the target are kept out of training and search.
        rounds: Batches that a trial evaluates.
        halves: Whether what a trial reached after half of its rounds is told as well.
        n_initial: How many scored sentences trials begin from.
    """

    name: ProtocolName
    clean: bool
    rounds: int
    halves: bool
    n_initial: tuple[int, ...]

    @property
    def search(self) -> SearchConfig:
        """What a search consists of by default: batches of 50, as published, of decoded points.

        Trees would find for a network what it cannot decode.
        """
        return SEARCHES["latent"].changed(rounds=self.rounds, batch=50)

    def marks(self, rounds: int) -> tuple[int, ...]:
        """Return the rounds after which a trial of so many is told of."""
        half = rounds // 2
        return (half, rounds) if self.halves and half else (rounds,)


TABLE5_PROTOCOLS: Final[Mapping[str, Table5Protocol]] = {
    protocol.name: protocol
    for protocol in (
        Table5Protocol("published", clean=False, rounds=5, halves=False, n_initial=(5000,)),
        Table5Protocol("clean", clean=True, rounds=10, halves=True, n_initial=(500, 5000)),
    )
}
