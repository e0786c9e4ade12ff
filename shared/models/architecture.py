"""What a network is built from, and how a run records it."""

import abc
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from shared.common.errors import LisaError
from shared.methods import Method, equip, method_from_record, method_to_record
from shared.methods.autoencoder import Autoencoder
from shared.methods.registry import METHODS


@dataclass(frozen=True, kw_only=True)
class LatentArchitecture(abc.ABC):
    """What a model is built from, beside what it was trained on; `config.json` records it.

    Attributes:
        network: The name of the network.
        dim: The code size d.
        method: The method's name and hyperparameters.
        seed: Of the initial weights.
        largest_dim: The largest code size.
    """

    largest_dim: ClassVar[int]

    network: str
    dim: int
    method: Method
    seed: int

    def to_json(self) -> dict[str, Any]:
        """Return plain values, from which `from_json` makes the same architecture."""
        return {
            "network": self.network,
            "dim": self.dim,
            "method": method_to_record(self.method),
            "seed": self.seed,
        }

    @classmethod
    def from_json(cls, record: dict[str, Any], source: str) -> Self:
        """Return the architecture that a run recorded.

        Raises:
            LisaError: Naming `source`, if the record lacks a value or holds an unknown one.
        """
        try:
            return cls(
                network=cls.known_network(record["network"]),
                dim=int(record["dim"]),
                method=method_from_record(record["method"], METHODS),
                seed=int(record["seed"]),
                **cls.other_fields(record),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise LisaError(
                f"{source} does not describe a model of this version: {error}"
            ) from error

    @classmethod
    @abc.abstractmethod
    def known_network(cls, name: str) -> str:
        """Return the name of a network; a KeyError where there is none of that name."""

    @classmethod
    @abc.abstractmethod
    def other_fields(cls, record: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of a subclass from a record; a KeyError or ValueError of unfit ones."""

    def encoder_width(self) -> int:
        """Return how many numbers the encoder gives for an example.

        Raises:
            LisaError: The code size is out of range.
        """
        if not 2 <= self.dim <= self.largest_dim:
            raise LisaError(f"the code size must be from 2 to {self.largest_dim}, not {self.dim}")
        return self.method.encoder_width(self.dim)

    def equip(self, net: Autoencoder) -> None:
        """Add the method's own parts to a network, with their initial weights."""
        equip(net, self.method, self.seed)
