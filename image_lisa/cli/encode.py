"""`image-lisa encode RUN FOLDER`."""

from image_lisa.cli.applied import open_applied, read_applied, stem_of
from image_lisa.cli.options.encode import Options
from image_lisa.data.reading import FileImages
from shared.cli.table_files import TableColumns, check_table, write_table
from shared.cli.terminal import Terminal
from shared.common.words import counted


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    out = options.out or options.run / f"codes-{stem_of(options.pictures)}.csv"
    check_table(out, options.overwrite)
    folder, model = open_applied(options)
    found = read_applied(model, options.pictures, terminal)
    codes = model.codes(found.images).mean
    if options.directions:
        codes = model.directions(codes)
    write_table(out, {**named(found), "u" if options.directions else "z": codes})
    terminal.print(f"{counted(len(found), 'code')} of size {codes.shape[1]}: {out}")
    terminal.result(run=str(folder.path), count=len(found), dim=codes.shape[1], out=str(out))


def named(found: FileImages) -> TableColumns:
    """Return the columns of a table that name images: their files and, where any has one, labels.

    A file without a label has an empty one.
    """
    columns: dict[str, list[str]] = {"file": list(found.names)}
    if found.labelled:
        columns["label"] = [label or "" for label in found.labels]
    return columns
