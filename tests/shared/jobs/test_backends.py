"""Calls by processes, a real Dask and a real Ray: the same results, whatever dies."""

import os
import signal
import threading
import time
from contextlib import closing, nullcontext
from pathlib import Path

import pytest
import small_calls
import torch
from clusters import dask_address as dask_address
from clusters import ray_address as ray_address
from distributed import LocalCluster

from shared.common.errors import LisaError
from shared.jobs import clusters
from shared.jobs.backends import HERE, Lost, Processes, check_sees
from shared.jobs.dask_cluster import dask_cluster
from shared.jobs.ray_cluster import ray_cluster

CONNECT = {"dask": dask_cluster, "ray": ray_cluster}


@pytest.fixture(params=["processes", *CONNECT])
def open_backend(request):
    """Opens two workers of each kind."""
    if request.param == "processes":
        return lambda jobs=2: nullcontext(Processes(jobs))
    address = request.getfixturevalue(f"{request.param}_address")
    return lambda jobs=None: CONNECT[request.param](address, jobs)


def results(backend, function, arguments, shared=1):
    return dict(backend.calls(function, shared, arguments))


def wait_until(condition):
    while not condition():
        time.sleep(0.01)


def runs(pid):
    """Whether a process is there, and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_each_call_has_its_result(open_backend, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    numbers = [(number,) for number in range(7)]
    with open_backend() as backend:
        assert results(backend, small_calls.squared, numbers) == {n: n * n + 1 for n in range(7)}
        assert results(backend, small_calls.squared, []) == {}
        assert results(backend, small_calls.where, [()]) == {0: tmp_path}


def test_a_call_whose_worker_is_killed_is_tried_again(open_backend, tmp_path):
    with open_backend() as backend:
        found = results(backend, small_calls.dying, [(3, tmp_path), (4,), (5,)])
    assert found == {0: 10, 1: 17, 2: 26}
    assert len(list(tmp_path.iterdir())) == 2


def test_a_call_that_kills_every_worker_costs_no_other(open_backend, tmp_path):
    with open_backend() as backend:
        found = results(backend, small_calls.dying, [(3, tmp_path, 99), (4,), (5,)])
    lost = found.pop(0)
    assert found == {1: 17, 2: 26}
    assert isinstance(lost, Lost)
    assert "killed" in lost.reason


def test_ctrl_c_ends_what_runs_and_begins_nothing(open_backend, tmp_path):
    def begun():
        return list(tmp_path.iterdir())

    def press():
        wait_until(lambda: len(begun()) == 2)
        os.kill(os.getpid(), signal.SIGINT)

    calls, found = [(3, tmp_path), *[(0, tmp_path)] * 4], []
    with open_backend() as backend:
        ended = backend.calls(small_calls.endless, 1, calls)
        thread = threading.Thread(target=press, daemon=True)
        thread.start()
        with pytest.raises(KeyboardInterrupt), closing(ended):
            found.extend(ended)
        thread.join()
    assert found == [(0, 10)]
    wait_until(lambda: not any(runs(path.name) for path in begun()))
    assert len(begun()) == 2


def test_no_more_calls_are_made_at_a_time_than_asked_for(open_backend, tmp_path):
    with open_backend(jobs=1) as backend:
        assert len(results(backend, small_calls.alone, [(tmp_path,)] * 4)) == 4


def test_a_bug_ends_all(open_backend):
    with pytest.raises(TypeError, match="a bug"), open_backend() as backend:
        results(backend, small_calls.broken, [()])


@pytest.mark.parametrize("name", CONNECT)
@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere"])
def test_an_address_where_nothing_answers_is_refused(name, address):
    with (
        pytest.raises(LisaError, match=rf"--address {address}: no \w+ \w+ answers there"),
        CONNECT[name](address, None),
    ):
        raise AssertionError("it was not refused")


@pytest.mark.parametrize("name", CONNECT)
def test_workers_of_another_version_are_refused(name, request, monkeypatch):
    monkeypatch.setattr(clusters, "version", lambda name: "99.0")
    address = request.getfixturevalue(f"{name}_address")
    with (
        pytest.raises(LisaError, match=r"has lisa-toolkit \S+, and this machine has 99.0"),
        CONNECT[name](address, None),
    ):
        raise AssertionError("they were not refused")


def test_a_dask_worker_that_is_no_process_of_its_own_is_refused(tmp_path):
    how = {"processes": False, "protocol": "tcp", "dashboard_address": ":0"}
    with (
        LocalCluster(1, threads_per_worker=3, local_directory=tmp_path, **how) as cluster,
        pytest.raises(LisaError, match=r"has 3 threads and no nanny; .* --nthreads 1"),
        dask_cluster(cluster.scheduler_address, None),
    ):
        raise AssertionError("it was not refused")


def test_one_process_is_this_one():
    assert results(HERE, small_calls.process, [(), ()]) == {0: os.getpid(), 1: os.getpid()}
    apart = results(Processes(1, apart=True), small_calls.process, [()])
    assert apart[0] != os.getpid()


def test_processes_share_the_threads_of_this_one(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    assert [Processes(jobs).threads(3) for jobs in (1, 2, 3, 16)] == [8, 4, 2, 2]


def test_a_machine_without_the_folder_is_told(tmp_path):
    check_sees(None)
    check_sees(tmp_path)
    with pytest.raises(LisaError, match=r"sees no folder .*absent: it must lie on a disk"):
        check_sees(tmp_path / "absent")
