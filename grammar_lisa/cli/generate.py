"""`grammar-lisa generate`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from grammar_lisa.cli.runs import TEMPERATURES, open_model
from grammar_lisa.model import load_run_samplers
from shared.cli import Output, Terminal, check_ranges
from shared.errors import LisaError
from shared.seeds import derive_seed


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Draw sentences from a sampler of a trained run, one a line.

    Attributes:
        run: The folder of the run; by default the newest in --runs.
        runs: The folder that runs are kept in.
        sampler: What codes are drawn from before they are projected: the uniform law of the
            sphere, or the Gaussian or the mixture of ten fitted to the training codes.
        count: How many.
        temperature: 0 decodes the most likely rules; above 0, rules are drawn.
        distinct: Whether no sentence may come twice.
        seed: Of the draws.
    """

    run: Path | None = None
    runs: Path = Path("runs")
    sampler: Literal["gmm", "gaussian", "uniform"] = "gmm"
    count: Annotated[int, tyro.conf.arg(aliases=["-n"])] = 20
    temperature: float = 0.0
    distinct: bool = False
    seed: int = 0


_ATTEMPTS = 50


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    check_ranges(options, count=(1, 1_000_000), temperature=TEMPERATURES)
    folder, model = open_model(options.run, options.runs)
    sampler = load_run_samplers(folder)[options.sampler]
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
    terminal.result(run=str(folder.path), sentences=sentences)
