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
    table = Table.from_frame(frame, np.array([3.0, 4.0]), np.array([1, 2]))
    assert columns_of(table) == {"Time_s": [1, 2], "e_": [1, 0], "y": [3, 4]}
    assert dict(table.names) == {"Time_s": "Time (s)", "e_": "e", "y": "y"}
    assert table.weights.tolist() == [1, 2]
    assert [values.tolist() for values in table.features.values()] == [[1, 2], [1, 0]]
    assert len(table) == 2


def test_a_table_keeps_no_views_of_what_it_was_given():
    X, y = pd.DataFrame({"x": np.ones(3)}), np.ones(3)
    table = Table.from_frame(X, y)
    X.loc[0, "x"], y[0] = 7, 7
    assert columns_of(table) == {"x": [1, 1, 1], "y": [1, 1, 1]}


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
