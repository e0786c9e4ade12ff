"""What a search does by its progress: trust regions, and when it is stuck."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.optimize.config import SearchConfig
from grammar_lisa.optimize.progress import is_stuck, successes, trust_radius

CONFIG = SearchConfig(radius=0.8)


def radii(begun, *batches):
    """Return the radius at the beginning and after each batch."""
    scores = np.array([*begun, *(score for batch in batches for score in batch)])
    sizes = [len(batch) for batch in batches]
    return [
        trust_radius(scores[: len(begun) + sum(sizes[:n])], len(begun), sizes[:n], CONFIG)
        for n in range(len(batches) + 1)
    ]


def test_it_begins_at_half_grows_with_success_and_shrinks_without():
    assert radii([3, 2], [1.5, 9], [1, 1], [5, 5], [4, 0.5]) == pytest.approx(
        [0.4, 0.6, 0.8, 0.4, 0.6]
    )


def test_it_never_grows_beyond_the_largest():
    found = radii([10], *([[9 - n] for n in range(6)]))
    assert found == pytest.approx([0.4, 0.6, 0.8, 0.8, 0.8, 0.8, 0.8])


def test_below_a_sixteenth_it_begins_anew():
    assert radii([1], *([[2]] * 5)) == pytest.approx([0.4, 0.2, 0.1, 0.05, 0.4, 0.2])


def test_an_improvement_of_less_than_a_thousandth_is_none():
    assert radii([2.0], [1.9981])[1] == pytest.approx(0.2)
    assert radii([2.0], [1.9979])[1] == pytest.approx(0.6)
    assert radii([-2.0], [-2.0021])[1] == pytest.approx(0.6)
    assert radii([0.0], [-1e-13])[1] == pytest.approx(0.2)


def test_what_could_not_be_scored_is_no_success():
    nan = np.nan
    assert radii([1, nan], [nan, nan], [0.5, nan]) == pytest.approx([0.4, 0.2, 0.3])


def test_batches_may_be_empty_or_of_any_size():
    assert radii([5], [], [4, 3, 2], [1]) == pytest.approx([0.4, 0.2, 0.3, 0.45])


@given(st.lists(st.lists(st.floats(-5, 5), min_size=1, max_size=3), max_size=12))
def test_it_stays_between_a_sixteenth_and_the_largest(batches):
    assert all(0.05 <= radius <= 0.8 for radius in radii([1.0], *batches))


def test_a_success_improves_on_all_that_came_before_by_a_thousandth():
    scores = np.array([3, 2, *[1.5, 9], *[1, 4], *[1, 5], np.nan, *[0.9995, 2], *[7, 0.5]])
    assert successes(scores, 2, [2, 2, 2, 1, 2, 0, 2]) == [True, True, *[False] * 4, True]
    assert successes(scores[:2], 2, []) == []


@pytest.mark.parametrize(
    ("batches", "patience", "expected"),
    [
        ([[5]], 2, False),
        ([[5], [5]], 2, True),
        ([[5], [5]], 3, False),
        ([[1], [5]], 2, False),
        ([[5], [1]], 1, False),
        ([[1], [1], [1]], 2, True),
        ([[5], [5], [1], [5]], 2, False),
    ],
)
def test_a_search_is_stuck_after_batches_without_success(batches, patience, expected):
    scores = np.array([2.0, *(score for batch in batches for score in batch)])
    assert is_stuck(scores, 1, [len(batch) for batch in batches], patience) == expected
