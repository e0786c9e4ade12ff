import dataclasses
import math
import warnings

import numpy as np
import pytest

from grammar_lisa.alphabet import Alphabet
from grammar_lisa.character_model import CharacterModel
from grammar_lisa.derivations.text import derivation_to_text
from grammar_lisa.grammar import parse_grammar
from grammar_lisa.model import Architecture
from grammar_lisa.networks import CHARACTERS
from grammar_lisa.objectives.objective import from_callable
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.search.record import Evaluation, Record
from grammar_lisa.search.search import Search, Settings, worth
from grammar_lisa.search.space import Box, Sphere
from shared.errors import LisaError
from shared.methods import METHODS

SETTINGS = Settings(rounds=3, batch=4, pool=200, candidates=30, fit_points=20, parents=10, joins=0)
STEP = SETTINGS.pool // SETTINGS.steps


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
    assert np.allclose(np.linalg.norm(one.points.places, axis=1), 1)


def test_running_is_asking_and_telling(search, objective, tmp_path):
    counts = []
    found = search().run(objective, Record(tmp_path / "a", {}), counts.append)
    batches = played(search(), objective)
    assert [e.sentence for e in found] == [sentence for batch in batches for sentence in batch]
    assert [e.round for e in found] == [1] * 4 + [2] * 4 + [3] * 4
    assert [e.score for e in found] == objective([e.sentence for e in found]).tolist()
    assert counts == list(range(13))


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
    told = search(composite=objective)
    shares = np.linspace(0, 1, 30)
    rows = told._fitted(shares, np.random.default_rng(0))
    assert len(set(rows.tolist())) == 20
    assert {28, 29, int(begun[1].argmin())} <= set(rows.tolist())


def test_a_composite_search_is_decided_by_what_it_is_told(search, objective, begun):
    batches = []
    for _ in range(2):
        one = search(composite=objective)
        batch = one.ask()
        one.tell(batch, objective(batch))
        batches.append([batch, one.ask()])
    assert batches[0] == batches[1]
    asked = batches[0][0] + batches[0][1]
    assert len(set(asked)) == 8
    assert not set(asked) & set(begun[0])


def test_a_composite_search_keeps_the_outputs_of_what_it_is_told(search, objective, begun):
    one = search(composite=objective)
    asked = [sentence for batch in played(one, objective) for sentence in batch]
    expected = objective.outputs(begun[0] + asked)
    assert np.array_equal(one.outputs.errors, expected.errors)
    assert np.array_equal(one.outputs.shapes, expected.shapes)
    assert (one.points.terms != objective.forms(begun[0] + asked).terms).nnz == 0
    assert search().outputs is None
    assert search().points.terms.nnz == 0


@pytest.mark.parametrize("seed", range(4))
def test_sentences_that_come_to_the_same_are_scored_once(objective, model, begun, seed):
    some = ["x", "1", "x+x", "2*sin(x)", "x*x", "exp(x)/2", "3+x"]
    settings = dataclasses.replace(SETTINGS, batch=25, pool=1500, candidates=200)
    one = Search(model, some, objective(some), settings, seed, composite=objective)
    asked = [sentence for batch in played(one, objective) for sentence in batch]
    keys = objective.forms(some + asked).keys.tolist()
    assert len(asked) > 40
    assert len(set(keys)) == len(keys)
    plain = Search(model, some, objective(some), settings, seed)
    asked = [sentence for batch in played(plain, objective) for sentence in batch]
    keys = objective.forms(some + asked).keys.tolist()
    assert len(set(keys)) < len(keys)


def test_of_sentences_that_come_to_the_same_the_shortest_is_asked_for(
    other, objective, monkeypatch
):
    search = other(("ae", "characters"))
    same = ["3*2+(x*x)", "(x*x)+3+3", "x*x+3*2", "3+3+(x*x)"]
    say(search.model, [*same, "x+", "x*x"], monkeypatch)
    assert sorted(search.ask()) == ["x*x", "x*x+3*2"]
    search.tell(["x*x+3*2"], objective(["x*x+3*2"]))
    assert search.ask() == ["x*x"]
    say(search.model, ["x*x+2*3", "(x)*x+2+1+3", "x+3/3", "(1)+x"], monkeypatch)
    assert search.ask() == []


TARGET = "x*2+sin(x/3+3)"
APART = [
    *("x", "1", "2*x+1", "sin(x)", "x*x", "3+x*x", "exp(x)", "sin(x)*x", "1+x+exp(x)", "x/3"),
    *("2/x", "sin(x*x)", "sin(x/3+3)+1", "exp(sin(x+1))+x", "sin(3/x+3)+1", "sin(x)/x"),
]


