import dataclasses

import numpy as np
import pytest

from grammar_lisa.objectives.fits import (
    BASES,
    NUMBER,
    SINGLE,
    SUM,
    Room,
    numbers_alone,
    pairs,
    singles,
)
from grammar_lisa.objectives.holes import no_hole
from grammar_lisa.objectives.pieces import Pieces
from grammar_lisa.objectives.writing import Written


@pytest.fixture(params=range(5))
def problem(request):
    rng = np.random.default_rng(request.param)
    written = [Written(f"f{n}", 5, 1 + n % 3) for n in range(7)]
    pieces = Pieces(written, rng.normal(size=(7, 30)) * rng.uniform(0.1, 100, (7, 1)))
    hole = no_hole(rng.normal(size=30) + 3)
    hole = dataclasses.replace(hole, weights=rng.normal(size=30))
    return hole, pieces


def room(longest=100.0, pieces=7, holes=4):
    """Pieces add 1, 2, 3, 1, …, holes 0, 2, 4, …, operators a half."""
    joints = dict.fromkeys(("+", "*", "/"), 0.5)
    added = 1.0 + np.arange(pieces) % 3
    return Room(longest, 2.0 * np.arange(holes), added, added, added, joints)


def left_over(hole, *columns):
    """What the best coefficients leave, by least squares."""
    design = np.stack([*columns, np.ones(len(hole.wanted))]) * hole.weights
    wanted = hole.wanted * hole.weights
    best = np.linalg.lstsq(design.T, wanted)[0]
    return float(((best @ design - wanted) ** 2).sum())


def check(hole, pieces, fit, columns):
    expected = 10 * np.log10(left_over(hole, *columns))
    assert expected - 1e-6 <= fit.decibels <= expected + 1 + 1e-6


def test_singles_leave_what_least_squares_leaves(problem):
    hole, pieces = problem
    fits = list(singles([no_hole(hole.wanted), hole], pieces, room(), 7))
    assert len(fits) == 14
    for fit in fits:
        assert fit.kind == SINGLE
        asked = [no_hole(hole.wanted), hole][fit.hole]
        check(asked, pieces, fit, [pieces.values[fit.first]])
        assert fit.length == 1 + fit.first % 3 + 2 * fit.hole
    order = [fit.decibels for fit in fits if fit.hole == 1]
    assert order == sorted(order)


def test_pairs_leave_what_least_squares_leaves(problem):
    hole, pieces = problem
    fits = list(pairs(3, hole, pieces, room(), 1000))
    counts = {kind: sum(fit.kind == kind for fit in fits) for kind in (SUM, "*", "/")}
    # a piece divided by itself is a number, and explains nothing
    assert counts == {SUM: 21, "*": 28, "/": 42}
    for fit in fits:
        first, second = pieces.values[[fit.first, fit.second]]
        both = [first, second] if fit.kind == SUM else [BASES[fit.kind](first, second)]
        check(hole, pieces, fit, both)
        assert fit.hole == 3


def test_the_best_pairs_are_told(problem):
    hole, pieces = problem
    every = sorted(pairs(0, hole, pieces, room(), 1000))
    few = sorted(pairs(0, hole, pieces, room(), 3))
    assert len(few) == 9
    assert few[0] == every[0]


def test_what_is_too_long_is_not_told(problem):
    hole, pieces = problem
    fits = [*singles([hole] * 2, pieces, room(4.0), 100), *pairs(1, hole, pieces, room(6.5), 100)]
    assert {fit.kind for fit in fits} == {SINGLE, SUM, "*", "/"}
    for fit in fits:
        alone = fit.kind == SINGLE
        length = 1 + fit.first % 3 + 2 * fit.hole + (0 if alone else 1.5 + fit.second % 3)
        assert fit.length == length <= (4 if alone else 6.5)
    assert not list(pairs(1, hole, pieces, room(4.0), 100))


def test_sums_are_longer_in_products_and_products_below_a_line():
    one = np.ones(2)
    lengths = Room(9.0, np.zeros(1), one, 2 * one, 4 * one, {"+": 1.0, "*": 2.0, "/": 3.0})
    found = {kind: lengths.of_pairs(kind, 2).tolist() for kind in (SUM, "*", "/")}
    assert found == {SUM: [[3, 3]] * 2, "*": [[6, 6]] * 2, "/": [[9, 9]] * 2}


def test_a_number_alone_leaves_the_variance(problem):
    hole, _ = problem
    fit = list(numbers_alone([hole] * 3, room()))[2]
    assert (fit.kind, fit.hole, fit.length) == (NUMBER, 2, 4)
    expected = 10 * np.log10(left_over(hole))
    assert expected <= fit.decibels <= expected + 1


def test_exact_pairs_are_found_among_many():
    x = np.linspace(0.1, 3, 60)
    values = np.stack([x, np.sin(x), np.exp(x), x**2, 1 + x**2, np.sin(x**2)])
    pieces = Pieces([Written(str(n)) for n in range(6)], values)
    for wanted, found in (
        (2 * x + 3 * np.sin(x**2) + 1, (SUM, 0, 5)),
        (np.sin(x) * np.exp(x) / 2, ("*", 1, 2)),
        (3 * x / (1 + x**2) + 1 / 3, ("/", 0, 4)),
    ):
        best = min(pairs(0, no_hole(wanted), pieces, room(pieces=6), 5))
        assert (best.kind, best.first, best.second) == found


def test_fits_are_ordered_by_error_then_length():
    hole = no_hole(np.array([1.0, 2.0, 4.0]))
    pieces = Pieces([Written("a"), Written("b")], np.array([[2.0, 4.0, 8.0], [1.0, 2.0, 4.0]]))
    added = np.array([3.0, 1.0])
    lengths = Room(9.0, np.zeros(1), added, added, added, {})
    assert [fit.first for fit in sorted(singles([hole], pieces, lengths, 9))] == [1, 0]
