"""What `bo` searches for: the objectives at hand are found by their names."""

import pytest

from grammar_lisa.cli.bo_objective import opened_objective
from grammar_lisa.cli.options.objective import ObjectiveOptions
from shared.common.errors import LisaError


@pytest.fixture
def name(tmp_path):
    path = tmp_path / "years.txt"
    path.write_text("+ 1969\n- dog\n", encoding="utf-8")
    return f"regex:{path}"


def test_a_file_of_examples_makes_an_objective(name):
    with opened_objective(ObjectiveOptions(objective=name), [], 0) as objective:
        scores = objective(["[0-9]{4,}", ".*", "("])
    assert scores[:2].tolist() == pytest.approx([0.045, 0.51])
    assert scores[2] != scores[2]


def test_seconds_each_do_not_go_with_it(name):
    options = ObjectiveOptions(objective=name, seconds_each=1)
    with (
        pytest.raises(LisaError, match="--seconds-each does not go with regex:FILE"),
        opened_objective(options, [], 0),
    ):
        pass


def test_a_file_that_is_not_there_is_refused():
    options = ObjectiveOptions(objective="regex:missing.txt")
    with pytest.raises(LisaError, match="cannot be read"), opened_objective(options, [], 0):
        pass
