import shutil

import pytest
from command_line import EXPR, succeed

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
