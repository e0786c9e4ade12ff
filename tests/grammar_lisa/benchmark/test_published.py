import csv
import os
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from grammar_lisa.benchmark.published import (
    _RUNS,
    FIGURES,
    RETRAINING,
    STATISTICS,
    published_rows,
)
from grammar_lisa.benchmark.start_sets import CAP, PROTOCOLS
from grammar_lisa.benchmark.table5_rows import mean_and_error
from shared.common.errors import LisaError


@pytest.fixture(scope="module")
def traces():
    folder = os.environ.get("LISA_DATA_DIR")
    path = Path(folder or "") / "expressions" / "weighted_retraining_expr_traces.tsv"
    if folder is None or not path.is_file():
        pytest.skip(
            "LISA_DATA_DIR names no folder with expressions/weighted_retraining_expr_traces.tsv"
        )
    scores = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            scores[row["run"]].append(float(row["score"]))
    return {run: np.array(values) for run, values in scores.items()}


def figures_of(traces):
    """The figures anew: runs that differ in their seed alone are trials of one system."""
    systems = defaultdict(list)
    for run, scores in traces.items():
        systems[_RUNS.get(name := run.rpartition("_seed")[0], name)].append(scores)
    for system, trials in systems.items():
        shortest = min(len(scores) for scores in trials)
        for mark in (mark for mark in (250, 500) if mark <= shortest):
            yield system, mark, "best", [float(scores[:mark].min()) for scores in trials]
        better = [scores[:250][scores[:250] < CAP] for scores in trials]
        yield system, 250, "average", [float(scores.mean()) for scores in better]


def test_the_figures_of_weighted_retraining_follow_from_its_traces(traces):
    assert len(traces) == 18
    anew = {tuple(what): mean_and_error(values) for *what, values in figures_of(traces)}
    told = [figure for figure in FIGURES if figure.protocol == RETRAINING]
    assert len(told) == 15
    for figure in told:
        value, error = anew.pop((figure.system, figure.evaluations, figure.statistic))
        decimals = 2 if figure.statistic == "average" else 3
        assert round(value, decimals) == figure.value
        assert round(error, decimals) == figure.spread
        assert figure.trials == 3
    assert {name for name, *_ in anew} == {"weighted less (k = 0.1), retrained every 50"}
    assert {evaluations for _, evaluations, _ in anew} == {250}, "one of its runs stopped at 450"


def test_no_published_run_met_the_target(traces):
    assert min(scores.min() for scores in traces.values()) > 0.105
    bests = sorted(
        round(float(scores.min()), 3) for run, scores in traces.items() if "k_1e-3_r_50_" in run
    )
    assert bests == [0.394, 0.394, 0.653]


def test_the_table_of_weighted_retraining():
    rows = published_rows(RETRAINING)
    best = {(row["system"], row["evaluations"]): row["best"] for row in rows}
    assert best == {
        ("weighted, retrained every 50", 250): 0.480,
        ("weighted, retrained every 50", 500): 0.480,
        ("weighted, retrained every 100", 250): 0.681,
        ("weighted, retrained every 100", 500): 0.681,
        ("weighted, never retrained", 250): 0.672,
        ("weighted, never retrained", 500): 0.672,
        ("not weighted, retrained every 50", 250): 0.763,
        ("not weighted, retrained every 50", 500): 0.763,
        ("plain latent BO", 250): 1.520,
        ("plain latent BO", 500): 1.184,
    }
    averages = [row["average"] for row in rows if row["evaluations"] == 250]
    assert averages == [2.03, 2.57, 2.75, 3.70, 3.72]


def test_the_table_of_cobo():
    rows = published_rows("t-lbo")
    assert [(row["system"], row["best"], row["minutes"]) for row in rows] == [
        ("CoBO", 0.1468, 5.4),
        ("LOL-BO", 0.4624, 11.3),
        ("LS-BO", 0.5533, 1621),
        ("W-LBO", 0.5848, 11.1),
        ("TuRBO-L", 0.7725, 338),
    ]
    assert {(row["evaluations"], row["trials"]) for row in rows} == {(500, 3)}


def test_the_table_of_the_published_protocol():
    rows = published_rows("published")
    assert [(row["system"], row.get("valid"), row["average"]) for row in rows] == [
        ("GVAE", 0.99, 3.47),
        ("GVAE, another run", None, 3.26),
        ("CVAE", 0.86, 4.75),
        ("GRAE", 1.0, 3.22),
        ("G-GMM-DAE", 1.0, 3.32),
        ("G-LISA", 1.0, 3.16),
    ]
    assert rows[0]["valid_error"] == 0.01
    assert rows[-1]["average_error"] == 0.21
    assert all(row["evaluations"] == PROTOCOLS["published"].budget for row in rows)


def test_protocols_without_figures():
    assert published_rows("clean") == published_rows("none") == published_rows("few") == []
    with pytest.raises(LisaError, match="there is no protocol tlbo; valid are published, "):
        published_rows("tlbo")


def test_every_figure_can_be_placed():
    places = {(f.system, f.protocol, f.evaluations, f.statistic) for f in FIGURES}
    assert len(places) == len(FIGURES)
    for figure in FIGURES:
        assert figure.protocol in PROTOCOLS
        assert figure.statistic in STATISTICS
        assert figure.source
    assert not any(figure.value == 0.088 for figure in FIGURES)
