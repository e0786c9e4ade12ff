"""`grammar-lisa generate`."""

from grammar_lisa.cli.options.generate import Options
from grammar_lisa.cli.runs import note_invalid, open_model
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.runs.expost import load_sampler

_ATTEMPTS = 50


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    folder, model = open_model(options, options.restrictions)
    sampler = load_sampler(folder, options.sampler)
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
