from command_line import EXPR, succeed

from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.parsing import Parser


def test_the_path_leads_from_one_sentence_to_the_other(trained):
    path = succeed("interpolate", "x+1", "sin(x)", "--run", trained, "--json").json["path"]
    assert len(path) == 11
    assert [point["at"] for point in path] == [i / 10 for i in range(11)]
    assert path[0]["sentence"] == "x+1"
    assert path[-1]["sentence"] == "sin(x)"
    parser = Parser(load_grammar(EXPR))
    assert all(parser.parse(point["sentence"]) for point in path)


def test_text_shows_where_on_the_path_each_sentence_stands(trained):
    lines = succeed("interpolate", "x+1", "sin(x)", "--run", trained, "--steps", 3).lines
    assert lines[0] == "0.000  x+1"
    assert lines[1].startswith("0.500  ")
    assert lines[2] == "1.000  sin(x)"


def test_distinct_leaves_out_what_stands_still(trained):
    words = ("interpolate", "x+1", "sin(x)", "--run", trained, "--steps", 60, "--json")
    whole = [point["sentence"] for point in succeed(*words).json["path"]]
    kept = [point["sentence"] for point in succeed(*words, "--distinct").json["path"]]
    assert len(kept) < 60
    assert kept == [s for i, s in enumerate(whole) if i == 0 or whole[i - 1] != s]


def test_a_path_from_a_sentence_to_itself_stands_still(trained):
    path = succeed("interpolate", "x+1", "x+1", "--run", trained, "--json", "--steps", 4).json[
        "path"
    ]
    assert {point["sentence"] for point in path} == {"x+1"}


def test_quiet_is_silent_on_standard_error(trained):
    assert succeed("interpolate", "x", "1", "--run", trained, "--quiet").err == ""
