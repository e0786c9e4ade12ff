"""Formulas varied at random: parts exchanged, wrapped, left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from grammar_lisa.regression.search.library import UNARY, Library
from grammar_lisa.regression.search.tree import Path, Tree, make, open_constant

_CHEAP: Final = 400
_DEEP: Final = 0.3
"""The chance to vary a formula once more."""


class Variation:
    """Random changes of formulas.

    Args:
        library: What new parts are taken from.
        operators: What formulas may be made with.
        generator: Draws.
    """

    def __init__(
        self, library: Library, operators: Sequence[str], generator: np.random.Generator
    ) -> None:
        self._library = library
        self._functions = [UNARY[name] for name in UNARY if name in operators]
        self._joins = [name for name in "+-*/" if name in operators]
        self._generator = generator

    def vary(self, formulas: Sequence[Tree]) -> Tree:
        """Return a changed one of some formulas."""
        tree = self._pick(formulas)
        while True:
            tree = self._changed(tree, formulas)
            if self._generator.random() > _DEEP:
                return tree

    def _changed(self, tree: Tree, formulas: Sequence[Tree]) -> Tree:
        path, part = self._place(tree)
        kind = self._generator.integers(5)
        if kind == 0:
            return tree.replaced(path, self._part())
        if kind == 1:
            return tree.replaced(path, self._place(self._pick(formulas))[1])
        if kind == 2 and self._functions:
            function = self._functions[int(self._generator.integers(len(self._functions)))]
            scaled = make("*", open_constant(1.0), part)
            return tree.replaced(path, function.make(scaled))
        if kind == 3 and part.operands:
            return tree.replaced(path, self._pick(part.operands))
        if not self._joins:
            return tree.replaced(path, self._part())
        join = self._joins[int(self._generator.integers(len(self._joins)))]
        return tree.replaced(path, make(join, part, make("*", open_constant(1.0), self._part())))

    def _part(self) -> Tree:
        """Return a subexpression of the library, the cheap ones more often, or a constant."""
        if self._generator.random() < 0.1:
            return open_constant(1.0)
        most = min(len(self._library), _CHEAP)
        return self._library.tree(int(most * self._generator.random() ** 3))

    def _place(self, tree: Tree) -> tuple[Path, Tree]:
        places = list(tree.paths())
        return places[int(self._generator.integers(len(places)))]

    def _pick(self, trees: Sequence[Tree]) -> Tree:
        return trees[int(self._generator.integers(len(trees)))]
