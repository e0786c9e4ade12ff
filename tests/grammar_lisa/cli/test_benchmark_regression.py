import csv
import json

import pytest
from command_line import TOOL, succeed

from grammar_lisa.cli.options.benchmark_regression import Options
from shared.common.errors import LisaError


def words(out, *more):
    return [
        *("benchmark", "regression", "--suite", "nguyen", "--problems", "nguyen-1,nguyen-8"),
        *("--time", "10s", "--jobs", 1, "--out", out, *more),
    ]


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Two problems, one seed; not to be changed."""
    out = tmp_path_factory.mktemp("benchmarks")
    return out, succeed(*words(out, "--trials", 1, "--json"))


def test_tables_are_left(compared):
    out, result = compared
    path = out / "regression-nguyen"
    (row,) = result.json["table"]
    assert row["system"] == "lisa"
    assert row["problems"] == row["trials"] == 2
    assert row["solved"] == 1
    assert result.json["failed"] == {}
    table = (path / "regression.md").read_text()
    assert "| 0.0 | lisa | 2 | 100.0 % | 2/2 |" in table
    assert "| nguyen-8 | 0.0 | 1/1 |" in table
    (kept,) = csv.DictReader((path / "regression.csv").read_text().splitlines())
    assert float(kept["solved"]) == 1
    results = json.loads((path / "results.json").read_text())
    assert {each["problem"] for each in results["trials"]} == {"nguyen-1", "nguyen-8"}
    assert results["settings"]["processor_seconds"] == 10.0
    assert "versions" in results["environment"] or results["environment"]


def test_what_is_done_is_not_done_again_and_noise_is_added(compared):
    out, _ = compared
    kept = {path: path.stat().st_mtime_ns for path in out.rglob("noise-0/*-01.json")}
    assert len(kept) == 2
    more = ["--problems", "nguyen-8", "--noise", "0,1e-15", "--trials", 1, "--json"]
    found = succeed(*words(out, *more)).json["table"]
    assert {row["noise"]: row["trials"] for row in found} == {0.0: 2, 1e-15: 1}
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_other_settings_are_refused(compared):
    refusal = TOOL.refusal(*words(compared[0], "--seed", 1))
    assert "seed 0 → 1" in " ".join(refusal.split())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--noise", "-1"], "--noise must be from 0 to 10, not -1"),
        (["--time", "soon"], "--time must be seconds"),
        (["--time", "0"], "--time must be above 0"),
        (["--trials", "0"], "--trials"),
        (["--peers", "gplern"], "gplern"),
        (["--systems", ","], "name a system"),
        (["--problems", "nguyen-99"], "nguyen-99 is none of this suite"),
        (["--suite", "feynman"], "name it with --data FILE"),
    ],
)
def test_unfit_options_are_refused(tmp_path, more, message):
    refusal = TOOL.refusal(*words(tmp_path, *more))
    assert message in " ".join(refusal.split())
    assert list(tmp_path.iterdir()) == []


def test_systems_are_ours_and_the_peers():
    options = Options(suite="nguyen", peers=("gplearn", "pyoperon"))
    assert options.all_systems == ("lisa", "gplearn", "pyoperon")
    with pytest.raises(LisaError):
        Options(suite="nguyen", systems=()).check()
