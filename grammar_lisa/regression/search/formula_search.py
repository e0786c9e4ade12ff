"""What every search for formulas has: data, an archive, fits of constants, an end."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np

from grammar_lisa.expressions.differentiation import BoundSkeleton
from grammar_lisa.regression.fits.constants import fit_constants, polish
from grammar_lisa.regression.fits.losses import MSE, Loss
from grammar_lisa.regression.search.archive import Archive, ArchiveEntry
from grammar_lisa.regression.search.scored import ScoredFormulas
from grammar_lisa.regression.search.tree import Tree, open_constant
from shared.common.arrays import Floats

SAMPLE: Final = 200
"""The most rows that candidates are compared on."""
FITTED: Final = 1000
"""The most rows that constants are fitted on while searching."""
_LEAST_EXACT: Final = 1e-22
_SOLVED: Final = 100.0
"""Losses up to so many times the level of rounding are met exactly."""
_LAST_DIGIT: Final = 4.0
"""Losses up to so many times what the targets' digits leave open are met: inputs have digits."""
_MANY_DIGITS: Final = 1e-4
"""The share of their deviation that targets may be rounded to: else many formulas meet them."""
_ROWS_EACH: Final = 4
"""Rows for each unit of complexity without which digits are met by chance."""
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
        deadline: When to end, by the clock.
        steps: What each target was rounded to, ``[row]``; None where none was.
        clock: Tells the time, in seconds; `time.process_time` counts those of the processor.
        good_enough: Tells of the best formula, whenever it is another, whether to end with it.

    Attributes:
        archive: The best formulas so far.
        scored: The few best of each complexity.
        fits: How many formulas' constants were fitted.
        weight_roots: The roots of the sample's weights; None for equal ones.
        enough: Whether the best formula is good enough.
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
        steps: Floats | None = None,
        clock: Callable[[], float] = time.monotonic,
        good_enough: Callable[[ArchiveEntry], bool] = lambda best: False,
    ) -> None:
        self.clock = clock
        self.began = clock()
        self.deadline = deadline
        self.loss = loss or MSE
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
        self.weight_roots = None if sampled is None else np.sqrt(sampled / sampled.max())
        self._exact = max(self.loss.bind(self.targets, self.weights).exact, _LEAST_EXACT)
        self._open = 0.0 if steps is None else self._left_open(steps[rows])
        self.archive = self.new_archive()
        self.scored = ScoredFormulas(most)
        self.fits = 0
        self.enough = False
        self._good_enough = good_enough

    def new_archive(self) -> Archive:
        """Return an archive without formulas."""
        return Archive(max(self._exact, self._open), self.most)

    @abstractmethod
    def run(self) -> Iterator[str]:
        """Search until it has ended; yield the name of each stage."""

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        return self.clock() > self.deadline

    @property
    def solved(self) -> bool:
        """Whether a formula meets the targets up to rounding."""
        best = self.archive.best
        if best is None:
            return False
        if best.loss <= _SOLVED * self._exact:
            return True
        enough = len(self.targets) >= _ROWS_EACH * best.complexity
        return enough and best.loss <= _LAST_DIGIT * self._open

    @property
    def ended(self) -> bool:
        """Whether the best formula is good enough or meets the targets, or the time is over."""
        return self.enough or self.solved or self.late

    def fit(self, tree: Tree, source: str, starts: int = 1) -> ArchiveEntry | None:
        """Fit a formula's constants from where they are, and keep it if it is among the best.

        Args:
            tree: The formula.
            source: What proposed it.
            starts: More than one draws further starts.

        Returns:
            The formula with its constants and its loss; None where it is not finite.
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
                late=lambda: self.late,
            )
        else:
            fit = polish(bound, self.targets, self.weights, self.loss, constants, _STEPS)
        if not (np.isfinite(fit.loss) and np.isfinite(fit.constants).all()):
            return None
        entry = ArchiveEntry(tree.with_constants(fit.constants), float(fit.loss), source)
        self._keep(entry)
        self.scored.add(entry.tree, entry.loss)
        return entry

    def _keep(self, entry: ArchiveEntry) -> None:
        """Keep a formula if it is among the best, and see whether the best is now good enough."""
        if self.archive.add(self.judged(entry)):
            best = self.archive.best
            if best is not None and best.tree is entry.tree:
                self.enough = self._good_enough(entry)

    def judged(self, entry: ArchiveEntry) -> ArchiveEntry:
        """Return a formula with the loss that it is judged by, which is that of the fit."""
        return entry

    def _left_open(self, steps: Floats) -> float:
        """Return the loss that the digits of the targets leave open; 0 where that is much."""
        if not steps.any() or np.sqrt(np.square(steps).mean()) > _MANY_DIGITS * self.targets.std():
            return 0.0
        within = np.random.default_rng(0).uniform(-0.5, 0.5, len(steps)) * steps
        return float(self.loss.bind(self.targets, self.weights).value(self.targets + within))

    def fit_constant(self) -> None:
        """Begin with the formula that is one constant."""
        self.fit(open_constant(float(self.targets.mean())), "constant")
