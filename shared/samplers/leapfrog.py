"""Hamiltonian motion in small steps: reversible, and keeping the volume of phase space."""

from collections.abc import Callable

from torch import Tensor

Force = Callable[[Tensor], Tensor]
"""Takes positions ``[..., dim]`` and gives minus the gradient of the potential, of that shape."""


def leapfrog(
    z: Tensor, momentum: Tensor, pull: Tensor, force: Force, step: Tensor | float
) -> tuple[Tensor, Tensor, Tensor]:
    """Make one leapfrog step of unit mass: half a kick, a drift, half a kick.

    ρ' = ρ + (ε/2)·F(z), z' = z + ε·ρ', ρ'' = ρ' + (ε/2)·F(z'). Each of the three is a shear, so
    the step keeps the volume exactly, whatever the force and whatever the step of a coordinate;
    with the momentum reversed it goes back (Neal 2011, "MCMC using Hamiltonian dynamics").

    Args:
        z: Positions ``[..., dim]``.
        momentum: Momenta ρ ``[..., dim]``.
        pull: ``force(z)``, which the step before has computed already.
        force: The force F.
        step: The step size ε, a number or one of each coordinate ``[dim]``.

    Returns:
        Positions, momenta, and the force at these positions.
    """
    half = momentum + 0.5 * step * pull
    z = z + step * half
    pull = force(z)
    return z, half + 0.5 * step * pull, pull
