import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.regression.search.shortlist import Candidate, Shortlist
from grammar_lisa.regression.search.tree import make, open_constant, variable


def formula(name, constant=None):
    tree = variable(name)
    return tree if constant is None else make("*", open_constant(constant), tree)


def candidate(loss, cost, tree=None):
    tree = tree or formula(f"x{loss!r}_{cost!r}".replace(".", "_").replace("-", "m"))
    return Candidate(loss, cost, lambda: tree, f"{loss!r} {cost!r}")


def taken(shortlist):
    return [source for _, source in shortlist.take()]


some_candidates = st.lists(
    st.builds(candidate, st.floats(1e-6, 1.0), st.floats(1, 6)),
    max_size=60,
    unique_by=lambda c: c.loss,
)


@given(some_candidates, st.integers(1, 8))
def test_the_best_few_of_each_cost_are_kept(candidates, each):
    shortlist = Shortlist(each)
    for one in candidates:
        shortlist.add(one)
    found = taken(shortlist)
    losses = np.sort([one.loss for one in candidates])
    if (np.diff(losses) > 1e-6 * losses[1:]).all():
        expected = []
        for cost in sorted({round(one.cost) for one in candidates}):
            own = [one for one in candidates if round(one.cost) == cost]
            expected += [one.source for one in sorted(own, key=lambda one: one.loss)[:each]]
        assert found == expected
    assert len(found) <= each * len({round(one.cost) for one in candidates})


@given(some_candidates)
def test_what_was_taken_is_forgotten(candidates):
    shortlist = Shortlist()
    for one in candidates:
        shortlist.add(one)
    taken(shortlist)
    assert taken(shortlist) == []


def test_the_simplest_come_first():
    shortlist = Shortlist()
    for one in (candidate(0.1, 9), candidate(0.3, 2), candidate(0.2, 5), candidate(0.25, 2)):
        shortlist.add(one)
    assert taken(shortlist) == ["0.25 2", "0.3 2", "0.2 5", "0.1 9"]


def test_equal_losses_of_a_cost_are_one_candidate():
    shortlist = Shortlist()
    for tree in (formula("x"), formula("y")):
        shortlist.add(candidate(0.5, 3, tree))
    assert len(taken(shortlist)) == 1


def test_formulas_without_constants_are_fitted_once():
    shortlist = Shortlist()
    found = []
    for loss in (0.5, 0.4, 0.3):
        shortlist.add(candidate(loss, 1, formula("x")))
        found += taken(shortlist)
    assert len(found) == 1


def test_formulas_with_constants_are_fitted_from_three_starts():
    shortlist = Shortlist()
    starts = []
    for loss in (0.5, 0.4, 0.3, 0.2, 0.1):
        shortlist.add(candidate(loss, 1, formula("x", loss)))
        starts += [tree.constants()[0] for tree, _ in shortlist.take()]
    assert starts == [0.5, 0.4, 0.3]


def test_trees_are_built_only_when_taken():
    built = []

    def build():
        built.append(1)
        return variable("x")

    shortlist = Shortlist(1)
    shortlist.add(Candidate(0.5, 1, build, "here"))
    shortlist.add(Candidate(0.6, 1, build, "here"))
    assert not built
    assert len(list(shortlist.take())) == len(built) == 1


@given(some_candidates, st.integers(1, 8))
def test_what_is_wanted_is_what_is_kept(candidates, each):
    asked, told = Shortlist(each), Shortlist(each)
    for one in candidates:
        if asked.wants(one):
            asked.add(one)
        told.add(one)
    assert taken(asked) == taken(told)
    assert not candidates or Shortlist(each).wants(candidates[0])
