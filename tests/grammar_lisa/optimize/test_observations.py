"""What a search makes of what it was told, worked out by hand."""

import math

import numpy as np
import pytest
from hand_made import sentences
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.objectives.composite import SquaredErrors
from grammar_lisa.optimize.config import SearchConfig
from grammar_lisa.optimize.observations import Composite, Observations
from shared.common.errors import LisaError

NAN, INFINITE = math.nan, math.inf
CONFIG = SearchConfig(fit_points=4, fit_best=0.5, radius=0.8)


def told(scores, composite=None):
    texts = [f"t{place}" for place in range(len(scores))]
    return Observations(sentences(texts), np.array(scores, dtype=np.float64), composite)


def composite(outputs, target, unit=1.0):
    return Composite(np.array(outputs, dtype=float), SquaredErrors({}, np.array(target), unit))


def random():
    return np.random.default_rng(0)


@pytest.mark.parametrize("scores", [[], [1.0], [NAN, 1.0], [INFINITE, 1.0, -INFINITE]])
def test_two_finite_scores_are_needed(scores):
    finite = int(np.isfinite(scores).sum())
    with pytest.raises(LisaError, match=f"at least 2 scored sentences, not {finite}"):
        told(scores)


def test_no_finite_number_is_no_score_and_stands_last():
    known = told([3.0, INFINITE, 1.0, NAN, 1.0, -INFINITE, 2.0])
    assert np.isnan(known.scores[[1, 3, 5]]).all()
    assert known.order.tolist() == [2, 4, 6, 0, 1, 3, 5]
    assert known.best == ("t2", 1.0)


def test_utility_is_the_logarithm_it_says():
    """Best 1, median 3: −log(0.1 + (s − 1)/2); what has no score counts as 5, the worst."""
    known = told([1.0, 2.0, 3.0, 5.0, NAN])
    expected = [-math.log(0.1 + share) for share in (0, 0.5, 1, 2, 2)]
    assert known.utility() == pytest.approx(expected)


def test_where_half_is_as_good_as_the_best_scores_are_their_own_unit():
    known = told([1.0, 1.0, 1.0, 4.0])
    assert known.utility() == pytest.approx([math.log(10)] * 3 + [-math.log(3.1)])


@given(
    st.lists(st.floats(-100, 100), min_size=2, max_size=9),
    st.floats(0.1, 100),
    st.floats(-100, 100),
)
def test_utility_falls_with_the_score(scores, unit, shift):
    scores = np.round(scores, 3)
    values = told(scores).utility()
    assert (np.diff(values[np.argsort(scores, kind="stable")]) <= 0).all()
    if np.median(scores) > scores.min():
        assert values == pytest.approx(told(unit * scores + shift).utility(), rel=1e-6, abs=1e-6)


def test_a_batch_stands_behind_what_was_known():
    known = told([3.0, 2.0], composite([[0.0, 0], [1, 1]], [1.0, 2.0]))
    known.add(sentences(["new"], [[7.0]]), np.array([NAN]), np.array([[5.0, 6.0]]))
    assert known.sentences.texts == ["t0", "t1", "new"]
    assert known.sentences.inputs[:, 0].tolist() == [0, 1, 7]
    assert np.isnan(known.scores[2])
    assert known.composite.outputs.tolist() == [[0, 0], [1, 1], [5, 6]]
    assert (known.n_initial, known.best) == (2, ("t1", 2.0))


def test_a_batch_without_outputs_leaves_scores_alone():
    known = told([3.0, 2.0])
    known.add(sentences(["new"]), np.array([1.0]), np.array([[5.0]]))
    assert known.composite is None
    assert known.best == ("new", 1.0)


def test_progress_is_that_of_the_batches():
    """Half of 0.8; half as much again after a success; half of that after each failure."""
    known = told([3.0, 2.0])
    assert known.radius(CONFIG) == pytest.approx(0.4)
    for score, radius, stuck in [(1.0, 0.6, False), (5.0, 0.3, False), (5.0, 0.15, True)]:
        known.add(sentences(["new"]), np.array([score]), None)
        known.batches.append(1)
        assert known.radius(CONFIG) == pytest.approx(radius)
        assert known.is_stuck(2) == stuck


def test_all_rows_are_fitted_where_there_are_few():
    known = told([3.0, NAN, 1.0, 2.0])
    assert known.to_fit(CONFIG, random()).tolist() == [2, 3, 0, 1]


def test_of_many_rows_the_best_and_a_few_others_are_fitted():
    known = told([6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
    rows = known.to_fit(CONFIG, random())
    assert rows[:2].tolist() == [5, 4]
    assert len(set(rows.tolist())) == 4
    drawn = {tuple(known.to_fit(CONFIG, np.random.default_rng(seed))[2:]) for seed in range(20)}
    assert {row for rows in drawn for row in rows} == {0, 1, 2, 3}
    assert known.to_fit(CONFIG, random()).tolist() == rows.tolist()


def test_the_best_alone_are_fitted_where_no_others_are_wanted():
    known = told([6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
    config = SearchConfig(fit_points=4, fit_best=1.0)
    assert known.to_fit(config, random()).tolist() == [5, 4, 3, 2]


ERRING = [[1.0, 0, 0], [1.01, 0, 0], [0, 2, 0], [0, 0, 3], [4, 4, 4], [9, 9, 0]]
"""Outputs whose target is 0: the second errs as the first does, to a hundredth."""


def test_where_outputs_are_seen_what_errs_alike_is_fitted_once():
    known = told([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], composite(ERRING, [0.0, 0, 0]))
    rows = known.to_fit(SearchConfig(fit_points=3, fit_best=1.0), random())
    assert rows.tolist() == [0, 2, 3]


def test_where_outputs_are_seen_a_tenth_explains_what_the_best_leaves_over():
    """The target is the best one and three times the last one, which scores worst."""
    axes = np.eye(12)
    target = axes[0] + 3 * axes[11]
    known = told(np.arange(1.0, 13), Composite(axes, SquaredErrors({}, target, 1.0)))
    assert known.composite.explained(0)[11] == pytest.approx(1)
    rows = known.to_fit(SearchConfig(fit_points=10, fit_best=1.0), random())
    assert rows.tolist() == [*range(9), 11]


def test_parents_are_the_best_without_outputs():
    good, partners = told([3.0, NAN, 1.0, 2.0]).parents(2, random())
    assert good.texts == ["t2", "t3"]
    assert len(partners) == 0


def test_parents_differ_in_their_errors_where_outputs_are_seen():
    """Partners explain a twentieth or more of what one of them leaves over.

    That is mostly of the best, t0, whose fellow t1 errs as it does, and else of the other, t2,
    which lacks what t0 has besides.
    """
    axes = np.eye(4)
    outputs = np.stack([axes[0], 1.1 * axes[0], axes[1], axes[2], axes[3]])
    objective = SquaredErrors({}, np.array([1.0, 0.0, 0.1, 2.0]), 1.0)
    known = told([1.0, 2.0, 3.0, 4.0, 5.0], Composite(outputs, objective))
    assert known.composite.errors[0] == pytest.approx([0, 0, -0.1, -2])
    found = [known.parents(2, np.random.default_rng(seed)) for seed in range(20)]
    assert all(good.texts == ["t0", "t2"] for good, _ in found)
    assert {tuple(partners.texts) for _, partners in found} == {("t4",), ("t4", "t0")}
