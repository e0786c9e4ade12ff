"""Probes on codes whose properties are known functions of them."""

import math

import numpy as np
import pytest

from grammar_lisa.objectives.conditions import Condition
from grammar_lisa.objectives.probing import Probe, PropertyProbe
from shared.common.errors import LisaError

RNG = np.random.default_rng(0)
POINTS = RNG.standard_normal((300, 4))
WEIGHTS = np.array([2.0, -1.0, 0.0, 0.5])
VALUES = 7 + POINTS @ WEIGHTS + 0.1 * RNG.standard_normal(300)


class Seen:
    """A model whose decoder sees codes as they are."""

    run = None

    def directions(self, codes):
        return codes


def probe(word, values=VALUES):
    return PropertyProbe.fitted(Condition.of_word(word), POINTS, values)


def test_a_linear_property_is_learnt_with_its_errors():
    found = probe("length>8")
    np.testing.assert_allclose(found.regression.coef_, WEIGHTS, atol=0.03)
    assert found.mean == pytest.approx(VALUES.mean())
    assert 0.08 < found.deviation < 0.12


@pytest.mark.parametrize(("word", "sign"), [("length>8", 1), ("length<=8", -1)])
def test_the_likeliest_are_farthest_beyond_the_bound(word, sign):
    new = np.random.default_rng(1).standard_normal((50, 4))
    found = probe(word)
    order = np.argsort(-found.log_probability(new))
    surplus = sign * (7 + new @ WEIGHTS - 8)[order]
    assert (surplus[:10] > 0).all()
    assert (surplus[-10:] < 0).all()
    at_bound = found.regression.predict(new) + found.mean - 8
    log_p = found.log_probability(new)
    nearest = np.abs(at_bound).argmin()
    assert math.exp(log_p[nearest]) == pytest.approx(0.5, abs=0.4)


def test_an_equation_wants_the_nearest_and_an_inequality_does_not_matter():
    new = np.random.default_rng(1).standard_normal((50, 4))
    found = probe("length=8")
    expected = np.abs(found.regression.predict(new) + found.mean - 8).argmin()
    assert found.log_probability(new).argmax() == expected
    assert not probe("length!=8").log_probability(new).any()


def test_all_conditions_count_and_the_likeliest_come_first():
    second = PropertyProbe.fitted(Condition.of_word("rules<2"), POINTS, POINTS[:, 2])
    both = Probe(Seen(), [probe("length>8"), second])
    new = np.random.default_rng(1).standard_normal((500, 4))
    best = both.best(new, 20)
    assert best.shape == (20, 4)
    assert (7 + best @ WEIGHTS > 8).all()
    assert (best[:, 2] < 2).all()
    np.testing.assert_array_equal(both.best(new, 5), best[:5])


def test_values_may_be_missing_or_all_the_same():
    values = VALUES.copy()
    values[50:] = np.nan
    np.testing.assert_allclose(probe("length>8", values).regression.coef_, WEIGHTS, atol=0.1)
    same = probe("length>8", np.full(300, 3.0))
    assert np.isfinite(same.log_probability(POINTS)[0]) or same.log_probability(POINTS)[0] < -1e6
    values[5:] = np.nan
    with pytest.raises(LisaError, match="only 5 of 300 do; it needs 20"):
        probe("length>8", values)


def test_a_model_without_a_run_has_nothing_to_fit_a_probe_to():
    with pytest.raises(LisaError, match="this model is of no run, so there are no sentences"):
        Probe.fitted(Seen(), [], 0)
