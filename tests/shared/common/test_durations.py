"""Times in words."""

import math

import pytest

from shared.common.durations import duration


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.0123, "0.0123 s"),
        (4.4249, "4.42 s"),
        (119, "119 s"),
        (120, "2 min"),
        (151.4, "2 min 31 s"),
        (3599.6, "1 h"),
        (3900, "1 h 5 min"),
        (90_000.0, "25 h"),
        (math.inf, "–"),
        (math.nan, "–"),
        (None, "–"),
    ],
)
def test_a_time_is_said_in_its_two_largest_units(seconds, said):
    assert duration(seconds) == said
