"""Files that are written whole or not at all, and checked when they are read."""

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from shared.common.errors import LisaError

_CHECKSUM = 64
"""Characters of a SHA-256 in hexadecimal."""


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


def to_json(value: Any, indent: int | None = None) -> str:
    """A value as JSON; numbers that JSON has not, infinities and NaN, become null."""
    return json.dumps(_plain(value), indent=indent, ensure_ascii=False, allow_nan=False)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically."""
    write_atomically(path, (to_json(value, indent=2) + "\n").encode())


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
    # One entry, as safetensors writes several in an order that changes from call to call.
    sealed = {"record": _checksum(plain, record) + record}
    write_atomically(path, safetensors.torch.save(plain, sealed))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the record of a file that `write_tensors` wrote.

    Raises:
        LisaError: if the file is missing, truncated, of another origin, or was changed since.
    """
    if not path.is_file():
        raise LisaError(f"there is no file {path}")
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            sealed = (file.metadata() or {}).get("record", "")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, OSError) as error:
        raise LisaError(
            f"{path} is damaged or truncated ({error}); restore it from a copy or train again"
        ) from error
    checksum, record = sealed[:_CHECKSUM], sealed[_CHECKSUM:]
    if checksum != _checksum(tensors, record):
        raise LisaError(
            f"{path} is not as it was written: its checksum does not match its content; "
            "restore it from a copy or train again"
        )
    return tensors, json.loads(record)


def _plain(value: Any) -> Any:
    """A value in the types that JSON has."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _checksum(tensors: Mapping[str, Tensor], record: str) -> str:
    digest = hashlib.sha256(record.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name}{tensor.dtype}{tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
