"""`grammar-lisa report`: trainings, searches, fits, and several side by side."""

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from browser import chromium as chromium
from browser import opened
from command_line import TOOL, succeed
from small_tables import PLAIN, written
from tools import edit

from grammar_lisa.optimize.history import Evaluation, best_so_far
from grammar_lisa.reports.recorded_search import RecordedSearch
from grammar_lisa.reports.search_map import best_of_rounds
from grammar_lisa.reports.search_page import search_page
from grammar_lisa.reports.training_page import training_page
from grammar_lisa.reports.writing import open_run_of_any_kind
from shared.reports import rendering
from shared.runs.run import open_run

refusal = TOOL.refusal


@pytest.fixture
def bare(monkeypatch):
    """Reports without plotly.js, which is five megabytes."""
    monkeypatch.setattr(rendering, "_plotly", lambda: "")


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A finished fit; not to be changed."""
    folder = tmp_path_factory.mktemp("fitted")
    table = written(folder, PLAIN.replace("x,y", "Time <s>,y"), "t.csv")
    words = ("--runs", folder, "--name", "fit", "--stop-at", "r2=0.999", "--test", "0.25")
    succeed("fit", table, *words, "--quiet")
    return folder / "fit"


def written_report(*words):
    """What the report of runs holds."""
    result = succeed("report", *words, "--json")
    return Path(result.json["report"]).read_text(encoding="utf-8")


def test_a_search_in_a_browser_is_hovered_over_and_followed(searched, chromium, tmp_path):
    out = tmp_path / "search.html"
    assert f"{out}: open it in a browser" in succeed("report", searched[0], "--out", out).out
    assert out.stat().st_size < rendering.LARGEST
    search = RecordedSearch.read(open_run_of_any_kind(searched[0]))
    number = max(place for place, each in enumerate(search.evaluations) if each[0] == 2)
    sentence = search.evaluations[number][2].sentence
    with opened(chromium, out) as found:
        page = found.page
        best = page.locator("button[data-point]").first
        best.click()
        followed = int(best.get_attribute("data-point"))
        trial, _, evaluation = search.evaluations[followed]
        assert page.locator("#map-path li").last.locator("span").last.text_content() == (
            evaluation.sentence
        )
        assert f"Trial {trial}" in page.locator("#map-path").text_content()

        trace = page.evaluate(
            "document.getElementById('map').data.findIndex((each) => each.customdata)"
        )
        assert search.evaluations[followed][2].sentence in found.hover("map", followed, trace)

        x, y, text = found.place_of("map", number, trace)
        assert text.startswith(sentence)
        assert found.hover("map", number, trace)
        page.mouse.click(x, y)
        page.locator("#map-path p", has_text="Trial").wait_for()
        lines = page.locator("#map-path li")
        assert lines.count() >= 1
        assert page.evaluate("document.getElementById('map').data.at(-1).name") == "path"
        assert not found.said
        assert not found.asked


def test_a_report_of_a_search_tells_what_the_summary_tells(search, bare):
    content = written_report(search)
    summary = json.loads((search / "summary.json").read_text())
    for row in summary["best"]:
        assert row["sentence"].replace("<", "&lt;") in content
    assert "random grammar" in content
    assert (search / "report.html").is_file()
    page = search_page(open_run_of_any_kind(search))
    kinds = [[block.kind for block in section.blocks] for section in page.sections]
    assert kinds[0] == ["chart", "chart"]
    assert kinds[2] == ["chart"]


def test_what_a_search_lacks_is_left_out_with_a_sentence(search, tmp_path, bare):
    (search / "summary.json").unlink()
    assert "It has not ended" in written_report(search)
    alone = tmp_path / "alone" / "search-001"
    shutil.copytree(search, alone)  # without the run that was searched
    content = written_report(alone)
    assert "The map is not drawn: " in content
    assert "The fit over the data is not drawn: " in content
    for path in search.glob("trial-*.jsonl"):
        path.write_text(path.read_text().splitlines()[0] + "\n")
    content = written_report(search)
    assert "The search has evaluated nothing yet" in content
    assert "no sentence has a score yet" in content


def test_a_search_without_scores_or_with_evil_sentences_has_a_report(search, bare):
    (search / "summary.json").unlink()
    first, *others = sorted(search.glob("trial-*.jsonl"))
    header = first.read_text().splitlines()[0]
    evil = {"round": 1, "sentence": "<script>alert(1)</script>", "score": 0.5}
    none = {"round": 1, "sentence": "x", "score": None, "failure": "no reason"}
    first.write_text("\n".join([header, json.dumps(evil), json.dumps(none)]) + "\n")
    content = written_report(search)
    assert "<script>alert(1)" not in content
    assert "&lt;script&gt;alert(1)" in content
    first.write_text("\n".join([header, json.dumps(none)]) + "\n")
    for other in others:
        other.unlink()
    assert "no sentence has a score yet" in written_report(search)


def test_damaged_histories_are_told_by_line(search):
    path = search / "trial-01.jsonl"
    path.write_text(path.read_text() + '{"round": 1}\n')
    assert f"{path}, line" in refusal("report", search)


@pytest.mark.parametrize("best", [[{"score": 1.0}], [5], "words"])
def test_a_damaged_summary_is_one_message_or_passed_over(search, best, bare):
    edit(search / "summary.json", "best", value=best)
    if isinstance(best, str):
        assert "The best sentences" in written_report(search)
        return
    said = refusal("report", search)
    assert f"a file in {search} is not as it was written" in said
    assert "restore it from a copy" in said


def test_a_training_has_curves_samples_a_map_and_its_searches(search, bare):
    ranges = [{"from": 1, "to": 3, "sentences": 5, "exact": 0.75}]
    ranges.append({"from": 4, "to": 4, "sentences": 5, "exact": 0.5})
    edit(search.parent / "summary.json", "by_length", value=ranges)
    content = written_report(search.parent)
    assert "by length. 1–3 rules: 75.0 %; 4 rules: 50.0 %." in content
    assert "How many held-out sentences come back, by length" in content
    assert "The first 12 draws of each sampler" in content
    assert search.name in content
    page = training_page(open_run_of_any_kind(search.parent))
    (plan,) = [
        each for section in page.sections for each in section.blocks
        if each.kind == "chart" and each.name == "map"
    ]  # fmt: skip
    ways = [trace for trace in plan.spec["data"] if trace["name"].startswith("to ")]
    for way in ways:
        angles = np.hypot(way["x"], way["y"])
        assert angles[0] == pytest.approx(0, abs=1e-6)
        assert np.diff(angles) == pytest.approx(angles[-1] / 8, rel=1e-3)


def test_a_training_in_a_browser_says_nothing_and_asks_for_nothing(trained, chromium, tmp_path):
    out = tmp_path / "training.html"
    succeed("report", trained, "--out", out)
    with opened(chromium, out, scheme="dark") as found:
        place = found.page.locator("#map .scatterlayer .trace").first
        place.wait_for()
        assert found.page.locator("svg.main-svg").count() >= 3
        assert found.wider <= 0
        assert not found.said
        assert not found.asked


def test_an_unfinished_training_says_what_is_not_known_yet(run, bare):
    for name in ("model.safetensors", "summary.json", "metrics.csv"):
        (run / name).unlink()
    content = written_report(run)
    assert content.count("not known yet") >= 2
    assert "no curves of it" in content


def test_a_run_of_characters_has_a_report(characters, tmp_path, bare):
    assert "characters network" in written_report(characters, "--out", tmp_path / "a.html")


def test_a_fit_has_its_front_its_formulas_and_its_residuals(fitted, chromium, tmp_path):
    out = tmp_path / "fit.html"
    content = written_report(fitted, "--out", out)
    assert "Time &lt;s&gt;" in content
    with opened(chromium, out) as found:
        page = found.page
        assert page.locator("tr.marked").count() == 1
        assert "recommended" in page.locator("tr.marked").text_content()
        assert page.locator("svg.formula").count() >= 2
        formula = page.locator("tr.marked code").text_content()
        last = page.evaluate("document.getElementById('front').data[1].text.length - 1")
        assert formula in found.hover("front", last, 1)
        assert page.locator("#residuals .scatterlayer").count() == 1
        assert not found.said
        assert not found.asked


def test_a_fit_whose_table_is_gone_or_changed_says_so(fitted, tmp_path, bare):
    copy = shutil.copytree(fitted, tmp_path / "copy")
    record = json.loads((copy / "config.json").read_text())
    table = tmp_path / "t.csv"
    record["table"]["path"] = str(table)
    (copy / "config.json").write_text(json.dumps(record))
    assert "is not drawn: cannot read" in written_report(copy)
    table.write_text(PLAIN)
    assert "has changed since the search began" in written_report(copy)
    (copy / "equations.csv").unlink()
    assert "It has found nothing yet" in written_report(copy)


def test_runs_are_compared(search, fitted, run, tmp_path, bare):
    other = shutil.copytree(search, search.with_name("search-002"))
    options = json.loads((other / "config.json").read_text())
    options["options"]["seed"] = 7
    (other / "config.json").write_text(json.dumps(options))
    content = written_report(search, other, search.parent, run, fitted)
    assert (search / "comparison.html").is_file()
    for title in ("What the trainings came to", "What the searches found", "What the fits"):
        assert title in content
    assert "The options in which they differ" in content
    assert "search-001 median of 2 trials" in content
    assert "search-002 median of 2 trials" in content


def test_the_newest_run_is_the_default(run, bare):
    succeed("report", "--runs", run.parent)
    assert (run / "report.html").is_file()


def test_what_is_no_run_is_refused(tmp_path, trained):
    assert "there is no file or folder" in refusal("report", tmp_path / "none")
    assert "is no run: it has no config.json" in refusal("report", tmp_path)


def test_a_report_goes_where_it_is_told_and_over_nothing(tmp_path, trained):
    there = tmp_path / "there.html"
    there.write_text("years of work")
    assert "there.html is there already" in refusal("report", trained, "--out", there)
    assert there.read_text() == "years of work"
    succeed("report", trained, "--out", there, "--overwrite")
    succeed("report", trained, "--out", tmp_path / "a" / "b.html")
    assert (tmp_path / "a" / "b.html").stat().st_size > 1000 < there.stat().st_size


def test_missing_packages_are_told_with_the_extra_before_any_work(trained, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "shared.common.extras.find_spec",
        lambda name: None if name == "plotly" else find(name),
    )
    assert "plotly is not installed; get it with: pip install 'lisa-toolkit[reports]'" in refusal(
        "report", trained
    )


def placed(*scores, trial=1):
    """Evaluations of one trial, two a round."""
    return [
        (trial, place, Evaluation(1 + (place - 1) // 2, f"s{place}", score))
        for place, score in enumerate(scores, start=1)
    ]


def test_paths_lead_along_the_best_of_each_round():
    assert best_of_rounds(placed(3.0, 2.0, 5.0, 4.0, 1.0, None)) == {1: [1, 4]}
    both = [*placed(3.0, 2.0), *placed(1.0, 2.0, trial=2)]
    assert best_of_rounds(both) == {1: [1], 2: [2]}
    assert best_of_rounds(placed(None, None)) == {1: []}


def test_the_best_so_far_never_rises_and_passes_over_failures():
    found = best_so_far([np.nan, 3.0, 4.0, np.nan, 1.0])
    assert found.tolist() == [np.inf, 3, 3, 3, 1]


def test_histories_are_read_whichever_search_wrote_them(search):
    recorded = RecordedSearch.read(open_run(search, "grammar-lisa bo"))
    path = search / "trial-01.jsonl"
    assert len(recorded.trials[1]) == len(path.read_text().splitlines()) - 1
    path.write_text(path.read_text() + '{"round": 9, "sen')  # a line that is being written
    assert RecordedSearch.read(recorded.run).trials == recorded.trials
