"""`image-lisa sample RUN`."""

from pathlib import Path

from image_lisa.cli.options.sample import Options
from image_lisa.cli.runs import open_model
from image_lisa.data.pictures import grid, save_png, to_bytes
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.runs.expost import load_sampler


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    folder, model = open_model(options, options.device)
    sampler = load_sampler(folder, options.sampler)
    out = options.out or folder.path / f"samples-{options.sampler}-{options.seed}.png"
    _check_place(out, options.overwrite)
    seed = derive_seed(options.seed, "codes", options.sampler) % 2**32
    images = to_bytes(model.decode(sampler.sample(options.count, seed)))
    if out.suffix.lower() == ".png":
        _make(out.parent)
        save_png(out, grid(images, options.columns))
    else:
        _make(out)
        for surplus in out.glob("*.png"):
            if surplus.stem.isdigit():
                surplus.unlink()
        digits = len(str(options.count - 1))
        with terminal.progress("writing", options.count) as bar:
            for number, image in enumerate(images):
                save_png(out / f"{number:0{digits}d}.png", image)
                bar.update(number + 1)
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
