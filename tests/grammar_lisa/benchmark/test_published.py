import os
from pathlib import Path

import numpy as np
import pytest

from grammar_lisa.benchmark.published import (
    FIGURES,
    LOGP,
    PMO,
    RETRAINING,
    STATISTICS,
    published_rows,
    read_traces,
    trace_figures,
)
from grammar_lisa.benchmark.start_sets import PROTOCOLS
from shared.common.errors import LisaError

HEAD = "run\tevaluation\texpression\tscore\n"


@pytest.fixture(scope="module")
def traces():
    folder = os.environ.get("LISA_DATA_DIR")
    path = Path(folder or "") / "expressions" / "weighted_retraining_expr_traces.tsv"
    if folder is None or not path.is_file():
        pytest.skip(
            "LISA_DATA_DIR names no folder with expressions/weighted_retraining_expr_traces.tsv"
        )
    return read_traces(path)


def test_the_figures_of_weighted_retraining_follow_from_its_traces(traces):
    assert len(traces) == 18
    anew = {(f.system, f.evaluations, f.statistic): f for f in trace_figures(traces)}
    told = [figure for figure in FIGURES if figure.protocol == RETRAINING]
    assert len(told) == 15
    for figure in told:
        found = anew.pop((figure.system, figure.evaluations, figure.statistic))
        decimals = 2 if figure.statistic == "average" else 3
        assert round(found.value, decimals) == figure.value
        assert round(found.spread, decimals) == figure.spread
        assert (found.trials, found.source) == (figure.trials, figure.source) == (3, found.source)
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


def test_other_tasks_and_protocols_without_figures():
    tops = [(row["system"], row["evaluations"], row["top three"]) for row in published_rows(LOGP)]
    assert tops == [
        ("T-LBO", 2300, 24.06),
        ("T-LBO", 7750, 38.57),
        ("weighted retraining", None, 27.84),
    ]
    assert [row["sum"] for row in published_rows(PMO)] == [18.1, 16.8, 16.2, 15.3, 11.4]
    assert published_rows("clean") == published_rows("none") == published_rows("few") == []
    with pytest.raises(LisaError, match="there is no protocol tlbo; valid are published, "):
        published_rows("tlbo")


def test_every_figure_can_be_placed():
    places = {(f.system, f.protocol, f.evaluations, f.statistic) for f in FIGURES}
    assert len(places) == len(FIGURES)
    for figure in FIGURES:
        assert figure.protocol in (*PROTOCOLS, LOGP, PMO)
        assert figure.statistic in STATISTICS
        assert figure.source
    assert not any(figure.value == 0.088 for figure in FIGURES)


def test_averages_leave_out_the_worst_score():
    falling = np.linspace(7.0, 1.0, 500)
    figures = trace_figures({"own_seed1": falling, "own_seed2": np.full(500, 7.0)})
    assert [(f.evaluations, f.statistic) for f in figures] == [
        (250, "best"),
        (500, "best"),
        (250, "average"),
    ]
    assert figures[1].value == 4.0
    assert figures[2].value == pytest.approx(falling[1:250].mean())
    assert {f.system for f in figures} == {"own"}
    assert trace_figures({"short": falling[:249]}) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"line 1 names no column evaluation, run, score"),
        ("run\tscore\n", "line 1 names no column evaluation"),
        (HEAD + "a\t2\tx\t1.0\n", "line 2: evaluation 2 of a stands where 1 is due"),
        (HEAD + "a\t1\tx\t1.0\nb\t2\tx\t1\n", "line 3: evaluation 2 of b stands where 1 is due"),
        (HEAD + "a\t1\tx\tone\n", "line 2, column score: 'one' is no finite number"),
        (HEAD + "a\t1\tx\tnan\n", "line 2, column score: 'nan' is no finite number"),
        (HEAD + "a\t1\n", "line 2, column score: None is no finite number"),
    ],
)
def test_bad_traces_are_refused_with_their_place(tmp_path, content, message):
    file = tmp_path / "traces.tsv"
    file.write_text(content)
    with pytest.raises(LisaError, match=message):
        read_traces(file)


def test_unreadable_traces_are_refused(tmp_path):
    with pytest.raises(LisaError, match=r"cannot read .*none\.tsv: No such file"):
        read_traces(tmp_path / "none.tsv")
    (tmp_path / "binary.tsv").write_bytes(HEAD.encode() + b"\xff\xfe")
    with pytest.raises(LisaError, match=r"cannot read .*binary\.tsv"):
        read_traces(tmp_path / "binary.tsv")
