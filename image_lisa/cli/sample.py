"""`image-lisa sample RUN`."""

from image_lisa.cli.options.sample import Options
from image_lisa.cli.outputs import check_place, is_picture, write_numbered
from image_lisa.cli.runs import open_model
from image_lisa.data.pictures import save_png, to_bytes
from image_lisa.reports.pictures_sheet import lay_out
from shared.cli.terminal import Terminal
from shared.common.words import counted
from shared.runs.files import make_folder


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    folder, model = open_model(options, options.device)
    named = options.sampler if options.label is None else f"{options.sampler}-{options.label}"
    out = options.out or folder.path / f"samples-{named}-{options.seed}.png"
    check_place(out, options.overwrite)
    drawn = model.sample(
        options.count, sampler=options.sampler, seed=options.seed, label=options.label
    )
    images = to_bytes(drawn)
    if is_picture(out):
        make_folder(out.parent)
        title = f"{model.method.title}: samples, {options.sampler}"
        of_class = "" if options.label is None else f", class {options.label}"
        save_png(out, lay_out(images, options.columns, title=title + of_class).image)
    else:
        write_numbered(out, images, terminal)
    of_class = "" if options.label is None else f" of class {options.label}"
    terminal.print(f"{counted(options.count, 'image')} from {options.sampler}{of_class}: {out}")
    terminal.result(
        run=str(folder.path),
        sampler=options.sampler,
        count=len(images),
        out=str(out),
        **({} if options.label is None else {"class": options.label}),
    )
