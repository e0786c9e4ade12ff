import math
from itertools import pairwise

import pytest
import torch
from small_nets import Vectors, vectors
from torch import nn

from shared.common.errors import LisaError
from shared.methods.autoencoder import Autoencoder
from shared.methods.base import equip
from shared.methods.hamiltonian import HVAE, LARGEST_STEP, StepSizes, tempering
from shared.methods.variational import VAE
from shared.samplers.gaussians import kl_to_standard


class Linear(Autoencoder):
    """x = W z + b + noise, of which log p(x) is known; a fixed posterior that is not exact."""

    def __init__(self, dim=2, inputs=5):
        super().__init__()
        self.dim = dim
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(4)
            self.encoder = nn.Linear(inputs, 2 * dim).double()
            self.decoder = nn.Linear(dim, inputs).double()

    def encode(self, x):
        return 0.3 * self.encoder(x)

    def decode(self, u):
        return self.decoder(u)

    def decoder_parameters(self):
        return self.decoder.parameters()

    def reconstruction_loss(self, x, decoded):
        return 0.5 * ((x - decoded) ** 2).sum(1)

    def log_evidence(self, x):
        weight = self.decoder.weight
        covariance = weight @ weight.T + torch.eye(len(weight))
        law = torch.distributions.MultivariateNormal(self.decoder.bias, covariance)
        # R leaves the constant of the Gaussian out.
        return law.log_prob(x) + 0.5 * len(weight) * math.log(2 * math.pi)


