"""The von Mises-Fisher law of the sphere: constants, divergence, draws that gradients pass through.

Its density with respect to the surface measure of S^(d−1) is C_d(κ) exp(κ⟨μ, u⟩) (Mardia & Jupp
2009, section 9.3). With ν = d/2 − 1 everything follows from three functions of κ,

    L(κ) = log ₀F₁(; d/2; κ²/4),    A(κ) = I_(ν+1)(κ) / I_ν(κ) = L'(κ),    A'(κ),

which are computed in float64 without Bessel functions that overflow: by Debye's uniform expansion
(DLMF 10.41) where the order is large, and from there down to ν by I_(j−1) = I_(j+1) + (2j/κ)·I_j,
which is stable in that direction. All terms are arranged such that none cancels as κ goes to 0
or grows, so the digits are good for every d ≥ 2 and for κ from 1e-12 to 1e12.
"""

import math
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.polynomial import Polynomial
from torch import Tensor

from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.sphere.geometry import project

_LEAST_ORDER = 40.0
"""From which order on the expansion is used; its error there is below 1e-12."""

_TERMS = 7

_PROPOSALS, _ROUNDS = 6, 16
"""Each proposal is accepted with probability 0.65 or more; 96 refusals in a row do not happen."""

_NODES = 64


def kl_to_uniform(dim: int, concentration: Tensor) -> Tensor:
    """Compute KL(vMF(μ, κ) ‖ uniform) = κ·A(κ) + log C_d(κ) + log |S^(d−1)|, with its gradient.

    Davidson et al. 2018, arXiv:1804.00891, Eq. 14. This is κ·A(κ) − L(κ), and its derivative is
    κ·A'(κ). It can be differentiated once.

    Args:
        dim: Number of coordinates d, at least 2.
        concentration: κ ``[...]``, not negative.

    Returns:
        Divergences ``[...]`` in nats, in float64 for float64 and otherwise in float32.

    Raises:
        LisaError: If ``dim`` is below 2.
    """
    log, ratio, slope = _functions(dim, concentration)
    wide = _wide(concentration)
    return _attach(concentration, wide * ratio - log, wide * slope)


def sample_von_mises_fisher(mean: Tensor, concentration: Tensor) -> Tensor:
    """Draw one direction of vMF(μ, κ) a row from torch's global generator.

    u = cos θ·μ + sin θ·v with v uniform among the directions orthogonal to μ. The angle θ comes
    from Wood's envelope, a few proposals a row at a time, of which the first accepted one is
    taken. The gradient with respect to κ is that of the quantile of θ, dθ/dκ = −∂_κF(θ)/f(θ), an
    integral over the nearer tail; so, unlike when one differentiates the accepted proposal alone,
    the gradient of a mean over draws needs no correction for the rejected ones.

    References:
        Wood 1994, "Simulation of the von Mises Fisher distribution".
        Figurnov, Mohamed and Mnih, Implicit Reparameterization Gradients, 2018, arXiv:1805.08498.
        Davidson et al., Hyperspherical Variational Auto-Encoders, 2018, arXiv:1804.00891.

    Args:
        mean: Directions μ ``[batch, dim]``.
        concentration: κ ``[batch]``, positive.

    Returns:
        Directions ``[batch, dim]`` of the type of ``mean``.

    Raises:
        LisaError: If ``dim`` is below 2 or the shapes do not match.
    """
    if mean.ndim != 2 or concentration.shape != mean.shape[:1]:
        raise LisaError(
            f"draws need means [batch, dim] and concentrations [batch], "
            f"not {list(mean.shape)} and {list(concentration.shape)}"
        )
    centre = project(_wide(mean))
    noise = torch.randn_like(centre)
    across = project(noise - (noise * centre).sum(-1, keepdim=True) * centre)
    angle = _draw_angle(mean.shape[1], concentration).unsqueeze(-1)
    return (angle.cos() * centre + angle.sin() * across).to(mean)


class _Attached(torch.autograd.Function):
    """A value whose derivative with respect to its argument is known."""

    @staticmethod
    def forward(ctx: Any, argument: Tensor, value: Tensor, slope: Tensor) -> Tensor:
        ctx.save_for_backward(slope)
        return value

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (slope,) = ctx.saved_tensors
        return grads[0] * slope, None, None


def _attach(argument: Tensor, value: Tensor, slope: Tensor) -> Tensor:
    """Return the value as a function of the argument, on its device.

    It is float32 for anything but float64.
    """
    target = argument if argument.dtype == torch.float64 else argument.float()
    attached: Tensor = _Attached.apply(target, value.to(target), slope.to(target))
    return attached


def _wide(values: Tensor) -> Tensor:
    """Return in float64, on the CPU where the device has no float64."""
    device = "cpu" if values.device.type == "mps" else values.device
    return values.to(device, torch.float64)


