"""Calls by processes, a real Dask and a real Ray: the same results, whatever dies."""

import dataclasses
import os
import signal
import threading
import time
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
import small_calls
import torch
from clusters import dask_address as dask_address
from clusters import ray_address as ray_address
from distributed import LocalCluster

from shared.common.errors import LisaError
from shared.jobs.backends import HERE, Lost, Processes, check_sees
from shared.jobs.clusters import check_versions
from shared.jobs.dask_cluster import dask_cluster
from shared.jobs.ray_cluster import ray_cluster

CONNECT = {"dask": dask_cluster, "ray": ray_cluster}


@pytest.fixture(
    params=["processes", *(pytest.param(name, marks=pytest.mark.slow) for name in CONNECT)]
)
def backend(request):
    """Two workers of each kind."""
    if request.param == "processes":
        yield Processes(2)
        return
    with CONNECT[request.param](request.getfixturevalue(f"{request.param}_address"), None) as made:
        yield made


def results(backend, function, arguments, shared=1):
    return dict(backend.calls(function, shared, arguments))


def collect(ended, found):
    for each in ended:
        found.append(each)


def wait_until(condition):
    while not condition():
        time.sleep(0.01)


def runs(pid):
    """Whether a process is there, and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_each_call_has_its_result(backend, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    numbers = [(number,) for number in range(7)]
    assert results(backend, small_calls.squared, numbers) == {n: n * n + 1 for n in range(7)}
    assert results(backend, small_calls.squared, []) == {}
    assert results(backend, small_calls.where, [()]) == {0: tmp_path}


def test_a_call_whose_worker_is_killed_is_tried_again(backend, tmp_path):
    found = results(backend, small_calls.dying, [(3, tmp_path), (4,), (5,)])
    assert found == {0: 10, 1: 17, 2: 26}
    assert len(list(tmp_path.iterdir())) == 2


def test_a_call_that_kills_every_worker_costs_no_other(backend, tmp_path):
    found = results(backend, small_calls.dying, [(3, tmp_path, 99), (4,), (5,)])
    lost = found.pop(0)
    assert found == {1: 17, 2: 26}
    assert isinstance(lost, Lost)
    assert "killed" in lost.reason


def test_ctrl_c_ends_what_runs_and_begins_nothing(backend, tmp_path):
    def begun():
        return list(tmp_path.iterdir())

    def press():
        wait_until(lambda: found and len(begun()) == 2)
        os.kill(os.getpid(), signal.SIGINT)

    calls, found = [(3, tmp_path), *[(0, tmp_path)] * 4], []
    ended = backend.calls(small_calls.endless, 1, calls)
    thread = threading.Thread(target=press, daemon=True)
    thread.start()
    with pytest.raises(KeyboardInterrupt), closing(ended):
        collect(ended, found)
    thread.join()
    assert found == [(0, 10)]
    wait_until(lambda: not any(runs(path.name) for path in begun()))
    assert len(begun()) == 2


def test_no_more_calls_are_made_at_a_time_than_asked_for(backend, tmp_path):
    one = dataclasses.replace(backend, jobs=1)
    assert len(results(one, small_calls.alone, [(tmp_path,)] * 4)) == 4


def test_a_bug_ends_all(backend):
    with pytest.raises(TypeError, match="a bug"):
        results(backend, small_calls.broken, [()])


@pytest.mark.parametrize("name", CONNECT)
@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere"])
def test_an_address_where_nothing_answers_is_refused(name, address):
    with (
        pytest.raises(LisaError, match=rf"--address {address}: no \w+ \w+ answers there"),
        CONNECT[name](address, None),
    ):
        raise AssertionError("it was not refused")


@pytest.mark.parametrize(
    ("theirs", "said"),
    [("99.0", "lisa-toolkit 99.0"), (PackageNotFoundError("lisa-toolkit"), "no lisa-toolkit")],
)
def test_workers_of_another_version_are_refused(theirs, said):
    ours = version("lisa-toolkit")
    check_versions({"here": ours})
    with pytest.raises(LisaError, match=rf"worker there has {said}, and this machine has {ours}"):
        check_versions({"here": ours, "there": theirs})


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
