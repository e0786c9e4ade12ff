"""`grammar-lisa decode`."""

from grammar_lisa.cli.code_files import read_codes
from grammar_lisa.cli.options.decode import Options
from grammar_lisa.cli.runs import note_invalid, open_model
from shared.cli.terminal import Terminal
from shared.common.seeds import derive_seed


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    codes = read_codes(options.file)
    folder, model = open_model(options, options.restrictions)
    seed = derive_seed(options.seed, "rules")
    sentences = model.decode(codes, temperature=options.temperature, beams=options.beams, seed=seed)
    for sentence in sentences:
        terminal.print(sentence)
    note_invalid(model, sentences, terminal)
    terminal.result(run=str(folder.path), sentences=sentences)
