"""Vectors are told apart but for their lengths and signs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from grammar_lisa.regression.search.directions import Directions

ROWS = arrays.arrays(
    float,
    st.tuples(st.integers(1, 6), st.just(5)),
    elements=st.integers(-3, 3).map(float),
).filter(lambda rows: rows.any(axis=1).all())


def proportional(left, right):
    return np.linalg.matrix_rank(np.stack([left, right])) < 2


@given(ROWS, st.sampled_from([-2.0, 0.5, 1e30]))
def test_what_is_proportional_to_none_before_is_new(rows, scale):
    directions = Directions(5)
    expected = [
        place
        for place, row in enumerate(rows)
        if not any(proportional(row, before) for before in rows[:place])
    ]
    assert directions.new(rows) == expected
    assert directions.new(scale * rows) == []


def test_no_row_is_no_new_one():
    assert Directions(5).new(np.empty((0, 5))) == []
