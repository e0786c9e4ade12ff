import re
from collections import Counter

import pytest
from ambiguous_grammars import ELSE, SUMS
from command_line import EXPR, GRAMMARS, TOOL, succeed

from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.parsing import Parser


@pytest.mark.parametrize("law", ["uniform", "by-length", "weighted"])
@pytest.mark.parametrize("name", ["expr", "json", "koza", "sql"])
def test_samples_are_sentences_one_a_line(name, law):
    path = GRAMMARS / f"{name}.cfg"
    lines = succeed("sample", path, "-n", 30, "--draw", law, "--distinct").lines
    assert len(lines) == len(set(lines)) == 30
    parser = Parser(load_grammar(path))
    assert all(parser.parse(line) for line in lines)


def test_twenty_come_by_default_and_the_seed_repeats_them():
    first = succeed("sample", EXPR).lines
    assert len(first) == 20
    assert succeed("sample", EXPR, "--seed", 0).lines == first
    assert succeed("sample", EXPR, "--seed", 1).lines != first


def test_json_holds_what_is_printed():
    words = ("sample", EXPR, "--count", 5, "--seed", 3)
    assert succeed(*words, "--json").json == {"sentences": succeed(*words).lines}


def test_distinct_can_exhaust_the_grammar():
    lines = succeed("sample", EXPR, "-n", 64, "--max-rules", 4, "--distinct").lines
    assert len(set(lines)) == 64
    repeated = succeed("sample", EXPR, "-n", 64, "--max-rules", 4).lines
    assert len(set(repeated)) < 64


def test_weights_of_the_file_are_followed(tmp_path):
    path = tmp_path / "weighted.cfg"
    path.write_text("S -> 'a' [0.9] | 'b' [0.1]\n")
    lines = succeed("sample", path, "-n", 1000, "--draw", "weighted").lines
    assert 850 < lines.count("a") < 950
    lines = succeed("sample", path, "-n", 1000).lines
    assert 430 < lines.count("a") < 570


def test_by_length_short_sentences_are_as_frequent_as_long_ones():
    words = ("sample", EXPR, "-n", 1200, "--max-rules", 6, "--draw")
    parser = Parser(load_grammar(EXPR))
    lines = succeed(*words, "by-length").lines
    lengths = Counter(len(parser.parse(line)) for line in lines)
    assert all(340 < lengths[length] < 460 for length in (2, 4, 6))
    lines = succeed("sample", EXPR, "-n", 100, "--distinct", "--draw", "by-length").lines
    assert {"x", "1", "2", "3"} < set(lines)


def test_sentences_of_an_ambiguous_grammar_are_equally_frequent(tmp_path):
    path = tmp_path / "else.cfg"
    path.write_text(ELSE)
    counts = Counter(succeed("sample", path, "-n", 5000, "--max-rules", 4).lines)
    several = counts["if if x else y"]
    assert 5000 / len(counts) / 2 < several < 2 * 5000 / len(counts)
    path.write_text(SUMS)
    assert "uniform over derivations" in succeed("sample", path, "--max-rules", 21).said


def test_the_length_is_kept():
    lines = succeed("sample", EXPR, "-n", 50, "--max-rules", 4).lines
    parser = Parser(load_grammar(EXPR))
    assert max(len(parser.parse(line)) for line in lines) == 4


def test_sentences_are_not_read_as_markup_or_emoji(tmp_path):
    path = tmp_path / "marks.cfg"
    path.write_text("S -> '[bold]' | ':smile:'\n")
    text = succeed("sample", path, "-n", 40).out
    assert set(re.findall(r"\S+", text)) == {"[bold]", ":smile:"}


def test_quiet_is_silent_on_standard_error():
    assert succeed("sample", EXPR, "--quiet").err == ""


def test_weighted_is_short_for_draw_weighted():
    words = ("sample", EXPR, "-n", 20, "--seed", 3)
    assert succeed(*words, "--weighted").lines == succeed(*words, "--draw", "weighted").lines
    assert "contradicts" in TOOL.refusal(*words, "--weighted", "--draw", "by-length")