@pytest.mark.parametrize("seed", range(5))
def test_a_sum_of_terms_that_were_scored_apart_is_found_at_once(model, seed):
    objective = regression_for(TARGET)
    settings = dataclasses.replace(SETTINGS, batch=2, pool=1500, candidates=200)
    scores = objective(APART)
    assert scores.min() > 0.5
    one = Search(model, APART, scores, settings, seed, composite=objective)
    batch = one.ask()
    assert batch[0] == TARGET
    one.tell(batch, objective(batch))
    assert one.solved
    plain = Search(model, APART, scores, settings, seed)
    assert TARGET not in plain.ask()


def test_nothing_is_scored_after_a_sentence_that_meets_the_target(model, tmp_path):
    objective = regression_for(TARGET)
    settings = dataclasses.replace(SETTINGS, batch=3, pool=1500, candidates=200)
    scored = []

    def scores(sentences):
        scored.extend(sentences)
        return objective(sentences)

    def searched(record):
        begun = APART, objective(APART)
        return Search(model, *begun, settings, 0, composite=objective).run(scores, record)

    record = Record(tmp_path / "a", {})
    assert [e.sentence for e in searched(record)] == scored == [TARGET]
    assert searched(Record(tmp_path / "a", {})) == record.evaluations
    assert scored == [TARGET]


def test_every_evaluation_is_on_record_before_the_next(search, objective, tmp_path):
    record = Record(tmp_path / "a", {})
    seen = []

    def scores(sentences):
        seen.append(len(Record(tmp_path / "a", {}).evaluations))
        return objective(sentences)

    search(composite=objective).run(scores, record)
    assert seen == list(range(12))


def test_a_function_of_a_sentence_is_searched_by_its_scores_alone(model, begun, tmp_path):
    objective = from_callable(lambda text: abs(len(text) - 11) + text.count("x") / 10, 50.0)

    def searched():
        return Search(model, begun[0], objective(begun[0]), SETTINGS, 0)

    one = searched()
    found = one.run(objective, Record(tmp_path / "a", {}))
    asked = [sentence for batch in played(searched(), objective) for sentence in batch]
    assert [e.sentence for e in found] == asked
    assert [e.score for e in found] == objective(asked).tolist()
    assert len(set(asked) - set(begun[0])) == 12
    assert one.outputs is None
    assert not one.solved
    assert min(objective(asked)) <= np.median(objective(begun[0]))


@pytest.mark.parametrize("done", [0, 4, 6])
def test_a_replayed_composite_search_goes_on_as_the_straight_one(
    search, objective, begun, tmp_path, done
):
    straight = search(composite=objective).run(objective, Record(tmp_path / "a", {}))
    record = Record(tmp_path / "b", {})
    record.append(straight[:done])
    assert search(composite=objective).run(objective, record) == straight


def test_a_search_that_meets_the_target_ends(search, objective, begun, tmp_path):
    target = regression_for("x+1")
    one = search(composite=target)
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


KINDS = [
    *(("vae", "dense"), ("rae-l2", "dense"), ("gmm-dae", "dense"), ("vq-vae", "dense")),
    *(("ae", "characters"), ("lisa", "characters")),
]


@pytest.fixture
def other(trained, sentences, objective):
    """Searches of models of other methods and networks."""

    def make(kind, seed=0, **named):
        return Search(
            trained(*kind),
            sentences,
            objective(sentences),
            SETTINGS,
            seed,
            composite=objective,
            **named,
        )

    return make


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
def test_every_method_and_network_is_searched(other, sentences, objective, tmp_path, kind):
    one = other(kind)
    found = [e.sentence for e in one.run(objective, Record(tmp_path / "a", {}))]
    parser = one.model.parser
    assert 2 <= len(set(found)) == len(found) <= 12
    assert not set(found) & set(sentences)
    assert [derivation_to_text(one.model.grammar, parser.parse(s)) for s in found] == found
    assert one.decoded == SETTINGS.rounds * SETTINGS.steps * STEP
    share = one.readable / one.decoded
    assert 0 < share < 1 if kind[1] == "characters" else share == 1


@pytest.mark.parametrize("kind", [("rae-l2", "dense"), ("ae", "characters")], ids="-".join)
@pytest.mark.parametrize("done", [0, 5])
def test_a_replayed_search_of_another_model_goes_on_as_the_straight_one(
    other, objective, tmp_path, kind, done
):
    straight = other(kind).run(objective, Record(tmp_path / "a", {}))
    record = Record(tmp_path / "b", {})
    record.append(straight[:done])
    assert other(kind).run(objective, record) == straight


