"""Networks in another order in memory: the same numbers, and derivatives in the plain one."""

import pytest
import torch

from image_lisa.models.networks import NETWORKS, build_network
from image_lisa.models.networks.memory_order import ChannelsLast, plain_order
from shared.diagnostics.mismatch import tangent_norms


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 20, 20), (3, 64, 48)])
def test_the_slope_of_every_decoder_is_found(name, shape):
    net = build_network(name, shape, 4, 4, 0).eval()
    u = torch.nn.functional.normalize(
        torch.randn(2, 4, generator=torch.Generator().manual_seed(0)), dim=1
    )
    with plain_order(net):
        norms = tangent_norms(net.decode, u, iterations=3)
        plain = net.decode(u)
    assert (norms > 0).all()
    torch.testing.assert_close(net.decode(u), plain, rtol=1e-4, atol=1e-5)


def test_the_order_is_back_afterwards_even_after_an_error():
    net = torch.nn.Sequential(ChannelsLast(), torch.nn.Identity())
    x = torch.zeros(2, 3, 4, 5)

    def fails():
        with plain_order(net):
            assert net(x).is_contiguous()
            raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        fails()
    assert net(x).is_contiguous(memory_format=torch.channels_last)
