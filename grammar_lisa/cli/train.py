"""`grammar-lisa train --grammar FILE`."""

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import torch

from grammar_lisa.alphabet import Alphabet
from grammar_lisa.cli.check import LENGTHS, default_max_rules
from grammar_lisa.cli.pictures import plot_curves
from grammar_lisa.cli.protocol import Withhold, scores_expressions
from grammar_lisa.cli.reports import print_quality
from grammar_lisa.cli.runs import read_data
from grammar_lisa.datasets import Split, draw_sentences, keep_sentences, read_sentences, split
from grammar_lisa.derivations.sampling import sample_uniform
from grammar_lisa.derivations.text import derivations_to_texts
from grammar_lisa.evaluation import evaluate, reconstruction
from grammar_lisa.grammar import Grammar, load_grammar
from grammar_lisa.model import (
    DATA,
    GRAMMAR,
    LARGEST_DIM,
    TOOL,
    Architecture,
    load_model,
    load_run_grammar,
    run_architecture,
)
from grammar_lisa.networks import CHARACTERS
from grammar_lisa.objectives.expression import variables_of
from grammar_lisa.objectives.regression import KUSNER_TARGET
from grammar_lisa.objectives.targets import regression_for
from shared.autoencoder import Autoencoder
from shared.cli import DISTRIBUTION, Terminal, check_name, check_ranges
from shared.errors import LisaError
from shared.expost import fit_samplers, save_codes, save_samplers
from shared.method_options import MethodOptions, WithMethod
from shared.methods import Method
from shared.runs import (
    CHECKPOINT,
    METRICS,
    MODEL,
    SUMMARY,
    Run,
    create_run,
    next_run_path,
    open_run,
)
from shared.seeds import derive_seed
from shared.threads import limited_threads
from shared.training import Row, Trainer, Training

SMALL_NETWORK = 1_000_000
"""Networks of fewer weights train on one thread."""


