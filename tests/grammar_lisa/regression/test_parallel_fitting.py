import dataclasses
import os
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import grammar_lisa as gl
from grammar_lisa.regression import parallel_fitting
from grammar_lisa.regression.fit_config import FitConfig
from grammar_lisa.regression.fitting import Fitting, fitting_for
from grammar_lisa.regression.parallel_fitting import (
    LEAD,
    ParallelFitting,
    Standing,
    has_lost,
    winner,
)
from grammar_lisa.regression.search import grammar_search
from grammar_lisa.regression.search.archive import ArchiveEntry
from grammar_lisa.regression.search.operator_search import OperatorSearch
from grammar_lisa.regression.search.tree import make, number, open_constant, variable
from grammar_lisa.regression.tables.table import Table
from shared.common.errors import LisaError

X = np.linspace(0.5, 4, 40)
NOISE = np.random.default_rng(0).normal(size=40)
LINE = make("+", make("*", open_constant(2.5), variable("x0")), number(1 / 3))
FINITE = """# tokens: joined
%start S
S -> T | T '+' T | 'c*' T '+' T
T -> 'c*' V | V '*' V | 'sin(' V ')' | 'exp(' V ')'
V -> 'x0' | 'x1'
"""


def table(y, *columns):
    return Table.from_frame(
        pd.DataFrame({f"x{place}": each for place, each in enumerate(columns or (X,))}), y
    )


def texts(fitting):
    return [each.text for each in fitting.finished()]


def losses(entries):
    return [(entry.tree.text, entry.loss) for entry in entries]


def standing(stages, ending=None, loss=0.5):
    return Standing(stages, ending, [ArchiveEntry(LINE, loss, "here")])


def test_the_fewest_stages_win_and_those_of_the_lead_count_alike():
    assert winner({0: standing(9), 1: standing(20)}) is None
    assert winner({0: standing(9, "time"), 1: standing(20, "searched")}) is None
    assert winner({0: standing(LEAD + 4, "exact"), 1: standing(LEAD + 2, "exact")}) == 1
    assert winner({0: standing(LEAD, "exact"), 1: standing(1, "good enough")}) == 0


def test_a_search_goes_on_while_it_can_still_win():
    standings = {0: standing(LEAD + 5), 2: standing(LEAD + 7, "exact")}
    assert not has_lost(2, LEAD + 7, standings)
    assert not has_lost(0, LEAD + 6, standings)
    assert has_lost(0, LEAD + 7, standings)
    assert has_lost(3, LEAD + 6, standings)
    assert not has_lost(3, LEAD + 5, standings)
    assert not has_lost(0, LEAD + 7, {0: standing(LEAD + 7)})


def test_how_far_a_search_is_goes_through_a_file(tmp_path):
    told = standing(7, "exact", loss=0.1 + 0.2)
    folder = parallel_fitting._Folder(tmp_path)
    folder.tell(11, standing(0))
    folder.tell(2, told)
    found = folder.standings()
    assert list(found) == [2, 11]
    assert found[2][:2] == told[:2]
    (entry,) = found[2].entries
    assert (entry.tree.text, entry.tree.constants()) == (LINE.text, [2.5])
    assert entry.loss == told.entries[0].loss


def test_what_one_search_solves_at_once_is_its_own():
    one, two = (fitting_for(table(X**2 + 1), FitConfig(jobs=jobs)) for jobs in (1, 2))
    assert (type(one), type(two)) == (Fitting, ParallelFitting)
    one.search()
    two.search()
    assert (one.ending, two.ending) == ("exact", "exact")
    assert texts(one) == texts(two)


def test_a_search_that_meets_the_rows_ends_the_others(monkeypatch):
    def others(fitting, folder, deadline):
        folder.tell(1, standing(1, "exact", loss=0.0))

    monkeypatch.setattr(ParallelFitting, "_others", others)
    fitting = ParallelFitting(table(NOISE), FitConfig(jobs=2, max_time=600))
    fitting.search()
    assert fitting.ending == "exact"
    assert [entry.tree.text for entry in fitting._collected()] == [LINE.text]


