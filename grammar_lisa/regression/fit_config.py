"""What a search for formulas is told: operators, size, time, loss, when to stop."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from shared.common.errors import LisaError
from shared.common.words import unknown

ARITHMETIC: Final = ("+", "-", "*", "/", "pow")
"""With these, every formula that the sources of candidates make is allowed."""
FUNCTIONS: Final = (
    *("sqrt", "log", "exp", "sin", "cos", "tan", "asin", "acos", "atan"),
    *("sinh", "cosh", "tanh", "abs"),
)
OPERATORS: Final = "+ - * / pow sqrt log exp sin cos"
"""What formulas are made with by default."""
SOURCES: Final = (
    "subexpressions",
    "polynomials",
    "features",
    "dictionary",
    "pairs",
    "backpropagation",
    "separability",
    "variation",
    "sphere",
)
"""Where candidates come from; lines in the variables and powers of them come first and always."""
LOSS_NAMES: Final = ("mse", "mae", "huber", "relative", "log")
COMPLEXITIES: Final = (1, 200)
JOBS: Final = (1, 1024)
LONGEST: Final = 30 * 24 * 3600.0
"""The most seconds of a search."""
_SYNONYMS: Final = {"**": "pow", "^": "pow"}
_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_STOPS: Final = ("r2", "loss")


class Stop(NamedTuple):
    """When a formula is good enough.

    Attributes:
        measure: ``r2``, which must be reached from below, or ``loss``, from above.
        value: What must be reached.
    """

    measure: str
    value: float


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """What a search for formulas is told.

    Attributes:
        operators: What formulas are made with: some of + - * / pow sqrt log exp sin cos
            tan asin acos atan sinh cosh tanh abs, separated by blanks.
        grammar: A .cfg file whose sentences are the formulas that are allowed, each c in them a
            number to be fitted; in place of the operators.
        max_complexity: The most operations, variables and numbers of a formula.
        max_time: Seconds of the search, of which a tenth is kept back for the last fits.
        loss: What is made small: mse, mae, huber, relative, log, or a function of one's own,
            package.module:function, from targets and predictions to a loss for each.
        digits: The most significant digits of a number; None lets the data decide.
        stop_at: What is good enough, as in r2=0.9999 or loss=1e-6; None searches on.
        guesses: Formulas to begin from; each c in them is a number to be fitted.
        seed: Of everything random.
        jobs: Searches at a time, each with a seed of its own and on one core.
        sources: Where candidates come from, some of `SOURCES`; None for all.
        untrained: Whether the sphere has the weights that its training began from, a control.
    """

    operators: str = OPERATORS
    grammar: str | None = None
    max_complexity: int = 40
    max_time: float = 60.0
    loss: str = "mse"
    digits: int | None = None
    stop_at: str | None = None
    guesses: tuple[str, ...] = ()
    seed: int = 0
    jobs: int = 1
    sources: tuple[str, ...] | None = None
    untrained: bool = False

    @property
    def operator_names(self) -> tuple[str, ...]:
        """The operators, each once.

        Raises:
            LisaError: One is unknown, or there is none.
        """
        words = [_SYNONYMS.get(word, word) for word in _words(self.operators)]
        for word in words:
            if word not in (*ARITHMETIC, *FUNCTIONS):
                raise LisaError(unknown("operator", word, (*ARITHMETIC, *FUNCTIONS)))
        if not words:
            raise LisaError(f"operators is empty; give some of {OPERATORS}")
        return tuple(dict.fromkeys(words))

    @property
    def stop(self) -> Stop | None:
        """What is good enough.

        Raises:
            LisaError: The text says nothing of the kind.
        """
        return None if self.stop_at is None else _stop_of(self.stop_at)

    def check(self) -> None:
        """Refuse settings that make no sense.

        Raises:
            LisaError: Naming the first.
        """
        _ = self.operator_names, self.stop
        _check_range("max_complexity", self.max_complexity, *COMPLEXITIES)
        _check_range("jobs", self.jobs, *JOBS)
        if not 0 < self.max_time <= LONGEST:
            raise LisaError(
                f"the time must be above 0 and at most {LONGEST:,.0f} seconds, not {self.max_time}"
            )
        if self.digits is not None:
            _check_range("digits", self.digits, 1, 17)
        _check_sources(self.sources or ())
        check_loss(self.loss)


def check_loss(name: str) -> None:
    """Refuse a name of a loss that there is not.

    Raises:
        LisaError: Saying which there are.
    """
    if ":" not in name and name not in LOSS_NAMES:
        raise LisaError(
            f"{unknown('loss', name, LOSS_NAMES)}; a function of your own is "
            "package.module:function"
        )


def sources_without(text: str) -> tuple[str, ...] | None:
    """Return the sources of candidates but for those that a text names; None where it names none.

    Raises:
        LisaError: There is no source of that name.
    """
    names = _words(text)
    _check_sources(names)
    return tuple(name for name in SOURCES if name not in names) if names else None


def _check_sources(names: Sequence[str]) -> None:
    for name in names:
        if name not in SOURCES:
            raise LisaError(unknown("source of candidates", name, SOURCES))


def _words(text: str) -> list[str]:
    """Return what blanks or commas separate."""
    return [word for word in re.split(r"[\s,]+", text) if word]


def seconds_of(text: str, name: str = "--time") -> float:
    """Return the seconds that a text such as 90, 60s, 2m or 1.5h says.

    Args:
        text: The text.
        name: Of the option or parameter that holds it.

    Raises:
        LisaError: It says no time.
    """
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*(s|m|min|h|)\s*", text)
    if match is None:
        raise LisaError(f"{name} must be seconds, or a time such as 90s, 2m or 1.5h, not {text!r}")
    return float(match[1]) * _UNITS[match[2]]


def _stop_of(text: str) -> Stop:
    name, _, value = (part.strip() for part in text.partition("="))
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    fit = math.isfinite(number) and (number <= 1 if name == "r2" else number >= 0)
    if name not in _STOPS or not fit:
        raise LisaError(
            f"what to stop at must be r2=NUMBER, at most 1, or loss=NUMBER, at least 0, such as "
            f"r2=0.9999, not {text!r}"
        )
    return Stop(name, number)


def _check_range(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise LisaError(f"{name} must be from {least} to {most}, not {value}")
