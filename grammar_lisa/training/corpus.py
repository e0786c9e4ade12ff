"""Which sentences a run learns from: drawn or read, distinct, without what is withheld."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from grammar_lisa.expressions.evaluation import parsable
from grammar_lisa.expressions.expression import variables_of
from grammar_lisa.expressions.reading import Reading
from grammar_lisa.expressions.sums import identity
from grammar_lisa.grammar import Grammar
from grammar_lisa.grammar.datasets import (
    Split,
    default_max_rules,
    distinct_sentences,
    draw_sentences,
    keep_sentences,
    read_sentences,
    split,
)
from grammar_lisa.grammar.laws import Distinct, Law
from grammar_lisa.grammar.sampling import Keys, by_text, sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.objectives.withholding import Withhold
from shared.common.errors import LisaError

_DRAWN: Final[Mapping[Law, str]] = MappingProxyType(
    {
        "uniform": "drawn uniformly",
        "by-length": "drawn by length",
        "weighted": "drawn by the weights of the rules",
    }
)


Tell = Callable[[str], None]


def silent(_: str) -> None:
    """Hear nothing."""


@dataclass(frozen=True)
class Sentences:
    """Which sentences a run learns from.

    Attributes:
        grammar: its file.
        data: a file of sentences; by default they are drawn from the grammar.
        count: how many train.
        held_out: how many others test.
        max_rules: the most rules a sentence may take; by default that of the longest in the data,
            or what suits the grammar.
        target: the expression, or the name of one, that a search will look for.
        withhold: whether sentences at or near the target are kept out; auto does so where the
            sentences are expressions in the target's variables.
        seed: of the draws and of the parts.
        draw: by which law they are drawn.
        distinct: whether only the first is kept of those with one text, or of those that are
            equal by algebra; sentences that are no expressions are told apart by their texts.
    """

    grammar: Path
    data: Path | None = None
    count: int = 50_000
    held_out: int = 10_000
    max_rules: int | None = None
    target: str = KUSNER_TARGET
    withhold: Literal["auto", "yes", "no"] = "auto"
    seed: int = 0
    draw: Law = "uniform"
    distinct: Distinct = "text"

    def __str__(self) -> str:
        told = _DRAWN[self.draw] if self.data is None else f"from {self.data}"
        return told if self.distinct == "text" else f"{told}, no two equal by algebra"

    def gather(
        self, grammar: Grammar, withhold: Withhold, tell: Tell = silent
    ) -> tuple[Split, int]:
        """The sentences as derivations, parted, and the most rules one takes.

        Args:
            grammar: what the file holds.
            withhold: what to keep out, which counts it.
            tell: hears if there are fewer sentences than asked for.

        Raises:
            LisaError: if there are too few, or the data cannot be read.
        """
        max_rules = self.max_rules
        keys: Keys = by_text if self.distinct == "text" else by_algebra
        if max_rules is not None:
            grammar.check_length(max_rules)
        if self.data is None:
            max_rules = default_max_rules(grammar.shortest) if max_rules is None else max_rules
            wanted = self.count + self.count // 50 + self.held_out
            derivations, withheld = draw_sentences(
                grammar, wanted, max_rules, self.seed, withhold, law=self.draw, keys=keys
            )
        else:
            found = read_sentences(self.data, grammar, max_rules)
            max_rules = max_rules or max(len(derivation) for derivation in found)
            found = distinct_sentences(grammar, found, keys)
            derivations, withheld = keep_sentences(grammar, found, withhold)
        if len(derivations) < self.count + self.held_out:
            tell(
                f"{len(derivations):,} sentences are fewer than the {self.count:,} + "
                f"{self.held_out:,} asked for: a tenth of them is held out"
            )
        data = split(
            grammar,
            derivations,
            max_rules,
            train=self.count,
            held_out=self.held_out,
            seed=self.seed,
            withheld=withheld,
        )
        return data, max_rules

    def withholding(self, grammar: Grammar, tell: Tell = silent) -> Withhold:
        """What to keep out of the data, given the target and what kind of sentences these are.

        Raises:
            LisaError: if sentences should be withheld that cannot be scored.
        """
        if self.withhold == "no":
            return Withhold(None)
        limit = default_max_rules(grammar.shortest)
        probes = derivations_to_texts(
            grammar, sample_uniform(grammar, 200, limit, self.seed, distinct=False)
        )
        try:
            objective = regression_for(self.target, variables=variables_of(probes) or None)
        except LisaError:
            if self.withhold == "yes" or self.target != KUSNER_TARGET:
                raise
            tell(
                f"the sentences have no such variables as the default target {KUSNER_TARGET}: "
                "nothing is withheld for it"
            )
            return Withhold(None)
        if parsable(probes, objective.variables).any():
            return Withhold(objective)
        if self.withhold == "yes":
            raise LisaError(
                f"sentences of {self.grammar} cannot be scored against the target "
                f"{self.target}: they are no expressions in {', '.join(objective.variables)}; "
                "name a --target in their variables, or use --withhold no"
            )
        tell(
            f"the sentences are no expressions in {', '.join(objective.variables)}: "
            "nothing is withheld for a target"
        )
        return Withhold(None)


def by_algebra(texts: Sequence[str]) -> Iterator[Hashable]:
    """Tell expressions apart by the sums of terms that they are, other texts as written."""
    read = Reading()
    for text in texts:
        found = read.sum(text)
        yield text if found is None else identity(found)
