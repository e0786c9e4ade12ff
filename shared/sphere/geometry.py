"""The unit sphere: projection, distance, geodesics and uniform draws, as pure functions.

Every function works on the last axis, for any leading shape, on any device, and is
differentiable. The sphere in ``dim`` coordinates is S^(dim-1). Functions that take directions
expect unit vectors and do not check it, since they run inside training; what is measured after
training goes through `unit_rows`, which does.
"""

import math

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from shared.common.arrays import Floats
from shared.common.errors import LisaError

Rows = Tensor | NDArray[np.floating]
"""Points as rows: a tensor or an array ``[n, dim]`` of floating-point numbers."""

UNIT_TOLERANCE = 1e-5
"""How far from one the norm of a direction may lie where `unit_rows` checks it."""


def project(z: Tensor) -> Tensor:
    """Project codes onto the unit sphere: u = z / ‖z‖ (LISA, Eq. 6).

    Each vector is first divided by its largest entry, so neither large nor small vectors overflow
    in the norm. The projection does not depend on that scale, hence the gradient is exact: it is
    orthogonal to u and of size 1 / ‖z‖.

    A vector without a direction, the zero vector or one whose largest entry is below the smallest
    normal number of its type, goes to the first coordinate axis and passes no gradient back. A
    vector with NaN or infinite entries gives NaN, without an error, since looking for it would
    make a device wait. Half precision is computed in float32 and returned as it came.

    Args:
        z: Codes ``[..., dim]``, floating point.

    Returns:
        Directions ``[..., dim]`` of the same type.

    Raises:
        LisaError: If ``z`` has no last axis, an empty one, or is not floating point.
    """
    if z.ndim == 0 or z.shape[-1] == 0 or not z.is_floating_point():
        raise LisaError(
            f"project needs floating-point codes [..., dim] with dim >= 1, "
            f"not {z.dtype} of shape {list(z.shape)}"
        )
    wide = z if z.dtype == torch.float64 else z.float()
    size = wide.detach().abs().amax(-1, keepdim=True)
    lost = size < torch.finfo(wide.dtype).tiny
    scaled = wide / torch.where(lost, 1.0, size)
    scaled = torch.where(lost, _axis_like(wide), scaled)
    norm: Tensor = torch.linalg.vector_norm(scaled, dim=-1, keepdim=True)
    return (scaled / norm).to(z.dtype)


def geodesic(u: Tensor, v: Tensor) -> Tensor:
    """Compute the geodesic distance of directions, the angle arccos⟨u, v⟩ (LISA, Eq. 21).

    Computed as 2·atan2(‖u − v‖, ‖u + v‖), which is accurate at every angle, whereas the arc
    cosine loses half of the digits near 0 and π and has no finite gradient there.

    Args:
        u: Directions ``[..., dim]``.
        v: Directions ``[..., dim]``, broadcast against ``u``.

    Returns:
        Angles ``[...]`` in radians, from 0 to π.
    """
    apart = torch.linalg.vector_norm(u - v, dim=-1)
    together = torch.linalg.vector_norm(u + v, dim=-1)
    return 2 * torch.atan2(apart, together)


def exp_map(u: Tensor, tangent: Tensor) -> Tensor:
    """Follow a geodesic from u for the length and direction of a tangent vector.

    Computes cos‖w‖ · u + sin‖w‖ · w/‖w‖, where w is the tangent vector without its component
    along u.

    Args:
        u: Directions ``[..., dim]``.
        tangent: Tangent vectors at ``u``, ``[..., dim]``, in radians; broadcast against ``u``.

    Returns:
        Directions ``[..., dim]``.
    """
    tangent = _remove(tangent, u)
    length = torch.linalg.vector_norm(tangent, dim=-1, keepdim=True)
    return project(torch.cos(length) * u + torch.sinc(length / math.pi) * tangent)


def log_map(u: Tensor, v: Tensor) -> Tensor:
    """Find the tangent vector at u whose geodesic reaches v: the inverse of `exp_map`.

    Antipodal points (to within rounding) are joined by infinitely many geodesics; the one taken
    leaves u towards the coordinate axis on which u has its smallest absolute entry, the first
    such axis where several tie.

    Args:
        u: Directions ``[..., dim]``.
        v: Directions ``[..., dim]``, broadcast against ``u``.

    Returns:
        Tangent vectors ``[..., dim]``, orthogonal to ``u``, of length `geodesic` (u, v).
    """
    u, v = torch.broadcast_tensors(u, v)
    near = (u * v).sum(-1, keepdim=True) >= 0
    # The sine component is taken from a difference of nearby vectors, which keeps its digits.
    sine = _remove(torch.where(near, v - u, v + u), u)
    angle = geodesic(u, v).unsqueeze(-1)
    near_log = sine / torch.sinc(torch.where(near, angle, 0.0) / math.pi)
    rounding = 8 * torch.finfo(u.dtype).eps
    known = torch.linalg.vector_norm(sine, dim=-1, keepdim=True) > rounding
    far_log = angle * project(torch.where(known, sine, _orthogonal_axis(u)))
    return torch.where(near, near_log, far_log)


