import numpy as np
import pytest
from learning import learnt

from grammar_lisa.objectives.evaluation import evaluate
from grammar_lisa.objectives.pieces import (
    Pieces,
    functions_of_pairs,
    grown,
    leaves_of,
    parts_of,
    without_repeats,
)
from grammar_lisa.objectives.writing import leaf

POINTS = {"x": np.linspace(-3.1, 3.3, 50)}
SCORED = ["sin(x)+1", "exp(x)/2", "sin(2*x)*3", "sin(x*x)-x", "sin(x/2)", "exp(x/3)*x", "sin(x*3)"]


@pytest.fixture(scope="module")
def meanings():
    return learnt(SCORED, POINTS)


def texts(pieces):
    return [written.text for written in pieces.written]


def check_values(pieces):
    np.testing.assert_allclose(pieces.values, evaluate(texts(pieces), POINTS), rtol=1e-2, atol=1e-3)


def test_leaves_are_variables_and_the_numbers_that_were_met(meanings):
    leaves = leaves_of(meanings)
    assert sorted(texts(leaves)) == ["1", "2", "3", "x"]
    assert leaves.plain.tolist() == [text != "x" for text in texts(leaves)]
    assert leaves.sizes.tolist() == [1] * 4


def test_pieces_grow_from_small_to_large_up_to_a_limit(meanings):
    pieces = grown(meanings, leaves_of(meanings), 300)
    assert len(pieces) == 300
    check_values(pieces)
    found = texts(pieces)
    assert len(set(found)) == 300
    assert {"sin(x)", "exp(x)", "x*x", "x*2", "x/3", "1/x", "x-1"} <= set(found)
    assert found[:4] == texts(leaves_of(meanings))
    assert found == texts(grown(meanings, leaves_of(meanings), 300))


def test_no_two_pieces_come_to_the_same(meanings):
    pieces = grown(meanings, leaves_of(meanings), 500)
    rounded = pieces.values.astype(np.float32)
    assert len(np.unique(rounded, axis=0)) == 500


def test_only_operators_that_were_met_are_used():
    plain = learnt(["x+1", "2*x"], POINTS)
    pieces = grown(plain, leaves_of(plain), 200)
    assert not any(set("/-s") & set(text) for text in texts(pieces))


def test_numbers_alone_are_put_together_to_a_size(meanings):
    small = grown(meanings, leaves_of(meanings), 1000)
    sizes = [written.size for written in small.written if "x" not in written.text]
    assert max(sizes) == 3
    numbers = Pieces([leaf("2"), leaf("3")], np.array([[2.0], [3.0]]))
    many = grown(meanings, numbers, 200, numbers=6)
    assert many.plain.all()
    assert many.sizes.max() > 3
    np.testing.assert_allclose(many.values, evaluate(texts(many), {"x": [0.0]}), rtol=1e-12)


def test_functions_of_pairs_are_functions_of_what_operators_join(meanings):
    made = functions_of_pairs(meanings, grown(meanings, leaves_of(meanings), 60), 400)
    assert 40 < len(made) <= 400
    assert all(text.startswith(("sin(", "exp(")) for text in texts(made))
    assert "sin(x*2)" in texts(made) or "sin(x+x)" in texts(made)
    check_values(made)


def test_without_functions_there_are_none():
    plain = learnt(["x+1"], POINTS)
    assert len(functions_of_pairs(plain, leaves_of(plain), 100)) == 0


def test_parts_of_sentences_come_in_their_order(meanings):
    parts = parts_of(meanings, ["sin(x)+1", "cosh(x)*sin(x)", "sin("])
    assert texts(parts) == ["x", "sin(x)", "1", "sin(x)+1"]
    check_values(parts)


def test_of_multiples_the_shortest_is_kept(meanings):
    pieces = parts_of(meanings, ["3*(x+2)", "-(2*x)", "x/x+1", "(x+2)/2"])
    assert sorted(texts(without_repeats(pieces))) == ["x", "x+2"]
