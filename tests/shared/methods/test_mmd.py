import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.common.errors import LisaError
from shared.methods.mmd import SCALES, inverse_multiquadric, mmd2


def kernel(a, b, scales, sigma=1.0):
    squared = math.dist(a, b) ** 2
    widths = [2 * len(a) * sigma**2 * scale for scale in scales]
    return sum(width / (width + squared) for width in widths)


def by_loops(codes, draws, scales=SCALES):
    """The estimate as it is written."""
    z, p = codes.tolist(), draws.tolist()
    within = [
        sum(kernel(a, b, scales) for i, a in enumerate(rows) for j, b in enumerate(rows) if i != j)
        / (len(rows) * (len(rows) - 1))
        for rows in (z, p)
    ]
    between = sum(kernel(a, b, scales) for a in z for b in p) / (len(z) * len(p))
    return sum(within) - 2 * between


def normal(n, dim, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, dim, generator=generator, dtype=torch.float64)


@given(st.integers(2, 9), st.integers(2, 9), st.integers(1, 5), st.integers(0, 2**31))
@settings(deadline=None, max_examples=50)
def test_the_estimate_is_the_equation(n, m, dim, seed):
    codes, draws = 3 * normal(n, dim, seed) + 1, normal(m, dim, seed + 1)
    assert mmd2(codes, draws).item() == pytest.approx(by_loops(codes, draws), rel=1e-9, abs=1e-12)
    scales = (0.5, 3.0)
    expected = by_loops(codes, draws, scales)
    assert mmd2(codes, draws, scales).item() == pytest.approx(expected, rel=1e-9, abs=1e-12)
    found = mmd2(codes.float(), draws.float())
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(by_loops(codes, draws), abs=1e-4)


def test_batches_that_matrix_products_measure_give_the_same():
    codes, draws = normal(70, 4, 0) + 1, normal(60, 4, 1)
    assert mmd2(codes, draws).item() == pytest.approx(by_loops(codes, draws), rel=1e-9)
    assert mmd2(codes.float(), draws.float()).item() == pytest.approx(
        by_loops(codes, draws), abs=1e-4
    )


def test_the_kernel_is_the_inverse_multiquadric():
    a, b = normal(3, 4, 0), normal(2, 4, 1)
    for sigma in (0.5, 1.0, 2.0):
        found = inverse_multiquadric(a, b, (0.2, 5.0), sigma).tolist()
        expected = [
            [kernel(one, other, (0.2, 5.0), sigma) for other in b.tolist()] for one in a.tolist()
        ]
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_estimate_is_zero_in_expectation_for_equal_laws():
    found = np.array([mmd2(normal(6, 2, 2 * k), normal(6, 2, 2 * k + 1)) for k in range(3000)])
    error = found.std() / math.sqrt(len(found))
    assert abs(found.mean()) < 4 * error
    assert found.min() < 0 < found.max()
    # Counting the pairs i = i would add 2·(7 − E k)/6, many standard errors.
    assert error < 0.02


def test_other_laws_are_told_apart():
    prior = normal(500, 8, 0)
    assert abs(mmd2(normal(500, 8, 1), prior)) < 0.02
    for codes in (normal(500, 8, 1) + 0.5, 2 * normal(500, 8, 1), 0.5 * normal(500, 8, 1)):
        assert mmd2(codes, prior) > 0.1


def test_the_gradient_is_that_of_the_equation():
    codes = (normal(5, 3, 0) + 1).requires_grad_()
    assert torch.autograd.gradcheck(lambda z: mmd2(z, normal(6, 3, 1)), codes)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_equal_codes_have_a_finite_gradient(dtype):
    codes = torch.full((64, 7), 0.3, dtype=dtype, requires_grad=True)
    loss = mmd2(codes, codes.detach())
    assert loss.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert loss.item() == pytest.approx(0, abs=1e-4)
    loss.backward()
    assert codes.grad.isfinite().all()


def test_descent_makes_codes_of_the_prior():
    draws = normal(400, 2, 1)
    codes = (0.1 * normal(100, 2, 0) + 0.5).requires_grad_()
    adam = torch.optim.Adam([codes], lr=0.1)
    for _ in range(150):
        adam.zero_grad()
        mmd2(codes, draws).backward()
        adam.step()
    assert (codes.mean(0) - draws.mean(0)).abs().max() < 0.1
    assert (torch.cov(codes.T) - torch.cov(draws.T)).abs().max() < 0.2


def test_bad_arguments_are_refused():
    codes = normal(4, 3, 0)
    for n, m in ((1, 4), (4, 1), (0, 4)):
        with pytest.raises(LisaError, match=f"2 codes and 2 draws or more, not {n} and {m}"):
            mmd2(codes[:n], codes[:m])
    with pytest.raises(LisaError, match=r"\[n, dim\] and \[m, dim\], not \[4, 3\] and \[4, 2\]"):
        mmd2(codes, codes[:, :2])
    with pytest.raises(LisaError, match=r"\[n, dim\]"):
        mmd2(codes[0], codes)
    for scales in ((), (0.0,), (1.0, -1.0), (math.nan,), (math.inf,)):
        with pytest.raises(LisaError, match="scales and sigma must be positive"):
            mmd2(codes, codes, scales)
    with pytest.raises(LisaError, match="scales and sigma must be positive"):
        inverse_multiquadric(codes, codes, sigma=0.0)
