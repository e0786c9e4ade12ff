"""`image-lisa sample RUN`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from image_lisa.cli.runs import open_model
from image_lisa.data.pictures import grid, save_png, to_bytes
from shared.cli.commands import Output, Terminal, check_ranges, unknown
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.runs.expost import load_samplers


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Draw images from a sampler of a trained run.

    Attributes:
        run: The folder of the run; by default the newest in --runs.
        runs: The folder that runs are kept in.
        sampler: The sampler that codes are drawn from: prior, gaussian, gmm, dirichlet, uniform or
            another that the run's method has; by default gmm.
        count: How many images.
        columns: Images in a row of the grid; by default as many as there are rows.
        out: Where to write: one PNG with all images in a grid if the name ends with .png, else a
            folder with a PNG for each; by default samples-SAMPLER-SEED.png in the run.
        overwrite: Replace what is there; in a folder, the numbered PNGs.
        device: Where to decode.
        seed: Of the draws.
    """

    run: Annotated[Path | None, tyro.conf.Positional] = None
    runs: Path = Path("runs")
    sampler: str = "gmm"
    count: Annotated[int, tyro.conf.arg(aliases=["-n"])] = 64
    columns: int | None = None
    out: Path | None = None
    overwrite: bool = False
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    seed: int = 0


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    check_ranges(options, count=(1, 1_000_000), columns=(1, 1_000_000))
    folder, model = open_model(options.run, options.runs, options.device)
    samplers = load_samplers(folder)
    if options.sampler not in samplers:
        raise LisaError(f"{folder.path}: {unknown('sampler', options.sampler, list(samplers))}")
    out = options.out or folder.path / f"samples-{options.sampler}-{options.seed}.png"
    _check_place(out, options.overwrite)
    seed = derive_seed(options.seed, "codes", options.sampler) % 2**32
    images = to_bytes(model.decode(samplers[options.sampler].sample(options.count, seed)))
    if out.suffix.lower() == ".png":
        _make(out.parent)
        save_png(out, grid(images, options.columns))
    else:
        _make(out)
        for surplus in out.glob("*.png"):
            if surplus.stem.isdigit():
                surplus.unlink()
        digits = len(str(options.count - 1))
        with terminal.progress("writing", options.count) as meter:
            for number, image in enumerate(images):
                save_png(out / f"{number:0{digits}d}.png", image)
                meter.update(number + 1)
    terminal.print(f"{options.count} images from {options.sampler}: {out}")
    terminal.result(run=str(folder.path), sampler=options.sampler, count=len(images), out=str(out))


def _check_place(out: Path, overwrite: bool) -> None:
    if out.suffix.lower() == ".png":
        taken = out.exists()
        if out.is_dir():
            raise LisaError(f"{out} is a folder; name a file for --out, or a folder without .png")
    else:
        if out.exists() and not out.is_dir():
            raise LisaError(f"{out} is a file; --out must end with .png or name a folder")
        taken = out.is_dir() and any(out.iterdir())
    if taken and not overwrite:
        raise LisaError(f"{out} is there already; replace it with --overwrite, or name another")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LisaError(f"cannot make the folder {folder}: {error.strerror or error}") from error
