"""What every search for formulas has: data, an archive, fits of constants, an end."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from grammar_lisa.expressions.differentiation import BoundSkeleton
from grammar_lisa.regression.fits.constants import fit_constants, polish
from grammar_lisa.regression.fits.losses import MSE, Loss
from grammar_lisa.regression.search.archive import Archive, ArchiveEntry
from grammar_lisa.regression.search.tree import Tree, open_constant
from shared.common.arrays import Floats

SAMPLE: Final = 200
"""The most rows that candidates are compared on."""
FITTED: Final = 1000
"""The most rows that constants are fitted on while searching."""
_LEAST_EXACT: Final = 1e-22
_SOLVED: Final = 100.0
"""Losses up to so many times the level of rounding are met exactly."""
_STEPS: Final = 8


class FormulaSearch(ABC):
    """A search for formulas that meet targets.

    Args:
        points: The variables, each ``[row]``.
        targets: What is to be met, ``[row]``.
        weights: Of the rows, ``[row]``; None for equal ones.
        loss: What is made small; by default the mean squared error without unit.
        most: The greatest complexity.
        seed: Of the rows that are looked at, and of all that is drawn.
        deadline: When to end, by `time.monotonic`.

    Attributes:
        archive: The best formulas so far.
        fits: How many formulas' constants were fitted.
        looked: How many candidates were compared on the sample, those included.
    """

    def __init__(
        self,
        points: Mapping[str, Floats],
        targets: Floats,
        weights: Floats | None = None,
        loss: Loss | None = None,
        most: int = 30,
        seed: int = 0,
        deadline: float = float("inf"),
    ) -> None:
        self.began = time.monotonic()
        self.deadline = deadline
        self.loss = loss or MSE()
        self.most = most
        self.variables = tuple(points)
        self.generator = np.random.default_rng(seed)
        rows = self.generator.permutation(len(targets))[:FITTED]
        self.points = {name: np.ascontiguousarray(v[rows]) for name, v in points.items()}
        self.targets = targets[rows]
        self.weights = None if weights is None else weights[rows]
        self.sample = {name: v[:SAMPLE] for name, v in self.points.items()}
        self.sample_targets = self.targets[:SAMPLE]
        sampled = None if self.weights is None else self.weights[:SAMPLE]
        self.sample_loss = self.loss.bind(self.sample_targets, sampled)
        self._exact = max(self.loss.bind(self.targets, self.weights).exact, _LEAST_EXACT)
        self.archive = Archive(self._exact, most)
        self.fits = 0
        self.looked = 0

    @abstractmethod
    def run(self) -> Iterator[str]:
        """Search until the time is over or the targets are met; yield the name of each stage."""

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self.deadline

    @property
    def solved(self) -> bool:
        """Whether a formula meets the targets up to rounding."""
        best = self.archive.best
        return best is not None and best.loss <= _SOLVED * self._exact

    def fit(self, tree: Tree, source: str, starts: int = 1) -> float:
        """Fit a formula's constants from where they are, and keep it if it is among the best.

        Args:
            tree: The formula.
            source: What proposed it.
            starts: More than one draws further starts.

        Returns:
            Its loss.
        """
        self.fits += 1
        skeleton = tree.skeleton(self.variables)
        bound = BoundSkeleton(skeleton.program, self.points)
        constants = tree.constants()
        if starts > 1 and constants:
            fit = fit_constants(
                bound,
                self.targets,
                self.weights,
                self.loss,
                self.generator,
                starts=starts,
                deadline=self.deadline,
            )
        else:
            fit = polish(bound, self.targets, self.weights, self.loss, constants, _STEPS)
        if np.isfinite(fit.loss):
            found = tree.with_constants(fit.constants)
            self.archive.add(ArchiveEntry(found, fit.loss, source, time.monotonic() - self.began))
        return float(fit.loss)

    def fit_constant(self) -> None:
        """Begin with the formula that is one constant."""
        self.fit(open_constant(float(self.targets.mean())), "constant")
