import os
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from grammar_lisa.objectives.decontamination import Decontamination
from grammar_lisa.optimize.config import SearchConfig, TrialSettings
from grammar_lisa.optimize.problem import SearchProblem
from grammar_lisa.optimize.spaces import Box
from grammar_lisa.optimize.trials import run_trials
from shared.common.errors import LisaError
from shared.jobs.backends import HERE, Lost, Processes
from shared.runs.expost import load_codes
from shared.runs.run import open_run

CONFIG = SearchConfig(rounds=2, batch=3, pool=100, candidates=20, fit_points=20, parents=5)


@pytest.fixture
def known(folder, model, objective):
    """Thirty sentences that fit the run, and their scores."""
    sentences = [
        a + b
        for a in ("x", "1", "2", "3", "sin(x)", "exp(x)")
        for b in ("+x", "*x", "/x", "+1", "")
    ]
    return sentences, objective(sentences)


@pytest.fixture
def plan(known, folder, model, objective, tmp_path):
    def make(count=2, n_initial=20, seed=0, run=folder, black_box=True, config=CONFIG):
        problem = SearchProblem(model, None, objective, *known, Decontamination(None), [])
        settings = TrialSettings(search=config, n_initial=n_initial, black_box=black_box, seed=seed)
        return problem.trials(run, tmp_path, count, settings)

    return make


def test_each_trial_begins_from_its_own_scored_draw(plan, known):
    first, second = plan()
    scores = dict(zip(*known, strict=True))
    for trial in (first, second):
        assert len(set(trial.sentences)) == 20
        assert [scores[s] for s in trial.sentences] == trial.scores.tolist()
        assert trial.best_known == min(trial.scores)
    assert first.sentences != second.sentences
    assert first.seed != second.seed
    assert [trial.history.name for trial in plan()] == ["trial-01.jsonl", "trial-02.jsonl"]


def test_a_plan_is_seeded_and_a_longer_one_begins_alike(plan):
    headers = [trial.header() for trial in plan()]
    assert headers == [trial.header() for trial in plan(count=5)][:2]
    assert headers != [trial.header() for trial in plan(seed=1)]
    assert headers != [trial.header() for trial in plan(black_box=False)]
    assert headers != [trial.header() for trial in plan(config=CONFIG.changed(exploit=0.1))]


def test_a_trial_begins_from_no_more_than_there_is(plan):
    assert len(plan(n_initial=10**6)[0].sentences) == 30


def test_what_could_not_be_scored_is_not_the_best_known(plan):
    (trial,) = plan(count=1)
    scores = trial.scores.copy()
    scores[scores.argmin()] = np.nan
    assert replace(trial, scores=scores).best_known == np.nanmin(scores) > trial.best_known


def test_trials_run_in_order_and_restore_the_threads(plan, objective):
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        found = run_trials(plan(), objective, HERE)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert [len(each) for each in found] == [6, 6]
    assert found[0] != found[1]
    assert run_trials(plan(), objective, HERE) == found
    assert not np.isnan([e.score for each in found for e in each]).any()


def test_this_process_outlives_a_trial_of_its_own(plan, objective, monkeypatch):
    monkeypatch.setattr(os, "getppid", lambda: 1)
    assert len(run_trials(plan(count=1), objective, HERE)[0]) == 6


def test_a_trial_whose_processes_die_is_named_when_the_others_are_done(plan, objective):
    @dataclass(frozen=True)
    class Deadly(Processes):
        def calls(self, function, shared, arguments):
            yield 1, Lost("its process was killed twice")
            yield from super().calls(function, shared, arguments[:1])

    trials = plan()
    with pytest.raises(LisaError, match="trial 2: its process was killed twice; what was"):
        run_trials(trials, objective, Deadly())
    assert len(trials[0].history.read_text().splitlines()) == 7


@pytest.mark.parametrize("black_box", [False, True])
def test_a_search_sees_outputs_or_scores_alone(plan, objective, black_box):
    optimizer = plan(black_box=black_box)[0].optimizer(objective)
    assert (optimizer.observed.composite is None) == (optimizer.composite is None) == black_box


def test_an_untrained_network_decodes_otherwise(plan, objective):
    trial = plan()[0]
    trained, untrained = (replace(trial, untrained=u).optimizer(objective) for u in (False, True))
    points = trained.reader.space.sample(50, torch.Generator().manual_seed(0))
    decoded = [optimizer.reader.model.decode(points.numpy()) for optimizer in (trained, untrained)]
    assert decoded[0] != decoded[1]


def test_a_trial_searches_the_box_of_all_codes_of_its_run(plan, folders, objective):
    run = folders("rae-l2")
    optimizer = plan(run=run)[0].optimizer(objective)
    codes = torch.from_numpy(load_codes(open_run(run, "grammar-lisa")).mean)
    assert torch.equal(optimizer.reader.space.low, Box.holding(codes).low)
