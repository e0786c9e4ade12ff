import numpy as np
import pytest

from grammar_lisa.regression.search.contexts import INVERSES, Context, contexts_of, moves_of
from grammar_lisa.regression.search.tree import make, number, open_constant, variable

GENERATOR = np.random.default_rng(0)
X, Y = GENERATOR.uniform(0.5, 2.5, (2, 40))
POINTS = {"x": X, "y": Y}
ONES = np.ones(40)
MEMBERS = [
    (variable("x"), X, 1.0),
    (variable("y"), Y, 1.0),
    (number(1), ONES, 1.0),
    (make("*", variable("x"), variable("y")), X * Y, 2.5),
]
OPERATORS = ("+", "-", "*", *INVERSES)
TARGETS = 0.2 + 0.5 * X / (Y + 1)


def contexts(targets=TARGETS, operators=OPERATORS, most=600, **options):
    return contexts_of(Context.root(targets), moves_of(MEMBERS, operators), most, **options)


def test_forward_gives_the_targets_back():
    some = contexts()
    met = 0
    for context in some:
        with np.errstate(all="ignore"):
            whole = context.forward(context.desired)
        told = context.slopes > 0
        met += told.all()
        np.testing.assert_allclose(whole[told], TARGETS[told], atol=1e-5 * np.std(TARGETS))
    assert met > 0.8 * len(some)


def test_the_wrapped_part_has_the_values_that_forward_gives():
    part = make("+", variable("y"), make("*", open_constant(0.3), variable("x")))
    values = Y + 0.3 * X
    for context in contexts():
        with np.errstate(all="ignore"):
            expected = context.forward(values)
        found = np.broadcast_to(context.wrap(part).values(POINTS), 40)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


def test_slopes_are_derivatives():
    for context in contexts(depth=1):
        desired, step = context.desired, 1e-4 * np.abs(context.desired)
        with np.errstate(all="ignore"):
            sides = [context.forward(desired + k * step) for k in (1, -1, 2, -2)]
        rate = (8 * (sides[0] - sides[1]) - (sides[2] - sides[3])) / (12 * step)
        told = context.slopes > 0
        assert told.all()
        np.testing.assert_allclose(context.slopes, np.abs(rate), rtol=1e-4)


def test_no_two_desire_the_same_but_for_a_factor():
    desired = np.array([context.desired for context in contexts()])
    assert np.isfinite(desired).all()
    units = desired / np.sqrt(np.square(desired).sum(axis=1))[:, None]
    cosines = np.triu(units @ units.T, 1)
    left, right = np.nonzero(np.abs(cosines) > 1 - 1e-9)
    apart = units[left] - np.sign(cosines[left, right])[:, None] * units[right]
    assert (np.sqrt(np.square(apart).sum(axis=1)) > 1e-11).all()


def test_desired_values_vary():
    for context in contexts():
        assert np.ptp(context.desired) > 1e-9 * np.abs(context.desired).max()


def test_the_cheap_ones_come_first():
    some = contexts()
    costs = [context.cost for context in some]
    assert costs == sorted(costs)
    assert (some[0].cost, some[0].depth) == (0.0, 0)
    np.testing.assert_array_equal(some[0].desired, TARGETS)
    assert len(some) == 600
    assert [c.cost for c in contexts(most=50)] == costs[:50]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_depth_is_bounded(depth):
    assert max(context.depth for context in contexts(most=3000, depth=depth)) == depth


def test_one_step_goes_through_each_function_and_past_each_member():
    texts = {context.wrap(variable("z")).text for context in contexts(most=10**6, depth=1)}
    assert {"1/z", "z**2", "sqrt(z)", "exp(z)", "log(z)", "sin(z)", "z*x", "z+y", "z-y"} <= texts
    assert {"z", "z*(x*y)", "z+1", "z-1"} <= texts


@pytest.mark.parametrize("operators", [("+",), ("*", "/"), ("exp", "-")])
def test_nothing_but_the_operators_stands_around(operators):
    entries = MEMBERS[:3]
    for context in contexts_of(Context.root(TARGETS), moves_of(entries, operators), 100):
        tree = context.wrap(variable("z"))
        assert {part.operator for _, part in tree.paths() if part.operands} <= set(operators)


def test_members_with_zeros_are_no_factors():
    entries = [(variable("x"), X * (X > 1), 1.0)]
    texts = {
        c.wrap(variable("z")).text
        for c in contexts_of(Context.root(TARGETS), moves_of(entries, "*+"), 50)
    }
    assert "z+x" in texts
    assert not any("*x" in text for text in texts)


@pytest.mark.parametrize(("name", "low", "high"), [("pow", 0.1, 3), ("sin", -1, 1), ("exp", 0, 5)])
def test_noise_outside_of_the_range_is_clipped_and_weighs_nothing(name, low, high):
    inside = np.linspace(low + 0.05, high - 0.05, 40)
    noisy = inside.copy()
    noisy[[3, 20]] = low - 2.0
    inner = INVERSES[name].undone(noisy)
    assert np.isfinite(inner).all()
    kept = np.delete(np.arange(40), [3, 20])
    np.testing.assert_allclose(INVERSES[name].forward(inner[kept]), noisy[kept], rtol=1e-12)
    np.testing.assert_allclose(INVERSES[name].forward(inner[[3, 20]]), noisy[kept].min())
    (context,) = (
        context
        for context in contexts_of(Context.root(noisy), moves_of([], [name]), 2)
        if context.depth == 1
    )
    np.testing.assert_array_equal(context.slopes[[3, 20]], 0.0)
    assert (context.slopes[kept] > 0).all()


def test_more_than_noise_outside_of_the_range_has_no_inverse():
    targets = np.linspace(-3, 1, 40)
    assert INVERSES["sqrt"].undone(targets) is None
    assert len(contexts_of(Context.root(targets), moves_of([], ["sqrt"]), 10)) == 1


@pytest.mark.parametrize("name", INVERSES)
def test_inverses_undo_their_functions(name):
    inverse = INVERSES[name]
    values = np.linspace(max(inverse.low, -3) + 0.1, min(inverse.high, 3) - 0.1, 30)
    values = values[values != 0]
    np.testing.assert_allclose(inverse.forward(inverse.undone(values)), values, rtol=1e-9)
    tree = inverse.wrap(variable("x"))
    np.testing.assert_allclose(tree.values({"x": X / 3}), inverse.forward(X / 3), rtol=1e-12)


def test_a_place_within_a_place():
    outer = Context(TARGETS, np.log(TARGETS), 1.0, lambda part: make("exp", part), np.exp, 1)
    inner = outer.within(
        np.log(TARGETS) - X,
        2.0,
        lambda part: make("+", part, variable("x")),
        lambda values: values + X,
    )
    assert (inner.cost, inner.depth) == (3.0, 2)
    assert inner.wrap(variable("y")).text == "exp(y+x)"
    np.testing.assert_allclose(inner.forward(inner.desired), TARGETS)
    np.testing.assert_allclose(inner.slopes, TARGETS, rtol=1e-6)


def test_no_steps_leave_the_whole():
    assert len(contexts_of(Context.root(TARGETS), moves_of([], ()), 10)) == 1


def test_constant_targets_have_no_contexts_of_one_step_past_nothing():
    for context in contexts_of(Context.root(np.full(40, 2.0)), moves_of(MEMBERS, OPERATORS), 100)[
        1:
    ]:
        assert np.ptp(context.desired) > 0
