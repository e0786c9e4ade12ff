"""The Gaussian process of scores, against one that is worked out with NumPy alone."""

import numpy as np
import pytest
import torch
from gpytorch.mlls import ExactMarginalLogLikelihood
from small_searches import reader_of

from grammar_lisa.expressions.language import Expressions
from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.optimize.features import NOTHING
from grammar_lisa.optimize.kernels import TreeKernel
from grammar_lisa.optimize.sentences import Reader
from grammar_lisa.optimize.surrogate import HYPER_POINTS, build_scores, exact, fit_scores, fitted
from shared.sphere.geometry import project

PARTS = [("direction",), ("structure",), ("direction", "structure")]
each_kind = pytest.mark.parametrize("parts", PARTS, ids="-".join)


@pytest.fixture(scope="module")
def reader(model):
    return reader_of(model)


@pytest.fixture(scope="module")
def sentences(reader):
    grammar = reader.model.grammar
    return reader.describe(to_array(sample_uniform(grammar, 150, 12, 0), 12, len(grammar.rules)))


@pytest.fixture(scope="module")
def inputs(reader, sentences):
    """Inputs of 150 sentences; their directions are spread evenly over the sphere."""
    found = sentences.inputs.clone()
    rows = np.random.default_rng(0).standard_normal((150, reader.layout.dim))
    found[:, : reader.layout.dim] = project(torch.from_numpy(rows))
    return found


@pytest.fixture(scope="module")
def signs(sentences):
    """A function of the derivations."""
    return torch.tensor([text.count("+") - text.count("*") for text in sentences.texts]).double()


def smooth(inputs):
    """A function of the direction."""
    return inputs[:, 0] * inputs[:, 1] + torch.sin(2 * inputs[:, 2])


def gram(model, parts, first, second, layout):
    """Work out covariances from a model's hyperparameters."""
    kernels = list(model.covar_module.kernels) if len(parts) + parts.count("structure") > 1 else []
    kernels = kernels or [model.covar_module]
    total = np.zeros((len(first), len(second)))
    for kernel in kernels:
        columns = kernel.active_dims.tolist()
        a, b = first[:, columns].numpy(), second[:, columns].numpy()
        scale = float(kernel.outputscale)
        if isinstance(kernel.base_kernel.base, TreeKernel):
            total += scale * cosines(a, b)
        else:
            far = np.sqrt(5) * np.linalg.norm(a[:, None] - b, axis=2)
            far = far / float(kernel.base_kernel.base.lengthscale)
            total += scale * (1 + far + far**2 / 3) * np.exp(-far)
    return total


def cosines(first, second):
    """Count features densely, and return the cosines of the counts."""
    names = np.unique(np.concatenate([first, second]))
    names = names[names != NOTHING]
    a, b = ((rows[:, :, None] == names).sum(1).astype(float) for rows in (first, second))
    return (a / np.linalg.norm(a, axis=1, keepdims=True)) @ (
        b / np.linalg.norm(b, axis=1, keepdims=True)
    ).T


@each_kind
def test_the_posterior_is_that_of_the_closed_form(inputs, signs, reader, parts):
    layout = reader.layout
    rng = np.random.default_rng(1)
    y = 7 + 3 * (smooth(inputs) + 0.3 * signs)[:80]
    y += 0.3 * torch.from_numpy(rng.standard_normal(80))
    surrogate = fit_scores(inputs[:80], y, parts, layout)
    model = surrogate.model.requires_grad_(False)
    new = inputs[80:]

    mean, spread = float(y.mean()), float(y.std())
    constant, noise = float(model.mean_module.constant), float(model.likelihood.noise)
    known = gram(model, parts, inputs[:80], inputs[:80], layout) + noise * np.eye(80)
    cross = gram(model, parts, new, inputs[:80], layout)
    expected = constant + cross @ np.linalg.solve(known, (y.numpy() - mean) / spread - constant)
    left = gram(model, parts, new, new, layout) - cross @ np.linalg.solve(known, cross.T)

    with torch.no_grad(), exact():
        found = model.posterior(new)
        covariance = found.distribution.covariance_matrix
    assert np.allclose(found.mean.squeeze(1), mean + spread * expected, atol=1e-5)
    assert np.allclose(surrogate.value(new), mean + spread * expected, atol=1e-5)
    assert np.allclose(found.variance.squeeze(1), spread**2 * np.diag(left), atol=1e-4)
    assert np.allclose(covariance, spread**2 * left, atol=1e-4)
    assert surrogate.best == float(y.max())
    assert surrogate.objective is None


@each_kind
def test_hyperparameters_are_likelier_than_those_it_starts_from(inputs, signs, reader, parts):
    layout = reader.layout
    y = smooth(inputs) + 0.3 * signs

    def likelihood(model):
        model.train()
        mll = ExactMarginalLogLikelihood(model.likelihood, model)
        with torch.no_grad(), exact():
            return float(mll(model(*model.train_inputs), model.train_targets))

    start = likelihood(build_scores(inputs, y, parts, layout))
    found = fit_scores(inputs, y, parts, layout).model
    assert likelihood(found) > start + 0.1
    for parameter in (found.likelihood.raw_noise, found.mean_module.raw_constant):
        assert torch.isfinite(parameter).all()


@each_kind
def test_each_kind_learns_what_it_sees(inputs, signs, reader, parts):
    for name, y in (("direction", smooth(inputs)), ("structure", signs)):
        mean = fit_scores(inputs[:110], y[:110], parts, reader.layout).value(inputs[110:])
        error = float((mean - y[110:]).square().mean() / y[110:].var())
        assert error < 0.05 if name in parts else error > 0.5


