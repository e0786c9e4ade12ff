"""`grammar-lisa sample GRAMMAR -n 20`."""

from grammar_lisa.cli.options.sample import Options
from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.datasets import default_max_rules
from grammar_lisa.grammar.sampling import sample
from grammar_lisa.grammar.text import derivations_to_texts
from shared.cli.terminal import Terminal


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    grammar = load_grammar(options.grammar, options.format)
    limit = default_max_rules(grammar.shortest) if options.max_rules is None else options.max_rules
    derivations = sample(
        grammar,
        options.count,
        limit,
        options.seed,
        options.law,
        distinct=options.distinct,
        restrictions=options.restrictions,
        canonical=True,
        notify=terminal.note,
    )
    sentences = derivations_to_texts(grammar, derivations)
    for sentence in sentences:
        terminal.print(sentence)
    terminal.result(sentences=sentences)
