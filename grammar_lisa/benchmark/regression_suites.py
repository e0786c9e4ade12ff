"""Problems of symbolic regression: formulas, the ranges of their inputs, how rows are drawn."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import numpy as np

from grammar_lisa.benchmark.regression_curves import CURVES
from grammar_lisa.expressions.evaluation import evaluate, parsable
from grammar_lisa.objectives.targets import SETS, TARGETS, Target
from grammar_lisa.regression.tables.safe_names import safe_names
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed

SuiteName = Literal["nguyen", "livermore", "feynman", "strogatz", "mixed", "tables"]
FROM_FILE: Final = ("feynman", "strogatz", "mixed")
"""Suites whose formulas stand in a file, all or some of them."""
MIXED_OF: Final[tuple[SuiteName, ...]] = ("nguyen", "livermore", "feynman", "strogatz")
MIXED: Final = 30
"""How many formulas of those suites the mixed one has, drawn once and for all."""
OTHER_ROWS: Final = 1_000
"""Rows that formulas are judged on where a suite has no test rows of its own."""

_ROWS, _TEST_ROWS = 750, 250
_DRAWS: Final = 1_000
"""How many times rows are drawn again where a formula has no value."""

STROGATZ_RANGES: Final[Mapping[str, tuple[tuple[float, float], ...]]] = MappingProxyType(
    {
        "bacres": ((5.0, 16.0), (10.0, 54.0)),
        "barmag": ((-0.4, 6.7), (-0.4, 6.7)),
        "glider": ((0.6, 5.5), (-0.4, 28.0)),
        "lv": ((0.0, 4.0), (0.0, 3.0)),
        "predprey": ((0.0, 5.0), (2.5, 11.0)),
        "shearflow": ((-4.7, 4.7), (0.3, 2.8)),
        "vdp": ((-2.0, 2.0), (-0.75, 0.85)),
    }
)
"""The ranges of x and y. The published rows are four trajectories of ten time units from drawn
states (github.com/lacava/ode-strogatz, simulate_ode.m). Simulated from sixty such states, they keep
to these ranges for 98 % of the time. The competition of species also has its beginnings, as it soon
rests; y of the shear flow keeps off zero, where its cotangent has a pole."""


@dataclass(frozen=True)
class Problem:
    """A formula to be found from rows.

    Attributes:
        name: How it is asked for.
        formula: Over safe names, as expressions are read.
        variables: The inputs.
        ranges: Of each input, the least and the greatest value.
        rows: To find the formula with.
        test_rows: To judge formulas on, without noise.
        source: Where it is from.
        noise: Its own share of noise; None where a comparison decides.
    """

    name: str
    formula: str
    variables: tuple[str, ...]
    ranges: tuple[tuple[float, float], ...]
    rows: int
    test_rows: int
    source: str
    noise: float | None = None

    def points(self, count: int, seed: int) -> dict[str, Floats]:
        """Draw inputs uniformly where the formula has a value, each ``[row]``.

        Raises:
            LisaError: It has none nearly everywhere.
        """
        generator = np.random.default_rng(seed)
        low, high = np.array(self.ranges).T
        kept: list[Floats] = []
        found = 0
        for _ in range(_DRAWS):
            drawn = generator.uniform(low, high, (count, len(low)))
            finite = np.isfinite(self.values(dict(zip(self.variables, drawn.T, strict=True))))
            kept.append(drawn[finite])
            found += int(finite.sum())
            if found >= count:
                columns = np.concatenate(kept)[:count].T
                return dict(zip(self.variables, map(np.ascontiguousarray, columns), strict=True))
        raise LisaError(f"{self.name}: {self.formula} has no value in most of its ranges")

    def values(self, points: Mapping[str, Floats]) -> Floats:
        """Return the values of the formula, ``[row]``."""
        values: Floats = evaluate([self.formula], points)[0]
        return values


@dataclass(frozen=True)
class Rows:
    """The rows of a problem for a seed.

    Attributes:
        points: The inputs, each ``[row]``.
        target: With noise, ``[row]``.
        test_points: Of the rows to judge on.
        test_target: Without noise.
    """

    points: dict[str, Floats]
    target: Floats
    test_points: dict[str, Floats]
    test_target: Floats


def draw_rows(problem: Problem, noise: float, seed: int) -> Rows:
    """Draw the rows of a problem.

    Normal noise is added to the rows that formulas are found with, as SRBench adds it: its standard
    deviation is a share of the root mean square of their target.

    Args:
        problem: The problem.
        noise: The share.
        seed: Of rows and noise.
    """
    points = problem.points(problem.rows, derive_seed(seed, "rows", problem.name))
    test_points = problem.points(problem.test_rows, derive_seed(seed, "test rows", problem.name))
    target = problem.values(points)
    generator = np.random.default_rng(derive_seed(seed, "noise", problem.name))
    deviation = noise * float(np.sqrt(np.square(target).mean()))
    noisy = target + deviation * generator.standard_normal(len(target))
    return Rows(points, noisy, test_points, problem.values(test_points))


def suite(name: SuiteName, file: Path | None = None) -> tuple[Problem, ...]:
    """Return the problems of a suite.

    The mixed suite is made for ablations: 30 of the formulas of four suites, all equally likely,
    drawn without a look at any result.

    Args:
        name: The suite.
        file: The formulas of those `FROM_FILE`: a table, separated by tabs, with the columns name,
            formula and ranges; names begin with that of the suite.

    Raises:
        LisaError: The file is missing, cannot be read, or has no problem of the suite.
    """
    if name in FROM_FILE:
        if file is None:
            raise LisaError(f"the formulas of {name} stand in a file; name it with --data FILE")
        return _mixed(file) if name == "mixed" else _from_file(name, file)
    if name == "tables":
        return tuple(
            Problem(
                each.name,
                each.formula,
                tuple(each.ranges),
                tuple(each.ranges.values()),
                200,
                500,
                each.field,
                each.noise,
            )
            for each in CURVES
        )
    return tuple(_of_target(TARGETS[each]) for each in SETS[name])


def _mixed(file: Path) -> tuple[Problem, ...]:
    problems = [problem for name in MIXED_OF for problem in suite(name, file)]
    drawn = np.random.default_rng(derive_seed(0, "mixed")).permutation(len(problems))[:MIXED]
    return tuple(problems[place] for place in sorted(drawn.tolist()))


def _of_target(target: Target) -> Problem:
    ranges = ((target.low, target.high),) * len(target.variables)
    return Problem(
        target.name,
        target.formula,
        target.variables,
        ranges,
        target.points,
        OTHER_ROWS,
        "arXiv:1912.04871" if target.name.startswith("nguyen") else "arXiv:2111.00053",
    )


def _from_file(name: str, file: Path) -> tuple[Problem, ...]:
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LisaError(f"--data {file} cannot be read: {error}") from None
    if not rows or not {"name", "formula", "ranges"} <= rows[0].keys():
        raise LisaError(f"--data {file} must have the columns name, formula and ranges, with tabs")
    problems = tuple(
        _of_row(row, f"{file}, row {number}")
        for number, row in enumerate(rows, start=2)
        if str(row["name"]).startswith(f"{name}_")
    )
    if not problems:
        raise LisaError(f"--data {file} has no formula whose name begins with {name}_")
    return problems


def _of_row(row: Mapping[str, str | None], place: str) -> Problem:
    name, formula = str(row["name"]), str(row["formula"]).partition("=")[2]
    own = _own_ranges(row["ranges"] or "", place) or _strogatz_ranges(name, place)
    safe = dict(zip(own, safe_names(list(own)), strict=True))
    text = _translated(formula, safe)
    variables = tuple(safe.values())
    if not parsable([text], variables)[0]:
        raise LisaError(f"{place}: {formula.strip()!r} is no formula over {', '.join(own)}")
    source = "SRBench, ground truth"
    return Problem(name, text, variables, tuple(own.values()), _ROWS, _TEST_ROWS, source)


_RANGE: Final = re.compile(r"\s*(\w+) in \[\s*([^,\]]+),\s*([^,\]]+)\]\s*")


def _own_ranges(text: str, place: str) -> dict[str, tuple[float, float]]:
    """Return the ranges that a row names, by variable: ``m in [1.0,5.0]; g in [1.0,5.0]``."""
    found = {}
    for part in filter(str.strip, text.split(";")):
        match = _RANGE.fullmatch(part)
        try:
            assert match is not None
            low, high = float(match[2]), float(match[3])
        except (AssertionError, ValueError):
            low = high = np.nan
        if match is None or not low < high < np.inf:
            raise LisaError(f"{place}: {part.strip()!r} is no range such as x in [1.0,5.0]")
        found[match[1]] = (low, high)
    return found


def _strogatz_ranges(name: str, place: str) -> dict[str, tuple[float, float]]:
    system = name.removeprefix("strogatz_").rstrip("0123456789")
    if system not in STROGATZ_RANGES:
        raise LisaError(f"{place}: {name} has no ranges, and is none of {', '.join(_SYSTEMS)}")
    return dict(zip("xy", STROGATZ_RANGES[system], strict=True))


_SYSTEMS: Final = tuple(STROGATZ_RANGES)
_FUNCTIONS: Final = {"ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan"}


def _translated(formula: str, names: Mapping[str, str]) -> str:
    """Return a formula with functions as expressions call them, and with safe names."""
    meant = _FUNCTIONS | dict(names)
    text = re.sub(r"[^\W\d]\w*", lambda match: meant.get(match[0], match[0]), formula).strip()
    while (start := re.search(r"\bcot\s*\(", text)) is not None:
        end = _closing(text, start.end())
        text = f"{text[: start.start()]}(1/tan({text[start.end() : end]})){text[end + 1 :]}"
    return text


def _closing(text: str, begin: int) -> int:
    """Return where the parenthesis closes that was opened before a place; the end if nowhere."""
    depth = 1
    for place in range(begin, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return len(text)


def chosen_problems(problems: Sequence[Problem], names: Sequence[str]) -> tuple[Problem, ...]:
    """Return the problems of some names, or all where there are none.

    Raises:
        LisaError: One is unknown.
    """
    known = {problem.name: problem for problem in problems}
    for name in names:
        if name not in known:
            raise LisaError(
                f"--problems: {name} is none of this suite; valid are {', '.join(known)}"
            )
    return tuple(known[name] for name in dict.fromkeys(names)) or tuple(problems)
