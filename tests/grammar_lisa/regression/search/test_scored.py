from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.regression.search.scored import ScoredFormulas
from grammar_lisa.regression.search.tree import make, open_constant, variable

X, Y = variable("x"), variable("y")
PAIRS = [(X, Y), (Y, X), (X, X), (Y, Y)]
FORMULAS = [X, Y, *(make(sign, a, b) for sign in "+-*/" for a, b in PAIRS)]


@given(st.lists(st.tuples(st.sampled_from(FORMULAS), st.floats(0, 1)), max_size=80))
def test_the_best_of_each_complexity_are_kept(told):
    scored = ScoredFormulas(30)
    for tree, loss in told:
        scored.add(tree, loss)
    best = {}
    for tree, loss in told:
        best[tree] = min(loss, best.get(tree, 1.0))
    kept = {each.tree: each.loss for each in scored}
    for size in (1, 3):
        losses = sorted(loss for tree, loss in best.items() if tree.size == size)
        assert sorted(loss for tree, loss in kept.items() if tree.size == size) == losses[:12]


def test_formulas_that_differ_in_constants_are_one():
    scored = ScoredFormulas(30)
    for value, loss in ((1.0, 0.5), (2.0, 0.25), (3.0, 0.75)):
        scored.add(make("*", open_constant(value), X), loss)
    assert [(each.text, each.loss, each.tree.constants()) for each in scored] == [
        ("c*x", 0.25, [2.0])
    ]


def test_what_is_too_long_is_left_out():
    scored = ScoredFormulas(2)
    scored.add(make("+", X, Y), 0.1)
    assert not list(scored)
