"""Canonical forms of sentences, and that their monomials add up to outputs."""

import numpy as np
import pytest

from grammar_lisa.expressions.canonical_forms import COLUMNS, canonical_forms, text_forms
from grammar_lisa.expressions.evaluation import evaluate
from grammar_lisa.expressions.reading import Reading
from grammar_lisa.objectives.regression import Regression


def dense(forms):
    """The coefficients in the columns that are used."""
    return forms.monomials[:, np.unique(forms.monomials.indices)].toarray()


def test_keys_are_equal_for_what_is_equal_by_algebra():
    keys = canonical_forms(["x+1", "1+x", "(x+1)*1", "x+2", "x-1", "x-2"], ["x"]).hashes
    assert keys.dtype == np.int64
    assert len(set(keys[:3])) == 1
    assert len(set(keys)) == 4


def test_coefficients_are_those_of_monomials():
    monomials = canonical_forms(["x+1", "2*x", "3-x/2", "sin(x)*3+x+x"], ["x"]).monomials
    assert monomials.shape == (4, COLUMNS)
    one, x, sine = (
        canonical_forms([text], ["x"]).monomials.indices[0] for text in ("1", "x", "sin(x)")
    )
    assert monomials[:, [one, x, sine]].toarray().tolist() == [
        [1, 1, 0],
        [0, 2, 0],
        [3, -0.5, 0],
        [0, 2, 3],
    ]
    assert monomials.nnz == 7


def test_monomials_and_keys_are_those_whichever_sentences_are_beside():
    texts = ["x*sin(x)", "exp(x)+1/3", "x+x"]
    together = canonical_forms(texts, ["x"])
    for row, text in enumerate(texts):
        alone = canonical_forms([text], ["x"])
        assert alone.hashes[0] == together.hashes[row]
        assert (alone.monomials != together.monomials[row]).nnz == 0


def test_what_is_no_expression_is_equal_to_its_own_text_only():
    forms = canonical_forms(["x+", "x+", "+x+", None, "y", "x"], ["x"])
    assert forms.hashes[0] == forms.hashes[1]
    assert len(set(forms.hashes.tolist())) == 5
    assert np.diff(forms.monomials.indptr).tolist() == [0, 0, 0, 0, 0, 1]


def test_of_texts_only_the_texts_are_known():
    forms = text_forms(["x+1", "1+x", "x+1"])
    assert forms.hashes[0] == forms.hashes[2] != forms.hashes[1]
    assert forms.monomials.nnz == 0


def test_there_may_be_no_sentences_at_all():
    forms = canonical_forms([], ["x"])
    assert forms.hashes.shape == (0,)
    assert forms.hashes.dtype == np.int64
    assert forms.monomials.shape == (0, COLUMNS)


def test_coefficients_are_cut_to_a_million():
    monomials = canonical_forms(
        ["exp(2*3*2*2)*x", "-1e300*x", "1e999*x", "999999*x"], ["x"]
    ).monomials
    assert sorted(monomials.data.tolist()) == [-1e6, 1, 999_999, 1e6]


def test_the_objective_tells_the_forms_of_its_variables():
    objective = Regression({"x": [1.0, 2], "y": [0.0, 1]}, [1.0, 2])
    found = objective.language.canonical_forms(["x+y", "z"])
    expected = canonical_forms(["x+y", "z"], ["x", "y"])
    assert found.hashes.tolist() == expected.hashes.tolist()
    assert (found.monomials != expected.monomials).nnz == 0
    assert found.monomials.nnz == 2


def test_monomials_fitted_to_outputs_of_sums_tell_those_of_unseen_sums():
    """What a linear function of the monomials learns of some sums holds exactly of any others."""
    rng = np.random.default_rng(0)
    parts = ["1", "x", "x*x", "sin(x)", "exp(sin(x))", "1/(3+x*x)", "x*sin(x)", "sin(x*x)/x"]

    def drawn():
        some = rng.choice(parts, rng.integers(1, 4), replace=False)
        return "+".join(f"({part})*{rng.integers(1, 4)}" for part in some)

    seen = [drawn() for _ in range(60)]
    unseen = sorted({drawn() for _ in range(40)} - set(seen))
    unseen += ["(x+3)*(sin(x)+1)", "x*(x+sin(x))-1/3", "sin(x*x)/x/3+x-2"]
    assert len(unseen) > 20
    x = np.linspace(-3, 3, 50)
    values = evaluate(seen + unseen, {"x": x})
    coefficients = dense(canonical_forms(seen + unseen, ["x"]))
    assert coefficients.shape[1] == len(parts)
    weights, *_ = np.linalg.lstsq(coefficients[:60], values[:60], rcond=None)
    assert np.allclose(coefficients[60:] @ weights, values[60:], atol=1e-9)


@pytest.mark.parametrize("text", ["x*x+sin(x)/3-2", "(x+1)*(x+2)", "exp(x)"])
def test_a_row_holds_as_many_entries_as_the_sum_has_terms(text):
    assert canonical_forms([text], ["x"]).monomials.nnz == len(Reading(["x"]).monomials(text))
