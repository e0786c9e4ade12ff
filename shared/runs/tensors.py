"""Tensors on disk: one safetensors file with a JSON record, which carries its own checksum."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from shared.common.errors import LisaError
from shared.runs.files import write_atomically

_CHECKSUM = 64
"""Characters of a SHA-256 in hexadecimal."""


def write_tensors(path: Path, tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> None:
    """Write tensors and a JSON record as one safetensors file that carries its own checksum."""
    record = json.dumps(dict(meta), sort_keys=True)
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # One entry, as safetensors writes several in an order that changes from call to call.
    sealed = {"record": _checksum(plain, record) + record}
    write_atomically(path, safetensors.torch.save(plain, sealed))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors and the record of a file that `write_tensors` wrote.

    Raises:
        LisaError: The file is missing, truncated, of another origin, or was changed since.
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


def _checksum(tensors: Mapping[str, Tensor], record: str) -> str:
    digest = hashlib.sha256(record.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name}{tensor.dtype}{tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
