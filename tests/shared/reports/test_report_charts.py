import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.reports.charts import (
    EXACT,
    Series,
    bars,
    boxes,
    chart,
    number,
    numbers,
    on_axis,
    score_axis,
    shown,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "∞"),
        (True, "yes"),
        (12345, "12,345"),
        (0.123456, "0.1235"),
        (1.23456e-31, "1.2e-31"),
        ("word", "word"),
    ],
)
def test_values_as_reports_show_them(value, text):
    assert number(value) == text


@given(st.lists(st.floats(-1e12, 1e12)))
def test_numbers_keep_six_digits(values):
    assert numbers(values) == pytest.approx(values, rel=1e-5)


def test_what_is_no_number_is_left_out():
    assert numbers([1.0, math.nan, math.inf]) == [1.0, None, None]


def test_long_texts_are_cut_and_no_markup_is_read():
    assert shown("a<b & c") == "a&lt;b &amp; c"
    assert len(shown("x" * 500)) < 120


@pytest.mark.parametrize(
    ("values", "log"),
    [([1e-31, 0.4], True), ([0.3, 0.4], False), ([-1.0, 5.0], False), ([], False)],
)
def test_scores_far_apart_have_a_logarithmic_axis(values, log):
    found = score_axis("score", values)
    assert (found.get("type") == "log") == log
    if log:
        assert on_axis(values, found).min() == EXACT
    else:
        assert on_axis(values, found).tolist() == values


def test_a_legend_stands_where_several_are_told_apart():
    one = Series("a", [1], [2])
    legends = [
        chart("n", "t", "alt", series, {}, {}).spec["layout"]["showlegend"]
        for series in (
            [one],
            [one, Series("b", [1], [2])],
            [one, Series("b", [1], [2], legend=False)],
        )
    ]
    assert legends == [False, True, False]


def test_points_of_a_series_can_be_followed():
    trace = Series("a", np.arange(2), np.arange(2), ["x", "y"], points=[7, 8], steps=True).trace()
    assert trace["customdata"] == [7, 8]
    assert trace["line"]["shape"] == "hv"
    assert "customdata" not in Series("a", [1], [1]).trace()


def test_groups_have_a_box_or_a_bar_each():
    found = boxes("n", "t", "alt", {"1": [1.0, 2.0], "2": [3.0]}, {}, {})
    assert [each["y"] for each in found.spec["data"]] == [[1.0, 2.0], [3.0]]
    found = bars("n", "t", "alt", {"g": {"a": 0.5, "b": 0.25}}, {})
    assert found.spec["data"][0]["x"] == ["a", "b"]
    assert found.spec["data"][0]["y"] == [0.5, 0.25]
