import gzip
import importlib
import os
from pathlib import Path

import pytest
from molecules_at_hand import MOLECULES, needs_rdkit
from small_grammars import ROOT

from grammar_lisa.molecules import PROPERTIES, MoleculeError, logp, penalised_logp, qed, sa
from grammar_lisa.molecules import properties as module
from grammar_lisa.molecules.properties import (
    LOGP_SCALE,
    RINGS_SCALE,
    SA_SCALE,
    PropertyScale,
    large_rings,
)

pytestmark = needs_rdkit


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return importlib.import_module("molecule_scales")


def test_known_values():
    aspirin = MOLECULES["aspirin"]
    assert logp(aspirin) == pytest.approx(1.3101, abs=1e-4)
    assert qed(aspirin) == pytest.approx(0.550, abs=1e-3)
    assert sa(aspirin) == pytest.approx(1.580, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "atoms"),
    [("CCC", 0), ("C1CCCCC1", 0), ("C1CCCCCC1", 1), ("C1CCCCCCCCC1", 4), ("C1CC1CC1CCCCCCC1", 2)],
)
def test_large_rings_count_the_atoms_above_six_of_the_largest(text, atoms):
    assert large_rings(text) == atoms


@pytest.mark.parametrize("text", ["C1CCCCCC1", MOLECULES["caffeine"]])
def test_penalised_logp_is_the_sum_of_its_standardised_parts(text):
    parts = [
        (logp(text) - LOGP_SCALE.mean) / LOGP_SCALE.deviation,
        (sa(text) - SA_SCALE.mean) / SA_SCALE.deviation,
        (large_rings(text) - RINGS_SCALE.mean) / RINGS_SCALE.deviation,
    ]
    assert penalised_logp(text) == pytest.approx(parts[0] - parts[1] - parts[2], abs=1e-12)


@pytest.mark.parametrize("name", PROPERTIES)
def test_all_texts_of_a_molecule_have_one_value_and_no_molecule_has_none(name):
    measure = PROPERTIES[name]
    assert measure("OC(C)C1=CC=CC=C1") == pytest.approx(measure("c1ccccc1C(O)C"), abs=1e-9)
    with pytest.raises(MoleculeError):
        measure("C1CC")


def test_the_scales_of_a_file_are_means_and_deviations(script, tmp_path, capsys):
    lines = ["C1CCCCCCCC1", "CCO", "CCC"]
    found = script.scales(lines)
    assert found["RINGS_SCALE"] == PropertyScale(1.0, 2**0.5)
    mean = sum(map(logp, lines)) / 3
    assert found["LOGP_SCALE"].mean == pytest.approx(mean, abs=1e-12)
    path = tmp_path / "lines.txt.gz"
    path.write_bytes(gzip.compress("\n".join([*lines, "C1CC"]).encode()))
    script.main(str(path))
    said = capsys.readouterr().out
    assert f"RINGS_SCALE: Final = PropertyScale(1.0, {2**0.5!r})" in said
    assert "3 of 4 lines are molecules" in said


@pytest.mark.slow
@pytest.mark.skipif("LISA_DATA_DIR" not in os.environ, reason="LISA_DATA_DIR names no data")
def test_the_scales_that_are_used_are_those_of_zinc(script):
    path = Path(os.environ["LISA_DATA_DIR"]) / "structured" / "zinc_24k_smiles.txt.gz"
    if not path.is_file():
        pytest.skip(f"{path.name} is not there")
    lines = gzip.decompress(path.read_bytes()).decode().split()
    for name, scale in script.scales(lines).items():
        used = getattr(module, name)
        assert (used.mean, used.deviation) == pytest.approx((scale.mean, scale.deviation), rel=1e-9)
