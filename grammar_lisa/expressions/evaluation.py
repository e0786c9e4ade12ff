"""Evaluate many expressions on many points: shared parts once, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from grammar_lisa.expressions.expression import NEGATION, POWER, VARIABLE, Node, Pool
from shared.common.arrays import Bools, Floats, Integers
from shared.common.errors import LisaError

FUNCTIONS: Final[Mapping[str, np.ufunc]] = MappingProxyType(
    dict(zip("+-*/", (np.add, np.subtract, np.multiply, np.divide), strict=True))
    | {POWER: np.power, NEGATION: np.negative, "abs": np.absolute, "sqrt": np.sqrt}
    | {"sin": np.sin, "cos": np.cos, "tan": np.tan}
    | {"asin": np.arcsin, "acos": np.arccos, "atan": np.arctan}
    | {"sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh}
    | {"exp": np.exp, "log": np.log, "log2": np.log2, "log10": np.log10}
)
MEMORY: Final = 192 * 2**20
"""Bytes that intermediate values may take."""
_ROWS: Final = 64
_TEXTS: Final = 50_000


class Batch(NamedTuple):
    """Sentences as nodes of one pool.

    Attributes:
        pool: The pool.
        roots: The distinct nodes that the sentences mean, ascending, ``[root]``.
        positions: For each sentence its position in `roots`, -1 where it is no expression.
    """

    pool: Pool
    roots: Integers
    positions: Integers


class Block(NamedTuple):
    """Values of some roots of a batch on a stretch of the points.

    Attributes:
        roots: The stretch of the batch's roots.
        points: The stretch of the points.
        values: Their values, ``[root, point]``; overwritten when the next block is asked for.
    """

    roots: slice
    points: slice
    values: Floats


def as_points(data: Mapping[str, npt.ArrayLike]) -> dict[str, Floats]:
    """Return the variables as float64 vectors of one length.

    Raises:
        LisaError: There is no variable or no point, a name is no identifier, the values are not
            numbers, or the shapes are not vectors of one length.
    """
    if not data:
        raise LisaError("the data hold no variable; give at least one, such as x")
    points: dict[str, Floats] = {}
    for name, values in data.items():
        if not name.isidentifier():
            raise LisaError(f"{name!r} cannot name a variable: use letters, digits and _")
        points[name] = as_vector(values, f"variable {name}")
    lengths = {name: len(values) for name, values in points.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise LisaError(f"the variables differ in their number of points: {listed}")
    return points


def as_vector(values: npt.ArrayLike, what: str) -> Floats:
    """Return a copy of `values` as a float64 vector of at least one entry.

    `what` names it in messages.

    Raises:
        LisaError: The values are not real numbers, or not a vector, or empty.
    """
    try:
        vector = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise LisaError(f"{what} holds something that is not a number") from None
    if np.ndim(values) != 1 or vector.size == 0:
        raise LisaError(f"{what} has shape {np.shape(values)}; a vector with values is needed")
    return vector


def spread_evenly(length: int, most: int) -> Integers:
    """Return the numbers of at most `most` of `length` points, spread evenly over all."""
    places: Integers = np.linspace(0, length - 1, min(length, most)).round().astype(np.int64)
    return places


def evaluate(texts: Sequence[str], data: Mapping[str, npt.ArrayLike]) -> Floats:
    """Return the values of expressions on data, ``[text, point]``, float64.

    IEEE semantics and no warnings: ``1/0`` is inf, ``log(-1)`` is NaN, overflow is inf.

    Args:
        texts: The expressions.
        data: The variables, each ``[point]``.

    Raises:
        LisaError: A text is no expression over the variables of `data`, or the data are unfit.
    """
    points = as_points(data)
    pool = Pool(points)
    return _values(_batch(pool, [pool.add(text) for text in texts]), points)


def evaluate_readable(texts: Sequence[str | None], data: Mapping[str, npt.ArrayLike]) -> Floats:
    """Return the values as `evaluate` gives them; NaN everywhere for what is no expression.

    Raises:
        LisaError: The data are unfit.
    """
    points = as_points(data)
    return _values(read(texts, points), points)


def _values(batch: Batch, points: Mapping[str, Floats]) -> Floats:
    """Return the values of a batch's sentences, ``[text, point]``."""
    values = np.full((len(batch.roots) + 1, _length(points)), np.nan)
    for block in blocks(batch, points):
        values[block.roots, block.points] = block.values
    return values[batch.positions]


def read(texts: Sequence[str | None], variables: Iterable[str]) -> Batch:
    """Return the sentences as nodes of one new pool; equal sub-expressions are one node."""
    pool = Pool(variables)
    return _batch(pool, [pool.find(text) for text in texts])


def parsable(texts: Sequence[str | None], variables: Iterable[str]) -> Bools:
    """Tell which sentences are expressions over `variables`, ``[text]``; None is not."""
    return read(texts, variables).positions >= 0


