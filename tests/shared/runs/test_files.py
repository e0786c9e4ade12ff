"""Files are whole or not there, and damage is found."""

import errno
import json
import os
import stat
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.common.errors import LisaError
from shared.runs.files import read_json, write_atomically, write_json
from shared.runs.tensors import read_tensors, write_tensors


def full_disk(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def stopped(*_):
    raise KeyboardInterrupt


def tensors():
    return {
        "weight": torch.arange(6, dtype=torch.float32).reshape(2, 3),
        "half": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
        "count": torch.tensor(7),
        "none": torch.empty(0, 4),
        "mask": torch.tensor([True, False, True]),
        "rules": torch.tensor([[1, -2]], dtype=torch.int16),
    }


def test_writing_makes_and_replaces_a_file(tmp_path):
    path = tmp_path / "file"
    for content in (b"first", b"the second"):
        write_atomically(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("owner", "name"), [(os, "fsync"), (os, "fdopen"), (Path, "replace"), (Path, "chmod")]
)
@pytest.mark.parametrize(("fault", "raised"), [(full_disk, LisaError), (stopped, BaseException)])
def test_a_failed_write_leaves_the_old_file_and_no_litter(
    tmp_path, monkeypatch, owner, name, fault, raised
):
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, fault)
        with pytest.raises(raised) as caught:
            write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    if raised is LisaError:
        assert str(path) in str(caught.value)
        assert "No space left on device" in str(caught.value)


def test_no_reader_ever_sees_half_a_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"old")
    seen = []
    replace = Path.replace

    def look_then_replace(temporary, target):
        seen.append((path.read_bytes(), temporary.read_bytes(), temporary.parent))
        return replace(temporary, target)

    monkeypatch.setattr(Path, "replace", look_then_replace)
    write_atomically(path, b"new")
    assert seen == [(b"old", b"new", tmp_path)]


def test_a_place_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("no folder")
    for path in (tmp_path / "missing" / "a", tmp_path / "file" / "a", tmp_path):
        with pytest.raises(LisaError, match="cannot write"):
            write_atomically(path, b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_json_round_trip(tmp_path):
    value = {"name": "√x – ü", "list": [1, 2.5, None, True], "deep": {"a": {}}}
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value
    assert "√x – ü" in (tmp_path / "a.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1,}', b"\xff\xfe{}", b'{"a": 1} 2'])
def test_json_that_is_none(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(LisaError, match="is not valid JSON") as caught:
        read_json(path)
    assert str(path) in str(caught.value)


def test_json_that_cannot_be_read(tmp_path):
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(LisaError, match="cannot read"):
            read_json(path)


def test_tensors_round_trip(tmp_path):
    path = tmp_path / "a.safetensors"
    meta = {"step": 3, "text": "√", "rows": [{"loss": 0.1 + 0.2}]}
    write_tensors(path, tensors(), meta)
    found, record = read_tensors(path)
    assert record == meta
    assert found.keys() == tensors().keys()
    for name, tensor in tensors().items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor)


def test_views_and_parameters_can_be_written(tmp_path):
    base = torch.nn.Parameter(torch.rand(4, 3))
    write_tensors(tmp_path / "a", {"t": base.T, "slice": base[1:3]}, {})
    found, _ = read_tensors(tmp_path / "a")
    assert torch.equal(found["t"], base.detach().T)
    assert torch.equal(found["slice"], base.detach()[1:3])


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.text(max_size=5), st.integers(0, 2**62), max_size=4))
def test_any_record_survives(tmp_path_factory, meta):
    path = tmp_path_factory.mktemp("record") / "a"
    write_tensors(path, {"x": torch.ones(1)}, meta)
    assert read_tensors(path)[1] == meta


def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path):
    path = tmp_path / "a.safetensors"
    write_tensors(path, tensors(), {"step": 3})
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(LisaError, match=r"a\.safetensors .*(damaged|checksum)"):
            read_tensors(path)
    path.write_bytes(content + b"\0")
    with pytest.raises(LisaError):
        read_tensors(path)


def test_one_flipped_bit_anywhere_is_found(tmp_path):
    path = tmp_path / "a.safetensors"
    write_tensors(path, tensors(), {"step": 3})
    content = bytearray(path.read_bytes())
    for place in range(len(content)):
        for bit in (0, 3, 5, 7):
            content[place] ^= 1 << bit
            path.write_bytes(content)
            with pytest.raises(LisaError):
                read_tensors(path)
            content[place] ^= 1 << bit


def test_one_inverted_byte_anywhere_is_found(tmp_path):
    path = tmp_path / "a.safetensors"
    write_tensors(path, tensors(), {"step": 3})
    content = bytearray(path.read_bytes())
    for place in range(len(content)):
        content[place] ^= 0xFF
        path.write_bytes(content)
        with pytest.raises(LisaError):
            read_tensors(path)
        content[place] ^= 0xFF


def test_files_of_another_origin_are_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    for metadata in (None, {}, {"format": "pt"}, {"record": "{}"}, {"sha256": "0" * 64}):
        path.write_bytes(safetensors.torch.save(tensors(), metadata))
        with pytest.raises(LisaError, match="checksum"):
            read_tensors(path)
    for content in (b"", b"hello", b"PK\x03\x04" + b"\0" * 100, json.dumps({}).encode()):
        path.write_bytes(content)
        with pytest.raises(LisaError, match="damaged"):
            read_tensors(path)


def test_a_changed_record_is_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    write_tensors(path, {"x": torch.ones(2)}, {"step": 3})
    content = path.read_bytes()
    changed = content.replace(rb"\"step\": 3", rb"\"step\": 4")
    assert changed != content
    path.write_bytes(changed)
    with pytest.raises(LisaError, match="checksum"):
        read_tensors(path)


def test_a_missing_file_is_an_error(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(LisaError, match="there is no file"):
            read_tensors(path)


def test_a_failed_write_of_tensors_leaves_the_old_ones(tmp_path, monkeypatch):
    path = tmp_path / "a"
    write_tensors(path, {"x": torch.zeros(2)}, {"step": 1})
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_disk)
        with pytest.raises(LisaError):
            write_tensors(path, {"x": torch.ones(2)}, {"step": 2})
    found, record = read_tensors(path)
    assert found["x"].tolist() == [0, 0]
    assert record == {"step": 1}
