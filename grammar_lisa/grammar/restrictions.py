"""What may not stand in a sentence, or only so often: restrictions from outside the grammar."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.common.errors import LisaError


@dataclass(frozen=True)
class Restrictions:
    """What is forbidden, and what is bounded, by name.

    A name is that of a terminal, with or without quotes; a terminal such as ``'sin('`` is also
    called by what stands before its bracket. Or it is the name of a nonterminal, whose rules are
    meant, or a rule as the grammar writes it, ``T -> 'sin(' S ')'``; its blanks and quotes can be
    left away.

    Attributes:
        forbid: Names of what no sentence may hold.
        at_most: By name, how often at most it may come in a sentence.
    """

    forbid: tuple[str, ...] = ()
    at_most: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, most in self.at_most.items():
            if most < 0:
                raise LisaError(f"at most {most} of {name} cannot be; a bound is 0 or more")

    @classmethod
    def of_words(cls, forbid: Iterable[str], at_most: Iterable[str]) -> "Restrictions":
        """Return the restrictions that words name; of two bounds of a name the lower one counts.

        Args:
            forbid: Names.
            at_most: Words NAME:COUNT, such as ``sin:2``.

        Raises:
            LisaError: Naming the word that is none such.
        """
        bounds: dict[str, int] = {}
        for word in at_most:
            name, _, count = word.rpartition(":")
            if not name or not re.fullmatch(r"\s*[0-9]{1,9}\s*", count):
                raise LisaError(
                    f"--at-most takes NAME:COUNT, such as 'sin:2', not '{word}'; the count is a "
                    "whole number of at most nine digits"
                )
            bounds[name] = min(int(count), bounds.get(name, int(count)))
        return cls(tuple(forbid), bounds)

    def __bool__(self) -> bool:
        return bool(self.forbid or self.at_most)

    def __str__(self) -> str:
        bounds = [f"at most {most} of {name}" for name, most in self.at_most.items()]
        return ", ".join([*(f"no {name}" for name in self.forbid), *bounds])
