"""A Dask cluster and a Ray cluster of this machine, with two workers each, started by a test."""

import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from tools import environment, finish, started

ALLOWED = "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES"
DASK = """
import sys
from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", local_directory=sys.argv[1]
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""
RAY = """
import sys
import ray

context = ray.init(
    num_cpus=2, include_dashboard=False, log_to_driver=False, _temp_dir=sys.argv[1],
    object_store_memory=100 * 2**20,
)
print(context.address_info["gcs_address"], flush=True)
sys.stdin.read()
ray.shutdown()
"""


@contextmanager
def _cluster(script, folder):
    """The address of a cluster that a script starts, and ends when its input does."""
    quiet = environment() | {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "disabled",
        ALLOWED: "1",
    }
    path = folder / "cluster.py"
    path.write_text(script)
    with started(
        sys.executable, path, folder, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env=quiet
    ) as process:
        address = process.stdout.readline().strip()
        assert address
        yield address
        finish(process)


@pytest.fixture
def dask_address(tmp_path_factory):
    """The scheduler of two Dask workers, new for each test."""
    with _cluster(DASK, tmp_path_factory.mktemp("dask")) as address:
        yield address


@pytest.fixture(scope="module")
def ray_address():
    """The head of a Ray cluster with two processors."""
    # Paths of sockets must be short.
    with (
        tempfile.TemporaryDirectory(prefix="ray-") as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("RAY_AUTH_MODE", "disabled")
        with _cluster(RAY, Path(folder)) as address:
            yield address
