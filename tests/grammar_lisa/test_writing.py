import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.objectives.evaluation import evaluate
from grammar_lisa.objectives.expression import NEGATION, Pool
from grammar_lisa.objectives.writing import joined, leaf, written_nodes

POINTS = {"x": np.array([0.7, 1.3]), "y": np.array([-0.4, 2.1])}
OPERATORS = ("+", "-", "*", "/", "**")
TREES = st.recursive(
    st.sampled_from(["x", "y", "1", "2", "0.5"]),
    lambda inner: (
        st.tuples(st.sampled_from(OPERATORS), inner, inner)
        | st.tuples(st.sampled_from(["sin", "exp", NEGATION]), inner)
    ),
    max_leaves=8,
)


def written_as(tree):
    if isinstance(tree, str):
        return leaf(tree), evaluate([tree], POINTS)[0]
    operator, *parts = tree
    written, values = zip(*map(written_as, parts), strict=True)
    made = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power}
    made |= {"sin": np.sin, "exp": np.exp, NEGATION: np.negative}
    return joined(operator, *written), made[operator](*values)


@given(TREES)
def test_what_is_written_means_what_was_joined(tree):
    with np.errstate(all="ignore"):
        written, values = written_as(tree)
    found = evaluate([written.text], POINTS)[0]
    np.testing.assert_allclose(found, values, rtol=1e-9)


@pytest.mark.parametrize(
    ("operator", "left", "right", "text", "size"),
    [
        ("*", "x+1", "y", "(x+1)*y", 6),
        ("+", "x*y", "x+y", "x*y+x+y", 7),
        ("-", "x", "x-y", "x-(x-y)", 6),
        ("/", "x", "x*y", "x/(x*y)", 6),
        ("**", "x**2", "x**2", "(x**2)**x**2", 8),
        (NEGATION, "x+1", None, "-(x+1)", 5),
        ("sin", "x+1", None, "sin(x+1)", 4),
    ],
)
def test_there_are_no_more_parentheses_than_needed(operator, left, right, text, size):
    pool = Pool()
    parts = [pool.add(each) for each in (left, right) if each is not None]
    written = written_nodes(pool)
    found = joined(operator, *(written[each] for each in parts))
    assert (found.text, found.size) == (text, size)


@pytest.mark.parametrize("text", ["1/3", "0.1", "2.5e-07*x", "pi+e", "1e+300", "123456789", "-x"])
def test_leaves_keep_their_values(text):
    pool = Pool()
    root = pool.add(text)
    again = written_nodes(pool)[root].text
    np.testing.assert_array_equal(evaluate([again], POINTS), evaluate([text], POINTS))
