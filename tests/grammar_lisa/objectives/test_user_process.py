"""How the process of a user's function begins, or why it does not."""

import subprocess

import pytest

from grammar_lisa.objectives import user_process
from grammar_lisa.objectives.user_process import Worker
from shared.common.errors import LisaError


def processes_of(monkeypatch):
    """The processes that are started from now on."""
    started, start = [], subprocess.Popen

    def noted(*words, **options):
        started.append(start(*words, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", noted)
    return started


def test_a_folder_that_is_gone_is_named(tmp_path):
    place = tmp_path / "gone"
    with pytest.raises(LisaError, match=f"'score:loss': its process cannot be started in {place}"):
        Worker("score:loss", str(place))


def test_a_module_that_imports_for_ever_is_ended(tmp_path, monkeypatch):
    (tmp_path / "score.py").write_text("import time; time.sleep(600)")
    monkeypatch.setattr(user_process, "_START_SECONDS", 0.1)
    started = processes_of(monkeypatch)
    with pytest.raises(LisaError, match=r"its module is still importing after 0\.1 s; move long"):
        Worker("score:loss", str(tmp_path))
    assert started[0].returncode is not None


def test_ctrl_c_while_a_module_is_imported_leaves_no_process(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Worker, "ask", interrupted)
    started = processes_of(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        Worker("score:loss", str(tmp_path))
    assert started[0].returncode is not None
