import pickle

import pytest
from molecules_at_hand import MOLECULES, needs_rdkit

from grammar_lisa.molecules import PROPERTIES, Molecules, logp, penalised_logp, qed, sa
from grammar_lisa.objectives.external import failure_report
from grammar_lisa.objectives.molecules import FUNCTIONS, PREFIX, MoleculeObjective
from shared.common import extras
from shared.common.errors import LisaError

TEXT = MOLECULES["nicotine"]


def test_other_names_are_refused():
    with pytest.raises(LisaError, match="no objective 'molecules:qet'; did you mean 'molecules:q"):
        MoleculeObjective("molecules:qet")
    with pytest.raises(LisaError, match="no objective 'qed'"):
        MoleculeObjective("qed")


def test_without_rdkit_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(LisaError, match=r"pip install 'lisa-toolkit\[molecules\]'"):
        MoleculeObjective("molecules:qed")


def test_every_property_is_an_objective():
    assert FUNCTIONS.keys() == PROPERTIES.keys()


@needs_rdkit
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(("qed", lambda text: -qed(text)), ("logp", lambda text: -logp(text)), ("sa", sa)),
        ("penalised-logp", lambda text: -penalised_logp(text)),
    ],
)
def test_better_molecules_score_less(name, expected):
    with MoleculeObjective(PREFIX + name) as objective:
        (scored,) = objective.evaluate([TEXT])
    assert scored.score == expected(TEXT)


@needs_rdkit
def test_what_is_no_molecule_has_no_score_and_says_why():
    with MoleculeObjective("molecules:qed") as objective:
        found = objective.evaluate(["C1CC", "CCO", "C1CCC"])
        assert [each.score is None for each in found] == [True, False, True]
        assert "2 × MoleculeError: no molecule: rings stay open" in failure_report(found)
        assert objective.language == Molecules()


@needs_rdkit
def test_it_may_run_in_a_process_of_its_own_and_travel():
    with MoleculeObjective("molecules:logp", seconds_each=300) as objective:
        assert objective([TEXT])[0] == -logp(TEXT)
    sent = pickle.loads(pickle.dumps(objective))
    assert sent.language == Molecules()
    with sent:
        assert sent([TEXT])[0] == -logp(TEXT)
