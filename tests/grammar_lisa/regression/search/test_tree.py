import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.expressions import Skeleton
from grammar_lisa.expressions.expression import NEGATION, OPEN, POWER
from grammar_lisa.regression.search.tree import (
    Tree,
    make,
    number,
    open_constant,
    power,
    product,
    total,
    tree_of,
    variable,
)

POINTS = {
    "x": np.array([0.3, 1.7, -2.2, 0.9, -0.4, 3.1]),
    "y": np.array([1.2, -0.6, 0.8, 2.4, 1.9, -3.3]),
}
UNARY = ("sqrt", "exp", "log", "sin", "tanh", "abs", NEGATION)
BINARY = ("+", "-", "*", "/", POWER)
X, Y = variable("x"), variable("y")


def plain(operator, *operands):
    return Tree(operator, operands)


def built(recipe, build):
    """The tree that a recipe describes, by `make` or by plain application."""
    if isinstance(recipe, Tree):
        return recipe
    operator, *operands = recipe
    return build(operator, *(built(each, build) for each in operands))


leaves = st.one_of(
    st.sampled_from([X, Y, number(1), number(2), number(0.5), number(0)]),
    st.sampled_from([0.7, -1.3, 2.0, -0.25]).map(open_constant),
)
recipes = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(BINARY), inner, inner),
        st.tuples(st.sampled_from(UNARY), inner),
    ),
    max_leaves=8,
)
trees = recipes.map(lambda recipe: built(recipe, make))


def values_of(tree):
    return np.broadcast_to(np.asarray(tree.values(POINTS), dtype=float), 6)


def tame(*trees):
    """Points where each part of some trees has a value far from zero and infinity.

    Elsewhere what is folded may be defined where it was not before, and rounding grows.
    """
    sizes = np.abs([values_of(part) for tree in trees for _, part in tree.paths()])
    return ((sizes > 1e-2) & (sizes < 1e2)).all(axis=0)


@given(recipes)
def test_make_changes_no_finite_value(recipe):
    as_made, as_meant = built(recipe, make), built(recipe, plain)
    fine = tame(as_meant)
    np.testing.assert_allclose(values_of(as_made)[fine], values_of(as_meant)[fine], rtol=1e-9)


@given(recipes)
def test_make_opens_no_constants_and_grows_by_signs_alone(recipe):
    as_made, as_meant = built(recipe, make), built(recipe, plain)
    assert len(as_made.constants()) <= len(as_meant.constants())
    signs = sum(part.operator == "-" for _, part in as_meant.paths())
    assert as_made.size <= as_meant.size + signs


@given(trees)
def test_no_operator_has_constants_alone(tree):
    for _, part in tree.paths():
        assert not part.operands or any(each.operator != OPEN for each in part.operands)


@given(trees)
def test_the_text_has_the_constants_from_left_to_right(tree):
    constants = tree.constants()
    assert constants == [p.value for _, p in tree.paths() if p.operator == OPEN]
    read = Skeleton.read(tree.text, ["x", "y"])
    assert read.n_constants == len(constants)
    found = np.broadcast_to(read.values(POINTS, np.array(constants)), 6)
    fine = tame(tree)
    np.testing.assert_allclose(found[fine], values_of(tree)[fine], rtol=1e-9)


@given(trees)
def test_a_skeleton_has_the_values_of_its_tree(tree):
    constants = np.array(tree.constants())
    skeleton = tree.skeleton(("x", "y"))
    assert skeleton.text == tree.text
    found = np.broadcast_to(skeleton.values(POINTS, constants), 6)
    np.testing.assert_allclose(found, values_of(tree), rtol=1e-9)


@given(trees)
def test_a_tree_is_read_back_from_its_skeleton(tree):
    again = tree_of(tree.skeleton(("x", "y")), tree.constants())
    assert again.size == tree.size
    assert again.constants() == tree.constants()
    assert again.text == tree.text
    np.testing.assert_allclose(values_of(again), values_of(tree), rtol=1e-12)


@given(trees, st.integers(0, 99))
def test_other_constants_change_nothing_else(tree, seed):
    constants = np.random.default_rng(seed).uniform(0.5, 2, len(tree.constants()))
    other = tree.with_constants(constants)
    assert other.constants() == constants.tolist()
    assert other.text == tree.text
    assert other.with_constants(tree.constants()) == tree
    expected = tree.skeleton(("x", "y")).values(POINTS, constants)
    np.testing.assert_allclose(values_of(other), np.broadcast_to(expected, 6), rtol=1e-9)


@given(trees)
def test_paths_lead_to_every_part(tree):
    paths = dict(tree.paths())
    assert len(paths) == tree.size
    assert paths[()] is tree
    for path, part in paths.items():
        reached = tree
        for place in path:
            reached = reached.operands[place]
        assert reached is part


@given(trees, st.data())
def test_a_part_in_place_of_itself_changes_no_value(tree, data):
    path, part = data.draw(st.sampled_from(list(tree.paths())))
    again = tree.replaced(path, part)
    np.testing.assert_allclose(values_of(again), values_of(tree), rtol=1e-9)


def test_a_part_is_replaced_where_the_path_leads():
    tree = make("/", make("sin", make("*", X, Y)), make("+", X, Y))
    assert tree.replaced((0, 0, 1), X).text == "sin(x*x)/(x+y)"
    assert tree.replaced((1,), Y).text == "sin(x*y)/y"
    assert tree.replaced((), X) == X


@pytest.mark.parametrize(
    ("tree", "text", "constants"),
    [
        (make("*", number(1), X), "x", []),
        (make("+", X, number(0)), "x", []),
        (make(POWER, make("sqrt", X), number(2)), "x", []),
        (make(NEGATION, make(NEGATION, X)), "x", []),
        (make("/", X, open_constant(4)), "c*x", [0.25]),
        (make("*", make("*", open_constant(2), X), make("*", open_constant(3), Y)), "c*(x*y)", [6]),
        (make("-", X, open_constant(3)), "x+c", [-3]),
        (make("-", X, make("*", open_constant(3), Y)), "x+c*y", [-3]),
        (make("+", make("+", X, open_constant(1)), make("+", Y, open_constant(2))), "x+y+c", [3]),
        (make("exp", open_constant(0)), "c", [1]),
        (make("/", X, make("/", number(1), Y)), "x*y", []),
    ],
)
def test_what_is_folded(tree, text, constants):
    assert tree.text == text
    assert tree.constants() == pytest.approx(constants)


@pytest.mark.parametrize("exponent", [-3, -2, -1.5, -1, -0.5, 0.5, 1, 1.5, 2, 2.5, 3, 0.3, -1.7])
@pytest.mark.parametrize("root", [True, False])
def test_powers_by_numbers(exponent, root):
    tree = power(X, exponent, root=root)
    positive = {"x": np.array([0.4, 1.9, 3.3])}
    np.testing.assert_allclose(tree.values(positive), positive["x"] ** exponent, rtol=1e-12)
    assert root or "sqrt" not in tree.text
    halves = 2 * exponent == round(2 * exponent)
    assert tree.constants() == ([] if halves else [abs(exponent)])


@given(st.lists(trees, min_size=1, max_size=4))
def test_products_and_totals(parts):
    fine = tame(*parts)
    rows = np.array([values_of(part)[fine] for part in parts])
    np.testing.assert_allclose(values_of(product(*parts))[fine], np.prod(rows, 0), rtol=1e-9)
    rounding = 1e-12 * np.sum(np.abs(rows), axis=0)
    assert (np.abs(values_of(total(*parts))[fine] - np.sum(rows, axis=0)) <= rounding).all()
