"""The spaces that are searched, both held to one contract."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar_lisa.models.names import TOOL
from grammar_lisa.optimize.spaces import Box, Sphere, space_of_run
from shared.common.errors import LisaError
from shared.methods import Codes
from shared.methods.registry import METHODS
from shared.runs.expost import save_codes
from shared.runs.run import create_run
from shared.sphere.geometry import geodesic

DIM = 4


def normal(seed, count, dim=DIM):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((count, dim)))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def a_sphere(seed):
    return Sphere(DIM), normal(seed, 40)


def a_box(seed):
    """A box of codes far from the origin that are wider on some axes than on others."""
    rng = np.random.default_rng(seed)
    codes = rng.normal(0, 10, DIM) + normal(seed, 40).numpy() * rng.uniform(0.1, 30, DIM)
    return Box.holding(torch.from_numpy(codes)), torch.from_numpy(codes)


def wide_box(seed):
    """A box whose sides are far away from its points."""
    side = torch.full((DIM,), 100.0, dtype=torch.float64)
    return Box(torch.zeros(DIM, dtype=torch.float64), 1.0, -side, side), normal(seed, 40)


def distance(space, first, second):
    return geodesic(first, second) if space.name == "sphere" else (first - second).norm(dim=1)


def inside(space, points):
    if space.name == "sphere":
        return torch.allclose(points.norm(dim=1), torch.ones(len(points), dtype=torch.float64))
    return bool(((points >= space.low - 1e-9) & (points <= space.high + 1e-9)).all())


seeds = st.integers(0, 999)
both = st.tuples(st.sampled_from([a_sphere, a_box]), seeds).map(lambda drawn: drawn[0](drawn[1]))
free = st.tuples(st.sampled_from([a_sphere, wide_box]), seeds).map(lambda drawn: drawn[0](drawn[1]))
each_space = pytest.mark.parametrize("make", [a_sphere, a_box], ids=["sphere", "box"])


@given(both, seeds, st.floats(1e-3, math.pi), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_all_that_a_space_gives_lies_in_it(given_space, seed, step, share):
    space, codes = given_space
    points = space.project(codes)
    others = points.roll(1, 0)
    for found in (
        points,
        space.sample(40, generator(seed)),
        space.perturb(points, torch.full((40,), step).double(), generator(seed)),
        space.interpolate(points, others, torch.full((40,), share).double()),
        space.retract(3 * normal(seed, 40)),
        space.project(space.codes(points)),
    ):
        assert found.shape == (40, DIM)
        assert found.dtype == torch.float64
        assert inside(space, found)


@given(free, seeds, st.floats(1e-3, 3))
@settings(max_examples=40, deadline=None)
def test_a_step_is_as_long_as_asked(given_space, seed, step):
    space, codes = given_space
    points = space.project(codes)
    radius = step * torch.linspace(0, 1, 40).double()
    moved = space.perturb(points, radius, generator(seed))
    assert torch.allclose(distance(space, points, moved), radius, atol=1e-7)


@pytest.mark.parametrize("make", [a_sphere, wide_box], ids=["sphere", "box"])
def test_steps_lead_in_all_directions_alike(make):
    space, codes = make(0)
    point = space.project(codes[:1])
    moved = space.perturb(point.repeat(4000, 1), torch.full((4000,), 0.2).double(), generator())
    ways = (moved - point) / (moved - point).norm(dim=1, keepdim=True)
    across = torch.eye(DIM).double()
    if space.name == "sphere":
        across = torch.linalg.svd(point)[2][1:]
    spread = ((ways @ across.T) ** 2).mean(0)
    assert torch.allclose(spread, torch.full_like(spread, 1 / len(across)), atol=0.03)
    assert (ways @ across.T).mean(0).abs().max() < 0.05


@given(both)
@settings(max_examples=40, deadline=None)
def test_the_way_between_two_points_begins_and_ends_there(given_space):
    space, codes = given_space
    first = space.project(codes)
    second = first.roll(1, 0)
    at = {share: torch.full((40,), share).double() for share in (0.0, 0.25, 0.5, 1.0)}
    assert torch.allclose(space.interpolate(first, second, at[0.0]), first, atol=1e-12)
    assert torch.allclose(space.interpolate(first, second, at[1.0]), second, atol=1e-12)
    whole = distance(space, first, second)
    for share in (0.25, 0.5):
        between = space.interpolate(first, second, at[share])
        assert torch.allclose(distance(space, first, between), share * whole, atol=1e-7)
        assert torch.allclose(distance(space, between, second), (1 - share) * whole, atol=1e-7)


def test_each_point_goes_its_own_share_of_the_way():
    for space, codes in (a_sphere(1), a_box(1)):
        first, second = space.project(codes[:20]), space.project(codes[20:])
        share = torch.linspace(0, 1, 20).double()
        found = space.interpolate(first, second, share)
        expected = share * distance(space, first, second)
        assert torch.allclose(distance(space, first, found), expected, atol=1e-7)


@each_space
def test_draws_follow_the_seed(make):
    space, codes = make(0)
    points = space.project(codes)
    radius = torch.full((40,), 0.5).double()
    for draw in (
        lambda g: space.sample(40, g),
        lambda g: space.perturb(points, radius, g),
    ):
        assert torch.equal(draw(generator(3)), draw(generator(3)))
        assert not torch.allclose(draw(generator(3)), draw(generator(4)))
        before = torch.get_rng_state()
        draw(generator(3))
        assert torch.equal(before, torch.get_rng_state())


@each_space
def test_draws_fill_the_space_evenly(make):
    space, _ = make(0)
    drawn = space.sample(6000, generator())
    if space.name == "sphere":
        assert drawn.mean(0).abs().max() < 0.05
        assert torch.allclose(drawn.T @ drawn / 6000, torch.eye(DIM).double() / DIM, atol=0.02)
    else:
        levels = torch.tensor([0.01, 0.25, 0.5, 0.75, 0.99]).double()
        shares = (drawn - space.low) / (space.high - space.low)
        found = torch.quantile(shares, levels, dim=0)
        assert torch.allclose(found, levels[:, None].expand_as(found), atol=0.03)


@given(both)
@settings(max_examples=40, deadline=None)
def test_points_come_back_from_their_codes(given_space):
    space, codes = given_space
    points = space.project(codes)
    back = space.codes(points)
    assert torch.allclose(space.project(back), points)
    seen = codes / codes.norm(dim=1, keepdim=True) if space.name == "sphere" else codes
    assert torch.allclose(back, seen)


@given(both, seeds)
@settings(max_examples=40, deadline=None)
def test_the_bounds_enclose_the_space_and_lead_back_to_it(given_space, seed):
    space, codes = given_space
    low, high = space.bounds
    points = torch.cat([space.project(codes), space.sample(40, generator(seed))])
    assert (points >= low).all()
    assert (points <= high).all()
    assert torch.allclose(space.retract(points), points)
    corner = low + (high - low) * (normal(seed, 40) > 0)
    assert inside(space, space.retract(corner))


@each_space
def test_codes_of_another_size_or_without_numbers_are_refused(make):
    space, codes = make(0)
    with pytest.raises(LisaError) as caught:
        space.project(torch.zeros(2, 3))
    assert str(caught.value) == f"codes of this {space.name} have the size 4, not 3"
    for wrong in (math.nan, math.inf):
        broken = codes.clone()
        broken[1, 2] = wrong
        with pytest.raises(LisaError, match="1 of 40 codes hold NaN or infinite values"):
            space.project(broken)


@each_space
def test_no_codes_are_no_points(make):
    space, _ = make(0)
    assert space.project(torch.empty(0, DIM)).shape == (0, DIM)


@each_space
def test_gradients_flow_from_points_to_codes(make):
    space, codes = make(0)
    codes = codes.clone().requires_grad_()
    space.project(codes).square().mul(torch.arange(4)).sum().backward()
    assert codes.grad is not None
    assert (codes.grad != 0).any()


def test_codes_may_be_of_single_precision():
    for space, codes in (a_sphere(0), a_box(0)):
        found = space.project(codes.float())
        assert found.dtype == torch.float64
        assert torch.allclose(found, space.project(codes), atol=1e-5)


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_the_box_is_the_least_that_holds_the_codes(seed):
    box, codes = a_box(seed)
    points = box.project(codes)
    assert torch.equal(points.amin(0), box.low)
    assert torch.equal(points.amax(0), box.high)
    assert box.dim == DIM


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_points_of_a_box_have_norm_1_and_lie_the_root_of_2_apart(seed):
    box, codes = a_box(seed)
    points = box.project(codes)
    assert torch.allclose(points.mean(0), torch.zeros(DIM).double(), atol=1e-9)
    assert float(points.square().sum(1).mean().sqrt()) == pytest.approx(1)
    squares = torch.cdist(points, points).square().sum() / (40 * 39)
    assert float(squares.sqrt()) == pytest.approx(math.sqrt(2 * 40 / 39))
    scale = (codes - codes.mean(0)) / points
    assert torch.allclose(scale, torch.full_like(scale, box.scale))


def test_a_step_out_of_the_box_ends_at_its_side():
    side = torch.ones(2).double()
    box = Box(torch.zeros(2).double(), 1.0, -side, side)
    moved = box.perturb(torch.tensor([[0.9, 0.0]] * 50).double(), side[0].repeat(50), generator())
    assert inside(box, moved)
    assert (moved.abs() == 1).any()
    outside = torch.tensor([[5.0, 0.0]]).double()
    assert torch.equal(box.interpolate(outside, outside, side[:1] * 0), side * torch.eye(2)[:1])


def test_codes_that_are_one_make_a_box_of_one_point():
    codes = torch.full((5, DIM), 3.0)
    box = Box.holding(codes)
    assert box.scale == 1
    assert torch.equal(box.codes(box.sample(3, generator())), codes[:3].double())
    points = box.project(codes[:2])
    assert torch.equal(box.perturb(points, torch.ones(2).double(), generator()), points)


@pytest.mark.parametrize("codes", [torch.zeros(0, 3), torch.full((2, 3), math.inf), torch.zeros(3)])
def test_a_box_needs_codes(codes):
    with pytest.raises(LisaError, match=r"codes (must have shape|hold NaN or infinite)"):
        Box.holding(codes)


def test_the_sphere_is_what_the_decoder_sees(model):
    codes = torch.cat([7 * normal(0, 20, model.dim), torch.zeros(1, model.dim)]).float()
    points = Sphere(model.dim).project(codes)
    assert np.array_equal(points.numpy(), model.directions(codes.numpy()))


@pytest.mark.parametrize("name", ["vae", "rae-l2"])
def test_points_of_a_box_decode_as_their_codes_do(trained, sentences, name):
    model = trained(name)
    codes = torch.from_numpy(model.codes(sentences, refine=False))
    box = Box.holding(codes)
    assert model.decode(box.codes(box.project(codes)).numpy()) == model.decode(codes.numpy())


@pytest.fixture
def bare(tmp_path):
    """A run of nothing but its configuration."""
    return create_run(tmp_path / "run", {"tool": TOOL})


@pytest.mark.parametrize("name", METHODS)
def test_spherical_methods_are_searched_on_the_sphere_and_others_in_the_box(bare, name):
    class Model:
        dim, method = DIM, METHODS[name]()

    codes = normal(0, 30)
    save_codes(bare, Codes(codes.numpy()))
    found = space_of_run(Model, bare)
    box = space_of_run(Model, bare, "box")
    assert torch.equal(box.low, Box.holding(codes).low)
    if METHODS[name].spherical:
        assert found == space_of_run(Model, bare, "sphere") == Sphere(DIM)
    else:
        assert torch.equal(found.low, box.low)
        with pytest.raises(LisaError, match=r"search its box \(space box\)"):
            space_of_run(Model, bare, "sphere")


def test_a_sphere_needs_no_codes_and_a_box_says_that_they_are_missing(bare, model, trained):
    assert space_of_run(model, bare) == Sphere(model.dim)
    for case in ((trained("rae-l2"), bare), (model, bare, "box")):
        with pytest.raises(LisaError, match=r"there is no file .*codes\.safetensors"):
            space_of_run(*case)
