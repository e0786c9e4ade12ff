"""One process at a time in a folder."""

import signal
import subprocess
import sys

import pytest

from shared.common.errors import LisaError
from shared.runs.locks import working_in

HOLDER = """
import sys, time
from pathlib import Path
from shared.runs.locks import working_in
with working_in(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


@pytest.fixture
def holder(folder):
    """Another process that works in the folder."""
    command = [sys.executable, "-c", HOLDER, str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_folder_that_another_process_works_in_is_refused(folder, holder):
    with pytest.raises(LisaError, match=r"another process is working in .*run; wait"):
        working_in(folder).__enter__()
    holder.communicate("")
    with working_in(folder):
        pass


def test_a_killed_process_lets_go(folder, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with working_in(folder):
        pass


def test_nothing_is_left_behind_even_by_an_error(folder):
    with pytest.raises(StopIteration), working_in(folder):
        next(iter(()))
    assert list(folder.parent.iterdir()) == [folder]
    assert list(folder.iterdir()) == []


def test_other_folders_are_free_and_a_folder_has_one_lock_by_every_name(
    folder, holder, monkeypatch
):
    other = folder.with_name("other")
    other.mkdir()
    with working_in(other):
        pass
    monkeypatch.chdir(folder)
    with pytest.raises(LisaError, match="another process"):
        working_in(folder / ".").__enter__()


def test_a_lock_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LisaError, match=r"cannot write .*file/\.run\.lock: "):
        working_in(tmp_path / "file" / "run").__enter__()


def test_a_place_where_nothing_can_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with (
        pytest.raises(LisaError, match=r"cannot write .*\.run\.lock"),
        working_in(tmp_path / "file" / "run"),
    ):
        pass
