"""Networks that are trained further on the way of a search."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_searches import X, reader_of

from grammar_lisa.optimize import retraining
from grammar_lisa.optimize.config import SearchConfig
from grammar_lisa.optimize.retraining import rank_weights, retrain

KINDS = ("weighted", "joint")
each_kind = pytest.mark.parametrize("kind", KINDS)


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40, unique=True))
def test_weights_are_those_of_the_ranks(values):
    utility = np.array(values, dtype=float)
    found = rank_weights(utility)
    order = np.argsort(-utility)
    expected = 1 / (1e-3 * len(utility) + np.arange(len(utility)))
    assert np.allclose(found[order], expected / expected.sum())
    assert found.sum() == pytest.approx(1)
    assert (np.diff(found[order]) < 0).all()
    assert np.array_equal(rank_weights(np.exp(utility / 20)), found)


@pytest.fixture(params=["sphere", "box"])
def reader(request, trained, sentences):
    if request.param == "sphere":
        return reader_of(trained("lisa"))
    return reader_of(trained("vae"), X, sentences)


@pytest.fixture
def known(reader, sentences):
    return reader.read(sentences)


@pytest.fixture
def utility(sentences):
    return np.array([text.count("x") / len(text) for text in sentences])


def weights(reader):
    return {name: value.clone() for name, value in reader.model.net.state_dict().items()}


def same(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


@each_kind
def test_the_given_model_stays_and_the_new_one_differs(reader, known, utility, kind):
    before, inputs = weights(reader), known.inputs.clone()
    global_state = torch.get_rng_state()
    new = retrain(reader, known, utility, SearchConfig(retraining=kind), 0)
    assert same(before, weights(reader))
    assert torch.equal(global_state, torch.get_rng_state())
    assert torch.equal(known.inputs, inputs)
    assert not same(before, weights(new))
    assert new.model.net is not reader.model.net
    assert new.space is reader.space
    assert new.language is reader.language
    assert not new.model.net.training
    assert not reader.model.net.training
    assert all(torch.isfinite(value).all() for value in weights(new).values())
    assert not torch.allclose(new.read(known.texts).points, known.points)


@each_kind
def test_a_training_follows_from_its_seed(reader, known, utility, kind):
    config = SearchConfig(retraining=kind)
    first = weights(retrain(reader, known, utility, config, 3))
    torch.default_generator.manual_seed(99)
    assert same(first, weights(retrain(reader, known, utility, config, 3)))
    if kind == "weighted":
        assert not same(first, weights(retrain(reader, known, utility, config, 4)))


def test_the_best_are_learnt_most(trained, sentences):
    reader = reader_of(trained("lisa").untrained())
    known, model = reader.read(sentences), reader.model
    utility = -np.arange(40.0)
    net = retrain(reader, known, utility, SearchConfig(retraining="weighted"), 0).model.net
    rows = torch.from_numpy(known.derivations)
    with torch.no_grad():
        seen = model.method.to_decoder(net, net.encode(rows))
        losses = net.reconstruction_loss(rows, net.decode(seen))
    assert losses[0] < losses[20:].median() - 1


def test_joint_training_moves_codes_to_where_the_surrogate_explains_the_scores(
    trained, sentences, monkeypatch
):
    """Beside the loss of the method, gradients of the likelihood reach the encoder."""
    reader = reader_of(trained("lisa"))
    known = reader.read(sentences)
    config = SearchConfig(retraining="joint")
    model = type(reader.model.method)
    nothing = {"reconstruction": torch.zeros((), requires_grad=True)}
    monkeypatch.setattr(model, "loss", lambda self, net, x: nothing)
    monkeypatch.setattr(retraining, "_JOINT_STEPS", 60)
    utility = known.points[:, 0].numpy() ** 2 + np.array([len(text) for text in sentences]) / 5
    new = retrain(reader, known, utility, config, 0)
    assert not torch.allclose(new.read(sentences).points, known.points, atol=1e-3)

    def likelihood(points):
        surrogate = retraining.build_scores(
            points, torch.from_numpy(utility), ("direction",), reader.layout
        )
        mll = retraining.ExactMarginalLogLikelihood(surrogate.likelihood, surrogate)
        with torch.no_grad(), retraining.exact():
            return float(mll(surrogate.train()(points), surrogate.train_targets))

    assert likelihood(new.read(sentences).points) > likelihood(known.points) + 0.05


@each_kind
def test_few_sentences_are_no_error(trained, kind):
    reader = reader_of(trained("lisa"))
    known = reader.read(["x", "1"])
    new = retrain(reader, known, np.array([0.0, 1.0]), SearchConfig(retraining=kind), 0)
    assert all(torch.isfinite(value).all() for value in weights(new).values())
