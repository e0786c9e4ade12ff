"""One benchmark by one process, two, Dask and Ray: the same results, also when workers die."""

import json
import threading
import time

import psutil
import pytest
from clusters import dask_address as dask_address
from clusters import ray_address as ray_address
from command_line import EXPR, TOOL, succeed

WHERE = ["processes", *(pytest.param(name, marks=pytest.mark.slow) for name in ("dask", "ray"))]
SECONDS = {"seconds", "cpu_seconds", "seconds_found"}
REGRESSION = [
    *("benchmark", "regression", "--suite", "nguyen", "--problems", "nguyen-8"),
    *("--time", "100s", "--trials", 2),
]
SEARCHES = [
    *("benchmark", "latent-bo", "--protocol", "withheld", "--grammar", EXPR),
    *("--systems", "lisa+pool=300,structure+pool=300", "--epochs", 1, "--budget", 20),
    *("--batch", 5, "--n-initial", 30, "--trials", 2),
]
FOLDER = "latent-bo-withheld"


@pytest.fixture(params=WHERE)
def where(request):
    """The options that send jobs to two workers of each kind."""
    if request.param == "processes":
        return ["--jobs", 2]
    address = request.getfixturevalue(f"{request.param}_address")
    return ["--backend", request.param, "--address", address]


def results(folder):
    """What every trial found, and all weights that were learnt, by their files."""
    weights = {path: path.read_bytes() for path in folder.rglob("*.safetensors")}
    histories = {path: path.read_bytes() for path in folder.rglob("trial-*.jsonl")}
    trials = {path: untimed(path) for path in (folder / "trials").rglob("*.json")}
    found = weights | histories | trials
    return {path.relative_to(folder): content for path, content in found.items()}


def untimed(path):
    return {n: v for n, v in json.loads(path.read_text()).items() if n not in SECONDS}


@pytest.fixture(scope="module")
def formulas(tmp_path_factory):
    out = tmp_path_factory.mktemp("alone")
    succeed(*REGRESSION, "--jobs", 1, "--out", out)
    return results(out / "regression-nguyen")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The option that names a file of 300 sentences."""
    path = tmp_path_factory.mktemp("lines") / "lines.txt"
    drawn = succeed("sample", EXPR, "-n", 300, "--max-rules", 12, "--seed", 1)
    path.write_text(drawn.out, encoding="utf-8")
    return ["--data", path]


@pytest.fixture(scope="module")
def searches(tmp_path_factory, data):
    out = tmp_path_factory.mktemp("alone")
    succeed(*SEARCHES, *data, "--jobs", 1, "--out", out)
    return results(out / FOLDER)


def test_formulas_are_the_same(where, formulas, tmp_path):
    assert succeed(*REGRESSION, *where, "--out", tmp_path, "--json").json["failed"] == {}
    assert len(formulas) == 2
    assert results(tmp_path / "regression-nguyen") == formulas


def workers_of(where):
    """The processes below this one that jobs are done by."""
    below = {each: " ".join(each.cmdline()) for each in psutil.Process().children(recursive=True)}
    if "ray" in where:
        return [each for each, words in below.items() if words.startswith("ray::_call")]
    sign = "spawn_main" if "dask" in where else "popen_loky"
    return [each for each, words in below.items() if sign in words]


@pytest.mark.slow
def test_searches_are_the_same_though_all_workers_are_killed(where, data, searches, tmp_path):
    killed = []

    def kill():
        folder = tmp_path / FOLDER / "trials"
        while not any(len(path.read_text().splitlines()) > 6 for path in folder.rglob("*.jsonl")):
            time.sleep(0.01)
        killed.extend(workers_of(where))
        for each in killed:
            each.kill()

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    said = succeed(*SEARCHES, *data, *where, "--out", tmp_path, "--json")
    thread.join()
    assert len(killed) >= 2
    assert said.json["failed"] == {}
    assert len([path for path in searches if path.parts[0] == "trials"]) == 4 + 4
    assert results(tmp_path / FOLDER) == searches


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--address", "here:1"], "--address here:1 is that of a cluster; say which: --backend"),
        (["--backend", "dask"], "--backend dask needs the cluster's --address"),
        (["--backend", "ray", "--address", "127.0.0.1:1"], "no Ray cluster answers there"),
        (["--backend", "dask", "--address", "tcp://127.0.0.1:1"], "no Dask scheduler answers"),
    ],
)
def test_what_cannot_be_reached_is_refused_before_any_work(more, message, tmp_path):
    for words in (REGRESSION, SEARCHES):
        assert message in TOOL.refusal(*words, *more, "--out", tmp_path / "out")
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("name", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_a_backend_that_is_not_installed_names_the_extra(name, package, monkeypatch, tmp_path):
    monkeypatch.setattr("shared.common.extras.find_spec", lambda name: None)
    said = TOOL.refusal(*REGRESSION, "--backend", name, "--address", "h:1", "--out", tmp_path)
    assert f"{package} is not installed; get it with: pip install 'lisa-toolkit[{name}]'" in said