@dataclass(frozen=True, kw_only=True)
class Options(WithMethod):
    """Train an autoencoder of the sentences of a grammar.

    The options of the method itself stand at the end; --method NAME --help shows those of another.

    Attributes:
        grammar: The grammar, in nltk's .cfg syntax.
        data: Sentences to train on, one a line, plain or gzipped; by default they are drawn
            uniformly from the grammar.
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


_OPTIONS = MethodOptions(Options, f"{TOOL} train")
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
        data = _set_up_again(folder, options, terminal) or read_data(folder)
    try:
        train(folder, data, options, terminal)
        finish(folder, data, options, terminal)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"go on with '{TOOL} train --resume {folder.path}'") from None
    print_quality(terminal, folder)


def begin(options: Options, terminal: Terminal) -> tuple[Run, Split]:
    """Read the grammar, gather the data and make the run's folder.

    Nothing is written before all of the input was found to be good.
    """
    _check_options(options)
    training, method = options.training(), options.hyper
    assert isinstance(method, Method)
    grammar = load_grammar(options.grammar)
    for finding in grammar.findings:
        if finding.severity == "warning":
            terminal.note(f"{options.grammar}:{finding}")
    withhold = _withhold(options, grammar, terminal)
    data, max_rules = _gather(options, grammar, withhold, terminal)
    seed = derive_seed(options.seed, "network")
    alphabet = _alphabet(grammar, data) if options.network == CHARACTERS else None
    architecture = Architecture(options.network, options.dim, max_rules, method, seed, alphabet)
    architecture.build(grammar)
    path = (
        next_run_path(options.runs, f"{options.grammar.stem}-{method.name}")
        if options.name is None
        else options.runs / options.name
    )
    folder = create_run(
        path,
        {
            "tool": TOOL,
            "version": version(DISTRIBUTION),
            "created": datetime.now(UTC).isoformat(timespec="microseconds"),
            "versions": {name: version(name) for name in ("torch", "numpy")},
            "options": _OPTIONS.to_record(options, ("overwrite", "resume", "config", "name")),
            "grammar": {"source": str(options.grammar), "sha256": grammar.digest},
            "model": architecture.to_json(),
            "training": dataclasses.asdict(training),
            "withheld": {"what": str(withhold), "equal": withhold.equal, "near": withhold.near},
        },
        overwrite=options.overwrite,
    )
    _write_inputs(folder, grammar, data)
    terminal.note(
        f"{len(data.train):,} sentences to train on, {len(data.valid):,} to watch, "
        f"{len(data.test):,} held out; at most {max_rules} rules; {withhold}"
    )
    terminal.note(f"{method.title}, {options.network} network, d = {options.dim}")
    terminal.note(f"run: {folder.path}")
    return folder, data


def train(folder: Run, data: Split, options: Options, terminal: Terminal) -> None:
    """Train to the end, from the checkpoint if there is one, and write the model."""
    if folder.finished:
        return
    architecture = run_architecture(folder)
    grammar = load_run_grammar(folder)
    net = architecture.build(grammar)
    valid = torch.from_numpy(architecture.rows(grammar, data.valid))

    def validate(_: Autoencoder) -> Row:
        found = reconstruction(net, architecture.method, valid.to(trainer.fabric.device))
        return {"loss": found.loss, "exact": found.exact}

    trainer = Trainer(
        folder,
        net,
        architecture.method,
        options.training(),
        torch.from_numpy(architecture.rows(grammar, data.train)),
        validate=validate,
    )
    small = sum(weights.numel() for weights in net.parameters()) < SMALL_NETWORK
    threads = options.threads or (1 if small else torch.get_num_threads())
    with terminal.progress("training", trainer.steps) as meter, limited_threads(threads):
        trainer.on_step = lambda step, _: meter.update(step, f"{trainer.rate:,.0f} sentences/s")
        trainer.on_epoch = lambda row: terminal.note(
            f"epoch {row['epoch']:.0f}/{options.epochs}: loss {row['loss']:.4f}, watched "
            f"sentences exact {row['valid_exact']:.4f}"
        )
        rows = trainer.fit()
    plot_curves(folder, rows)
    folder.write_tensors(
        MODEL, net.state_dict(), {"steps": trainer.steps, "model": architecture.to_json()}
    )


def finish(folder: Run, data: Split, options: Options, terminal: Terminal) -> None:
    """Encode the training data, fit the samplers, evaluate, and write the summary."""
    model = load_model(folder)
    codes = model.codes_of(data.train)
    save_codes(folder, codes)
    seed = derive_seed(model.architecture.seed, "samplers")
    samplers = fit_samplers(model.method, model.net, codes, seed, tell=terminal.note)
    save_samplers(folder, samplers)
    quality = evaluate(
        model,
        data.test,
        set(derivations_to_texts(model.grammar, data.train)),
        codes.mean,
        samplers,
        draws=options.draws,
        seed=derive_seed(options.seed, "evaluation"),
    )
    folder.write_json(SUMMARY, {**quality, "training": _pace(folder, len(data.train))})
    (folder.path / CHECKPOINT).unlink(missing_ok=True)


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


def _alphabet(grammar: Grammar, data: Split) -> Alphabet:
    """The alphabet of all sentences of a run, so that none is refused in its own test."""
    parts = (data.train, data.valid, data.test)
    return Alphabet.of(text for part in parts for text in derivations_to_texts(grammar, part))


def _write_inputs(folder: Run, grammar: Grammar, data: Split) -> None:
    """Keep in the run what the training starts from: the grammar, then the data."""
    folder.write_text(GRAMMAR, grammar.text)
    tensors = {name: torch.from_numpy(getattr(data, name)) for name in ("train", "valid", "test")}
    folder.write_tensors(DATA, tensors, {"withheld": data.withheld})


def _set_up_again(folder: Run, options: Options, terminal: Terminal) -> Split | None:
    """Gather the data once more for a run that was stopped before it kept them.

    Raises:
        LisaError: if the grammar is no longer the one that the run was begun with.
    """
    if any((folder.path / name).exists() for name in (DATA, CHECKPOINT, METRICS, MODEL)):
        return None
    grammar = load_grammar(options.grammar)
    if grammar.digest != _grammar_digest(folder):
        raise LisaError(
            f"{folder.path} was stopped before its data were kept, and {options.grammar} has "
            "changed since: train again with another --name"
        )
    data, _ = _gather(options, grammar, _withhold(options, grammar, terminal), terminal)
    _write_inputs(folder, grammar, data)
    return data


def _grammar_digest(folder: Run) -> object:
    record = folder.config.get("grammar")
    return record.get("sha256") if isinstance(record, dict) else None


def _pace(folder: Run, sentences: int) -> dict[str, float]:
    """How long the training took, for the summary."""
    rows = folder.read_metrics()
    try:
        seconds = rows[-1]["seconds"]
        return {
            "sentences": sentences,
            "epochs": len(rows),
            "seconds": seconds,
            "sentences_per_second": sentences * len(rows) / seconds,
        }
    except (IndexError, KeyError, ZeroDivisionError) as error:
        raise LisaError(
            f"{folder.path / METRICS} does not tell how long the training took; restore it from "
            "a copy or train again"
        ) from error


def _withhold(options: Options, grammar: Grammar, terminal: Terminal) -> Withhold:
    """What to keep out of the data, given the target and what kind of sentences these are."""
    if options.withhold == "no":
        return Withhold(None)
    limit = default_max_rules(grammar.shortest)
    probes = derivations_to_texts(
        grammar, sample_uniform(grammar, 200, limit, options.seed, distinct=False)
    )
    try:
        objective = regression_for(options.target, variables=variables_of(probes) or None)
    except LisaError:
        if options.withhold == "yes" or options.target != KUSNER_TARGET:
            raise
        terminal.note(
            f"the sentences have no such variables as the default target {KUSNER_TARGET}: "
            "nothing is withheld for it"
        )
        return Withhold(None)
    if scores_expressions(probes, objective):
        return Withhold(objective)
    if options.withhold == "yes":
        raise LisaError(
            f"sentences of {options.grammar} cannot be scored against the target "
            f"{options.target}: they are no expressions in {', '.join(objective.variables)}; "
            "name a --target in their variables, or use --withhold no"
        )
    terminal.note(
        f"the sentences are no expressions in {', '.join(objective.variables)}: "
        "nothing is withheld for a target"
    )
    return Withhold(None)


def _gather(
    options: Options, grammar: Grammar, withhold: Withhold, terminal: Terminal
) -> tuple[Split, int]:
    """The data, parted, and the most rules a sentence takes."""
    max_rules = options.max_rules
    if max_rules is not None:
        grammar.check_length(max_rules)
    if options.data is None:
        max_rules = default_max_rules(grammar.shortest) if max_rules is None else max_rules
        wanted = options.count + options.count // 50 + options.held_out
        derivations, withheld = draw_sentences(grammar, wanted, max_rules, options.seed, withhold)
    else:
        found = read_sentences(options.data, grammar, max_rules)
        max_rules = max_rules or max(len(derivation) for derivation in found)
        derivations, withheld = keep_sentences(grammar, found, withhold)
    if len(derivations) < options.count + options.held_out:
        terminal.note(
            f"{len(derivations):,} sentences are fewer than the {options.count:,} + "
            f"{options.held_out:,} asked for: a tenth of them is held out"
        )
    data = split(
        grammar,
        derivations,
        max_rules,
        train=options.count,
        held_out=options.held_out,
        seed=options.seed,
        withheld=withheld,
    )
    return data, max_rules
