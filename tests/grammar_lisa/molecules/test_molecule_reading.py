import pytest
from molecules_at_hand import MOLECULES, needs_rdkit

from grammar_lisa.expressions.language import PlainText
from grammar_lisa.molecules import MoleculeError, Molecules, canonical_smiles, check_installed
from grammar_lisa.molecules.reading import molecule
from shared.common import extras
from shared.common.errors import LisaError

SAME = [
    ("OCC", "C(C)O"),
    ("c1ccccc1:c1ccccc1", "c1ccccc1-c1ccccc1"),
    ("C1=CC=CC=C1", "c1ccccc1"),
    ("C[C@H](N)O", "C[C@@H](O)N"),
]


def test_without_rdkit_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    for call in (check_installed, lambda: molecule("CC.CCCC"), lambda: canonical_smiles("CC.CCC")):
        with pytest.raises(LisaError, match=r"pip install 'lisa-toolkit\[molecules\]'"):
            call()


@needs_rdkit
@pytest.mark.parametrize("name", MOLECULES)
def test_known_molecules_are_read(name):
    canonical = canonical_smiles(MOLECULES[name])
    assert canonical is not None
    assert canonical_smiles(canonical) == canonical


@needs_rdkit
@pytest.mark.parametrize(("one", "other"), SAME)
def test_texts_of_one_molecule_share_their_canonical_text(one, other):
    assert canonical_smiles(one) == canonical_smiles(other)


@needs_rdkit
def test_mirror_images_differ_in_stereochemistry_alone():
    left, right = MOLECULES["L-alanine"], MOLECULES["D-alanine"]
    assert canonical_smiles(left) != canonical_smiles(right)
    assert canonical_smiles(left, stereo=False) == canonical_smiles(right, stereo=False)


@needs_rdkit
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("C1CC", "rings stay open"),
        ("CF(C)C", "more bonds than its valence permits"),
        ("c1cccc1", "single and double"),
        ("cc", "not in aromatic rings"),
        ("no smiles", "spaces"),
        ("", "empty"),
        ("C C", "spaces"),
        ("CC=S:F", "an aromatic bond stands outside rings"),
        ("C:C", "an aromatic bond stands outside rings"),
    ],
)
def test_what_is_no_molecule_says_why_and_rdkit_is_silent(text, reason, capfd):
    assert canonical_smiles(text) is None
    with pytest.raises(MoleculeError, match=reason):
        molecule(text)
    assert capfd.readouterr() == ("", "")


@needs_rdkit
def test_rdkit_speaks_again_behind_our_back(capfd):
    from rdkit import Chem

    molecule("CCO")
    assert Chem.MolFromSmiles("C1CC") is None
    assert "unclosed ring" in capfd.readouterr().err


@needs_rdkit
def test_the_language_knows_what_is_equal_and_what_is_none():
    language = Molecules()
    texts = ["OCC", "C(C)O", "C1CC", "CCC"]
    forms = language.canonical_forms(texts)
    assert forms.hashes[0] == forms.hashes[1]
    assert len(set(forms.hashes)) == 3
    assert forms.readable.tolist() == [True, True, False, True]
    assert language.readable(texts).tolist() == [True, True, False, True]
    assert language.canonical(texts)[2] == ("C1CC", "C1CC")
    left, right = language.canonical([MOLECULES["L-alanine"], MOLECULES["D-alanine"]])
    assert left.text != right.text
    assert left.skeleton == right.skeleton
    assert str(language) != str(PlainText())


@needs_rdkit
def test_atoms_of_no_element_are_read_and_not_searched_for():
    assert canonical_smiles("CC(=*I)C") is not None
    texts = ["CC", "C*", "[*]CC", "C1CC", "OCC"]
    assert Molecules().readable(texts).tolist() == [True, False, False, False, True]
    assert Molecules().readable([]).shape == (0,)
