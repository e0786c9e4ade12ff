"""`grammar-lisa learn-weights`: a weighted grammar from a file of sentences."""

from collections import Counter

import pytest
from ambiguous_grammars import ELSE
from command_line import EXPR, TOOL, succeed

from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.parsing import Parser
from grammar_lisa.grammar.weights import file_probabilities


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "lines.txt"
    path.write_text("x\n" * 60 + "x+1\n" * 30 + "sin(x)\n" * 10 + "x+\nexp(\n")
    return path


def learn(data, *words):
    return succeed("learn-weights", EXPR, "--data", data, *words)


def test_the_weighted_grammar_is_printed_and_figures_stand_beside_it(data, tmp_path):
    result = learn(data)
    path = tmp_path / "printed.cfg"
    path.write_text(result.out)
    grammar = load_grammar(path)
    assert [str(rule) for rule in grammar.rules] == [str(rule) for rule in load_grammar(EXPR).rules]
    assert "weights learnt by grammar-lisa learn-weights from 100 sentences" in result.lines[0]
    assert "102 lines, 100 of them sentences; 2 are not" in result.err
    assert "line 101: not a sentence" in result.err
    assert "several derivations" not in result.err
    assert "log-likelihood of the sentences held out, 10% of all" in result.err


def test_the_file_is_read_by_other_commands(data, tmp_path):
    path = tmp_path / "weighted.cfg"
    record = learn(data, "--out", path, "--by-parent", "--json", "--quiet").json
    assert path.read_text() == record["grammar"]
    worth = [row["log_likelihood"] for row in record["held_out"]]
    assert worth == sorted(worth)
    assert [row["weights"] for row in record["held_out"]] == [
        "of the file",
        "learnt",
        "learnt, by parent rule",
    ]
    assert record["sentences"] == 100
    assert [each["line"] for each in record["refused"]] == [101, 102]
    lines = Counter(succeed("sample", path, "-n", 600, "--draw", "weighted").lines)
    assert 0.5 < lines["x"] / 600 < 0.7
    assert 0.15 < lines["x+1"] / 600 < 0.35
    assert "unambiguous" in succeed("check", path, "--max-rules", 8).out


def test_the_table_is_a_result_where_the_grammar_goes_to_a_file(data, tmp_path):
    result = learn(data, "--out", tmp_path / "weighted.cfg", "--seed", 3)
    assert "nats a sentence" in result.out
    assert "learnt, by parent rule" in result.out


def test_smoothing_and_held_out(data, tmp_path):
    path = tmp_path / "w.cfg"
    learn(data, "--out", path, "--smoothing", 1e6, "--held-out", 0)
    smooth = file_probabilities(load_grammar(path))
    assert smooth[:4] == pytest.approx([0.25] * 4, abs=1e-3)
    assert "no sentences are held out" in learn(data, "--held-out", 0).err


def test_the_canonical_derivations_of_ambiguous_sentences_count(tmp_path):
    """Drawn rule by rule, sentences have as many of each rule, on the mean, as the data have."""
    path, data, learnt = (tmp_path / name for name in ("g.cfg", "data.txt", "learnt.cfg"))
    path.write_text(ELSE)
    lines = ["x"] * 20 + ["if x"] * 10 + ["if if x else y"] * 10
    data.write_text("\n".join(lines))
    words = ("--smoothing", 1e-6, "--held-out", 0, "--out", learnt)
    result = succeed("learn-weights", path, "--data", data, *words)
    assert "of a sentence with several derivations the canonical one counts" in result.said
    grammar = load_grammar(learnt)
    assert Parser(grammar).parse("if if x else y") == (0, 1, 2, 3)
    shares = [20 / 80, 10 / 80, 40 / 80, 10 / 80]
    assert file_probabilities(grammar) == pytest.approx(shares, abs=1e-6)
    drawn = succeed("sample", learnt, "-n", 800, "--draw", "weighted", "--max-rules", 30).lines
    counted = sum(line.count("if") - line.count("else") for line in drawn) / 800
    assert counted == pytest.approx(20 / 40, abs=0.1)


def test_refusals(data, tmp_path):
    nothing = tmp_path / "nothing.txt"
    nothing.write_text("y\nz\n")
    own = tmp_path / "own.cfg"
    own.write_text(EXPR.read_text())
    for words, said in [
        (("learn-weights", EXPR, "--data", nothing), "none of the 2 lines of"),
        (("learn-weights", EXPR, "--data", tmp_path / "absent"), "there is no file or folder"),
        (("learn-weights", EXPR, "--data", data, "--smoothing", 0), "smoothing"),
        (("learn-weights", own, "--data", data, "--out", own), "own.cfg is there already"),
        (
            ("learn-weights", own, "--data", data, "--out", own, "--overwrite"),
            "is the grammar itself",
        ),
        (("learn-weights", EXPR, "--data", data, "--out", own / "w"), "cannot make the folder"),
    ]:
        assert said in TOOL.refusal(*words).replace("\n", " ")
