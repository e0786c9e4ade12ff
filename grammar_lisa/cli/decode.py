"""`grammar-lisa decode`."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from grammar_lisa.cli.code_files import read_codes
from grammar_lisa.cli.runs import TEMPERATURES, note_invalid, open_model
from shared.cli.commands import Output, Terminal, check_ranges
from shared.common.seeds import derive_seed


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Turn codes into sentences, one a line.

    Only the direction of a code counts where the method of the run is spherical. The texts of a
    run on characters may be no sentences; a note says how many.

    Attributes:
        file: The codes: a .npy file of shape [n, dim], or a .csv with columns z0, z1, ….
        run: The folder of the run; by default the newest in --runs.
        runs: The folder that runs are kept in.
        temperature: 0 decodes the most likely rules, or characters; above 0, they are drawn.
        seed: Of the draws.
    """

    file: tyro.conf.Positional[Path]
    run: Path | None = None
    runs: Path = Path("runs")
    temperature: float = 0.0
    seed: int = 0


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    check_ranges(options, temperature=TEMPERATURES)
    codes = read_codes(options.file)
    folder, model = open_model(options.run, options.runs)
    seed = derive_seed(options.seed, "rules")
    sentences = model.decode(codes, temperature=options.temperature, seed=seed)
    for sentence in sentences:
        terminal.print(sentence)
    note_invalid(model, sentences, terminal)
    terminal.result(run=str(folder.path), sentences=sentences)
