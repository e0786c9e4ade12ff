import numpy as np
import pytest

from grammar_lisa.expressions.language import Expressions
from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.restrictions import Restrictions
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.grammar_model import GrammarModel
from grammar_lisa.models.names import TOOL
from grammar_lisa.models.run import read_data
from grammar_lisa.optimize import SYSTEMS, SearchConfig, initial_design, open_optimizer
from grammar_lisa.optimize.start import training_sentences
from shared.common.errors import LisaError
from shared.runs.run import open_run

CONFIG = SearchConfig(batch=4, pool=200, candidates=30, fit_points=20, parents=10)


def score(sentence):
    """A function of a sentence that needs no more than its text."""
    return abs(len(sentence) - 9.0) - sentence.count("x") / 10


@pytest.fixture(scope="module")
def known(folder):
    return initial_design(folder, 20)


def test_a_run_and_a_function_make_a_search(folder, known):
    optimizer = open_optimizer(folder, known, list(map(score, known)), config=CONFIG)
    seen = list(known)
    for _ in range(2):
        batch = optimizer.ask()
        assert len(batch) == 4
        assert not set(batch) & set(seen)
        optimizer.tell(batch, np.array(list(map(score, batch))))
        seen += batch
    best = min(seen, key=score)
    assert optimizer.best == (optimizer.best[0], score(best))
    assert len(optimizer.reader.model.parse(seen)) == 28


def test_a_search_follows_from_its_seed_and_scores(folder, known):
    def asked(seed=0, shift=0.0):
        scores = [score(text) + shift * row for row, text in enumerate(known)]
        return open_optimizer(str(folder), known, scores, config=CONFIG, seed=seed).ask(20)

    assert asked() == asked()
    assert asked() != asked(seed=1)
    assert asked() != asked(shift=1.0)


def test_what_could_not_be_scored_is_known_all_the_same(folder, known):
    scores = np.array(list(map(score, known)))
    scores[:10] = np.nan
    optimizer = open_optimizer(folder, known, scores, config=CONFIG)
    assert optimizer.best[1] == np.nanmin(scores)
    assert not set(optimizer.ask(10)) & set(known)


def test_expressions_that_are_equal_are_asked_for_once(folder):
    known = ["x", "1", "x+1", "2*x"]
    config = CONFIG.changed(pool=2000, batch=200)
    language = Expressions(("x",))

    def keys(made):
        optimizer = open_optimizer(folder, known, np.arange(4.0), config=config, language=made)
        return language.canonical_forms(known + optimizer.ask()).hashes.tolist()

    assert len(set(keys(language))) == len(keys(language))
    assert len(set(keys(None))) < len(keys(None))


def test_the_initial_design_is_drawn_from_the_training_sentences(folder):
    grammar = load_grammar(folder / "grammar.cfg")
    training = set(derivations_to_texts(grammar, read_data(open_run(folder, TOOL)).train))
    drawn = initial_design(folder, 30)
    assert len(set(drawn)) == 30
    assert set(drawn) <= training
    assert initial_design(folder, 10) == drawn[:10]
    assert initial_design(folder, 30, seed=1) != drawn
    assert set(initial_design(folder, 10_000)) == training


@pytest.mark.parametrize(
    ("sentences", "scores", "message"),
    [
        (["x", "1"], [1.0], r"shape \(1,\) for 2 sentences; valid is one number for each"),
        (["x", "1", "x"], [1, 2, 3], "'x' is twice among the sentences"),
        (["x", "1"], [1, np.nan], "at least 2 scored sentences, not 1"),
        (["x", "x+y"], [1, 2], "not a sentence"),
    ],
)
def test_a_start_that_is_none_is_refused(folder, sentences, scores, message):
    with pytest.raises(LisaError, match=message):
        open_optimizer(folder, sentences, scores)


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(LisaError, match="there is no run at"):
        open_optimizer(tmp_path / "none", ["x", "1"], [1, 2])


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_begins_on_a_run_that_suits_it(folder, folders, known, name):
    run = folders("rae-l2") if SYSTEMS[name].space == "box" else folder
    optimizer = open_optimizer(run, known, list(map(score, known)), config=SYSTEMS[name])
    assert optimizer.reader.space.name == ("box" if SYSTEMS[name].space == "box" else "sphere")


def test_a_restricted_search_asks_for_nothing_that_does_not_obey(folder, known, monkeypatch):
    """The tree moves too: they know no mask."""
    restrictions = Restrictions(("exp",), {"x": 1})
    for config in (CONFIG, SYSTEMS["structure"].changed(batch=4, pool=400, candidates=30)):
        scores = list(map(score, known))
        asked = open_optimizer(folder, known, scores, config=config, restrictions=restrictions)
        for _ in range(2):
            batch = asked.ask(8)
            assert batch
            assert not [text for text in batch if "exp" in text or text.count("x") > 1]
            asked.tell(batch, np.array(list(map(score, batch))))
    model = asked.reader.model
    obeying = training_sentences(model.run, model)
    assert 0 < len(obeying) < len(training_sentences(model.run, model.restricted()))
    assert not [text for text in obeying if "exp" in text or text.count("x") > 1]
    monkeypatch.setattr(GrammarModel, "obeys", lambda self, rows: np.zeros(len(rows), np.bool_))
    with pytest.raises(LisaError, match=r"none of the .* training sentences of .* obeys: no exp, "):
        training_sentences(model.run, model)
