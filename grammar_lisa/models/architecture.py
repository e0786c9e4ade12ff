"""What a model of sentences is built from, and how a run records it."""

from dataclasses import asdict, dataclass
from typing import Any

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
from shared.methods import Method, equip, method_from_record, method_to_record
from shared.methods.registry import METHODS


@dataclass(frozen=True)
class Architecture:
    """What, besides the grammar, a model is built from; `config.json` records it.

    Attributes:
        network: A key of `NETWORKS`, or `CHARACTERS`.
        dim: The code size d.
        max_rules: L, the most rules a sentence may take.
        method: The method's name and hyperparameters.
        seed: Of the initial weights.
        tokenizer: What a network on characters reads; None for one on derivations.
        semantics: How many numbers tell what a sentence does, for a method that learns from them.
    """

    network: str
    dim: int
    max_rules: int
    method: Method
    seed: int
    tokenizer: CharacterTokenizer | None = None
    semantics: int = 0

    @property
    def unit(self) -> str:
        """What the network's rows consist of, in the plural."""
        return "rules" if self.tokenizer is None else "characters"

    def to_json(self) -> dict[str, Any]:
        """Return plain values, from which `from_json` makes the same architecture."""
        record = {
            "network": self.network,
            "dim": self.dim,
            "max_rules": self.max_rules,
            "method": method_to_record(self.method),
            "seed": self.seed,
        }
        if self.tokenizer is not None:
            record["alphabet"] = asdict(self.tokenizer)
        return {**record, "semantics": self.semantics} if self.semantics else record

    @classmethod
    def from_json(cls, record: dict[str, Any], source: str) -> "Architecture":
        """Return the architecture that a run recorded.

        Raises:
            LisaError: Naming `source`, if the record lacks a value or holds an unknown one.
        """
        try:
            network = record["network"]
            if network != CHARACTERS and network not in NETWORKS:
                raise KeyError(network)
            return cls(
                network=network,
                dim=int(record["dim"]),
                max_rules=int(record["max_rules"]),
                method=method_from_record(record["method"], METHODS),
                seed=int(record["seed"]),
                tokenizer=_tokenizer(record["alphabet"]) if network == CHARACTERS else None,
                semantics=int(record.get("semantics", 0)),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise LisaError(
                f"{source} does not describe a model of this version: {error}"
            ) from error

    def build(self, grammar: Grammar) -> SequenceAutoencoder:
        """Return the network with the method's parts and its initial weights."""
        if not 2 <= self.dim <= LARGEST_DIM:
            raise LisaError(f"the code size must be from 2 to {LARGEST_DIM}, not {self.dim}")
        if self.max_rules > LONGEST:
            raise LisaError(
                f"sentences of {self.max_rules} rules are too long for a model; at most {LONGEST}"
            )
        width = self.method.encoder_width(self.dim)
        net: SequenceAutoencoder
        if self.tokenizer is None:
            mask = GrammarMask(grammar, self.max_rules)
            net = build_network(self.network, mask, self.dim, width, self.seed)
        else:
            net = build_characters(self.tokenizer, self.dim, width, self.seed)
        net.semantics = self.semantics
        equip(net, self.method, self.seed)
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
