"""What `grammar-lisa train --grammar FILE` takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from grammar_lisa.cli.options.check import LENGTHS
from grammar_lisa.grammar.laws import Distinct, Law
from grammar_lisa.models.names import LARGEST_DIM, TOOL
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from shared.cli.commands import check_name, check_ranges
from shared.cli.method_options import MethodOptions, WithMethod


@dataclass(frozen=True, kw_only=True)
class Options(WithMethod):
    """Train an autoencoder of the sentences of a grammar.

    A method has options of its own, which stand behind these; --method NAME --help shows them.

    Attributes:
        grammar: The grammar, in nltk's .cfg syntax.
        data: Sentences to train on, one a line, plain or gzipped; by default they are drawn from
            the grammar.
        draw: How: uniform over all derivations, nearly all of which are as long as can be;
            by-length draws a number of rules first, then one of the derivations that long;
            weighted goes rule by rule with the weights of the file.
        distinct: No two sentences have one text, or with canonical, no two are equal by algebra;
            by default canonical for sentences that are drawn, and text for those of a file.
        count: The number of training sentences.
        held_out: The number of other sentences that the test is made on.
        max_rules: The most rules a sentence may take; by default that of the longest sentence in
            the data, or 15, or three times the grammar's shortest sentence where that is more.
        target: The expression, or the name of one, that a search will look for.
        withhold: Keep sentences that equal the target, or score under 0.11, out of all data; auto
            does so where the sentences are expressions in the target's variables.
        dim: The code size d.
        network: dense decodes all rules at once; kusner is that of the Grammar VAE; characters
            reads and writes texts, which may be no sentences, as the character VAE does.
        epochs: Passes over the training sentences.
        batch_size: Sentences a step.
        learning_rate: Of Adam, at its highest.
        schedule: How the learning rate changes.
        precision: The arithmetic, as Lightning Fabric names it.
        device: Where to train.
        semantics: What directions are aligned with: outputs, the values of an expression at 64
            points, which is the default; or package.module:function, which makes of a sentence a
            vector of numbers, always of one length.
        threads: Of the processor; by default one for a network of under a million weights, which
            more only slow down, and all for a larger one.
        checkpoint_seconds: The longest time between two checkpoints.
        draws: How many codes each sampler draws for the samples' validity and uniqueness.
        seed: Of everything random.
        runs: The folder that runs are kept in.
        name: The run's folder in there; by default a new one, GRAMMAR-METHOD-001 and so on.
        overwrite: Replace the run of that name.
        resume: Go on with a run that was stopped: its folder. All else is read from it.
        config: Take the options from the config.json of a run; flags given beside it win.
    """

    grammar: Path = Path("grammars/expr.cfg")
    data: Path | None = None
    draw: Law = "by-length"
    distinct: Distinct | None = None
    count: int = 50_000
    held_out: int = 10_000
    max_rules: int | None = None
    target: str = KUSNER_TARGET
    withhold: Literal["auto", "yes", "no"] = "auto"
    dim: int = 25
    network: Literal["dense", "kusner", "characters"] = "dense"
    epochs: int = 30
    batch_size: int = 256
    learning_rate: float = 3e-3
    schedule: Literal["cosine", "constant", "plateau"] = "cosine"
    precision: Literal["32-true", "bf16-mixed", "16-mixed", "64-true"] = "32-true"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    semantics: str | None = None
    threads: int | None = None
    checkpoint_seconds: float = 30.0
    draws: int = 10_000
    seed: int = 0
    runs: Path = Path("runs")
    name: str | None = None
    overwrite: bool = False
    resume: Path | None = None
    config: Path | None = None

    def check(self) -> None:
        """Refuse numbers that make no sense.

        Raises:
            LisaError: Naming the first.
        """
        check_name(self.name)
        check_ranges(
            self,
            count=(10, 10_000_000),
            held_out=(1, 10_000_000),
            max_rules=LENGTHS,
            dim=(2, LARGEST_DIM),
            epochs=(1, 1_000_000),
            batch_size=(2, 1_000_000),
            threads=(1, 1024),
            checkpoint_seconds=(0, 1_000_000),
            draws=(1, 1_000_000),
        )


UNRECORDED: Final[Mapping[str, str]] = MappingProxyType({"draw": "uniform", "distinct": "text"})
"""What runs were made with that do not record it."""


class _TrainOptions(MethodOptions[Options]):
    """Also of runs that were made before all options were recorded."""

    def recorded(self, config: Any, source: str) -> dict[str, Any]:
        """The options that a run's configuration records, or had no need to."""
        return {**UNRECORDED, **super().recorded(config, source)}


TRAIN = _TrainOptions(Options, f"{TOOL} train")


options_type, default_options = TRAIN.of_words, TRAIN.defaults
