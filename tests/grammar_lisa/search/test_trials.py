import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grammar_lisa.search import trials as trials_module
from grammar_lisa.search.search import Search, Settings
from grammar_lisa.search.space import Box
from grammar_lisa.search.trials import plan_trials, run_trials
from shared.expost import save_codes
from shared.methods import Codes

SETTINGS = Settings(rounds=2, batch=3, pool=100, candidates=20, fit_points=20, parents=5, joins=0)


@pytest.fixture
def plan(begun, tmp_path):
    def make(count=2, begin_from=20, seed=0):
        return plan_trials(
            *(Path("run"), tmp_path, *begun),
            count=count,
            begin_from=begin_from,
            settings=SETTINGS,
            seed=seed,
        )

    return make


def test_each_trial_begins_from_its_own_scored_draw(plan, begun):
    first, second = plan()
    known = dict(zip(*begun, strict=True))
    for trial in (first, second):
        assert len(set(trial.sentences)) == 20
        assert [known[s] for s in trial.sentences] == trial.scores.tolist()
    assert first.sentences != second.sentences
    assert first.seed != second.seed
    assert [trial.record.name for trial in plan()] == ["trial-01.jsonl", "trial-02.jsonl"]


def test_a_plan_is_seeded_and_a_longer_one_begins_alike(plan):
    headers = [trial.header() for trial in plan()]
    assert headers == [trial.header() for trial in plan(count=5)][:2]
    assert headers != [trial.header() for trial in plan(seed=1)]


def test_a_trial_begins_from_no_more_than_there_is(plan):
    assert len(plan(begin_from=10**6)[0].sentences) == 30


def test_trials_run_in_order_and_restore_the_threads(plan, model, objective, monkeypatch):
    monkeypatch.setattr(trials_module, "open_run", lambda path, tool: path)
    monkeypatch.setattr(trials_module, "load_model", lambda run: model)
    import torch

    torch.set_num_threads(2)
    try:
        found = list(run_trials(plan(), objective, 1))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert [len(each) for each in found] == [6, 6]
    assert found[0] != found[1]
    assert list(run_trials(plan(), objective, 1)) == found
    assert not np.isnan([e.score for each in found for e in each]).any()


def test_this_process_outlives_a_trial_of_its_own(plan, model, objective, monkeypatch):
    monkeypatch.setattr(trials_module, "open_run", lambda path, tool: path)
    monkeypatch.setattr(trials_module, "load_model", lambda run: model)
    monkeypatch.setattr(os, "getppid", lambda: 1)
    assert len(trials_module.run_trial(plan()[0], objective, os.getpid())) == 6


def test_a_trial_searches_the_box_of_all_codes_of_its_run(
    plan, trained, objective, monkeypatch, run
):
    model = trained("rae-l2")
    codes = np.random.default_rng(0).standard_normal((50, 6))
    save_codes(run, Codes(codes))
    seen = []
    monkeypatch.setattr(trials_module, "open_run", lambda path, tool: run)
    monkeypatch.setattr(trials_module, "load_model", lambda run: model)
    monkeypatch.setattr(
        trials_module, "Search", lambda *args, **named: seen.append(named) or Search(*args, **named)
    )
    trial = replace(plan()[0], sentences=["x", "x+1", "1", "sin(x)"], scores=np.arange(4.0))
    assert len(trials_module.run_trial(trial, objective)) == 6
    assert np.array_equal(seen[0]["space"].low, Box.holding(codes).low)
