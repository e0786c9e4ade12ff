"""What a result was made with."""

import subprocess

import pytest
import torch

from shared.runs import environment
from shared.runs.environment import commit_of


def git(folder, *words):
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def checkout(tmp_path):
    (tmp_path / "code.py").write_text("one")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "table.md").write_text("1")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path / "code.py"


def test_the_record_names_versions_and_threads():
    record = environment.environment()
    assert record["versions"]["torch"] == torch.__version__
    assert record["threads"] == torch.get_num_threads()


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["/a/bin/image-lisa", "sweep", "--grid", "x=1,2"], "image-lisa sweep --grid x=1,2"),
        (["/a/image_lisa/__main__.py", "info"], "python -m image_lisa info"),
        (["/bin/image-lisa", "--name", "two words"], "image-lisa --name 'two words'"),
    ],
)
def test_the_command_can_be_typed_again(monkeypatch, words, command):
    monkeypatch.setattr("sys.argv", words)
    assert environment.environment()["command"] == command


def test_the_commit_is_that_of_the_checkout(tmp_path):
    file = checkout(tmp_path)
    assert commit_of(file) == git(tmp_path, "rev-parse", "--short=12", "HEAD")


def test_changed_code_is_told_but_changed_results_are_not(tmp_path):
    file = checkout(tmp_path)
    (tmp_path / "results" / "table.md").write_text("2")
    assert not commit_of(file).endswith("-dirty")
    file.write_text("two")
    assert commit_of(file).endswith("-dirty")


def test_a_file_that_git_does_not_track_has_no_commit(tmp_path):
    checkout(tmp_path)
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (installed / "code.py").write_text("one")
    assert commit_of(installed / "code.py") is None


def test_without_git_there_is_no_commit(tmp_path, monkeypatch):
    file = checkout(tmp_path)
    monkeypatch.setenv("PATH", "")
    assert commit_of(file) is None
