import math
from functools import partial

import numpy as np
import pytest
import torch
from small_nets import Vectors, vectors

from shared.common.errors import LisaError
from shared.diagnostics import (
    ALPHAS,
    RadialCurve,
    mean_radius,
    projection_loss,
    radial_sensitivity,
)
from shared.methods import LISA, VAE
from shared.sphere.geometry import project, uniform


def half_squares(x, z):
    """A decoder that is the identity, with the loss of images."""
    return 0.5 * (x - z).square().sum(1)


def test_the_default_factors_are_log_spaced_around_exactly_one():
    assert ALPHAS[0] == 0.1
    assert ALPHAS[10] == 1.0
    assert ALPHAS[-1] == 10.0
    np.testing.assert_allclose(np.diff(np.log(ALPHAS)), math.log(10) / 10, atol=1e-11)


def test_the_curve_of_an_identity_decoder_is_a_parabola():
    z = torch.from_numpy(np.random.default_rng(0).normal(size=(3000, 4)))
    curve = radial_sensitivity(half_squares, z, z, [0.5, 2.0, 3.0])
    np.testing.assert_array_equal(curve.alphas, [0.5, 1, 2, 3])
    power = 0.5 * float(z.square().sum(1).mean())
    np.testing.assert_allclose(curve.losses, power * (curve.alphas - 1) ** 2, rtol=1e-12)
    assert curve.own == 0
    assert curve.sensitivity() == math.inf


def test_the_sensitivity_is_the_worst_relative_increase_within_the_range():
    curve = RadialCurve(np.array([0.25, 0.5, 1, 2, 4]), np.array([9.0, 3, 2, 5, 100]))
    assert curve.sensitivity() == pytest.approx(1.5)
    assert curve.sensitivity(0.5, 1) == pytest.approx(0.5)
    assert curve.sensitivity(0.1, 10) == pytest.approx(49)
    assert RadialCurve(curve.alphas, np.array([0, 0, 1.0, 0.5, 0])).sensitivity() == 0


def test_a_spherical_method_does_not_mind_the_radius_and_a_euclidean_one_does():
    x = vectors(50)
    for method, flat in ((LISA(), True), (VAE(), False)):
        net = Vectors(3, method.encoder_width(3)).eval()
        z = method.encode(net, x).detach() * 5
        curve = radial_sensitivity(partial(method.reconstruction, net), x, z)
        assert len(curve.losses) == len(ALPHAS)
        assert bool(np.ptp(curve.losses) < 1e-5) is flat
        assert (curve.sensitivity() < 1e-5) is flat
        with torch.no_grad():
            own, at_four = (
                float(method.reconstruction(net, x, codes).mean()) for codes in (z, 4 * project(z))
            )
        assert curve.own == pytest.approx(own, rel=1e-6)
        projected = projection_loss(partial(method.reconstruction, net), x, z, 4.0)
        assert (abs(projected - own) < 1e-5) is flat
        assert projected == pytest.approx(at_four, rel=1e-6)


def test_codes_of_one_radius_are_projected_onto_themselves():
    z = 3 * uniform(40, 5, 0)
    assert mean_radius(z) == pytest.approx(3)
    assert projection_loss(half_squares, z, z, 3.0) == pytest.approx(0, abs=1e-25)
    assert projection_loss(half_squares, z, z, 5.0) == pytest.approx(0.5 * 4)


@pytest.mark.parametrize("alpha", [0.0, -1.0, math.inf, math.nan])
def test_a_factor_that_is_not_positive_is_refused(alpha):
    with pytest.raises(LisaError, match="alpha must be positive and finite"):
        radial_sensitivity(half_squares, torch.ones(2, 2), torch.ones(2, 2), [alpha])


def test_other_bad_input_is_refused():
    with pytest.raises(LisaError, match=r"\[3, 2\] and \[2, 2\]"):
        radial_sensitivity(half_squares, torch.ones(3, 2), torch.ones(2, 2))
    with pytest.raises(LisaError, match="n >= 1"):
        projection_loss(half_squares, torch.ones(0, 2), torch.ones(0, 2), 1.0)
    with pytest.raises(LisaError, match="radius must be positive and finite, not 0"):
        projection_loss(half_squares, torch.ones(2, 2), torch.ones(2, 2), 0)
    with pytest.raises(LisaError, match="must hold 1"):
        RadialCurve(np.ones(1), np.ones(1)).sensitivity(2, 3)
