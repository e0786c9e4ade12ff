import dataclasses
import json
import math

import numpy as np
import pytest
from command_line import GRAMMARS, run_command, succeed

from grammar_lisa.benchmark import latent_bo
from grammar_lisa.benchmark.latent_bo import MARKS, LatentBOBenchmark, reached
from grammar_lisa.benchmark.latent_bo_rows import latent_bo_rows
from grammar_lisa.cli.benchmark_latent_bo import Options
from grammar_lisa.cli.entrants import entrant_of
from grammar_lisa.optimize.config import SYSTEMS
from shared.common.errors import LisaError
from shared.methods.registry import METHODS

SMALL = [
    *("--epochs", 1, "--budget", 10, "--batch", 5, "--n-initial", 30, "--jobs", 1),
    *("--grammar", GRAMMARS / "expr.cfg"),
]


@pytest.fixture(scope="module", autouse=True)
def _few_draws():
    """How good the samples of a network are is for other tests to say."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latent_bo, "_DRAWS", 20)
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A file of 600 sentences of the grammar."""
    path = tmp_path_factory.mktemp("lines") / "lines.txt"
    drawn = succeed("sample", GRAMMARS / "expr.cfg", "-n", 600, "--max-rules", 12, "--seed", 1)
    path.write_text(drawn.out, encoding="utf-8")
    return path


def words(data, out, *more):
    return ["benchmark", "latent-bo", "--data", data, "--out", out, *SMALL, *more]


@pytest.fixture(scope="module")
def compared(data, tmp_path_factory):
    """Two systems on one protocol, one seed; not to be changed."""
    out = tmp_path_factory.mktemp("benchmarks")
    systems = ["--systems", "lisa+pool=300,structure+pool=300", "--trials", 1]
    return out, succeed(*words(data, out, "--protocol", "withheld", *systems, "--json"))


def test_a_table_of_systems_is_left(compared):
    out, result = compared
    path = out / "latent-bo-withheld"
    table = (path / "latent-bo.md").read_text()
    assert result.json["failed"] == {}
    assert [row["system"] for row in result.json["table"]] == [
        "lisa+pool=300",
        "structure+pool=300",
    ]
    assert all(row["trials"] == 1 for row in result.json["table"])
    assert "scores alone" in table
    assert len(json.loads((path / "results.json").read_text())["trials"]) == 2


def test_what_is_done_is_not_done_again_and_seeds_are_added(compared, data):
    out, _ = compared
    kept = {path: path.stat().st_mtime_ns for path in out.rglob("trial-01.*")}
    more = ["--protocol", "withheld", "--systems", "structure+pool=300", "--trials", 2, "--json"]
    found = succeed(*words(data, out, *more)).json["table"]
    assert {row["system"]: row["trials"] for row in found} == {
        "lisa+pool=300": 1,
        "structure+pool=300": 2,
    }
    assert {path: path.stat().st_mtime_ns for path in out.rglob("trial-01.*")} == kept


def test_targets_that_no_line_comes_near_are_not_drawn(data):
    setting = Options(protocol="withheld", data=data, grammar=GRAMMARS / "expr.cfg")
    comparison = LatentBOBenchmark(None, setting)
    assert comparison.tells("x+sin(x*x)")
    assert not comparison.tells("exp(x)*x")
    assert LatentBOBenchmark(None, dataclasses.replace(setting, data=None)).tells("exp(x)*x")


def test_systems_begin_from_the_same_known_sentences(compared):
    headers = [
        json.loads(path.read_text().splitlines()[0]) for path in compared[0].rglob("trial-01.jsonl")
    ]
    assert len({header["seed"] for header in headers}) == 1
    assert {header["n_initial"] for header in headers} == {30}
    assert all(header["black_box"] for header in headers)


def test_other_settings_are_refused(compared, data):
    out, _ = compared
    found = run_command(*words(data, out, "--protocol", "withheld", "--dim", 7))
    assert found.status == 2
    assert "dim" in found.err


def test_published_figures_stand_below_and_a_training_that_fails_is_told(data, tmp_path):
    base = ["--protocol", "t-lbo", "--trials", 1, "--systems"]
    systems = [*base, "random-grammar"]
    more = [*base, "random-grammar,random-grammar+method=vae"]
    found = succeed(*words(data, tmp_path, *systems))
    assert "CoBO" in found.out
    assert "0.147" in found.out
    (run,) = tmp_path.glob("*/runs/*-lisa")
    other = run.with_name(run.name.replace("-lisa", "-vae"))
    other.mkdir()
    (other / "thesis.tex").touch()
    found = succeed(*words(data, tmp_path, *more, "--json")).json
    assert [row["system"] for row in found["table"]] == ["random-grammar"]
    ((place, reason),) = found["failed"].items()
    assert other.name in place
    assert "holds other files" in reason


