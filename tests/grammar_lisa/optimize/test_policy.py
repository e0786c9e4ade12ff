"""Which candidates a batch takes, by surrogates that expect what stands in a column."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hand_made import Column, sentences

from grammar_lisa.optimize import acquisition
from grammar_lisa.optimize.candidates import Candidates, expected
from grammar_lisa.optimize.config import SearchConfig
from grammar_lisa.optimize.observations import Observations
from grammar_lisa.optimize.policy import Policy, fit_policy

LENGTHS = SimpleNamespace(n_rules=lambda found: torch.tensor([len(each) for each in found.texts]))
LEAD, JUDGE, SECOND = Column(0), Column(1), Column(2)
FREE = {"max_same_form": 0, "simplicity": 0.0, "acquisition": "mean", "exploit": 0.0}


def policy(lead=LEAD, judge=LEAD, second=None, **fields):
    return Policy(SearchConfig(**FREE | fields), LENGTHS, lead, judge, second)


def candidates(*columns, texts=None, lead=LEAD, skeletons=None):
    """Candidates with one column for each surrogate."""
    inputs = np.array(columns, dtype=np.float64).T
    texts = [f"t{place}" for place in range(len(inputs))] if texts is None else texts
    return expected(sentences(texts, inputs, skeletons=skeletons), lead)


def nothing(found):
    return found.rows([])


class Watched:
    """An acquisition that takes the first it is shown, and remembers what that was."""

    def __init__(self, monkeypatch):
        self.inputs = self.pending = self.cost = self.judge = None
        monkeypatch.setattr(acquisition, "ACQUISITIONS", {"mean": self})

    def __call__(self, judge, inputs, q, seed, pending, cost):
        self.judge, self.inputs, self.pending, self.cost = judge, inputs, pending, cost
        return torch.arange(q)

    @property
    def shown(self):
        """What stands in the first column of what it was shown."""
        return self.inputs[:, 0].tolist()


@pytest.fixture
def watched(monkeypatch):
    return Watched(monkeypatch)


@pytest.mark.parametrize("q", [3, 5])
def test_where_no_more_are_there_all_are_taken(q):
    found = candidates([1, 3, 2])
    assert policy().choose(found, q, 0, nothing(found)) == [0, 1, 2]


def test_without_a_surrogate_rows_are_drawn_by_the_seed():
    found = candidates(range(9), lead=None)
    drawn = [policy(None, None).choose(found, 4, seed, nothing(found)) for seed in range(30)]
    assert all(len(set(rows)) == 4 for rows in drawn)
    assert {row for rows in drawn for row in rows} == set(range(9))
    assert policy(None, None).choose(found, 4, 7, nothing(found)) == drawn[7]


def test_a_share_is_of_the_best_means_and_the_rest_by_acquisition():
    """The lead rises where the judge falls."""
    found = candidates([0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0])
    for exploit, rows in [(1.0, [5, 4, 3, 2]), (0.5, [5, 4, 0, 1]), (0.0, [0, 1, 2, 3])]:
        chosen = policy(judge=JUDGE, exploit=exploit).choose(found, 4, 0, nothing(found))
        assert chosen == rows


def test_the_acquisition_is_shown_the_best_of_the_judge_less_what_is_chosen(watched):
    found = candidates([0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0])
    taken = candidates([77], [0])
    both = policy(judge=JUDGE, exploit=0.5, candidates=3)
    assert both.choose(found, 2, 0, taken) == [5, 0]
    assert watched.judge is JUDGE
    assert watched.shown == [0, 1, 2]
    assert watched.pending[:, 0].tolist() == [77, 5]


def test_at_least_as_many_are_shown_as_are_to_be_chosen(watched):
    found = candidates([0, 1, 2, 3, 4, 5])
    assert len(policy(candidates=1).choose(found, 4, 0, nothing(found))) == 4
    assert watched.shown == [5, 4, 3, 2]


def test_rules_cost(watched):
    """A tenth of what a rule takes from the log improvement is taken from a mean."""
    found = candidates([0.30, 0.25, 0.01], texts=["four", "thr", "o"])
    assert policy(simplicity=1.0, candidates=2).choose(found, 1, 0, nothing(found)) == [1]
    assert watched.shown == [0.25, 0.01]
    assert watched.cost.tolist() == [3.0, 1.0]


@pytest.mark.parametrize(
    ("max_same_form", "q", "shown"),
    [(1, 1, [9, 6]), (2, 1, [9, 8, 6, 5]), (0, 1, [9, 8, 7, 6, 5]), (1, 4, [9, 6, 8, 7])],
)
def test_of_candidates_of_one_skeleton_a_few_are_weighed(watched, max_same_form, q, shown):
    """And more of them only where they are needed to make up the number."""
    found = candidates([9, 8, 7, 6, 5], skeletons=[1, 1, 1, 2, 2])
    policy(max_same_form=max_same_form).choose(found, q, 0, nothing(found))
    assert watched.shown == shown


def test_a_stuck_search_takes_a_share_by_its_second_surrogate():
    found = candidates([0, 1, 2, 3, 4, 5], [0] * 6, [1, 1, 7, 8, 9, 9])
    stuck = policy(second=SECOND, by_terms=0.5)
    assert stuck.choose(found, 4, 0, nothing(found)) == [5, 4, 3, 2]
    assert stuck.choose(found, 2, 0, nothing(found)) == [5, 4]
    stuck = policy(second=SECOND, by_terms=1.0)
    assert set(stuck.choose(found, 2, 0, nothing(found))) == {4, 5}
    without = policy(second=SECOND, by_terms=0.0)
    assert without.choose(found, 3, 0, nothing(found)) == [5, 4, 3]


def test_a_random_search_fits_nothing():
    known = Observations(sentences(["a", "b"]), np.array([1.0, 2.0]), None)
    config = SearchConfig(acquisition="random")
    fitted = fit_policy(known, config, LENGTHS, np.random.default_rng(0))
    assert (fitted.lead, fitted.judge, fitted.second) == (None, None, None)


def test_candidates_stand_one_behind_the_other():
    """Values follow their sentences; without a surrogate they are 0."""
    found = candidates([3, 1, 2])
    both = found.rows([2, 0]) + Candidates(sentences(["new"], [[9.0]]), torch.zeros(1))
    assert both.sentences.texts == ["t2", "t0", "new"]
    assert both.value.tolist() == [2, 3, 0]
    assert expected(found.sentences, None).value.tolist() == [0, 0, 0]
    assert expected(found.sentences.rows(np.arange(0)), LEAD).value.tolist() == []
