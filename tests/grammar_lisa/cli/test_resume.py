"""Commands that are killed at any moment go on to the same end."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from command_line import EXPR, TINY_SEARCH, killed, run_command, succeed
from tools import (
    at_step,
    before_last_step,
    before_write,
    die,
    endless,
    finish,
    mostly_slow,
    started,
    wait_for,
)

from grammar_lisa.optimize.history import History

TRAINING = [
    *("train", "--grammar", str(EXPR), "--count", "100", "--held-out", "10", "--draws", "20"),
    *("--epochs", "3", "--batch-size", "50", "--max-rules", "8", "--name", "run"),
    *("--checkpoint-seconds", "0", "--draw", "uniform", "--distinct", "text"),
]
WRITES = 3 + 6 + 3 + 5
"""The input, the checkpoints, the metrics, and curves, model, codes, samplers, summary."""


def train_bytes(run):
    names = ("model.safetensors", "codes.safetensors", "samplers.safetensors", "data.safetensors")
    return [(run / name).read_bytes() for name in names]


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """The training that ran through."""
    runs = tmp_path_factory.mktemp("straight")
    succeed(*TRAINING, "--runs", runs)
    return runs / "run"


def goes_on_to_the_same_end(run, straight):
    result = succeed("train", "--resume", run)
    assert train_bytes(run) == train_bytes(straight)
    assert "held-out reconstruction" in result.out
    assert not (run / "checkpoint.safetensors").exists()
    assert len((run / "metrics.csv").read_text().splitlines()) == 4


def test_the_moments_are_all_there_are(tmp_path, monkeypatch):
    rename, count = Path.replace, []
    monkeypatch.setattr(
        Path, "replace", lambda self, target: (count.append(target), rename(self, target))[1]
    )
    succeed(*TRAINING, "--runs", tmp_path)
    assert len(count) == WRITES


FIRST_AND_LAST = {2, 3, 4, 5, 6, *range(12, WRITES + 1)}
"""The writes but those of the epoch between the first and the last."""


@pytest.mark.parametrize("number", mostly_slow(range(2, WRITES + 1), FIRST_AND_LAST))
def test_a_training_killed_before_any_write_ends_the_same(tmp_path, straight, number):
    killed([*TRAINING, "--runs", tmp_path], before_write(number))
    goes_on_to_the_same_end(tmp_path / "run", straight)


def test_a_training_killed_before_there_is_a_run_can_begin_again(tmp_path, straight):
    killed([*TRAINING, "--runs", tmp_path], before_write(1))
    refused = run_command("train", "--resume", tmp_path / "run")
    assert refused.status == 2
    assert "is no run: it has no config.json" in refused.err
    succeed(*TRAINING, "--runs", tmp_path)
    assert train_bytes(tmp_path / "run") == train_bytes(straight)


@pytest.mark.parametrize("step", [0, 1, 5])
def test_a_training_without_checkpoints_within_epochs_ends_the_same(tmp_path, straight, step):
    words = [*TRAINING, "--runs", tmp_path, "--checkpoint-seconds", "1000"]
    killed(words, at_step(step))
    assert not (tmp_path / "run" / "checkpoint.safetensors").exists()
    goes_on_to_the_same_end(tmp_path / "run", straight)


def test_a_training_killed_again_and_again_ends_the_same(tmp_path, straight):
    run = tmp_path / "run"
    killed([*TRAINING, "--runs", tmp_path], at_step(1))
    for step in (2, 2, 4):
        killed(["train", "--resume", run], at_step(step))
    goes_on_to_the_same_end(run, straight)


def test_a_grammar_that_changed_before_the_data_were_kept_is_refused(tmp_path):
    grammar = tmp_path / "mine.cfg"
    grammar.write_text(EXPR.read_text())
    words = [*TRAINING, "--runs", tmp_path, "--grammar", grammar]
    killed(words, before_write(2))
    grammar.write_text(EXPR.read_text() + "T -> '4'\n")
    refused = run_command("train", "--resume", tmp_path / "run")
    assert refused.status == 2
    assert "changed since: train again with another --name" in " ".join(refused.err.split())


@pytest.mark.parametrize("how", ["cut", "flipped", "empty"])
def test_a_damaged_checkpoint_is_refused_and_kept(tmp_path, how):
    killed([*TRAINING, "--runs", tmp_path], at_step(3))
    path = tmp_path / "run" / "checkpoint.safetensors"
    content = path.read_bytes()
    spoilt = {"cut": content[:-9], "flipped": content[:-1] + b"\1", "empty": b""}[how]
    path.write_bytes(spoilt)
    refused = run_command("train", "--resume", tmp_path / "run")
    assert refused.status == 2
    assert "checkpoint.safetensors" in refused.err
    assert path.read_bytes() == spoilt


LONG = [*TRAINING, "--epochs", "10"]


@pytest.fixture(scope="module")
def long_straight(tmp_path_factory):
    """A longer training that ran through."""
    runs = tmp_path_factory.mktemp("long")
    succeed(*LONG, "--runs", runs)
    return runs / "run"


def once_there_is(path):
    """Die at whatever moment it is when there is a file, and in any case before the last step."""

    def wait():
        while not path.exists():
            time.sleep(0.01)
        die()

    def spoil():
        before_last_step()
        threading.Thread(target=wait, daemon=True).start()

    return spoil


def test_a_training_survives_kill_9(tmp_path, long_straight):
    run = tmp_path / "run"
    killed([*LONG, "--runs", tmp_path], once_there_is(run / "checkpoint.safetensors"))
    assert not (run / "model.safetensors").exists()
    succeed("train", "--resume", run)
    assert train_bytes(run) == train_bytes(long_straight)


def test_ctrl_c_of_the_installed_command_tells_how_to_go_on(tmp_path, long_straight):
    run = tmp_path / "run"
    with started(*endless("grammar-lisa"), *LONG, "--runs", tmp_path) as process:
        wait_for((run / "checkpoint.safetensors").exists, process)
        os.killpg(process.pid, signal.SIGINT)
        result = finish(process)
    assert result.status == 130
    assert f"interrupted: go on with 'grammar-lisa train --resume {run}'" in result.err
    assert "Traceback" not in result.err
    succeed("train", "--resume", run)
    assert train_bytes(run) == train_bytes(long_straight)


def search_words(run):
    return ["bo", "--run", run, "--trials", 2, "--jobs", 1, *TINY_SEARCH]


def records(search):
    return [path.read_bytes() for path in sorted(search.glob("trial-*.jsonl"))]


def at_append(number, part):
    """Die as the nth batch is put on record, with a part of it written."""

    def spoil():
        append, count = History.append, [0]

        def torn(self, evaluations):
            count[0] += 1
            if count[0] < number:
                return append(self, evaluations)
            before = self.path.read_bytes()
            append(self, evaluations)
            new = self.path.read_bytes()[len(before) :]
            self.path.write_bytes(before + new[: int(part * len(new))])
            return die()

        History.append = torn

    return spoil


@pytest.mark.parametrize(("number", "part"), [(1, 0), (1, 0.3), (2, 1), (3, 0), (4, 0.7), (4, 1)])
def test_a_search_killed_as_it_writes_ends_the_same(run, searched, number, part):
    killed(search_words(run), at_append(number, part))
    search = run / "search-001"
    assert records(search) != records(searched[0]) or (number, part) == (4, 1)
    result = succeed("bo", "--resume", search, "--jobs", 1)
    assert records(search) == records(searched[0])
    for name in ("summary.json", "hall_of_fame.csv"):
        assert (search / name).read_bytes() == (searched[0] / name).read_bytes()
    assert "best expressions" in result.out


def test_a_search_killed_before_its_first_write_can_begin_again(run):
    killed(search_words(run), before_write(1))
    refused = run_command("bo", "--resume", run / "search-001")
    assert refused.status == 2
    assert "is no run: it has no config.json" in refused.err
    succeed(*search_words(run), "--name", "search-001")


def test_a_search_killed_as_it_reports_ends_the_same(run, searched):
    killed(search_words(run), before_write(4))
    search = run / "search-001"
    assert records(search) == records(searched[0])
    assert not (search / "summary.json").exists()
    succeed("bo", "--resume", search, "--jobs", 1)
    assert (search / "summary.json").read_bytes() == (searched[0] / "summary.json").read_bytes()


def test_a_finished_search_is_told_again(search, searched):
    before = records(search)
    assert succeed("bo", "--resume", search, "--jobs", 1).out == searched_text(searched)
    assert records(search) == before


def searched_text(searched):
    return succeed("bo", "--resume", searched[0], "--jobs", 1).out


@pytest.mark.parametrize(
    ("line", "fragment"),
    [
        ("nothing", "line 3 is damaged: 'nothing'"),
        ("[]", "line 3 is no evaluation"),
        ('{"round": 1, "sentence": "x"}', "line 3 is no evaluation"),
        ('{"round": 1, "sentence": "x", "score": "low"}', "line 3 is no evaluation"),
        ('{"round": 1, "sentence": "x", "score": NaN}', "line 3 is no evaluation"),
        ('{"round": "1", "sentence": "x", "score": 0.5}', "line 3 is no evaluation"),
        ('{"round": 1, "sentence": "x+y", "score": 0.5}', "not a sentence"),
    ],
)
def test_a_tampered_record_is_refused_and_kept(search, line, fragment):
    path = search / "trial-01.jsonl"
    lines = path.read_text().splitlines()
    lines[2] = line
    path.write_text("\n".join([*lines, ""]))
    before = path.read_bytes()
    refused = run_command("bo", "--resume", search, "--jobs", 1, "--quiet")
    assert refused.status == 2
    assert fragment in refused.err
    assert path.read_bytes() == before


def test_a_record_of_another_search_is_refused(search):
    (search / "trial-01.jsonl").write_bytes((search / "trial-02.jsonl").read_bytes())
    refused = run_command("bo", "--resume", search, "--jobs", 1, "--quiet")
    assert refused.status == 2
    assert "trial-01.jsonl was written by another search" in refused.err


@pytest.mark.parametrize("value", ["{}", '{"format": 1, "tool": "grammar-lisa bo"}', "["])
def test_a_damaged_configuration_of_a_search_is_named(search, value):
    (search / "config.json").write_text(value)
    refused = run_command("bo", "--resume", search)
    assert refused.status == 2
    assert str(search / "config.json") in refused.err


def test_a_search_can_be_moved_with_its_run(search, searched, tmp_path):
    moved = tmp_path / "moved"
    search.parent.rename(moved)
    (moved / search.name / "trial-02.jsonl").unlink()
    succeed("bo", "--resume", moved / search.name, "--jobs", 1)
    assert records(moved / search.name) == records(searched[0])


@pytest.mark.parametrize("words", [("train", "--epochs", 3), ("bo", "--batch", 3)])
def test_options_that_would_be_ignored_are_refused(words):
    refused = run_command(*words, "--resume", "run", "--jobs", 1)
    assert refused.status == 2
    assert f"--resume goes on with the options of its run; leave {words[1]}" in refused.err