@torch.no_grad()
def _functions(dim: int, concentration: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return L, A and A' at κ, in float64."""
    if dim < 2:
        raise LisaError(f"the von Mises-Fisher law needs dim of at least 2, not {dim}")
    kappa = _wide(concentration)
    order = dim / 2 - 1
    steps = max(0, math.ceil(_LEAST_ORDER - order))
    log, ratio, slope = _expansion(order + steps, kappa)
    for step in range(steps):
        j = order + steps - step
        log = log + torch.log1p(kappa / (2 * j) * ratio)
        denominator = 2 * j + kappa * ratio
        slope = (2 * j - kappa**2 * slope) / denominator**2
        ratio = kappa / denominator
    return log, ratio, slope


def _expansion(order: float, kappa: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return L, A and A' of a large order N = ν by Debye's expansion.

    With s = √(N² + κ²) and p = N/s, I_N is e^(s + N log(κ/(N + s))) U(p) / √(2πs). The ratio of
    I'_N to I_N is (s/κ)·V(p)/U(p), where V − U = −p(1 − p²)·W, which gives A without cancelling:
    A = κ·(1/(s + N) − (N/s²)·G(p)) with G = W/U.
    """
    s = torch.hypot(torch.full_like(kappa, order), kappa)
    p = order / s
    coefficients = _debye(order).to(kappa.device)
    powers = p.unsqueeze(-1) ** torch.arange(len(coefficients), device=kappa.device)
    u, w, du, dw, chord = (powers @ coefficients).unbind(-1)
    g = w / u
    dg = (dw - g * du) / u
    beyond = kappa * (kappa / (s + order))
    log = (
        beyond
        - order * torch.log1p(beyond / (2 * order))
        - 0.5 * torch.log1p(beyond / order)
        + torch.log1p(-beyond / s * chord / coefficients[:, 0].sum())
    )
    ratio = kappa * (1 / (s + order) - order / s**2 * g)
    bend = g * (1 - 2 * p**2) + p * (kappa / s) ** 2 * dg
    slope = order / s * (1 / (s + order) + bend / s)
    return log, ratio, slope


@cache
def _debye(order: float) -> Tensor:
    """Return coefficients of U, W, U', W' and (U(1) − U(p))/(1 − p) in powers of p.

    See DLMF 10.41.10.
    """
    p = Polynomial([0.0, 1.0])
    u, w, last = Polynomial([1.0]), Polynomial([0.0]), Polynomial([1.0])
    for k in range(1, _TERMS + 1):
        w += (0.5 * last + p * last.deriv()) / order**k
        integral = ((1 - 5 * p**2) * last).integ()
        last = 0.5 * p**2 * (1 - p**2) * last.deriv() + integral / 8
        u += last / order**k
    chord = (u(1.0) - u) // (1 - p)
    columns = np.zeros((3 * _TERMS + 1, 5))
    for column, polynomial in enumerate((u, w, u.deriv(), w.deriv(), chord)):
        columns[: len(polynomial.coef), column] = polynomial.coef
    return torch.from_numpy(columns)


def _draw_angle(dim: int, concentration: Tensor) -> Tensor:
    """Return angles between draws and their mean direction, ``[batch]`` in float64."""
    mean = _functions(dim, concentration)[1]
    with torch.no_grad():
        kappa = _wide(concentration)
        angle = _first_accepted(dim, kappa)
        slope = _angle_slope(dim, kappa, mean, angle) if concentration.requires_grad else angle
    attached: Tensor = _Attached.apply(_wide(concentration), angle, slope)
    return attached


def _first_accepted(dim: int, kappa: Tensor) -> Tensor:
    """Return the first accepted angle of each row, ``[batch]``."""
    angle, rows = torch.empty_like(kappa), torch.arange(len(kappa), device=kappa.device)
    for _ in range(_ROUNDS):
        proposals, accepted = _propose(dim, kappa[rows].unsqueeze(-1))
        first = accepted.long().argmax(-1, keepdim=True)
        angle[rows] = proposals.gather(-1, first).squeeze(-1)
        rows = rows[~accepted.any(-1)]
        if len(rows) == 0:
            break
    return angle


def _propose(dim: int, kappa: Tensor) -> tuple[Tensor, Tensor]:
    """Return angles of Wood's envelope and which of them are accepted, in terms of 1 − cos θ."""
    b = (dim - 1) / (2 * kappa + torch.hypot(2 * kappa, torch.full_like(kappa, dim - 1)))
    shape = torch.full_like(b.expand(-1, _PROPOSALS), (dim - 1) / 2)
    share = torch.distributions.Beta(shape, shape, validate_args=False).sample()
    fall = 2 * b * share / (1 - (1 - b) * share)
    log_accept = kappa * (2 * b / (1 + b) - fall) + (dim - 1) * torch.log(
        (2 * b + (1 - b) * fall) * (1 + b) / (4 * b)
    )
    angle = 2 * torch.atan2((b * share).sqrt(), (1 - share).sqrt())
    return angle, torch.rand_like(share).log() <= log_accept


def _angle_slope(dim: int, kappa: Tensor, mean: Tensor, angle: Tensor) -> Tensor:
    """Return dθ/dκ of the quantile θ of the density h(t) ∝ exp(κ cos t)·sin^(d−2) t.

    −∂_κF(θ)/h(θ) is minus the integral of (cos t − A)·h(t)/h(θ) from 0 to θ, and plus that from θ
    to π. The one is taken whose integrand has one sign, up to where h(t) is negligible.
    """
    nodes, weights = (torch.from_numpy(each).to(angle) for each in _gauss_legendre())
    reach = 12 * (2 / (kappa + dim)).sqrt()
    near = angle.cos() > mean
    begin = torch.where(near, (angle - reach).clamp(min=0), angle).unsqueeze(-1)
    end = torch.where(near, angle, (angle + reach).clamp(max=math.pi)).unsqueeze(-1)
    t, theta = begin + (end - begin) * nodes, angle.unsqueeze(-1)
    fall = -2 * torch.sin((t + theta) / 2) * torch.sin((t - theta) / 2)
    tiny = torch.finfo(theta.dtype).tiny
    log_ratio = kappa.unsqueeze(-1) * fall + (dim - 2) * (
        torch.log(t.sin().clamp(min=tiny)) - torch.log(theta.sin().clamp(min=tiny))
    )
    integral = (((t.cos() - mean.unsqueeze(-1)) * log_ratio.exp()) @ weights) * (
        end - begin
    ).squeeze(-1)
    return torch.where(near, -integral, integral)


@cache
def _gauss_legendre() -> tuple[Floats, Floats]:
    """Return nodes and weights on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return (nodes + 1) / 2, weights / 2
