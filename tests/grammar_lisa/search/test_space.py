"""Spaces that codes are searched in, against their definitions."""

import numpy as np
import pytest
import torch
from grammar_lisa.search.space import Box, Sphere, space_of, space_of_run
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import LisaError
from shared.expost import save_codes
from shared.methods import METHODS, Codes
from shared.sphere import geodesic

DIM = 4


def normal(seed, count, dim=DIM):
    return np.random.default_rng(seed).standard_normal((count, dim))


def a_box(seed):
    """A box of codes far from the origin that are wider on some axes than on others."""
    rng = np.random.default_rng(seed)
    codes = rng.normal(0, 10, DIM) + normal(seed, 60) * rng.uniform(0.1, 30, DIM)
    return Box.holding(codes), codes


def a_sphere(seed):
    return Sphere(DIM), normal(seed, 60)


def inside(space, places):
    if isinstance(space, Sphere):
        return np.allclose(np.linalg.norm(places, axis=1), 1)
    return bool(((places >= space.low) & (places <= space.high)).all())


spaces = st.tuples(st.sampled_from([a_box, a_sphere]), st.integers(0, 999)).map(
    lambda drawn: drawn[0](drawn[1])
)


@given(spaces, st.integers(0, 999), st.floats(1e-3, np.pi), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_all_that_a_space_gives_lies_in_it(given_space, seed, step, share):
    space, codes = given_space
    places = space.places_of(codes)
    assert inside(space, places)
    steps = np.full((60, 1), step)
    assert inside(space, space.around(places, normal(seed, 60), steps))
    assert inside(space, space.between(places, np.roll(places, 1, axis=0), np.full(60, share)))
    assert inside(space, space.anywhere(50, seed))


@given(spaces)
@settings(max_examples=30, deadline=None)
def test_the_way_between_two_places_begins_and_ends_there(given_space):
    space, codes = given_space
    first = space.places_of(codes)
    second = np.roll(first, 1, axis=0)
    assert np.array_equal(space.between(first, second, np.zeros(60)), first)
    assert np.array_equal(space.between(first, second, np.ones(60)), second)
    middle = space.between(first, second, np.full(60, 0.5))
    ways = [np.diag(space.distances(middle, end)) for end in (first, second)]
    assert np.allclose(*ways)


@given(spaces)
@settings(max_examples=30, deadline=None)
def test_places_come_back_from_codes(given_space):
    space, codes = given_space
    places = space.places_of(codes)
    back = space.codes_of(places)
    assert np.allclose(space.places_of(back), places)
    if isinstance(space, Box):
        assert np.allclose(back, codes)


@given(spaces)
@settings(max_examples=30, deadline=None)
def test_distances_are_those_of_the_places(given_space):
    space, codes = given_space
    places = space.places_of(codes)
    found = space.distances(places[:20], places[20:])
    expected = np.linalg.norm(places[:20, None] - places[20:], axis=2)
    assert np.allclose(found, expected, atol=1e-7)


@given(st.integers(0, 999))
def test_places_of_a_box_have_norm_1_and_distance_the_root_of_2(seed):
    box, codes = a_box(seed)
    places = box.places_of(codes)
    assert np.allclose(places.mean(axis=0), 0)
    assert np.sqrt((places**2).sum(axis=1).mean()) == pytest.approx(1)
    apart = box.distances(places, places)[~np.eye(60, dtype=bool)]
    assert np.sqrt((apart**2).mean()) == pytest.approx(np.sqrt(2 * 60 / 59))
    share = places / (codes - codes.mean(axis=0))
    assert np.allclose(share, share[0, 0])


def test_the_places_of_scattered_codes_are_like_those_of_directions():
    codes = 3 + 7 * normal(0, 500, 25)
    for space in (Sphere(25), Box.holding(codes)):
        places = space.places_of(codes if space.name == "box" else codes - 3)
        assert np.median(np.linalg.norm(places, axis=1)) == pytest.approx(1, abs=0.03)
        apart = space.distances(places[:250], places[250:])
        assert np.median(apart) == pytest.approx(np.sqrt(2), abs=0.03)


@given(st.integers(0, 999))
def test_the_box_is_the_least_that_holds_the_codes(seed):
    box, codes = a_box(seed)
    places = box.places_of(codes)
    assert np.array_equal(places.min(axis=0), box.low)
    assert np.array_equal(places.max(axis=0), box.high)


def test_draws_fill_the_box_evenly():
    box, _ = a_box(0)
    drawn = (box.anywhere(4000, 0) - box.low) / (box.high - box.low)
    assert np.allclose(
        np.quantile(drawn, [0.01, 0.25, 0.5, 0.75, 0.99], axis=0).T,
        [0.01, 0.25, 0.5, 0.75, 0.99],
        atol=0.03,
    )
    assert np.array_equal(box.anywhere(5, 1), box.anywhere(5, 1))
    assert not np.allclose(box.anywhere(5, 1), box.anywhere(5, 2))


@given(st.integers(0, 999), st.floats(1e-3, 3))
@settings(max_examples=30, deadline=None)
def test_steps_are_as_long_as_asked(seed, step):
    headings, steps = normal(seed, 30), np.full((30, 1), step)
    wide = Box(np.zeros(DIM), 1.0, np.full(DIM, -100.0), np.full(DIM, 100.0))
    places = normal(seed + 1, 30)
    moved = wide.around(places, headings, steps)
    assert np.allclose(np.linalg.norm(moved - places, axis=1), step)
    assert np.allclose(
        (moved - places) / step, headings / np.linalg.norm(headings, axis=1)[:, None]
    )
    sphere = Sphere(DIM)
    places = sphere.places_of(places)
    turned = geodesic(*map(torch.from_numpy, (places, sphere.around(places, headings, steps))))
    assert np.allclose(turned.numpy(), step)


def test_a_step_out_of_the_box_ends_at_its_side():
    box = Box(np.zeros(2), 1.0, np.array([-1.0, -1.0]), np.array([1.0, 1.0]))
    moved = box.around(np.array([[0.9, 0.0]]), np.array([[3.0, 3.0]]), np.array([[1.0]]))
    assert np.allclose(moved, [[1, np.sqrt(0.5)]])
    outside = np.array([[5.0, 0.0]])
    assert np.array_equal(box.between(outside, outside, np.zeros(1)), [[1, 0]])


def test_codes_that_are_one_make_a_box_of_one_place():
    box = Box.holding(np.full((5, DIM), 3.0))
    assert box.scale == 1
    assert np.array_equal(box.codes_of(box.anywhere(3, 0)), np.full((3, DIM), 3.0))
    places = box.places_of(np.full((2, DIM), 3.0))
    assert np.array_equal(box.around(places, normal(0, 2), np.ones((2, 1))), places)
    assert np.array_equal(box.around(places, np.zeros((2, DIM)), np.ones((2, 1))), places)


def test_the_sphere_is_what_the_decoder_sees(model):
    codes = np.concatenate([7 * normal(0, 20, model.dim), np.zeros((1, model.dim))])
    places = space_of(model, codes).places_of(codes.astype(np.float32))
    assert np.array_equal(places, model.directions(codes.astype(np.float32)))


@pytest.mark.parametrize("name", ["vae", "rae-l2", "gmm-dae", "vq-vae"])
def test_places_of_a_box_decode_as_their_codes_do(trained, sentences, name):
    model = trained(name)
    codes = model.encode(sentences, refine=False)
    box = space_of(model, codes)
    assert model.decode(box.codes_of(box.places_of(codes))) == model.decode(codes)
    assert np.allclose(box.places_of(codes), (codes - box.centre) / box.scale)


@pytest.mark.parametrize("name", METHODS)
def test_spherical_methods_are_searched_on_the_sphere_and_others_in_the_box(run, name):
    class Model:
        dim, method = DIM, METHODS[name]()

    codes = normal(0, 30)
    save_codes(run, Codes(codes))
    found = space_of(Model, codes), space_of_run(Model, run)
    if METHODS[name].spherical:
        assert found == (Sphere(DIM), Sphere(DIM))
    else:
        assert all(np.array_equal(box.low, Box.holding(codes).low) for box in found)


def test_a_sphere_needs_no_codes_and_a_box_says_that_they_are_missing(run, model, trained):
    assert space_of_run(model, run) == Sphere(model.dim)
    with pytest.raises(LisaError, match=r"there is no file .*codes\.safetensors"):
        space_of_run(trained("rae-l2"), run)


@pytest.mark.parametrize("space", [Sphere(DIM), Box.holding(np.eye(DIM))], ids=["sphere", "box"])
def test_codes_of_another_size_or_without_numbers_are_refused(space):
    with pytest.raises(LisaError) as caught:
        space.places_of(np.zeros((2, 3)))
    assert str(caught.value) == f"codes of this {space.name} have the size 4, not 3"
    with pytest.raises(LisaError, match="1 of 2 codes hold NaN or infinite values"):
        space.places_of([[0.0, 1, 2, np.nan], [1, 2, 3, 4]])
    with pytest.raises(LisaError, match=r"codes must have shape \[n, dim\]"):
        space.places_of(np.zeros(4))


@pytest.mark.parametrize("codes", [np.zeros((0, 3)), np.full((2, 3), np.inf), np.zeros(3)])
def test_a_box_needs_codes(codes):
    with pytest.raises(LisaError, match=r"codes (must have shape|hold NaN or infinite)"):
        Box.holding(codes)
