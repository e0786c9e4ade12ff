import numpy as np
import pytest
from learning import learnt

from grammar_lisa.objectives.coefficients import (
    Choices,
    Coefficient,
    Numbers,
    numbers_of,
    written_fits,
)
from grammar_lisa.objectives.evaluation import evaluate
from grammar_lisa.objectives.fits import NUMBER, SINGLE, SUM, Fit
from grammar_lisa.objectives.holes import no_hole
from grammar_lisa.objectives.lengths import Lengths
from grammar_lisa.objectives.pieces import Pieces
from grammar_lisa.objectives.writing import leaf

POINTS = {"x": np.linspace(0.5, 3, 30)}
PIECES = Pieces([leaf("x"), leaf("f")], np.stack([POINTS["x"], np.sin(POINTS["x"])]))
LEARNT = ["1", "2+x", "x*3", "x/x+2", "x-1", "x+2*x", "3/x-2", "1/x*x"]


def numbers(sentences=LEARNT):
    meanings = learnt(sentences, POINTS)
    return Numbers.of(numbers_of(meanings), meanings.operators, lengths())


def lengths():
    """As if every symbol added 1, and a pair of parentheses 2."""
    found, learnt = Lengths(), [*LEARNT, "(x+1)*2", "2/(x*x)", "((x))"]
    found.learn(learnt * 20, [len(text) for text in learnt] * 20)
    return found


def best(wanted, kind, *, sentences=LEARNT, longest=50.0):
    fit = Fit(0, 1.0, 0, kind, 0, 1)
    ways = written_fits(fit, no_hole(wanted), PIECES, numbers(sentences), longest)
    return [each.text for each in ways]


@pytest.mark.parametrize(
    ("kind", "wanted", "text"),
    [
        (SINGLE, lambda x: 2 * x, "2*x"),
        (SINGLE, lambda x: 6 * x, "2*3*x"),
        (SINGLE, lambda x: 12 * x + 1, "2*2*3*x+1"),
        (SINGLE, lambda x: x / 3 + 2, "x/3+2"),
        (SINGLE, lambda x: -x + 3, "3-x"),
        (SINGLE, lambda x: 1.5 * x - 1, "x/(2/3)-1"),
        (SUM, lambda x: x + 3 * np.sin(x), "x+3*f"),
        (SUM, lambda x: np.sin(x) / 2 - 3 * x + 1 / 3, "f/2+1/3-3*x"),
        ("*", lambda x: 3 * x * np.sin(x) + 1, "3*x*f+1"),
        ("/", lambda x: x / np.sin(x) / 2, "x/f/2"),
        (NUMBER, lambda x: 0 * x + 2, "2"),
    ],
)
def test_coefficients_that_can_be_written_are_found(kind, wanted, text):
    first = best(wanted(POINTS["x"]), kind)[0]
    assert sorted(first) == sorted(text)
    points = {**POINTS, "f": np.sin(POINTS["x"])}
    np.testing.assert_allclose(evaluate([first], points)[0], wanted(POINTS["x"]), rtol=1e-12)


def test_other_coefficients_are_approached_from_near_to_far():
    wanted = np.sqrt(2) * POINTS["x"]
    found = best(wanted, SINGLE)
    errors = [((evaluate([text], POINTS)[0] - wanted) ** 2).mean() for text in found]
    assert errors == sorted(errors)
    assert errors[0] < 1e-2
    assert "x" in found


def test_what_is_too_long_is_not_written():
    wanted = np.sqrt(2) * POINTS["x"]
    longest = max(map(len, best(wanted, SINGLE)))
    assert longest > 5
    assert max(map(len, best(wanted, SINGLE, longest=5.0))) == 5
    assert best(wanted, SINGLE, longest=1.0) == ["x"]


def test_nothing_is_subtracted_where_there_is_no_subtraction():
    plain = ["1+2", "x*3", "x/x"]
    found = best(1 - 2 * POINTS["x"], SINGLE, sentences=plain)
    assert found
    assert not any("-" in text for text in found)
    alone = best(-2 * POINTS["x"], SINGLE)
    assert "-2*x" not in alone
    signed = best(-2 * POINTS["x"], SINGLE, sentences=[*LEARNT, "-x"])
    assert signed[0] == "-(2*x)"


def test_without_numbers_a_piece_stands_alone():
    assert best(2 * POINTS["x"], SINGLE, sentences=["x*x"]) == ["x"]
    assert best(2 * POINTS["x"], NUMBER, sentences=["x*x"]) == []


def test_of_ways_with_one_value_the_shortest_is_taken():
    ways = [Coefficient(0.0), Coefficient(2.0, "+", leaf("two")), Coefficient(2.0, "+", leaf("2"))]
    choices = Choices(ways, signs=True, lengths=lengths())
    (two,) = choices.near(2.0, 1.0, 10.0)
    assert two.value == 2
    (opposite,) = choices.near(-2.0, 1.0, 10.0)
    assert (opposite.value, opposite.negative) == (-2, True)
    assert choices.near(2.0, 1.0, 0.0)[0].operator == ""
