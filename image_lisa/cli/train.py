"""`image-lisa train --dataset NAME`."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import torch
from lightning_fabric import Fabric

from image_lisa.datasets import Images
from image_lisa.experiment import (
    DIMS,
    OTHER_DIM,
    PRESETS,
    Data,
    Watcher,
    check_data,
    finish_run,
    make_run,
    train_run,
)
from image_lisa.model import LARGEST_DIM, TOOL, Architecture, run_architecture
from image_lisa.pictures import plot_curves, save_reconstructions, save_samples
from shared.cli import (
    Output,
    Terminal,
    check_name,
    check_ranges,
    flag_value,
    options_from_record,
    unknown,
)
from shared.errors import LisaError
from shared.files import read_json
from shared.methods import LISA, METHODS, Method
from shared.runs import SUMMARY, Run, next_run_path, open_run
from shared.seeds import derive_seed
from shared.training import Training, launch


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Train an autoencoder of images.

    The options of the method itself stand at the end; --method NAME --help shows those of another.

    Attributes:
        dataset: mnist, cifar10, celeba, digits, or the path of a folder of images.
        data_dir: Where the files of a named data set are looked for first, then in LISA_DATA_DIR.
        size: Height and width that images are brought to; by default their own.
        limit: Train on this many images only.
        valid: The number of training images that validate instead.
        method: How codes are learnt.
        network: light trains in minutes on a processor; paper is that of the field's tables and
            wants a GPU.
        dim: The code size d; by default 16 for mnist, 128 for cifar10, 64 for celeba, 8 for
            digits, else 64.
        epochs: Passes over the training images; by default 15 for light, 100 for paper.
        batch_size: Images a step, over all devices together.
        learning_rate: Of Adam, at its highest; by default 2e-3 for light, 1e-3 for paper.
        schedule: How the learning rate changes; by default cosine for light, plateau for paper.
        precision: The arithmetic, as Lightning Fabric names it.
        device: Where to train.
        devices: How many of them; the batch is shared out.
        threads: Of the processor; by default all.
        checkpoint_seconds: The longest time between two checkpoints.
        seed: Of everything random.
        runs: The folder that runs are kept in.
        name: The run's folder in there; by default a new one, DATASET-METHOD-001 and so on.
        overwrite: Replace the run of that name.
        resume: Go on with a run that was stopped: its folder. All else is read from it.
        config: Take the options from the config.json of a run; flags given beside it win.
        hyper: The method's own options.
    """

    dataset: str = "mnist"
    data_dir: Path | None = None
    size: int | None = None
    limit: int | None = None
    valid: int | None = None
    method: str = LISA.name
    network: Literal["light", "paper"] = "light"
    dim: int | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    schedule: Literal["cosine", "constant", "plateau"] | None = None
    precision: Literal["32-true", "bf16-mixed", "16-mixed", "64-true"] = "32-true"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    devices: int = 1
    threads: int | None = None
    checkpoint_seconds: float = 30.0
    seed: int = 0
    runs: Path = Path("runs")
    name: str | None = None
    overwrite: bool = False
    resume: Path | None = None
    config: Path | None = None
    hyper: Any = field(default_factory=LISA)

    def training(self) -> Training:
        """What the training loop needs: these options, and the network's preset behind them."""
        values = dataclasses.asdict(PRESETS[self.network])
        names = {each.name for each in dataclasses.fields(Training)} & vars(self).keys()
        values |= {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return Training(**values | {"seed": derive_seed(self.seed, "training")})

    def data(self) -> Data:
        """Which images."""
        names = [each.name for each in dataclasses.fields(Data)]
        return Data(**{name: getattr(self, name) for name in names})


def options_type(words: Sequence[str]) -> type[Options]:
    """The options of `train` with those of the method that the words name.

    Raises:
        LisaError: if there is no such method.
    """
    path = flag_value(words, "config")
    recorded = _recorded(read_json(Path(path)), path).get("method") if path else None
    return options_for(str(flag_value(words, "method") or recorded or LISA.name))


def options_for(name: str) -> type[Options]:
    """The options of `train` for one method.

    Raises:
        LisaError: if there is no such method.
    """
    if name not in METHODS:
        raise LisaError(unknown("method", name, METHODS))
    kind = METHODS[name]
    made = dataclasses.make_dataclass(
        "Options",
        [("method", str, field(default=name)), ("hyper", kind, field(default_factory=kind))],
        bases=(Options,),
        frozen=True,
        kw_only=True,
    )
    made.__doc__ = Options.__doc__
    return made


def default_options(words: Sequence[str]) -> Options | None:
    """The options of `--config FILE`, which flags then change.

    Raises:
        LisaError: if the file holds no options of this version.
    """
    path = flag_value(words, "config")
    if not path:
        return None
    record = _recorded(read_json(Path(path)), path)
    method = flag_value(words, "method")
    if method and method != record.get("method"):
        record = {name: value for name, value in record.items() if name != "hyper"}
        record["method"] = method
    return options_from_json(record, path)


def options_from_json(record: Any, source: str) -> Options:
    """The options that a run was made with.

    Raises:
        LisaError: naming `source`, if there are none or one is unknown to this version.
    """
    name = record.get("method") if isinstance(record, dict) else None
    return options_from_record(options_for(str(name)), record, source)


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    if options.resume is None:
        fabric, folder, images = begin(options, terminal)
    else:
        folder = open_run(options.resume, TOOL)
        config = str(folder.path / "config.json")
        options = options_from_json(_recorded(folder.config, config), config)
        if folder.finished and (folder.path / SUMMARY).is_file():
            terminal.note(f"{folder.path} is finished already")
            _report(folder, terminal)
            return
        fabric = launch(options.training())
        terminal.note(f"going on with {folder.path}")
        images = options.data().load(terminal.note)
        check_data(folder, images)
    try:
        carry_out(fabric, folder, images, options, terminal)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"go on with '{TOOL} train --resume {folder.path}'") from None
    _report(folder, terminal)


