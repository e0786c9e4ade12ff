import itertools
import math
import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.expressions.expression import POWER
from grammar_lisa.regression.search.archive import Archive, ArchiveEntry
from grammar_lisa.regression.search.tree import Tree, make, open_constant, product, total, variable

EXACT, MOST = 1e-10, 12
X = variable("x")


def entry_of(size, loss, source="here"):
    tree = X
    while tree.size < size:
        tree = Tree("exp", (tree,))
    return ArchiveEntry(tree, loss, source)


losses = st.one_of(st.floats(0, 1), st.floats(-16, 0).map(lambda power: 10.0**power))
entries = st.lists(st.builds(entry_of, st.integers(1, 15), losses), max_size=40)


def filled(some):
    archive = Archive(EXACT, MOST)
    kept = [archive.add(entry) for entry in some]
    return archive, kept


@given(entries)
def test_none_is_longer_and_no_better(some):
    archive, _ = filled(some)
    kept = list(archive)
    sizes = [entry.complexity for entry in kept]
    assert sizes == sorted(set(sizes))
    assert all(size <= MOST for size in sizes)
    assert all(a.loss > b.loss for a, b in itertools.pairwise(kept))
    assert len(archive) == len(kept)


@given(entries)
def test_what_was_offered_is_met_at_no_greater_length(some):
    archive, _ = filled(some)
    for entry in some:
        if entry.complexity <= MOST:
            level = archive.level(entry.complexity)
            assert (1 - 1e-3) * level <= max(entry.loss, EXACT)


@given(entries)
def test_entries_are_those_that_were_offered(some):
    archive, kept = filled(some)
    taken = [entry for entry, is_kept in zip(some, kept, strict=True) if is_kept]
    offered = {(entry.tree, max(entry.loss, EXACT)) for entry in taken}
    assert {(entry.tree, entry.loss) for entry in archive} <= offered
    assert len(archive) <= len(taken)


@given(entries)
def test_the_best_and_the_levels(some):
    archive, _ = filled(some)
    if not len(archive):
        assert archive.best is None
        assert archive.level(100) == math.inf
        return
    assert archive.best == min(archive, key=operator.attrgetter("loss"))
    for size in range(MOST + 2):
        expected = [entry.loss for entry in archive if entry.complexity <= size]
        assert archive.level(size) == min(expected, default=math.inf)


@given(entries)
def test_a_second_offer_changes_nothing(some):
    archive, _ = filled(some)
    before = list(archive)
    assert not any(archive.add(entry) for entry in before)
    assert list(archive) == before


def test_losses_at_the_level_of_rounding_are_equal():
    archive, kept = filled([entry_of(5, 1e-14), entry_of(7, 0.0), entry_of(3, 1e-12)])
    assert kept == [True, False, True]
    assert [(entry.complexity, entry.loss) for entry in archive] == [(3, EXACT)]


def test_small_gains_do_not_count():
    _, kept = filled([entry_of(3, 0.5), entry_of(5, 0.49999), entry_of(5, 0.49)])
    assert kept == [True, False, True]


@pytest.mark.parametrize("loss", [np.nan, np.inf])
def test_undefined_losses_are_not_kept(loss):
    archive, kept = filled([entry_of(3, loss)])
    assert kept == [False]
    assert len(archive) == 0


def test_what_is_too_long_is_not_kept():
    assert filled([entry_of(MOST + 1, 0.1), entry_of(MOST, 0.1)])[1] == [False, True]


def test_of_equal_length_and_loss_plain_formulas_are_kept():
    """A line in years is as good as a power of them, and is what is meant."""
    line = total(product(open_constant(0.02), variable("x")), open_constant(-20.0))
    power = product(open_constant(1e-7), make(POWER, variable("x"), open_constant(2.4)))
    assert line.size == power.size
    for offered in ((line, power), (power, line)):
        archive = Archive(0.0, 30)
        for tree in offered:
            loss = 0.1 if tree is line else 0.0995
            archive.add(ArchiveEntry(tree, loss, ""))
        assert [entry.tree for entry in archive] == [line]
    archive.add(ArchiveEntry(power, 0.09, ""))
    assert [entry.tree for entry in archive] == [power]
