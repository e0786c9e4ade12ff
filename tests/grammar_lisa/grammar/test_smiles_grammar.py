"""`grammars/smiles.cfg` reads SMILES as the specification has them, one rule or so a token."""

import gzip
import os
from functools import cache
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st
from molecules_at_hand import MOLECULES
from small_grammars import ROOT

from grammar_lisa.grammar import Parser, load_grammar
from grammar_lisa.grammar.report import report
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivation_to_text
from shared.common.errors import LisaError

GRAMMAR = load_grammar(ROOT / "grammars" / "smiles.cfg")

ELEMENTS = """
Ac Ag Al Am Ar As At Au B Ba Be Bh Bi Bk Br C Ca Cd Ce Cf Cl Cm Cn Co Cr Cs Cu Db Ds Dy Er Es
Eu F Fe Fl Fm Fr Ga Gd Ge He Hf Hg Ho Hs I In Ir K Kr La Li Lr Lu Lv Mc Md Mg Mn Mo Mt N Na
Nb Nd Ne Nh Ni No Np O Og Os P Pa Pb Pd Pm Po Pr Pt Pu Ra Rb Re Rf Rg Rh Rn Ru S Sb Sc Se Sg
Si Sm Sn Sr Ta Tb Tc Te Th Ti Tl Tm Ts U V W Xe Y Yb Zn Zr c n o s p b se as *
"""


@cache
def parser():
    return Parser(GRAMMAR)


def test_it_is_lalr_and_so_unambiguous():
    found = report(GRAMMAR, 6)
    assert found.lalr
    assert [finding.code for finding in found.findings] == ["unambiguous"]
    assert found.spacing == "joined"


@pytest.mark.parametrize("name", MOLECULES)
def test_known_molecules_come_back(name):
    text = MOLECULES[name]
    assert derivation_to_text(GRAMMAR, parser().parse(text)) == text


@pytest.mark.parametrize("element", ELEMENTS.split())
def test_every_element_stands_in_brackets(element):
    for text in (f"[{element}]", f"[{element}H2+]", f"[12{element}@@H-2:3]", f"C[{element}--]C"):
        assert derivation_to_text(GRAMMAR, parser().parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "()", "C(", "C)", "C()C", "1CC1", "(C)C", "C==C", "C=", "=C", "C.", ".C", "C..C"),
        *("[C", "C]", "[]", "[Xx]", "[cl]", "[HH]", "[H2]", "[+C]", "[CH+H]", "[C@@@]", "[C:]"),
        *("Si", "Na", "H", "C%1", "C%", "C(C)1CC1", "[C@TH]", "[C+-]", "x", "C1CC1 O C("),
    ],
)
def test_what_is_no_smiles_is_refused(text):
    with pytest.raises(LisaError):
        parser().parse(text)


@given(st.integers(0, 2**32 - 1))
def test_every_derivation_is_read_back_from_its_text(seed):
    for derivation in sample_uniform(GRAMMAR, 3, 25, seed, distinct=False):
        text = derivation_to_text(GRAMMAR, derivation)
        assert parser().parse(text) == tuple(derivation), text


@pytest.mark.skipif("LISA_DATA_DIR" not in os.environ, reason="LISA_DATA_DIR names no data")
def test_molecules_of_zinc_take_few_rules():
    path = Path(os.environ["LISA_DATA_DIR"]) / "structured" / "zinc_24k_smiles.txt.gz"
    if not path.is_file():
        pytest.skip(f"{path.name} is not there")
    lines = gzip.decompress(path.read_bytes()).decode().split()[::49]
    derivations = list(map(parser().parse, lines))
    assert len(lines) > 490
    lengths = [len(derivation) for derivation in derivations]
    assert median(lengths) < 42
    assert max(lengths) < 75
    for text, derivation in zip(lines, derivations, strict=True):
        assert derivation_to_text(GRAMMAR, derivation) == text
