import pytest
from command_line import EXPR, GRAMMARS, run_command, succeed

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


def test_quiet_is_silent_on_standard_error():
    assert succeed("check", EXPR, "--quiet").err == ""


def test_help_and_version_end_well():
    assert "grammar-lisa COMMAND" in run_command("--help").out
    assert run_command().out == run_command("--help").out
    assert run_command("--version").out.startswith("grammar-lisa ")
    result = run_command("check", "--help")
    assert result.status == 0
    assert "--max-rules" in result.out
