"""Which outputs a part of an expression would need for the whole to meet its target."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from grammar_lisa.objectives.arithmetic import OPERANDS, SLOPES
from grammar_lisa.objectives.evaluation import Floats, Integers
from grammar_lisa.objectives.expression import Pool
from grammar_lisa.objectives.meanings import Meanings
from grammar_lisa.objectives.writing import Written, joined, written_nodes

_STEP: Final = 1e-3
"""The step by which slopes are measured."""
_FLAT: Final = 1e-2
"""A slope that counts as none, as a share of the steepest."""

_ROUNDING: Final = 1e-10
"""The share of the target's squares that counts as none."""


@dataclass(frozen=True, eq=False)
class Hole:
    """An expression without one of its parts.

    Attributes:
        fill: the whole, written with a part in the hole.
        wanted: what the part must come to for the whole to meet the target, ``[point]``.
        weights: by how much the whole changes with the part, ``[point]``.
        rounding: a sum of squared errors of the whole that counts as none.
    """

    fill: Callable[[Written], Written]
    wanted: Floats
    weights: Floats
    rounding: float

    def at(self, points: Integers) -> "Hole":
        """The hole at some of the points."""
        return replace(self, wanted=self.wanted[points], weights=self.weights[points])

    @cached_property
    def centred(self) -> Floats:
        """What is wanted, less the number that explains most of it, ``[point]``."""
        weights = self.weights**2
        centred: Floats = self.wanted - (weights @ self.wanted) / weights.sum()
        return centred

    @cached_property
    def total(self) -> float:
        """The sum of squares that a number leaves over in the whole."""
        return float(self.weights**2 @ self.centred**2)


def no_hole(target: Floats) -> Hole:
    """All of an expression is free: the part is the whole."""
    rounding = _ROUNDING * float(target @ target)
    return Hole(lambda written: written, target, np.ones_like(target), rounding)


def holes_of(sentence: str, target: Floats, meanings: Meanings) -> Iterator[Hole]:
    """The parts of an expression as holes, the largest first.

    What a part must come to follows by arithmetic, and below a function by its slope. A part
    for which that is no number at some point, or weighs beyond all numbers, is no hole.

    References:
        Pawlak, Wieloch and Krawiec, Semantic Backpropagation for Designing Search Operators in
        Genetic Programming, 2015, IEEE Transactions on Evolutionary Computation 19(3).

    Args:
        sentence: an expression; one that cannot be read has no holes.
        target: what the whole shall come to, ``[point]``.
        meanings: what is known of functions.
    """
    pool = Pool(meanings.points)
    root = pool.find(sentence)
    if root is None:
        return
    written = written_nodes(pool)
    known = meanings.foresee([each.text for each in written])
    waiting = [(root, no_hole(target))]
    while waiting:
        number, hole = waiting.pop(0)
        node = pool.nodes[number]
        for place, operand in enumerate(node.operands):
            operands = [known[each] for each in node.operands]
            with np.errstate(all="ignore"):
                wanted, slopes = _needed(node.operator, place, operands, hole.wanted, meanings)
                weights = hole.weights * slopes
            if not (np.isfinite(wanted).all() and np.isfinite(weights).all() and weights.any()):
                continue
            parts = [written[each] for each in node.operands]
            fill = _filled(hole, node.operator, place, parts)
            inner = Hole(fill, wanted, weights, hole.rounding)
            with np.errstate(all="ignore"):
                weighable = math.isfinite(inner.total)
            if weighable:
                waiting.append((operand, inner))
                yield inner


def _needed(
    operator: str, place: int, operands: list[Floats], wanted: Floats, meanings: Meanings
) -> tuple[Floats, Floats | float]:
    """What an operand must be for the whole to be as wanted, and the slope of the whole there."""
    others = [*operands[:place], *operands[place + 1 :]]
    if (operator, place) in OPERANDS:
        key = operator, place
        return OPERANDS[key](wanted, *others), SLOPES[key](wanted, *others)
    if operator in meanings.tables:
        return _tangent(operator, operands[0], wanted, meanings)
    return wanted, np.nan


def _tangent(
    function: str, argument: Floats, wanted: Floats, meanings: Meanings
) -> tuple[Floats, Floats]:
    """The same of a function's argument, to first order; of no weight where it hardly matters."""
    step = _STEP * np.maximum(1.0, np.abs(argument))
    ends = np.stack([argument - step, argument, argument + step])
    outputs = meanings.applied(function, ends)
    here = outputs[1]
    known = np.isfinite(outputs)
    below, above = np.where(known, outputs, here)[[0, 2]]
    slopes = (above - below) / (step * known[[0, 2]].sum(axis=0))
    steep = np.abs(slopes) > _FLAT * np.max(np.abs(slopes))
    needed = argument + (wanted - here) / np.where(steep, slopes, 1.0)
    return np.where(steep, needed, argument), np.where(steep, slopes, 0.0)


def _filled(
    hole: Hole, operator: str, place: int, parts: list[Written]
) -> Callable[[Written], Written]:
    def fill(part: Written) -> Written:
        operands = [*parts[:place], part, *parts[place + 1 :]]
        return hole.fill(joined(operator, *operands))

    return fill