def test_the_box_is_that_of_the_codes_begun_from_or_a_given_one(other, trained, sentences):
    codes = trained("rae-l2").encode(sentences, refine=False)
    search = other(("rae-l2", "dense"))
    assert np.array_equal(search.space.low, Box.holding(codes).low)
    assert np.array_equal(search.points.places, search.space.places_of(codes))
    wide = Box.holding(10 * codes)
    search = other(("rae-l2", "dense"), space=wide)
    assert search.space is search.points.space is wide
    assert np.allclose(search.points.places, (codes - wide.centre) / wide.scale)


def test_only_places_of_the_box_are_decoded(other, monkeypatch):
    search = other(("rae-l2", "dense"))
    decode, seen = search.model.decode_rows, []
    monkeypatch.setattr(
        search.model, "decode_rows", lambda codes: seen.append(codes) or decode(codes)
    )
    search.ask()
    places = search.space.places_of(np.concatenate(seen))
    assert len(places) == search.decoded
    assert (places >= search.space.low - 1e-9).all()
    assert (places <= search.space.high + 1e-9).all()


def test_a_space_of_another_code_size_is_refused(other):
    for space in (Sphere(5), Box.holding(np.eye(5))):
        with pytest.raises(LisaError, match=f"of this {space.name} have the size 5, not 6"):
            other(("rae-l2", "dense"), space=space)


def say(model, texts, monkeypatch):
    """Let a model of characters decode to some texts, to each for equally many points."""
    rows = np.repeat(model.rows(texts), -(-STEP // len(texts)), axis=0)[:STEP]
    monkeypatch.setattr(model, "decode_rows", lambda codes: rows)


def test_what_is_no_sentence_is_never_weighed(other, monkeypatch):
    search = other(("ae", "characters"))
    say(search.model, ["x+", "x+x+x", ")", "x*x", "sin(", "exp(x*x)", "x/", "1/(x*x)"], monkeypatch)
    assert sorted(search.ask()) == ["1/(x*x)", "exp(x*x)", "x*x", "x+x+x"]
    assert (search.decoded, search.readable) == (5 * 40, 5 * 20)


def test_a_search_of_which_nothing_can_be_read_ends(other, objective, tmp_path, monkeypatch):
    search = other(("ae", "characters"))
    say(search.model, ["x+", ")"], monkeypatch)
    assert search.run(objective, Record(tmp_path / "a", {})) == []
    assert (search.decoded, search.readable) == (SETTINGS.pool, 0)


BLANKS = "S -> 'put' T | 'put' T S\nT -> 'a' | 'b'\n"


@pytest.fixture
def spaced():
    """A model of texts with blanks of up to 14 characters, enough for two commands of a letter."""
    grammar = parse_grammar(BLANKS)
    alphabet = Alphabet.of(["put a put b", "put b put abbb"])
    architecture = Architecture(CHARACTERS, 3, 4, METHODS["ae"](), 0, alphabet)
    return CharacterModel(grammar, architecture, architecture.build(grammar))


def test_sentences_that_do_not_fit_as_the_grammar_writes_them_are_no_candidates(
    spaced, monkeypatch
):
    search = Search(spaced, ["put a", "put b"], np.arange(2.0), SETTINGS, 0)
    texts = ["putaputb", "put a put b", "putaputbputb", "put", "puta"]
    rows = np.repeat(spaced.rows(texts), 8, axis=0)[:STEP]
    monkeypatch.setattr(spaced, "decode_rows", lambda codes: rows)
    assert search.ask() == ["put a put b"]
    assert search.readable == SETTINGS.steps * (8 + 8 + 8)


def test_sentences_of_more_rules_than_trained_on_are_candidates(other, monkeypatch):
    search = other(("ae", "characters"))
    long = "x+x+x+x+1"
    assert len(search.model.parser.parse(long)) > search.model.architecture.max_rules
    say(search.model, ["x+", long], monkeypatch)
    assert search.ask() == [long]
    search.tell([long], np.ones(1))
    assert search.sentences[-1] == long


def test_a_beginning_that_does_not_fit_the_network_is_refused(trained):
    long = "1+" * 20 + "1"
    for kind, message in ((("vae", "dense"), "at most 6"), (("ae", "characters"), "at most")):
        with pytest.raises(LisaError, match=rf"'1\+1\+.*{message}"):
            Search(trained(*kind), ["x", long], np.zeros(2), SETTINGS, 0)
