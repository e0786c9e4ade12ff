import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from grammar_lisa.benchmark.regression_solution import is_solution
from grammar_lisa.benchmark.regression_suites import Problem, draw_rows
from grammar_lisa.benchmark.regression_systems import (
    PEERS,
    gplearn_text,
    regression_system,
    search_lisa,
)
from grammar_lisa.expressions.evaluation import evaluate
from grammar_lisa.regression.fit_config import SOURCES, FitConfig
from grammar_lisa.regression.fitting import Fitting
from grammar_lisa.regression.tables.table import Table
from shared.common.errors import LisaError

SUM = Problem("sum", "x+y", ("x", "y"), ((1.0, 5.0), (1.0, 5.0)), 100, 50, "here")


@pytest.mark.parametrize("name", ["lisa", *PEERS])
def test_every_system_finds_what_is_easy(name):
    if name in PEERS:
        pytest.importorskip(name, reason=f"{name} is not installed: the extra peers")
    seconds = 1.0 if name == "pyoperon" else 20.0  # the others end as they meet the rows
    found = regression_system(name)(draw_rows(SUM, 0.0, 1), seconds, 1)
    assert is_solution(found.text, SUM)
    assert 0 <= found.seconds < 30


@pytest.mark.parametrize("name", ["lisa", *PEERS])
def test_seconds_are_processor_time(name):
    if name in PEERS:
        pytest.importorskip(name, reason=f"{name} is not installed: the extra peers")
    rows = draw_rows(SUM, 0.0, 1)
    noise = np.random.default_rng(0).normal(size=len(rows.target))  # which no formula meets
    began, seconds = time.process_time(), 0.3
    found = regression_system(name)(replace(rows, target=noise), seconds, 1)
    assert time.process_time() - began >= 0.9 * seconds  # of ours a tenth is for the last fits
    assert found.evaluations is None or found.evaluations > 0
    evaluate([found.text], rows.points)


def config_of(system, monkeypatch):
    """What a system tells its search."""
    seen = []
    stopped = SimpleNamespace(ending="interrupted", run=lambda: None)
    monkeypatch.setattr(
        "grammar_lisa.regression.fitting.Fitting",
        lambda table, config, clock: seen.append(config) or stopped,
    )
    with pytest.raises(KeyboardInterrupt):
        regression_system(system)(draw_rows(SUM, 0.0, 1), 3.0, 1)
    return seen[0]


@pytest.mark.parametrize("name", SOURCES)
def test_an_ablation_leaves_one_source_out(name, monkeypatch):
    config = config_of(f"lisa-{name}", monkeypatch)
    assert set(SOURCES) - set(config.sources) == {name}
    assert config.max_time == 3.0
    assert not config.untrained


def test_an_ablation_may_leave_several_sources_out(monkeypatch):
    config = config_of("lisa-subexpressions-pairs", monkeypatch)
    assert set(SOURCES) - set(config.sources) == {"subexpressions", "pairs"}


def test_the_control_of_the_sphere_has_all_sources_and_no_training(monkeypatch):
    config = config_of("lisa+untrained", monkeypatch)
    assert config.untrained
    assert config.sources is None


def test_a_search_has_no_other_sources_than_it_is_told():
    rows = draw_rows(SUM, 0.0, 1)
    table = Table.from_frame(pd.DataFrame(rows.points), rows.target)
    fitting = Fitting(table, FitConfig(max_time=20, sources=("subexpressions",)))
    fitting.search()
    assert fitting.ending == "exact"
    assert fitting._search.sources == ("subexpressions",)


def test_a_search_of_ours_that_was_interrupted_ends_the_call(monkeypatch):
    fitting = "grammar_lisa.regression.fitting.Fitting"
    equations = SimpleNamespace(recommended=SimpleNamespace(text="x"))
    stopped = SimpleNamespace(run=lambda: equations, ending="interrupted")
    monkeypatch.setattr(fitting, lambda table, config, clock: stopped)
    with pytest.raises(KeyboardInterrupt):
        search_lisa(draw_rows(SUM, 0.0, 1), 1.0, 1)


def test_programs_of_gplearn_are_read_as_formulas():
    def function(name, arity):
        return SimpleNamespace(name=name, arity=arity)

    program = [
        *(function("sub", 2), function("div", 2), 0, function("exp", 1), np.int64(1)),
        *(function("mul", 2), -0.5, function("pow", 2), 1, function("sqrt", 1), 0),
    ]
    text = gplearn_text(program, ["x", "y"])
    assert text == "((x/exp(y))-((-0.5)*(abs(y)**sqrt(abs(x)))))"
    values = evaluate([text], {"x": np.array([4.0]), "y": np.array([-3.0])})[0]
    assert values[0] == pytest.approx(4 * np.exp(3) + 0.5 * 9)


def test_unknown_systems_are_refused():
    with pytest.raises(LisaError, match=r"gplern.*did you mean .gplearn"):
        regression_system("gplern")
    for name in ("lisa-magic", "lisa-subexpressions-magic", "lisa-"):
        with pytest.raises(LisaError, match=f"no system '{name}'"):
            regression_system(name)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr("shared.common.extras.find_spec", lambda name: None)
    with pytest.raises(LisaError, match=r"pyoperon is not installed; get it with: pip install"):
        regression_system("pyoperon")
