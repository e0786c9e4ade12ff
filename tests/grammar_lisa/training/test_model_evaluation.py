"""What is said about a trained model is so."""

import math
from dataclasses import asdict

import numpy as np
import pytest
import torch
from ambiguous_grammars import ELSE
from hypothesis import given
from hypothesis import strategies as st
from machines import log_probability, padded
from small_grammars import ROOT

from grammar_lisa.grammar import load_grammar, parse_grammar
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import is_sentence
from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.grammar_model import GrammarModel
from grammar_lisa.training import evaluation
from grammar_lisa.training.evaluation import (
    evaluate_model,
    exact_by_length,
    geometry,
    held_out_quality,
    reconstruction,
    samples,
)
from shared.methods import LISA
from shared.samplers import Projected, Uniform
from shared.sphere.geometry import project, uniform

EXPR = load_grammar(ROOT / "grammars" / "expr.cfg")
PAD = len(EXPR.rules)
DERIVATIONS = sample_uniform(EXPR, 50, 15, seed=0)
X = torch.tensor([padded(row, 15, PAD) for row in DERIVATIONS], dtype=torch.int16)


@pytest.fixture(scope="module")
def model():
    """A model that has learnt some of its sentences, not all."""
    architecture = Architecture(network="dense", dim=6, max_rules=15, method=LISA(), seed=0)
    net = architecture.build(EXPR)
    optimizer = torch.optim.Adam(net.parameters(), 1.5e-3)
    while reconstruction(net, architecture.method, X).exact < 0.3:
        optimizer.zero_grad()
        sum(architecture.method.loss(net, X).values()).backward()
        optimizer.step()
    return GrammarModel(EXPR, architecture, net)


def test_reconstruction_counts_what_comes_back(model):
    net, method = model.net, model.architecture.method
    found = reconstruction(net, method, X)
    with torch.no_grad():
        logits = net.decode(project(net.encode(X)))
    back = [tuple(r for r in row if r != PAD) for row in net.mask.decode(logits).tolist()]
    same = [first == second for first, second in zip(back, DERIVATIONS, strict=True)]
    assert 0 < sum(same) < 50
    assert found.exact == sum(same) / 50
    pairs = [
        padded(first, 15, PAD)[step] == rule
        for first, second in zip(back, DERIVATIONS, strict=True)
        for step, rule in enumerate(second)
    ]
    assert found.rules == sum(pairs) / len(pairs)
    losses = [
        -log_probability(EXPR, row, scores, 15)
        for row, scores in zip(DERIVATIONS, logits.tolist(), strict=True)
    ]
    assert found.loss == pytest.approx(np.mean(losses), rel=1e-5)
    assert not net.training


def test_reconstruction_of_more_than_a_chunk(model):
    many = X.repeat(100, 1)
    first, second = (reconstruction(model.net, model.architecture.method, x) for x in (X, many))
    assert second.exact == first.exact
    assert second.loss == pytest.approx(first.loss, rel=1e-5)


@pytest.mark.parametrize(
    ("derivation", "valid"),
    [
        ([3, 7, PAD, PAD], True),
        ([3, 7], True),
        ([3, PAD, 7, PAD], False),
        ([PAD, 3, 7], False),
        ([3, PAD, PAD], False),
        ([0, 3, 7, PAD], False),
        ([3, 7, 7, PAD], False),
        ([7, PAD], False),
        ([PAD, PAD], False),
        ([3, PAD + 1], False),
        ([3, -1], False),
    ],
)
def test_only_complete_derivations_are_sentences(derivation, valid):
    assert is_sentence(EXPR, derivation) is valid


class Fixed:
    """Gives the same few codes again and again."""

    def __init__(self, codes):
        self.codes = codes

    def sample(self, n, seed):
        return np.resize(self.codes, (n, self.codes.shape[1]))


def test_samples_count_repeats_and_novelty(model):
    directions = uniform(400, 6, 0).numpy()
    texts = model.decode(directions)
    chosen = [texts.index(text) for text in sorted(set(texts))[:4]]
    found = samples(model, Fixed(directions[chosen]), 40, 0, {texts[chosen[0]], "not there"})
    assert (found.valid, found.unique, found.novel) == (1, 4 / 40, 3 / 4)


def test_broken_derivations_are_not_valid(model, monkeypatch):
    rows = np.array([[3, 7, PAD], [3, PAD, 7], [0, 3, 7], [3, 8, PAD]])
    monkeypatch.setattr(model, "decode_rows", lambda codes: np.resize(rows, (8, 3)))
    found = samples(model, Fixed(np.ones((1, 6))), 8, 0, {"x"})
    assert (found.valid, found.unique, found.novel) == (0.5, 2 / 8, 1 / 2)


