import json
import math

import pytest

from grammar_lisa.objectives.objective import Evaluated
from grammar_lisa.optimize.history import Evaluation, History
from shared.common.errors import LisaError

HEADER = {"trial": 1, "seed": 5}
FIRST = [Evaluation(1, "x+1", 0.5), Evaluation(1, "λ\n'\"\u2028\x85", 1e-17)]
SECOND = [Evaluation(2, "x", None, "ValueError: “no”")]


@pytest.fixture
def path(tmp_path):
    history = History(tmp_path / "trial.jsonl", HEADER)
    history.append(FIRST)
    history.append(SECOND)
    assert history.evaluations == FIRST + SECOND
    return history.path


def test_a_history_is_read_as_it_was_written(path):
    assert History(path, HEADER).evaluations == FIRST + SECOND
    lines = path.read_text().rstrip("\n").split("\n")
    assert json.loads(lines[0]) == HEADER
    assert len(lines) == 4


def test_an_evaluation_is_what_an_objective_said():
    said = Evaluated("x", None, "took longer than 2 s")
    evaluation = Evaluation.of(3, said)
    assert evaluation == Evaluation(3, "x", None, "took longer than 2 s")
    assert evaluation.evaluated == said
    assert math.isnan(evaluation.value)
    assert Evaluation(1, "x", 0.5).value == 0.5


def test_a_new_history_is_on_the_disk_at_once(tmp_path):
    history = History(tmp_path / "trial.jsonl", HEADER)
    assert history.evaluations == []
    assert json.loads(history.path.read_text()) == HEADER
    history.append([])
    assert len(history.path.read_text().splitlines()) == 1


def test_an_unfinished_line_is_dropped(path):
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rpartition(b"\n")[2] + b"\n"
    for cut in range(1, len(last)):
        path.write_bytes(whole[:-cut])
        history = History(path, HEADER)
        assert history.evaluations == FIRST
        assert path.read_bytes() == whole[: -len(last)]
    history.append(SECOND)
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    ("line", "fragment"),
    [
        ("{", "line 2 is damaged: '{'"),
        ("", "line 2 is damaged"),
        ("5", "line 2 is no evaluation"),
        ('{"round": 1, "sentence": "x", "score": 1.0, "more": 1}', "line 2 is no evaluation"),
        ('{"round": 1, "score": 1.0}', "line 2 is no evaluation"),
        ('{"round": true, "sentence": "x", "score": 1.0}', "line 2 is no evaluation"),
        ('{"round": 1, "sentence": "x", "score": Infinity}', "line 2 is no evaluation"),
        ('{"round": 1, "sentence": "x", "score": null}', "line 2 is no evaluation"),
        ('{"round": 1, "sentence": null, "score": 1.0}', "line 2 is no evaluation"),
    ],
)
def test_a_damaged_line_is_named(path, line, fragment):
    lines = path.read_text().split("\n")
    lines[1] = line
    path.write_text("\n".join(lines))
    with pytest.raises(LisaError, match=r"trial\.jsonl") as caught:
        History(path, HEADER)
    assert fragment in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"nothing", b"\xff\xfe\n", b'{"trial": 2}\n'])
def test_a_file_of_another_search_is_refused_and_kept(path, content):
    path.write_bytes(content)
    with pytest.raises(LisaError, match=r"trial\.jsonl"):
        History(path, HEADER)
    assert path.read_bytes() == content


def test_a_file_that_cannot_be_written_is_named(path):
    history = History(path, HEADER)
    path.unlink()
    path.mkdir()
    with pytest.raises(LisaError, match=r"cannot write .*trial\.jsonl"):
        history.append(SECOND)
    assert history.evaluations == FIRST + SECOND
