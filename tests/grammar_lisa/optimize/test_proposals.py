"""Proposals: points around and between good ones, trees, and the grammar itself."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_models import EXPR, TINY
from small_searches import reader_of

from grammar_lisa.grammar import Counts, parse_grammar
from grammar_lisa.grammar.arrays import from_array
from grammar_lisa.grammar.text import is_sentence
from grammar_lisa.optimize.config import PROPOSALS, SYSTEMS, TREES, SearchConfig
from grammar_lisa.optimize.proposals import Fresh, Parents, Random, groups_of, kinds_of, propose
from shared.sphere.geometry import geodesic

TEXTS = ["x+1", "sin(x)*x", "x/x", "2*x*x+x", "exp(x)+1", "3"]


@pytest.fixture(scope="module", params=["sphere", "box"])
def reader(request, model):
    return reader_of(model, box=() if request.param == "sphere" else TEXTS)


def parents_of(reader, good=TEXTS, partners=(), radius=0.5):
    return Parents(reader.read(good), reader.read(list(partners)), radius)


def distance(space, first, second):
    return geodesic(first, second) if space.name == "sphere" else (first - second).norm(dim=-1)


@pytest.mark.parametrize("name", PROPOSALS)
@pytest.mark.parametrize("count", [1, 2, 60])
@pytest.mark.parametrize("partners", [(), TEXTS[:2]])
def test_every_proposal_is_a_whole_sentence_of_the_grammar(reader, name, count, partners):
    grammar, most = reader.model.grammar, reader.model.architecture.max_rules
    parents = parents_of(reader, partners=partners)
    found = kinds_of(reader)[name].derivations(parents, count, Random(0))
    assert 1 <= len(found) <= count
    assert found.shape[1] == most
    assert all(is_sentence(grammar, row) for row in found)
    assert all(1 <= len(row) <= most for row in from_array(found, len(grammar.rules)))


@pytest.mark.parametrize("name", PROPOSALS)
def test_proposals_follow_from_the_seed(reader, name):
    kind, parents = kinds_of(reader)[name], parents_of(reader)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first, same, other = (kind.derivations(parents, 60, Random(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("name", ["perturbation", "interpolation", "uniform"])
def test_points_are_as_many_as_asked_for_and_in_the_space(reader, name):
    points = kinds_of(reader)[name].points(parents_of(reader), 77, Random(0))
    assert points.shape == (77, reader.layout.dim)
    assert torch.allclose(reader.space.retract(points), points)


@pytest.mark.parametrize("radius", [0.01, 0.3, 1.2])
def test_caps_stay_within_reach_of_a_parent(reader, radius):
    parents = parents_of(reader, TEXTS[:1], radius=radius)
    points = kinds_of(reader)["perturbation"].points(parents, 2000, Random(0))
    apart = distance(reader.space, points, parents.good.points)
    assert apart.max() <= radius + 1e-6
    if reader.space.name == "sphere":  # a side of the box may hold a step back
        assert apart.min() >= radius / 3 - 1e-6
        assert float(apart.max()) > 0.95 * radius
        assert float(apart.median()) == pytest.approx(radius * 2 / 3, rel=0.1)


def test_proposals_start_from_sentences_as_they_are_written_and_as_they_are_compared(model):
    reader, text, radius = reader_of(model), "(x*x+1)", 1e-3
    parents = parents_of(replace(reader, canonical=True), [text], radius=radius)
    points = kinds_of(reader)["perturbation"].points(parents, 300, Random(0))
    ends = [parents.good.points, reader.read([text]).points]
    assert float(distance(reader.space, *ends)) > 10 * radius
    near = [distance(reader.space, points, end) <= radius + 1e-6 for end in ends]
    assert (near[0] ^ near[1]).all()
    assert float(near[0].double().mean()) == pytest.approx(0.5, abs=0.1)


def test_arcs_lie_between_two_parents(reader):
    parents = parents_of(reader, TEXTS[:2])
    points = kinds_of(reader)["interpolation"].points(parents, 600, Random(0))
    first, second = parents.good.points
    ways = [distance(reader.space, points, end) for end in (first, second)]
    whole = float(distance(reader.space, first, second))
    assert torch.allclose(sum(ways)[ways[0] > 1e-6], torch.tensor(whole).double(), atol=1e-5)
    inside = (ways[0] > 0.05 * whole) & (ways[1] > 0.05 * whole)
    assert inside.double().mean() > 0.3


def test_half_of_the_arcs_lead_to_what_parents_may_lack(reader):
    parents = parents_of(reader, TEXTS[:1], TEXTS[3:4])
    points = kinds_of(reader)["interpolation"].points(parents, 601, Random(0))
    first, second = parents.good.points[0], parents.partners.points[0]
    stay, lead = points[:301], points[301:]
    assert distance(reader.space, stay, first).max() < 1e-6
    whole = float(distance(reader.space, first, second))
    shares = distance(reader.space, lead, first) / whole
    assert np.allclose(np.quantile(shares, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.08)
    back = distance(reader.space, lead, second) / whole
    assert torch.allclose(shares + back, torch.tensor(1.0).double(), atol=1e-5)


def test_better_parents_are_favoured():
    draws = Random(0).favoured(10, 20_000)
    odds = 1 / np.arange(1, 11)
    assert np.allclose(np.bincount(draws, minlength=10) / 20_000, odds / odds.sum(), atol=0.02)
    assert (Random(0).favoured(1, 5) == 0).all()


def test_trees_are_those_of_parents_with_one_subtree_changed(reader):
    parents = parents_of(reader, ["x+1", "sin(x)"])
    parse, kinds = reader.model.parser.parse, kinds_of(reader)
    crossed = reader.write(kinds["crossover"].derivations(parents, 200, Random(0)))
    assert {"sin(x+1)", "x+x", "x"} <= set(crossed)
    tokens = {token for text in crossed for token in text.replace("sin(", "s")}
    assert tokens <= set("x1s+)")
    mutated = reader.write(kinds["mutation"].derivations(parents, 200, Random(0)))
    assert all(len(parse(text)) <= 12 for text in mutated)
    assert len(set(mutated)) > 100


@pytest.mark.parametrize(("text", "most"), [(EXPR, 12), (TINY, 3), ("S -> 'a' S S | 'b'", 8)])
def test_fresh_derivations_are_of_every_possible_length_alike(text, most):
    grammar = parse_grammar(text)
    counts = Counts(grammar, most)
    found = Fresh(counts).derivations(None, 3000, Random(0))
    lengths = Counter(map(len, from_array(found, len(grammar.rules))))
    possible = {n for n in range(most + 1) if counts.exactly(n)}
    assert set(lengths) == possible
    expected = 3000 / len(possible)
    assert all(abs(seen - expected) < 5 * np.sqrt(expected) for seen in lengths.values())


def test_fresh_derivations_of_a_length_are_equally_likely():
    grammar = parse_grammar(TINY)
    drawn = from_array(Fresh(Counts(grammar, 2)).derivations(None, 3000, Random(0)), 4)
    seen = Counter(drawn)
    assert len(seen) == 6
    assert all(abs(count - 500) < 5 * np.sqrt(500) for count in seen.values())


def test_groups_keep_the_shares_of_the_configuration(reader):
    kinds = kinds_of(reader)
    assert tuple(kinds) == PROPOSALS
    shares = {
        "perturbation": 0.2,
        "interpolation": 0.0,
        "uniform": 0.1,
        "crossover": 0.3,
        "mutation": 0.3,
    }
    config = SearchConfig(**shares, fresh=0.1)
    groups = groups_of(kinds, config)
    assert [group.share for group in groups] == pytest.approx([0.3, 0.6, 0.1])
    for group in groups:
        assert sum(share for _, share in group.kinds) == pytest.approx(1)
    own = {type(kind): group.share * share for group in groups for kind, share in group.kinds}
    for name, share in config.shares.items():
        assert own.get(type(kinds[name]), 0) == pytest.approx(share)


@pytest.mark.parametrize("name", SYSTEMS)
def test_groups_of_every_system_make_up_the_whole(reader, name):
    groups = groups_of(kinds_of(reader), SYSTEMS[name])
    assert sum(group.share for group in groups) == pytest.approx(1)
    assert all(group.kinds for group in groups)


@pytest.mark.parametrize(
    ("fields", "outside", "trees"),
    [
        ({}, 0.0, 0.12),
        ({}, 0.1, 0.12),
        ({}, 0.4, 0.4),
        ({}, 1.0, 0.9),
        ({"most_trees": 0.5}, 1.0, 0.5),
        ({"most_trees": 0.0}, 1.0, 0.12),
        ({"mutation": 0.0}, 0.4, 0.4),
        ({"fresh": 1.0}, 0.4, 0.4),
        ({"crossover": 0.0, "mutation": 0.0}, 1.0, 0.0),
        ({"perturbation": 0.0, "interpolation": 0.0, "uniform": 0.0, "fresh": 0.12}, 0.9, 0.5),
    ],
)
def test_trees_grow_with_what_the_network_does_not_hold(reader, fields, outside, trees):
    """What is left is divided as it was."""
    config = SearchConfig(**fields)
    named = kinds_of(reader)
    names = {id(kind): name for name, kind in named.items()}
    groups = groups_of(named, config, outside)
    assert sum(group.share for group in groups) == pytest.approx(1)
    own = {names[id(kind)]: group.share * share for group in groups for kind, share in group.kinds}
    found = sum(own.pop(name, 0.0) for name in TREES)
    assert found == pytest.approx(trees)
    whole = sum(share for name, share in config.shares.items() if name not in TREES)
    for name, share in own.items():
        assert share == pytest.approx((1 - found) * config.shares[name] / whole)


def test_shares_need_not_sum_to_one(reader):
    config = SYSTEMS["latent"].changed(perturbation=0.2, interpolation=0.2, uniform=0.0, fresh=0.4)
    points, fresh = groups_of(kinds_of(reader), config)
    assert (points.share, fresh.share) == pytest.approx((0.5, 0.5))
    assert [share for _, share in points.kinds] == pytest.approx([0.5, 0.5])


class Counting:
    """Proposes what it is told, and remembers how much it was asked for and with which draws."""

    def __init__(self, row):
        self.row, self.asked = row, []

    def derivations(self, parents, count, random):
        self.asked.append((count, int(random.numpy.integers(2**40))))
        return np.array([self.row] * count)


def test_each_kind_proposes_its_share_with_draws_of_its_own():
    first, second = Counting([1, 2]), Counting([3, 4])
    found = propose([(first, 0.75), (second, 0.25)], None, 40, seed=5)
    assert found.tolist() == [[1, 2]] * 30 + [[3, 4]] * 10
    propose([(first, 0.999), (second, 0.001)], None, 40, seed=5)
    assert [count for count, _ in first.asked + second.asked] == [30, 40, 10, 1]
    draws = [draw for _, draw in first.asked + second.asked]
    assert draws[0] == draws[1] != draws[2] == draws[3]
