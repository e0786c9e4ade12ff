"""Whether a formula is the solution of a problem: one rule for all systems.

SRBench (La Cava et al. 2021, arXiv:2107.14351) calls a formula a solution if, its constants rounded
to three decimals and simplified, its difference from the truth is a constant, or their ratio is a
constant other than zero. Simplification misses equal forms and depends on luck with rounding, so
the same is asked here of numbers, at 1,000 fresh points of the ranges. A solution is

1. *near*: the formula plus a constant, or times one, differs from the truth by at most 0.001 of
   the truth's deviation (the three decimals) plus the noise, in the root mean square; and
2. *of the true form*: with its numbers fitted anew to noise-free rows, from where they stand, it
   meets the truth to 1e-9 there, and to 1e-6 at 95 % of other points, which reach up to three times
   as far and keep the signs of the ranges. A series or another approximation fails there; and
3. *without superfluous parts*: nothing in it that moves its values by more than 0.001 of the
   truth's deviation loses all effect as its numbers are fitted anew: no part that varies becomes
   constant, no number that is added within it zero, no exponent one.

Where fewer than a tenth of the farther points have a value, simplification decides in place of
them. Whole exponents and halves stay as they are in the second step, and so do the numbers 1 and 2;
``|x|`` equals x where x is positive in all its range.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from grammar_lisa.benchmark.regression_suites import Problem
from grammar_lisa.expressions.expression import NUMBER, OPEN, POWER, VARIABLE
from grammar_lisa.regression.finishing import Draft
from grammar_lisa.regression.fits.constants import polish
from grammar_lisa.regression.fits.losses import MSE
from grammar_lisa.regression.guesses import with_open_numbers
from grammar_lisa.regression.search.tree import Path, Tree, make, open_constant
from shared.common.arrays import Floats
from shared.common.seeds import derive_seed

POINTS: Final = 1_000
DECIMALS: Final = 1e-3
"""The share of the truth's deviation that three decimals of constants may miss."""
_EQUAL: Final = 1e-9
_FAR_EQUAL: Final = 1e-6
_FAR_SHARE: Final = 0.95
_LEAST_FAR: Final = 0.1
_REACH: Final = 3.0
_STEPS: Final = 200
_SECONDS: Final = 10.0


def is_solution(text: str, problem: Problem, noise: float = 0.0, seed: int = 0) -> bool:
    """Tell whether a formula is the solution of a problem, by the rule of this module.

    Args:
        text: The formula, over the problem's variables, its constants as numbers.
        problem: What it should solve.
        noise: The noise of the rows that it was found with, as a share of their root mean square.
        seed: Of the points.

    Raises:
        LisaError: The text is no formula over the variables.
    """
    points = problem.points(POINTS, derive_seed(seed, "solution", problem.name))
    truth = problem.values(points)
    tree = with_open_numbers(Draft.read(text, problem.variables))
    spread = float(truth.std())
    allowed = DECIMALS * spread + noise * float(np.sqrt(np.square(truth).mean()))
    if not any(_differ(each, points, truth) <= allowed for each in _shifted(tree, points, truth)):
        return False
    return any(
        _is_of_form(each, problem, points, truth, seed) for each in _shifted(tree, points, truth)
    )


def _is_of_form(
    tree: Tree, problem: Problem, points: Mapping[str, Floats], truth: Floats, seed: int
) -> bool:
    """Tell whether numbers make a formula the truth, and whether all its parts then matter."""
    refitted = _refitted(tree, problem.variables, points, truth)
    if refitted is None or _differ(refitted, points, truth) > _EQUAL * truth.std():
        return False
    weighty, nothing = DECIMALS * float(truth.std()), _FAR_EQUAL * float(truth.std())
    return _holds_farther(refitted, problem, truth, seed) and not any(
        _effect(tree, path, neutral, points) > weighty
        and _effect(refitted, path, neutral, points) <= nothing
        for path, neutral in _removable(tree)
    )


def _shifted(tree: Tree, points: Mapping[str, Floats], truth: Floats) -> Iterator[Tree]:
    """Yield a formula, plus the best constant, and times the best one."""
    yield tree
    values = _values(tree, points)
    if not np.isfinite(values).all():
        return
    yield make("+", tree, open_constant(float(np.mean(truth - values))))
    scale = float(values @ truth) / (float(values @ values) or np.inf)
    if scale:
        yield make("*", open_constant(scale), tree)


