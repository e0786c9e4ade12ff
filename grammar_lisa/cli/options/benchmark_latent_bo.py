"""What `grammar-lisa benchmark latent-bo --protocol t-lbo` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grammar_lisa.cli.options.check import LENGTHS
from grammar_lisa.models.names import LARGEST_DIM
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from shared.cli.records import check_name, check_ranges
from shared.cli.terminal import Output


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Compare systems of latent-space optimisation by a published protocol.

    What is done is not done again: the same command goes on where it stopped, and other systems,
    targets or more seeds are added to what is there.

    Attributes:
        protocol: What searches begin from and how long they go on: t-lbo, few and
            weighted-retraining are published start sets; published has the answer in its data;
            withheld leaves out the best 3 % of lines for any target; none has no data; clean
            leaves out the target and all near it.
        data: The file of sentences that the protocol takes its lines from, plain or gzipped, such
            as Kusner's; without it, clean and none draw sentences from the grammar.
        systems: Each SYSTEM[+option=value]…, for example lisa, structure, lisa+kernel=terms,
            lisa+method=vae+vae.kl-weight=0.1, latent+untrained=yes.
        targets: What is looked for; by default Kusner's target.
        drawn: Look for so many targets drawn by the seed instead, half of them sentences of the
            grammar, half lines of the data; none for which nearly all lines score worst.
        seeds: Trials of each system, each with a start of its own.
        known: How many scored sentences a trial begins from; by default what the protocol says.
        outputs: Let searches see the outputs of expressions, not their scores alone.
        budget: The most evaluations of a trial; by default what the protocol says.
        batch: Sentences a batch; by default as many as the system has.
        epochs: Of the training of each network.
        dim: The code size d.
        max_rules: The most rules of a sentence.
        draw: How sentences are drawn where there is no data.
        grammar: The grammar.
        jobs: Trainings or trials at a time; by default one for each processor.
        seed: Of everything random.
        out: The folder that benchmarks are kept in.
        name: The folder in there; by default latent-bo-PROTOCOL, with -outputs for those.
    """

    protocol: Literal[
        "t-lbo", "few", "weighted-retraining", "withheld", "clean", "published", "none"
    ]
    data: Path | None = None
    systems: tuple[str, ...] = ("lisa", "latent", "latent+untrained=yes", "structure")
    targets: tuple[str, ...] = (KUSNER_TARGET,)
    drawn: int = 0
    seeds: int = 5
    known: int | None = None
    outputs: bool = False
    budget: int | None = None
    batch: int | None = None
    epochs: int = 20
    dim: int = 25
    max_rules: int = 15
    draw: Literal["uniform", "by-length", "weighted"] = "uniform"
    grammar: Path = Path("grammars/expr.cfg")
    jobs: int | None = None
    seed: int = 0
    out: Path = Path("benchmarks")
    name: str | None = None

    def check(self) -> None:
        """Refuse numbers that make no sense.

        Raises:
            LisaError: Naming the first.
        """
        check_name(self.name)
        check_ranges(
            self,
            drawn=(0, 10_000),
            seeds=(1, 1000),
            known=(2, 10_000_000),
            budget=(1, 1_000_000),
            batch=(1, 10_000),
            epochs=(1, 1_000_000),
            dim=(2, LARGEST_DIM),
            max_rules=LENGTHS,
            jobs=(1, 1024),
        )
