"""How proposals are followed to new sentences, in a language whose sentences are listed."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hand_made import Column, Listed, sentences

from grammar_lisa.optimize import acquisition, exploration
from grammar_lisa.optimize.config import SearchConfig
from grammar_lisa.optimize.exploration import Exploration
from grammar_lisa.optimize.observations import Observations
from grammar_lisa.optimize.policy import Policy
from grammar_lisa.optimize.proposals import ProposalGroup

TEXTS = ["a", "bb", "ccc", "dddd", "e", "ff", "ggg", "hhhh", "A", "(a)"]
HASHES = [0, 1, 2, 3, 4, 5, 6, 7, 0, 0]
"""The last two equal the first."""
GROUP = ProposalGroup({}, 0.5)


class World:
    """An exploration of the list from its first two sentences, of scores 1 and 2."""

    def __init__(self, monkeypatch, *proposed, texts=TEXTS, hashes=HASHES, **options):
        self.calls, self.proposed = [], list(proposed)
        unreadable, readable = options.pop("unreadable", ()), options.pop("readable", None)
        lead = options.pop("lead", Column())
        self.language = sentences(texts, hashes=hashes, readable=readable)
        known = Observations(self.language.rows(np.arange(2)), np.array([1.0, 2.0]), None)
        config = SearchConfig(**{"pool": 30, "steps": 1, "parents": 4} | options)
        self.reader = Listed(self.language, unreadable)
        self.known = known
        self.exploration = Exploration.of(known, Policy(config, self.reader, lead, Column()))
        monkeypatch.setattr(exploration, "propose", self.propose)

    def propose(self, kinds, parents, count, seed):
        """Propose what comes next, and the last again and again."""
        self.calls.append(SimpleNamespace(parents=parents, count=count, seed=seed))
        places = self.proposed.pop(0) if len(self.proposed) > 1 else self.proposed[0]
        if callable(places):
            places = places(parents)
        return np.array(places, dtype=np.int64).reshape(-1, 1)

    def found(self, taken=None, seed=0):
        taken = self.exploration.nothing() if taken is None else taken
        return self.exploration.candidates(GROUP, seed, taken)


def test_what_is_known_or_equals_it_is_no_candidate(monkeypatch):
    world = World(monkeypatch, [0, 1, 8, 9, 5, 2, 5])
    found = world.found()
    assert found.sentences.texts == ["ff", "ccc"]
    assert found.value.tolist() == [5, 2]


def test_of_equal_sentences_the_shortest_is_the_candidate(monkeypatch):
    """And of equally short ones the first by its letters."""
    texts = ["a", "b", "long", "c", "z", "y"]
    world = World(monkeypatch, [2, 3, 4, 5], texts=texts, hashes=[0, 1, 7, 7, 8, 8])
    assert world.found().sentences.texts == ["c", "y"]


def test_what_the_network_cannot_read_and_what_means_nothing_is_no_candidate(monkeypatch):
    readable = [True] * 9 + [False]
    hashes = [*HASHES[:9], 9]
    world = World(monkeypatch, [4, 5, 9], unreadable=["ff"], readable=readable, hashes=hashes)
    assert world.found().sentences.texts == ["e"]


def test_what_the_batch_holds_is_no_candidate(monkeypatch):
    world = World(monkeypatch, [4, 5])
    batch = world.found().rows([0])
    assert batch.sentences.texts == ["e"]
    assert world.found(batch).sentences.texts == ["ff"]


def test_each_step_proposes_its_part_of_the_groups_share(monkeypatch):
    """Half of 31 in three steps, rounded up; no two from one seed."""
    world = World(monkeypatch, [4], [5, 4], [6], pool=31, steps=3)
    found = world.found()
    assert [call.count for call in world.calls] == [6, 6, 6]
    assert len({call.seed for call in world.calls}) == 3
    assert found.sentences.texts == ["e", "ff", "ggg"]


def test_a_step_starts_from_what_is_expected_most_of(monkeypatch):
    """The surrogate expects more of what stands further down the list."""
    world = World(monkeypatch, [4, 7], [2], [3], steps=3, parents=3)
    world.found()
    first, second, third = (call.parents.good.texts for call in world.calls)
    assert first == ["a", "bb"]
    assert second == ["hhhh", "e", "bb"]
    assert third == ["hhhh", "e", "ccc"]


def test_without_a_surrogate_all_steps_start_from_the_best(monkeypatch):
    world = World(monkeypatch, [4, 7], steps=3, lead=None)
    assert world.found().value.tolist() == [0, 0]
    assert [call.parents.good.texts for call in world.calls] == [["a", "bb"]] * 3


def test_what_equals_a_good_sentence_is_a_parent(monkeypatch):
    """It is expected most of here, as it stands last, and yet it is no candidate."""
    world = World(monkeypatch, [8, 4], [5], steps=2)
    assert world.found().sentences.texts == ["e", "ff"]
    assert world.calls[1].parents.good.texts == ["A", "e", "bb", "a"]


def test_no_more_than_four_forms_of_one_sentence_are_parents(monkeypatch):
    texts = ["a", "bb", *(f"{number}" for number in range(6)), "c"]
    hashes = [0, 1, *[0] * 6, 8]
    world = World(monkeypatch, range(9), texts=texts, hashes=hashes, steps=2, parents=9)
    world.found()
    assert world.calls[1].parents.good.texts == ["c", "5", "4", "3", "2", "bb"]


@pytest.mark.parametrize("steps", [1, 2])
def test_a_trust_region_is_widened_until_it_holds_something(monkeypatch, steps):
    """It starts at half of the largest radius after no batch, and lies around the best."""

    def far(parents):
        return [4] if parents.radius > 1 else [0, 1]

    world = World(monkeypatch, far, trust_region=True, radius=1.2, steps=steps)
    assert world.found().sentences.texts == ["e"]
    tried = [call.parents.radius for call in world.calls]
    assert tried == pytest.approx([0.6] * steps + [1.2] * steps)
    assert world.calls[0].parents.good.texts == ["a"]


def test_where_the_widest_region_holds_nothing_new_there_are_no_candidates(monkeypatch):
    for trusting in (True, False):
        world = World(monkeypatch, [0, 1], trust_region=trusting, radius=1.2)
        assert len(world.found().sentences) == 0
        assert world.calls[-1].parents.radius == pytest.approx(1.2)


@pytest.fixture
def maxima(monkeypatch):
    """The acquisition's maxima: each attempt gives the next places of the list."""
    seeds, places = [], []

    def maximise(judge, bounds, q, seed):
        seeds.append(seed)
        return torch.tensor(places.pop(0) if places else [0.0])

    monkeypatch.setattr(acquisition, "maximise", maximise)
    return SimpleNamespace(seeds=seeds, places=places)


def by_gradient(world, q):
    world.reader.space = SimpleNamespace(bounds=None, retract=lambda points: points + 1)
    world.reader.decode = lambda points: points.numpy().astype(np.int64)[:, None]
    return world.exploration.by_gradient(q, 3)


def test_maxima_over_the_space_are_decoded_until_there_are_enough(monkeypatch, maxima):
    """Retraction moves each point of this space one place on."""
    maxima.places[:] = [[3.0, 0.0], [4.0, 3.0], [5.0, 6.0]]
    world = World(monkeypatch, [0])
    assert by_gradient(world, 3) == ["e", "ff", "ggg"]
    assert len(set(maxima.seeds)) == len(maxima.seeds) == 3


def test_maximisation_gives_up_where_all_is_known(monkeypatch, maxima):
    assert by_gradient(World(monkeypatch, [0]), 2) == []
    assert len(maxima.seeds) == 5
