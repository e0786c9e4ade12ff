"""What all calls that work on one folder of Table 5 share."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grammar_lisa.benchmark.table5_systems import (
    RECIPES,
    TABLE5_PROTOCOLS,
    TABLE5_SYSTEMS,
    ProtocolName,
    Table5Protocol,
)
from grammar_lisa.grammar.cfg import load_grammar
from grammar_lisa.models.names import CHARACTERS
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from grammar_lisa.optimize.config import SearchConfig
from shared.common.errors import LisaError
from shared.methods.registry import METHODS
from shared.runs.files import read_file

if TYPE_CHECKING:
    from shared.methods import Method


@dataclass(frozen=True, kw_only=True)
class Table5Settings:
    """What all calls that work on one folder share.

    Attributes:
        protocol: How systems are searched: published leaves the answer in the data and scores 5
            rounds of 50; clean keeps it out of training and search and scores 10 rounds of 50.
        data: A file of sentences to learn from, one a line, plain or gzipped, such as Kusner's.
        count: The number of training sentences.
        held_out: The number of other sentences that reconstruction is tested on.
        max_rules: The most rules a sentence may take.
        dim: The code size d.
        epochs: Of the dense network.
        kusner_epochs: Of the kusner network.
        characters_epochs: Of the network of CVAE.
        outputs: Let searches see the outputs of expressions, too; by default they see scores
            alone, so that systems are compared by where their codes lead.
        search: What each search consists of; its rounds are by default those of the protocol.
        grammar: The grammar, in nltk's .cfg syntax.
        seed: Of everything random.
    """

    protocol: ProtocolName
    data: Path | None = None
    count: int = 50_000
    held_out: int = 10_000
    max_rules: int = 15
    dim: int = 25
    epochs: int = RECIPES["dense"].epochs
    kusner_epochs: int = RECIPES["kusner"].epochs
    characters_epochs: int = RECIPES[CHARACTERS].epochs
    outputs: bool = False
    search: SearchConfig = field(default_factory=SearchConfig)
    grammar: Path = Path("grammars/expr.cfg")
    seed: int = 0

    @property
    def how(self) -> Table5Protocol:
        """The protocol."""
        return TABLE5_PROTOCOLS[self.protocol]

    @property
    def changed_methods(self) -> "dict[str, Method]":
        """Methods with other hyperparameters than their defaults, by name."""
        return {}

    @cached_property
    def methods(self) -> "Mapping[str, Method]":
        """The methods that are compared, by name, with their hyperparameters.

        Raises:
            LisaError: Others are given hyperparameters, or these make no sense.
        """
        changed = self.changed_methods
        compared = {system.method: METHODS[system.method]() for system in TABLE5_SYSTEMS.values()}
        for name in changed.keys() - compared.keys():
            known = ", ".join(sorted(compared))
            raise LisaError(f"--set changes {name}; methods of systems: {known}")
        return compared | changed

    def record(self) -> dict[str, Any]:
        """Return what must be the same in every call.

        Raises:
            LisaError: Grammar or data cannot be read, or hyperparameters make no sense.
        """
        plain = ("count", "held_out", "max_rules", "dim", "outputs", "seed")
        epochs = ("epochs", "kusner_epochs", "characters_epochs")
        return {
            "protocol": self.protocol,
            "target": KUSNER_TARGET,
            "grammar": load_grammar(self.grammar).digest,
            "data": None if self.data is None else sha256(read_file(self.data)).hexdigest(),
            **{name: getattr(self, name) for name in (*plain, *epochs)},
            **dataclasses.asdict(self.search),
            **{
                f"{method.name}.{name}": value
                for method in self.methods.values()
                for name, value in dataclasses.asdict(method).items()
            },
        }
