"""Where commands write pictures, and folders of them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from torch import Tensor

from image_lisa.data.pictures import save_png
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.runs.files import check_free, make_folder


def check_place(out: Path, overwrite: bool) -> None:
    """Refuse a place for pictures, a .png or a folder, that is taken or of the other kind.

    Raises:
        LisaError: Naming it.
    """
    if is_picture(out):
        if out.is_dir():
            raise LisaError(f"{out} is a folder; name a file for --out, or a folder without .png")
        check_free(out, overwrite=overwrite)
        return
    if out.exists() and not out.is_dir():
        raise LisaError(f"{out} is a file; --out must end with .png or name a folder")
    if out.is_dir() and not overwrite and any(out.iterdir()):
        raise LisaError(f"{out} is there already, with files; --overwrite replaces them")


def is_picture(out: Path) -> bool:
    """Return whether a place is that of one picture and not of a folder."""
    return out.suffix.lower() == ".png"


def write_numbered(out: Path, images: Tensor, terminal: Terminal) -> None:
    """Write a numbered PNG for each of some images into a folder; others with numbers are removed.

    Args:
        out: The folder.
        images: Bytes `[n, channel, height, width]`.
        terminal: Shows progress.
    """
    for surplus in out.glob("*.png"):
        if surplus.stem.isdigit():
            surplus.unlink()
    digits = len(str(len(images) - 1))
    write_images(out, images, [f"{number:0{digits}d}" for number in range(len(images))], terminal)


def write_images(
    out: Path, images: Iterable[Tensor], names: Sequence[str], terminal: Terminal
) -> None:
    """Write a PNG for each of some images into a folder.

    Args:
        out: The folder.
        images: Bytes `[channel, height, width]`.
        names: Of the files, below the folder, without their endings.
        terminal: Shows progress.
    """
    make_folder(out)
    with terminal.progress("writing", len(names)) as bar:
        for number, (name, image) in enumerate(zip(names, images, strict=True)):
            path = out / f"{name}.png"
            make_folder(path.parent)
            save_png(path, image)
            bar.update(number + 1)
