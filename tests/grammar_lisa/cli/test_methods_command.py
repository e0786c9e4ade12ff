"""Every method and every network through the commands of `grammar-lisa`."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from command_line import EXPR, killed, run_command, succeed
from tools import Tool, at_step, flags, mostly_slow

import image_lisa.cli
from grammar_lisa.cli.train import Options
from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.parsing import Parser
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.names import TOOL
from grammar_lisa.models.run import load_run_grammar, read_data, run_architecture
from shared.methods import sampler_names
from shared.methods.registry import METHODS
from shared.runs.expost import load_codes, load_samplers
from shared.runs.run import open_run

IMAGES = Tool(image_lisa.cli.main)
SERVED = [name for name in METHODS if name != "vae-vampprior"]
TABLE_5 = ("vae", "cv-vae", "rae-l2", "gmm-dae", "lisa")
QUICK = {"2s-vae": ("--second-steps", 20, "--second-width", 8)}
"""Options with which a method takes no time."""

LITTLE = (
    *("--count", 60, "--held-out", 10, "--draws", 20, "--dim", 6, "--batch-size", 20),
    *("--draw", "uniform", "--distinct", "text"),
)
PARSER = Parser(load_grammar(EXPR))


def config_of(run):
    return json.loads((run / "config.json").read_text())


def little(runs, *words):
    """Train something tiny with other options than those of `train`."""
    words = ("--grammar", EXPR, "--runs", runs, "--max-rules", 8, "--epochs", 2, *LITTLE, *words)
    return Path(succeed("train", *words, "--json", "--quiet").json["run"])


@pytest.mark.parametrize("name", mostly_slow(SERVED, TABLE_5))
def test_every_method_trains_and_decodes_to_complete_sentences(tmp_path, name):
    run = little(tmp_path, "--method", name, *QUICK.get(name, ()))
    assert run.name == f"expr-{name}-001"
    folder = open_run(run, TOOL)
    method = run_architecture(folder).method
    assert method.name == config_of(run)["options"]["method"] == name
    names = sampler_names(method)
    assert tuple(load_samplers(folder)) == names
    assert load_codes(folder).mean.shape == (60, 6)
    summary = json.loads((run / "summary.json").read_text())
    assert tuple(summary["samples"]) == names
    assert all(found["valid"] == 1 for found in summary["samples"].values())
    for sampler in names:
        words = ("--run", run, "--sampler", sampler, "-n", 5, "--quiet")
        assert all(PARSER.parse(text) for text in succeed("generate", *words).lines)
    codes = tmp_path / "codes.npy"
    succeed("encode", "x+1", "sin(x)", "--run", run, "--out", codes, "--directions")
    lengths = np.linalg.norm(np.load(codes), axis=1)
    assert np.allclose(lengths, 1, atol=1e-5) == method.spherical
    assert all(PARSER.parse(text) for text in succeed("decode", codes, "--run", run).lines)
    path = succeed("interpolate", "x+1", "sin(x)", "--run", run, "--json").json["path"]
    assert all(PARSER.parse(point["sentence"]) for point in path)
    out = succeed("info", run).out
    assert f"name {name}" in out
    assert all(sampler in out for sampler in names)


@pytest.mark.parametrize("name", mostly_slow(SERVED, ("vae", "lisa")))
def test_every_method_trains_on_characters(tmp_path, name):
    run = little(tmp_path, "--method", name, "--network", "characters", *QUICK.get(name, ()))
    folder = open_run(run, TOOL)
    assert tuple(load_samplers(folder)) == sampler_names(run_architecture(folder).method)
    said = succeed("generate", "--run", run, "-n", 20)
    wrong = sum(run_command("encode", text, "--run", run).status for text in ("x+y", "x" * 99))
    assert wrong == 4
    assert len(said.lines) == 20
    invalid = 20 - int(sum(readable(text) for text in said.lines))
    note = f"{invalid} of 20 texts are no sentences of {EXPR}" if invalid else ""
    assert note in said.said


def readable(text):
    try:
        return bool(PARSER.parse(text))
    except ValueError:
        return False


def test_a_run_on_characters_tells_what_it_is(characters):
    out = succeed("info", characters).out
    assert "network: characters, code size 12" in out
    assert "texts of at most " in out
    assert "of these 14: ()*+/123einpsx" in out
    assert ", characters 0." in out
    record = config_of(characters)["model"]["alphabet"]
    assert record["characters"] == "()*+/123einpsx"
    samples = succeed("info", characters, "--json").json["summary"]["samples"]
    assert 0 < samples["gmm"]["valid"] <= 1


def test_texts_come_back_from_a_run_on_characters(characters, tmp_path):
    folder, path = open_run(characters, TOOL), tmp_path / "codes.npy"
    texts = derivations_to_texts(load_run_grammar(folder), read_data(folder).train)
    texts = sorted(texts, key=lambda text: (len(text), text))[:60]
    words = ("--run", characters, "--json", "--quiet")
    found = succeed("encode", *texts, *words, "--out", path).json
    known = [text for text, exact in zip(texts, found["exact"], strict=True) if exact]
    decoded = succeed("decode", path, *words).json["sentences"]
    assert [a for a, b in zip(decoded, texts, strict=True) if a == b] == known
    assert len(known) >= 2
    way = succeed("interpolate", *known[:2], *words, "--steps", 5).json["path"]
    assert [way[place]["sentence"] for place in (0, -1)] == known[:2]


def test_texts_that_are_no_sentences_are_printed_and_counted(characters, tmp_path):
    path = tmp_path / "codes.npy"
    np.save(path, 30 * np.random.default_rng(0).standard_normal((40, 12)))
    for words in (("decode", path), ("generate", "-n", 40, "--temperature", 5)):
        said = succeed(*words, "--run", characters)
        wrong = [text for text in said.lines if not readable(text)]
        assert wrong
        assert f"{len(wrong)} of 40 texts are no sentences of {EXPR}" in said.said
        assert succeed(*words, "--run", characters, "--quiet").err == ""


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("x+y", "'x+y' has the character 'y'; this model was trained on texts of the characters"),
        ("x" * 30, "has 30 characters; this model was trained on texts of at most"),
    ],
)
def test_texts_beyond_the_alphabet_are_refused(characters, text, fragment):
    for words in (("encode", text), ("interpolate", "x", text)):
        refused = run_command(*words, "--run", characters)
        assert refused.status == 2
        assert fragment in refused.err


def test_samplers_of_the_run_are_valid_and_others_are_not(tmp_path):
    run = little(tmp_path, "--method", "gmm-dae")
    assert len(succeed("generate", "--run", run, "--sampler", "prior", "-n", 3).lines) == 3
    refused = run_command("generate", "--run", run, "--sampler", "uniform")
    assert refused.status == 2
    valid = "valid: prior, gaussian, gmm, dirichlet"
    assert f"{run}: there is no sampler 'uniform'; {valid}" in refused.err


def test_hyperparameters_reach_the_method_and_a_configuration_runs_again(tmp_path):
    first = little(tmp_path, "--method", "cv-vae", "--sigma", 0.5, "--network", "characters")
    assert run_architecture(open_run(first, TOOL)).method == METHODS["cv-vae"](sigma=0.5)
    assert config_of(first)["options"]["hyper"] == {"sigma": 0.5, "kl_weight": 1.0}
    words = ("train", "--config", first / "config.json", "--json", "--quiet")
    again = Path(succeed(*words).json["run"])
    assert again.name == "expr-cv-vae-002"
    assert config_of(again)["options"] == config_of(first)["options"]
    name = "model.safetensors"
    assert (again / name).read_bytes() == (first / name).read_bytes()
    other = Path(succeed(*words, "--method", "rae-l2").json["run"])
    assert other.name == "expr-rae-l2-001"
    assert run_architecture(open_run(other, TOOL)).method == METHODS["rae-l2"]()


def older(run):
    """Write a run's options as they were before methods could be chosen."""
    config = config_of(run)
    del config["options"]["method"]
    config["options"] |= config["options"].pop("hyper")
    (run / "config.json").write_text(json.dumps(config))


