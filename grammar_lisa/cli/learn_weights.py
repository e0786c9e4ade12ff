"""`grammar-lisa learn-weights GRAMMAR --data SENTENCES`."""

from collections.abc import Sequence

import numpy as np

from grammar_lisa.cli.options.learn_weights import Options
from grammar_lisa.cli.text_files import write_text
from grammar_lisa.grammar import Grammar, load_grammar
from grammar_lisa.grammar.canonical import CanonicalDerivations
from grammar_lisa.grammar.data_report import ParsedFile, parse_file
from grammar_lisa.grammar.sentence_files import SentenceFile
from grammar_lisa.grammar.weights import file_probabilities, learn_weights, log_likelihoods
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.common.words import counted

Row = tuple[str, float, float]
"""Which weights, the log-likelihood of a held-out sentence, and the choices a rule stands for."""


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    if options.out and options.out.resolve() == options.grammar.resolve():
        raise LisaError(f"{options.out} is the grammar itself; name another --out")
    grammar = load_grammar(options.grammar, options.format)
    parsed = parse_file(SentenceFile(options.data, options.column), grammar, terminal.note)
    for line in parsed.describe():
        terminal.note(line)
    if not CanonicalDerivations(grammar).all_are:
        terminal.note("of a sentence with several derivations the canonical one counts")
    rows = held_out_rows(grammar, parsed, options)
    weights = learn_weights(grammar, parsed.derivations, options.smoothing)
    head = (
        f"weights learnt by grammar-lisa learn-weights from "
        f"{counted(len(parsed.derivations), 'sentence')} "
        f"of {options.data.name}, smoothing {options.smoothing:g}"
        f"{', by parent rule' if options.by_parent else ''}"
    )
    text = weights.text(options.by_parent, head)
    if options.out is not None:
        write_text(options.out, text)
        terminal.note(f"the weighted grammar: {options.out}")
    tell(rows, options, terminal)
    if options.out is None:
        terminal.print(text.rstrip("\n"))
    terminal.result(
        sentences=len(parsed.derivations),
        refused=[{"line": line, "why": why} for line, why in parsed.refused],
        held_out=[
            {"weights": name, "log_likelihood": each, "perplexity": choices}
            for name, each, choices in rows
        ],
        grammar=text,
        output=None if options.out is None else str(options.out),
    )


def held_out_rows(grammar: Grammar, parsed: ParsedFile, options: Options) -> list[Row]:
    """Return what held-out sentences say of the weights of the others, if there are any."""
    derivations = parsed.derivations
    number = round(options.held_out * len(derivations))
    if not number or number == len(derivations):
        return []
    rng = np.random.default_rng(derive_seed(options.seed, "held out"))
    order = rng.permutation(len(derivations)).tolist()
    test, train = ([derivations[i] for i in part] for part in (order[:number], order[number:]))
    learnt = learn_weights(grammar, train, options.smoothing)
    found = {
        "of the file": log_likelihoods(test, file_probabilities(grammar)),
        "learnt": learnt.log_likelihoods(test, by_parent=False),
        "learnt, by parent rule": learnt.log_likelihoods(test, by_parent=True),
    }
    steps = sum(map(len, test))
    return [
        (name, float(each.mean()), float(np.exp(-each.sum() / steps)))
        for name, each in found.items()
    ]


def tell(rows: Sequence[Row], options: Options, terminal: Terminal) -> None:
    """Print the rows: on standard output where the grammar goes to a file, else beside it."""
    if not rows:
        terminal.note("no sentences are held out: what the weights are worth is not measured")
        return
    title = f"log-likelihood of the sentences held out, {options.held_out:.0%} of all"
    if options.out is not None:
        columns = ("weights", "nats a sentence", "choices a rule")
        terminal.table(title, columns, rows)
        return
    terminal.note(title)
    for name, each, choices in rows:
        terminal.note(f"  weights {name}: {each:.4g} nats a sentence, {choices:.4g} choices a rule")
