import dataclasses
import math
import warnings

import numpy as np
import pytest

from grammar_lisa.model import GrammarModel
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.search.record import Evaluation, Record
from grammar_lisa.search.search import Search, Settings, worth
from shared.errors import LisaError
from shared.methods import VAE

SETTINGS = Settings(rounds=3, batch=4, pool=200, candidates=30, fit_points=20, parents=10)


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


@pytest.fixture
def search(model, begun):
    def make(seed=0, settings=SETTINGS, **told):
        return Search(model, *begun, settings, seed, **told)

    return make


def composite(search, objective, begun):
    """A search that is told outputs."""
    return search(outputs=objective.outputs(begun[0]), target=objective.target())


def played(search, objective):
    """Three rounds of ask and tell."""
    batches = []
    for _ in range(3):
        batches.append(search.ask())
        search.tell(batches[-1], objective(batches[-1]))
    return batches


def test_asking_is_decided_by_seed_and_scores(search, objective):
    first = played(search(), objective)
    assert first == played(search(), objective)
    assert first != played(search(seed=1), objective)
    other = search()
    batch = other.ask()
    assert batch == other.ask() == first[0]
    other.tell(batch, np.arange(4.0))
    assert other.ask() != first[1]


def test_sentences_are_new_distinct_and_of_the_grammar(search, objective, begun, model):
    batches = played(search(), objective)
    asked = [sentence for batch in batches for sentence in batch]
    assert [len(batch) for batch in batches] == [4, 4, 4]
    assert len(set(asked)) == 12
    assert not set(asked) & set(begun[0])
    assert len(model.parse(asked)) == 12


def test_the_search_keeps_what_it_is_told(search, objective, begun):
    one = search()
    batches = played(one, objective)
    asked = [sentence for batch in batches for sentence in batch]
    assert one.round == 3
    assert one.sentences == begun[0] + asked
    assert np.array_equal(one.scores, [*begun[1], *objective(asked)])
    assert np.allclose(np.linalg.norm(one.points.directions, axis=1), 1)


def test_running_is_asking_and_telling(search, objective, tmp_path):
    counts = []
    found = search().run(objective, Record(tmp_path / "a", {}), counts.append)
    batches = played(search(), objective)
    assert [e.sentence for e in found] == [sentence for batch in batches for sentence in batch]
    assert [e.round for e in found] == [1] * 4 + [2] * 4 + [3] * 4
    assert [e.score for e in found] == objective([e.sentence for e in found]).tolist()
    assert counts == [0, 4, 8, 12]


@pytest.mark.parametrize("done", [0, 1, 4, 7, 12])
def test_a_replayed_search_goes_on_as_the_straight_one(search, objective, tmp_path, done):
    straight = search().run(objective, Record(tmp_path / "a", {}))
    record = Record(tmp_path / "b", {})
    record.append(straight[:done])
    scored = []

    def counting(sentences):
        scored.extend(sentences)
        return objective(sentences)

    assert search().run(counting, record) == straight
    assert Record(tmp_path / "b", {}).evaluations == straight
    assert scored == [e.sentence for e in straight[done:]]


def test_a_language_that_runs_out_ends_the_search(tiny_model, objective, tmp_path):
    sentences = ["x", "1"]
    settings = dataclasses.replace(SETTINGS, rounds=50, batch=2, pool=2000, reach=math.pi)
    search = Search(tiny_model, sentences, objective(sentences), settings, 0)
    found = [e.sentence for e in search.run(objective, Record(tmp_path / "a", {}))]
    assert len(set(found)) == len(found) <= 7
    assert not set(found) & set(sentences)
    assert search.ask() == []


def test_nothing_new_is_no_error(tiny_model, objective, tmp_path):
    sentences = [a + b for a in ("", "x+", "x+x+") for b in ("x", "1", "2")]
    search = Search(tiny_model, sentences, objective(sentences), SETTINGS, 0)
    assert search.ask() == []
    assert search.run(objective, Record(tmp_path / "a", {})) == []


def test_the_surrogate_sees_good_sentences_that_differ_and_some_others(search, objective, begun):
    one = search()
    rows = one._fitted(None, np.random.default_rng(0))
    assert len(set(rows.tolist())) == 20
    assert set(np.argsort(begun[1], kind="stable")[:10]) <= set(rows.tolist())
    everything = search(settings=dataclasses.replace(SETTINGS, fit_points=100))
    assert len(everything._fitted(None, np.random.default_rng(0))) == 30
    told = composite(search, objective, begun)
    shares = np.linspace(0, 1, 30)
    rows = told._fitted(shares, np.random.default_rng(0))
    assert len(set(rows.tolist())) == 20
    assert {28, 29, int(begun[1].argmin())} <= set(rows.tolist())


