"""The grammars that come with the toolkit are known by name wherever one is."""

import pytest
from small_grammars import ROOT

from grammar_lisa.grammar import GrammarError, load_grammar
from grammar_lisa.grammar.shipped import find_grammar, shipped_grammars

NAMES = sorted(path.stem for path in (ROOT / "grammars").glob("*.cfg"))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_are_shipped():
    assert shipped_grammars() == NAMES


@pytest.mark.parametrize("written", ["{}", "{}.cfg", "grammars/{}.cfg"])
@pytest.mark.parametrize("name", NAMES)
def test_each_is_found_by_its_name(name, written):
    path = written.format(name)
    grammar = load_grammar(path)
    assert grammar.text == (ROOT / "grammars" / f"{name}.cfg").read_text(encoding="utf-8")
    assert grammar.source == path


def test_a_file_of_ones_own_comes_first(elsewhere):
    (elsewhere / "expr.cfg").write_text("S -> 'mine'\n")
    assert len(load_grammar("expr.cfg").rules) == 1
    assert len(load_grammar("expr").rules) > 1


def test_other_folders_and_names_are_not_taken_for_them(elsewhere):
    for path in ("other/expr.cfg", str(elsewhere / "expr.cfg"), "nothing"):
        assert str(find_grammar(path)) == path
        with pytest.raises(
            GrammarError, match=r"no such file; .* or name one of chess, expr, json"
        ):
            load_grammar(path)
