"""What a measurement was made with: the head of every file in results/."""

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from typing import Any

import torch

PACKAGES = ("torch", "numpy", "scipy", "botorch", "gpytorch", "lark", "nltk")


def environment(seed: int = 0) -> dict[str, Any]:
    """Command, commit, versions, threads and seed."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        "command": " ".join(["python", *sys.argv]),
        "commit": commit,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors",
        "threads": torch.get_num_threads(),
        "seed": seed,
        "versions": {name: version(name) for name in PACKAGES},
    }
