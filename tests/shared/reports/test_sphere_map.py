import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shared.reports.sphere_map import SphereMap, map_chart, rank, ranked_points
from shared.sphere.geometry import project, slerp


def directions(n, dim, seed):
    generator = torch.Generator().manual_seed(seed)
    return project(torch.randn(n, dim, generator=generator, dtype=torch.float64)).numpy()


@given(st.integers(2, 40), st.integers(1, 60), st.integers(0, 10_000))
def test_the_distance_from_the_centre_is_the_angle(dim, n, seed):
    points = directions(n + 1, dim, seed)
    places = SphereMap.centred(points[0], points).place(points)
    angles = np.degrees(np.arccos(np.clip(points @ points[0], -1, 1)))
    assert np.hypot(*places[1:].T) == pytest.approx(angles[1:], abs=1e-5)
    assert places[0] == pytest.approx([0, 0], abs=1e-6)


@given(st.integers(3, 30), st.integers(0, 10_000))
def test_great_circles_through_the_centre_are_straight(dim, seed):
    points = directions(20, dim, seed)
    start, end = torch.from_numpy(points[:2])
    way = slerp(start, end, torch.linspace(0, 1, 7, dtype=torch.float64)).numpy()
    places = SphereMap.centred(points[0], points).place(way)
    shares = np.linspace(0, 1, 7)[:, None]
    assert places == pytest.approx(shares * places[-1], abs=1e-6)


def test_two_dimensions_of_the_tangent_are_told_whole():
    points = directions(50, 3, 0)
    assert SphereMap.centred(points[0], points).share == pytest.approx(1)
    many = directions(2000, 25, 1)
    assert SphereMap.centred(many[0], many).share < 0.2


def test_a_centre_alone_has_a_map():
    point = directions(1, 5, 0)
    plan = SphereMap.centred(point[0], point)
    assert plan.place(point).tolist() == [[0, 0]]


@given(st.lists(st.floats(allow_infinity=False), min_size=1, max_size=30))
def test_ranks_order_values_and_put_nan_last(values):
    found, values = rank(np.array(values)), np.array(values)
    assert ((found >= 0) & (found <= 1)).all()
    for i in range(len(values)):
        for j in range(len(values)):
            if values[i] < values[j] or (np.isnan(values[j]) and not np.isnan(values[i])):
                assert found[i] < found[j]
            if values[i] == values[j]:
                assert found[i] == found[j]


def test_points_are_drawn_from_the_worst_to_the_best():
    places = np.arange(6.0).reshape(3, 2)
    texts = ["b", "a", "c"]
    trace = ranked_points("p", places, np.array([2.0, 1.0, np.nan]), texts, "t", starred=1)
    assert trace["customdata"] == [2, 0, 1]
    assert trace["text"] == ["c", "b", "a"]
    assert trace["marker"]["symbol"] == ["circle", "circle", "star"]
    assert trace["marker"]["colorbar"]["ticktext"] == ["1", "2"]


def test_a_map_has_rings_within_its_reach():
    trace = ranked_points("p", np.array([[0.0, 70.0]]), np.array([1.0]), ["a"], "t")
    found = map_chart("m", "title", "alt", [], coloured=trace, follow={"x": [0.0]})
    assert [ring["x1"] for ring in found.spec["layout"]["shapes"]] == [30, 60]
    assert found.follow == {"x": [0.0]}
    assert found.spec["data"][-1]["name"] == "p"
