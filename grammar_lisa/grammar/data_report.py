"""What a file of sentences looks like to a grammar: what parses, how long, how ambiguous."""

from dataclasses import dataclass
from statistics import median
from typing import Any

from grammar_lisa.grammar import Grammar
from grammar_lisa.grammar.ambiguity import Forests
from grammar_lisa.grammar.canonical import Derivation
from grammar_lisa.grammar.datasets import hint, parsed_lines
from grammar_lisa.grammar.parsing import Parser
from grammar_lisa.grammar.sentence_files import SentenceFile
from grammar_lisa.grammar.text import Writer
from shared.common.callbacks import Notify, silent
from shared.common.errors import LisaError
from shared.common.words import counted

SHOWN = 3
"""Lines that are no sentences, of those that are shown with the place."""


@dataclass(frozen=True)
class ParsedFile:
    """The sentences of a file.

    Attributes:
        file: The file.
        derivations: Of the lines that are sentences, in order.
        lines: Their numbers.
        refused: The numbers of the other lines, each with what says why.
    """

    file: SentenceFile
    derivations: tuple[Derivation, ...]
    lines: tuple[int, ...]
    refused: tuple[tuple[int, str], ...]

    def describe(self) -> list[str]:
        """Return how many lines are sentences, and the first that are not."""
        total = len(self.derivations) + len(self.refused)
        lines = [
            f"{self.file.path}: {counted(total, self.file.unit)}, "
            f"{len(self.derivations):,} of them sentences"
        ]
        if self.refused:
            lines[0] += f"; {len(self.refused):,} are not, the first of them:"
            unit = self.file.unit
            lines += [f"{unit} {number}: {message}" for number, message in self.refused[:SHOWN]]
        return lines


def parse_file(file: SentenceFile, grammar: Grammar, notify: Notify = silent) -> ParsedFile:
    """Return the sentences of a file by their canonical derivations.

    Of several derivations of a sentence, the parser chooses one, the same each time.

    Args:
        file: Which has them.
        grammar: Of which they are sentences.
        notify: Hears which column of a table was taken.

    Raises:
        LisaError: The file cannot be read, is empty, or has no line that is a sentence.
    """
    derivations: list[Derivation] = []
    lines: list[int] = []
    refused: list[tuple[int, str]] = []
    parser = Parser(grammar)
    for number, line, found in parsed_lines(file.lines(parser.reads, notify), parser):
        if isinstance(found, LisaError):
            refused.append((number, f"{found}{'' if refused else hint(line, parser)}"))
        else:
            derivations.append(found)
            lines.append(number)
    if not derivations and not refused:
        raise LisaError(f"{file.path} holds no sentences; write one a line")
    if not derivations:
        number, message = refused[0]
        raise LisaError(
            f"none of the {len(refused):,} {file.unit}s of {file.path} is a sentence; "
            f"{file.unit} {number}: {message}"
        )
    return ParsedFile(file, tuple(derivations), tuple(lines), tuple(refused))


@dataclass(frozen=True)
class DataReport:
    """What `grammar-lisa check FILE --data` shows.

    Attributes:
        parsed: The sentences.
        lengths: The least, median and greatest number of rules of a sentence.
        looked: How many different sentences were looked at for ambiguity; None if none can be.
        ambiguous: How many of those have several derivations.
        first: The number of the first such line, and what it shows.
    """

    parsed: ParsedFile
    lengths: tuple[int, float, int]
    looked: int | None
    ambiguous: int
    first: tuple[int, str] | None

    def describe(self) -> list[str]:
        """Return the report in lines."""
        least, middle, most = self.lengths
        lines = [*self.parsed.describe(), f"rules a sentence: {least} to {most}, median {middle:g}"]
        if self.looked is None:
            return lines
        looked = counted(self.looked, "sentence")
        lines.append(f"ambiguous: {self.ambiguous:,} of {looked} looked at")
        if self.first:
            lines.append(f"{self.parsed.file.unit} {self.first[0]}: {self.first[1]}")
        return lines

    def record(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "sentences": len(self.parsed.derivations),
            "refused": [{"line": line, "why": why} for line, why in self.parsed.refused],
            "rules": dict(zip(("least", "median", "most"), self.lengths, strict=True)),
            "looked": self.looked,
            "ambiguous": self.ambiguous,
            "first": self.first,
        }


def check_data(
    grammar: Grammar, file: SentenceFile, unambiguous: bool, notify: Notify = silent
) -> DataReport:
    """Return what a file of sentences looks like to a grammar.

    Args:
        grammar: The grammar.
        file: The file.
        unambiguous: Whether no sentence can have several derivations: none is looked for then.
        notify: Hears which column of a table was taken.

    Raises:
        LisaError: As `parse_file`.
    """
    parsed = parse_file(file, grammar, notify)
    lengths = [len(derivation) for derivation in parsed.derivations]
    spread = min(lengths), median(lengths), max(lengths)
    if unambiguous:
        return DataReport(parsed, spread, None, 0, None)
    tokens_of = Writer(grammar).tokens
    first_lines: dict[tuple[str, ...], int] = {}
    for line, derivation in zip(parsed.lines, parsed.derivations, strict=True):
        first_lines.setdefault(tuple(tokens_of(derivation)), line)
    looked, found = 0, []
    for tokens, witness in Forests(grammar).witnesses(first_lines):
        looked += 1
        if witness:
            found.append((first_lines[tuple(tokens)], witness.describe(grammar)))
    return DataReport(parsed, spread, looked, len(found), found[0] if found else None)