def slerp(u: Tensor, v: Tensor, t: Tensor | float) -> Tensor:
    """Interpolate along the geodesic from u to v (Shoemake 1985).

    The result lies at t times the angle between u and v; t = 0 gives exactly u and t = 1 exactly
    v, values outside [0, 1] continue along the great circle. Antipodal points are joined as in
    `log_map`.

    Args:
        u: Directions ``[..., dim]``.
        v: Directions ``[..., dim]``, broadcast against ``u``.
        t: Fractions of the way, a number or a tensor broadcast against the leading shape.

    Returns:
        Directions ``[..., dim]``.
    """
    fraction = torch.as_tensor(t, dtype=u.dtype, device=u.device).unsqueeze(-1)
    path = exp_map(u, fraction * log_map(u, v))
    return torch.where(fraction == 0, u, torch.where(fraction == 1, v, path))


def at_angle(u: Tensor, angle: Tensor | float, generator: torch.Generator | None = None) -> Tensor:
    """Draw directions at given angles from directions, uniform among all at that angle.

    The directions at an angle from one form a sphere of dim − 2 dimensions; on S² that is a circle.

    Args:
        u: Directions ``[n, dim]``, dim ≥ 2.
        angle: From 0 to π, in radians, one number or ``[n]``.
        generator: Of the draws; by default the global one of the device.

    Returns:
        Directions ``[n, dim]``, of the type and on the device of ``u``.
    """
    noise = torch.randn(u.shape, generator=generator, dtype=u.dtype, device=u.device)
    length = torch.as_tensor(angle, dtype=u.dtype, device=u.device).unsqueeze(-1)
    return exp_map(u, length * project(_remove(noise, u)))


def uniform(n: int, dim: int, seed: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Draw directions uniformly from the sphere, by projecting standard normal vectors.

    Draws come from a generator of their own and are made in float64 on the CPU, so one seed gives
    the same points in every type and leaves the global random state alone.

    Args:
        n: Number of draws.
        dim: Number of coordinates.
        seed: Seed of the draws.
        dtype: Type of the result.

    Returns:
        Directions ``[n, dim]`` on the CPU.

    Raises:
        LisaError: If ``n`` is negative or ``dim`` is below 1.
    """
    if n < 0 or dim < 1:
        raise LisaError(f"uniform needs n >= 0 and dim >= 1, not n = {n} and dim = {dim}")
    generator = torch.Generator().manual_seed(seed)
    return project(torch.randn(n, dim, generator=generator, dtype=torch.float64)).to(dtype)


def finite_rows(points: Rows, what: str = "codes") -> Tensor:
    """Read points for a measurement or a fit: float64, on the CPU, detached, every entry finite.

    Args:
        points: Points ``[n, dim]``.
        what: What they are, for the error message.

    Returns:
        The points ``[n, dim]`` as float64.

    Raises:
        LisaError: If the shape is not ``[n, dim]`` with n, dim >= 1, or rows are not finite.
    """
    rows = torch.as_tensor(points).detach().to("cpu", torch.float64)
    if rows.ndim != 2 or 0 in rows.shape:
        raise LisaError(f"{what} must have shape [n, dim] with n, dim >= 1, not {list(rows.shape)}")
    broken = int((~torch.isfinite(rows)).any(-1).sum())
    if broken:
        raise LisaError(f"{broken} of {len(rows)} {what} hold NaN or infinite values")
    return rows


def project_rows(codes: ArrayLike) -> Floats:
    """Return the directions of codes ``[n, dim]`` as an array, float64; see `project`."""
    directions: Floats = project(torch.from_numpy(np.asarray(codes, dtype=np.float64))).numpy()
    return directions


def unit_rows(points: Rows, what: str = "directions") -> Tensor:
    """Read directions for a measurement: `finite_rows` whose norms are one.

    Args:
        points: Directions ``[n, dim]``.
        what: What they are, for the error message.

    Returns:
        The directions ``[n, dim]`` as float64.

    Raises:
        LisaError: As `finite_rows`, and if a norm differs from one by more than `UNIT_TOLERANCE`.
    """
    rows = finite_rows(points, what)
    off = int(((torch.linalg.vector_norm(rows, dim=-1) - 1).abs() > UNIT_TOLERANCE).sum())
    if off:
        raise LisaError(f"{off} of {len(rows)} {what} do not have unit norm: project them first")
    return rows


def _axis_like(z: Tensor) -> Tensor:
    axis = torch.zeros_like(z)
    axis[..., 0] = 1
    return axis


def _remove(z: Tensor, u: Tensor) -> Tensor:
    """Remove from z its component along the direction u."""
    return z - (z * u).sum(-1, keepdim=True) * u


def _orthogonal_axis(u: Tensor) -> Tensor:
    """Find the coordinate axis that is closest to orthogonal to u, made orthogonal to it."""
    smallest = u.abs().argmin(-1, keepdim=True)
    return _remove(torch.zeros_like(u).scatter(-1, smallest, 1.0), u)
