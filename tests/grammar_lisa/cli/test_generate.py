import re
import shutil

import pytest
from command_line import EXPR, run_command, succeed

from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.parsing import Parser


@pytest.mark.parametrize("sampler", ["gmm", "gaussian", "uniform"])
def test_every_line_is_a_sentence(trained, sampler):
    lines = succeed("generate", "--run", trained, "-n", 100, "--sampler", sampler).lines
    parser = Parser(load_grammar(EXPR))
    assert len(lines) == 100
    assert all(len(parser.parse(line)) <= 6 for line in lines)


def test_samplers_differ_and_seeds_repeat(trained):
    def lines(*words):
        return succeed("generate", "--run", trained, *words).lines

    assert len(lines()) == 20
    assert lines() == lines("--sampler", "gmm", "--seed", "0")
    assert lines() != lines("--seed", "1")
    assert lines("--sampler", "uniform") != lines("--sampler", "gaussian")


def test_distinct_draws_until_there_are_enough(trained):
    words = ("generate", "--run", trained, "-n", 300, "--json")
    plain = succeed(*words).json["sentences"]
    assert len(set(plain)) < 300
    distinct = succeed(*words, "--distinct").json["sentences"]
    assert len(set(distinct)) == len(distinct) == 300
    assert distinct[: len(set(plain))] == list(dict.fromkeys(plain))


def test_temperature_draws_rules(trained):
    words = ("generate", "--run", trained, "-n", 50)
    cold = succeed(*words).lines
    hot = succeed(*words, "--temperature", 3).lines
    assert hot != cold
    assert hot == succeed(*words, "--temperature", 3).lines
    assert hot != succeed(*words, "--temperature", 3, "--seed", 5).lines


def test_the_newest_run_is_taken(trained, tmp_path):
    shutil.copytree(trained, tmp_path / "old")
    shutil.copytree(trained, tmp_path / "new")
    config = tmp_path / "new" / "config.json"
    config.write_text(config.read_text().replace('"created": "2', '"created": "3'))
    (tmp_path / "unfinished").mkdir()
    (tmp_path / "unfinished" / "config.json").write_text(
        config.read_text().replace('"created": "3', '"created": "4')
    )
    assert succeed("generate", "--runs", tmp_path, "--json").json["run"] == str(tmp_path / "new")


def test_quiet_is_silent_on_standard_error(trained):
    assert succeed("generate", "--run", trained, "--quiet").err == ""


def test_sentences_near_one_are_drawn_at_an_angle(trained):
    words = ("generate", "--run", trained, "-n", 60, "--near", "sin(x)", "--angle")
    near, far = succeed(*words, 0.2), succeed(*words, 1.5)
    assert near.lines.count("sin(x)") > far.lines.count("sin(x)")
    assert len(set(far.lines)) > len(set(near.lines))
    assert near.lines == succeed(*words, 0.2).lines
    assert far.lines != succeed(*words, 1.5, "--seed", 1).lines


def test_conditions_are_fulfilled_and_their_acceptance_is_printed(trained):
    words = ("generate", "--run", trained, "-n", 30, "--where", "length<=4", "--where", "rules>2")
    result = succeed(*words)
    assert all(len(line) <= 4 for line in result.lines)
    assert len(result.lines) == 30
    assert re.search(r"\d+ of \d+ draws have length<=4 and rules>2: 0\.\d+", result.said)
    record = succeed(*words, "--json").json
    assert record["sentences"] == result.lines
    assert 30 <= record["plain"]["accepted"] < record["plain"]["draws"]


def test_a_probe_raises_the_acceptance(trained):
    """Of sentences with three or more signs, which are few."""
    words = ("generate", "--run", trained, "-n", 150, "--where", "length>=9", "--json")
    plain = succeed(*words).json["plain"]
    record = succeed(*words, "--probe").json
    assert record["plain"]["draws"] == 256
    assert record["probed"]["draws"] > 0
    share = plain["accepted"] / plain["draws"]
    assert record["probed"]["accepted"] / record["probed"]["draws"] > 1.5 * share
    assert all(len(text) >= 9 for text in record["sentences"])


def test_where_too_few_are_found_these_are_printed_and_the_rest_is_said(trained):
    words = ("generate", "--run", trained, "-n", 40, "--most-draws", 300)
    lengths = sorted(map(len, succeed("generate", "--run", trained, "-n", 300).lines))
    most = lengths[-20]
    refused = run_command(*words, "--where", f"length>={most + 1}")
    assert refused.status == 2
    assert len(refused.lines) < 40
    assert all(len(line) > most for line in refused.lines)
    said = f"error: 300 draws gave {len(refused.lines)} sentences with length>={most + 1} only; "
    assert f"{said}ask for fewer, raise --most-draws, or try --temperature 1" in refused.said
    nothing = run_command(*words, "--where", "math:sqrt>0")
    assert nothing.lines == []
    assert "300 draws lack a property: 300 × TypeError: must be real number" in nothing.said
    same = run_command(*words, "--distinct", "--near", "x", "--angle", 0)
    assert "300 draws gave 1 distinct sentences only; ask for fewer, raise" in same.said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--near x", "--near needs one of --angle, for a spherical method, and --distance"),
        ("--near x --angle 1 --distance 1", "--near needs one of --angle"),
        ("--near x --angle 4", "--angle must be from 0 to 3.14"),
        ("--near x --distance 1", "the codes of LISA lie at an angle"),
        ("--near x+ --angle 1", "not a sentence of"),
        ("--near x --angle 1 --sampler gmm", "--near draws around a sentence and --sampler does"),
        ("--angle 1", "--angle and --distance say how far from --near; give that too"),
        ("--distance 1", "--angle and --distance say how far from --near; give that too"),
        ("--where length", "a condition is PROPERTY, one of <= >= != == = < >, and a number"),
        ("--where lenght>3", "there is no property 'lenght'; did you mean 'length'"),
        ("--probe", "--probe looks for what --where asks for; give a condition"),
        ("--most-draws 0", "--most-draws must be from 1"),
    ],
)
def test_what_makes_no_sense_is_refused(trained, words, message):
    refused = run_command("generate", "--run", trained, *words.split())
    assert refused.status == 2
    assert message in refused.said
