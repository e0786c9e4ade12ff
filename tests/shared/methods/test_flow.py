import pytest
import torch
from small_nets import Vectors, vectors

from shared.common.errors import LisaError
from shared.methods.base import equip
from shared.methods.flow import IAFVAE, PlanarVAE
from shared.methods.variational import VAE
from shared.samplers.gaussians import kl_to_standard

METHODS = {"planar": PlanarVAE(3), "autoregressive": IAFVAE(2, 8, 1)}
each_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


def equipped(method, dim=3):
    net = Vectors(dim, method.encoder_width(dim), plain=True)
    equip(net, method, 0)
    return net.double()


def make_identity(net):
    for name, parameter in net.parts.named_parameters():
        if name.endswith(".u"):
            torch.nn.init.zeros_(parameter)
        if name.endswith("gate.bias"):
            torch.nn.init.constant_(parameter, 60.0)


def loss_of(method, net, x):
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(5)
        return method.loss(net, x)


@each_method
def test_the_loss_is_the_negative_bound_computed_plainly(method):
    net, x = equipped(method), vectors(9).double()
    for parameter in net.parts.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    terms = loss_of(method, net, x)
    torch.default_generator.manual_seed(5)
    mean, log_variance = net.encode(x).chunk(2, 1)
    start = mean + (log_variance / 2).exp() * torch.randn_like(mean)
    flow = net.parts["flow"]
    z = flow(start)[0]
    log_determinant = torch.stack(
        [
            torch.autograd.functional.jacobian(lambda row: flow(row[None])[0][0], row).logdet()
            for row in start.detach()
        ]
    )
    normal = torch.distributions.Normal
    log_start = normal(mean, (log_variance / 2).exp()).log_prob(start).sum(1)
    log_prior = normal(0, 1).log_prob(z).sum(1)
    errors = 0.5 * ((net.decode(z) - x) ** 2).sum(1)
    bound = (errors + log_start - log_determinant - log_prior).mean()
    assert set(terms) == {"reconstruction", "kl"}
    assert log_determinant.abs().min() > 1e-4
    torch.testing.assert_close(sum(terms.values()), bound)


@each_method
def test_with_flows_that_do_nothing_it_is_the_vae(method):
    net, x = equipped(method), vectors(4000).double()
    make_identity(net)
    terms, vae = loss_of(method, net, x), loss_of(VAE(), net, x)
    torch.testing.assert_close(terms["reconstruction"], vae["reconstruction"])
    mean, log_variance = VAE().posterior(net, x)
    exact = kl_to_standard(mean, log_variance)
    # One draw of the log ratio has a deviation of about √d/√2.
    assert terms["kl"].item() == pytest.approx(exact.mean().item(), abs=0.12)
    torch.testing.assert_close(method.encode(net, x), VAE().encode(net, x))


@each_method
def test_codes_are_the_flowed_means_and_have_no_spread(method):
    net, x = equipped(method), vectors(6).double()
    mean = net.encode(x)[:, :3]
    z = method.encode(net, x)
    assert torch.equal(z, net.parts["flow"](mean)[0])
    assert not torch.allclose(z, mean)
    assert method.posterior_std(net, x) is None


def test_flows_have_the_parts_their_fields_ask_for():
    assert len(equipped(PlanarVAE(7)).parts["flow"].flows) == 7
    blocks = equipped(IAFVAE(3, 5, 2)).parts["flow"].flows
    assert len(blocks) == 3
    assert all(len(block.hidden) == 4 for block in blocks)
    # The order turns round from block to block, so that every coordinate sees the others.
    firsts = [block.shift.mask.any(1).tolist() for block in blocks]
    assert firsts == [[False, True, True], [True, True, False], [False, True, True]]


def test_bad_settings_and_sizes_are_refused():
    with pytest.raises(LisaError, match="vae-linnf: flows must be at least 1"):
        PlanarVAE(0)
    for settings in ({"blocks": 0}, {"hidden": 0}, {"layers": 0}):
        with pytest.raises(LisaError, match=f"vae-iaf: {next(iter(settings))} must be at least 1"):
            IAFVAE(**settings)
    with pytest.raises(LisaError, match="at least 2 coordinates, not 1"):
        equipped(IAFVAE(), dim=1)
    assert equipped(PlanarVAE(), dim=1).dim == 1
