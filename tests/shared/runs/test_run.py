"""Run folders: made, refused, found."""

import errno
import json
import math
import os

import pytest
import torch

from shared.common.errors import LisaError
from shared.runs.locks import working_in
from shared.runs.run import (
    CONFIG,
    FORMAT,
    METRICS,
    MODEL,
    beginning_run,
    create_run,
    list_runs,
    newest_run,
    next_run_path,
    open_run,
)

TOOL = "some-tool"


def config(created="2026-01-01", tool=TOOL, **values):
    return {"tool": tool, "version": "0.1.0", "created": created, **values}


def finish(run):
    run.write_tensors(MODEL, {"x": torch.ones(1)}, {})
    return run


def test_a_run_is_made_and_opened(tmp_path):
    path = tmp_path / "runs" / "deep" / "one"
    made = create_run(path, config(options={"dim": 3}))
    opened = open_run(path, TOOL)
    assert opened == made
    assert opened.config == {"format": FORMAT, **config(options={"dim": 3})}
    assert not opened.finished
    assert finish(made).finished
    assert opened.finished


def test_an_empty_folder_may_become_a_run(tmp_path):
    create_run(tmp_path, config())
    assert open_run(tmp_path, TOOL).config["tool"] == TOOL


def test_a_run_is_replaced_only_when_asked(tmp_path):
    path = tmp_path / "one"
    finish(create_run(path, config(number=1)))
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    with pytest.raises(LisaError, match=r"holds a run already; .*--resume.*--overwrite.*--name"):
        create_run(path, config(number=2))
    assert {file.name: file.read_bytes() for file in path.iterdir()} == before
    replaced = create_run(path, config(number=2), overwrite=True)
    assert [file.name for file in path.iterdir()] == [CONFIG]
    assert not replaced.finished
    assert open_run(path, TOOL).config["number"] == 2


def test_a_run_that_another_process_trains_is_not_replaced(tmp_path):
    path = tmp_path / "run"
    create_run(path, config(number=1))
    with working_in(path), pytest.raises(LisaError, match="another process is working in"):
        create_run(path, config(number=2), overwrite=True)
    assert open_run(path, TOOL).config["number"] == 1


def test_a_run_that_cannot_be_replaced_comes_back(tmp_path, monkeypatch):
    path = tmp_path / "run"
    create_run(path, config(number=1)).write_text("kept.txt", "kept")
    before = {each: each.read_bytes() for each in path.iterdir()}

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(LisaError, match="No space left on device; what was there is unchanged"):
            create_run(path, config(number=2), overwrite=True)
    assert {each: each.read_bytes() for each in path.iterdir()} == before
    assert list(tmp_path.iterdir()) == [path]
    assert create_run(path, config(number=2), overwrite=True).config["number"] == 2
    assert [each.name for each in path.iterdir()] == ["config.json"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_run_is_kept_to_one_process_until_it_has_begun(tmp_path):
    with beginning_run(tmp_path / "run", config()) as run:
        with pytest.raises(LisaError, match="another process is working in"):
            create_run(tmp_path / "run", config(), overwrite=True)
        run.write_text("kept.txt", "kept")
    assert (open_run(tmp_path / "run", TOOL).path / "kept.txt").is_file()


@pytest.mark.parametrize("keeps", [False, True])
def test_what_is_begun_and_fails_goes_unless_it_is_to_stay(tmp_path, keeps):
    path = tmp_path / "run"
    create_run(path, config(number=1))
    begun = beginning_run(path, config(number=2), overwrite=True, keeps=lambda: keeps)
    with pytest.raises(ZeroDivisionError), begun:
        raise ZeroDivisionError
    assert open_run(path, TOOL).config["number"] == (2 if keeps else 1)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    "files",
    [
        {"thesis.tex": "years of work"},
        {CONFIG: '{"model_type": "bert"}', "weights.bin": "x"},
        {CONFIG: '{"tool": "other-tool", "format": 1}'},
        {CONFIG: '{"tool": "some-tool"}'},
        {CONFIG: "[1]"},
        {CONFIG: "{"},
    ],
)
def test_a_folder_that_is_no_run_is_never_touched(tmp_path, files, overwrite):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(LisaError, match="holds other files and no run of some-tool"):
        create_run(tmp_path, config(), overwrite=overwrite)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == files


def test_places_where_no_folder_can_be(tmp_path):
    file = tmp_path / "file"
    file.write_text("text")
    with pytest.raises(LisaError, match="is a file; name a folder"):
        create_run(file, config())
    with pytest.raises(LisaError, match="cannot make the folder"):
        create_run(file / "run", config())
    assert file.read_text() == "text"


