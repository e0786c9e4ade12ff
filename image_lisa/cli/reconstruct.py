"""`image-lisa reconstruct RUN FOLDER`."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import torch

from image_lisa.cli.applied import open_applied, read_applied, stem_of
from image_lisa.cli.options.reconstruct import Options
from image_lisa.cli.outputs import check_place, is_picture, write_images
from image_lisa.data.pictures import save_png, to_bytes
from image_lisa.data.reading import FileImages
from image_lisa.models.model import ImageModel
from image_lisa.reports.pictures import SHOWN, of_each_class
from image_lisa.reports.pictures_sheet import lay_out
from shared.cli.terminal import Terminal
from shared.common.words import counted
from shared.runs.files import make_folder


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    out = options.out or options.run / f"reconstructions-{stem_of(options.pictures)}.png"
    check_place(out, options.overwrite)
    folder, model = open_applied(options)
    found = read_applied(model, options.pictures, terminal)
    if is_picture(out):
        make_folder(out.parent)
        save_png(out, _compared(model, found, options.show))
        losses = model.reconstruction_losses(found.images)
    else:
        losses = _written(model, found, out, terminal)
    mse = float(2 * losses.mean() / found.images[0].numel())
    terminal.print(f"{counted(len(found), 'image')}, MSE a pixel {mse:.4g}: {out}")
    terminal.result(run=str(folder.path), count=len(found), mse=mse, out=str(out))


def _written(model: ImageModel, found: FileImages, out: Path, terminal: Terminal) -> torch.Tensor:
    """Write what each image comes back as into a folder, batch by batch; return the errors."""
    errors = []

    def images() -> Iterator[torch.Tensor]:
        for each in model.reconstructions(found.images):
            errors.append(each.errors)
            yield from to_bytes(each.images)

    write_images(out, images(), _plain_names(found.names), terminal)
    return torch.cat(errors)


def _compared(model: ImageModel, found: FileImages, count: int) -> torch.Tensor:
    """Return images above what they come back as, row by row."""
    classes = {label: number for number, label in enumerate(dict.fromkeys(found.labels))}
    labels = torch.tensor([classes[label] for label in found.labels])
    chosen = of_each_class(len(found), labels if found.labelled else None, count)
    shown = found.images[chosen]
    back = to_bytes(model.reconstruct(shown))
    width = min(SHOWN, len(shown))
    rows, titles, captions = [], [], []
    for begin in range(0, len(shown), width):
        some = chosen[begin : begin + width]
        missing = shown.new_full((width - len(some), *shown.shape[1:]), 255)
        rows += [shown[begin : begin + width], missing, back[begin : begin + width], missing]
        names = [PurePosixPath(found.names[int(number)]).name for number in some]
        captions += [*names, *[""] * (2 * width - len(names))]
        titles += ["image", "comes back"]
    title = f"{model.method.title}: pictures and their reconstructions"
    sheet = lay_out(torch.cat(rows), width, title=title, row_titles=titles, captions=captions)
    return sheet.image


def _plain_names(names: tuple[str, ...]) -> list[str]:
    """Return names without their endings, or with them where several would be the same."""
    plain = [str(PurePosixPath(name).with_suffix("")) for name in names]
    return [
        name if plain.count(short) > 1 else short for name, short in zip(names, plain, strict=True)
    ]
