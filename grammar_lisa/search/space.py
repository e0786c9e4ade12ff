"""Where the codes of a model are searched: on the unit sphere, or in the box of training codes."""

import abc
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from grammar_lisa.model import SentenceModel
from shared.errors import LisaError
from shared.expost import load_codes
from shared.runs import Run
from shared.sphere import exp_map, finite_rows, project, slerp, uniform

Floats = NDArray[np.float64]


class Space(abc.ABC):
    """What a search takes for the space of a model's codes.

    Its points are called places, `[n, dim]`. A typical place of a code has norm 1, and those of
    two codes that have nothing to do with each other are about √2 apart, so that distances mean
    the same in every space.

    Attributes:
        name: what tables call it.
    """

    name: ClassVar[str]

    @abc.abstractmethod
    def places_of(self, codes: ArrayLike) -> Floats:
        """The places of codes `[n, dim]`.

        Raises:
            LisaError: if the codes are not finite, or of another size.
        """

    @abc.abstractmethod
    def codes_of(self, places: Floats) -> Floats:
        """Codes to decode for places, both `[n, dim]`."""

    @abc.abstractmethod
    def distances(self, first: Floats, second: Floats) -> Floats:
        """The straight distances of places `[n, dim]` and `[m, dim]`, `[n, m]`."""

    @abc.abstractmethod
    def around(self, centres: Floats, headings: Floats, steps: Floats) -> Floats:
        """Places a step away from others.

        Args:
            centres: places, `[n, dim]`.
            headings: vectors of which only the directions count, `[n, dim]`.
            steps: how far to go, `[n, 1]`.
        """

    @abc.abstractmethod
    def between(self, first: Floats, second: Floats, shares: Floats) -> Floats:
        """Places on the way from `first` to `second`, all `[n, dim]`, at shares `[n]` of it."""

    @abc.abstractmethod
    def anywhere(self, count: int, seed: int) -> Floats:
        """Places drawn uniformly, `[count, dim]`."""


@dataclass(frozen=True)
class Sphere(Space):
    """The unit sphere: a place is a code's direction, a step an angle, a way a great circle.

    Attributes:
        dim: the code size d.
    """

    name: ClassVar[str] = "sphere"

    dim: int

    def places_of(self, codes: ArrayLike) -> Floats:
        """The directions of codes."""
        return _array(project(torch.from_numpy(_checked(codes, self.dim, self.name))))

    def codes_of(self, places: Floats) -> Floats:
        """The directions themselves."""
        return places

    def distances(self, first: Floats, second: Floats) -> Floats:
        """The chords between directions."""
        chords: Floats = np.sqrt(np.maximum(2 - 2 * (first @ second.T), 0))
        return chords

    def around(self, centres: Floats, headings: Floats, steps: Floats) -> Floats:
        """Directions at angles `steps` from others, towards the tangents of headings."""
        u, noise = torch.from_numpy(centres), torch.from_numpy(headings)
        tangent = project(noise - (noise * u).sum(-1, keepdim=True) * u)
        return _array(exp_map(u, torch.from_numpy(steps) * tangent))

    def between(self, first: Floats, second: Floats, shares: Floats) -> Floats:
        """Directions on great circles."""
        ends = torch.from_numpy(first), torch.from_numpy(second)
        return _array(slerp(*ends, torch.from_numpy(shares)))

    def anywhere(self, count: int, seed: int) -> Floats:
        """Directions drawn uniformly."""
        return _array(uniform(count, self.dim, seed))


@dataclass(frozen=True, eq=False)
class Box(Space):
    """The least box that holds some codes; nothing beyond its sides is ever proposed.

    A place is a code less `centre`, divided by `scale`: one number for all axes, so that the
    shape of what the encoder gives is kept. A code may lie outside, e.g. of a sentence that the
    model was not trained on.

    References:
        Kusner, Paige and Hernández-Lobato, Grammar Variational Autoencoder, 2017,
        arXiv:1703.01925: searches the box of the training codes.

    Attributes:
        centre: the mean of the codes, `[dim]`.
        scale: the root mean square of their distances from it.
        low: the least place on each axis, `[dim]`.
        high: the greatest place on each axis, `[dim]`.
    """

    name: ClassVar[str] = "box"

    centre: Floats
    scale: float
    low: Floats
    high: Floats

    @classmethod
    def holding(cls, codes: ArrayLike) -> "Box":
        """The least box that holds codes `[n, dim]`; a single place where all are one.

        Raises:
            LisaError: if there are no codes, or they are not finite.
        """
        rows = _checked(codes, None, cls.name)
        centre = rows.mean(axis=0)
        centred = rows - centre
        scale = math.sqrt(float((centred**2).sum(axis=1).mean())) or 1.0
        places = centred / scale
        return cls(centre, scale, places.min(axis=0), places.max(axis=0))

    def places_of(self, codes: ArrayLike) -> Floats:
        """Codes, centred and scaled."""
        places: Floats = (_checked(codes, len(self.centre), self.name) - self.centre) / self.scale
        return places

    def codes_of(self, places: Floats) -> Floats:
        """The codes that stand at places."""
        return self.centre + self.scale * places

    def distances(self, first: Floats, second: Floats) -> Floats:
        """The Euclidean distances."""
        distances: Floats = cdist(first, second)
        return distances

    def around(self, centres: Floats, headings: Floats, steps: Floats) -> Floats:
        """Places at distances `steps` from others, or at the side of the box that is met."""
        lengths = np.linalg.norm(headings, axis=1, keepdims=True)
        return self._inside(centres + steps * headings / np.maximum(lengths, 1e-300))

    def between(self, first: Floats, second: Floats, shares: Floats) -> Floats:
        """Places on straight lines."""
        share = shares[:, None]
        return self._inside((1 - share) * first + share * second)

    def anywhere(self, count: int, seed: int) -> Floats:
        """Places drawn uniformly from the box."""
        rng = np.random.default_rng(seed)
        return rng.uniform(self.low, self.high, (count, len(self.centre)))

    def _inside(self, places: Floats) -> Floats:
        return np.clip(places, self.low, self.high)


def space_of(model: SentenceModel, codes: ArrayLike) -> Space:
    """The space of a model: the sphere where its method is spherical, else the box of its codes.

    Args:
        model: whose codes are searched.
        codes: which a box shall hold, `[n, dim]`.

    Raises:
        LisaError: if the codes of a box are not finite.
    """
    return Sphere(model.dim) if model.method.spherical else Box.holding(codes)


def space_of_run(model: SentenceModel, run: Run) -> Space:
    """The space of a run's model; a box holds all codes that the model was trained on.

    Raises:
        LisaError: if it is a box and the run's codes are missing, damaged or not finite.
    """
    return Sphere(model.dim) if model.method.spherical else Box.holding(load_codes(run).mean)


def _checked(codes: ArrayLike, dim: int | None, what: str) -> Floats:
    rows = _array(finite_rows(np.asarray(codes, dtype=np.float64)))
    if dim is not None and rows.shape[1] != dim:
        raise LisaError(f"codes of this {what} have the size {dim}, not {rows.shape[1]}")
    return rows


def _array(rows: torch.Tensor) -> Floats:
    array: Floats = rows.numpy()
    return array
