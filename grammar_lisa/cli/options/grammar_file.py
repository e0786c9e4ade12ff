"""Which grammar a command reads."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from grammar_lisa.grammar.formats.names import Format
from grammar_lisa.grammar.source import read_text
from shared.cli.terminal import Output


@dataclass(frozen=True, kw_only=True)
class GrammarOptions(Output):
    """The grammar that a command reads, and how.

    Attributes:
        grammar: The grammar: a file, or the name of one that comes with the toolkit, as in expr.
        format: Its notation: cfg is nltk's, bnf Backus and Naur's, ebnf that of ISO 14977, of W3C
            or of ANTLR, lark lark's; by default that which the file's ending tells, or its content.
    """

    grammar: tyro.conf.Positional[Path]
    format: Format | None = None

    def check(self) -> None:
        """Refuse a grammar that cannot be read, before anything is loaded that takes long.

        Raises:
            LisaError: Naming the file.
        """
        super().check()
        read_text(self.grammar)
