"""What a model of sentences is built from, and how a run records it."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.grammar.cfg import Grammar
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.mask import GrammarMask
from grammar_lisa.models.names import CHARACTERS, LARGEST_DIM, LONGEST
from grammar_lisa.models.networks import (
    NETWORKS,
    SequenceAutoencoder,
    build_characters,
    build_network,
)
from grammar_lisa.models.tokenizer import CharacterTokenizer
from shared.common.errors import LisaError
from shared.models import LatentArchitecture


@dataclass(frozen=True, kw_only=True)
class Architecture(LatentArchitecture):
    """What, besides the grammar, a model of sentences is built from.

    Attributes:
        network: A key of `NETWORKS`, or `CHARACTERS`.
        dim: The code size d.
        method: The method's name and hyperparameters.
        seed: Of the initial weights.
        max_rules: L, the most rules a sentence may take.
        tokenizer: What a network on characters reads; None for one on derivations.
        semantics: How many numbers tell what a sentence does, for a method that learns from them.
    """

    largest_dim: ClassVar[int] = LARGEST_DIM

    max_rules: int
    tokenizer: CharacterTokenizer | None = None
    semantics: int = 0

    @property
    def unit(self) -> str:
        """What the network's rows consist of, in the plural."""
        return "rules" if self.tokenizer is None else "characters"

    def to_json(self) -> dict[str, Any]:
        """Return plain values, from which `from_json` makes the same architecture."""
        record = super().to_json() | {"max_rules": self.max_rules}
        if self.tokenizer is not None:
            record["alphabet"] = asdict(self.tokenizer)
        return {**record, "semantics": self.semantics} if self.semantics else record

    @classmethod
    def known_network(cls, name: str) -> str:
        """Return the name of a network on derivations or characters."""
        if name != CHARACTERS and name not in NETWORKS:
            raise KeyError(name)
        return name

    @classmethod
    def other_fields(cls, record: dict[str, Any]) -> dict[str, Any]:
        """Return the most rules, the tokenizer and the number of semantics."""
        characters = record["network"] == CHARACTERS
        return {
            "max_rules": int(record["max_rules"]),
            "tokenizer": _tokenizer(record["alphabet"]) if characters else None,
            "semantics": int(record.get("semantics", 0)),
        }

    def build(self, grammar: Grammar) -> SequenceAutoencoder:
        """Return the network with the method's parts and its initial weights."""
        width = self.encoder_width()
        if self.max_rules > LONGEST:
            raise LisaError(
                f"sentences of {self.max_rules} rules are too long for a model; at most {LONGEST}"
            )
        net: SequenceAutoencoder
        if self.tokenizer is None:
            mask = GrammarMask(grammar, self.max_rules)
            net = build_network(self.network, mask, self.dim, width, self.seed)
        else:
            net = build_characters(self.tokenizer, self.dim, width, self.seed)
        net.semantics = self.semantics
        self.equip(net)
        return net

    def rows(
        self, grammar: Grammar, derivations: NDArray[np.signedinteger]
    ) -> NDArray[np.signedinteger]:
        """Return what the network reads of padded derivations `[n, max_rules]`: rows `[n, step]`.

        Raises:
            LisaError: The network reads characters and a sentence does not fit its tokenizer.
        """
        if self.tokenizer is None:
            return derivations
        return self.tokenizer.rows(derivations_to_texts(grammar, derivations))


def _tokenizer(record: dict[str, Any]) -> CharacterTokenizer:
    return CharacterTokenizer(str(record["characters"]), int(record["length"]))
