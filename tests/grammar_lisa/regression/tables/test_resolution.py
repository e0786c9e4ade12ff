import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.regression.tables.resolution import resolution

VALUES = np.random.default_rng(0).lognormal(2, 3, 200)


@pytest.mark.parametrize("decimals", [1, 3, 6])
def test_the_step_of_so_many_decimals_is_one_of_the_last(decimals):
    assert resolution(np.round(VALUES, decimals)) == pytest.approx(10.0**-decimals)


@pytest.mark.parametrize("digits", [2, 4, 7])
def test_the_step_of_so_many_digits_depends_on_the_number(digits):
    written = np.array([float(f"{value:.{digits}g}") for value in VALUES])
    expected = 10.0 ** (np.floor(np.log10(written)) - digits + 1)
    assert resolution(written) == pytest.approx(expected)


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_the_unit_does_not_matter(unit):
    small = np.array([float(f"{value * unit:.5g}") + 0 for value in VALUES * 1e-7])
    steps = resolution(small)
    assert (steps > 0).all()
    assert (steps <= 1e-4 * np.abs(small) * (1 + 1e-9)).all()


def test_floats_and_whole_numbers_are_not_rounded():
    assert not resolution(VALUES).any()
    assert not resolution(np.array([3.0, -20, 1e9, 0])).any()
    assert not resolution(np.array([])).any()
    assert not resolution(np.array([np.nan, np.inf, 0])).any()


@given(st.lists(st.decimals(-1000, 1000, places=4), min_size=1, max_size=30))
def test_numbers_lie_on_their_steps(numbers):
    values = np.array([float(value) for value in numbers])
    steps = resolution(values)
    assert len(steps) == len(values)
    rounded = steps > 0
    multiples = values[rounded] / steps[rounded]
    assert multiples == pytest.approx(np.round(multiples), abs=1e-6)
