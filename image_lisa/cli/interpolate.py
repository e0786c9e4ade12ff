"""`image-lisa interpolate RUN a.png b.png`."""

from pathlib import Path

import torch

from image_lisa.cli.applied import open_applied, read_applied, stem_of
from image_lisa.cli.options.interpolate import Options
from image_lisa.cli.outputs import check_place, is_picture, write_numbered
from image_lisa.data.pictures import save_png, to_bytes
from image_lisa.reports.pictures_sheet import lay_out
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.runs.files import make_folder


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    ends = options.first, options.second
    out = options.out or options.run / f"interpolation-{'-'.join(map(stem_of, ends))}.png"
    check_place(out, options.overwrite)
    for end in ends:
        _check_picture(end)
    folder, model = open_applied(options)
    first, second = (read_applied(model, end, terminal).images for end in ends)
    path = to_bytes(model.interpolate(first, second, options.steps)[0])
    if is_picture(out):
        kind = "great circle" if model.method.spherical else "straight line"
        title = f"{model.method.title}: {kind} from {ends[0].name} to {ends[1].name}"
        captions = [f"{step / (len(path) - 1):.2f}" for step in range(len(path))]
        whole = torch.cat([first, path, second])
        sheet = lay_out(
            whole, min(len(whole), 12), title=title, captions=["begin", *captions, "end"]
        )
        make_folder(out.parent)
        save_png(out, sheet.image)
    else:
        write_numbered(out, path, terminal)
    terminal.print(f"{len(path)} images from {ends[0]} to {ends[1]}: {out}")
    terminal.result(run=str(folder.path), steps=len(path), out=str(out))


def _check_picture(path: Path) -> None:
    if path.is_dir():
        raise LisaError(f"{path} is a folder; a path leads from one picture to another")
