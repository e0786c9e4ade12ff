import numpy as np
import pytest
from molecules_at_hand import MOLECULES, needs_rdkit

from grammar_lisa.molecules import MoleculeError, descriptors, fingerprint
from grammar_lisa.molecules.vectors import BITS
from grammar_lisa.objectives import semantics_of
from shared.common.errors import LisaError

pytestmark = needs_rdkit
TEXTS = list(MOLECULES.values())


@pytest.mark.parametrize("vector_of", [fingerprint, descriptors])
def test_all_texts_of_a_molecule_have_one_vector(vector_of):
    one, other = vector_of("OC(C)C1=CC=CC=C1"), vector_of("c1ccccc1C(O)C")
    np.testing.assert_allclose(one, other, atol=1e-9)
    assert not np.allclose(one, vector_of("CCO"))
    with pytest.raises(MoleculeError):
        vector_of("C1CC")


def test_a_fingerprint_counts_surroundings():
    found = fingerprint("CCCCCCCC")
    assert found.shape == (BITS,)
    # Radius 2 about 8 atoms in a row: 2 + 6 atoms; 2 + 2 + 4 about them; 2 + 2 + 4 wider ones,
    # of which those of an end are known already.
    counts = np.round(np.expm1(found[found > 0])).astype(int)
    assert counts.sum() == 8 + 8 + 6


def test_descriptors_of_ethanol():
    found = descriptors("CCO")
    assert found[0] == 3
    assert found[1] == pytest.approx(46.04186, abs=1e-4)
    assert found[5:7].tolist() == [1, 1]
    assert found[8:11].tolist() == [0, 0, 1]
    assert descriptors("[NH4+]")[-1] == 1


@pytest.mark.parametrize("name", ["fingerprint", "descriptors"])
def test_a_training_takes_them_as_semantics(name):
    found = semantics_of(TEXTS, f"grammar_lisa.molecules:{name}", 0)
    assert len(found) == len(TEXTS)
    assert np.isfinite(found).all()
    assert np.ptp(found, axis=0).max() > 0
    with pytest.raises(LisaError, match="failed on 'C1CC' with MoleculeError: no molecule: rings"):
        semantics_of(["CC", "C1CC"], f"grammar_lisa.molecules:{name}", 0)
