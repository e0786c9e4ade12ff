import json

import pytest

from grammar_lisa.search.record import Evaluation, Record
from shared.errors import LisaError

HEADER = {"trial": 1, "seed": 5}
FIRST = [Evaluation(1, "x+1", 0.5), Evaluation(1, "λ\n'\"", 1e-17)]
SECOND = [Evaluation(2, "x", 0.1 + 0.2)]


@pytest.fixture
def path(tmp_path):
    record = Record(tmp_path / "trial.jsonl", HEADER)
    record.append(FIRST)
    record.append(SECOND)
    assert record.evaluations == FIRST + SECOND
    return record.path


def test_a_record_is_read_as_it_was_written(path):
    assert Record(path, HEADER).evaluations == FIRST + SECOND
    lines = path.read_text().splitlines()
    assert json.loads(lines[0]) == HEADER
    assert len(lines) == 4


def test_a_new_record_is_on_the_disk_at_once(tmp_path):
    record = Record(tmp_path / "trial.jsonl", HEADER)
    assert record.evaluations == []
    assert json.loads(record.path.read_text()) == HEADER
    record.append([])
    assert len(record.path.read_text().splitlines()) == 1


def test_an_unfinished_line_is_dropped(path):
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    for cut in range(1, len(last)):
        path.write_bytes(whole[:-cut])
        record = Record(path, HEADER)
        assert record.evaluations == FIRST
        assert path.read_bytes() == whole[: -len(last)]
    record.append(SECOND)
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
        ('{"round": 1, "sentence": null, "score": 1.0}', "line 2 is no evaluation"),
    ],
)
def test_a_damaged_line_is_named(path, line, fragment):
    lines = path.read_text().splitlines()
    lines[1] = line
    path.write_text("\n".join([*lines, ""]))
    with pytest.raises(LisaError, match=r"trial\.jsonl") as caught:
        Record(path, HEADER)
    assert fragment in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"nothing", b"\xff\xfe\n", b'{"trial": 2}\n'])
def test_a_file_of_another_search_is_refused_and_kept(path, content):
    path.write_bytes(content)
    with pytest.raises(LisaError, match=r"trial\.jsonl"):
        Record(path, HEADER)
    assert path.read_bytes() == content


def test_a_place_that_cannot_be_written_is_named(path):
    record = Record(path, HEADER)
    path.unlink()
    path.mkdir()
    with pytest.raises(LisaError, match=r"cannot write .*trial\.jsonl"):
        record.append(SECOND)
    assert record.evaluations == FIRST + SECOND
