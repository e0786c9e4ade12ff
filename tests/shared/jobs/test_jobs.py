"""Jobs are done once, and what becomes of each is kept by the process that waits for it."""

import json
from dataclasses import dataclass

import pytest
import torch

from shared.jobs.backends import HERE, Lost, Processes
from shared.jobs.jobs import FileJob, Job, failures, run_jobs


@dataclass(frozen=True)
class Root(FileJob[float]):
    """A root plus what all share."""

    number: float

    @property
    def name(self):
        return self.path.stem

    def do(self, context, threads):
        if self.number < 0:
            raise ValueError(f"no root of {self.number}")
        return {"root": self.number**0.5 + context, "threads": threads}


class Unread(Root):
    """A job that reads a folder which its machine does not see."""

    @property
    def folder(self):
        return self.path.parent / "files"


@dataclass(frozen=True)
class Deadly(Processes):
    """A backend whose first call kills every process that tries it."""

    def calls(self, function, shared, arguments):
        yield 0, Lost("killed twice")
        for place, result in super().calls(function, shared, arguments[1:]):
            yield place + 1, result


def do(*jobs, backend=HERE, **options):
    told = []
    run_jobs(jobs, 1.0, backend, on_end=lambda *said: told.append(said), **options)
    return [(job.name, failure, progress.done, progress.total) for job, failure, progress in told]


def test_what_a_job_returns_is_its_file_and_is_not_made_again(tmp_path):
    job = Root(tmp_path / "trials" / "four.json", 4.0)
    assert not job.done
    assert do(job) == [("four", "", 1, 1)]
    assert json.loads(job.path.read_text()) == {"root": 3.0, "threads": 1}
    assert do(job, Root(tmp_path / "nine.json", 9.0)) == [("nine", "", 1, 1)]


def test_what_fails_says_why_until_it_succeeds(tmp_path):
    bad, good = Root(tmp_path / "a" / "one.json", -1.0), Root(tmp_path / "two.json", 4.0)
    why = "ValueError: no root of -1.0"
    assert do(bad, good) == [("one", why, 1, 2), ("two", "", 2, 2)]
    assert failures(tmp_path) == {"a/one": why}
    assert not bad.done
    assert do(Root(bad.path, 1.0)) == [("one", "", 1, 1)]
    assert failures(tmp_path) == {}


def test_a_job_whose_processes_die_is_reported_and_the_others_are_kept(tmp_path):
    jobs = [Root(tmp_path / f"{n}.json", float(n)) for n in range(3)]
    assert do(*jobs, backend=Deadly())[0] == ("0", "killed twice", 1, 3)
    assert [job.done for job in jobs] == [False, True, True]
    assert failures(tmp_path) == {"0": "killed twice"}


def test_the_folder_that_a_job_works_in_is_made(tmp_path):
    job = Unread(tmp_path / "run.json", 4.0)
    run_jobs([job], 1.0, HERE)
    assert job.folder.is_dir()


def test_a_machine_that_does_not_see_the_folder_fails_the_job(tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.mkdir", lambda *_, **__: None)
    ((_, failure, *_),) = do(Unread(tmp_path / "run.json", 4.0))
    assert "sees no folder" in failure


@pytest.mark.parametrize(("threads", "expected"), [(2, 2), (None, 3)])
def test_a_job_is_told_its_threads(tmp_path, threads, expected, monkeypatch):
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        job = Root(tmp_path / "four.json", 4.0)
        do(job, threads=threads)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert json.loads(job.path.read_text())["threads"] == expected


def test_a_job_that_returns_nothing_leaves_its_files_itself(tmp_path):
    class Silent(Root):
        def do(self, context, threads):
            self.path.touch()

    assert do(Silent(tmp_path / "x.json", 1.0)) == [("x", "", 1, 1)]
    assert (tmp_path / "x.json").read_text() == ""
    with pytest.raises(NotImplementedError):
        Job.keep(Silent(tmp_path / "x.json", 1.0), {})
