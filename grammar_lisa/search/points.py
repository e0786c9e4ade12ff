"""Where sentences stand, on the sphere and by what they are made of; and kernels of both."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.search.structure import Parts, similarity

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Points:
    """Sentences as a kernel sees them.

    Attributes:
        directions: what the encoder gives them, `[n, dim]`.
        parts: of their derivations.
    """

    directions: Floats
    parts: Parts

    def __len__(self) -> int:
        return len(self.directions)

    def rows(self, index: NDArray[np.int64]) -> "Points":
        """Some of the sentences."""
        return Points(self.directions[index], self.parts.rows(index))

    def __add__(self, other: "Points") -> "Points":
        """These sentences and others behind them."""
        return Points(np.concatenate([self.directions, other.directions]), self.parts + other.parts)


@dataclass(frozen=True)
class Similarities:
    """The three ways in which sentences are alike, each `[n, m]`.

    Attributes:
        chord: distances between directions.
        subtrees: products of `Parts.subtrees`.
        rules: products of `Parts.rules`.
    """

    chord: Floats
    subtrees: Floats
    rules: Floats


def similarities(first: Points, second: Points) -> Similarities:
    """How alike each of `first` and each of `second` are."""
    inner = first.directions @ second.directions.T
    return Similarities(
        np.sqrt(np.maximum(2 - 2 * inner, 0)),
        similarity(first.parts.subtrees, second.parts.subtrees),
        similarity(first.parts.rules, second.parts.rules),
    )


@dataclass(frozen=True)
class Kernel:
    """A sum of kernels of unit variance: Matérn-5/2 of the chord, subtrees, rules.

    The restriction of a Matérn kernel from R^d to the sphere stays positive definite, which one
    of geodesic distance would not be.

    Attributes:
        chord: the weight of the Matérn kernel.
        subtrees: that of the subtrees; the three are not negative and sum to 1.
        rules: that of the rules.
        lengthscale: of the Matérn kernel, one for all axes, as the axes of a code mean nothing in
            themselves.
        noise: the variance that no kernel explains, against 1.
    """

    chord: float
    subtrees: float
    rules: float
    lengthscale: float
    noise: float

    def __call__(self, alike: Similarities) -> Floats:
        """The covariances, without noise, `[n, m]`."""
        scaled = np.sqrt(5) / self.lengthscale * alike.chord
        matern = (1 + scaled + scaled**2 / 3) * np.exp(-scaled)
        covariance: Floats = (
            self.chord * matern + self.subtrees * alike.subtrees + self.rules * alike.rules
        )
        return covariance


KERNELS = tuple(
    Kernel(chord, subtrees, 1 - chord - subtrees, lengthscale, noise)
    for chord, subtrees in ((0.0, 0.5), (0.0, 0.3), (0.0, 0.7), (0.2, 0.4), (1.0, 0.0))
    for lengthscale in ((1.0, 2.0) if chord else (1.0,))
    for noise in (1e-3, 1e-2, 1e-1, 0.3)
)
"""What is tried; the evidence chooses."""
