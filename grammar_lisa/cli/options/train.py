"""What `grammar-lisa train --grammar FILE` takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Final

from grammar_lisa.cli.options.check import LENGTHS
from grammar_lisa.grammar.source import read_text
from grammar_lisa.models.names import LARGEST_DIM, TOOL
from grammar_lisa.training.config import TrainConfig
from shared.cli.method_options import MethodOptions, WithMethod
from shared.cli.option_groups import NewRunOptions, TrackOptions
from shared.cli.records import check_inputs, check_resumed
from shared.cli.terminal import Ranges


@dataclass(frozen=True, kw_only=True)
class Options(WithMethod, TrackOptions, NewRunOptions, TrainConfig):
    """Train an autoencoder of the sentences of a grammar.

    A method has options of its own, which stand behind these; --method NAME --help shows them.

    Attributes:
        name: The run's folder in there; by default a new one, GRAMMAR-METHOD-001 and so on.
    """

    ranges: ClassVar[Ranges] = {
        "count": (10, 10_000_000),
        "mix": (0, 0.99),
        "held_out": (1, 10_000_000),
        "max_rules": LENGTHS,
        "dim": (2, LARGEST_DIM),
        "epochs": (1, 1_000_000),
        "batch_size": (2, 1_000_000),
        "threads": (1, 1024),
        "checkpoint_seconds": (0, 1_000_000),
        "patience": (0, 1_000_000),
        "kl_warmup": (0, 1_000_000),
        "draws": (1, 1_000_000),
    }

    def check(self) -> None:
        """Refuse a grammar that cannot be read, before anything is loaded that takes long.

        Raises:
            LisaError: Naming the file.
        """
        super().check()
        if self.resume is None:
            read_text(self.grammar)
            check_inputs(self, "data")


UNRECORDED: Final[Mapping[str, str | float | None]] = MappingProxyType(
    {
        "draw": "uniform",
        "distinct": "text",
        "mix": 0.0,
        "column": None,
        "drop_unparsable": False,
        "patience": 0,
        "kl_warmup": 0.0,
    }
)
"""What runs were made with that do not record it."""


class _TrainOptions(MethodOptions[Options]):
    """Also of runs that were made before all options were recorded."""

    def recorded(self, config: Any, source: str) -> dict[str, Any]:
        """Return the options that a run's configuration records, or had no need to."""
        return {**UNRECORDED, **super().recorded(config, source)}


TRAIN = _TrainOptions(Options, f"{TOOL} train")


options_type, default_options = TRAIN.of_words, TRAIN.defaults


def check_words(words: Sequence[str]) -> None:
    """Refuse options beside --resume that the run has its own values of.

    Raises:
        LisaError: Naming them.
    """
    check_resumed(words, ("track",))