def begin(options: Options, terminal: Terminal) -> tuple[Fabric, Run, Images]:
    """Load the data and make the run's folder.

    Nothing is written before all of the input was found to be good.
    """
    _check_options(options)
    training, method = options.training(), options.hyper
    assert isinstance(method, Method)
    images = options.data().load(terminal.note)
    dim = options.dim or DIMS.get(options.dataset, OTHER_DIM)
    seed = derive_seed(options.seed, "network")
    architecture = Architecture(options.network, images.shape, dim, method, seed)
    architecture.build()
    fabric = launch(training)
    stem = f"{Path(options.dataset).name or 'images'}-{method.name}"
    path = options.runs / options.name if options.name else next_run_path(options.runs, stem)
    folder = make_run(
        fabric,
        fabric.broadcast(path),
        images,
        architecture,
        training,
        options=_options_to_json(options),
        created=datetime.now(UTC).isoformat(timespec="microseconds"),
        overwrite=options.overwrite,
    )
    for note in images.notes:
        terminal.note(note)
    size = " × ".join(str(side) for side in images.shape)
    terminal.note(
        f"{images.name}: {len(images.train):,} images of {size} to train on, "
        f"{len(images.valid):,} to validate, {len(images.test):,} to test; "
        f"{method.title}, {options.network} network, d = {dim}"
    )
    terminal.note(f"run: {folder.path}")
    return fabric, folder, images


def carry_out(
    fabric: Fabric, folder: Run, images: Images, options: Options, terminal: Terminal
) -> None:
    """Train, fit the samplers and leave the pictures."""
    architecture, training = run_architecture(folder), options.training()
    total = training.epochs * max(1, len(images.train) // training.batch_size)
    with terminal.progress("training", total) as meter:
        watcher = Watcher(
            step=lambda step, steps, rate: meter.update(step, f"{rate:,.0f} images/s"),
            epoch=lambda row: terminal.note(
                f"epoch {row['epoch']:.0f}/{training.epochs}: loss {row['loss']:.4f}, "
                f"validation {row['valid_loss']:.4f} "
                f"(reconstruction {row['valid_reconstruction']:.4f})"
            ),
        )
        train_run(
            folder,
            images,
            architecture,
            training,
            fabric=fabric,
            threads=options.threads,
            watcher=watcher,
        )
    if not fabric.is_global_zero:
        return
    plot_curves(folder)
    model, samplers = finish_run(
        folder, images, device=fabric.device, watcher=Watcher(note=terminal.note)
    )
    save_reconstructions(folder, model, images.valid)
    save_samples(folder, model, samplers, derive_seed(options.seed, "pictures"))


def _report(folder: Run, terminal: Terminal) -> None:
    """Print what the training came to."""
    terminal.result(run=str(folder.path))
    if not (folder.path / SUMMARY).is_file():
        return
    summary = folder.read_json(SUMMARY)
    terminal.result(summary=summary)
    best, valid, pace = summary["best"], summary["valid"], summary["training"]
    terminal.table(
        "",
        ("what", "value"),
        [
            ("best epoch", best["epoch"]),
            ("validation loss", best["valid_loss"]),
            ("validation reconstruction, ½ Σ (x − x̂)²", valid["reconstruction"]),
            ("validation MSE a pixel", valid["mse"]),
            ("training seconds", pace["seconds"]),
            ("images a second", pace["images_per_second"]),
            ("samplers", ", ".join(summary["samplers"])),
        ],
    )
    terminal.print(f"pictures and weights: {folder.path}")


def _recorded(config: Any, source: str) -> dict[str, Any]:
    record = config.get("options") if isinstance(config, dict) else None
    if not isinstance(record, dict) or record.get("method") not in METHODS:
        raise LisaError(f"{source} holds no options of '{TOOL} train'; name a run's config.json")
    return record


def _options_to_json(options: Options) -> dict[str, Any]:
    passing = {"json", "quiet", "overwrite", "resume", "config", "name", "hyper"}
    plain = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(options).items()
        if name not in passing
    }
    return {**plain, "hyper": dataclasses.asdict(options.hyper)}


def _check_options(options: Options) -> None:
    check_name(options.name)
    check_ranges(
        options,
        limit=(10, 100_000_000),
        valid=(2, 10_000_000),
        dim=(2, LARGEST_DIM),
        epochs=(1, 1_000_000),
        batch_size=(2, 1_000_000),
        devices=(1, 4096),
        threads=(1, 1024),
        checkpoint_seconds=(0, 1_000_000),
    )
    if (
        options.device == "cpu"
        and options.precision == "16-mixed"
        and not torch.cuda.is_available()
    ):
        raise LisaError("--precision 16-mixed needs a GPU; use bf16-mixed on a processor")