def inputs(n):
    return 2 * torch.randn(n, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def equipped(method, net=None):
    net = net or Vectors(3, method.encoder_width(3), plain=True)
    equip(net, method, 0)
    return net


def loss_of(method, net, x, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return method.loss(net, x)


@pytest.mark.parametrize(("beta_zero", "steps"), [(0.3, 3), (1.0, 4), (0.01, 1)])
def test_scalings_of_the_momentum_multiply_to_the_root_of_beta_zero(beta_zero, steps):
    roots = tempering(beta_zero, steps)
    assert len(roots) == steps + 1
    assert roots[0] == pytest.approx(math.sqrt(beta_zero))
    assert roots[-1] == pytest.approx(1)
    assert roots == sorted(roots)
    product = math.prod(a / b for a, b in pairwise(roots))
    assert product == pytest.approx(math.sqrt(beta_zero))
    for k, root in enumerate(roots):
        first = 1 / math.sqrt(beta_zero)
        assert 1 / root == pytest.approx((1 - first) * k**2 / steps**2 + first)


def test_the_volume_changes_by_the_tempering_alone():
    method = HVAE(steps=3, step_size=0.1, beta_zero=0.3, learned=False)
    net, x = Linear(), inputs(1)

    def flat(phase):
        z, momentum = method.move(net, x, phase[None, :2], phase[None, 2:])
        return torch.cat([z[0], momentum[0]])

    phase = torch.tensor([0.3, -1.0, 0.7, 0.2], dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(flat, phase)
    # γ₀ = √β₀ ρ₀ is stretched by 1/√β₀ a coordinate, the motion undoes it.
    assert torch.linalg.det(jacobian).item() == pytest.approx(1, abs=1e-10)
    assert (jacobian - torch.eye(4)).abs().max() > 0.1


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("beta_zero", [0.3, 1.0])
def test_the_loss_is_the_negative_bound_computed_plainly(beta_zero, learned):
    steps, step, dim = 4, 0.05, 2
    method = HVAE(steps, step, beta_zero, learned)
    net, x = equipped(method, Linear()), inputs(6)
    terms = loss_of(method, net, x)
    assert set(terms) == {"reconstruction", "kl", "momentum"}

    torch.default_generator.manual_seed(0)
    mean, log_variance = net.encode(x).detach().chunk(2, 1)
    first = mean + (log_variance / 2).exp() * torch.randn(6, dim, dtype=torch.float64)
    gamma = torch.randn(6, dim, dtype=torch.float64)
    weight, bias = net.decoder.weight.detach(), net.decoder.bias.detach()

    def slope(z):
        return (z @ weight.T + bias - x) @ weight + z

    z, rho, log_det = first, gamma / math.sqrt(beta_zero), 0.0
    beta = beta_zero
    for k in range(1, steps + 1):
        half = rho - step / 2 * slope(z)
        z = z + step * half
        half = half - step / 2 * slope(z)
        start = 1 / math.sqrt(beta_zero)
        after = 1 / ((1 - start) * k**2 / steps**2 + start) ** 2
        rho = math.sqrt(beta / after) * half
        log_det += dim / 2 * math.log(beta / after)
        beta = after

    normal = torch.distributions.Normal
    likelihood = -0.5 * ((x - z @ weight.T - bias) ** 2).sum(1)
    joint = likelihood + normal(0, 1).log_prob(z).sum(1) + normal(0, 1).log_prob(rho).sum(1)
    start_law = normal(mean, (log_variance / 2).exp()).log_prob(first).sum(1)
    rho_law = normal(0, 1 / math.sqrt(beta_zero)).log_prob(gamma / math.sqrt(beta_zero)).sum(1)
    bound = joint - (start_law + rho_law - log_det)
    torch.testing.assert_close(sum(terms.values()), -bound.mean(), rtol=1e-5, atol=1e-6)


def test_the_bound_lies_below_the_evidence_and_tightens():
    net, x = Linear(), inputs(20).repeat(200, 1)
    evidence = net.log_evidence(x).mean().item()
    with torch.no_grad():
        plain = -sum(loss_of(VAE(), net, x).values()).item()
        moved = [
            -sum(loss_of(HVAE(steps, 0.2, 0.3, False), net, x).values()).item()
            for steps in (1, 3, 5)
        ]
    # Untempered motion would keep the energy and so the bound; cooling lowers it.
    assert plain < moved[0] < moved[1] < moved[2] < evidence
    assert evidence - moved[2] < 0.7 * (evidence - plain)


def test_each_bound_is_a_weighted_estimate_of_the_evidence():
    method = HVAE(3, 0.1, 0.3, False)
    net, x = Linear(), inputs(1)
    torch.default_generator.manual_seed(0)
    with torch.no_grad():
        n = 100_000
        mean, log_variance = (each.expand(n, 2) for each in method.posterior(net, x))
        start = mean + (log_variance / 2).exp() * torch.randn(n, 2, dtype=torch.float64)
        noise = torch.randn(n, 2, dtype=torch.float64)
        z, momentum = method.move(net, x.expand(n, 5), start, noise)
        normal = torch.distributions.Normal
        logs = -net.reconstruction_loss(x, net.decode(z)) + normal(0, 1).log_prob(z).sum(1)
        logs -= normal(mean, (log_variance / 2).exp()).log_prob(start).sum(1)
        logs -= 0.5 * (momentum**2 - noise**2).sum(1)
        estimate = torch.logsumexp(logs, 0) - math.log(n)
        error = 5 * (logs - estimate).exp().std() / math.sqrt(n)
    # The weights' mean is p(x) itself, wherever the motion goes: no volume is forgotten.
    assert error < 0.2
    assert estimate.item() == pytest.approx(net.log_evidence(x).item(), abs=error.item())


def test_without_motion_the_bound_is_the_vaes():
    net, x = Vectors(3, 6, plain=True).double(), vectors(5000).double()
    still = loss_of(HVAE(3, 1e-8, 0.3, False), net, x)
    vae = loss_of(VAE(), net, x)
    torch.testing.assert_close(still["reconstruction"], vae["reconstruction"], rtol=1e-6, atol=0)
    assert still["momentum"].item() == pytest.approx(0, abs=1e-6)
    mean, log_variance = VAE().posterior(net, x)
    assert still["kl"].item() == pytest.approx(
        kl_to_standard(mean, log_variance).mean().item(), abs=0.05
    )


def test_gradients_pass_through_the_motion():
    method = HVAE(2, 0.1, 0.5)
    net = equipped(method, Linear())
    net.parts.double()
    x = inputs(4)
    sum(loss_of(method, net, x).values()).backward()
    for parameter in (net.decoder.weight, net.encoder.weight, net.parts["step_sizes"].raw):
        place = (0,) * parameter.ndim
        change = 1e-5
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                parameter[place] += sign * change
                values.append(sum(loss_of(method, net, x).values()).item())
                parameter[place] -= sign * change
        slope = (values[0] - values[1]) / (2 * change)
        assert parameter.grad[place].item() == pytest.approx(slope, rel=1e-5)


def test_evaluation_without_gradients_gives_the_same_terms():
    method = HVAE(step_size=0.1)
    net, x = equipped(method), vectors(7)
    trained = loss_of(method, net, x)
    net.eval()
    with torch.no_grad():
        evaluated = loss_of(method, net, x)
    for name, value in evaluated.items():
        assert not value.requires_grad
        torch.testing.assert_close(value, trained[name].detach())
    assert all(parameter.grad is None for parameter in net.parameters())


def test_a_net_whose_encoder_is_frozen_trains():
    method = HVAE(step_size=0.1)
    net, x = equipped(method), vectors(7)
    net.encoder.requires_grad_(False)
    net.to_code.requires_grad_(False)
    sum(loss_of(method, net, x).values()).backward()
    assert net.decoder[0].weight.grad.abs().max() > 0


def test_step_sizes_are_bounded_and_begin_where_asked():
    sizes = StepSizes(3, 1e-3)
    torch.testing.assert_close(sizes(), torch.full((3,), 1e-3))
    for raw, limit in ((1e3, LARGEST_STEP), (-1e3, 0.0)):
        with torch.no_grad():
            sizes.raw.fill_(raw)
        assert torch.equal(sizes(), torch.full((3,), limit))
    assert HVAE(learned=False).extra_modules(Linear()) == {}


def test_steep_potentials_do_not_overflow():
    method = HVAE(steps=100, step_size=0.45, beta_zero=0.001)
    net, x = equipped(method), 1e3 * vectors(7)
    with torch.no_grad():
        for parameter in net.decoder.parameters():
            parameter *= 30
    total = sum(loss_of(method, net, x).values())
    assert total.isfinite()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, "hvae: steps must be at least 1"),
        ({"step_size": 0.5}, "hvae: step-size must be at least 1e-08 and at most 0.45, not 0.5"),
        ({"beta_zero": 1.5}, "hvae: beta-zero must be at least 0.001 and at most 1, not 1.5"),
        ({"beta_zero": math.nan}, "not nan"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(LisaError, match=message):
        HVAE(**settings)
