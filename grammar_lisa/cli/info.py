"""`grammar-lisa info RUN`."""

from grammar_lisa.cli.fit_run import is_fit, tell_fit
from grammar_lisa.cli.options.info import Options
from grammar_lisa.cli.reports import print_quality
from grammar_lisa.models.names import TOOL
from grammar_lisa.models.run import load_run_grammar, run_architecture
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.common.words import counted
from shared.methods import method_to_record
from shared.runs.run import CONFIG, SUMMARY


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    if options.run is not None and is_fit(options.run):
        tell_fit(options.run, terminal)
        return
    folder = options.chosen(TOOL)
    grammar = load_run_grammar(folder)
    model = run_architecture(folder)
    hyperparameters = method_to_record(model.method)
    try:
        made, what = str(folder.config["created"])[:19], folder.config["left_out"]["what"]
        by, epochs = folder.config["version"], folder.config["training"]["epochs"]
    except (KeyError, TypeError) as error:
        raise LisaError(
            f"{folder.path / CONFIG} is not as it was written ({error!r}); restore it from a copy"
        ) from error
    terminal.print(f"{folder.path}: made {made} by version {by}")
    terminal.print(
        f"grammar: {grammar.source}, {counted(len(grammar.rules), 'rule')}, SHA-256 "
        f"{grammar.digest[:12]}…; at most {counted(model.max_rules, 'rule')} a sentence"
    )
    terminal.print(
        "method: "
        + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in hyperparameters.items())
        + f"; network: {model.network}, code size {model.dim}"
    )
    if model.tokenizer is not None:
        characters, length = model.tokenizer.characters, model.tokenizer.length
        terminal.print(
            f"texts of at most {counted(length, 'character')}, of these {len(characters)}: "
            f"{characters}"
        )
    terminal.print(f"data: {what}")
    terminal.result(run=str(folder.path), config=dict(folder.config), finished=folder.finished)
    if (folder.path / SUMMARY).is_file():
        print_quality(terminal, folder)
    else:
        rows = folder.read_metrics()
        terminal.print(
            f"training is not finished: {len(rows)} of {epochs} "
            f"epochs; go on with '{TOOL} train --resume {folder.path}'"
        )
