"""The loop for auxiliary networks."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from shared.common.errors import LisaError
from shared.common.fitting import fit_module

SETTINGS = {"epochs": 3, "batch_size": 4, "learning_rate": 0.05, "seed": 7}


def line(n=10, seed=0):
    """y = 2a − b + 0.5, exactly."""
    x = torch.rand(n, 2, generator=torch.Generator().manual_seed(seed))
    return x, 2 * x[:, :1] - x[:, 1:] + 0.5


def module(seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return nn.Linear(2, 1)


def squares(net, x, y):
    return (net(x) - y).square().mean()


def test_the_least_squares_are_found():
    x, y = line(200)
    net = fit_module(
        module(), squares, (x, y), epochs=150, batch_size=50, learning_rate=0.1, seed=0
    )
    np.testing.assert_allclose(net.weight.detach().numpy(), [[2, -1]], atol=1e-2)
    assert net.bias.item() == pytest.approx(0.5, abs=1e-2)


def test_the_loop_is_adam_with_a_cosine_on_shuffled_batches():
    """Written out: torch's plain AdamW, the rate set by hand, on the batches that were seen."""
    x, y = line()
    batches, told = [], []

    def loss(net, a, b):
        batches.append((a, b))
        return squares(net, a, b)

    net = module()
    given = dict(SETTINGS, weight_decay=0.3)
    on_epoch = lambda epoch, mean: told.append((epoch, mean))  # noqa: E731
    assert fit_module(net, loss, (x, y), **given, on_epoch=on_epoch) is net
    assert [len(a) for a, _ in batches] == [4, 4, 2] * 3
    plain, losses = module(), []
    optimizer = torch.optim.AdamW(plain.parameters(), lr=0.05, weight_decay=0.3, foreach=False)
    for step, (a, b) in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = 0.05 * (1 + math.cos(math.pi * step / 9)) / 2
        value = squares(plain, a, b)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        losses.append(value.item() * len(a))
    for name, weight in plain.state_dict().items():
        torch.testing.assert_close(net.state_dict()[name], weight, rtol=1e-5, atol=1e-6)
    assert [epoch for epoch, _ in told] == [1, 2, 3]
    expected = np.array(losses).reshape(3, 3).sum(1) / 10
    np.testing.assert_allclose([mean for _, mean in told], expected, rtol=1e-5)


def test_every_epoch_takes_all_rows_together_in_another_order():
    x = torch.arange(10.0)[:, None]
    y = 100 + torch.arange(10.0)
    seen = []

    def loss(net, a, b):
        assert torch.equal(a[:, 0] + 100, b)
        seen.extend(a[:, 0].tolist())
        return net(a).square().mean()

    with torch.random.fork_rng(devices=[]):
        net = nn.Linear(1, 1)
    fit_module(net, loss, (x, y), **SETTINGS)
    epochs = [tuple(seen[first : first + 10]) for first in (0, 10, 20)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len(set(epochs)) == 3


def noisy(net, x, y):
    return squares(net, x + 0.1 * torch.randn_like(x), y)


def test_all_that_is_drawn_has_the_seed_and_nothing_is_left_behind():
    results = []
    for noise, seed in ((1, 7), (2, 7), (1, 8)):
        torch.default_generator.manual_seed(noise)
        before = torch.get_rng_state()
        net = fit_module(module(), noisy, line(), **dict(SETTINGS, seed=seed))
        assert torch.equal(torch.get_rng_state(), before)
        results.append(net.weight.detach().clone())
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])


def test_the_module_trains_and_is_left_at_rest():
    modes = []

    class Watched(nn.Linear):
        def forward(self, x):
            modes.append(self.training)
            return super().forward(x)

    with torch.random.fork_rng(devices=[]):
        net = Watched(2, 1).eval()
    assert not fit_module(net, squares, line(), **SETTINGS).training
    assert modes == [True] * 9


def test_no_epochs_leave_the_weights():
    net = fit_module(module(), squares, line(), **dict(SETTINGS, epochs=0))
    assert torch.equal(net.weight, module().weight)


def test_one_row_is_enough():
    net = fit_module(module(), squares, line(1), **SETTINGS)
    assert net.weight.isfinite().all()


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_names_module_and_epoch(bad):
    x, y = line()
    steps = [0]

    def loss(net, a, b):
        steps[0] += 1
        return squares(net, a, b) + (bad if steps[0] == 5 else 0)

    before = torch.get_rng_state()
    with pytest.raises(LisaError, match="loss of the Linear is not finite in epoch 2"):
        fit_module(module(), loss, (x, y), **SETTINGS)
    assert torch.equal(torch.get_rng_state(), before)
