"""The space that a search proposes points of: the unit sphere, or the box of training codes."""

import abc
import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.optimize.config import SpaceName
from shared.common.errors import LisaError
from shared.runs.expost import load_codes
from shared.runs.run import Run
from shared.sphere.geometry import at_angle, finite_rows, project, slerp


class Space(abc.ABC):
    """A set of points that decode to sentences; points are float64 rows ``[n, dim]``.

    A typical point has norm 1 and two points that have nothing to do with each other are about √2
    apart, in either space, so that radii and lengthscales mean the same in both.

    Attributes:
        name: What tables call it.
        dim: The size d of a code.
    """

    name: ClassVar[str]
    dim: int

    @abc.abstractmethod
    def project(self, codes: Tensor) -> Tensor:
        """Map codes ``[n, dim]`` to points of the space.

        Raises:
            LisaError: The codes are not finite, or of another size.
        """

    @abc.abstractmethod
    def codes(self, points: Tensor) -> Tensor:
        """Map points back to codes that a decoder takes, both ``[n, dim]``."""

    @abc.abstractmethod
    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw points uniformly, ``[n, dim]``."""

    @abc.abstractmethod
    def perturb(self, points: Tensor, radius: Tensor, generator: torch.Generator) -> Tensor:
        """Move points by given distances in uniformly random directions.

        Args:
            points: ``[n, dim]``.
            radius: How far each goes, ``[n]``; on the sphere an angle in radians.
            generator: Draws the directions.
        """

    @abc.abstractmethod
    def interpolate(self, first: Tensor, second: Tensor, share: Tensor) -> Tensor:
        """Return points on the way from `first` to `second`, at shares ``[n]`` in [0, 1] of it."""

    @property
    @abc.abstractmethod
    def bounds(self) -> Tensor:
        """The least box around the space, ``[2, dim]``: lower and upper sides."""

    @abc.abstractmethod
    def retract(self, points: Tensor) -> Tensor:
        """Map points of that box ``[n, dim]`` to the space."""

    def _checked(self, codes: Tensor) -> Tensor:
        if len(codes):
            finite_rows(codes)
        if codes.shape[1] != self.dim:
            raise LisaError(
                f"codes of this {self.name} have the size {self.dim}, not {codes.shape[1]}"
            )
        return codes.double()  # with their gradients, which a joint training follows


@dataclass(frozen=True)
class Sphere(Space):
    """The unit sphere: a point is the direction of a code, a distance is an angle.

    Attributes:
        dim: The code size d.
    """

    name: ClassVar[str] = "sphere"

    dim: int

    def project(self, codes: Tensor) -> Tensor:
        """Return the directions of codes."""
        return project(self._checked(codes))

    def codes(self, points: Tensor) -> Tensor:
        """Return the directions themselves."""
        return points

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw directions uniformly."""
        return project(torch.randn(n, self.dim, generator=generator, dtype=torch.float64))

    def perturb(self, points: Tensor, radius: Tensor, generator: torch.Generator) -> Tensor:
        """Move directions along great circles."""
        return at_angle(points, radius, generator)

    def interpolate(self, first: Tensor, second: Tensor, share: Tensor) -> Tensor:
        """Return directions on great circles."""
        return slerp(first, second, share)

    @property
    def bounds(self) -> Tensor:
        """The cube around the sphere."""
        side = torch.ones(self.dim, dtype=torch.float64)
        return torch.stack([-side, side])

    def retract(self, points: Tensor) -> Tensor:
        """Return the directions of points."""
        return project(points)


@dataclass(frozen=True, eq=False)
class Box(Space):
    """The least box that holds given codes; no point outside is ever proposed.

    A point is a code less `centre`, divided by `scale`: one number for all axes, so that the
    shape of what the encoder gives is kept. A code may lie outside, for example that of a
    sentence that the model was not trained on.

    References:
        Kusner, Paige and Hernández-Lobato, Grammar Variational Autoencoder, 2017,
        arXiv:1703.01925, which searches the box of the training codes.

    Attributes:
        centre: The mean of the codes, ``[dim]``.
        scale: The root mean square of their distances from it.
        low: The least point on each axis, ``[dim]``.
        high: The greatest, ``[dim]``.
    """

    name: ClassVar[str] = "box"

    centre: Tensor
    scale: float
    low: Tensor
    high: Tensor

    @classmethod
    def holding(cls, codes: Tensor) -> "Box":
        """Return the least box that holds codes ``[n, dim]``.

        Raises:
            LisaError: There are no codes, or they are not finite.
        """
        rows = finite_rows(codes.double())
        centre = rows.mean(0)
        centred = rows - centre
        scale = math.sqrt(float(centred.square().sum(1).mean())) or 1.0
        points = centred / scale
        return cls(centre, scale, points.amin(0), points.amax(0))

    @property
    def dim(self) -> int:  # type: ignore[override]
        """The code size d."""
        return len(self.centre)

    def project(self, codes: Tensor) -> Tensor:
        """Return codes, centred and scaled."""
        return (self._checked(codes) - self.centre) / self.scale

    def codes(self, points: Tensor) -> Tensor:
        """Return the codes at points."""
        return self.centre + self.scale * points

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw points uniformly from the box."""
        share = torch.rand(n, self.dim, generator=generator, dtype=torch.float64)
        return self.low + share * (self.high - self.low)

    def perturb(self, points: Tensor, radius: Tensor, generator: torch.Generator) -> Tensor:
        """Move points along straight lines, up to the side of the box that is met."""
        noise = project(torch.randn(points.shape, generator=generator, dtype=torch.float64))
        return self._inside(points + radius.unsqueeze(-1) * noise)

    def interpolate(self, first: Tensor, second: Tensor, share: Tensor) -> Tensor:
        """Return points on straight lines."""
        return self._inside(torch.lerp(first, second, share.unsqueeze(-1)))

    @property
    def bounds(self) -> Tensor:
        """The box itself."""
        return torch.stack([self.low, self.high])

    def retract(self, points: Tensor) -> Tensor:
        """Return the nearest points of the box."""
        return self._inside(points)

    def _inside(self, points: Tensor) -> Tensor:
        return points.clamp(self.low, self.high)


def space_of_run(model: SentenceModel, run: Run, name: SpaceName = "auto") -> Space:
    """Return the space in which a run's codes are searched.

    Args:
        model: Of the run.
        run: Its folder; a box holds all codes that the model was trained on.
        name: `auto` for the sphere where the model's method is spherical, else the box.

    Raises:
        LisaError: The model's decoder does not see directions, so that there is no sphere to
            search; or the run's codes, for a box, are missing, damaged or not finite.
    """
    if name == "sphere" and not model.method.spherical:
        raise LisaError(
            f"{run.path} was trained by {model.method.title}, whose decoder sees more than "
            "directions: search its box (space box), or train with a spherical method"
        )
    if name == "box" or not model.method.spherical:
        return Box.holding(torch.from_numpy(load_codes(run).mean))
    return Sphere(model.dim)
