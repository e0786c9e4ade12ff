"""What `grammar-lisa sample GRAMMAR -n 20` takes."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import tyro

from grammar_lisa.cli.options.check import LENGTHS
from grammar_lisa.cli.options.grammar_file import GrammarOptions
from grammar_lisa.cli.options.restrictions import RestrictionOptions
from grammar_lisa.grammar.laws import Law
from shared.cli.terminal import Ranges
from shared.common.errors import LisaError


@dataclass(frozen=True, kw_only=True)
class Options(GrammarOptions, RestrictionOptions):
    """Draw sentences from a grammar itself, one a line.

    Attributes:
        count: How many.
        max_rules: Of at most so many rules; by default 15, or three times the shortest sentence
            where that is more.
        draw: Uniform over all sentences; by-length: uniform over the numbers of rules, then over
            the sentences with that many; or rule by rule with the weights of the file. Where
            most derivations share their sentence with others, uniform over derivations, said so.
        weighted: The short form of --draw weighted.
        distinct: Let no sentence come twice.
        seed: Of the draws.
    """

    ranges: ClassVar[Ranges] = {"count": (0, 1_000_000), "max_rules": LENGTHS}

    count: Annotated[int, tyro.conf.arg(aliases=["-n"])] = 20
    max_rules: int | None = None
    draw: Law = "uniform"
    weighted: bool = False
    distinct: bool = False
    seed: int = 0

    def check(self) -> None:
        """Refuse two ways of drawing.

        Raises:
            LisaError: Naming both.
        """
        super().check()
        if self.weighted and self.draw == "by-length":
            raise LisaError("--weighted is --draw weighted, which --draw by-length contradicts")

    @property
    def law(self) -> Law:
        """How sentences are drawn."""
        return "weighted" if self.weighted else self.draw
