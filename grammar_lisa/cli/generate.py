"""`grammar-lisa generate`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from grammar_lisa.cli.runs import TEMPERATURES, note_invalid, open_model
from shared.cli.commands import Output, Terminal, check_ranges, unknown
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.runs.expost import load_samplers


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Draw sentences from a sampler of a trained run, one a line.

    Attributes:
        run: The folder of the run; by default the newest in --runs.
        runs: The folder that runs are kept in.
        sampler: What codes are drawn from: gaussian, gmm, dirichlet, uniform where the method of
            the run is spherical, or one of its own, such as prior.
        count: How many.
        temperature: 0 decodes the most likely rules, or characters; above 0, they are drawn.
        distinct: Whether no sentence may come twice.
        seed: Of the draws.
    """

    run: Path | None = None
    runs: Path = Path("runs")
    sampler: str = "gmm"
    count: Annotated[int, tyro.conf.arg(aliases=["-n"])] = 20
    temperature: float = 0.0
    distinct: bool = False
    seed: int = 0


_ATTEMPTS = 50


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    check_ranges(options, count=(1, 1_000_000), temperature=TEMPERATURES)
    folder, model = open_model(options.run, options.runs)
    samplers = load_samplers(folder)
    if options.sampler not in samplers:
        raise LisaError(f"{folder.path}: {unknown('sampler', options.sampler, samplers)}")
    sampler = samplers[options.sampler]
    sentences: list[str] = []
    for attempt in range(_ATTEMPTS):
        codes = sampler.sample(options.count, derive_seed(options.seed, "codes", attempt))
        seed = derive_seed(options.seed, "rules", attempt)
        sentences += model.decode(codes, temperature=options.temperature, seed=seed)
        if options.distinct:
            sentences = list(dict.fromkeys(sentences))
        if len(sentences) >= options.count:
            break
    else:
        raise LisaError(
            f"{_ATTEMPTS * options.count} draws gave {len(sentences)} distinct sentences only; "
            "ask for fewer, or try --temperature 1"
        )
    sentences = sentences[: options.count]
    for sentence in sentences:
        terminal.print(sentence)
    note_invalid(model, sentences, terminal)
    terminal.result(run=str(folder.path), sentences=sentences)
