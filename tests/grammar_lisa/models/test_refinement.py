"""Codes are moved until their sentences come back, within a bound on work."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import EXPR, untrained

from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.sampling import enumerate_derivations, sample_uniform
from grammar_lisa.models.networks import SequenceAutoencoder
from grammar_lisa.models.refinement import PATIENCE, refine

MODEL = untrained(EXPR, 9, dim=6)
PAD = len(MODEL.grammar.rules)
ROWS = to_array(list(enumerate_derivations(MODEL.grammar, 4))[:40], 9, PAD)
CODES = MODEL.encode_rows(ROWS)
VALUES = [0.0, 1.0, -1.0, 3.0, float("nan"), float("inf"), -float("inf")]


@settings(deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_one_pass_tells_what_reading_step_by_step_tells(seed, odd):
    """Also where logits are equal, infinite or no numbers."""
    random = np.random.default_rng(seed)
    logits = torch.from_numpy(
        random.choice(VALUES if odd else VALUES[:4], (30, 9, PAD + 1))
    ).float()
    rows = torch.from_numpy(to_array(sample_uniform(MODEL.grammar, 30, 9, seed), 9, PAD)).long()
    read = MODEL.net.read(logits)
    mixed = torch.where(torch.arange(30)[:, None] % 2 == 0, read, rows)
    expected = (read == mixed).all(1)
    assert expected[::2].all()
    assert torch.equal(MODEL.net.reconstructs(mixed, logits), expected)
    assert torch.equal(SequenceAutoencoder.reconstructs(MODEL.net, mixed, logits), expected)
    chosen = MODEL.net.mask.chosen(logits, rows)
    first = (~chosen).float().argmax(1)
    for row in (~chosen.all(1)).nonzero().squeeze(1).tolist():
        assert torch.equal(read[row, : first[row]], rows[row, : first[row]])
        assert read[row, first[row]] != rows[row, first[row]]


def test_what_is_found_comes_back():
    found = MODEL.refine(ROWS, CODES)
    back = (MODEL.decode_rows(found.codes) == ROWS).all(1)
    before = (MODEL.decode_rows(CODES) == ROWS).all(1)
    assert np.array_equal(found.exact, back)
    assert before.sum() < back.sum()
    assert not found.exhausted
    moved = (found.codes != CODES).any(1)
    assert np.array_equal(moved, back & ~before)
    again = MODEL.refine(ROWS, CODES)
    assert np.array_equal(again.codes, found.codes)
    assert again.work == found.work > 0


def test_the_work_is_bounded_and_more_of_it_finds_no_less():
    whole = MODEL.refine(ROWS, CODES)
    number = []
    for share in (0, 0.05, 0.3, 1):
        found = MODEL.refine(ROWS, CODES, work=share * whole.work * (1 + 1e-9))
        assert found.work <= share * whole.work * (1 + 1e-9)
        assert found.exhausted == (share < 1)
        number.append(found.exact.sum())
    assert number == sorted(number)
    assert number[0] < number[-1] == whole.exact.sum()
    assert np.array_equal(MODEL.refine(ROWS, CODES, work=0).codes, CODES)


def test_what_is_counted_is_the_work_of_the_layers():
    """Two layers of the decoder, a multiplication and an addition for each weight, three times."""
    one = ROWS[~(MODEL.decode_rows(CODES) == ROWS).all(1)][:1]
    found = MODEL.refine(one, MODEL.encode_rows(one), steps=1)
    weights = sum(each.numel() for each in MODEL.net.to_logits.parameters() if each.dim() == 2)
    assert found.work == pytest.approx(3 * 2 * weights / 1e9)


class Deaf(SequenceAutoencoder):
    """Says always the same, so that no code is better than another."""

    length, symbols, dim = 3, 4, 2

    def __init__(self):
        super().__init__()
        self.calls = 0

    def encode(self, x):
        return x.float()[:, :2]

    def decode(self, u):
        self.calls += 1
        return (0 * u).sum(1)[:, None, None].expand(-1, 3, 4)

    def decoder_parameters(self):
        return ()

    def reconstruction_loss(self, x, decoded):
        return decoded.sum((1, 2)) + 5

    def read(self, decoded, *, temperature=0.0, generator=None):
        return decoded.argmax(2)


def test_a_descent_that_leads_nowhere_ends():
    net = Deaf()
    found = refine(net, lambda z: z, np.ones((4, 3)), np.ones((4, 2)))
    assert net.calls == 1 + 1 + PATIENCE + 1
    assert not found.exact.any()
    assert not found.exhausted
    assert found.describe(9) == (
        "4 of 4 sentences do not come back from their codes: no step near them makes them likelier"
    )
    found = refine(net, lambda z: z, np.zeros((4, 3)), np.ones((4, 2)))
    assert found.exact.all()
    assert found.describe(9) == ""


def test_many_rows_are_moved_in_parts():
    rows = np.repeat(ROWS, 60, axis=0)
    codes = np.repeat(CODES, 60, axis=0)
    found = MODEL.refine(rows, codes, steps=10)
    few = MODEL.refine(ROWS, CODES, steps=10)
    assert np.array_equal(found.exact, np.repeat(few.exact, 60))
    np.testing.assert_allclose(found.codes, np.repeat(few.codes, 60, axis=0), atol=1e-4)


def test_encoding_says_what_does_not_come_back():
    texts = MODEL.texts(ROWS)
    notes = []
    codes = MODEL.codes(texts, work=0, notify=notes.append)
    missing = 40 - MODEL.reconstructed(texts, codes).sum()
    (note,) = notes
    assert f"{missing} of 40 sentences do not come back from their codes" in note
    assert "refining was stopped at its bound of 0 billion operations (--refine-work" in note
    assert np.array_equal(MODEL.encode(texts, work=0), MODEL.directions(codes))
    assert MODEL.codes(texts, refine=False, notify=notes.append).shape == (40, 6)
    MODEL.interpolate(*texts[:2], 3, work=0, notify=notes.append)
    assert all("do not come back" in note for note in notes)
