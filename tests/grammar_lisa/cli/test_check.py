import os

import pytest
from ambiguous_grammars import ELSE, SUMS
from command_line import EXPR, GRAMMARS, TOOL, run_command, succeed

from grammar_lisa.grammar import load_grammar

SHIPPED = ["expr", "json", "koza", "sql", "smiles"]


def test_the_published_count_is_printed():
    out = succeed("check", EXPR).out
    assert "199,941,076 derivations of at most 15 rules" in out
    assert "shortest sentence, 2 rules: x" in out
    assert "left-recursion" in out
    assert "parser: LALR" in out


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_grammar_passes(name):
    path = GRAMMARS / f"{name}.cfg"
    record = succeed("check", path, "--json", "--quiet").json
    grammar = load_grammar(path)
    assert record["rules"] == len(grammar.rules)
    assert record["shortest"]["rules"] == grammar.shortest
    assert record["total"] == sum(record["derivations"].values())
    assert len(record["samples"]) == 5
    assert not any(finding["severity"] == "error" for finding in record["findings"])


def test_the_number_of_samples_and_their_seed():
    first = succeed("check", EXPR, "--samples", 3, "--seed", 1, "--json").json["samples"]
    assert len(first) == 3
    assert first == succeed("check", EXPR, "--samples", 3, "--seed", 1, "--json").json["samples"]
    assert first != succeed("check", EXPR, "--samples", 3, "--seed", 2, "--json").json["samples"]
    assert succeed("check", EXPR, "--samples", 0, "--json").json["samples"] == []


def test_the_length_bounds_the_table():
    record = succeed("check", EXPR, "--max-rules", 4, "--json").json
    assert record["derivations"] == {"2": 4, "4": 60}
    assert record["total"] == 64


def test_findings_show_their_place(tmp_path):
    path = tmp_path / "odd.cfg"
    path.write_text("S -> 'a' | S 'b'\nT -> 'c'\n")
    out = succeed("check", path).out
    assert f"{path}:2:6: warning: no sentence uses T" in out


BNF = "<s> ::= 'a' <s> | <end>\n<end> ::= 'it\\'s' | \"\"\n"


@pytest.mark.parametrize("ending", [".cfg", ".bnf", ".ebnf", ".lark"])
def test_a_grammar_is_written_in_another_notation_and_read_again(tmp_path, ending):
    path, other = tmp_path / "own.bnf", tmp_path / f"other{ending}"
    path.write_text(BNF)
    first = succeed("check", path, "--out", other, "--json", "--max-rules", 6).json
    assert "read as bnf: its name ends in .bnf" in [each["message"] for each in first["findings"]]
    again = succeed("check", other, "--json", "--max-rules", 6).json
    assert again["derivations"] == first["derivations"]
    assert set(succeed("sample", other, "-n", 40, "--max-rules", 6).lines) == set(
        succeed("sample", path, "-n", 40, "--max-rules", 6).lines
    )


def test_weights_are_said_to_be_lost(tmp_path):
    path = tmp_path / "w.cfg"
    path.write_text("S -> 'a' [12] | 'b' [3]\n")
    written = succeed("check", path, "--out", tmp_path / "w.bnf")
    assert "2 rules, as bnf, in" in written.err
    assert "the weights are left out" in written.err
    assert "left out" not in succeed("check", path, "--out", tmp_path / "again.cfg").err
    assert (tmp_path / "again.cfg").read_text() == "%start S\nS -> 'a' [12] | 'b' [3]\n"


def test_a_notation_can_be_asked_for(tmp_path):
    path = tmp_path / "grammar.txt"
    path.write_text("s = a | ;\na = 'b' ;\n")
    assert "2 rules" not in succeed("check", path, "--format", "ebnf").out.splitlines()[0]
    assert succeed("sample", path, "--format", "ebnf", "-n", 9).lines.count("b") > 0
    assert "expected an arrow" in TOOL.refusal("check", path, "--format", "cfg")


def test_data_are_looked_at(tmp_path):
    path, data = tmp_path / "sums.cfg", tmp_path / "data.txt"
    path.write_text("S -> S '+' S | 'x'\n")
    data.write_text("x\nx+x+x\nx+y\n")
    result = succeed("check", path, "--data", data)
    assert f"{data}: 3 lines, 2 of them sentences; 1 are not" in result.out
    assert "ambiguous: 1 of 2 sentences looked at" in result.out
    record = succeed("check", path, "--data", data, "--json").json["data"]
    assert (record["sentences"], record["ambiguous"], record["first"][0]) == (2, 1, 2)
    assert record["refused"][0]["line"] == 3


def test_derivations_and_sentences_are_counted_apart(tmp_path):
    path = tmp_path / "else.cfg"
    path.write_text(ELSE)
    result = succeed("check", path, "--max-rules", 6)
    assert "188 derivations of at most 6 rules, of 108 different sentences; some" in result.out
    assert "parser: LALR with shifts preferred, and Earley for what that refuses" in result.out
    found = succeed("check", path, "--max-rules", 6, "--json").json
    assert (found["total"], found["sentences"]["number"]) == (188, 108)
    assert "different sentences" not in succeed("check", EXPR).out
    path.write_text(SUMS)
    result = succeed("check", path, "--max-rules", 30, "--samples", 1)
    assert "of far fewer different sentences" in result.out
    assert "the draws are uniform over derivations" in result.said


def test_files_that_cannot_be_written(tmp_path):
    assert "name a file that ends in .cfg" in TOOL.refusal("check", EXPR, "--out", "a.txt")
    assert "is there already" in TOOL.refusal("check", EXPR, "--out", EXPR)
    own = tmp_path / "own.cfg"
    own.write_text(EXPR.read_text())
    own_words = ("check", own, "--out", own, "--overwrite")
    assert "is the grammar itself" in TOOL.refusal(*own_words)
    new = tmp_path / "new.cfg"
    assert "holds no sentences" in TOOL.refusal("check", own, "--out", new, "--data", os.devnull)
    assert not new.exists()
    beside = own / "absent" / "a.cfg"
    assert "cannot make the folder" in TOOL.refusal("check", EXPR, "--out", beside)


def test_quiet_is_silent_on_standard_error():
    assert succeed("check", EXPR, "--quiet").err == ""


def test_help_and_version_end_well():
    assert "grammar-lisa COMMAND" in run_command("--help").out
    assert run_command().out == run_command("--help").out
    assert run_command("--version").out.startswith("grammar-lisa ")
    result = run_command("check", "--help")
    assert result.status == 0
    assert "--max-rules" in result.out


@pytest.mark.parametrize("words", [("--samples", 1, "--grammar", EXPR), (EXPR, "--samples", 1)])
def test_a_grammar_is_named_by_its_flag_or_alone(words):
    assert succeed("check", *words).out == succeed("check", EXPR, "--samples", 1).out


def test_one_rule_is_no_rules(tmp_path):
    path = tmp_path / "one.cfg"
    path.write_text("S -> 'a'\n")
    out = succeed("check", path).out
    assert "1 rule, 1 symbol, 1 token, start S" in out
    assert "shortest sentence, 1 rule: a" in out
    assert "1 derivation of at most 15 rules" in out
