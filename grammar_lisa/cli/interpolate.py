"""`grammar-lisa interpolate`."""

from grammar_lisa.cli.options.interpolate import Options
from grammar_lisa.cli.runs import note_invalid, open_model
from shared.cli.terminal import Terminal


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    folder, model = open_model(options, options.restrictions)
    path = model.interpolate(
        *(options.first, options.second, options.steps),
        work=options.refine_work,
        notify=terminal.note,
    )
    shown = [
        (index / (options.steps - 1), sentence)
        for index, sentence in enumerate(path)
        if not (options.distinct and index and path[index - 1] == sentence)
    ]
    for share, sentence in shown:
        terminal.print(f"{share:.3f}  {sentence}")
    note_invalid(model, [text for _, text in shown], terminal)
    terminal.result(
        run=str(folder.path), path=[{"at": share, "sentence": text} for share, text in shown]
    )
