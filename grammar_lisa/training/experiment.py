"""One training: a grammar, sentences, a network and a method become a run with fitted samplers."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor

from grammar_lisa.grammar import Grammar, load_grammar
from grammar_lisa.grammar.arrays import from_array
from grammar_lisa.grammar.datasets import DerivationSplit
from grammar_lisa.grammar.sentence_files import check_column, read_lines
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.grammar.weights import log_likelihoods, probabilities, rule_counts
from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import CHARACTERS, DATA, GRAMMAR, TOOL, NetworkName
from grammar_lisa.models.run import load_run_grammar, read_data, run_architecture
from grammar_lisa.models.tokenizer import CharacterTokenizer
from grammar_lisa.objectives.semantics import OUTPUTS, semantics_of
from grammar_lisa.training.advice import Outcome, advise
from grammar_lisa.training.config import TrainConfig
from grammar_lisa.training.corpus import decontamination_of, describe_sentences, gather
from grammar_lisa.training.defaults import chosen, default_epochs
from grammar_lisa.training.evaluation import evaluate_model, readout_r2, reconstruction
from shared.common.callbacks import Callbacks, MetricsRow, Notify, silent
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.common.threads import limited_threads
from shared.common.words import counted
from shared.methods import Method
from shared.methods.autoencoder import Autoencoder
from shared.runs.expost import fit_samplers, save_codes, save_samplers
from shared.runs.folders import made_by
from shared.runs.run import CHECKPOINT, METRICS, MODEL, SUMMARY, Run, create_run
from shared.training.settings import Training
from shared.training.trainer import Trainer

SEMANTICS = "semantics.safetensors"
"""What the sentences of a run do, where it learns from that."""

SENTENCES = "sentences.txt"
"""Those that a run was trained on, where they were no file."""

LOOKED = 2000
"""The most sentences that tell what a sentence carries."""

SMALL_NETWORK = 1_000_000
"""Networks of fewer weights train on one thread."""


@dataclass(frozen=True)
class Plan:
    """What decides a run.

    Attributes:
        config: Which sentences, which network, how long.
        method: How codes are learnt.

    Raises:
        LisaError: Semantics are named, but the method does not learn from any; or drawn sentences
            are to be mixed with data, or data are to be read in some way, and there are none.
    """

    config: TrainConfig
    method: Method

    def __post_init__(self) -> None:
        if self.config.semantics is not None and not self.method.aligned:
            raise LisaError(
                "--semantics are learnt with --alignment-weight above 0 only; the method "
                f"{self.method.name} was not given one"
            )
        if self.config.mix and self.config.data is None:
            raise LisaError(
                f"--mix {self.config.mix:g} is the share of sentences that are drawn beside those "
                "of --data; name a file of them, or leave --mix out: all are drawn then"
            )
        check_column(self.config.column, self.config.data, "--data")
        if self.config.drop_unparsable and self.config.data is None:
            raise LisaError("--drop-unparsable tells how --data is read; name a file")

    @property
    def training(self) -> Training:
        """How long and how the network is trained; `settled` first, where epochs are left open."""
        taken = {field.name for field in dataclasses.fields(TrainConfig)} - {"seed", "devices"}
        names = taken & {field.name for field in dataclasses.fields(Training)}
        values = {name: getattr(self.config, name) for name in names}
        values["epochs"] = self.config.epochs or default_epochs(self.config.network or "dense")
        return Training(**values, seed=derive_seed(self.config.seed, "training"))

    def semantics_in(self, grammar: Grammar, data: DerivationSplit) -> dict[str, Tensor]:
        """Return what the training and the test sentences do; nothing if none learns from it.

        Both are standardised together, so that one readout serves both.

        Raises:
            LisaError: Sentences have no such semantics.
        """
        if not self.method.aligned:
            return {}
        texts = [*derivations_to_texts(grammar, data.train)]
        texts += derivations_to_texts(grammar, data.test)
        seed = derive_seed(self.config.seed, "semantics")
        found = torch.from_numpy(semantics_of(texts, self.config.semantics or OUTPUTS, seed))
        return {"train": found[: len(data.train)], "test": found[len(data.train) :]}

    def settled(self, max_rules: int) -> "Plan":
        """Return the plan with what it leaves open, for sentences of at most so many rules."""
        settings = chosen(self.config, max_rules)._asdict()
        return dataclasses.replace(self, config=dataclasses.replace(self.config, **settings))

    def record(self, runs: Path) -> dict[str, Any]:
        """Return the options of `grammar-lisa train` that give this run, as JSON values."""
        names = [field.name for field in dataclasses.fields(TrainConfig)]
        options = {name: getattr(self.config, name) for name in names}
        options |= {"distinct": self.config.equality, "runs": runs}
        for name in ("semantics", "format"):
            if options[name] is None:
                del options[name]
        return {
            "method": self.method.name,
            **{n: str(v) if isinstance(v, Path) else v for n, v in options.items()},
            "hyper": dataclasses.asdict(self.method),
        }


def make_run(
    path: Path,
    plan: Plan,
    *,
    overwrite: bool = False,
    notify: Notify = silent,
    sentences: Sequence[str] | None = None,
) -> tuple[Run, DerivationSplit]:
    """Read the grammar, gather the data and make the run's folder.

    Nothing is written before all of the input was found to be good.

    Args:
        path: The run's folder.
        plan: What it will be.
        overwrite: Whether a run that is there is replaced.
        notify: Hears what was found and left out.
        sentences: What to train on, where they are at hand: kept in the run as `SENTENCES`, which
            the plan's data name.

    Raises:
        LisaError: The input cannot be served or the folder is taken.
    """
    config = plan.config
    _ = plan.training  # refuses settings that make no sense, before any work
    grammar = load_grammar(config.grammar, config.format)
    for finding in grammar.findings:
        if finding.severity == "warning" or finding.code == "format":
            notify(f"{config.grammar}:{finding}")
    decontamination = decontamination_of(config, grammar, notify)
    if sentences is None and config.data is not None and config.data == path / SENTENCES:
        sentences = read_lines(config.data)  # of the run that is replaced
    data, max_rules = gather(config, grammar, decontamination, notify, sentences=sentences)
    network, dim, _ = chosen(config, max_rules)
    plan = plan.settled(max_rules)
    seed = derive_seed(config.seed, "network")
    tokenizer = _tokenizer(grammar, data) if network == CHARACTERS else None
    semantics = plan.semantics_in(grammar, data)
    outputs = semantics["train"].shape[1] if semantics else 0
    architecture = Architecture(
        network=network,
        dim=dim,
        max_rules=max_rules,
        method=plan.method,
        seed=seed,
        tokenizer=tokenizer,
        semantics=outputs,
    )
    architecture.build(grammar)
    run = create_run(
        path,
        {
            **made_by(TOOL),
            "versions": {name: version(name) for name in ("torch", "numpy")},
            "options": plan.record(path.parent),
            "grammar": {"source": str(config.grammar), "sha256": grammar.digest},
            "model": architecture.to_json(),
            "training": dataclasses.asdict(plan.training),
            "left_out": {
                "what": str(decontamination),
                "equal": decontamination.equal,
                "near": decontamination.near,
            },
        },
        overwrite=overwrite,
    )
    if sentences is not None:
        lines = (" ".join(text.strip().splitlines()) for text in sentences)
        run.write_text(SENTENCES, "".join(f"{line}\n" for line in lines))
    _write_inputs(run, grammar, data)
    if semantics:
        run.write_tensors(SEMANTICS, semantics, {})
    notify(
        f"{counted(len(data.train), 'sentence')} to train on, {len(data.valid):,} to validate, "
        f"{len(data.test):,} held out; {describe_sentences(config)}; at most "
        f"{counted(max_rules, 'rule')}; {decontamination}"
    )
    return run, data


def data_of(run: Run, config: TrainConfig, notify: Notify = silent) -> DerivationSplit:
    """Return the data of a run that was begun.

    They are gathered once more if it was stopped before it kept them.

    Raises:
        LisaError: The grammar is no longer the one that the run was begun with, or the data
            are damaged.
    """
    if any((run.path / name).exists() for name in (DATA, CHECKPOINT, METRICS, MODEL)):
        return read_data(run)
    grammar = load_grammar(config.grammar, config.format)
    if grammar.digest != _grammar_digest(run):
        raise LisaError(
            f"{run.path} was stopped before its data were kept, and {config.grammar} has "
            "changed since: train again with another --name"
        )
    data, _ = gather(config, grammar, decontamination_of(config, grammar, notify), notify)
    _write_inputs(run, grammar, data)
    return data


def train_run(
    run: Run, data: DerivationSplit, plan: Plan, callbacks: Callbacks | None = None
) -> None:
    """Train to the end, from the checkpoint if there is one, and write the model.

    Raises:
        LisaError: A loss is not finite, or a file of the run is damaged.
    """
    if run.finished:
        return
    callbacks = callbacks or Callbacks()
    architecture = run_architecture(run)
    plan = plan.settled(architecture.max_rules)
    grammar = load_run_grammar(run)
    net = architecture.build(grammar)
    semantics = _semantics(run, grammar, data, plan)
    valid = torch.from_numpy(architecture.rows(grammar, data.valid))

    def validate(_: Autoencoder) -> MetricsRow:
        found = reconstruction(net, architecture.method, valid.to(trainer.fabric.device))
        return {"loss": found.loss, "exact": found.exact}

    trainer = Trainer(
        run,
        net,
        architecture.method,
        plan.training,
        torch.from_numpy(architecture.rows(grammar, data.train)),
        semantics=semantics.get("train"),
        validate=validate,
        on_step=lambda step, steps: callbacks.step(step, steps, trainer.rate),
        on_epoch=callbacks.epoch,
    )
    small = sum(weights.numel() for weights in net.parameters()) < SMALL_NETWORK
    threads = plan.config.threads or (1 if small else torch.get_num_threads())
    with limited_threads(threads):
        rows = trainer.fit()
    callbacks.curves(rows)
    run.write_tensors(
        MODEL, net.state_dict(), {"steps": trainer.steps, "model": architecture.to_json()}
    )


def finish_run(run: Run, data: DerivationSplit, plan: Plan, notify: Notify = silent) -> None:
    """Encode the training data, fit the samplers, evaluate, and write the summary."""
    model = load_model(run)
    codes = model.codes_of(data.train)
    save_codes(run, codes)
    seed = derive_seed(model.architecture.seed, "samplers")
    samplers = fit_samplers(model.method, model.net, codes, seed, notify=notify)
    save_samplers(run, samplers)
    quality = evaluate_model(
        model,
        data.test,
        data.train,
        codes.mean,
        samplers,
        draws=plan.config.draws,
        seed=derive_seed(plan.config.seed, "evaluation"),
    )
    semantics = _semantics(run, model.grammar, data, plan)
    if semantics:
        rows = torch.from_numpy(model.architecture.rows(model.grammar, data.test))
        quality["alignment"] = {"r2": readout_r2(model, rows, semantics["test"])}
    quality["training"] = _throughput(run, len(data.train))
    quality["advice"] = advise(_outcome(run, quality, data, plan))
    run.write_json(SUMMARY, quality)
    (run.path / CHECKPOINT).unlink(missing_ok=True)


def _outcome(run: Run, quality: dict[str, Any], data: DerivationSplit, plan: Plan) -> Outcome:
    """Return what a training led to, for the advice."""
    grammar, architecture = load_run_grammar(run), run_architecture(run)
    pad = len(grammar.rules)
    lengths = (data.train != pad).sum(1)
    some, held_out = (from_array(part[:LOOKED], pad) for part in (data.train, data.test))
    learnt = probabilities(grammar, rule_counts(grammar, some), smoothing=1)
    drawn = plan.config.data is None
    validation = [row["valid_loss"] for row in run.read_metrics()]
    return Outcome(
        exact=quality["reconstruction"]["texts"],
        on_training=quality["on_training"]["exact"],
        rules=quality["reconstruction"]["rules"],
        validation=validation,
        nats=-float(log_likelihoods(held_out, learnt).mean()),
        median=float(np.median(lengths)),
        longest=int(lengths.max()),
        sentences=len(lengths),
        from_file=0 if drawn else round(len(lengths) * (1 - plan.config.mix)),
        epochs=len(validation),
        dim=architecture.dim,
        network=architecture.network,
        networks=get_args(NetworkName),
    )


def _tokenizer(grammar: Grammar, data: DerivationSplit) -> CharacterTokenizer:
    """Return the tokenizer of all sentences of a run, so that none is refused in its own test."""
    parts = (data.train, data.valid, data.test)
    return CharacterTokenizer.of(
        text for part in parts for text in derivations_to_texts(grammar, part)
    )


def _write_inputs(run: Run, grammar: Grammar, data: DerivationSplit) -> None:
    """Keep in the run what the training starts from: the grammar, then the data."""
    run.write_text(GRAMMAR, grammar.text)
    tensors = {name: torch.from_numpy(getattr(data, name)) for name in ("train", "valid", "test")}
    run.write_tensors(DATA, tensors, {"left_out": data.left_out})


def _semantics(run: Run, grammar: Grammar, data: DerivationSplit, plan: Plan) -> dict[str, Tensor]:
    """Return what the sentences of a run do, as it keeps it; nothing if none learns from it.

    It is found once more if the run was stopped before it was kept.

    Raises:
        LisaError: The file is damaged or does not fit the run's data and model.
    """
    if not plan.method.aligned:
        return {}
    if not (run.path / SEMANTICS).is_file():
        run.write_tensors(SEMANTICS, plan.semantics_in(grammar, data), {})
    found, _ = run.read_tensors(SEMANTICS)
    shapes = {name: tuple(values.shape) for name, values in found.items()}
    width = run_architecture(run).semantics
    if shapes != {"train": (len(data.train), width), "test": (len(data.test), width)}:
        raise LisaError(
            f"{run.path / SEMANTICS} does not fit the run; restore it from a copy or train again"
        )
    return found


def _grammar_digest(run: Run) -> object:
    record = run.config.get("grammar")
    return record.get("sha256") if isinstance(record, dict) else None


def _throughput(run: Run, sentences: int) -> dict[str, float]:
    """Return how long the training took, for the summary."""
    rows = run.read_metrics()
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
            f"{run.path / METRICS} does not tell how long the training took; restore it from "
            "a copy or train again"
        ) from error