def test_a_composite_search_is_decided_by_what_it_is_told(search, objective, begun):
    batches = []
    for _ in range(2):
        one = composite(search, objective, begun)
        batch = one.ask()
        one.tell(batch, objective(batch), objective.outputs(batch))
        batches.append([batch, one.ask()])
    assert batches[0] == batches[1]
    asked = batches[0][0] + batches[0][1]
    assert len(set(asked)) == 8
    assert not set(asked) & set(begun[0])


def test_outputs_are_told_of_all_sentences_or_of_none(search, objective, begun):
    plain, told = search(), composite(search, objective, begun)
    with pytest.raises(LisaError, match="outputs of all sentences"):
        plain.tell(["x"], np.zeros(1), objective.outputs(["x"]))
    with pytest.raises(LisaError, match="outputs of all sentences"):
        told.tell(["x"], np.zeros(1))


@pytest.mark.parametrize("done", [0, 4, 6])
def test_a_replayed_composite_search_goes_on_as_the_straight_one(
    search, objective, begun, tmp_path, done
):
    straight = composite(search, objective, begun).run(objective, Record(tmp_path / "a", {}))
    record = Record(tmp_path / "b", {})
    record.append(straight[:done])
    assert composite(search, objective, begun).run(objective, record) == straight


def test_a_search_that_meets_the_target_ends(search, objective, begun, tmp_path):
    target = regression_for("x+1")
    one = search(outputs=target.outputs(begun[0]), target=target.target())
    assert not one.solved
    record = Record(tmp_path / "a", {})
    record.append([Evaluation(1, s, float(target([s])[0])) for s in ("x", "x+1", "x+2", "x+3")])
    assert len(one.run(target, record)) == 4
    assert one.solved


def test_worth_falls_with_the_score_and_has_no_unit():
    scores = np.array([3.0, 0.5, 2.0, 6.9, 0.6])
    assert np.argsort(worth(scores)).tolist() == np.argsort(-scores).tolist()
    assert np.allclose(worth(scores), worth(100 * scores + 7))
    assert np.ptp(worth(np.full(3, 6.9))) == 0
    assert np.isfinite(worth(np.array([1.0, 1.0, 1.0, 2.0]))).all()


@pytest.mark.parametrize("count", [0, 1])
def test_there_must_be_something_to_begin_from(model, begun, count):
    with pytest.raises(LisaError, match=f"at least 2 scored sentences, not {count}"):
        Search(model, begun[0][:count], begun[1][:count], SETTINGS, 0)


def test_a_beginning_outside_the_grammar_is_refused(model):
    with pytest.raises(LisaError, match="not a sentence"):
        Search(model, ["x", "x+y"], np.zeros(2), SETTINGS, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, 0) for name in ("rounds", "batch", "pool", "steps", "candidates", "parents")),
        ("fit_points", 1),
        *(("reach", value) for value in (0, -1, 3.2, math.nan, math.inf)),
        *(("explore", value) for value in (-0.1, 1, math.nan)),
    ],
)
def test_settings_are_checked(name, value):
    with pytest.raises(LisaError, match=f"{name}.*not {value}"):
        Settings(**{name: value})


def test_worth_orders_scores_and_knows_no_unit():
    scores = np.array([0.4, 6.9, 0.9, 4.0, 2.0])
    values = worth(scores)
    assert np.argsort(-values).tolist() == np.argsort(scores).tolist()
    assert values == pytest.approx(worth(1000 * scores - 7))
    assert values[0] == pytest.approx(math.log(10))
    assert values[4] == pytest.approx(-math.log(1.1))
    assert np.isfinite(worth(np.full(3, 2.0))).all()


def test_codes_that_are_no_directions_are_not_searched(begun, model):
    architecture = dataclasses.replace(model.architecture, method=VAE())
    other = GrammarModel(model.grammar, architecture, architecture.build(model.grammar))
    with pytest.raises(LisaError, match=r"--method vae, whose codes .* train with .*lisa"):
        Search(other, *begun, SETTINGS, 0)