@pytest.mark.parametrize("protocol", ["none", "clean"])
def test_a_protocol_without_data_draws_sentences(tmp_path, monkeypatch, protocol):
    monkeypatch.setattr("grammar_lisa.benchmark.latent_bo.TRAINED_ON", 300)
    systems = ["--systems", "random-grammar", "--trials", 1, "--max-rules", 8]
    found = succeed(
        "benchmark", "latent-bo", "--protocol", protocol, "--out", tmp_path, *SMALL, *systems
    )
    assert f"protocol {protocol}" in found.out


def test_targets_are_drawn_from_the_grammar_and_the_lines(data, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(LatentBOBenchmark, "do", lambda self, target, *_: seen.append(target))
    drawn = ["--protocol", "withheld", "--drawn", 5, "--max-rules", 12]
    said = succeed(*words(data, tmp_path, *drawn, "--json"))
    lines = data.read_text().splitlines()
    assert said.json["table"] == []
    assert len(set(seen)) == 5
    assert set(seen[3:]) <= set(lines)
    first = seen.copy()
    succeed(*words(data, tmp_path / "again", *drawn))
    assert seen[5:] == first
    succeed(
        *("benchmark", "latent-bo", "--protocol", "none", "--drawn", 2, "--max-rules", 12),
        *("--out", tmp_path / "alone", *SMALL),
    )
    assert len(set(seen[10:])) == 2


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--systems", "cobo"], "there is no system 'cobo'"),
        (["--systems", "lisa+kernel"], "is no option=value"),
        (["--systems", "lisa+depth=3"], "there is no option 'depth'"),
        (["--systems", "lisa+pool=many"], "pool cannot be 'many'"),
        (["--systems", "lisa+method=gan"], "method cannot be 'gan'"),
        (["--trials", 0], "--trials"),
    ],
)
def test_bad_options_end_with_one_message(data, tmp_path, more, said):
    found = run_command(*words(data, tmp_path, "--protocol", "t-lbo", *more))
    assert found.status == 2
    assert said in found.err
    assert not list(tmp_path.iterdir())


def test_a_protocol_of_lines_needs_a_file(tmp_path):
    with pytest.raises(LisaError, match="protocol few begins from lines of a file"):
        LatentBOBenchmark(None, Options(protocol="few")).lines  # noqa: B018
    found = run_command("benchmark", "latent-bo", "--protocol", "few", "--out", tmp_path)
    assert found.status == 2
    assert "--data" in found.err


def test_an_entrant_is_a_system_with_changes():
    entrant = entrant_of("lisa+kernel=both+method=vae+untrained=yes+exploit=0.25", 500, 20)
    assert (entrant.method.name, entrant.learnt, entrant.untrained) == ("vae", "vae", True)
    assert entrant.config == SYSTEMS["lisa"].changed(
        kernel="both", exploit=0.25, batch=20, rounds=25
    )
    assert entrant_of("turbo+trust_region=no", 500, 50).config.trust_region is False
    with pytest.raises(LisaError, match="trust_region"):
        entrant_of("turbo+trust_region=maybe", 500, 50)


def test_an_entrant_may_be_learnt_otherwise():
    text = "lisa+method=vae+vae.kl-weight=0.1"
    other, plain = (entrant_of(each, 500, 50) for each in (text, "lisa"))
    assert other.method == METHODS["vae"](kl_weight=0.1)
    assert plain.method == METHODS["lisa"]()
    assert (other.learnt, plain.learnt) == ("vae-kl-weight=0.1", "lisa")
    assert other.config == plain.config
    for wrong, said in (
        ("lisa+vae.kl-weight=1", "'vae.kl-weight=1' is not of lisa"),
        ("lisa+lisa.kl-weight=1", "kl_weight"),
        ("lisa+lisa.alignment-weight=-1", "alignment-weight"),
        ("lisa+lisa.alignment-weight=some", "some"),
    ):
        with pytest.raises(LisaError, match=said):
            entrant_of(wrong, 500, 50)


def test_what_a_trial_reached():
    scores = np.full(300, 2.0)
    scores[[10, 120]] = 0.5, 0.0
    scores[3] = math.nan
    found = reached(scores, 1.0, 7.0)
    assert found["exact"] == 121
    assert found["best"] == {"100": 0.5, "250": 0.0, "500": 0.0}
    assert found["evaluations"] == 300
    assert reached(np.array([7.0, 7.0]), 1.0, 7.0)["average"] is None
    assert reached(np.array([3.0]), 1.0, 7.0)["best"] == dict.fromkeys(map(str, MARKS), 1.0)


def test_rows_are_means_with_standard_errors():
    trials = [
        reached(np.array([value] * 5), 3.0, 7.0)
        | {"target": "x", "system": "lisa", "seconds": seconds}
        for value, seconds in ((1.0, 5.0), (2.0, 7.0), (0.0, 9.0))
    ]
    (row,) = latent_bo_rows(trials)
    assert row["best at 500"] == pytest.approx(1.0)
    assert row["error at 500"] == pytest.approx(1 / math.sqrt(3))
    assert (row["exact by 100"], row["exact at"], row["seconds"]) == (1, 1.0, 7.0)
