import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar_lisa.expressions.expression import POWER
from grammar_lisa.regression.search.library import BINARY, UNARY, Library
from grammar_lisa.regression.search.tree import make, number, variable

GENERATOR = np.random.default_rng(0)
POINTS = {"x": GENERATOR.uniform(0.5, 3, 30), "y": GENERATOR.uniform(-2, 2, 30)}
ALL = (*UNARY, *BINARY)
FUNCTIONS = set(UNARY) - {"pow"}


def library_of(operators, most=300, most_cost=12.0, points=POINTS):
    n_points = len(next(iter(points.values())))
    library = Library(operators, n_points)
    for name, values in points.items():
        library.add(variable(name), values, 1.0)
    library.add(number(1), np.ones(n_points), 1.0)
    library.grow(most, most_cost)
    return library


def trees_of(library):
    return [library.tree(entry) for entry in range(len(library))]


def operators_of(tree):
    return {part.operator for _, part in tree.paths() if part.operands}


def names_of(operators):
    return {POWER if name == "pow" else name for name in operators}


operator_sets = st.sets(st.sampled_from(ALL), min_size=1)
with_arithmetic = st.sets(st.sampled_from(list(UNARY))).map(lambda some: {*BINARY, *some})


@settings(max_examples=10)
@given(operator_sets)
def test_trees_have_the_values_of_their_members(operators):
    library = library_of(operators)
    assert library.values.shape == (len(library), 30)
    for tree, values in zip(trees_of(library), library.values, strict=True):
        found = np.broadcast_to(tree.values(POINTS), 30)
        np.testing.assert_allclose(found, values, rtol=1e-9, atol=1e-12 * np.abs(values).max())


@settings(max_examples=10)
@given(with_arithmetic)
def test_nothing_but_the_operators_is_used(operators):
    for tree in trees_of(library_of(operators)):
        assert operators_of(tree) <= names_of(operators)


def test_functions_stand_in_no_others():
    library = library_of(ALL, 2000)
    for tree in trees_of(library):
        for _, part in tree.paths():
            if part.operator in FUNCTIONS:
                within = {each.operator for _, each in part.operands[0].paths()}
                assert not within & FUNCTIONS
    assert any(tree.text == "exp(x)*sin(y)" for tree in trees_of(library))


def test_no_two_are_proportional():
    library = library_of(ALL, 1000)
    units = library.values / np.sqrt(np.square(library.values).sum(axis=1))[:, None]
    cosines = np.triu(units @ units.T, 1)
    left, right = np.nonzero(np.abs(cosines) > 1 - 1e-9)
    apart = units[left] - np.sign(cosines[left, right])[:, None] * units[right]
    assert (np.sqrt(np.square(apart).sum(axis=1)) > 1e-11).all()


def test_costs_ascend():
    library = library_of(ALL, 1000)
    assert len(library.costs) == len(library) == len(library.entries)
    assert library.costs == sorted(library.costs)


def test_what_cheap_members_there_are():
    texts = {tree.text for tree in trees_of(library_of(("+", "*", "/", "pow"), 10**6, 2.5))}
    assert texts == {
        *("x", "y", "1", "x**2", "y**2", "x*y", "x/y", "y/x", "1/x", "1/y"),
        *("(x**2)**2", "(y**2)**2", "((x**2)**2)**2", "((y**2)**2)**2"),
    }


@pytest.mark.parametrize("most", [5, 50, 500])
def test_the_number_is_bounded_up_to_a_block(most):
    library = library_of(ALL, most)
    assert most <= len(library)
    fewer = library_of(ALL, most - 1 if most > 5 else most)
    assert trees_of(library)[: len(fewer)] == trees_of(fewer)
    assert len(library_of(("+", "*"), most)) <= most + most


@pytest.mark.parametrize("most_cost", [1.0, 2.0, 3.5])
def test_the_cost_is_bounded(most_cost):
    library = library_of(ALL, 10**6, most_cost)
    assert max(library.costs) <= most_cost
    more = library_of(ALL, 10**6, most_cost + 0.5)
    assert len(more) > len(library)
    assert more.costs[: len(library)] == library.costs


def test_a_library_is_the_same_each_time():
    assert trees_of(library_of(ALL)) == trees_of(library_of(ALL))


def test_what_is_proportional_undefined_or_zero_is_not_taken():
    x = POINTS["x"]
    library = Library((), 30)
    library.add(variable("x"), x, 1.0)
    for values in (-3 * x, 0 * x, np.full(30, np.nan), np.full(30, np.inf), 1e-120 * x):
        library.add(variable("other"), values, 1.0)
    assert [tree.text for tree in trees_of(library)] == ["x"]


def test_no_operators_add_nothing():
    assert [tree.text for tree in trees_of(library_of(()))] == ["x", "y", "1"]


def test_given_functions_may_be_kept_from_functions():
    library = Library(("sin",), 30)
    library.add(variable("x"), POINTS["x"], 1.0)
    library.add(make("exp", variable("y")), np.exp(POINTS["y"]), 1.0, nested=True)
    library.grow(100, 4.0)
    assert {tree.text for tree in trees_of(library)} == {"x", "exp(y)", "sin(x)"}
