import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.benchmark.start_sets import (
    CAP,
    PROTOCOLS,
    drawn_from_grammar,
    t_lbo_lines,
    tells_apart,
    withheld_lines,
)
from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.parsing import Parser
from grammar_lisa.objectives.decontamination import EXACT, NEAR
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from grammar_lisa.objectives.regression import Regression
from shared.common.errors import LisaError

GRAMMAR = load_grammar(Path(__file__).parents[3] / "grammars" / "expr.cfg")
FROM_LINES = [name for name, protocol in PROTOCOLS.items() if protocol.pick is not None]


@pytest.fixture(scope="module")
def lines():
    folder = os.environ.get("LISA_DATA_DIR")
    path = Path(folder or "") / "expressions" / "equation2_15_dataset.txt.gz"
    if folder is None or not path.is_file():
        pytest.skip("LISA_DATA_DIR names no folder with expressions/equation2_15_dataset.txt.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return file.read().splitlines()


@pytest.fixture(scope="module")
def capped(lines):
    return PROTOCOLS["t-lbo"].regression()(lines)


@pytest.fixture(scope="module")
def clipped(lines):
    return PROTOCOLS["clean"].regression()(lines)


def some(count, seed=0):
    """Texts that stand for lines, and scores for them."""
    scores = np.random.default_rng(seed).uniform(0, CAP, count)
    return [f"line {i}" for i in range(count)], scores


def same(first, second):
    return first.pool == second.pool and np.array_equal(first.known, second.known)


def test_the_t_lbo_set_is_the_published_one(lines, capped):
    assert np.percentile(capped, [3, 65]) == pytest.approx([1.518764, 5.886398], abs=1e-6)
    assert (capped >= np.percentile(capped, 65)).sum() == 35_008
    start = PROTOCOLS["t-lbo"].start(lines, capped, seed=0, known="all")
    assert len(start.pool) == len(start.known) == 40_008
    assert len(set(start.pool)) == 40_007
    assert start.best == pytest.approx(1.5212, abs=5e-5)
    assert start.pool[int(start.scores.argmin())].replace(" ", "") == "2+x+sin(2)+sin(3+1)"
    assert (start.scores == CAP).sum() == 26_476
    assert (start.scores <= 2).sum() == 88
    assert start.scores.tolist() == PROTOCOLS["t-lbo"].regression()(start.pool).tolist()


def test_the_t_lbo_set_keeps_the_published_order(capped):
    rows = t_lbo_lines(capped)
    np.random.seed(0)  # noqa: NPY002 (the published draws, by the global generator)
    bad = np.flatnonzero(capped >= np.percentile(capped, 65))
    better = (capped <= np.percentile(capped, 65)) & (capped > np.percentile(capped, 3))
    bad = bad[np.random.permutation(35_008)]  # noqa: NPY002
    good = np.flatnonzero(better)
    good = good[np.random.choice(np.arange(len(good)), size=5000, replace=False)]  # noqa: NPY002
    both = np.concatenate([bad, good])[np.random.permutation(40_008)]  # noqa: NPY002
    assert rows.tolist() == both.tolist()


def test_few_knows_105_lines_of_the_t_lbo_set(lines, capped):
    few = PROTOCOLS["few"].start(lines, capped, seed=4)
    more = PROTOCOLS["t-lbo"].start(lines, capped, seed=4)
    assert few.pool == more.pool
    assert len(few.known) == len(set(few.known_lines)) == 105
    assert len(more.known) == 5000
    assert few.known.tolist() == more.known[:105].tolist()
    assert few.best >= more.best >= 1.5211


def test_weighted_retraining_begins_from_the_worse_half(lines, capped):
    assert np.median(capped) == pytest.approx(4.7364, abs=5e-5)
    start = PROTOCOLS["weighted-retraining"].start(lines, capped, seed=1)
    assert len(start.pool) == 50_111
    assert len(start.known) == len(set(start.known.tolist())) == 5000
    assert 4.736 <= start.scores.min() <= start.best


@pytest.mark.parametrize("known", [500, 1000, 5000])
def test_clean_withholds_the_target_and_what_is_near(lines, clipped, known):
    start = PROTOCOLS["clean"].start(lines, clipped, seed=2, known=known)
    assert len(start.known) == known
    assert (start.scores >= NEAR).all()
    assert len(start.pool) == (clipped >= NEAR).sum() < len(lines)
    assert not {line.replace(" ", "") for line in start.pool} & {"1/3+(x)+sin(x*x)", "x+sin(x*x)"}


def test_published_holds_the_answer(lines, clipped):
    start = PROTOCOLS["published"].start(lines, clipped, seed=0)
    assert start.pool == tuple(lines)
    assert len(start.known) == 100_000
    assert start.best <= EXACT
    assert start.pool[int(start.scores.argmin())].replace(" ", "") == "1/3+(x)+sin(x*x)"
    assert [(start.scores <= bound).sum() for bound in (0.04, 0.37, 1)] == [6, 24, 1593]


@pytest.mark.parametrize(
    ("target", "best"),
    [
        ("x*x/3+sin(2*x)", 4.298),
        pytest.param("sin(x)*x+2", 2.688, marks=pytest.mark.slow),
        ("exp(sin(x))+x/2", 0.064),
        pytest.param("x/(1+x*x)+sin(3*x)", 0.392, marks=pytest.mark.slow),
    ],
)
def test_the_best_lines_of_other_targets_are_left_out(lines, target, best):
    scores = Regression.target(target)(lines)
    assert scores.min() == pytest.approx(best, abs=5e-4)
    start = PROTOCOLS["withheld"].start(lines, scores, seed=3)
    assert 0.969 <= len(start.pool) / len(lines) <= 0.97
    assert start.scores.min() > np.percentile(scores, 3) >= scores.min()
    assert len(start.known) == 5000


def test_none_draws_sentences_of_the_grammar():
    objective = PROTOCOLS["none"].regression()
    start = drawn_from_grammar(GRAMMAR, objective, seed=0)
    assert len(set(start.pool)) == len(start.known) == 15
    assert all(len(each) <= 15 for each in map(Parser(GRAMMAR).parse, start.pool))
    assert start.known_scores.tolist() == objective(start.pool).tolist()
    assert same(start, drawn_from_grammar(GRAMMAR, objective, seed=0))
    assert start.pool != drawn_from_grammar(GRAMMAR, objective, seed=1).pool
    with pytest.raises(LisaError, match="0 known sentences are asked for; ask for at least 1"):
        drawn_from_grammar(GRAMMAR, objective, seed=0, known=0)


@pytest.mark.parametrize("name", FROM_LINES)
def test_the_seed_decides_what_is_known_and_nothing_else(name):
    protocol, (lines, scores) = PROTOCOLS[name], some(400)
    first = protocol.start(lines, scores, seed=1, known=20)
    assert same(first, protocol.start(lines, scores, seed=1, known=20))
    other = protocol.start(lines, scores, seed=2, known=20)
    assert other.pool == first.pool
    assert other.known.tolist() != first.known.tolist()
    more = protocol.start(lines, scores, seed=1, known=50)
    assert more.known[:20].tolist() == first.known.tolist()
    everything = protocol.start(lines, scores, seed=1, known="all")
    assert sorted(everything.known.tolist()) == list(range(len(first.pool)))


@given(
    st.lists(st.sampled_from([0.0, 0.05, 0.11, 0.5, 1.0, 2.0, 7.0]) | st.floats(0, 7), min_size=2),
    st.integers(0, 5),
)
def test_start_sets_hold_lines_with_their_scores(values, seed):
    lines = [str(i) for i in range(len(values))]
    for name in FROM_LINES:
        if name == "clean" and max(values) < NEAR:
            continue
        try:
            start = PROTOCOLS[name].start(lines, values, seed, known=1)
        except LisaError as error:
            refused = "to be drawn from them" in str(error)
            assert refused
            continue
        assert start.scores.tolist() == [values[int(line)] for line in start.pool]
        assert 0 <= start.known.min() <= start.known.max() < len(start.pool)
        assert start.known_lines == [start.pool[i] for i in start.known]
        assert start.best == min(values[int(line)] for line in start.known_lines)


@given(st.lists(st.integers(0, 7000), min_size=5, unique=True))
def test_nothing_below_the_withheld_percentile_is_left(values):
    lines = [str(i) for i in range(len(values))]
    start = PROTOCOLS["withheld"].start(lines, values, seed=0, known="all")
    withheld = len(values) - len(start.pool)
    assert 0 <= withheld - 0.03 * (len(values) - 1) - 1e-9 <= 1
    assert start.best > max(set(values) - set(start.scores.tolist()))


def test_where_nearly_all_lines_score_worst_only_better_ones_are_left_out():
    scores = np.array([7.0] * 98 + [1.0, 2.0])
    assert not tells_apart(scores)
    assert withheld_lines(scores).tolist() == list(range(98))
    assert not tells_apart(np.full(5, 7.0))
    assert withheld_lines(np.full(5, 7.0)).tolist() == list(range(5))
    scores[:2] = 3.0, 4.0
    assert tells_apart(scores)
    assert withheld_lines(scores).tolist() == list(range(1, 98))


@pytest.mark.parametrize(
    ("name", "budget", "known", "cap"),
    [
        ("published", 250, "all", None),
        ("weighted-retraining", 500, 5000, 7),
        ("t-lbo", 500, 5000, 7),
        ("few", 500, 105, 7),
        ("none", 25, 15, 7),
        ("clean", 500, 5000, None),
    ],
)
def test_protocols(name, budget, known, cap):
    protocol = PROTOCOLS[name]
    assert (protocol.name, protocol.budget, protocol.known) == (name, budget, known)
    assert protocol.regression().cap == cap
    assert "\n" not in protocol.description
    assert protocol.score.startswith("log(1 + MSE)" if cap is None else "min(7, log(1 + MSE))")
    other = protocol.regression("x*x")
    assert other(["x*x", KUSNER_TARGET])[0] == 0 < other([KUSNER_TARGET])[0]
    with pytest.raises(TypeError):
        PROTOCOLS[name] = protocol


def test_unfit_demands_are_refused():
    lines, scores = some(100)
    half = PROTOCOLS["weighted-retraining"]
    with pytest.raises(LisaError, match=r"5000 known lines .* weighted-retraining holds 50; ask"):
        half.start(lines, scores, seed=0)
    with pytest.raises(LisaError, match=r"0 known lines are asked for, .* 1 to 50, or all"):
        half.start(lines, scores, seed=0, known=0)
    with pytest.raises(LisaError, match=r"the scores have shape \(99,\) for 100 lines"):
        half.start(lines, scores[1:], seed=0)
    with pytest.raises(LisaError, match=r"shape \(0,\) for 0 lines"):
        half.start([], [], seed=0)
    with pytest.raises(LisaError, match="line 2 scores nan"):
        half.start(lines, [1.0, np.nan, *scores[2:]], seed=0)
    with pytest.raises(LisaError, match="the protocol none begins from no file"):
        PROTOCOLS["none"].start(lines, scores, seed=0)
    with pytest.raises(LisaError, match="only 0 of 100 lines score above the 3rd percentile, 7"):
        PROTOCOLS["t-lbo"].start(lines, [7.0] * 100, seed=0)
    with pytest.raises(LisaError, match="clean holds 0; give lines that score worse"):
        PROTOCOLS["clean"].start(lines, [0.0] * 100, seed=0, known="all")
