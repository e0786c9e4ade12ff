"""`grammar-lisa sample FILE -n 20`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from grammar_lisa.cli.check import LENGTHS
from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.datasets import default_max_rules
from grammar_lisa.grammar.sampling import Law, sample
from grammar_lisa.grammar.text import derivations_to_texts
from shared.cli.commands import Output, Terminal, check_ranges


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Draw sentences from a grammar itself, one a line.

    Attributes:
        file: The grammar, in nltk's .cfg syntax.
        count: How many.
        max_rules: Of at most so many rules; by default 15, or three times the shortest sentence
            where that is more.
        law: Uniform over all derivations; by-length: uniform over the numbers of rules, then over
            the derivations with that many; or rule by rule with the weights of the file.
        distinct: Whether no sentence may come twice.
        seed: Of the draws.
    """

    file: tyro.conf.Positional[Path]
    count: Annotated[int, tyro.conf.arg(aliases=["-n"])] = 20
    max_rules: int | None = None
    law: Law = "uniform"
    distinct: bool = False
    seed: int = 0


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    check_ranges(options, count=(0, 1_000_000), max_rules=LENGTHS)
    grammar = load_grammar(options.file)
    limit = default_max_rules(grammar.shortest) if options.max_rules is None else options.max_rules
    derivations = sample(
        grammar, options.count, limit, options.seed, options.law, distinct=options.distinct
    )
    sentences = derivations_to_texts(grammar, derivations)
    for sentence in sentences:
        terminal.print(sentence)
    terminal.result(sentences=sentences)
