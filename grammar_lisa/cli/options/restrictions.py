"""The options of commands whose sentences can be restricted."""

from dataclasses import dataclass

import tyro

from grammar_lisa.grammar.restrictions import Restrictions
from shared.cli.terminal import Output


@dataclass(frozen=True, kw_only=True)
class RestrictionFlags:
    """What no sentence holds, or only so often.

    Attributes:
        forbid: A terminal, a nonterminal or a rule, as the grammar writes it, that no sentence
            uses; sin is the terminal sin( too. May be repeated.
        at_most: How often at most such a thing may come in a sentence, as in sin:2 or 'T -> x:3'.
            May be repeated.
    """

    forbid: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    at_most: tyro.conf.UseAppendAction[tuple[str, ...]] = ()

    @property
    def restrictions(self) -> Restrictions:
        """What the options say."""
        return Restrictions.of_words(self.forbid, self.at_most)


@dataclass(frozen=True, kw_only=True)
class RestrictionOptions(RestrictionFlags, Output):
    """The same, of a command that has nothing else to refuse."""

    def check(self) -> None:
        """Refuse bounds that are none, and what other options make no sense.

        Raises:
            LisaError: Naming the first.
        """
        super().check()
        assert self.restrictions is not None
