import numpy as np
import pytest

from grammar_lisa.benchmark import regression_trials
from grammar_lisa.benchmark.regression_suites import Problem, draw_rows, suite
from grammar_lisa.benchmark.regression_systems import FoundFormula
from grammar_lisa.benchmark.regression_trials import RegressionBenchmark, RegressionSettings, judged
from shared.jobs.backends import HERE
from shared.runs.run import Run

LINE = Problem("line", "2*x+1", ("x",), ((0.0, 10.0),), 200, 50, "here")


def benchmark(tmp_path):
    return RegressionBenchmark(Run(tmp_path, {}), RegressionSettings("nguyen", (LINE,), 1.0, 0))


def do(made, noises=(0.0,), seeds=1):
    ended = []
    made.do([LINE], ["lisa"], noises, seeds, HERE, lambda job, failure, _: ended.append(failure))
    return ended


def test_formulas_are_judged_on_test_rows_without_noise():
    rows = draw_rows(LINE, 0.2, 1)
    good = judged("2*x+1.001", LINE, rows, 0.2, 1)
    assert good["solved"]
    assert good["accurate"]
    assert good["r2_train"] < 0.99
    assert good["r2_test"] == pytest.approx(1, abs=1e-6)
    assert good["complexity"] == 5
    bad = judged("log(0-x)", LINE, rows, 0.2, 1)
    assert bad["r2_test"] is bad["r2_train"] is None
    assert not bad["solved"]
    assert not bad["accurate"]


def test_trials_leave_a_file_each_and_are_not_repeated(tmp_path, monkeypatch):
    found = FoundFormula("2*x+1", 0.5, 7)
    monkeypatch.setattr(regression_trials, "regression_system", lambda name: lambda *asked: found)
    made = benchmark(tmp_path)
    assert do(made) == [""]
    assert do(made) == []
    assert do(made, (0.0, 0.01), seeds=2) == ["", "", ""]
    records = made.records()
    assert {(each["noise"], each["trial"]) for each in records} == {
        *((0.0, 1), (0.0, 2), (0.01, 1), (0.01, 2))
    }
    assert all(each["solved"] and each["system"] == "lisa" for each in records)
    assert all(each["seconds"] > 0 and each["cpu_seconds"] > 0 for each in records)
    assert {(each["seconds_found"], each["evaluations"]) for each in records} == {(0.5, 7)}


def test_a_problem_has_its_own_noise(tmp_path, monkeypatch):
    seen = []

    def search(rows, seconds, seed):
        seen.append(rows.target)
        return FoundFormula("3", 0.0)

    monkeypatch.setattr(regression_trials, "regression_system", lambda name: search)
    curve = suite("tables")[0]
    made = RegressionBenchmark(Run(tmp_path, {}), RegressionSettings("tables", (curve,), 1.0, 0))
    made.do([curve], ["lisa"], [None, 0.0], 1, HERE, lambda job, failure, progress: None)
    assert len({tuple(target) for target in seen}) == 2
    assert {each["noise"] for each in made.records()} == {"own", 0.0}


def test_what_a_system_fails_with_is_told_and_tried_again(tmp_path, monkeypatch):
    def broken(rows, seconds, seed):
        raise KeyError("depth")

    made, found = benchmark(tmp_path), FoundFormula("2*x+1", 0.5)
    with monkeypatch.context() as patched:
        patched.setattr(regression_trials, "regression_system", lambda name: broken)
        assert do(made) == ["RuntimeError: lisa: KeyError: 'depth'"]
    assert list(made.failed()) == ["trials/line/noise-0/lisa-01"]
    assert made.records() == []
    monkeypatch.setattr(regression_trials, "regression_system", lambda name: lambda *asked: found)
    assert do(made) == [""]
    assert made.failed() == {}


def test_a_formula_that_cannot_be_read_is_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(
        regression_trials,
        "regression_system",
        lambda name: lambda *asked: FoundFormula("x+nan", 0.0),
    )
    made = benchmark(tmp_path)
    (failure,) = do(made)
    assert "nan" in failure


def test_protocols_differ_where_their_problems_do():
    one, other = (
        RegressionSettings("nguyen", problems, 1.0, 0) for problems in ((LINE,), suite("nguyen"))
    )
    assert one.record() != other.record()
    assert np.isfinite(one.record()["processor_seconds"])
