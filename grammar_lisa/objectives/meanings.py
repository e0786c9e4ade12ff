"""What expressions come to, as far as those that were scored tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from grammar_lisa.objectives.arithmetic import ARITHMETIC, OPERANDS
from grammar_lisa.objectives.evaluation import FUNCTIONS, Bools, Floats, Integers
from grammar_lisa.objectives.expression import POWER, VARIABLE, Node, Pool
from grammar_lisa.objectives.tables import Table
from grammar_lisa.objectives.writing import leaf_text

_LARGEST_POWER: Final = 12
"""The largest whole power that counts as a product."""
_PASSES: Final = 8
"""The most times that sentences are gone through, as functions stand in functions."""
_TOGETHER: Final = 2000
"""Texts that are worked out at once."""
_CANCELLED: Final = 1e-6
"""The least share of its parts that a difference is told at: less is rounding."""


class Meanings:
    """Learns what functions do from scored sentences, and foresees what other sentences come to.

    What variables and numbers are and what arithmetic does is known, and functions of numbers;
    what functions of variables do is not. Of a scored sentence the outputs are known, so where
    all its parts but one are, arithmetic tells that one; and a function whose argument and value
    are known at a point is known there in any sentence (see `Table`).

    Args:
        points: the values of the variables, each ``[point]``.

    Attributes:
        points: the same.
        tables: of the functions that occurred in scored sentences, by name.
        operators: that occurred in them.
        numbers: that occurred in them, by their texts.
    """

    def __init__(self, points: Mapping[str, Floats]) -> None:
        self.points = dict(points)
        self.tables: dict[str, Table] = {}
        self.operators: set[str] = set()
        self.numbers: dict[str, float] = {}

    def copy(self) -> "Meanings":
        """What is known now, whatever is learnt later."""
        other = Meanings(self.points)
        other.tables = {name: table.copy() for name, table in self.tables.items()}
        other.operators, other.numbers = set(self.operators), dict(self.numbers)
        return other

    def at(self, rows: Integers) -> "Meanings":
        """The same at some of the points, with what is learnt later as well."""
        other = Meanings({name: values[rows] for name, values in self.points.items()})
        other.tables, other.operators, other.numbers = self.tables, self.operators, self.numbers
        return other

    @property
    def extent(self) -> int:
        """How much is known: how many pairs the tables hold."""
        return sum(map(len, self.tables.values()))

    def learn(
        self, sentences: Sequence[str], outputs: Floats, points: Mapping[str, Floats] | None = None
    ) -> None:
        """Take what scored sentences come to.

        Args:
            sentences: those that are no expressions teach nothing.
            outputs: theirs, ``[sentence, point]``, not finite where there is none.
            points: the values of the variables there, by default those of `points`.
        """
        points = self.points if points is None else points
        for start in range(0, len(sentences), _TOGETHER):
            some = slice(start, start + _TOGETHER)
            parts = _Parts.of(sentences[some], points)
            self._note(parts)
            known = parts.leaves(points)
            readable = parts.roots >= 0
            told = outputs[some][readable]
            known[parts.roots[readable]] = np.where(np.isfinite(told), told, np.nan)
            with np.errstate(all="ignore"):
                self._spread(parts, known)

    def foresee(self, sentences: Sequence[str]) -> Floats:
        """What sentences come to, ``[sentence, point]``; NaN all over where a point is unknown."""
        found = np.full((len(sentences), self._length), np.nan)
        for start in range(0, len(sentences), _TOGETHER):
            parts = _Parts.of(sentences[start : start + _TOGETHER], self.points)
            known = parts.leaves(self.points)
            with np.errstate(all="ignore"):
                self._ascend(parts, known, between=True)
            readable = np.flatnonzero(parts.roots >= 0)
            found[start + readable] = known[parts.roots[readable]]
        found[~np.isfinite(found).all(axis=1)] = np.nan
        return found

    def applied(self, operator: str, *operands: Floats) -> Floats:
        """What an operator or a function makes of operands, each ``[n, point]``; NaN if unknown."""
        with np.errstate(all="ignore"):
            found = self._applied(operator, operands, between=True)
            if operator in self.tables:
                plain = (operands[0] == operands[0][:, :1]).all(axis=1)
                found[plain] = FUNCTIONS[operator](operands[0][plain])
            return found

    @property
    def _length(self) -> int:
        return len(next(iter(self.points.values())))

    def _note(self, parts: "_Parts") -> None:
        for operator in {group.operator for group in parts.groups}:
            if operator in (*ARITHMETIC, POWER):
                self.operators.add(operator)
            else:
                self.tables.setdefault(operator, Table())
        leaves = [node for node in parts.nodes if not node.operands and node.operator != VARIABLE]
        self.numbers |= {leaf_text(node): node.value for node in leaves}

    def _spread(self, parts: "_Parts", known: Floats) -> None:
        """Fill in all that follows: first from arguments that were met alone, then from between."""
        done = np.zeros(known.shape, dtype=np.bool_)
        for between in (False, True):
            for _ in range(_PASSES):
                self._ascend(parts, known, between=between)
                for group in reversed(parts.groups):
                    _descend(group, known)
                if not self._tabulate(parts, known, done):
                    break

    def _ascend(self, parts: "_Parts", known: Floats, *, between: bool) -> None:
        """Fill in what follows from operands."""
        for group in parts.groups:
            some = known[group.nodes]
            missing = np.isnan(some)
            if not missing.any():
                continue
            operands = [known[column] for column in group.operands.T]
            operands[0] = np.where(missing, operands[0], np.nan)
            found = self._applied(group.operator, operands, between=between)
            plain = parts.plain[group.nodes]
            if plain.any():
                numbers = [known[column[plain]] for column in group.operands.T]
                found[plain] = FUNCTIONS[group.operator](*numbers)
            known[group.nodes] = np.where(missing, found, some)

    def _applied(self, operator: str, operands: Sequence[Floats], *, between: bool) -> Floats:
        if operator == POWER:
            return _power(*operands)
        if operator in ARITHMETIC:
            found: Floats = FUNCTIONS[operator](*operands)
            return found
        if operator not in self.tables:
            return np.full_like(operands[0], np.nan)
        return self.tables[operator](operands[0], between=between)

    def _tabulate(self, parts: "_Parts", known: Floats, done: Bools) -> int:
        """Put what is newly known of functions into tables; how many pairs they kept."""
        kept = 0
        for group in parts.groups:
            table = self.tables.get(group.operator)
            if table is None:
                continue
            arguments, values = known[group.operands[:, 0]], known[group.nodes]
            new = np.isfinite(arguments) & np.isfinite(values) & ~done[group.nodes]
            done[group.nodes] |= new
            kept += table.add(arguments[new], values[new])
        return kept


class _Group(NamedTuple):
    """Nodes with one operator, none of which is part of another.

    Attributes:
        operator: theirs.
        nodes: their numbers, ``[n]``.
        operands: of each, ``[n, arity]``.
    """

    operator: str
    nodes: Integers
    operands: Integers


@dataclass(frozen=True)
class _Parts:
    """The parts of some sentences.

    Attributes:
        nodes: each once, operands before what is made of them.
        roots: the node of each sentence, -1 of what is no expression, ``[sentence]``.
        groups: all that have operands, operands first.
        plain: which are made of numbers alone, ``[node]``.
    """

    nodes: Sequence[Node]
    roots: Integers
    groups: Sequence[_Group]
    plain: Bools

    @classmethod
    def of(cls, sentences: Sequence[str], variables: Mapping[str, Floats]) -> "_Parts":
        """The parts of sentences in some variables."""
        pool = Pool(variables)
        found = [pool.find(sentence) for sentence in sentences]
        roots = np.array([-1 if root is None else root for root in found], dtype=np.int64)
        levels: list[int] = []
        plain = np.zeros(len(pool.nodes), dtype=np.bool_)
        members: dict[tuple[int, str], list[int]] = {}
        for number, node in enumerate(pool.nodes):
            levels.append(1 + max((levels[each] for each in node.operands), default=-1))
            plain[number] = node.operator != VARIABLE and all(plain[e] for e in node.operands)
            if node.operands:
                members.setdefault((levels[number], node.operator), []).append(number)
        groups = [
            _Group(operator, np.array(each), np.array([pool.nodes[n].operands for n in each]))
            for (_, operator), each in sorted(members.items())
        ]
        return cls(pool.nodes, roots, groups, plain)

    def leaves(self, points: Mapping[str, Floats]) -> Floats:
        """The values of variables and numbers, NaN for the other nodes, ``[node, point]``."""
        known = np.full((len(self.nodes), len(next(iter(points.values())))), np.nan)
        for number, node in enumerate(self.nodes):
            if not node.operands:
                known[number] = points[node.name] if node.operator == VARIABLE else node.value
        return known


def _power(base: Floats, exponent: Floats) -> Floats:
    """Whole powers, which are products; NaN for others."""
    whole = (exponent == np.round(exponent)) & (exponent >= 0) & (exponent <= _LARGEST_POWER)
    powers: Floats = np.power(base, np.where(whole, exponent, np.nan))
    return powers


def _descend(group: _Group, known: Floats) -> None:
    """Fill in the operand that is unknown where the whole and the other operand are known."""
    for place in range(group.operands.shape[1]):
        solve = OPERANDS.get((group.operator, place))
        if solve is not None:
            others = [known[column] for column in np.delete(group.operands, place, axis=1).T]
            found = solve(known[group.nodes], *others)
            if group.operator in {"+", "-"}:
                found[np.abs(found) < _CANCELLED * np.abs(others[0])] = np.nan
            _fill(known, group.operands[:, place], found)


def _fill(known: Floats, nodes: Integers, values: Floats) -> None:
    rows, columns = np.nonzero(np.isfinite(values) & np.isnan(known[nodes]))
    known[nodes[rows], columns] = values[rows, columns]
