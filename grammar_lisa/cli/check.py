"""`grammar-lisa check GRAMMAR`."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from grammar_lisa.cli.options.check import Options
from grammar_lisa.cli.text_files import write_text
from grammar_lisa.grammar import Grammar, load_grammar
from grammar_lisa.grammar.data_report import check_data
from grammar_lisa.grammar.datasets import default_max_rules
from grammar_lisa.grammar.formats.names import OF_ENDING, Format
from grammar_lisa.grammar.formats.writing import written
from grammar_lisa.grammar.lint import trimmed
from grammar_lisa.grammar.report import Report, report
from grammar_lisa.grammar.sampling import sample
from grammar_lisa.grammar.sentence_files import SentenceFile
from grammar_lisa.grammar.source import scan
from grammar_lisa.grammar.text import derivations_to_texts
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.common.words import counted


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    grammar = load_grammar(options.grammar, options.format)
    notation = None if options.out is None else notation_of(options.out, grammar)
    limit = default_max_rules(grammar.shortest) if options.max_rules is None else options.max_rules
    found = report(grammar, limit)
    read = (
        check_data(
            *(grammar, SentenceFile(options.data, options.column), found.unambiguous),
            notify=terminal.note,
        )
        if options.data
        else None
    )
    draws = sample(
        grammar,
        *(options.samples, limit, options.seed, "uniform"),
        distinct=False,
        canonical=True,
        notify=terminal.note,
    )
    sentences = derivations_to_texts(grammar, draws)
    if options.out is not None and notation is not None:
        write_grammar(grammar, options.out, notation, terminal)
    tell(str(options.grammar), grammar, found, sentences, terminal)
    for line in read.describe() if read else ():
        terminal.print(line)
    terminal.result(
        file=str(options.grammar),
        rules=len(grammar.rules),
        findings=[vars(finding) for finding in found.findings],
        lalr=found.lalr,
        spacing=found.spacing,
        shortest={"rules": found.shortest_rules, "sentence": found.shortest_sentence},
        max_rules=limit,
        derivations=dict(found.counts),
        total=found.total,
        sentences=dataclasses.asdict(found.sentences),
        samples=sentences,
        **({"data": read.record()} if read else {}),
    )


def tell(
    file: str, grammar: Grammar, found: Report, sentences: Sequence[str], terminal: Terminal
) -> None:
    """Print what was found of a grammar, and some of its sentences."""
    terminal.print(
        f"{file}: {counted(len(grammar.rules), 'rule')}, "
        f"{counted(len(grammar.nonterminals), 'symbol')}, "
        f"{counted(len(grammar.terminals), 'token')}, start {grammar.start}"
    )
    for finding in found.findings:
        terminal.print(f"{file}:{finding}")
    terminal.print(f"parser: {found.parser}; tokens are written: {found.spacing}")
    terminal.print(
        f"shortest sentence, {counted(found.shortest_rules, 'rule')}: {found.shortest_sentence}"
    )
    terminal.table(
        "derivations of each length",
        ("rules", "derivations"),
        [(str(rules), f"{count:,}") for rules, count in found.counts],
    )
    of = f", of {found.sentences.describe()}" if found.sentences.number < found.total else ""
    said = f"{counted(found.total, 'derivation')} of at most {counted(found.max_rules, 'rule')}{of}"
    terminal.print(f"{said}; some, drawn uniformly:")
    for sentence in sentences:
        terminal.print(f"  {sentence}")


def notation_of(path: Path, grammar: Grammar) -> Format:
    """Return the notation that a file's ending tells, for a grammar that is another file.

    Raises:
        LisaError: The ending is none of a grammar's, or the file is that of the grammar.
    """
    notation = OF_ENDING.get(path.suffix.lower())
    if notation is None:
        raise LisaError(f"{path}: name a file that ends in {', '.join(OF_ENDING)}")
    if path.resolve() == Path(grammar.source).resolve():
        raise LisaError(f"{path} is the grammar itself; name another --out")
    return notation


def write_grammar(grammar: Grammar, path: Path, notation: Format, terminal: Terminal) -> None:
    """Write the rules that sentences use to a file, in a notation.

    Raises:
        LisaError: The file cannot be written.
    """
    rules = trimmed(scan(grammar.text, grammar.source))
    text = written(rules, grammar.start, grammar.spacing.mode, notation)
    write_text(path, text)
    lost = notation != "cfg" and any(rule.weight is not None for rule in rules)
    weights = "; the weights are left out: only .cfg holds them" if lost else ""
    terminal.note(f"{counted(len(rules), 'rule')}, as {notation}, in {path}{weights}")
