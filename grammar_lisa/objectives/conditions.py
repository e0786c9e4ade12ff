"""Conditions on a property of sentences, such as ``length<=20`` or ``qed>0.8``."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from shared.common.errors import LisaError

_RELATIONS: Final[Mapping[str, Callable[[float, float], bool]]] = MappingProxyType(
    {
        "<=": operator.le,
        ">=": operator.ge,
        "!=": operator.ne,
        "==": operator.eq,
        "=": operator.eq,
        "<": operator.lt,
        ">": operator.gt,
    }
)
_FORM: Final = re.compile(r"\s*([\w.:-]+?)\s*(<=|>=|!=|==|=|<|>)\s*(\S+)\s*")


@dataclass(frozen=True)
class Condition:
    """What a property has to be.

    Attributes:
        name: Of the property; see `measured`.
        relation: How its value relates to a bound: < <= > >= = or !=.
        bound: The bound, finite.
    """

    name: str
    relation: str
    bound: float

    @classmethod
    def of_word(cls, word: str) -> Condition:
        """Return the condition that a word such as ``logp>3`` says.

        Raises:
            LisaError: It says none.
        """
        match = _FORM.fullmatch(word)
        try:
            bound = float(match.group(3)) if match else math.nan
        except ValueError:
            bound = math.nan
        if match is None or not math.isfinite(bound):
            raise LisaError(
                f"a condition is PROPERTY, one of {' '.join(_RELATIONS)}, and a number, such as "
                f"'length<=20', not '{word}'"
            )
        return cls(match.group(1), match.group(2), bound)

    def holds(self, value: float | None) -> bool:
        """Tell whether a value fulfils the condition; where there is none, none does."""
        return value is not None and _RELATIONS[self.relation](value, self.bound)

    def __str__(self) -> str:
        return f"{self.name}{self.relation}{self.bound:g}"
