"""What the commands share that apply a trained run to a user's pictures."""

from pathlib import Path

from image_lisa.cli.options.applied import ApplyOptions
from image_lisa.cli.runs import device_of
from image_lisa.data.reading import FileImages
from image_lisa.models.model import ImageModel
from image_lisa.models.names import TOOL
from shared.cli.terminal import Terminal
from shared.runs.run import Run, open_run


def open_applied(options: ApplyOptions) -> tuple[Run, ImageModel]:
    """Open the run that options name, and load its model.

    Raises:
        LisaError: There is no such run, or it is not finished or damaged.
    """
    folder = open_run(options.run, TOOL)
    return folder, ImageModel.load(folder, device_of(options.device))


def read_applied(model: ImageModel, place: Path, terminal: Terminal) -> FileImages:
    """Read the images of a folder as a model takes them, and tell what was left out or changed."""
    found = model.read(place)
    for note in found.notes:
        terminal.note(note)
    return found


def stem_of(place: Path) -> str:
    """Return what files that are about a folder or a picture are called by."""
    resolved = place.resolve()
    return (resolved.name if place.is_dir() else resolved.stem) or "pictures"
