"""`grammar-lisa interpolate`."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from grammar_lisa.cli.runs import note_invalid, open_model
from shared.cli.commands import Output, Terminal, check_ranges


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Print the sentences along the way between two sentences.

    The way is a great circle where the method of the run is spherical, else a straight line.

    Attributes:
        first: The sentence to begin at.
        second: The sentence to end at.
        run: The folder of the run; by default the newest in --runs.
        runs: The folder that runs are kept in.
        steps: Points on the path, both ends included.
        distinct: Leave out a sentence that equals the one before it.
    """

    first: tyro.conf.Positional[str]
    second: tyro.conf.Positional[str]
    run: Path | None = None
    runs: Path = Path("runs")
    steps: int = 11
    distinct: bool = False


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    check_ranges(options, steps=(2, 100_000))
    folder, model = open_model(options.run, options.runs)
    path = model.interpolate(options.first, options.second, options.steps)
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
