"""`image-lisa report`: a training with all that can be known of it, and several side by side."""

import json
import shutil
from pathlib import Path

import pytest
from browser import chromium as chromium
from browser import opened
from measured_runs import quick_measurements, refusal, succeed, train

from image_lisa.models.names import TOOL
from image_lisa.reports.run_page import run_page
from shared.reports import rendering
from shared.runs.run import open_run


@pytest.fixture(scope="module", autouse=True)
def _quick():
    with quick_measurements():
        yield


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A run that was evaluated and diagnosed; not to be changed."""
    runs = tmp_path_factory.mktemp("runs")
    run = train(runs, "--limit", 100, name="lisa")
    succeed("diagnose", run, "--draws", 40, "--device", "cpu", "--quiet")
    return run


@pytest.fixture
def run(measured, tmp_path):
    """A copy of the run, to be changed at will."""
    return shutil.copytree(measured, tmp_path / "runs" / "lisa")


@pytest.fixture
def bare(monkeypatch):
    """Reports without plotly.js, which is five megabytes."""
    monkeypatch.setattr(rendering, "_plotly", lambda: "")


def written_report(*words):
    """What the report of runs holds."""
    return Path(succeed("report", *words, "--json").json["report"]).read_text(encoding="utf-8")


EVALUATION = {
    "protocol": {"draws": 40, "test": 360},
    "extractor": {"distance": "fcd"},
    "real": {"fcd": 0.5, "kid": 0.01},
    "reconstruction": {"mse": 0.02, "fcd": 0.75},
    "samplers": {"gmm": {"fcd": 1.25, "kid": 0.02, "precision": 0.9}},
    "probes": {"linear": 0.875, "chance": 0.1},
}


def test_a_run_in_a_browser_shows_pictures_and_charts(measured, chromium, tmp_path):
    out = tmp_path / "a.html"
    written_report(measured, "--out", out)
    assert out.stat().st_size < rendering.LARGEST
    with opened(chromium, out) as found:
        page = found.page
        pictures = page.locator("img")
        assert pictures.count() >= 3
        loaded = pictures.evaluate_all("all => all.every((each) => each.naturalWidth > 0)")
        assert loaded
        assert all(pictures.evaluate_all("all => all.map((each) => each.alt)"))
        for chart in ("loss", "spectrum", "radial"):
            page.locator(f"#{chart} .scatterlayer .trace").first.wait_for()
        assert found.wider <= 0
        assert not found.said
        assert not found.asked


def test_what_was_measured_is_told_and_what_was_not_is_said(run, bare):
    content = written_report(run)
    assert f"&#39;{TOOL} evaluate {run}&#39; does" in content
    (run / "evaluation.json").write_text(json.dumps(EVALUATION))
    content = written_report(run)
    for text in ("FD (classifier) ↓", "1.25", "0.875", "40 draws of each sampler against 360"):
        assert text in content
    (run / "diagnosis.json").unlink()
    page = run_page(open_run(run, TOOL))
    said, chart = page.sections[2].blocks
    assert "was not measured" in said.text
    values = chart.spec["data"][0]["y"]
    assert sum(values) == pytest.approx(1, abs=1e-4)
    (run / "codes.safetensors").unlink()
    assert "There are no codes: " in written_report(run)


def test_an_unfinished_run_has_a_report(run, bare):
    for path in run.iterdir():
        if path.name != "config.json":
            path.unlink()
    content = written_report(run)
    for text in ("not known yet", "no pictures yet", "no curves of it"):
        assert text in content


def test_runs_are_compared(run, bare):
    other = shutil.copytree(run, run.with_name("other"))
    record = json.loads((other / "config.json").read_text())
    record["options"]["epochs"] = 7
    (other / "config.json").write_text(json.dumps(record))
    (other / "evaluation.json").write_text(json.dumps(EVALUATION))
    content = written_report(run, other)
    assert (run / "comparison.html").is_file()
    for text in ("The options in which they differ", "other: reconstructions", "epochs", "1.25"):
        assert text in content


def test_a_benchmark_has_a_report_of_its_tables(tmp_path, bare):
    record = {"format": 1, "tool": "image-lisa benchmark", "settings": {}}
    (tmp_path / "config.json").write_text(json.dumps(record))
    (tmp_path / "tables.md").write_text("## Scores\n\n| a | b |\n|---|---|\n| one | 2 |\n")
    content = written_report(tmp_path)
    assert "Scores" in content
    assert '<td class="number">2</td>' in content


def test_what_is_no_run_is_refused(tmp_path, measured):
    assert "there is no file or folder" in refusal("report", tmp_path / "none")


def test_a_report_goes_where_it_is_told(tmp_path, measured):
    place = tmp_path / "a" / "b.html"
    succeed("report", measured, "--out", place)
    assert "is there already" in refusal("report", measured, "--out", place)
    assert place.stat().st_size > 1000
