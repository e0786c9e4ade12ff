"""What decides a training, as one value: which sentences, which network, how long."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grammar_lisa.grammar.formats.names import Format
from grammar_lisa.grammar.laws import Distinct, Law
from grammar_lisa.models.names import NetworkName
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from shared.training.settings import Device, Precision, Schedule


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """What decides a training beside its method.

    Attributes:
        grammar: The grammar.
        format: Its notation: cfg, bnf, ebnf or lark; by default that which the file's ending tells,
            or its content. A run keeps the grammar in that of .cfg.
        data: Sentences to train on: one a line, plain or gzipped; a table (.csv, .tsv, .parquet);
            or molecules with their names (.smi). By default they are drawn from the grammar.
        column: Of a table, that of the sentences; by default that which holds most.
        drop_unparsable: Leave out lines of the data that are no sentences of the grammar, or take
            more than max_rules, and say how many, in place of refusing the first.
        mix: The share of the training sentences that is drawn from the grammar beside the data,
            from 0 to below 1; what is held out is from the data alone.
        draw: How: uniform over all sentences, nearly all of which are as long as can be;
            by-length draws a number of rules first, then one of the sentences that long;
            weighted goes rule by rule with the weights of the file.
        distinct: No two sentences have one text, or with canonical, no two are equal by algebra;
            by default canonical for sentences that are drawn, and text for those of a file.
        count: The number of training sentences.
        held_out: The number of other sentences that the test is made on.
        max_rules: The most rules a sentence may take; by default that of the longest sentence in
            the data, or 15, or three times the grammar's shortest sentence where that is more.
        target: The expression, or the name of one, that a search will look for.
        decontaminate: Keep sentences that equal the target, or score under 0.11, out of all data;
            auto does so where the sentences are expressions in the target's variables.
        dim: The code size d; by default 25, and for the tree network twice the most rules of a
            sentence, from 64 to 256.
        network: The encoder and the decoder: dense decodes all rules at once; tree reads
            derivations as trees and decodes rule by rule, for long sentences; kusner is that of
            the Grammar VAE; characters reads and writes texts, which may be no sentences, as the
            character VAE does. By default dense for sentences of at most 20 rules, else tree.
        epochs: Passes over the training sentences; by default 30, and 10 for the tree network.
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
        patience: Epochs without a lower validation loss after which training ends, 0 for never.
        kl_warmup: Epochs over which the weight of a variational method's divergence rises to its
            full size, 0 for the full weight at once.
        draws: How many codes each sampler draws for the samples' validity and uniqueness.
        seed: Of everything random.
    """

    grammar: Path = Path("grammars/expr.cfg")
    format: Format | None = None
    data: Path | None = None
    column: str | None = None
    drop_unparsable: bool = False
    mix: float = 0.0
    draw: Law = "by-length"
    distinct: Distinct | None = None
    count: int = 50_000
    held_out: int = 10_000
    max_rules: int | None = None
    target: str = KUSNER_TARGET
    decontaminate: Literal["auto", "yes", "no"] = "auto"
    dim: int | None = None
    network: NetworkName | None = None
    epochs: int | None = None
    batch_size: int = 256
    learning_rate: float = 3e-3
    schedule: Schedule = "cosine"
    precision: Precision = "32-true"
    device: Device = "auto"
    semantics: str | None = None
    threads: int | None = None
    checkpoint_seconds: float = 30.0
    patience: int = 0
    kl_warmup: float = 0.0
    draws: int = 10_000
    seed: int = 0

    @property
    def equality(self) -> Distinct:
        """What no two sentences share: algebra tells apart what is drawn, text what is read."""
        return self.distinct or ("canonical" if self.data is None else "text")