def test_a_configuration_from_before_methods_could_be_chosen_is_lisas(tmp_path):
    run = little(tmp_path, "--uniformity-weight", 0.5)
    options = config_of(run)["options"]
    older(run)
    config = run / "config.json"
    again = Path(succeed("train", "--config", config, "--json", "--quiet").json["run"])
    assert config_of(again)["options"] == options
    words = ("train", "--config", config, "--method", "ae", "--json", "--quiet")
    assert Path(succeed(*words).json["run"]).name == "expr-ae-001"
    (run / "summary.json").unlink()
    succeed("train", "--resume", run)


@pytest.mark.parametrize("words", [("vae", "dense"), ("gmm-dae", "dense"), ("vae", "characters")])
def test_a_stopped_training_of_another_method_ends_the_same_to_the_bit(tmp_path, words):
    method, network = words
    options = ["train", "--grammar", EXPR, "--max-rules", 8, "--epochs", 2, *LITTLE]
    options += ["--method", method, "--network", network, "--name", "run"]
    options += ["--checkpoint-seconds", 0]
    succeed(*options, "--runs", tmp_path / "straight")
    killed([*options, "--runs", tmp_path / "stopped"], at_step(4))
    run = tmp_path / "stopped" / "run"
    assert not (run / "model.safetensors").exists()
    succeed("train", "--resume", run)
    for name in ("model.safetensors", "codes.safetensors", "samplers.safetensors"):
        expected = (tmp_path / "straight" / "run" / name).read_bytes()
        assert (run / name).read_bytes() == expected


def test_both_tools_show_the_same_options_of_every_method():
    common = flags(succeed("train", "--method", "ae", "--help").out)
    pictures = flags(IMAGES.succeed("train", "--method", "ae", "--help").out)
    for name, kind in METHODS.items():
        shown = flags(succeed("train", "--method", name, "--help").out)
        others = flags(IMAGES.succeed("train", "--method", name, "--help").out)
        own = {each.name.replace("_", "-") for each in dataclasses.fields(kind)}
        assert shown - common == others - pictures
        assert {f"--{each}" for each in own} <= {flag.replace("--no-", "--") for flag in shown}


def test_no_method_has_an_option_of_the_command():
    taken = {each.name for each in dataclasses.fields(Options)}
    for kind in METHODS.values():
        assert not taken & {each.name for each in dataclasses.fields(kind)}, kind.name
