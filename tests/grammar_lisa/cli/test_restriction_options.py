"""`--forbid` and `--at-most` of the commands that have them."""

import csv
import json

import numpy as np
import pytest
from command_line import EXPR, TINY_SEARCH, run_command, succeed

GRAMMAR = ["--forbid", "sin", "--at-most", "x:1", "--at-most", "T -> (S):0"]


def obey(lines):
    return [x for x in lines if "sin" in x or x.replace("exp", "").count("x") > 1] == []


@pytest.mark.parametrize("law", ["uniform", "by-length", "weighted"])
def test_samples_of_a_grammar_obey(law):
    words = ("sample", EXPR, "-n", 60, "--max-rules", 9, "--draw", law)
    assert not obey(succeed(*words).lines)
    lines = succeed(*words, *GRAMMAR).lines
    assert len(lines) == 60
    assert obey(lines)


def test_what_is_generated_decoded_and_interpolated_obeys(trained, tmp_path):
    np.save(tmp_path / "codes.npy", np.random.default_rng(0).standard_normal((100, 25)))
    for words in (
        ("generate", "-n", 100, "--distinct"),
        ("decode", tmp_path / "codes.npy"),
        ("interpolate", "sin(x)", "x*x"),
    ):
        words = (*words, "--run", trained)
        assert not obey(line.split()[-1] for line in succeed(*words).lines)
        found = [line.split()[-1] for line in succeed(*words, *GRAMMAR).lines]
        assert obey(found)
        assert len(found) >= 11


def test_a_restricted_search_begins_from_and_finds_what_obeys(run):
    words = ("bo", "--trials", 2, *TINY_SEARCH, "--jobs", 1, "--json", "--run", run)
    result = succeed(*words, "--forbid", "sin", "--at-most", "x:2")
    assert "no sin, at most 2 of x: " in result.said
    assert "training sentences obey, and all that are proposed" in result.said
    folder = run / "search-001"
    lines = [
        json.loads(line)
        for path in sorted(folder.glob("trial-*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    headers, found = lines[::11], [each for each in lines if "sentence" in each]
    assert {each["restrictions"] for each in headers} == {"no sin, at most 2 of x"}
    assert len(found) == 20
    texts = [each["sentence"] for each in found]
    with (folder / "hall_of_fame.csv").open(newline="") as file:
        texts += [row["sentence"] for row in csv.DictReader(file)]
    assert not [x for x in texts if "sin" in x or x.replace("exp", "").count("x") > 2]
    again = succeed("bo", "--resume", folder, "--jobs", 1, "--json", "--quiet")
    assert again.json["trials"] == result.json["trials"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--forbid", "y"], "there is no terminal or nonterminal 'y'; valid: +, *, /"),
        (["--at-most", "x"], "--at-most takes NAME:COUNT, such as 'sin:2', not 'x'"),
        (["--at-most", "x:-1"], "--at-most takes NAME:COUNT"),
        (["--forbid", "T"], "of at most 6 rules obeys: no T"),
    ],
)
def test_what_makes_no_sense_is_refused(trained, words, message):
    refused = run_command("generate", "--run", trained, *words)
    assert refused.status == 2
    assert message in refused.said
    assert refused.said.startswith("error: ")


def test_a_network_on_characters_knows_no_rules(characters):
    refused = run_command("generate", "--run", characters, "--forbid", "sin")
    assert refused.status == 2
    assert "decodes characters and knows no rules that could be forbidden" in refused.said
