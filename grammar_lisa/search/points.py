"""Where sentences stand, in a space and by what they are made of; and kernels of both."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from grammar_lisa.search.space import Space
from grammar_lisa.search.structure import Parts, similarity

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Points:
    """Sentences as a kernel sees them.

    Attributes:
        places: of what the encoder gives them, `[n, dim]`.
        parts: of their derivations.
        terms: that they are sums of, see `Forms`; without entries where none are known.
        space: that the places are of.
    """

    places: Floats
    parts: Parts
    terms: sparse.csr_matrix
    space: Space

    def __len__(self) -> int:
        return len(self.places)

    def rows(self, index: NDArray[np.int64]) -> "Points":
        """Some of the sentences."""
        parts, terms = self.parts.rows(index), self.terms[index]
        return Points(self.places[index], parts, terms, self.space)

    def __add__(self, other: "Points") -> "Points":
        """These sentences and others behind them."""
        places = np.concatenate([self.places, other.places])
        terms = sparse.vstack([self.terms, other.terms], format="csr")
        return Points(places, self.parts + other.parts, terms, self.space)


@dataclass(frozen=True)
class Similarities:
    """The four ways in which sentences are alike, each `[n, m]`.

    Attributes:
        chord: distances between places.
        subtrees: products of `Parts.subtrees`.
        rules: products of `Parts.rules`.
        terms: products of coefficients.
    """

    chord: Floats
    subtrees: Floats
    rules: Floats
    terms: Floats


def similarities(first: Points, second: Points) -> Similarities:
    """How alike each of `first` and each of `second` are."""
    return Similarities(
        first.space.distances(first.places, second.places),
        similarity(first.parts.subtrees, second.parts.subtrees),
        similarity(first.parts.rules, second.parts.rules),
        similarity(first.terms, second.terms),
    )


@dataclass(frozen=True)
class Kernel:
    """A sum of kernels: Matérn-5/2 of the chord, subtrees and rules, of unit variance; and terms.

    The restriction of a Matérn kernel from R^d to the sphere stays positive definite, which one
    of geodesic distance would not be. The kernel of terms says that a sentence comes to the sum
    of what its terms come to, times their coefficients.

    Attributes:
        chord: the weight of the Matérn kernel.
        subtrees: that of the subtrees.
        rules: that of the rules.
        terms: that of the terms; none of the four is negative.
        lengthscale: of the Matérn kernel, one for all axes, as the axes of a code mean nothing in
            themselves.
        noise: the variance that no kernel explains.
    """

    chord: float
    subtrees: float
    rules: float
    terms: float
    lengthscale: float
    noise: float

    def __call__(self, alike: Similarities) -> Floats:
        """The covariances, without noise, `[n, m]`."""
        scaled = np.sqrt(5) / self.lengthscale * alike.chord
        matern = (1 + scaled + scaled**2 / 3) * np.exp(-scaled)
        covariance: Floats = (
            self.chord * matern
            + self.subtrees * alike.subtrees
            + self.rules * alike.rules
            + self.terms * alike.terms
        )
        return covariance

    def variances(self, points: Points) -> Floats:
        """The covariance of each of some points with itself, without noise, `[n]`."""
        squares = np.asarray(points.terms.power(2).sum(axis=1), dtype=np.float64).ravel()
        variances: Floats = self.chord + self.subtrees + self.rules + self.terms * squares
        return variances


KERNELS = tuple(
    Kernel(chord, subtrees, 1 - chord - subtrees, 0.0, lengthscale, noise)
    for chord, subtrees in ((0.0, 0.5), (0.0, 0.3), (0.0, 0.7), (0.2, 0.4), (1.0, 0.0))
    for lengthscale in ((1.0, 2.0) if chord else (1.0,))
    for noise in (1e-3, 1e-2, 1e-1, 0.3)
)
"""What is tried for values of which no terms are known; the evidence chooses."""

OF_TERMS = tuple(Kernel(0.0, 0.0, 0.0, 1.0, 1.0, noise) for noise in (1e-6, 1e-4, 1e-2))
"""What is tried for outputs of sums of terms."""