def test_the_best_of_all_come_together(monkeypatch):
    better = ArchiveEntry(LINE, 1e-3, "there")

    def others(fitting, folder, deadline):
        folder.tell(1, Standing(9, "time", [better]))
        fitting.stop()

    monkeypatch.setattr(ParallelFitting, "_others", others)
    fitting = ParallelFitting(table(NOISE), FitConfig(jobs=2, max_time=600))
    fitting.search()
    assert fitting.ending == "time"
    collected = fitting._collected()
    assert collected[-1].tree.text == LINE.text
    assert len(collected) > 1
    assert all(a.loss > b.loss for a, b in pairwise(collected))


def test_searches_side_by_side_give_the_same_each_time(tmp_path, monkeypatch):
    """The grammar has so few sentences that both searches come to their end."""
    monkeypatch.setattr(grammar_search, "_BLOCK", 20)
    grammar = tmp_path / "finite.cfg"
    grammar.write_text(FINITE)
    rows = table(np.sin(X) + X**2 / 3 + NOISE, X, X[::-1] ** 2)
    config = FitConfig(grammar=str(grammar), max_time=3600, jobs=2)
    both = fitting_for(rows, config)
    both.search()
    assert (both.ending, both.notes) == ("searched", [])
    assert [each.ending for each in both._last.values()] == ["searched", "searched"]
    alone = Fitting(rows, dataclasses.replace(config, jobs=1))
    alone.search()
    assert losses(both._last[0].entries) == losses(alone.entries())
    beside = Fitting(rows, dataclasses.replace(config, jobs=1), number=1)
    monkeypatch.undo()  # no other process has seen the smaller blocks
    beside.search()
    assert losses(both._last[1].entries) == losses(beside.entries())


def test_ctrl_c_ends_all_and_keeps_what_was_found(monkeypatch):
    whole = OperatorSearch.run

    def interrupted(search):
        for stages, stage in enumerate(whole(search), 1):
            yield stage
            if stages > LEAD:
                raise KeyboardInterrupt

    monkeypatch.setattr(OperatorSearch, "run", interrupted)
    fitting = ParallelFitting(table(NOISE), FitConfig(jobs=2, max_time=600))
    fitting.search()
    assert fitting.ending == "interrupted"
    assert fitting.finished()


def test_other_searches_that_fail_are_told_of(tmp_path, monkeypatch):
    def run(searches, shared, backend, *, on_end):
        on_end(searches[0], "MemoryError", None)
        raise LisaError("a process was killed")

    monkeypatch.setattr(parallel_fitting, "run_jobs", run)
    fitting = ParallelFitting(table(NOISE), FitConfig(jobs=3))
    fitting._others(parallel_fitting._Folder(tmp_path), np.inf)
    assert fitting.notes == ["search 1 of 3 failed: MemoryError", "a process was killed"]


def test_a_search_that_begins_when_time_is_over_does_nothing(tmp_path):
    folder = parallel_fitting._Folder(tmp_path)
    shared = parallel_fitting._Shared(table(NOISE), FitConfig(), None, (), -np.inf)
    parallel_fitting._Search(1, folder).do(shared, 1)
    assert folder.standings() == {}


def test_ctrl_c_at_any_moment_of_the_first_search_ends_all(monkeypatch):
    def interrupted(fitting, tell):
        raise KeyboardInterrupt

    monkeypatch.setattr(Fitting, "search", interrupted)
    fitting = ParallelFitting(table(NOISE), FitConfig(jobs=2))
    fitting.search()
    assert fitting.ending == "interrupted"
    assert fitting.finished()


def test_jobs_are_those_of_scikit_learn():
    assert gl.GrammarRegressor(n_jobs=-1)._config().jobs == os.cpu_count()
    assert gl.GrammarRegressor()._config().jobs == 1
    assert gl.GrammarRegressor(n_jobs=3)._config().jobs == 3
    with pytest.raises(LisaError, match="jobs must be from 1 to 1024, not 0"):
        FitConfig(jobs=0).check()