def test_geometry_tells_uniform_directions_from_a_bundle():
    even = geometry(3 * uniform(4000, 6, 0).numpy(), 2.0)
    bundle = geometry(uniform(4000, 6, 0).numpy() + 3 * np.eye(6)[0], 2.0)
    assert abs(even["uniformity_gap"]) < 0.01
    assert even["effective_rank"] == pytest.approx(6, abs=0.05)
    assert even["lambda_max"] == pytest.approx(1 / 6, abs=0.02)
    assert even["condition"] < 1.3
    assert bundle["uniformity_gap"] > 0.5
    assert bundle["lambda_max"] > 0.8
    assert bundle["participation_ratio"] < 2


def test_of_very_many_codes_the_pairs_of_some_are_looked_at(monkeypatch):
    codes = uniform(4000, 6, 0).numpy()
    monkeypatch.setattr(evaluation, "MOST_PAIRED", 1000)
    some = geometry(codes, 2.0)
    assert (
        some["uniformity_gap"]
        == geometry(codes[np.linspace(0, 3999, 1000).round().astype(int)], 2.0)["uniformity_gap"]
    )
    monkeypatch.undo()
    whole = geometry(codes, 2.0)
    assert some["uniformity_gap"] != whole["uniformity_gap"]
    assert some["effective_rank"] == whole["effective_rank"]


def test_everything_together(model):
    codes = model.encode_rows(X.numpy())
    found = evaluate_model(
        model,
        X.numpy(),
        X[:30].numpy(),
        codes,
        {"uniform": Projected(Uniform()).fit(codes)},
        draws=300,
        seed=1,
    )
    assert found["held_out"] == 50
    assert found["draws"] == 300
    assert (
        found["reconstruction"]["exact"]
        == reconstruction(model.net, model.architecture.method, X).exact
    )
    assert found["geometry"] == geometry(codes, 2.0)
    assert found["samples"].keys() == {"uniform"}
    assert found["samples"]["uniform"]["valid"] == 1
    assert 0 < found["samples"]["uniform"]["unique"] <= 1
    assert 0 <= found["samples"]["uniform"]["novel"] <= 1
    assert math.isfinite(found["reconstruction"]["loss"])
    assert found["reconstruction"]["texts"] == found["reconstruction"]["exact"]
    assert found["on_training"] == asdict(
        reconstruction(model.net, model.architecture.method, X[:30])
    )
    total = sum(each["exact"] * each["sentences"] for each in found["by_length"])
    assert total / 50 == pytest.approx(found["reconstruction"]["exact"])


def test_the_text_of_another_derivation_counts_as_text_alone(monkeypatch):
    """Of each second sentence another derivation of the same text comes back."""
    grammar = parse_grammar(ELSE)
    net = Architecture(network="dense", dim=4, max_rules=4, method=LISA(), seed=0).build(grammar)
    model = GrammarModel(
        grammar, Architecture(network="dense", dim=4, max_rules=4, method=LISA(), seed=0), net
    )
    own, other = (0, 1, 2, 3), (1, 0, 2, 3)
    rows = np.array([own] * 4, dtype=np.int16)
    found = torch.tensor([own, other] * 2)
    monkeypatch.setattr(net, "read", lambda decoded: found)
    quality = held_out_quality(model, rows)
    assert (quality["reconstruction"]["exact"], quality["reconstruction"]["texts"]) == (0.5, 1.0)
    assert model.parse(["if if x else y"]).tolist() == [list(own)]
    monkeypatch.setattr(model, "decode_rows", lambda codes: found.numpy())
    assert model.reconstructed(["if if x else y"] * 4, np.ones((4, 4))).all()


@given(st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=60))
def test_ranges_of_lengths_part_all_sentences(pairs):
    lengths, exact = (np.array(column) for column in zip(*pairs, strict=True))
    ranges = exact_by_length(lengths, exact)
    assert 1 <= len(ranges) <= 5
    assert sum(each["sentences"] for each in ranges) == len(pairs)
    bounds = [bound for each in ranges for bound in (each["from"], each["to"])]
    assert bounds == sorted(bounds)
    assert len(ranges) == 1 or len({each["to"] for each in ranges}) == len(ranges)
    for each in ranges:
        inside = (lengths >= each["from"]) & (lengths <= each["to"])
        assert inside.sum() == each["sentences"]
        assert exact[inside].mean() == pytest.approx(each["exact"])
    if len(set(lengths)) == 1:
        assert len(ranges) == 1
