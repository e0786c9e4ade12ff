"""What `bo` searches for: the objectives at hand are found by their names."""

import sys
from importlib.util import find_spec

import pytest

from grammar_lisa.cli.bo_objective import opened_objective
from grammar_lisa.cli.options.objective import ObjectiveOptions
from grammar_lisa.molecules import properties
from grammar_lisa.objectives.external import CallableObjective
from grammar_lisa.objectives.molecules import MoleculeObjective
from grammar_lisa.objectives.regular_expressions import RegexObjective
from shared.common.errors import LisaError


@pytest.fixture
def name(tmp_path):
    path = tmp_path / "years.txt"
    path.write_text("+ 1969\n- dog\n", encoding="utf-8")
    return f"regex:{path}"


def test_a_file_of_examples_makes_an_objective(name):
    with opened_objective(ObjectiveOptions(objective=name), [], 0) as objective:
        scores = objective(["[0-9]{4,}", ".*", "("])
    assert scores[:2].tolist() == pytest.approx([0.045, 0.51])
    assert scores[2] != scores[2]


def test_seconds_each_do_not_go_with_it(name):
    options = ObjectiveOptions(objective=name, seconds_each=1)
    with (
        pytest.raises(LisaError, match="--seconds-each does not go with regex:FILE"),
        opened_objective(options, [], 0),
    ):
        pass


def test_a_file_that_is_not_there_is_refused():
    options = ObjectiveOptions(objective="regex:missing.txt")
    with pytest.raises(LisaError, match="cannot be read"), opened_objective(options, [], 0):
        pass


def opened(name):
    """The class of the objective that a name means, and its scores of two sentences."""
    with opened_objective(ObjectiveOptions(objective=name), [], 0) as objective:
        return type(objective), objective(["[0-9]{4,}", "CCO"]).tolist()


@pytest.fixture
def own_modules(tmp_path, monkeypatch):
    """A working folder with modules named like the objectives at hand, and a file of examples."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loss").write_text("+ 1969\n- dog\n", encoding="utf-8")
    source = "def loss(text):\n    return len(text)\n\nif True:\n    qed = loss\n"
    for module in ("regex", "molecules"):
        (tmp_path / f"{module}.py").write_text(source, encoding="utf-8")
        monkeypatch.delitem(sys.modules, module, raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "at_hand"),
    [
        ("regex:loss", ", or regex:./loss for the file of examples loss"),
        ("molecules:qed", ", or grammar_lisa.objectives.molecules:qed for the objective at hand"),
        ("molecules:loss", ""),
    ],
)
def test_a_name_of_two_meanings_is_refused_and_both_are_told(own_modules, name, at_hand):
    module, _, function = name.partition(":")
    with pytest.raises(LisaError) as refused:
        opened(name)
    assert str(refused.value) == (
        f"--objective {name} could be the function {function} of the module {module} in "
        f"{own_modules}, too; write ./{name} for that one{at_hand}"
    )
    assert opened(f"./{name}") == (CallableObjective, [9, 3])


def test_both_meanings_at_hand_can_be_said(own_modules):
    kind, scores = opened("regex:./loss")
    assert kind is RegexObjective
    assert scores[0] == pytest.approx(0.045)
    if find_spec("rdkit") is not None:
        kind, scores = opened("grammar_lisa.objectives.molecules:qed")
        assert kind is MoleculeObjective
        assert scores[1] == -properties.qed("CCO")


@pytest.mark.parametrize("source", ["", "def other(text):\n    qed = 1\n", "def qed(:", None])
def test_a_module_without_that_name_leaves_one_meaning(tmp_path, monkeypatch, source):
    monkeypatch.chdir(tmp_path)
    for module in ("molecules", "regex"):
        if source is None:
            (tmp_path / module).mkdir()
        else:
            (tmp_path / f"{module}.py").write_text(source, encoding="utf-8")
    (tmp_path / "qed").write_text("+ 1969\n", encoding="utf-8")
    assert opened("regex:qed")[0] is RegexObjective
    with pytest.raises(LisaError, match="there is no objective 'molecules:qet'"):
        opened("molecules:qet")
