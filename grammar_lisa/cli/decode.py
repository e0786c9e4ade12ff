"""`grammar-lisa decode`."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from grammar_lisa.cli.code_files import read_codes
from grammar_lisa.cli.runs import open_model
from shared.cli import Output, Terminal
from shared.errors import LisaError


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Turn codes into sentences, one a line. Only the direction of a code counts.

    Attributes:
        file: The codes: a .npy file of shape [n, dim], or a .csv with columns z0, z1, ….
        run: The folder of the run; by default the newest in --runs.
        runs: The folder that runs are kept in.
        temperature: 0 decodes the most likely rules; above 0, rules are drawn.
        seed: Of the draws.
    """

    file: tyro.conf.Positional[Path]
    run: Path | None = None
    runs: Path = Path("runs")
    temperature: float = 0.0
    seed: int = 0


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    if not 0 <= options.temperature < float("inf"):
        raise LisaError(f"--temperature must be a number ≥ 0, not {options.temperature}")
    codes = read_codes(options.file)
    folder, model = open_model(options.run, options.runs)
    sentences = model.decode(codes, temperature=options.temperature, seed=options.seed)
    for sentence in sentences:
        terminal.print(sentence)
    terminal.result(run=str(folder.path), sentences=sentences)
