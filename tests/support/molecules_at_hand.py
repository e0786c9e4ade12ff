"""Molecules that everybody knows, and a mark for tests that need RDKit."""

from importlib.util import find_spec

import pytest

needs_rdkit = pytest.mark.skipif(
    find_spec("rdkit") is None, reason="RDKit, the extra 'molecules', is not installed"
)

MOLECULES = {
    "methane": "C",
    "ammonium": "[NH4+]",
    "ethanol": "CCO",
    "acetone": "CC(=O)C",
    "acetonitrile": "CC#N",
    "hydrogen": "[H][H]",
    "heavy water": "[2H]O[2H]",
    "carbon-13 methane": "[13CH4]",
    "table salt": "[Na+].[Cl-]",
    "iron(II) sulphate": "[Fe+2].[O-]S(=O)(=O)[O-]",
    "iron by signs": "[Fe++]",
    "benzene": "c1ccccc1",
    "benzene, Kekulé": "C1=CC=CC=C1",
    "biphenyl": "c1ccc(-c2ccccc2)cc1",
    "pyrrole": "[nH]1cccc1",
    "selenophene": "[se]1cccc1",
    "thiophene": "c1ccsc1",
    "phenylboronic acid": "OB(O)c1ccccc1",
    "thioanisole": "CSc1ccccc1",
    "scandium": "[Sc+3]",
    "trans-difluoroethene": "F/C=C/F",
    "cis-difluoroethene": r"F/C=C\F",
    "L-alanine": "C[C@H](N)C(=O)O",
    "D-alanine": "C[C@@H](N)C(=O)O",
    "glucose": "OC[C@H]1OC(O)[C@H](O)[C@@H](O)[C@@H]1O",
    "aspirin": "CC(=O)Oc1ccccc1C(=O)O",
    "paracetamol": "CC(=O)Nc1ccc(O)cc1",
    "ibuprofen": "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "caffeine": "Cn1cnc2c1c(=O)n(C)c(=O)n2C",
    "nicotine": "CN1CCC[C@H]1c1cccnc1",
    "vanillin": "O=Cc1ccc(O)c(OC)c1",
    "indigo": r"O=C1c2ccccc2N/C1=C1\Nc2ccccc2C1=O",
    "penicillin G": "CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O",
    "morphine": "CN1CC[C@]23c4c5ccc(O)c4O[C@H]2[C@@H](O)C=C[C@H]3[C@H]1C5",
    "cholesterol": (
        "C[C@H](CCCC(C)C)[C@H]1CC[C@@H]2[C@@]1(CC[C@H]3[C@H]2CC=C4[C@@]3(CC[C@@H](C4)O)C)C"
    ),
    "cubane": "C12C3C4C1C5C4C3C25",
    "naphthalene": "c%10ccc2ccccc2c%10",
    "cyclohexane by bonds": "C=1CCCCC=1",
    "cycloheptane": "C1CCCCCC1",
    "nitrobenzene": "[O-][N+](=O)c1ccccc1",
    "a labelled atom": "[CH3:1]C",
    "a labelled isotope": "[13CH3:12]O",
    "any atom": "*CC",
    "any atom in brackets": "[*]CC",
    "dimolybdenum": "[Mo]$[Mo]",
    "an allene": "CC=[C@AL1]=CC",
    "a square plane": "F[Pt@SP1](Cl)(Br)I",
    "an octahedron": "C[Co@OH25](F)(Cl)(Br)(I)S",
}

CHAINS = [
    f"{one}{'C' * length}{end}"
    for one in "CON"
    for length in (1, 2, 3)
    for end in ("C", "O", "N", "F", "Cl", "C#N", "C(C)C", "C=O")
]
"""Short molecules that a small network learns."""
