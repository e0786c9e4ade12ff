"""Files that are written whole or not at all, and checked when they are read."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from shared.errors import LisaError


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` beside `path`, then rename: a reader finds the old file or the new one.

    Raises:
        LisaError: if the place cannot be written (a full disk, no permission); what was there
            before is untouched.
    """
    temporary: str | None = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        raise LisaError(
            f"cannot write {path}: {error.strerror or error}; what was there is unchanged"
        ) from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically."""
    write_atomically(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def read_json(path: Path) -> Any:
    """The value in a JSON file.

    Raises:
        LisaError: if there is no such file or it is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LisaError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise LisaError(f"{path} is not valid JSON: {error}") from error


def write_tensors(path: Path, tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> None:
    """Write tensors and a JSON record as one safetensors file that carries its own checksum."""
    record = json.dumps(dict(meta), sort_keys=True)
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    metadata = {"record": record, "sha256": _checksum(plain, record)}
    write_atomically(path, safetensors.torch.save(plain, metadata))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the record of a file that `write_tensors` wrote.

    Raises:
        LisaError: if the file is missing, truncated, of another origin, or was changed since.
    """
    if not path.is_file():
        raise LisaError(f"there is no file {path}")
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, OSError) as error:
        raise LisaError(
            f"{path} is damaged or truncated ({error}); restore it from a copy or train again"
        ) from error
    if metadata.get("sha256") != _checksum(tensors, metadata.get("record", "")):
        raise LisaError(
            f"{path} is not as it was written: its checksum does not match its content; "
            "restore it from a copy or train again"
        )
    return tensors, json.loads(metadata["record"])


def _checksum(tensors: Mapping[str, Tensor], record: str) -> str:
    digest = hashlib.sha256(record.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name}{tensor.dtype}{tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