def fold(
    texts: Sequence[str | None],
    points: Mapping[str, Floats],
    measure: Callable[[Floats, slice], npt.NDArray[Any]],
    combine: np.ufunc,
) -> Floats:
    """Return one number a sentence, folded over the points, in bounded memory.

    Args:
        texts: The sentences.
        points: The variables, each ``[point]``, as `as_points` gives them.
        measure: From values ``[root, point]``, which it may overwrite, and the stretch of the
            points to one number a root.
        combine: Joins the numbers of two stretches of points, for example `np.add`.

    Returns:
        The numbers, ``[text]``; NaN where the sentence is None or no expression.
    """
    folded = np.full(len(texts), np.nan)
    for start in range(0, len(texts), _TEXTS):
        batch = read(texts[start : start + _TEXTS], points)
        totals = np.full(len(batch.roots) + 1, np.nan)
        for block in blocks(batch, points):
            with np.errstate(all="ignore"):
                part = measure(block.values, block.points)
                known = totals[block.roots]
                totals[block.roots] = combine(known, part) if block.points.start else part
        folded[start : start + _TEXTS] = totals[batch.positions]
    return folded


def blocks(batch: Batch, points: Mapping[str, Floats], memory: int = MEMORY) -> Iterator[Block]:
    """Evaluate the roots of a batch, a block at a time.

    Values are dropped after their last use. Where the values alive at once would not fit
    `memory` bytes on all points, the points are taken a stretch at a time.

    Args:
        batch: The expressions.
        points: The variables, each ``[point]``, as `as_points` gives them.
        memory: Bytes that values may take.

    Yields:
        Blocks that together hold every pair of a root and a point once, points ascending.
    """
    groups, live = _plan(batch)
    length = _length(points)
    width = min(length, max(1, memory // (8 * (live + _ROWS))))
    for start in range(0, length, width):
        stretch = slice(start, min(start + width, length))
        values = _leaf_values(batch.pool, {name: v[stretch] for name, v in points.items()})
        buffer = np.empty((_ROWS, stretch.stop - start))
        for roots, steps in groups:
            _run(steps, values, buffer)
            yield Block(roots, stretch, buffer[: roots.stop - roots.start])


class _Step(NamedTuple):
    """Compute one node, write it to a row where it is a root, forget what is used no more."""

    node: int
    function: Callable[..., Any]
    operands: tuple[int, ...]
    row: int
    ending: tuple[int, ...]


def _batch(pool: Pool, found: Sequence[int | None]) -> Batch:
    nodes = np.array([-1 if node is None else node for node in found], dtype=np.int64)
    roots = np.unique(nodes[nodes >= 0])
    return Batch(pool, roots, np.where(nodes < 0, -1, np.searchsorted(roots, nodes)))


def _plan(batch: Batch) -> tuple[list[tuple[slice, list[_Step]]], int]:
    """Return the steps for each group of `_ROWS` roots, and the most vectors alive at once."""
    nodes = batch.pool.nodes
    last_uses = _last_uses(batch)
    endings: dict[int, list[int]] = {}
    for node, last in last_uses.items():
        if nodes[node].operands:
            endings.setdefault(last, []).append(node)
    ranks = {root: rank for rank, root in enumerate(batch.roots.tolist())}
    groups: list[tuple[slice, list[_Step]]] = []
    steps: list[_Step] = []
    live = peak = 0
    for node in sorted(last_uses):
        rank = ranks.get(node, -1)
        ending = tuple(endings.get(node, ()))
        if rank >= 0 or nodes[node].operands:
            steps.append(_step(node, nodes[node], rank, ending))
            live += 1
            peak = max(peak, live)
            live -= len(ending)
        if rank >= 0 and (rank % _ROWS == _ROWS - 1 or rank == len(ranks) - 1):
            groups.append((slice(rank - rank % _ROWS, rank + 1), steps))
            steps = []
    return groups, peak


def _step(number: int, node: Node, rank: int, ending: tuple[int, ...]) -> _Step:
    row = rank % _ROWS if rank >= 0 else -1
    if node.operands:
        return _Step(number, FUNCTIONS[node.operator], node.operands, row, ending)
    return _Step(number, np.positive, (number,), row, ending)


def _last_uses(batch: Batch) -> dict[int, int]:
    """Return for each node that the roots are made of, the last node that uses it, or itself."""
    last_uses = {root: root for root in batch.roots.tolist()}
    nodes = batch.pool.nodes
    for number in range(len(nodes) - 1, -1, -1):
        if number in last_uses:
            for operand in nodes[number].operands:
                if last_uses.get(operand, operand) == operand:
                    last_uses[operand] = number
    return last_uses


def _leaf_values(pool: Pool, points: Mapping[str, Floats]) -> list[Any]:
    """Return for each node its value where it is a leaf: scalars stay scalars. None elsewhere."""
    return [
        None
        if node.operands
        else points[node.name]
        if node.operator == VARIABLE
        else np.float64(node.value)
        for node in pool.nodes
    ]


def _run(steps: Sequence[_Step], values: list[Any], buffer: Floats) -> None:
    """Fill the first rows of `buffer` with a group's roots."""
    with np.errstate(all="ignore"):
        for node, function, operands, row, ending in steps:
            if len(operands) == 2:
                value = function(values[operands[0]], values[operands[1]])
            else:
                value = function(values[operands[0]])
            values[node] = value
            if row >= 0:
                buffer[row] = value
            for ended in ending:
                values[ended] = None


def _length(points: Mapping[str, Floats]) -> int:
    return len(next(iter(points.values())))
