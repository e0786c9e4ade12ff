"""Rows of all processes, and their gradients."""

import pytest
import torch
from processes import in_two_processes
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from shared.common.collective import alone, gather_rows

SIZES = (3, 5)
TYPES = (torch.float32, torch.float64, torch.int64)


def everything():
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        return torch.randn(sum(SIZES), 4), nn.Linear(4, 2)


def coupled(z):
    """A loss that no sum over rows can give."""
    return (z @ z.T).exp().mean() + z.std(0).sum()


class Loss(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        z = self.net(x)
        return coupled(gather_rows(z))


def one_process_of_two(rank, folder):
    x, net = everything()
    mine = x.split(SIZES)[rank]
    model = DistributedDataParallel(Loss(net))
    loss = model(mine)
    loss.backward()
    with alone():
        own = gather_rows(mine)
        with alone():
            inner = gather_rows(mine)
        after = gather_rows(mine)
    whole = gather_rows(mine.requires_grad_())
    whole.square().sum().backward()
    found = {
        "loss": loss.detach(),
        "weight": net.weight.grad,
        "bias": net.bias.grad,
        "alone": torch.stack([own, inner, after]),
        "whole": whole.detach(),
        "mine": mine.grad,
        "types": torch.tensor(
            [gather_rows(mine.detach().to(kind)).dtype == kind for kind in TYPES]
        ),
        "counts": gather_rows(torch.full((rank, 1), rank)),
    }
    torch.save(found, folder / f"{rank}.pt")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What two processes found, with three and five rows."""
    folder = tmp_path_factory.mktemp("two")
    in_two_processes(one_process_of_two, folder, folder=folder)
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in (0, 1)]


def test_two_processes_have_the_loss_and_the_gradient_of_one(found):
    x, net = everything()
    loss = coupled(net(x))
    loss.backward()
    for each in found:
        torch.testing.assert_close(each["loss"], loss.detach())
        torch.testing.assert_close(each["weight"], net.weight.grad)
        torch.testing.assert_close(each["bias"], net.bias.grad)


def test_rows_come_in_the_order_of_ranks_however_many_each_has(found):
    x, _ = everything()
    for each in found:
        assert torch.equal(each["whole"], x)
        assert each["counts"].tolist() == [[1]]
        assert each["types"].all()


def test_the_gradient_of_own_rows_is_summed_over_the_processes(found):
    """Each process computes the whole loss: two times 2x, which data parallel training halves."""
    x, _ = everything()
    for each, mine in zip(found, x.split(SIZES), strict=True):
        torch.testing.assert_close(each["mine"], 4 * mine)


def test_alone_a_process_sees_its_own_rows(found):
    x, _ = everything()
    for each, mine in zip(found, x.split(SIZES), strict=True):
        assert torch.equal(each["alone"], torch.stack([mine] * 3))


def test_in_one_process_rows_are_themselves():
    x, net = everything()
    z = net(x)
    assert gather_rows(z) is z
    with alone():
        assert gather_rows(z) is z
    with pytest.raises(ZeroDivisionError), alone():
        raise ZeroDivisionError
    assert gather_rows(z) is z
