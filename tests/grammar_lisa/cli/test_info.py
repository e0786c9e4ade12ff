import json

from command_line import succeed


def test_info_tells_what_a_run_is_and_how_good(trained):
    out = succeed("info", trained).out
    assert f"{trained}: made 2" in out
    assert "expr.cfg, 11 rules" in out
    assert "at most 6 rules a sentence" in out
    assert "name lisa, uniformity weight 1.0, uniformity t 2.0; network: dense" in out
    assert "clean protocol: left out 0 sentences equal to the target" in out
    assert "held-out reconstruction, 20 sentences: exact" in out
    assert "uniformity gap" in out
    assert "effective rank" in out
    assert all(name in out for name in ("gmm", "gaussian", "uniform"))


def test_json_holds_configuration_and_summary(trained):
    record = succeed("info", trained, "--json", "--quiet").json
    assert record["finished"] is True
    assert record["config"] == json.loads((trained / "config.json").read_text())
    assert record["summary"] == json.loads((trained / "summary.json").read_text())
    assert all(found["valid"] == 1 for found in record["summary"]["samples"].values())


def test_an_unfinished_run_tells_how_far_it_came(run):
    for name in ("summary.json", "model.safetensors"):
        (run / name).unlink()
    result = succeed("info", run)
    assert f"25 of 25 epochs; go on with 'grammar-lisa train --resume {run}'" in result.out
    assert succeed("info", run, "--json").json["finished"] is False
