import math

import pytest
import torch

from shared.samplers.leapfrog import leapfrog


def well(z):
    """The force of the potential Σ z⁴/4 + cos(z₁ z₂), which couples the coordinates."""
    with torch.enable_grad():
        z = z if z.requires_grad else z.detach().requires_grad_()
        potential = (z**4).sum() / 4 + torch.cos(z[..., 0] * z[..., 1]).sum()
        return -torch.autograd.grad(potential, z, create_graph=True)[0]


def motion(z, momentum, steps, step):
    pull = well(z)
    for _ in range(steps):
        z, momentum, pull = leapfrog(z, momentum, pull, well, step)
    return z, momentum


def points(n, dim, seed=0):
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


STEPS = [0.05, torch.tensor([0.05, 0.1, 0.02], dtype=torch.float64)]


@pytest.mark.parametrize("step", STEPS, ids=["number", "coordinates"])
def test_reversed_momenta_go_back(step):
    z, momentum = points(5, 3), points(5, 3, 1)
    there, speed = motion(z, momentum, 12, step)
    assert (there - z).abs().min() > 1e-3
    back, last = motion(there, -speed, 12, step)
    torch.testing.assert_close(back, z, atol=1e-11, rtol=0)
    torch.testing.assert_close(-last, momentum, atol=1e-11, rtol=0)


@pytest.mark.parametrize("step", STEPS, ids=["number", "coordinates"])
def test_the_volume_of_phase_space_is_kept(step):
    def flat(phase):
        return torch.cat(motion(phase[:3], phase[3:], 7, step))

    jacobian = torch.autograd.functional.jacobian(flat, points(6, 1)[:, 0])
    assert torch.linalg.det(jacobian).item() == pytest.approx(1, abs=1e-10)
    assert (jacobian - torch.eye(6)).abs().max() > 0.1


def test_a_harmonic_motion_is_followed_to_second_order():
    def spring(z):
        return -z

    errors = []
    for steps in (50, 100):
        z, momentum = torch.ones(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
        pull = spring(z)
        for _ in range(steps):
            z, momentum, pull = leapfrog(z, momentum, pull, spring, 1 / steps)
            assert torch.equal(pull, spring(z))
        errors.append(abs(z.item() - math.cos(1)) + abs(momentum.item() + math.sin(1)))
    assert errors[0] < 1e-4
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.05)


def test_a_step_of_nothing_changes_nothing():
    z, momentum = points(4, 3), points(4, 3, 1)
    there, speed, pull = leapfrog(z, momentum, well(z), well, 0.0)
    assert torch.equal(there, z)
    assert torch.equal(speed, momentum)
    assert torch.equal(pull, well(z))
