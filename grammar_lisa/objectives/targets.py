"""Targets of symbolic regression by name: Kusner's, six like it, Nguyen's and Livermore's."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from grammar_lisa.expressions.evaluation import evaluate, evaluate_readable
from grammar_lisa.expressions.expression import VARIABLE, Pool
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from grammar_lisa.objectives.regression import Regression, Spacing, sample_points
from shared.common.arrays import Bools, Floats
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed

OTHER_POINTS: Final = 1000
"""Points at which `Target.recovered` compares functions."""
_SAME: Final = 1e-6
_NOTHING: Final = 1e-9
"""How far values may differ, relatively and near zero, that are equal up to rounding."""


@dataclass(frozen=True)
class Target:
    """One target: a formula and the points on which it is to be found.

    Attributes:
        name: How it is asked for; of an expression, itself.
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
    spacing: Spacing | None = "uniform"

    def regression(self, seed: int = 0) -> Regression:
        """Return the objective; `seed` seeds the draw of the points."""
        return Regression.target(
            self.formula,
            self.variables,
            self.points,
            self.low,
            self.high,
            seed,
            self.spacing,
        )

    def points_drawn(self, seed: int = 0) -> dict[str, Floats]:
        """Return points of `regression` with the same seed, values of each variable `[point]`."""
        return sample_points(self.variables, self.points, self.low, self.high, seed, self.spacing)

    def recovered(self, sentences: Sequence[str | None], seed: int = 0) -> Bools:
        """Tell which sentences equal the formula as functions, ``[sentence]``.

        They are compared at 1,000 uniform draws of its range, other points than those that
        `regression` takes with the same seed, where the formula is finite: with twenty points
        a wrong formula may meet them all by chance.
        """
        other = derive_seed(seed, "recovered")
        points = sample_points(self.variables, OTHER_POINTS, self.low, self.high, other, "uniform")
        wanted = evaluate([self.formula], points)[0]
        known = np.isfinite(wanted)
        values = evaluate_readable(sentences, points)[:, known]
        with np.errstate(invalid="ignore", over="ignore"):
            near = np.abs(values - wanted[known]) <= _NOTHING + _SAME * np.abs(wanted[known])
        equal: Bools = near.all(axis=1)
        return equal


_X, _XY = ("x",), ("x", "y")
_UNIT: Final = (0.0, 1.0)
_SETS: Final[Mapping[str, tuple[Target, ...]]] = {
    "kusner": (Target("kusner", KUSNER_TARGET, ("x",), -10.0, 10.0, 1000, "grid"),),
    # Chosen for variety before anything was searched; each has at most 15 rules in expr.cfg.
    "expr": tuple(
        Target(f"expr-{number}", formula, ("x",), -10.0, 10.0, 1000, "grid")
        for number, formula in enumerate(
            (
                "2*sin(x)*sin(3*x)",
                "3*x/(1+x*x)",
                "3*sin(x+sin(2*x))",
                "x*exp(sin(2*x))",
                "x*x/(2+sin(x))",
                "x/2+3*sin(2*x)",
            ),
            start=1,
        )
    ),
    "nguyen": (
        Target("nguyen-1", "x**3 + x**2 + x"),
        Target("nguyen-2", "x**4 + x**3 + x**2 + x"),
        Target("nguyen-3", "x**5 + x**4 + x**3 + x**2 + x"),
        Target("nguyen-4", "x**6 + x**5 + x**4 + x**3 + x**2 + x"),
        Target("nguyen-5", "sin(x**2)*cos(x) - 1"),
        Target("nguyen-6", "sin(x) + sin(x + x**2)"),
        Target("nguyen-7", "log(x + 1) + log(x**2 + 1)", _X, 0.0, 2.0),
        Target("nguyen-8", "sqrt(x)", _X, 0.0, 4.0),
        Target("nguyen-9", "sin(x) + sin(y**2)", _XY, *_UNIT),
        Target("nguyen-10", "2*sin(x)*cos(y)", _XY, *_UNIT),
        Target("nguyen-11", "x**y", _XY, *_UNIT),
        Target("nguyen-12", "x**4 - x**3 + y**2/2 - y", _XY, *_UNIT),
    ),
    "livermore": (
        Target("livermore-1", "1/3 + x + sin(x**2)", _X, -10.0, 10.0, 1000),
        Target("livermore-2", "sin(x**2)*cos(x) - 2"),
        Target("livermore-3", "sin(x**3)*cos(x**2) - 1"),
        Target("livermore-4", "log(x + 1) + log(x**2 + 1) + log(x)", _X, 0.0, 2.0),
        Target("livermore-5", "x**4 - x**3 + x**2 - y", _XY, *_UNIT),
        Target("livermore-6", "4*x**4 + 3*x**3 + 2*x**2 + x"),
        Target("livermore-7", "sinh(x)"),
        Target("livermore-8", "cosh(x)"),
        Target("livermore-9", "x**9 + x**8 + x**7 + x**6 + x**5 + x**4 + x**3 + x**2 + x"),
        Target("livermore-10", "6*sin(x)*cos(y)", _XY, *_UNIT),
        Target("livermore-11", "x**2*y**2/(x + y)", _XY, points=50),
        Target("livermore-12", "x**5/y**3", _XY, points=50),
        Target("livermore-13", "x**(1/3)", _X, 0.0, 4.0),
        Target("livermore-14", "x**3 + x**2 + x + sin(x) + sin(x**2)"),
        Target("livermore-15", "x**(1/5)", _X, 0.0, 4.0),
        Target("livermore-16", "x**(2/5)", _X, 0.0, 4.0),
        Target("livermore-17", "4*sin(x)*cos(y)", _XY, *_UNIT),
        Target("livermore-18", "sin(x**2)*cos(x) - 5"),
        Target("livermore-19", "x**5 + x**4 + x**2 + x"),
        Target("livermore-20", "exp(-x**2)"),
        Target("livermore-21", "x**8 + x**7 + x**6 + x**5 + x**4 + x**3 + x**2 + x"),
        Target("livermore-22", "exp(-0.5*x**2)"),
    ),
}
SETS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {name: tuple(target.name for target in targets) for name, targets in _SETS.items()}
)
"""The names of targets, by set. Nguyen's are those of Uy et al. (2011), as Petersen et al.
(arXiv:1912.04871) draw them; Livermore's those of Mundhenk et al. (arXiv:2111.00053, appendix)."""
TARGETS: Final[Mapping[str, Target]] = MappingProxyType(
    {target.name: target for targets in _SETS.values() for target in targets}
)
"""Every named target."""

