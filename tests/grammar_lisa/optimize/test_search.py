import math

import numpy as np
import pytest
from small_searches import begin, reader_of

from grammar_lisa.expressions.language import PlainText
from grammar_lisa.objectives.objective import Evaluated, Objective
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.optimize.config import SearchConfig
from grammar_lisa.optimize.history import Evaluation, History
from grammar_lisa.optimize.search import replay, score_all, search
from shared.common.errors import LisaError

CONFIG = SearchConfig(
    rounds=3, batch=4, pool=200, candidates=30, fit_points=20, parents=10, kernel="structure"
)
KINDS = [False, True]
each_kind = pytest.mark.parametrize("composite", KINDS, ids=["scores alone", "outputs"])


class Lengths(Objective):
    """Prefers sentences of eleven characters; fails for those that begin with 1."""

    def __init__(self):
        self.asked = []

    def evaluate(self, sentences, /):
        self.asked += sentences
        return [self._evaluated(sentence) for sentence in sentences]

    def _evaluated(self, sentence):
        if sentence[0] == "1":
            return Evaluated(sentence, None, "begins with 1")
        return Evaluated(sentence, abs(len(sentence) - 11.0))


class Counting(Objective):
    """Another objective that remembers what it was asked for."""

    def __init__(self, inner):
        self.inner, self.asked = inner, []

    def evaluate(self, sentences, /):
        self.asked += sentences
        return self.inner.evaluate(sentences)

    @property
    def language(self):
        return self.inner.language

    def composite(self):
        return self.inner.composite()


@pytest.fixture
def start(model, begun, objective):
    def make(composite=False, config=CONFIG):
        return begin(reader_of(model), config, objective, begun[0], composite=composite)

    return make


@each_kind
def test_searching_is_asking_and_telling(start, objective, tmp_path, composite):
    history = History(tmp_path / "a", {})
    found = search(start(composite), objective, history)
    other, asked = start(composite), []
    for _ in range(3):
        batch = other.ask()
        asked += batch
        other.tell(batch, list(objective(batch)))
    assert [e.sentence for e in found] == asked
    assert [e.round for e in found] == [1] * 4 + [2] * 4 + [3] * 4
    assert [e.score for e in found] == objective(asked).tolist()


@each_kind
@pytest.mark.parametrize("done", [0, 1, 4, 7, 12])
def test_a_search_that_was_stopped_goes_on_as_the_straight_one(
    start, objective, tmp_path, composite, done
):
    straight = search(start(composite), objective, History(tmp_path / "a", {}))
    history = History(tmp_path / "b", {})
    history.append(straight[:done])
    counting = Counting(objective)
    assert search(start(composite), counting, history) == straight
    assert History(tmp_path / "b", {}).evaluations == straight
    assert counting.asked == [e.sentence for e in straight[done:]]


def test_every_evaluation_is_on_disk_before_the_next(start, objective, tmp_path):
    seen = []

    class Looking(Counting):
        def evaluate(self, sentences, /):
            seen.append(len(History(tmp_path / "a", {}).evaluations))
            return super().evaluate(sentences)

    search(start(), Looking(objective), History(tmp_path / "a", {}))
    assert seen == list(range(12))


@each_kind
def test_nothing_is_scored_after_a_sentence_that_meets_the_target(
    model, begun, tmp_path, composite
):
    target = regression_for("x+1/2")
    sentences = [s for s in begun[0] if target([s])[0] > 1e-9]
    config = CONFIG.changed(rounds=40, pool=600)

    def searched(counting, history):
        optimizer = begin(reader_of(model), config, target, sentences, composite=composite)
        return search(optimizer, counting, history)

    met = Evaluation(1, "x+1/2", 0.0)
    history = History(tmp_path / "a", {})
    history.append([Evaluation(1, "x", float(target(["x"])[0])), met])
    counting = Counting(target)
    assert searched(counting, history)[-1] == met
    assert counting.asked == []


def test_a_score_of_zero_ends_no_search_that_might_do_better(model, begun, tmp_path):
    objective = Lengths()
    values = np.array(
        [e.score if e.score is not None else math.nan for e in objective.evaluate(begun[0])]
    )
    assert np.nanmin(values) == 0
    reader = reader_of(model, PlainText())
    found = search(
        begin(reader, CONFIG, objective, begun[0]), objective, History(tmp_path / "a", {})
    )
    assert len(found) == 12


def test_what_cannot_be_scored_is_kept_with_its_reason(model, begun, tmp_path):
    objective = Lengths()
    reader = reader_of(model, PlainText())
    config = CONFIG.changed(batch=20, pool=600, candidates=200, acquisition="random")
    found = search(
        begin(reader, config, objective, begun[0]), objective, History(tmp_path / "a", {})
    )
    failed = [e for e in found if e.score is None]
    assert failed
    assert {e.failure for e in failed} == {"begins with 1"}
    assert all((e.score is None) == (e.sentence[0] == "1") for e in found)
    assert History(tmp_path / "a", {}).evaluations == found


def test_a_language_that_runs_out_ends_the_search(tiny_model, objective, tmp_path):
    config = CONFIG.changed(rounds=50, batch=2, pool=2000, radius=math.pi)
    optimizer = begin(reader_of(tiny_model), config, objective, ["x", "1"])
    found = [e.sentence for e in search(optimizer, objective, History(tmp_path / "a", {}))]
    assert len(set(found)) == len(found) <= 7
    assert not set(found) & {"x", "1"}
    assert optimizer.ask() == []


def test_nothing_new_is_no_error(tiny_model, objective, tmp_path):
    sentences = [a + b for a in ("", "x+", "x+x+") for b in ("x", "1", "2")]
    optimizer = begin(reader_of(tiny_model), CONFIG, objective, sentences)
    assert search(optimizer, objective, History(tmp_path / "a", {})) == []


def test_replaying_tells_whole_rounds_only(start, objective, tmp_path):
    straight = search(start(), objective, History(tmp_path / "a", {}))
    for done, rounds in ((3, 0), (4, 1), (11, 2), (12, 3)):
        optimizer = start()
        replay(optimizer, straight[:done])
        assert optimizer.round == rounds
        assert len(optimizer.known) == 30 + 4 * rounds


def test_sentences_are_scored_once_and_in_order(tmp_path):
    objective = Lengths()
    history = History(tmp_path / "a", {})
    first = score_all(["x", "1+x"], objective, history)
    assert first == [Evaluation(0, "x", 10.0), Evaluation(0, "1+x", None, "begins with 1")]
    again = score_all(["1+x", "x+x", "x"], objective, History(tmp_path / "a", {}))
    assert again == [first[1], Evaluation(0, "x+x", 8.0), first[0]]
    assert objective.asked == ["x", "1+x", "x+x"]


def test_a_search_needs_two_scores(model, objective):
    with pytest.raises(LisaError, match="at least 2 scored sentences, not 1"):
        begin(reader_of(model), CONFIG, objective, ["x"])