def test_what_is_no_run_is_not_opened(tmp_path):
    with pytest.raises(LisaError, match=r"there is no run at .*none.* holds no runs of some-tool"):
        open_run(tmp_path / "none", TOOL)
    create_run(tmp_path / "one", config())
    with pytest.raises(LisaError, match=r"there is no run at .*none.* holds .*one"):
        open_run(tmp_path / "none", TOOL)
    (tmp_path / "empty").mkdir()
    with pytest.raises(LisaError, match=r"no run: it has no config\.json"):
        open_run(tmp_path / "empty", TOOL)
    for text, words in [
        ("{", "not valid JSON"),
        ("[]", "describe a run"),
        ("{}", "names no format"),
        ('{"tool": "some-tool"}', "names no format"),
    ]:
        (tmp_path / "empty" / CONFIG).write_text(text)
        with pytest.raises(LisaError, match=words):
            open_run(tmp_path / "empty", TOOL)


def test_a_run_of_another_tool_or_version_is_named(tmp_path):
    create_run(tmp_path / "other", config(tool="other-tool"))
    with pytest.raises(LisaError, match="is a run of other-tool, not of some-tool"):
        open_run(tmp_path / "other", TOOL)
    create_run(tmp_path / "old", {**config(), "format": 99, "version": "7.8.9"})
    with pytest.raises(LisaError) as caught:
        open_run(tmp_path / "old", TOOL)
    for word in ("format 99", "7.8.9", f"format {FORMAT}"):
        assert word in str(caught.value)


def test_runs_are_listed_by_age_and_damaged_ones_are_passed_over(tmp_path):
    create_run(tmp_path / "c", config("2026-01-01"))
    create_run(tmp_path / "a", config("2026-01-03"))
    create_run(tmp_path / "b", config("2026-01-02"))
    create_run(tmp_path / "x", config("2026-01-04", tool="other-tool"))
    for name, text in [("bad", "{"), ("list", "[]"), ("text", '"tool"'), ("latin", "\xff")]:
        (tmp_path / name).mkdir()
        (tmp_path / name / CONFIG).write_text(text, encoding="latin-1")
    (tmp_path / "folder" / CONFIG).mkdir(parents=True)
    (tmp_path / "file").write_text("")
    assert list_runs(tmp_path, TOOL) == [tmp_path / name for name in "cba"]
    assert list_runs(tmp_path / "none", TOOL) == []


def test_the_newest_finished_run_is_found(tmp_path):
    with pytest.raises(LisaError, match=r"no finished run in .*; train one with 'some-tool train'"):
        newest_run(tmp_path, TOOL)
    finish(create_run(tmp_path / "b", config("2026-01-01")))
    finish(create_run(tmp_path / "a", config("2026-01-02")))
    create_run(tmp_path / "c", config("2026-01-03"))
    finish(create_run(tmp_path / "d", config("2026-01-04", tool="other-tool")))
    assert newest_run(tmp_path, TOOL).path == tmp_path / "a"


def test_the_next_free_name_is_taken(tmp_path):
    assert next_run_path(tmp_path, "expr") == tmp_path / "expr-001"
    create_run(tmp_path / "expr-001", config())
    (tmp_path / "expr-003").mkdir()
    assert next_run_path(tmp_path, "expr") == tmp_path / "expr-002"
    (tmp_path / "expr-002").write_text("")
    assert next_run_path(tmp_path, "expr") == tmp_path / "expr-004"
    assert next_run_path(tmp_path, "other") == tmp_path / "other-001"


def test_metrics_round_trip(tmp_path):
    run = create_run(tmp_path / "one", config())
    assert run.read_metrics() == []
    rows = [
        {"epoch": 1.0, "loss": 0.1 + 0.2},
        {"epoch": 2.0, "loss": 1e-300, "valid, odd": -math.inf},
    ]
    run.write_metrics(rows)
    assert run.read_metrics() == rows
    assert (run.path / METRICS).read_text().splitlines()[0] == 'epoch,loss,"valid, odd"'
    run.write_metrics(rows[:1])
    assert run.read_metrics() == rows[:1]


@pytest.mark.parametrize("text", ["a,b\n1,x\n", "a\n1,2\n", "a\n\0\n", "a\n\xff\n"])
def test_damaged_metrics_are_an_error(tmp_path, text):
    run = create_run(tmp_path / "one", config())
    (run.path / METRICS).write_text(text, encoding="latin-1")
    with pytest.raises(LisaError, match=r"metrics\.csv is no table of metrics"):
        run.read_metrics()


def test_files_of_a_run(tmp_path):
    run = create_run(tmp_path / "one", config())
    run.write_text("a.txt", "größer\n")
    assert (run.path / "a.txt").read_bytes() == "größer\n".encode()
    run.write_json("a.json", {"x": [1, None]})
    assert run.read_json("a.json") == json.loads((run.path / "a.json").read_text())
    run.write_tensors("a.safetensors", {"x": torch.ones(2)}, {"n": 1})
    found, record = run.read_tensors("a.safetensors")
    assert found["x"].tolist() == [1, 1]
    assert record == {"n": 1}
    with pytest.raises(LisaError):
        run.read_json("none.json")
    with pytest.raises(LisaError):
        run.read_tensors("none.safetensors")
