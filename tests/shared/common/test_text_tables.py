"""Rows in groups, and tables as text."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from shared.common.tables import csv_table, grouped


@given(st.lists(st.integers(-50, 50)))
def test_groups_hold_all_items_in_their_order(items):
    groups = grouped(items, lambda item: item % 3)
    assert list(groups) == list(dict.fromkeys(item % 3 for item in items))
    for key, group in groups.items():
        assert group == [item for item in items if item % 3 == key]


def test_nothing_is_an_empty_cell_of_csv():
    text = csv_table(["name", "value"], [["a, b", 1.5], ["c", None]])
    assert list(csv.reader(io.StringIO(text))) == [["name", "value"], ["a, b", "1.5"], ["c", ""]]
