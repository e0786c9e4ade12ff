"""`grammar-lisa train --grammar FILE`."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from grammar_lisa.cli.check import LENGTHS
from grammar_lisa.cli.pictures import plot_curves
from grammar_lisa.cli.reports import print_quality
from grammar_lisa.grammar.datasets import Split
from grammar_lisa.grammar.sampling import Law
from grammar_lisa.models.model import LARGEST_DIM, TOOL
from grammar_lisa.objectives.regression import KUSNER_TARGET
from grammar_lisa.training.experiment import (
    UNRECORDED,
    Distinct,
    Plan,
    Sentences,
    Watcher,
    data_of,
    finish_run,
    make_run,
    train_run,
)
from shared.cli.commands import Terminal, check_name, check_ranges
from shared.cli.method_options import MethodOptions, WithMethod
from shared.common.seeds import derive_seed
from shared.methods import Method
from shared.runs.run import SUMMARY, Run, next_run_path, open_run
from shared.training.trainer import Row, Training


@dataclass(frozen=True, kw_only=True)
class Options(WithMethod):
    """Train an autoencoder of the sentences of a grammar.

    The options of the method itself stand at the end; --method NAME --help shows those of another.

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

    def training(self) -> Training:
        """What the training loop needs of these options."""
        names = {field.name for field in dataclasses.fields(Training)} & vars(self).keys()
        values = {name: getattr(self, name) for name in names}
        return Training(**values | {"seed": derive_seed(self.seed, "training")})

    def plan(self) -> Plan:
        """What these options say of a run."""
        assert isinstance(self.hyper, Method)
        names = [field.name for field in dataclasses.fields(Sentences)]
        chosen = {name: getattr(self, name) for name in names}
        chosen["distinct"] = self.distinct or ("canonical" if self.data is None else "text")
        return Plan(
            Sentences(**chosen),
            self.network,
            self.dim,
            self.hyper,
            self.training(),
            self.draws,
            self.threads,
            self.seed,
            self.semantics,
        )


class _TrainOptions(MethodOptions[Options]):
    """Also of runs that were made before all options were recorded."""

    def recorded(self, config: Any, source: str) -> dict[str, Any]:
        """The options that a run's configuration records, or had no need to."""
        return {**UNRECORDED, **super().recorded(config, source)}


_OPTIONS = _TrainOptions(Options, f"{TOOL} train")
options_type, default_options = _OPTIONS.of_words, _OPTIONS.defaults


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    if options.resume is None:
        folder, data = begin(options, terminal)
    else:
        folder = open_run(options.resume, TOOL)
        config = str(folder.path / "config.json")
        options = _OPTIONS.from_record(_OPTIONS.recorded(folder.config, config), config)
        if folder.finished and (folder.path / SUMMARY).is_file():
            terminal.note(f"{folder.path} is finished already")
            print_quality(terminal, folder)
            return
        terminal.note(f"going on with {folder.path}")
        data = data_of(folder, options.plan().sentences, terminal.note)
    try:
        train(folder, data, options, terminal)
        finish_run(folder, data, options.plan(), terminal.note)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"go on with '{TOOL} train --resume {folder.path}'") from None
    print_quality(terminal, folder)


def begin(options: Options, terminal: Terminal) -> tuple[Run, Split]:
    """Read the grammar, gather the data and make the run's folder."""
    _check_options(options)
    plan = options.plan()
    path = (
        next_run_path(options.runs, f"{options.grammar.stem}-{plan.method.name}")
        if options.name is None
        else options.runs / options.name
    )
    folder, data = make_run(path, plan, overwrite=options.overwrite, tell=terminal.note)
    terminal.note(f"{plan.method.title}, {options.network} network, d = {options.dim}")
    terminal.note(f"run: {folder.path}")
    return folder, data


def train(folder: Run, data: Split, options: Options, terminal: Terminal) -> None:
    """Train to the end, with a bar of progress."""
    if folder.finished:
        return
    with terminal.progress("training", 0) as meter:

        def step(done: int, steps: int, rate: float) -> None:
            meter.update(done, f"{rate:,.0f} sentences/s", total=steps)

        def epoch(row: Row) -> None:
            terminal.note(
                f"epoch {row['epoch']:.0f}/{options.epochs}: loss {row['loss']:.4f}, watched "
                f"sentences exact {row['valid_exact']:.4f}"
            )

        def curves(rows: Sequence[Row]) -> None:
            plot_curves(folder, rows)

        watcher = Watcher(terminal.note, step, epoch, curves)
        train_run(folder, data, options.plan(), watcher)


def _check_options(options: Options) -> None:
    check_name(options.name)
    check_ranges(
        options,
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
