import pytest
import torch
from small_nets import Vectors, vectors

from shared import sphere
from shared.common.errors import LisaError
from shared.methods.base import Codes
from shared.methods.hyperspherical import SVAE
from shared.methods.sampling import fit_sampler, sampler_names
from shared.samplers import Uniform
from shared.sphere.von_mises_fisher import kl_to_uniform, sample_von_mises_fisher


def net_for(method, dim=4, **options):
    return Vectors(dim, method.encoder_width(dim), **options)


@pytest.mark.parametrize("weight", [1.0, 0.25])
def test_the_loss_is_reconstruction_and_divergence_of_one_draw(weight):
    method = SVAE(weight)
    net, x = net_for(method, plain=True), vectors(9)
    torch.default_generator.manual_seed(3)
    terms = method.loss(net, x)
    parameters = net.encode(x)
    concentration = torch.log(1 + parameters[:, 4].exp()) + 1
    torch.default_generator.manual_seed(3)
    u = sample_von_mises_fisher(
        parameters[:, :4] / parameters[:, :4].norm(dim=1, keepdim=True), concentration
    )
    expected = 0.5 * ((net.decode(u) - x) ** 2).sum(1).mean()
    torch.testing.assert_close(terms["reconstruction"], expected)
    torch.testing.assert_close(terms["kl"], weight * kl_to_uniform(4, concentration).mean())
    assert set(terms) == {"reconstruction", "kl"}


def test_codes_are_mean_directions_without_spread():
    method = SVAE()
    net, x = net_for(method).eval(), vectors(5)
    z = method.encode(net, x)
    assert torch.equal(z, net.encode(x)[:, :4])
    assert method.posterior_std(net, x) is None
    torch.testing.assert_close(method.to_decoder(net, z), sphere.project(z))


def test_the_prior_is_uniform_on_the_sphere():
    method = SVAE()
    net, x = net_for(method).eval(), vectors(5)
    codes = Codes(method.encode(net, x).detach().double().numpy())
    assert sampler_names(method)[:2] == ("prior", "uniform")
    sampler = fit_sampler(method, "prior", net, codes, 0)
    assert isinstance(sampler, Uniform)
    assert sampler.sample(3, 0).shape == (3, 4)
    with pytest.raises(LisaError, match="no sampler 'flow' of its own"):
        method.own_sampler("flow", net, codes, 0)


@pytest.mark.parametrize("dim", [2, 128])
def test_training_stays_finite(dim):
    method = SVAE()
    net, x = net_for(method, dim), vectors(50)
    optimizer = torch.optim.Adam(net.parameters(), 0.05)
    torch.default_generator.manual_seed(0)
    for _ in range(60):
        total = sum(method.loss(net, x).values())
        optimizer.zero_grad()
        total.backward()
        assert total.isfinite()
        assert all(each.grad.isfinite().all() for each in net.parameters())
        optimizer.step()


def test_bad_settings_are_refused():
    with pytest.raises(LisaError, match="s-vae: kl-weight must be at least 0"):
        SVAE(-1.0)
    with pytest.raises(LisaError, match="s-vae: the code size must be at least 2, not 1"):
        SVAE().extra_modules(net_for(SVAE(), 1))