@each_kind
def test_parts_that_are_off_are_not_looked_at(inputs, signs, reader, parts):
    layout = reader.layout
    y = smooth(inputs) + signs
    surrogate = fit_scores(inputs[:60], y[:60], parts, layout)
    new = inputs[60:]
    value = surrogate.value(new)
    for part, columns in (
        ("direction", layout.direction),
        ("structure", layout.subtrees + layout.rules),
    ):
        other = new.clone()
        other[:, list(columns)] = new.flip(0)[:, list(columns)]
        assert torch.allclose(surrogate.value(other), value) == (part not in parts)
    other = new.clone()
    other[:, list(layout.monomials)] = 1.0
    assert torch.allclose(surrogate.value(other), value)


def test_a_kernel_of_terms_learns_from_coefficients_alone(reader):
    seen = [f"{a}*x+{b}" for a in range(1, 7) for b in range(1, 7) if (a + b) % 3]
    new = [f"{a}*x+{b}" for a in range(1, 7) for b in range(1, 7) if not (a + b) % 3]
    one = Reader(reader.model, reader.space, Expressions(("x",)))
    train, test = (one.describe(np.zeros((len(texts), 12), int), texts) for texts in (seen, new))

    def value(texts):
        a, b = np.array([(text[0], text[-1]) for text in texts], dtype=float).T
        return torch.from_numpy((a - 3) ** 2 - (b - 4) ** 2)

    found = fit_scores(train.inputs, value(seen), ("terms",), one.layout).value(test.inputs)
    assert (found - value(new)).square().mean() < 0.05 * value(new).var()
    other = test.inputs.clone()
    other[:, : one.layout.monomials[0]] = 0
    again = fit_scores(train.inputs, value(seen), ("terms",), one.layout).value(other)
    assert torch.equal(found, again)


@each_kind
def test_a_fit_draws_nothing(inputs, reader, parts):
    y = smooth(inputs)
    found = []
    for seed in range(2):
        torch.default_generator.manual_seed(seed)
        found.append(fit_scores(inputs[:50], y[:50], parts, reader.layout).value(inputs[50:]))
    assert torch.equal(*found)


def test_what_is_held_out_lies_within_what_is_expected(inputs, reader):
    """Draws of a process with this very kernel, seen through noise."""
    layout = reader.layout
    outside = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        start = build_scores(inputs, smooth(inputs), PARTS[2], layout).requires_grad_(False)
        covariance = gram(start, PARTS[2], inputs, inputs, layout) + 1e-9 * np.eye(150)
        values = np.linalg.cholesky(covariance) @ rng.standard_normal(150)
        y = torch.from_numpy(values + 0.1 * rng.standard_normal(150))
        model = fit_scores(inputs[:100], y[:100], PARTS[2], layout).model
        with torch.no_grad(), exact():
            found = model.posterior(inputs[100:], observation_noise=True)
        outside.append((y[100:] - found.mean.squeeze(1)) / found.variance.squeeze(1).sqrt())
    scores = torch.cat(outside)
    assert float(scores.square().mean()) == pytest.approx(1, abs=0.4)
    assert 0.88 < float((scores.abs() < 2).double().mean()) < 0.995


def test_the_model_has_all_points_whatever_its_hyperparameters_saw(inputs, reader):
    y, layout, seen = smooth(inputs), reader.layout, []

    def build(rows):
        seen.append(rows)
        return build_scores(inputs[rows], y[rows], ("direction",), layout)

    model = fitted(build, 150, most=30)
    assert [len(rows) for rows in seen] == [30, 150]
    assert seen[0].tolist() == sorted(set(seen[0].tolist()))
    assert (int(seen[0][0]), int(seen[0][-1])) == (0, 149)
    assert len(model.train_inputs[0]) == 150
    assert not model.training
    few = fit_scores(inputs[seen[0]], y[seen[0]], ("direction",), layout).model
    assert torch.allclose(model.likelihood.noise, few.likelihood.noise)
    ours, theirs = (each.covar_module.base_kernel.base.lengthscale for each in (model, few))
    assert torch.allclose(ours, theirs)
    assert HYPER_POINTS >= 100


@each_kind
def test_values_are_the_means_of_the_posterior(inputs, reader, parts):
    surrogate = fit_scores(inputs[:90], smooth(inputs[:90]), parts, reader.layout)
    found = surrogate.value(inputs)
    with torch.no_grad(), exact():
        mean = surrogate.model.posterior(inputs).mean.squeeze(1)
    assert torch.allclose(found, mean, rtol=1e-9, atol=1e-9)


def test_values_of_many_sentences_are_those_of_few(inputs, reader):
    surrogate = fit_scores(inputs[:40], smooth(inputs[:40]), ("direction",), reader.layout)
    many = inputs.repeat(9, 1)
    assert len(many) > 1000
    assert torch.allclose(surrogate.value(many), surrogate.value(inputs).repeat(9))


def test_scores_that_are_all_equal_are_no_error(inputs, reader):
    surrogate = fit_scores(inputs[:10], torch.ones(10).double(), ("structure",), reader.layout)
    assert torch.allclose(surrogate.value(inputs), torch.ones(150).double(), atol=1e-3)


def test_two_sentences_are_enough(inputs, reader):
    for parts in PARTS:
        surrogate = fit_scores(inputs[:2], torch.tensor([0.0, 1.0]).double(), parts, reader.layout)
        assert torch.isfinite(surrogate.value(inputs)).all()
