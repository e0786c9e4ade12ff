import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar_lisa.expressions.evaluation import (
    FUNCTIONS,
    as_points,
    as_vector,
    blocks,
    evaluate,
    fold,
    parsable,
    read,
)
from grammar_lisa.expressions.expression import UNARY_FUNCTIONS
from shared.common.errors import LisaError

X = np.linspace(-10, 10, 1001)
_SCOPE = {name: FUNCTIONS[name] for name in UNARY_FUNCTIONS} | {"pow": np.power}


def by_python(text, **variables):
    """Python's own evaluation, with float64 scalars instead of its exact integers."""
    scope = _SCOPE | {"pi": np.float64(math.pi), "e": np.float64(math.e)} | variables
    with np.errstate(all="ignore"):
        return np.broadcast_to(eval(text, {"__builtins__": {}}, scope), len(variables["x"]))


numbers = st.sampled_from(["x", "y", "0.5", "2.0", "3.5", "pi"])
texts = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.builds("({}{}{})".format, inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner),
        st.builds("{}({}*x)".format, st.sampled_from(UNARY_FUNCTIONS), inner),
        st.builds("(-{})".format, inner),
    ),
    max_leaves=8,
).map(lambda text: f"x*0.0+{text}")


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=5))
def test_values_are_those_of_numpy(batch):
    x = np.linspace(-3, 3, 13)
    y = np.linspace(0, 1, 13)
    values = evaluate(batch, {"x": x, "y": y})
    for row, text in zip(values, batch, strict=True):
        try:
            expected = by_python(text, x=x, y=y)
        except (ZeroDivisionError, OverflowError):
            continue  # Python's own scalars raise where IEEE gives infinity
        if np.iscomplexobj(expected):
            continue
        np.testing.assert_allclose(row, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1/0", math.inf),
        ("-1/0", -math.inf),
        ("0/0", math.nan),
        ("log(-1)", math.nan),
        ("log(0)", -math.inf),
        ("sqrt(-1)", math.nan),
        ("(-8)**(1/3)", math.nan),
        ("exp(exp(exp(3)))", math.inf),
        ("0**-1", math.inf),
        ("1/3", 1 / 3),
        ("abs(-2)", 2.0),
        ("e", math.e),
        ("1e999-1e999", math.nan),
    ],
)
def test_ieee_semantics_without_warnings(text, value):
    np.testing.assert_array_equal(evaluate([text], {"x": [1.0, 2.0]}), [[value, value]])


def test_caller_keeps_its_floating_point_state():
    before = np.geterr()
    stream = blocks(read(["1/x"], ["x"]), {"x": np.zeros(3)})
    next(stream)
    assert np.geterr() == before


def test_order_repeats_and_bare_leaves_are_kept():
    values = evaluate(["x*x+1", "x", "x*x", "2", "x*x+1"], {"x": [1.0, 2.0]})
    np.testing.assert_array_equal(values, [[2, 5], [1, 2], [1, 4], [2, 2], [2, 5]])


def test_no_text_gives_no_row():
    assert evaluate([], {"x": [1.0, 2.0]}).shape == (0, 2)
    assert fold([], {"x": np.ones(2)}, lambda v, _: v.sum(axis=1), np.add).shape == (0,)


def test_data_are_left_as_they_were():
    x = np.arange(4.0)
    points = {"x": x}
    fold(["x", "x+x"], points, lambda v, _: np.square(v, out=v).sum(axis=1), np.add)
    np.testing.assert_array_equal(x, np.arange(4.0))


def many(count):
    generator = np.random.default_rng(1)
    pieces = np.array(["x", "sin(x)", "(x+1)", "exp(x/3)", "(2*x)", "cos(x*x)"])
    return ["+".join(row) for row in pieces[generator.integers(0, 6, (count, 5))]]


@pytest.mark.parametrize("memory", [1, 5_000_000, 10**9])
def test_any_memory_gives_the_same_values(memory):
    lines = many(300)
    batch = read(lines, ["x"])
    points = as_points({"x": X})
    values = np.full((len(batch.roots), len(X)), np.nan)
    for block in blocks(batch, points, memory):
        assert np.isnan(values[block.roots, block.points]).all()
        values[block.roots, block.points] = block.values
    np.testing.assert_array_equal(values[batch.positions], evaluate(lines, points))


def test_little_memory_takes_narrow_stretches():
    batch = read(many(300), ["x"])
    widths = {block.values.shape[1] for block in blocks(batch, {"x": X}, 200_000)}
    assert max(widths) * 8 * 64 <= 200_000
    assert all(block.values.shape[1] == len(X) for block in blocks(batch, {"x": X}))


def test_memory_is_bounded_where_every_value_stays_alive():
    first = [f"sin({number}*x)" for number in range(400)]
    batch = read([*first, *(f"{text}+1" for text in first)], ["x"])
    points = {"x": np.linspace(0, 1, 20_000)}
    tracemalloc.start()
    try:
        assert sum(block.values.shape[0] for block in blocks(batch, points, 4_000_000)) >= 800
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_fold_joins_stretches_and_skips_what_is_no_expression(monkeypatch):
    monkeypatch.setattr("grammar_lisa.expressions.evaluation._TEXTS", 7)
    lines = [*many(20), None, "x +", "", "x", *many(10)]
    sums = fold(lines, {"x": X}, lambda v, _: v.sum(axis=1), np.add)
    good = parsable(lines, ["x"])
    assert good.tolist() == [*[True] * 20, False, False, False, *[True] * 11]
    assert np.isnan(sums[~good]).all()
    expected = evaluate([line for line, ok in zip(lines, good, strict=True) if ok], {"x": X})
    np.testing.assert_allclose(sums[good], expected.sum(axis=1), rtol=1e-12)


def test_fold_over_several_stretches_of_points(monkeypatch):
    monkeypatch.setattr("grammar_lisa.expressions.evaluation.blocks", lambda b, p: blocks(b, p, 1))
    x = np.arange(5.0)
    lines = ["x", "x*x", "7"]
    assert fold(lines, {"x": x}, lambda v, _: v.sum(axis=1), np.add).tolist() == [10, 30, 35]
    assert fold(lines, {"x": x}, lambda v, _: v.max(axis=1), np.maximum).tolist() == [4, 16, 7]


def test_a_bad_text_is_refused():
    with pytest.raises(LisaError, match="unknown variable y; valid are x, pi, e"):
        evaluate(["x", "y"], {"x": [1.0]})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "the data hold no variable"),
        ({"a b": [1.0]}, "'a b' cannot name a variable"),
        ({"x": ["one"]}, "variable x holds something that is not a number"),
        ({"x": []}, r"variable x has shape \(0,\); a vector with values is needed"),
        ({"x": 1.0}, r"variable x has shape \(\)"),
        ({"x": [[1.0]]}, r"variable x has shape \(1, 1\)"),
        ({"x": [1.0], "y": [1.0, 2.0]}, "differ in their number of points: x has 1, y has 2"),
    ],
)
def test_unfit_data_are_refused(data, message):
    with pytest.raises(LisaError, match=message):
        as_points(data)


def test_vectors_are_float64():
    vector = as_vector([1, 2], "y")
    assert vector.dtype == np.float64