_LOOKS_NAMED: Final = re.compile(r"[^\W\d_]{2}[\w\s-]*")
_SHORT: Final = re.compile(r"[^\W\d]\d*")


def regression_for(
    target: str, seed: int = 0, variables: Sequence[str] | None = None
) -> Regression:
    """Return the objective for a named target or for an expression; see `target_for`.

    Args:
        target: A name of `TARGETS`, in any case, or an expression.
        seed: Seeds the draw of the points.
        variables: The variables of an expression. By default those it mentions, each one letter
            and perhaps digits.

    Raises:
        LisaError: The name is unknown, or the expression cannot be read or is not finite at
            every point.
    """
    return target_for(target, variables).regression(seed)


def target_for(target: str, variables: Sequence[str] | None = None) -> Target:
    """Return the target of a name or of an expression.

    An expression of one variable is taken at 1,000 equal steps from −10 to 10, one of several at
    1,000 uniform draws from the same range.

    Args:
        target: A name of `TARGETS`, in any case, or an expression.
        variables: The variables of an expression. By default those it mentions, each one letter
            and perhaps digits.

    Raises:
        LisaError: The name is unknown.
    """
    named = TARGETS.get(target.strip().lower().replace("_", "-").replace(" ", "-"))
    if named is not None:
        return named
    chosen = tuple(variables) if variables is not None else _mentioned(target)
    if _LOOKS_NAMED.fullmatch(target.strip()) and Pool(chosen).find(target) is None:
        raise _unknown(target)
    return Target(target.strip(), target, chosen, -10.0, 10.0, 1000, None)


def _mentioned(target: str) -> tuple[str, ...]:
    """Return the variables of an expression with short names, sorted; x where there is none."""
    pool = Pool()
    pool.find(target)
    names = sorted({node.name for node in pool.nodes if node.operator == VARIABLE})
    return tuple(name for name in names if _SHORT.fullmatch(name)) or ("x",)


def _unknown(target: str) -> LisaError:
    name = target.strip()
    near = difflib.get_close_matches(name.lower(), TARGETS, n=1)
    known = ", ".join(map(span_of, SETS))
    return LisaError(
        f"{name} names no target; {f'did you mean {near[0]}? V' if near else 'v'}alid are {known}, "
        f"or an expression such as {KUSNER_TARGET}"
    )


def span_of(name: str) -> str:
    """Return the first and the last target of a set, as messages name them."""
    names = SETS[name]
    return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"
