import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar_lisa.expressions.expression import NEGATION, NUMBER, OPEN, POWER
from grammar_lisa.expressions.skeleton import Skeleton
from grammar_lisa.regression.search.contexts import Context
from grammar_lisa.regression.search.local import contexts_within, simpler, with_units
from grammar_lisa.regression.search.tree import (
    combination,
    make,
    number,
    open_constant,
    tree_of,
    variable,
)

GENERATOR = np.random.default_rng(0)
X, Y = GENERATOR.uniform(0.5, 2.5, (2, 30))
POINTS = {"x": X, "y": Y}
leaves = st.one_of(
    st.sampled_from([variable("x"), variable("y"), number(2)]),
    st.sampled_from([0.7, 1.3, -0.4]).map(open_constant),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(make, st.sampled_from("+-*/"), inner, inner),
        st.builds(make, st.sampled_from(["sqrt", "exp", "log", "sin", "tanh", NEGATION]), inner),
        st.builds(make, st.just(POWER), inner, st.sampled_from([number(2), open_constant(1.3)])),
    ),
    max_leaves=7,
)
defined = trees.filter(lambda tree: np.isfinite(np.asarray(tree.values(POINTS))).all())


def varying(formula):
    values = np.asarray(formula.values(POINTS))
    return values.ndim == 1 and np.ptp(values) > 0 and np.abs(values).max() < 1e6


def within(formula, targets):
    return list(contexts_within(formula, POINTS, Context.root(targets)))


@settings(max_examples=50)
@given(defined.filter(varying))
def test_a_parts_own_values_give_the_formulas(formula):
    values = formula.values(POINTS)
    parts = [part for _, part in formula.paths()]
    for context in within(formula, values):
        # `wrap` of a variable tells where the place is: the part there is one of the formula's.
        found = context.forward(context.desired)
        met = context.slopes > 0
        np.testing.assert_allclose(found[met], values[met], atol=1e-5 * np.std(values))
        agree = [
            part
            for part in parts
            if np.allclose(context.forward(part.values(POINTS)), values, rtol=1e-9, equal_nan=True)
        ]
        assert agree


@settings(max_examples=50)
@given(defined.filter(varying), trees)
def test_a_wrapped_part_has_the_values_that_forward_gives(formula, part):
    inner = np.broadcast_to(np.asarray(part.values(POINTS), dtype=float), 30)
    for context in within(formula, formula.values(POINTS)):
        expected = np.broadcast_to(context.forward(inner), 30)
        found = np.broadcast_to(context.wrap(part).values(POINTS), 30)
        fine = np.isfinite(expected) & np.isfinite(found) & (np.abs(expected) < 1e6)
        np.testing.assert_allclose(found[fine], expected[fine], rtol=1e-6, atol=1e-6)


@settings(max_examples=50)
@given(defined.filter(varying))
def test_places_are_parts_but_for_constants_and_the_whole(formula):
    marks = [context.wrap(variable("z")) for context in within(formula, formula.values(POINTS))]
    assert all(mark.operator != "variable" or mark.name != "z" for mark in marks)
    places = [p for path, p in formula.paths() if path and p.operator != OPEN]
    assert len(marks) <= len(places)


@pytest.mark.parametrize(
    ("formula", "targets", "expected"),
    [
        ("+", X + Y**2, {"z+y": X + Y**2 - Y, "x+z": Y**2}),
        ("-", X - Y**2, {"z-y": X - Y**2 + Y, "x-z": Y**2}),
        ("*", X * Y**2, {"z*y": X * Y, "x*z": Y**2}),
        ("/", X / Y**2, {"z/y": X / Y, "x/z": Y**2}),
    ],
)
def test_targets_are_taken_back_through_arithmetic(formula, targets, expected):
    contexts = within(make(formula, variable("x"), variable("y")), targets)
    found = {context.wrap(variable("z")).text: context.desired for context in contexts}
    assert set(found) == set(expected)
    for text, desired in expected.items():
        np.testing.assert_allclose(found[text], desired)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("exp", np.exp),
        ("sqrt", np.sqrt),
        ("log", np.log),
        ("tanh", np.tanh),
        (NEGATION, np.negative),
    ],
)
def test_targets_are_taken_back_through_functions(name, function):
    formula = make("*", make(name, variable("x")), variable("y"))
    contexts = within(formula, function(0.3 * X * Y) * Y)
    inner = next(c for c in contexts if c.depth == 2)
    np.testing.assert_allclose(inner.desired, 0.3 * X * Y, rtol=1e-7)
    assert inner.cost == formula.size - 1


