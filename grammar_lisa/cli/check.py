"""`grammar-lisa check FILE`."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from grammar_lisa.grammar import Counts, load_grammar
from grammar_lisa.grammar.datasets import default_max_rules
from grammar_lisa.grammar.report import report
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts
from shared.cli.commands import Output, Terminal, check_ranges

LENGTHS = (1, 2000)
"""The numbers of rules that can be asked for: counting takes time as their square."""


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Lint a grammar, count its derivations and show sample sentences.

    Attributes:
        file: The grammar, in nltk's .cfg syntax.
        max_rules: Look at derivations of at most so many rules; by default 15, or three times
            the shortest sentence where that is more.
        samples: How many sentences to show.
        seed: Of the sentences shown.
    """

    file: tyro.conf.Positional[Path]
    max_rules: int | None = None
    samples: int = 5
    seed: int = 0


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    check_ranges(options, max_rules=LENGTHS, samples=(0, 100_000))
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
