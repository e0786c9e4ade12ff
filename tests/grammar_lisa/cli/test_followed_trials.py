"""What a tracker is told of trials while they run."""

import json
import threading
from types import SimpleNamespace

import pytest

from grammar_lisa.cli import followed_trials
from grammar_lisa.cli.followed_trials import FollowedTrials, following


class Taken:
    """A tracker that remembers what it is told."""

    def __init__(self, keeps=False):
        self.rows, self.keeps, self.heard = [], keeps, threading.Event()

    def log(self, values, step, axis):
        self.rows.append((axis, step, dict(values)))
        self.heard.set()


@pytest.fixture
def trials(tmp_path):
    return [SimpleNamespace(number=n, history=tmp_path / f"trial-{n:02d}.jsonl") for n in (1, 2)]


def write(trial, *scores, end="\n"):
    """Add evaluations to a history, whose first line is its header."""
    rows = [] if trial.history.exists() else ["{}"]
    for score in scores:
        row = {"round": 1, "sentence": "x", "score": score}
        rows.append(json.dumps(row | ({"failure": "why"} if score is None else {})))
    with trial.history.open("a") as file:
        file.write("\n".join(rows) + end)


def test_only_what_is_new_is_told_each_trial_by_its_own_count(trials):
    taken = Taken()
    followed = FollowedTrials(taken, trials)
    followed.look()
    assert taken.rows == []
    write(trials[0], 3.0, None)
    write(trials[1], None)
    followed.look()
    axis = "evaluation/trial-01"
    first = [
        (axis, 1, {"score/trial-01": 3.0, "best/trial-01": 3.0}),
        (axis, 2, {"best/trial-01": 3.0}),
    ]
    assert taken.rows == first
    followed.look()
    assert taken.rows == first
    write(trials[1], 7.0, 9.0)
    write(trials[0], 1.0, end="")
    followed.look()
    second = [
        ("evaluation/trial-02", 2, {"score/trial-02": 7.0, "best/trial-02": 7.0}),
        ("evaluation/trial-02", 3, {"score/trial-02": 9.0, "best/trial-02": 7.0}),
    ]
    assert taken.rows == first + second
    with trials[0].history.open("a") as file:
        file.write("\n")
    followed.look()
    assert taken.rows[4:] == [(axis, 3, {"score/trial-01": 1.0, "best/trial-01": 1.0})]


def stop(taken, trials):
    """Follow trials until Ctrl-C."""
    with following(taken, trials):
        write(trials[1], 0.5)
        raise KeyboardInterrupt


def test_trials_are_followed_while_they_run_and_to_the_end(trials, monkeypatch):
    monkeypatch.setattr(followed_trials, "_EVERY", 0.01)
    taken = Taken()
    with following(taken, trials):
        write(trials[0], 2.0)
        assert taken.heard.wait(60)
        monkeypatch.setattr(followed_trials, "_EVERY", 60)
        write(trials[1], 1.0)
    assert len(taken.rows) == 2
    with pytest.raises(KeyboardInterrupt):
        stop(taken, trials)
    assert len(taken.rows) == 5


def test_what_a_tracker_keeps_of_an_earlier_session_is_not_told_again(trials):
    write(trials[0], 3.0, 1.0)
    taken = Taken(keeps=True)
    followed = FollowedTrials(taken, trials)
    write(trials[0], 2.0)
    followed.look()
    (row,) = taken.rows
    assert row == ("evaluation/trial-01", 3, {"score/trial-01": 2.0, "best/trial-01": 1.0})


def test_a_damaged_history_is_passed_over(trials):
    trials[0].history.write_text("{}\nnothing\n")
    write(trials[1], 3.0)
    taken = Taken()
    with following(taken, trials):
        pass
    assert [axis for axis, _, _ in taken.rows] == ["evaluation/trial-02"]
