"""Codes in which each place of an image has its numbers."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from image_lisa.models.networks.grid_codes import CodeToGrid, GridToCode, places

SIDES = st.integers(1, 13)


def silent(layers):
    """Layers that return zeros."""
    for weight in layers.parameters():
        nn.init.zeros_(weight)


@given(grid=st.tuples(SIDES, SIDES), dim=st.integers(1, 1024))
def test_a_coarse_grid_fits_into_every_code(grid, dim):
    channels, height, width = places(grid, dim)
    assert 1 <= height <= grid[0]
    assert 1 <= width <= grid[1]
    assert dim - height * width < channels * height * width <= dim


def test_a_code_of_256_numbers_holds_64_places():
    assert places((8, 8), 256) == (4, 8, 8)
    assert places((7, 7), 256) == (5, 7, 7)
    assert places((7, 7), 64) == (4, 4, 4)
    assert places((7, 7), 3) == (3, 1, 1)


def test_what_lies_at_a_place_makes_the_numbers_of_that_place():
    net = GridToCode(3, (8, 8), hidden=5, dim=70, width=140)
    silent(net.together)
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    other = x.clone()
    other[:, :, 2:4, 6:8] += 1
    changed = (net(x) != net(other)).all(0)
    assert changed[:64].reshape(4, 4, 4).nonzero().tolist() == [[c, 1, 3] for c in range(4)]
    assert not net(x)[:, 64:].any()


def test_numbers_of_a_place_make_what_lies_there():
    net = CodeToGrid(3, (8, 8), hidden=5, dim=64)
    silent(net.together)
    code = torch.zeros(1, 64)
    other = code.clone()
    other.reshape(4, 4, 4)[:, 1, 3] = 1
    changed = (net(code) != net(other)).all(1)[0]
    rows, columns = changed.nonzero(as_tuple=True)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (1, 4, 5, 7)


def test_all_numbers_count_and_all_features_are_seen():
    to_code, to_grid = GridToCode(3, (7, 9), 5, 70, 141), CodeToGrid(4, (7, 9), 5, 70)
    x = torch.randn(1, 3, 7, 9, requires_grad=True, generator=torch.Generator().manual_seed(0))
    (gradient,) = torch.autograd.grad(to_code(x).sum(), x)
    assert (gradient != 0).all()
    code = torch.randn(1, 70, requires_grad=True, generator=torch.Generator().manual_seed(1))
    found = to_grid(code)
    assert found.shape == (1, 4, 7, 9)
    (gradient,) = torch.autograd.grad(found.square().sum(), code)
    assert (gradient != 0).all()


def error_of_what_was_not_seen(each):
    """Train on 30 grids of noise and return the share of others' variance that is lost."""
    torch.default_generator.manual_seed(0)
    dim, grid = 64, (4, 4)
    to_code, to_grid = GridToCode(3, grid, 32, dim, dim), CodeToGrid(3, grid, 32, dim)
    if not each:
        for map_ in (to_code.each, to_grid.each):
            silent(map_)
            map_.requires_grad_(False)
    net = nn.Sequential(to_code, to_grid)
    seen, others = torch.randn(2, 30, 3, *grid)
    optimizer = torch.optim.Adam((p for p in net.parameters() if p.requires_grad), lr=1e-2)
    for _ in range(200):
        loss = (net(seen) - seen).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return float((net(others) - others).square().mean() / others.var())


def test_thirty_images_teach_what_holds_for_others():
    """64 numbers hold these grids of 3 × 4 × 4 whole, but thirty of them teach no hidden layer."""
    assert places((4, 4), 64) == (4, 4, 4)
    assert error_of_what_was_not_seen(each=False) > 1
    assert error_of_what_was_not_seen(each=True) < 0.5
