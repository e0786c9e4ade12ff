"""`grammar-lisa check FILE`."""

from grammar_lisa.cli.options.check import Options
from grammar_lisa.grammar import Counts, load_grammar
from grammar_lisa.grammar.datasets import default_max_rules
from grammar_lisa.grammar.report import report
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts
from shared.cli.terminal import Terminal


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    grammar = load_grammar(options.file)
    limit = default_max_rules(grammar.shortest) if options.max_rules is None else options.max_rules
    found = report(grammar, limit)
    total = Counts(grammar, limit).at_most()
    draws = sample_uniform(grammar, options.samples, limit, options.seed, distinct=False)
    sentences = derivations_to_texts(grammar, draws)
    terminal.print(
        f"{options.file}: {len(grammar.rules)} rules, {len(grammar.nonterminals)} symbols, "
        f"{len(grammar.terminals)} tokens, start {grammar.start}"
    )
    for finding in found.findings:
        terminal.print(f"{options.file}:{finding}")
    parser = "LALR" if found.lalr else "Earley (the grammar is not LALR(1); parsing is slow)"
    terminal.print(f"parser: {parser}; tokens are written: {found.spacing}")
    terminal.print(f"shortest sentence, {found.shortest_rules} rules: {found.shortest_sentence}")
    terminal.table(
        "derivations of each length",
        ("rules", "derivations"),
        [(str(rules), f"{count:,}") for rules, count in found.counts],
    )
    terminal.print(f"{total:,} derivations of at most {limit} rules; some, drawn uniformly:")
    for sentence in sentences:
        terminal.print(f"  {sentence}")
    terminal.result(
        file=str(options.file),
        rules=len(grammar.rules),
        findings=[vars(finding) for finding in found.findings],
        lalr=found.lalr,
        spacing=found.spacing,
        shortest={"rules": found.shortest_rules, "sentence": found.shortest_sentence},
        max_rules=limit,
        derivations=dict(found.counts),
        total=total,
        samples=sentences,
    )