def test_targets_are_taken_back_through_powers():
    formula = make(POWER, variable("x"), variable("y"))
    contexts = within(formula, X ** (2 * Y))
    found = {context.wrap(variable("z")).text: context.desired for context in contexts}
    np.testing.assert_allclose(found["z**y"], X**2)
    np.testing.assert_allclose(found["x**z"], 2 * Y)


def test_parts_whose_desired_values_are_undefined_have_no_context():
    formula = make("*", make("sqrt", variable("x")), make("-", variable("y"), number(1)))
    texts = {c.wrap(variable("z")).text for c in within(formula, -np.ones(30))}
    assert texts == {"z*(y-1)", "sqrt(x)*z", "sqrt(x)*(z-1)", "sqrt(x)*(y-z)"}
    assert within(make("abs", variable("x")), X) == []
    assert within(variable("x"), X) == []
    assert within(open_constant(1.0), X) == []


def test_desired_values_whose_squares_are_infinite_have_no_context():
    formula = make("*", make("*", make("exp", variable("x")), number(1e-200)), variable("y"))
    contexts = within(formula, X * Y)
    places = len(list(formula.paths())) - 1
    assert 0 < len(contexts) < places
    assert all(np.isfinite(context.desired @ context.desired) for context in contexts)


@given(trees.filter(lambda tree: np.isfinite(tree.constants()).all()))
def test_simpler_formulas_are_smaller(formula):
    for found in simpler(formula):
        signs = sum(part.operator in {"-", NEGATION} for _, part in formula.paths())
        near = [c for c in formula.constants() if abs(c - round(2 * c) / 2) < 0.1]
        assert found.size <= formula.size + signs + len(near)
        assert len(found.constants()) <= len(formula.constants()) + 1
    if formula.operands:
        assert any(found.size < formula.size for found in simpler(formula))


def test_how_formulas_are_made_simpler():
    formula = make("+", make("sin", make("*", variable("x"), variable("y"))), variable("x"))
    texts = {found.text for found in simpler(formula)}
    assert texts == {"sin(x*y)", "x", "x*y+x", "sin(x)+x", "sin(y)+x", "x+c"}


def test_exponents_near_simple_ones_are_taken_for_them():
    for value, text in ((1.97, "x**2"), (0.52, "x**0.5"), (-1.04, "x**(-1)"), (1.03, "x")):
        formula = make(POWER, variable("x"), open_constant(value))
        assert text in {found.text for found in simpler(formula)}
    far = make(POWER, variable("x"), open_constant(1.7))
    assert {found.text for found in simpler(far)} == {"x", "c"}


def test_a_divisor_takes_up_a_factor():
    divisor = combination([0.72, -3.25], [variable("x"), variable("y")])
    divisor = make("+", divisor, open_constant(7.25))
    formula = make("*", open_constant(4.27), make("/", variable("y"), divisor))
    found = next(tree for tree in simpler(formula) if tree.text == "y/(c*x+c*y+c)")
    np.testing.assert_allclose(found.values(POINTS), formula.values(POINTS), rtol=1e-12)
    fixed = make(
        "*", open_constant(4.27), make("/", variable("y"), make("+", divisor, variable("x")))
    )
    given = fixed.values(POINTS)
    assert not any(np.allclose(tree.values(POINTS), given) for tree in simpler(fixed))


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("(-1.02)*exp(x)+0.99", "1-exp(x)"),
        ("0.97*x", "x"),
        ("(-1.01)*x", "-x"),
        ("x+(-0.98)", "x-1"),
        ("1.2*x+0.5", "c*x+c"),
        ("1.01/(x+0.99)", "1/(x+1)"),
        ("x**1.01", "x**c"),
    ],
)
def test_factors_and_terms_near_one_are_one(formula, expected):
    tree = opened(formula)
    form = with_units(tree)
    text = form.text
    assert sorted(text) == sorted(expected)
    assert form.size <= tree.size


def opened(text):
    """A formula whose decimals are open constants."""
    skeleton = Skeleton.read(text, ("x",), "c")
    numbers = [part.value for _, part in tree_of(skeleton, ()).paths() if part.operator == NUMBER]
    assert numbers
    return _opened(tree_of(skeleton, ()))


def _opened(tree):
    if tree.operator == NEGATION and tree.operands[0].operator == NUMBER:
        return open_constant(-tree.operands[0].value)
    if tree.operator == NUMBER:
        return open_constant(tree.value)
    return tree._replace(operands=tuple(map(_opened, tree.operands)))
