import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest

from grammar_lisa.benchmark.regression_suites import (
    MIXED,
    MIXED_OF,
    STROGATZ_RANGES,
    Problem,
    chosen_problems,
    draw_rows,
    suite,
)
from shared.common.errors import LisaError

HEAD = "name\tformula\tranges\n"


def written(tmp_path, *rows):
    path = tmp_path / "formulas.tsv"
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def problem(**changes):
    made = Problem("line", "2*x+1", ("x",), ((0.0, 10.0),), 200, 50, "here")
    return dataclasses.replace(made, **changes)


@pytest.mark.parametrize(("name", "count"), [("nguyen", 12), ("livermore", 22), ("tables", 24)])
def test_every_problem_gives_finite_rows_of_its_ranges(name, count):
    problems = suite(name)
    assert len({each.name for each in problems}) == count
    for each in problems:
        rows = draw_rows(each, each.noise or 0.0, 3)
        assert len(rows.target) == each.rows
        assert len(rows.test_target) == each.test_rows
        assert np.isfinite(rows.target).all()
        assert np.isfinite(rows.test_target).all()
        for variable, (low, high) in zip(each.variables, each.ranges, strict=True):
            assert low <= rows.points[variable].min() <= rows.points[variable].max() <= high


def test_nguyen_has_the_rows_of_its_definition():
    assert {each.rows for each in suite("nguyen")} == {20}
    assert {each.test_rows for each in suite("nguyen")} == {1000}


def test_noise_is_a_share_of_the_root_mean_square_and_never_on_test_rows():
    clean, noisy = (draw_rows(problem(rows=20_000), share, 1) for share in (0.0, 0.1))
    np.testing.assert_array_equal(clean.points["x"], noisy.points["x"])
    np.testing.assert_array_equal(clean.target, 2 * clean.points["x"] + 1)
    errors = noisy.target - clean.target
    assert errors.std() == pytest.approx(0.1 * np.sqrt(np.square(clean.target).mean()), rel=0.02)
    np.testing.assert_array_equal(noisy.test_target, 2 * noisy.test_points["x"] + 1)


def test_rows_follow_the_seed():
    first, again, other = (draw_rows(problem(), 0.1, seed).target for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_rows_without_a_value_are_drawn_again():
    rows = draw_rows(problem(formula="sqrt(x-9)"), 0.0, 0)
    assert len(rows.target) == 200
    assert rows.points["x"].min() >= 9


def test_a_formula_without_values_is_refused():
    with pytest.raises(LisaError, match="has no value in most of its ranges"):
        draw_rows(problem(formula="log(0-1-x)"), 0.0, 0)


def test_names_and_functions_of_files_become_those_of_expressions(tmp_path):
    path = written(
        tmp_path,
        "feynman_a\tE = m*c**2+ln(e)\tm in [1,2]; c in [1.0,2.0]; e in [2.0,3.0]",
        "feynman_b\ty = arcsin(S)+1/cot(I)*arccos(S)\tS in [0.1,0.9]; I in [0.2,1.0]",
        "strogatz_shearflow1\tx' = cot(y) * cos(x)\t",
    )
    first, second = suite("feynman", path)
    assert first.formula == "m*c_**2+log(e_)"
    points = {"S": np.array([0.5]), "I": np.array([0.3])}
    wanted = np.arcsin(0.5) + np.tan(0.3) * np.arccos(0.5)
    assert second.values(points)[0] == pytest.approx(wanted)
    flow = suite("strogatz", path)[0]
    assert flow.ranges == STROGATZ_RANGES["shearflow"]
    assert flow.values({"x": np.array([0.4]), "y": np.array([0.7])})[0] == pytest.approx(
        np.cos(0.4) / np.tan(0.7)
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("feynman_a\ty = x+\tx in [1,2]", "row 2: 'x\\+' is no formula over x"),
        ("feynman_a\ty = x+z\tx in [1,2]", "row 2: 'x\\+z' is no formula over x"),
        ("feynman_a\ty = x\tx in [2,1]", "'x in \\[2,1\\]' is no range such as"),
        ("feynman_a\ty = x\tx from 1 to 2", "'x from 1 to 2' is no range such as"),
        ("feynman_a\ty = x\tx in [one,2]", "is no range such as"),
        ("feynman_a\ty = x\t", "feynman_a has no ranges, and is none of bacres, "),
        ("other_a\ty = x\tx in [1,2]", "has no formula whose name begins with feynman_"),
    ],
)
def test_unfit_rows_of_files_are_refused_by_place(tmp_path, row, message):
    with pytest.raises(LisaError, match=message):
        suite("feynman", written(tmp_path, row))


def test_unfit_files_are_refused(tmp_path):
    with pytest.raises(LisaError, match="name it with --data FILE"):
        suite("feynman")
    with pytest.raises(LisaError, match="cannot be read"):
        suite("feynman", tmp_path / "missing.tsv")
    path = tmp_path / "formulas.tsv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(LisaError, match="must have the columns name, formula and ranges"):
        suite("feynman", path)


def test_problems_are_chosen_by_name():
    problems = suite("nguyen")
    assert chosen_problems(problems, ()) == problems
    assert [p.name for p in chosen_problems(problems, ["nguyen-3", "nguyen-3"])] == ["nguyen-3"]
    with pytest.raises(LisaError, match="nguyen-13 is none of this suite; valid are nguyen-1, "):
        chosen_problems(problems, ["nguyen-13"])


def public_file():
    path = Path(os.environ.get("LISA_DATA_DIR", "")) / "regression/feynman_strogatz_formulas.tsv"
    if not path.is_file():
        pytest.skip("LISA_DATA_DIR names no folder with regression/feynman_strogatz_formulas.tsv")
    return path


def test_the_mixed_suite_is_always_the_same_part_of_four_others():
    path = public_file()
    mixed, whole = suite("mixed", path), [p for name in MIXED_OF for p in suite(name, path)]
    assert mixed == suite("mixed", path)
    assert len(mixed) == len({each.name for each in mixed}) == MIXED
    assert [each for each in whole if each in mixed] == list(mixed)
    assert {each.name.partition("_")[0].partition("-")[0] for each in mixed} == set(MIXED_OF)
    with pytest.raises(LisaError, match="the formulas of mixed stand in a file"):
        suite("mixed")


def test_the_public_file_is_read_whole():
    path = public_file()
    problems = {each.name: each for name in ("feynman", "strogatz") for each in suite(name, path)}
    assert len(problems) == 119 + 14
    for each in problems.values():
        assert np.isfinite(draw_rows(each, 0.0, 0).target).all()
    m0, v, c = np.array([2.0]), np.array([1.5]), np.array([4.0])
    found = problems["feynman_I_10_7"].values({"m_0": m0, "v": v, "c_": c})
    assert found[0] == pytest.approx(2 / np.sqrt(1 - 1.5**2 / 16))
