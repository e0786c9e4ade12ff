"""The Gaussian process of outputs: it knows what sums of known monomials come to."""

import math

import numpy as np
import pytest
import torch
from small_models import EXPR, untrained
from small_searches import reader_of

from grammar_lisa.objectives.composite import SquaredErrors
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.optimize.outputs import fit_outputs
from grammar_lisa.optimize.surrogate import exact

TERMS = ("x", "1", "sin(x)", "(x*x)", "sin(x*2)", "sin(3/x)")


def sums(seed, count):
    """Return distinct sums of one to three of the terms, each with a coefficient."""
    rng = np.random.default_rng(seed)
    found = set()
    while len(found) < count:
        terms = rng.permutation(len(TERMS))[: rng.integers(1, 4)]
        found.add("+".join(f"{TERMS[term]}*{rng.integers(1, 4)}" for term in terms))
    return sorted(found)


@pytest.fixture(scope="module")
def reader():
    return reader_of(untrained(EXPR, 24))


def held_out(reader, composite, texts, few):
    """Fit to the first sentences, and return the utilities of the others, and what is expected."""
    outputs = composite.outputs(texts)
    inputs = reader.read(texts).inputs
    surrogate = fit_outputs(inputs[:few], outputs[:few], composite, reader.layout)
    errors = torch.from_numpy(composite.errors(outputs))
    return surrogate, composite.utility(errors), surrogate.value(inputs)


def with_all(texts):
    """Put each term alone before some sums."""
    return list(dict.fromkeys([*(f"{term}*1" for term in TERMS), *texts]))


def test_sums_are_told_from_their_monomials(reader):
    composite = regression_for("x+sin(x)*2+sin(x*2)/3", variables=("x",)).composite()
    texts = with_all(sums(0, 60))
    surrogate, actual, expected = held_out(reader, composite, texts, 30)
    assert surrogate.best == pytest.approx(float(actual[:30].max()))
    assert torch.allclose(expected, actual, atol=0.05)
    assert actual[30:].std() > 0.5


def test_the_sum_that_was_never_seen_and_meets_the_target_is_expected_to(reader):
    target = "x*2+sin(x)+sin(3/x)*3"
    composite = regression_for(target, variables=("x",)).composite()
    texts = [*with_all(sums(0, 40)), target, "x*2+sin(x)+sin(3/x)", "x*3+sin(x)+sin(3/x)*3"]
    surrogate, actual, expected = held_out(reader, composite, texts, len(texts) - 3)
    assert int(expected.argmax()) == int(actual.argmax()) == len(texts) - 3
    assert float(expected.max()) > surrogate.best + 5


def test_what_has_no_seen_monomial_is_expected_to_come_to_nothing(reader):
    composite = regression_for("x+sin(x)", variables=("x",)).composite()
    texts = [*sums(0, 20), "exp(sin(x))/x/x"]
    surrogate, _, expected = held_out(reader, composite, texts, 20)
    errors = torch.from_numpy(composite.errors(0 * composite.target[None]))
    assert float(expected[-1]) == pytest.approx(float(composite.utility(errors)), abs=0.05)
    with torch.no_grad(), exact():
        variance = surrogate.model.posterior(reader.read(texts).inputs).variance
    assert variance[-1, 0] > 10 * variance[:20, 0].max()


def test_values_are_those_of_the_means_of_the_posterior(reader):
    composite = regression_for("x+sin(x)", variables=("x",)).composite()
    texts = sums(0, 40)
    surrogate, _, expected = held_out(reader, composite, texts, 30)
    with torch.no_grad(), exact():
        means = surrogate.model.posterior(reader.read(texts[30:]).inputs).mean
    assert means.shape[1] > 1
    assert surrogate.objective is not None
    assert torch.allclose(expected[-10:], surrogate.objective(means), rtol=1e-6)


def test_a_utility_is_the_negative_log_of_the_mean_squared_error():
    rng = np.random.default_rng(0)
    target = rng.standard_normal(50)
    composite = SquaredErrors({}, target, 2.0)
    outputs = rng.standard_normal((7, 50))
    found = composite.utility(torch.from_numpy(composite.errors(outputs)))
    expected = -np.log(((outputs - target) ** 2).mean(1) / 4)
    assert np.allclose(found, expected)
    assert float(composite.utility(torch.zeros(50))) == pytest.approx(-math.log(1e-12))


def test_what_is_sampled_is_judged_as_what_is_measured(reader):
    """The objective of samples of the process is the utility of the outputs that these mean."""
    composite = regression_for("x+sin(x)*2", variables=("x",)).composite()
    texts = with_all(sums(0, 40))
    outputs = composite.outputs(texts)
    surrogate = fit_outputs(reader.read(texts).inputs, outputs, composite, reader.layout)
    samples = surrogate.model.train_targets.T  # what the outputs are in principal directions
    actual = composite.utility(torch.from_numpy(composite.errors(outputs)))
    assert torch.allclose(surrogate.objective(samples), actual, atol=0.02)
    batches = samples.expand(4, 2, *samples.shape)
    assert torch.allclose(surrogate.objective(batches), actual.expand(4, 2, -1), atol=0.02)


def test_outputs_without_numbers_are_no_error(reader):
    composite = regression_for("x+sin(x)", variables=("x",)).composite()
    texts = [*sums(0, 20), "x/(1*1/(x/x))/(x+x/1)", "exp(exp(exp(x)))"]
    outputs = composite.outputs(texts)
    outputs[3] = np.nan
    outputs[4, :5] = np.inf
    assert not np.isfinite(outputs).all()
    surrogate = fit_outputs(reader.read(texts).inputs, outputs, composite, reader.layout)
    value = surrogate.value(reader.read(texts).inputs)
    assert torch.isfinite(value).all()
    assert math.isfinite(surrogate.best)


def test_a_fit_draws_nothing(reader):
    composite = regression_for("x+sin(x)", variables=("x",)).composite()
    texts = sums(0, 20)
    outputs, inputs = composite.outputs(texts), reader.read(texts).inputs
    first, second = (
        fit_outputs(inputs, outputs, composite, reader.layout).value(inputs) for _ in range(2)
    )
    assert torch.equal(first, second)
