"""Weights of published networks: files of tensors that are verified before they are read."""

import hashlib
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from shared.common.errors import LisaError


def verify(path: Path, sha256: str, title: str, advice: str) -> None:
    """Refuse a file with another checksum.

    Args:
        path: Of the file of weights.
        sha256: The checksum that it must have.
        title: The name of the network.
        advice: Where the right file comes from.

    Raises:
        LisaError: If the file cannot be read or is another one.
    """
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise LisaError(
            f"cannot read the weights of {title} at {path}: {error.strerror}; {advice}"
        ) from error
    if found != sha256:
        raise LisaError(
            f"{path} is not the file of {title}'s weights: its SHA-256 begins with "
            f"{found[:8]}, not {sha256[:8]}; {advice}"
        )


def read_tensors_of(path: Path) -> Mapping[str, Any]:
    """Return the tensors of a file that torch wrote, by name; nothing in it is run.

    Raises:
        LisaError: If it is no such file.
    """
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, KeyError) as error:
        raise LisaError(f"{path} is not a file of torch tensors") from error
    if not isinstance(tensors, Mapping):
        raise LisaError(f"{path} does not hold tensors by name")
    return tensors


def load_tensors(
    net: nn.Module, tensors: Mapping[str, Any], path: Path, title: str, without: str
) -> None:
    """Load all weights but those of the final classification, which features do not need.

    Args:
        net: The network.
        tensors: Of the file.
        path: Of the file.
        title: The name of the network.
        without: How the names of the final classification begin.

    Raises:
        LisaError: If the tensors are not those of the network.
    """
    given = {name: value for name, value in tensors.items() if not name.startswith(without)}
    expected = net.state_dict()
    # Counters of training steps are not part of older files.
    needed = {name for name in expected if not name.endswith("num_batches_tracked")}
    missing, unknown = sorted(needed - given.keys()), sorted(given.keys() - expected.keys())
    if missing or unknown:
        raise LisaError(
            f"{path} does not hold {title}'s weights: {len(missing)} tensors are missing and "
            f"{len(unknown)} are unknown, e.g. {(missing or unknown)[0]}"
        )
    try:
        net.load_state_dict({**expected, **given})
    except RuntimeError as error:
        raise LisaError(f"{path} holds tensors of other shapes than {title}'s") from error
