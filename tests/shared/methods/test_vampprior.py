"""The VampPrior: its loss, its pseudo-inputs, and the mixture that it becomes."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from scipy.special import logsumexp
from small_nets import INPUTS, Vectors, vectors
from torch import nn

from shared import sphere
from shared.common.errors import LisaError
from shared.methods import Codes, equip, fit_sampler, sampler_names
from shared.methods.vampprior import VampPriorVAE
from shared.samplers import DiagonalMixture, sampler_from_state

DIM = 3


def equipped(components=7, plain=True):
    method = VampPriorVAE(components)
    net = Vectors(DIM, method.encoder_width(DIM), plain=plain)
    equip(net, method, seed=0)
    return method, net.double()


def test_the_loss_is_the_elbo_under_the_mixture_of_posteriors():
    method, net = equipped()
    x = vectors(9).double()
    nn.init.uniform_(net.parts["pseudo_inputs"].weight, -1, 2)
    torch.default_generator.manual_seed(1)
    terms = method.loss(net, x)
    torch.default_generator.manual_seed(1)
    noise = torch.randn(9, DIM, dtype=torch.float64).numpy()
    inputs = net.parts["pseudo_inputs"].weight.detach().clip(0, 1)
    with torch.no_grad():
        mean, log_variance = (each.numpy() for each in net.encode(x).chunk(2, dim=1))
        means, log_variances = (each.numpy() for each in net.encode(inputs).chunk(2, dim=1))
        z = mean + np.exp(log_variance / 2) * noise
        errors = (net.decode(torch.from_numpy(z)) - x).square().sum(1) / 2
    posterior = stats.norm(mean, np.exp(log_variance / 2)).logpdf(z).sum(1)
    each = stats.norm(means, np.exp(log_variances / 2)).logpdf(z[:, None]).sum(2)
    prior = logsumexp(each, axis=1, b=1 / 7)
    assert each.shape == (9, 7)
    assert list(terms) == ["reconstruction", "kl"]
    assert terms["reconstruction"].item() == pytest.approx(errors.mean().item())
    assert terms["kl"].item() == pytest.approx((posterior - prior).mean())


def test_a_prior_that_is_the_posterior_has_no_divergence():
    method, net = equipped(2)
    x = vectors(1).double()
    with torch.no_grad():
        net.parts["pseudo_inputs"].weight.copy_(x.expand(2, INPUTS))
    assert method.loss(net, x)["kl"].item() == pytest.approx(0, abs=1e-12)


def test_pseudo_inputs_are_cut_to_the_range_of_inputs_and_begin_inside_it():
    _, net = equipped(400)
    part = net.parts["pseudo_inputs"]
    assert part().shape == (400, INPUTS)
    assert torch.equal(part(), part.weight)
    assert len(part().unique(dim=0)) == 400
    with torch.no_grad():
        part.weight[0, 0], part.weight[1, 1] = -3.0, 4.0
    assert part()[0, 0] == 0
    assert part()[1, 1] == 1


class Counting(Vectors):
    """Counts what it encodes."""

    def encode(self, x):
        self.batches = [*getattr(self, "batches", []), len(x)]
        return super().encode(x)


def test_pseudo_inputs_are_encoded_once_a_step_as_a_batch_of_their_own():
    method = VampPriorVAE(5)
    net = Counting(DIM, 2 * DIM)
    equip(net, method, seed=0)
    method.loss(net, vectors(9))
    assert net.batches == [9, 5]


def test_running_statistics_are_those_of_the_data_alone():
    method, net = equipped(plain=False)
    _, other = equipped(plain=False)
    x = vectors(9).double()
    method.loss(net, x)
    other.encode(x)
    (norm,), (expected,) = (
        [each for each in one.modules() if isinstance(each, nn.BatchNorm1d)] for one in (net, other)
    )
    assert norm.training
    assert norm.track_running_stats
    assert norm.num_batches_tracked == 1
    assert torch.equal(norm.running_mean, expected.running_mean)
    assert torch.equal(norm.running_var, expected.running_var)


def test_the_prior_is_the_same_in_training_and_evaluation():
    method, net = equipped(plain=False)
    for layer in net.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    trained = method.components_of(net.train())
    evaluated = method.components_of(net.eval())
    for a, b in zip(trained, evaluated, strict=True):
        assert torch.equal(a, b)
    with torch.no_grad():
        plainly = method.posterior(net, net.parts["pseudo_inputs"]())[0]
    assert not torch.allclose(plainly, evaluated[0])


def test_layers_get_their_mode_back_when_the_encoder_fails():
    method, net = equipped(plain=False)
    net.to_code = nn.Linear(1, 1)
    with pytest.raises(RuntimeError):
        method.components_of(net.eval())
    assert not any(layer.training for layer in net.modules())


def test_the_sampler_is_the_mixture_of_the_pseudo_inputs_posteriors():
    method, net = equipped()
    assert sampler_names(method)[0] == "vampprior"
    assert "prior" not in sampler_names(method)
    sampler = fit_sampler(method, "vampprior", net.eval(), Codes(np.zeros((4, DIM))), seed=0)
    with torch.no_grad():
        means, log_variances = net.encode(net.parts["pseudo_inputs"]()).chunk(2, dim=1)
    state = sampler.state()
    np.testing.assert_allclose(state["means"], means.numpy())
    np.testing.assert_allclose(state["spreads"], (0.5 * log_variances).exp().numpy())
    np.testing.assert_allclose(state["weights"], 1 / 7)
    with pytest.raises(LisaError, match="has no sampler 'prior' of its own"):
        method.own_sampler("prior", net, Codes(np.zeros((4, DIM))), seed=0)


def test_discrete_examples_are_refused():
    class Discrete(Vectors):
        input_shape = None

    with pytest.raises(LisaError, match="vae-vampprior: pseudo-inputs are continuous inputs, but"):
        equip(Discrete(DIM, 2 * DIM), VampPriorVAE(), seed=0)


@pytest.mark.parametrize("components", [-1, 0, 1, 1_000_000])
def test_numbers_of_pseudo_inputs_out_of_range_are_refused(components):
    with pytest.raises(LisaError, match=f"components must be at least 2 .*, not {components}"):
        VampPriorVAE(components)


MEANS = np.array([[0.0, 1.0], [-2.0, 0.5], [1.0, -1.0]])
SPREADS = np.array([[0.5, 1.0], [0.2, 0.7], [1.5, 0.3]])
WEIGHTS = np.array([0.5, 0.3, 0.2])


def mixture():
    return DiagonalMixture(MEANS, SPREADS, WEIGHTS)


def test_the_density_of_a_diagonal_mixture_is_scipys():
    points = np.random.default_rng(0).standard_normal((20, 2))
    densities = [
        weight * stats.multivariate_normal(mean, np.diag(spread**2)).pdf(points)
        for weight, mean, spread in zip(WEIGHTS, MEANS, SPREADS, strict=True)
    ]
    np.testing.assert_allclose(mixture().log_prob(points), np.log(sum(densities)), rtol=1e-10)
    equal = DiagonalMixture(MEANS, SPREADS).log_prob(points)
    thirds = DiagonalMixture(MEANS, SPREADS, np.full(3, 1 / 3)).log_prob(points)
    np.testing.assert_allclose(equal, thirds)


def test_draws_of_a_diagonal_mixture_follow_its_marginals():
    draws = mixture().sample(20_000, seed=0)
    assert draws.dtype == np.float64
    for axis in range(2):
        law = [stats.norm(m, s) for m, s in zip(MEANS[:, axis], SPREADS[:, axis], strict=True)]

        def cdf(value, law=law):
            return sum(w * each.cdf(value) for w, each in zip(WEIGHTS, law, strict=True))

        assert stats.kstest(draws[:, axis], cdf).pvalue > 1e-3
    # Coordinates of one draw come from one component.
    left = draws[:, 0] < -1.6
    assert abs(draws[left, 1].mean() - 0.5) < 0.05
    assert mixture().sample(0, seed=0).shape == (0, 2)
    np.testing.assert_array_equal(mixture().sample(9, seed=4), mixture().sample(9, seed=4))


def test_the_density_of_directions_integrates_to_one_and_is_that_of_rays():
    def density(angle):
        return math.exp(mixture().direction_log_prob(circle(angle)).item())

    def along_the_ray(angle):
        point = circle(angle)
        law = mixture()
        return integrate.quad(lambda r: r * math.exp(law.log_prob(r * point).item()), 0, 20)[0]

    assert integrate.quad(density, 0, 2 * np.pi, limit=200)[0] == pytest.approx(1, abs=1e-6)
    for angle in (0.1, 2.0, 4.5):
        assert density(angle) == pytest.approx(along_the_ray(angle), rel=1e-6)


def circle(angle):
    return np.array([[math.cos(angle), math.sin(angle)]])


def test_a_diagonal_mixture_survives_storage():
    again = sampler_from_state(mixture().state())
    assert isinstance(again, DiagonalMixture)
    np.testing.assert_array_equal(again.sample(9, seed=1), mixture().sample(9, seed=1))
    u = sphere.uniform(4, 2, seed=0)
    np.testing.assert_array_equal(again.direction_log_prob(u), mixture().direction_log_prob(u))
    with pytest.raises(LisaError, match="lacks the array 'spreads'"):
        sampler_from_state({k: v for k, v in mixture().state().items() if k != "spreads"})


def test_a_diagonal_mixture_is_not_fitted():
    with pytest.raises(LisaError, match="'diagonal-mixture' is not fitted to codes"):
        mixture().fit(MEANS)


BROKEN = {
    "shapes": ((MEANS, SPREADS[:2]), r"needs spreads of that shape and weights \[3\]"),
    "weights' shape": ((MEANS, SPREADS, WEIGHTS[:2]), r"weights \[3\], not \[3, 2\] and \[2\]"),
    "means": ((np.full((3, 2), np.nan), SPREADS), "3 of 3 means hold NaN"),
    "no spread": ((MEANS, 0 * SPREADS), "between 1e-150 and 1e.150, not 0 to 0"),
    "negative weights": ((MEANS, SPREADS, np.array([1.5, -0.5, 0.0])), "not probabilities"),
    "weights' sum": ((MEANS, SPREADS, np.full(3, 0.5)), "not probabilities"),
    "weights that are none": ((MEANS, SPREADS, np.full(3, np.nan)), "not probabilities"),
}


@pytest.mark.parametrize(("parameters", "message"), BROKEN.values(), ids=BROKEN)
def test_parameters_that_are_none_are_refused(parameters, message):
    with pytest.raises(LisaError, match=message):
        DiagonalMixture(*parameters)


def test_points_of_another_dimension_and_bad_requests_are_refused():
    with pytest.raises(LisaError, match="dimension 2, not 3"):
        mixture().log_prob(np.eye(3))
    with pytest.raises(LisaError, match="n >= 0"):
        mixture().sample(-1, seed=0)
