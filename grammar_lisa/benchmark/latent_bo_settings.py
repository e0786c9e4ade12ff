"""What all calls that work on one folder of `grammar-lisa benchmark latent-bo` share."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from grammar_lisa.grammar.cfg import load_grammar
from grammar_lisa.grammar.laws import Law

if TYPE_CHECKING:
    from grammar_lisa.benchmark.start_sets import LatentBOProtocol


@dataclass(frozen=True, kw_only=True)
class LatentBOSettings:
    """What all calls that work on one folder share.

    Attributes:
        protocol: What searches begin from and how long they go on: t-lbo, few and
            weighted-retraining are published start sets; published has the answer in its data;
            withheld leaves out the best 3 % of lines for any target; none has no data; clean
            leaves out the target and all near it.
        data: The file of sentences that the protocol takes its lines from, plain or gzipped, such
            as Kusner's; without it, clean and none draw sentences from the grammar.
        n_initial: How many scored sentences a trial begins from; by default what the protocol says.
        outputs: Let searches see the outputs of expressions, not their scores alone.
        batch: Sentences a batch; by default as many as the system has.
        epochs: Of the training of each network.
        dim: The code size d.
        max_rules: The most rules of a sentence.
        draw: How sentences are drawn where there is no data.
        grammar: The grammar.
        seed: Of everything random.
    """

    protocol: Literal[
        "t-lbo", "few", "weighted-retraining", "withheld", "clean", "published", "none"
    ]
    data: Path | None = None
    n_initial: int | None = None
    outputs: bool = False
    batch: int | None = None
    epochs: int = 20
    dim: int = 25
    max_rules: int = 15
    draw: Law = "uniform"
    grammar: Path = Path("grammars/expr.cfg")
    seed: int = 0

    @property
    def how(self) -> "LatentBOProtocol":
        """The protocol."""
        from grammar_lisa.benchmark.start_sets import PROTOCOLS

        return PROTOCOLS[self.protocol]

    def record(self) -> dict[str, Any]:
        """Return what must be the same in every call.

        Raises:
            LisaError: The grammar or the data cannot be read.
        """
        names = [field.name for field in dataclasses.fields(LatentBOSettings)]
        fields = {name: getattr(self, name) for name in names if name != "outputs"}
        return fields | {
            "black_box": not self.outputs,
            "grammar": load_grammar(self.grammar).digest,
            "data": None if self.data is None else self.data.name,
        }
