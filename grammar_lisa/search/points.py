"""Where sentences stand, in a space and by what they are made of; and kernels of both."""

from dataclasses import dataclass
from functools import cached_property

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
    """The four ways in which sentences are alike, each `[n, m]`, made when they are asked for.

    Attributes:
        first: `n` sentences.
        second: `m` others, or the same.
    """

    first: Points
    second: Points

    @cached_property
    def chord(self) -> Floats:
        """Distances between places."""
        return self.first.space.distances(self.first.places, self.second.places)

    @cached_property
    def subtrees(self) -> Floats:
        """Products of `Parts.subtrees`."""
        return similarity(self.first.parts.subtrees, self.second.parts.subtrees)

    @cached_property
    def rules(self) -> Floats:
        """Products of `Parts.rules`."""
        return similarity(self.first.parts.rules, self.second.parts.rules)

    @cached_property
    def terms(self) -> Floats:
        """Products of coefficients."""
        return similarity(self.first.terms, self.second.terms)


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
        """The covariances, without noise, `[n, m]`; what has no weight is not computed."""
        covariance = np.zeros((len(alike.first), len(alike.second)))
        if self.chord:
            scaled = np.sqrt(5) / self.lengthscale * alike.chord
            covariance += self.chord * ((1 + scaled + scaled**2 / 3) * np.exp(-scaled))
        for name in ("subtrees", "rules", "terms"):
            if weight := getattr(self, name):
                covariance += weight * getattr(alike, name)
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
