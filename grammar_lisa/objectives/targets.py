"""Targets of symbolic regression by name: Kusner's and the twelve of Nguyen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from grammar_lisa.objectives.expression import VARIABLE, Pool, choices
from grammar_lisa.objectives.regression import KUSNER_TARGET, Regression, Spacing
from shared.errors import LisaError


@dataclass(frozen=True)
class Target:
    """One benchmark: a formula and the points on which it is to be found.

    Attributes:
        name: How it is asked for.
        formula: The formula.
        variables: Its variables.
        low: The smallest value of a variable.
        high: The largest value of a variable.
        points: The number of points.
        spacing: Equal steps or independent uniform draws.
    """

    name: str
    formula: str
    variables: tuple[str, ...] = ("x",)
    low: float = -1.0
    high: float = 1.0
    points: int = 20
    spacing: Spacing = "uniform"

    def regression(self, seed: int = 0) -> Regression:
        """The objective; `seed` seeds the draw of the points."""
        return Regression.from_target(
            self.formula,
            self.variables,
            self.points,
            self.low,
            self.high,
            seed,
            self.spacing,
        )


def _nguyen(
    number: int,
    formula: str,
    low: float = -1.0,
    high: float = 1.0,
    variables: tuple[str, ...] = ("x",),
) -> Target:
    return Target(f"nguyen-{number}", formula, variables, low, high)


_XY: Final = ("x", "y")
_ALL: Final = (
    Target("kusner", KUSNER_TARGET, ("x",), -10.0, 10.0, 1000, "grid"),
    _nguyen(1, "x**3 + x**2 + x"),
    _nguyen(2, "x**4 + x**3 + x**2 + x"),
    _nguyen(3, "x**5 + x**4 + x**3 + x**2 + x"),
    _nguyen(4, "x**6 + x**5 + x**4 + x**3 + x**2 + x"),
    _nguyen(5, "sin(x**2)*cos(x) - 1"),
    _nguyen(6, "sin(x) + sin(x + x**2)"),
    _nguyen(7, "log(x + 1) + log(x**2 + 1)", 0.0, 2.0),
    _nguyen(8, "sqrt(x)", 0.0, 4.0),
    _nguyen(9, "sin(x) + sin(y**2)", 0.0, 1.0, _XY),
    _nguyen(10, "2*sin(x)*cos(y)", 0.0, 1.0, _XY),
    _nguyen(11, "x**y", 0.0, 1.0, _XY),
    _nguyen(12, "x**4 - x**3 + y**2/2 - y", 0.0, 1.0, _XY),
)
TARGETS: Final[Mapping[str, Target]] = MappingProxyType({target.name: target for target in _ALL})
"""Every named target. Nguyen's are those of Uy et al. (2011), with twenty points each."""

_LOOKS_NAMED: Final = re.compile(r"[^\W\d_]{2}[\w\s-]*")
_SHORT: Final = re.compile(r"[^\W\d]\d*")


def regression_for(
    target: str, seed: int = 0, variables: Sequence[str] | None = None
) -> Regression:
    """The objective for a named target or for an expression.

    An expression of one variable is taken at 1,000 equal steps from −10 to 10, one of several at
    1,000 uniform draws from the same range.

    Args:
        target: A name of `TARGETS`, in any case, or an expression.
        seed: Seeds the draw of the points.
        variables: The variables of an expression. By default those it mentions, each one letter
            and perhaps digits.

    Raises:
        LisaError: The name is unknown, or the expression cannot be read or is not finite at
            every point.
    """
    named = TARGETS.get(target.strip().lower().replace("_", "-").replace(" ", "-"))
    if named is not None:
        return named.regression(seed)
    chosen = tuple(variables) if variables is not None else _mentioned(target)
    if _LOOKS_NAMED.fullmatch(target.strip()) and Pool(chosen).find(target) is None:
        raise _unknown(target)
    return Regression.from_target(target, chosen, seed=seed)


def _mentioned(target: str) -> tuple[str, ...]:
    """The variables of an expression with short names, sorted; x where there is none."""
    pool = Pool()
    pool.find(target)
    names = sorted({node.name for node in pool.nodes if node.operator == VARIABLE})
    return tuple(name for name in names if _SHORT.fullmatch(name)) or ("x",)


def _unknown(target: str) -> LisaError:
    name = target.strip()
    known = choices(name.lower(), TARGETS)
    return LisaError(f"{name} names no target{known}, or an expression such as {KUSNER_TARGET}")
