"""Formulas some of whose constants are open: read, evaluate, differentiate, complete them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import final

import numpy as np
import numpy.typing as npt

from grammar_lisa.expressions.differentiation import BoundSkeleton
from grammar_lisa.expressions.evaluation import as_points
from grammar_lisa.expressions.expression import (
    BINARY_FUNCTIONS,
    CONSTANT_TERMINAL,
    CONSTANTS,
    NUMBER,
    OPEN,
    UNARY_FUNCTIONS,
    VARIABLE,
    Node,
    Pool,
)
from grammar_lisa.expressions.program import Program
from grammar_lisa.expressions.writing import number_text, tidy, write
from shared.common.arrays import Floats
from shared.common.errors import LisaError


@final
class Skeleton:
    """A formula in which a name, `c` by default, stands for constants that are still open.

    Each occurrence of the name is a constant of its own; they are numbered left to right.

    Attributes:
        text: The formula as it was read.
        variables: The variables that it may use.
        nodes: Its distinct sub-expressions, operands first; the last is the formula.
        n_constants: The number of open constants, n.
        size: The nodes of the tree as written, operators and operands, each occurrence counted.
    """

    def __init__(self, nodes: Sequence[Node], text: str, variables: tuple[str, ...]) -> None:
        self.nodes = tuple(nodes)
        self.text = text
        self.variables = variables
        self.n_constants = sum(node.operator == OPEN for node in self.nodes)
        self.size = _size(self.nodes)

    @classmethod
    def read(
        cls, text: str, variables: Iterable[str], constant: str = CONSTANT_TERMINAL
    ) -> Skeleton:
        """Read a formula.

        Args:
            text: The formula.
            variables: The variables that it may use.
            constant: The name that stands for open constants.

        Raises:
            LisaError: The text is no expression over the variables and the constant; or the
                constant has the name of a variable, a function or a known constant, or no name.
        """
        names = tuple(variables)
        _check_name(constant, names)
        pool = Pool(names, constant)
        pool.add(text)
        return cls(pool.nodes, text, names)

    @cached_property
    def program(self) -> Program:
        """The order in which nodes are evaluated and differentiated."""
        return Program(self.nodes)

    @property
    def linear(self) -> tuple[int, ...]:
        """The constants in which the value is linear jointly, as far as the structure tells.

        The value is ``f0 + sum_k c_k f_k`` over these k, where no f depends on these constants.
        Of the factors of a product, the one with more such constants gives them.
        """
        return self.program.linear

    def bind(self, points: Mapping[str, npt.ArrayLike]) -> BoundSkeleton:
        """Evaluate what depends on no constant on `points`, each ``[point]``, once and for all.

        Raises:
            LisaError: The points are unfit, or lack a variable that the formula uses.
        """
        known = as_points(points)
        for node in self.nodes:
            if node.operator == VARIABLE and node.name not in known:
                raise LisaError(
                    f"the points have no variable {node.name}, which {self.text} uses; "
                    f"they have {', '.join(known)}"
                )
        return BoundSkeleton(self.program, known)

    def values(self, points: Mapping[str, npt.ArrayLike], constants: npt.ArrayLike) -> Floats:
        """Return the values ``[point]``, for constants ``[start, n]`` ``[start, point]``.

        IEEE semantics and no warnings, as everywhere.

        Raises:
            LisaError: The points or the number of constants are unfit.
        """
        return self.bind(points).values(constants)

    def values_and_jacobian(
        self, points: Mapping[str, npt.ArrayLike], constants: npt.ArrayLike
    ) -> tuple[Floats, Floats]:
        """Return the values as `values` does, and their derivatives ``[.., n, point]``.

        Raises:
            LisaError: The points or the number of constants are unfit.
        """
        return self.bind(points).values_and_jacobian(constants)

    def with_constants(
        self,
        constants: Sequence[float | str] | Floats,
        digits: int | None = None,
        neutral: bool = True,
    ) -> str:
        """Return the text of the formula with constants in place.

        Args:
            constants: The constants ``[n]``; a text such as ``2*pi`` is put in as it is.
            digits: Significant digits of numbers; None writes the shortest that read the same.
            neutral: Whether to keep what has no effect, as ``1*`` and ``+0``. Without it
                ``0*log(x)`` is 0 for every x.

        Raises:
            LisaError: Their number is not n, one is not finite, or a text is no expression.
        """
        if len(constants) != self.n_constants:
            raise LisaError(
                f"{self.text} has {self.n_constants} open constants; {len(constants)} were given"
            )
        nodes = self._filled(dict(enumerate(constants)), digits)
        return write(nodes if neutral else tidy(nodes))

    def fix(self, constants: Mapping[int, float | str]) -> Skeleton:
        """Return the skeleton with some constants, by their numbers, in place.

        Raises:
            LisaError: One is not finite, or a text is no expression.
        """
        nodes = self._filled(constants, None)
        return Skeleton(nodes, write(nodes), self.variables)

    def _filled(self, constants: Mapping[int, float | str], digits: int | None) -> list[Node]:
        numbers = iter(range(self.n_constants))
        nodes: list[Node] = []
        places: list[int] = []
        for node in self.nodes:
            number = next(numbers) if node.operator == OPEN else -1
            if number in constants:
                nodes.extend(_shifted(self._constant(constants[number], digits), len(nodes)))
            else:
                operands = tuple(places[operand] for operand in node.operands)
                nodes.append(node._replace(operands=operands))
            places.append(len(nodes) - 1)
        return nodes

    def _constant(self, constant: float | str, digits: int | None) -> list[Node]:
        if not isinstance(constant, str):
            magnitude = float(number_text(abs(float(constant)), digits))
            return [Node(NUMBER, (), "", float(np.copysign(magnitude, constant)))]
        pool = Pool(())
        pool.add(constant)
        for node in pool.nodes:
            if node.name in self.variables:
                raise LisaError(f"{constant} cannot be put in, as {node.name} is a variable here")
        return pool.nodes


def _check_name(constant: str, variables: tuple[str, ...]) -> None:
    if not constant.isidentifier():
        raise LisaError(f"{constant!r} cannot name a constant: use letters, digits and _")
    if constant in variables:
        raise LisaError(
            f"{constant} names both a variable and the open constants; rename one of them"
        )
    if constant in CONSTANTS or constant in UNARY_FUNCTIONS or constant in BINARY_FUNCTIONS:
        raise LisaError(f"{constant} has a meaning of its own and cannot name open constants")


def _size(nodes: Sequence[Node]) -> int:
    sizes: list[int] = []
    for node in nodes:
        sizes.append(1 + sum(sizes[operand] for operand in node.operands))
    return sizes[-1]


def _shifted(nodes: Sequence[Node], by: int) -> list[Node]:
    return [
        node._replace(operands=tuple(operand + by for operand in node.operands)) for node in nodes
    ]
