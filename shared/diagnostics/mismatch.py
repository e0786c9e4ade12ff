"""Both sides of Theorem 1, R(p̃) ≤ R(q̃) + L_ℓ·L_f·W₁(p̃, q̃), estimated (LISA, Eq. 24).

What can be computed exactly is; the rest is bounded from one side, and each function says from
which. The theorem holds for any two measures, so for samples of directions as they stand: risks
and W₁ are computed on the very same subsamples, and no sampling error lies between the sides.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.sphere.geometry import Rows, geodesic, project, slerp, unit_rows

Decoder = Callable[[Tensor], Tensor]
"""What directions ``[batch, dim]`` decode to, ``[batch, ...]``, each row from its own row."""

Risk = Callable[[Tensor], Tensor]
"""r of Eq. 22 for each of ``[batch, ...]`` decoded examples: E_x ℓ(x, x̂), ``[batch]``."""

_CHUNK = 256

_ROWS = 32
"""Rows of a matrix of angles that are computed at once: each holds m·dim differences."""


@dataclass(frozen=True)
class Transport:
    """W₁ with geodesic cost between two samples of directions, beside its sampling noise.

    Between finite samples W₁ is larger in expectation than between their laws, and falls with the
    sample size only like n^(−1/(dim − 1)); compare `distance` with `noise`, not with zero.

    Attributes:
        distance: W₁ between a subsample of u and one of v, in radians, from 0 to π.
        noise: W₁ between two disjoint subsamples of the same law, averaged over both laws.
        size: Directions in each subsample of `distance`.
    """

    distance: float
    noise: float
    size: int


@dataclass(frozen=True)
class Lipschitz:
    """Lower bounds of the Lipschitz constant L_f of a decoder on the sphere (Assumption 1).

    All are with respect to the geodesic distance on the sphere and the Euclidean norm of what is
    decoded.

    Attributes:
        pairs: The largest ratio over pairs of directions drawn at random.
        neighbours: The largest ratio of neighbouring points on the geodesics that join them.
        local: The largest operator norm of the Jacobian on the tangent space.
    """

    pairs: float
    neighbours: float
    local: float

    @property
    def value(self) -> float:
        """The largest of them, the best lower bound."""
        return max(self.pairs, self.neighbours, self.local)


@dataclass(frozen=True)
class MismatchBound:
    """The two sides of Eq. 24 for subsamples of a sampler's and of the codes' directions.

    Attributes:
        risk_sampler: R(p̃), the left side.
        risk_codes: R(q̃).
        transport: W₁(p̃, q̃) and its noise.
        decoder: Lower bounds of L_f.
        loss: L_ℓ as given.
    """

    risk_sampler: float
    risk_codes: float
    transport: Transport
    decoder: Lipschitz
    loss: float

    @property
    def right(self) -> float:
        """The right side, R(q̃) + L_ℓ·L_f·W₁(p̃, q̃), with the lower bound for L_f."""
        return self.risk_codes + self.loss * self.decoder.value * self.transport.distance

    @property
    def holds(self) -> bool:
        """Whether R(p̃) is at most the right side.

        The theorem promises it for the true L_f; where it fails, L_f was underestimated.
        """
        return self.risk_sampler <= self.right

    @property
    def tightness(self) -> float:
        """|R(p̃) − R(q̃)| over L_ℓ·L_f·W₁(p̃, q̃) (Eq. 23), from 0 to 1; 0 where both are 0."""
        gap = abs(self.risk_sampler - self.risk_codes)
        allowed = self.right - self.risk_codes
        if allowed == 0:
            return 0.0 if gap == 0 else math.inf
        return gap / allowed


def wasserstein_sphere(u: Rows, v: Rows) -> float:
    """Compute W₁ between two samples of directions, geodesic cost, exactly (LISA, Eq. 21).

    By optimal transport with equal weights in float64; time grows as n³, so take a few thousand.

    Args:
        u: Directions ``[n, dim]``.
        v: Directions ``[m, dim]``.

    Returns:
        The distance in radians, from 0 to π.

    Raises:
        LisaError: If either does not hold finite unit vectors, or their dimensions differ.
    """
    # It takes seconds to import, which commands that measure nothing need not wait for.
    import ot

    first, second = unit_rows(u), unit_rows(v)
    _check_dims(first, second)
    costs = torch.cat([geodesic(part.unsqueeze(1), second) for part in first.split(_ROWS)])
    return float(ot.emd2([], [], costs.numpy(), numItermax=10**8))


def transport(u: Rows, v: Rows, size: int = 2000, seed: int = 0) -> Transport:
    """Estimate W₁ between the laws of two samples of directions, and the estimate's noise.

    Args:
        u: Directions ``[n, dim]``, n ≥ 2.
        v: Directions ``[m, dim]``, m ≥ 2.
        size: Most directions that are taken of each; fewer where there are fewer.
        seed: Of the choice of directions.

    Returns:
        The distance and its noise.

    Raises:
        LisaError: As `wasserstein_sphere`, and if a sample or ``size`` is smaller than 2.
    """
    first, second = _subsamples(u, v, size, seed)
    return _transport(unit_rows(u), unit_rows(v), first, second, seed)


@torch.no_grad()
def tangent_norms(decode: Decoder, u: Tensor, iterations: int = 30, seed: int = 0) -> Tensor:
    """Estimate the operator norms of the decoder's Jacobian on the tangent spaces of the sphere.

    By power iteration on P JᵀJ P with P = I − uuᵀ, from the products of `torch.func.jvp` and
    `torch.func.vjp`. Each is a lower bound of the norm at its point, which is a lower bound of
    the Lipschitz constant L_f.

    Args:
        decode: The decoder, differentiable, each row from its own row.
        u: Directions ``[n, dim]``, of the type and on the device that the decoder expects.
        iterations: Steps of the power iteration, at least 1.
        seed: Of its beginning.

    Returns:
        The norms ``[n]``, per radian.

    Raises:
        LisaError: If ``iterations`` is below 1.
    """
    if iterations < 1:
        raise LisaError(f"the power iteration needs at least 1 step, not {iterations}")
    generator = torch.Generator().manual_seed(seed)
    starts = torch.randn(u.shape, generator=generator, dtype=torch.float64).to(u)
    parts = zip(u.split(_CHUNK), starts.split(_CHUNK), strict=True)
    return torch.cat([_tangent_norms(decode, *part, iterations) for part in parts])


def lipschitz_on_sphere(
    decode: Decoder, u: Tensor, *, pairs: int = 1000, points: int = 128, steps: int = 16, seed: int
) -> Lipschitz:
    """Bound the Lipschitz constant L_f of a decoder on the sphere from below (Assumption 1).

    Half of the pairs join two of the directions given, half a direction given and a uniform one,
    as the assumption is about the whole sphere.

    Args:
        decode: The decoder, in evaluation mode.
        u: Directions ``[n, dim]``, of the type and on the device that the decoder expects.
        pairs: Pairs of directions.
        points: Directions whose Jacobian is looked at; geodesics of as many pairs are followed.
        steps: Points on each geodesic, at least 2.
        seed: Of all draws.

    Returns:
        Three lower bounds.

    Raises:
        LisaError: If there are fewer than 2 directions, ``pairs`` or ``points`` is below 1, or
            ``steps`` is below 2.
    """
    if len(u) < 2 or pairs < 1 or points < 1 or steps < 2:
        raise LisaError(
            f"the Lipschitz constant needs 2 directions, 1 pair, 1 point and 2 steps or more, "
            f"not {len(u)}, {pairs}, {points} and {steps}"
        )
    begin, end = _pairs(u, pairs, seed)
    with torch.no_grad():
        far = _largest_ratio(decode, begin, end)
        fractions = torch.linspace(0, 1, steps).tolist()
        stops = [slerp(begin[:points], end[:points], fraction) for fraction in fractions]
        near = max(_largest_ratio(decode, *neighbours) for neighbours in itertools.pairwise(stops))
    here = torch.cat([begin[: points - points // 2], end[: points // 2]])
    local = float(tangent_norms(decode, here, seed=derive_seed(seed, "tangent")).max())
    return Lipschitz(far, near, local)


def squared_error_risk(x: Tensor) -> Risk:
    """Make the risk r of Eq. 22 for ℓ = ½‖x − x̂‖², from the moments of the inputs, exactly.

    E_x ½‖x − a‖² = ½(‖a − E x‖² + E‖x − E x‖²), so that no pair is ever looked at.

    Args:
        x: Inputs ``[n, ...]``, floating point.

    Returns:
        The risk of decoded examples ``[batch, ...]``.
    """
    rows = x.flatten(1)
    mean = rows.mean(0, dtype=torch.float64)
    spread = float(torch.stack([(part - mean).square().sum() for part in rows.split(_CHUNK)]).sum())

    def risk(decoded: Tensor) -> Tensor:
        return 0.5 * ((decoded.flatten(1) - mean).square().sum(1) + spread / len(rows))

    return risk


def squared_error_lipschitz(outputs: int) -> float:
    """Return L_ℓ of ℓ = ½‖x − x̂‖² for inputs and outputs in [0, 1]^outputs.

    It is √outputs (Assumption 2).

    |ℓ(x, a) − ℓ(x, b)| = |⟨(a + b)/2 − x, a − b⟩| ≤ sup ‖(a + b)/2 − x‖·‖a − b‖, and the supremum
    is the cube's diagonal, approached where x is a corner and a, b lie near the opposite one.
    """
    return math.sqrt(outputs)


def empirical_squared_error_lipschitz(x: Tensor, decoded: Tensor) -> float:
    """Return L_ℓ of ℓ = ½‖x − x̂‖² for these inputs and these outputs alone: the largest ‖x − x̂‖.

    It is a valid constant on the convex hull of `decoded`, as ‖(a + b)/2 − x‖ is at most the
    larger of ‖a − x‖ and ‖b − x‖.

    Args:
        x: Inputs ``[n, ...]``.
        decoded: Decoded examples ``[m, ...]``; every pair is looked at.
    """
    left, right = x.flatten(1).double(), decoded.flatten(1).double()
    return max(float(torch.cdist(part, right).max()) for part in left.split(_CHUNK))


def mismatch_bound(
    decode: Decoder,
    risk: Risk,
    sampled: Tensor,
    codes: Tensor,
    loss_lipschitz: float,
    *,
    size: int = 2000,
    seed: int = 0,
    decoder: Lipschitz | None = None,
) -> MismatchBound:
    """Estimate both sides of Eq. 24 for a sampler and the codes it was fitted to.

    Args:
        decode: The decoder, in evaluation mode.
        risk: r of Eq. 22 for what is decoded, e.g. `squared_error_risk` of inputs.
        sampled: Directions of the projected sampler p̃, ``[n, dim]``, of the type and on the
            device that the decoder expects.
        codes: Directions of the codes, q̃, ``[m, dim]``, likewise.
        loss_lipschitz: L_ℓ of the loss behind `risk`.
        size: Most directions that are taken of each.
        seed: Of all choices.
        decoder: Lower bounds of L_f, where they are known; by default they are looked for among
            the directions that are taken.

    Returns:
        The two sides and what they consist of.

    Raises:
        LisaError: If either does not hold two finite unit vectors or more, or their dimensions
            differ.
    """
    first, second = _subsamples(sampled, codes, size, seed)
    u, v = sampled[first.to(sampled.device)], codes[second.to(codes.device)]
    if decoder is None:
        lipschitz_seed = derive_seed(seed, "lipschitz")
        decoder = lipschitz_on_sphere(decode, torch.cat([u, v]), seed=lipschitz_seed)
    return MismatchBound(
        risk_sampler=_mean_risk(decode, risk, u),
        risk_codes=_mean_risk(decode, risk, v),
        transport=_transport(unit_rows(sampled), unit_rows(codes), first, second, seed),
        decoder=decoder,
        loss=loss_lipschitz,
    )


def _subsamples(u: Rows, v: Rows, size: int, seed: int) -> tuple[Tensor, Tensor]:
    """Choose rows of u and of v, as many of each."""
    count = min(len(u), len(v), size)
    if count < 2:
        raise LisaError(
            f"W1 needs two directions or more of each law, not {len(u)} and {len(v)} "
            f"of which at most {size} are taken"
        )
    return _choose(len(u), count, seed, "first"), _choose(len(v), count, seed, "second")


def _transport(u: Tensor, v: Tensor, first: Tensor, second: Tensor, seed: int) -> Transport:
    noises = [_noise(u, len(first), seed, "first"), _noise(v, len(first), seed, "second")]
    return Transport(
        distance=wasserstein_sphere(u[first], v[second]),
        noise=sum(noises) / 2,
        size=len(first),
    )


def _noise(u: Tensor, size: int, seed: int, name: str) -> float:
    half = min(size, len(u) // 2)
    rows = _choose(len(u), 2 * half, seed, "noise", name)
    return wasserstein_sphere(u[rows[:half]], u[rows[half:]])


def _choose(n: int, count: int, seed: int, *names: str) -> Tensor:
    random = np.random.default_rng(derive_seed(seed, "transport", *names))
    return torch.from_numpy(random.permutation(n)[:count])


def _tangent_norms(decode: Decoder, u: Tensor, start: Tensor, iterations: int) -> Tensor:
    def tangential(w: Tensor) -> Tensor:
        return w - (w * u).sum(1, keepdim=True) * u

    pull = torch.func.vjp(decode, u)[1]
    direction = tangential(project(tangential(start)))
    norms = u.new_zeros(len(u))
    for _ in range(iterations):
        push = torch.func.jvp(decode, (u,), (direction,))[1]
        norms = torch.maximum(norms, torch.linalg.vector_norm(push.flatten(1), dim=1))
        # Where nothing is pulled back the length may fall below one, but never rise above it.
        direction = tangential(project(tangential(pull(push)[0])))
    return norms


def _pairs(u: Tensor, count: int, seed: int) -> tuple[Tensor, Tensor]:
    random = np.random.default_rng(derive_seed(seed, "pairs"))
    begin = u[torch.from_numpy(random.integers(len(u), size=count))]
    end = u[torch.from_numpy(random.integers(len(u), size=count))]
    anywhere = project(torch.from_numpy(random.standard_normal((count, u.shape[1])))).to(u)
    every_other = (torch.arange(count, device=u.device) % 2 == 0).unsqueeze(1)
    return begin, torch.where(every_other, anywhere, end)


def _largest_ratio(decode: Decoder, u: Tensor, v: Tensor) -> float:
    """Return largest distance of what two directions decode to, over their geodesic distance."""
    largest = 0.0
    for a, b in zip(u.split(_CHUNK), v.split(_CHUNK), strict=True):
        angle = geodesic(a, b)
        # Below this angle the differences of what is decoded hold mostly rounding.
        apart = angle > torch.finfo(u.dtype).eps ** 0.5
        if apart.any():
            moved = (decode(a[apart]) - decode(b[apart])).flatten(1)
            ratios = torch.linalg.vector_norm(moved, dim=1) / angle[apart]
            largest = max(largest, float(ratios.max()))
    return largest


@torch.no_grad()
def _mean_risk(decode: Decoder, risk: Risk, u: Tensor) -> float:
    return sum(float(risk(decode(part)).double().sum()) for part in u.split(_CHUNK)) / len(u)


def _check_dims(u: Tensor, v: Tensor) -> None:
    if u.shape[1] != v.shape[1]:
        raise LisaError(f"directions of dimensions {u.shape[1]} and {v.shape[1]} do not compare")
