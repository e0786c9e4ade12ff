import numpy as np
import pytest
from molecules_at_hand import MOLECULES, needs_rdkit

from grammar_lisa.molecules import judge, qed
from grammar_lisa.molecules import judging as module
from grammar_lisa.molecules.judging import COMPARED, QUANTILES, compare
from shared.common.errors import LisaError

DATA = [MOLECULES[name] for name in ("ethanol", "aspirin", "caffeine", "ibuprofen", "vanillin")]


@needs_rdkit
def test_each_kind_of_text_is_counted_apart():
    drawn = ["OCC", "CCO", "CCN", "NCC", "CCCC", "C1CC", "C1CCC", "CF(C)C"]
    found = judge(drawn, 7, DATA, DATA)
    assert (found.draws, found.sentences, found.molecules) == (8, 7, 5)
    assert found.distinct == 3
    assert found.novel == 2
    assert found.novel_molecules == ["CCN", "CCCC"]
    assert found.fractions == {"sentences": 7 / 8, "valid": 5 / 8, "unique": 3 / 5, "novel": 2 / 3}
    assert list(found.failures.values()) == [2, 1]
    assert set(found.properties) == set(COMPARED)


@needs_rdkit
def test_distributions_lie_beside_each_other():
    drawn = [MOLECULES["aspirin"], MOLECULES["aspirin"], MOLECULES["nicotine"]]
    found = compare(drawn, DATA)["qed"]
    values, known = [qed(text) for text in drawn], [qed(text) for text in DATA]
    assert found.drawn == pytest.approx(np.quantile(values, QUANTILES).tolist())
    assert found.data == pytest.approx(np.quantile(known, QUANTILES).tolist())
    levels = (np.arange(15) + 0.5) / 15  # 3 and 5 values: both quantile functions are steps there
    gap = np.abs(
        np.sort(values)[(levels * 3).astype(int)] - np.sort(known)[(levels * 5).astype(int)]
    )
    assert found.wasserstein == pytest.approx(gap.mean())


@needs_rdkit
def test_the_data_itself_is_at_no_distance_and_not_new():
    found = judge(DATA, len(DATA), DATA, DATA)
    assert found.novel == 0
    # Canonical texts have their atoms in another order, and sums of floats differ by that.
    assert all(each.wasserstein < 1e-9 for each in found.properties.values())


@needs_rdkit
def test_draws_without_a_molecule_are_judged_too():
    found = judge(["C1CC"], 1, DATA, DATA)
    assert found.fractions == {"sentences": 1, "valid": 0, "unique": 0, "novel": 0}
    assert all(each.drawn is each.wasserstein is None for each in found.properties.values())


@needs_rdkit
@pytest.mark.parametrize(
    ("drawn", "data", "message"),
    [
        ([], DATA, "nothing was drawn"),
        (["C"], ["C1CC", "xyz"], "no sentence of the data is a molecule to RDKit, such as .*C1CC"),
        (["C"], [], "no sentence of the data is a molecule"),
    ],
)
def test_what_cannot_be_judged_is_refused(drawn, data, message):
    with pytest.raises(LisaError, match=message):
        judge(drawn, 0, data, data)


def test_a_shift_of_all_values_is_the_distance():
    values = np.array([0.5, 1.0, 4.0, 2.0])
    found = module._compared(values + 3, values)
    assert found.wasserstein == pytest.approx(3)
    assert np.subtract(found.drawn, found.data) == pytest.approx(3)
