"""`image-lisa score RUN FOLDER`."""

from typing import Any

from image_lisa.cli.applied import open_applied, read_applied, stem_of
from image_lisa.cli.encode import named
from image_lisa.cli.options.score import Options
from shared.cli.table_files import check_table, write_table
from shared.cli.terminal import Terminal
from shared.common.words import counted
from shared.runs.expost import load_sampler


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    out = options.out or options.run / f"scores-{stem_of(options.pictures)}.csv"
    check_table(out, options.overwrite)
    folder, model = open_applied(options)
    load_sampler(folder, options.sampler)
    found = read_applied(model, options.pictures, terminal)
    scores = model.score(found.images, sampler=options.sampler)
    order = scores.order
    columns: dict[str, Any] = {
        **{name: [values[number] for number in order] for name, values in named(found).items()},
        "outlier": scores.outlyingness[order],
        "error": scores.errors[order],
        "mse": 2 * scores.errors[order] / found.images[0].numel(),
        "log_density": scores.log_densities[order],
        "rarity": scores.rarity[order],
    }
    write_table(out, columns)
    heads = list(columns)
    rows = [
        [str(value) if isinstance(value, str) else float(value) for value in row]
        for row in zip(*columns.values(), strict=True)
    ]
    terminal.table(
        f"{counted(len(found), 'image')}, outliers first; density under {options.sampler}",
        heads,
        rows[: options.top],
    )
    terminal.print(
        "outlier: robust z-score; mse: a pixel; rarity: share of training codes that are likelier"
    )
    terminal.print(f"all images: {out}")
    scored = [dict(zip(heads, row, strict=True)) for row in rows]
    terminal.result(run=str(folder.path), sampler=options.sampler, images=scored, out=str(out))
