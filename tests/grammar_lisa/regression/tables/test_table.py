import tracemalloc

import numpy as np
import pandas as pd
import pytest
from small_tables import PLAIN, columns_of, written

from grammar_lisa.regression import Table, TableOptions, read_split, read_table
from shared.common.errors import LisaError

HUNDRED = "x,w,y\n" + "".join(f"{i},{i + 1},{2 * i}\n" for i in range(100))


def test_a_frame_names_the_columns():
    frame = pd.DataFrame({"Time (s)": [1, 2], "e": [True, False]}, index=[7, 3])
    table = Table.from_frame(frame, pd.Series([3.0, 4.0], name="T"), [1, 2])
    assert columns_of(table) == {"Time_s": [1, 2], "e_": [1, 0], "T": [3, 4]}
    assert dict(table.names) == {"Time_s": "Time (s)", "e_": "e", "T": "T"}
    assert table.weights.tolist() == [1, 2]
    assert [values.tolist() for values in table.features.values()] == [[1, 2], [1, 0]]
    assert len(table) == 2


def test_an_array_numbers_the_columns():
    table = Table.from_frame([[1, 2], [3, 4]], [5, 6])
    assert columns_of(table) == {"x0": [1, 3], "x1": [2, 4], "y": [5, 6]}
    assert table.weights is None


def test_a_table_keeps_no_views_of_what_it_was_given():
    X, y = np.ones((3, 1)), np.ones(3)
    table = Table.from_frame(X, y)
    X[0], y[0] = 7, 7
    assert columns_of(table) == {"x0": [1, 1, 1], "y": [1, 1, 1]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1], [2]], [1]), "X has 2 rows and y has 1; they must agree"),
        (([1, 2], [1, 2]), r"X has shape \(2,\); rows and columns are needed"),
        (([[1], [np.nan]], [1, 2]), "X, column x0, row 1: nan is not finite; 1 such values"),
        (([[1], [2]], [1, np.inf]), "y, row 1: inf is not finite"),
        (([[1], [2]], ["a", "b"]), "y holds something that is not a number"),
        ((pd.DataFrame({"k": ["a", "b"]}), [1, 2]), "X, column k: 'a' is not a number"),
        ((pd.DataFrame(index=[0, 1]), [1, 2]), "X has no columns"),
        (([[1], [2]], [1, 2], [1]), "sample_weight has 1 entries for 2 rows"),
        (([[1], [2]], [1, 2], [1, -1]), "sample_weight must hold no negative weight"),
        (([[1], [2]], [1, 2], [0, 0]), "sample_weight must hold no negative weight, and one above"),
    ],
)
def test_what_is_no_data_is_refused(arguments, message):
    with pytest.raises(LisaError, match=message):
        Table.from_frame(*arguments)


def test_a_share_of_the_rows_is_drawn_by_the_seed(tmp_path):
    path = written(tmp_path, HUNDRED)
    options = TableOptions(test="0.25", weights="w")
    split = read_split(path, options, seed=1)
    assert (len(split.train), len(split.test)) == (75, 25)
    rows = np.sort(np.concatenate([split.train.features["x"], split.test.features["x"]]))
    assert rows.tolist() == list(range(100))
    assert (split.test.weights == split.test.features["x"] + 1).all()
    assert "25 of 100 rows are drawn to test on, 75 to fit" in split.train.notes
    again = read_split(path, options, seed=1)
    assert columns_of(again.test) == columns_of(split.test)
    assert columns_of(read_split(path, options, seed=2).test) != columns_of(split.test)
    assert read_split(path).test is None


def test_three_rows_are_needed_to_fit(tmp_path):
    path = written(tmp_path, "x,y\n1,2\n2,3\n3,4\n4,5\n")
    with pytest.raises(LisaError, match=r"--test 0.5 of 4 rows leaves 2 to fit, and 3 are needed;"):
        read_split(path, TableOptions(test="0.5"))
    assert len(read_split(path, TableOptions(test="0.25")).train) == 3


@pytest.mark.parametrize("share", ["0.01", "0.99"])
def test_a_share_leaves_rows_on_both_sides(tmp_path, share):
    with pytest.raises(LisaError, match=f"--test {share} of 7 rows leaves none"):
        read_split(written(tmp_path, PLAIN), TableOptions(test=share))


def test_a_second_table_is_read_by_the_same_names(tmp_path):
    first = written(tmp_path, 'Time (s),"a, b",T\n1,2,3\n2,3,4\n')
    second = written(tmp_path, 'T,extra,"a, b",Time (s)\n30,x,20,10\n', "test.csv")
    split = read_split(first, TableOptions(test=str(second)))
    assert columns_of(split.test) == {"Time_s": [10], "a_b": [20], "T": [30]}
    third = written(tmp_path, "T,Time (s)\n1,2\n", "third.csv")
    with pytest.raises(LisaError, match=r"third\.csv has no column 'a, b'"):
        read_split(first, TableOptions(test=str(third)))
    with pytest.raises(LisaError, match=r"there is no file gone\.csv"):
        read_split(first, TableOptions(test="gone.csv"))


def test_only_needed_columns_are_looked_at(tmp_path):
    path = written(tmp_path, "x,z,y\n1,,2\n2,bad,3\n3,4,4\n")
    assert read_table(path, needed=["x"]).variables == ("x",)
    with pytest.raises(LisaError, match=r"--expression: .* has no column 'q'"):
        read_table(path, needed=["q"])
    with pytest.raises(LisaError, match="--expression uses y, which is the target"):
        read_table(path, needed=["y"])


def test_a_table_takes_no_more_than_four_times_its_size_in_memory(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "t.csv"
    pd.DataFrame(rng.normal(size=(20_000, 10))).to_csv(path, index=False, header=list("abcdefghij"))
    tracemalloc.start()
    try:
        read_table(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 20_000 * 10 * 8 + 12 * 2**20