def _refitted(
    tree: Tree, variables: tuple[str, ...], points: Mapping[str, Floats], truth: Floats
) -> Tree | None:
    bound = tree.skeleton(variables).bind(points)
    constants = tree.constants()
    if not constants:
        return tree
    fit = polish(bound, truth, None, MSE, constants, _STEPS)
    return tree.with_constants(fit.constants) if np.isfinite(fit.loss) else None


def _holds_farther(tree: Tree, problem: Problem, truth: Floats, seed: int) -> bool:
    """Tell whether a formula is the truth beyond the ranges too."""
    generator = np.random.default_rng(derive_seed(seed, "farther", problem.name))
    low, high = np.array([_farther(*each) for each in problem.ranges]).T
    drawn = generator.uniform(low, high, (POINTS, len(low))).T
    points = dict(zip(problem.variables, drawn, strict=True))
    expected, found = problem.values(points), _values(tree, points)
    known = np.isfinite(expected) & np.isfinite(found)
    if known.mean() < _LEAST_FAR:
        return _equal_by_algebra(tree, problem)
    off = np.abs(found[known] - expected[known])
    equal = off <= _FAR_EQUAL * (np.abs(expected[known]) + truth.std())
    return bool(equal.mean() >= _FAR_SHARE)


def _farther(low: float, high: float) -> tuple[float, float]:
    """Return a range that reaches farther, and has the signs of the one given."""
    if low >= 0:
        return low / _REACH, high * _REACH
    if high <= 0:
        return low * _REACH, high / _REACH
    return low * _REACH, high * _REACH


def _equal_by_algebra(tree: Tree, problem: Problem) -> bool:
    from grammar_lisa.expressions.algebra import simplify

    text = tree.skeleton(problem.variables).with_constants(tree.constants(), 6)
    left = simplify(f"({text})-({problem.formula})", _SECONDS, problem.variables)
    nodes = Draft.read(left, problem.variables).skeleton.nodes
    return all(node.operator != VARIABLE for node in nodes)


def _removable(tree: Tree, inner: bool = False) -> Iterator[tuple[Path, float | None]]:
    """Yield where something stands that might be left out, and the number that leaves it out.

    That is None for what varies: its mean. What is added to the whole is the constant that a
    solution may differ by.
    """
    if tree.operator not in {NUMBER, OPEN}:
        yield (), None
    added = tree.operator in {"+", "-"}
    for place, operand in enumerate(tree.operands):
        if operand.operator == OPEN and added and inner:
            yield (place,), 0.0
        if operand.operator == OPEN and tree.operator == POWER and place == 1:
            yield (place,), 1.0
        for path, neutral in _removable(operand, inner or not added):
            yield (place, *path), neutral


def _effect(tree: Tree, path: Path, neutral: float | None, points: Mapping[str, Floats]) -> float:
    """Return how far a formula's values move as a part of it becomes a number: the deviation."""
    part = tree
    for place in path:
        part = part.operands[place]
    with np.errstate(all="ignore"):
        value = float(_values(part, points).mean()) if neutral is None else neutral
        moved = _replaced(tree, path, open_constant(value))
        change = _values(moved, points) - _values(tree, points)
        effect = float(np.sqrt(np.square(change).mean()))
    return effect if np.isfinite(effect) else np.inf


def _replaced(tree: Tree, path: Path, part: Tree) -> Tree:
    """Return a formula with another part at a place, not simplified."""
    if not path:
        return part
    operands = list(tree.operands)
    operands[path[0]] = _replaced(operands[path[0]], path[1:], part)
    return tree._replace(operands=tuple(operands))


def _values(tree: Tree, points: Mapping[str, Floats]) -> Floats:
    length = len(next(iter(points.values())))
    values: Floats = np.broadcast_to(np.asarray(tree.values(points), dtype=np.float64), length)
    return values


def _differ(tree: Tree, points: Mapping[str, Floats], truth: Floats) -> float:
    """Return the root mean square of the errors; inf where there is no value."""
    with np.errstate(all="ignore"):
        error = float(np.sqrt(np.square(_values(tree, points) - truth).mean()))
    return error if np.isfinite(error) else np.inf


def written_complexity(text: str, variables: tuple[str, ...]) -> int:
    """Return the number of operations, variables and numbers of a formula as it is written.

    Raises:
        LisaError: The text is no formula over the variables.
    """
    return Draft.read(text, variables).skeleton.size
