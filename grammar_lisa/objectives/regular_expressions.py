"""The objective `regex:FILE`: a regular expression that matches these strings and not those."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from grammar_lisa.objectives.external import FunctionObjective
from grammar_lisa.objectives.span_matching import Strings
from shared.common.errors import LisaError

PREFIX: Final = "regex:"
"""How the names of these objectives begin; the file's name follows."""
CHARACTERS: Final = 100
"""So many characters of an expression weigh as much as one string that is judged wrongly."""


@dataclass(frozen=True)
class Examples:
    """Strings that are to be matched, and strings that are not.

    Attributes:
        matched: Those to match.
        unmatched: Those not to match.
    """

    matched: tuple[str, ...]
    unmatched: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file of examples, one a line.

        ``+ text`` is to be matched, ``- text`` is not. What stands behind the sign and one blank
        is the string as it is, which may be empty. Empty lines and lines that begin with # do not
        count.

        Raises:
            LisaError: The file cannot be read, a line is none of these, a string is to be matched
                and not, or nothing is to be matched.
        """
        found: dict[str, dict[str, None]] = {"+": {}, "-": {}}
        for number, line in enumerate(_lines(path), 1):
            if not line or line.startswith("#"):
                continue
            sign, text = line[:1], line[2:]
            if sign not in found or line[1:2].strip():
                raise LisaError(
                    f"{path}:{number}: {line!r} is no example; valid are '+ text' for what is to "
                    "be matched, '- text' for what is not, and lines that begin with #"
                )
            found[sign][text] = None
        both = found["+"].keys() & found["-"].keys()
        if both:
            raise LisaError(f"{path}: {min(both)!r} stands behind + and behind -; keep one of them")
        if not found["+"]:
            raise LisaError(
                f"{path}: no line '+ text' says what is to be matched; give one or more"
            )
        return cls(tuple(found["+"]), tuple(found["-"]))


class RegexObjective(FunctionObjective):
    """The share of examples that an expression judges wrongly, and a little for its length.

    An expression matches a string if it does so from beginning to end. A hundred characters weigh
    as much as one string. What is no regular expression has no score.
    """

    def __init__(self, examples: Examples) -> None:
        """Lay the examples out.

        Raises:
            LisaError: They are too many or too long.
        """
        self.examples = examples
        self._strings = Strings(examples.matched + examples.unmatched)
        self._wanted = np.arange(len(self._strings.strings)) < len(examples.matched)
        super().__init__(self.score)

    def score(self, expression: str) -> float:
        """Return the strings that are judged wrongly plus a hundredth a character, by all strings.

        Raises:
            RegularExpressionError: It is none.
        """
        wrong = int(np.count_nonzero(self._strings.full_matches(expression) != self._wanted))
        return (wrong + len(expression) / CHARACTERS) / len(self._wanted)


def regex_objective(name: str) -> RegexObjective:
    """Return the objective that a name ``regex:FILE`` means.

    Raises:
        LisaError: The file is not there or holds no examples.
    """
    return RegexObjective(Examples.read(Path(name.removeprefix(PREFIX))))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise LisaError(
            f"{PREFIX}{path}: the file of examples cannot be read: {error.strerror or error}; "
            "valid is a file with lines '+ text' and '- text'"
        ) from None
    except UnicodeDecodeError as error:
        raise LisaError(f"{path} is no text in UTF-8, from byte {error.start + 1} on") from None
