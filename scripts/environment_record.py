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
    return {
        "command": " ".join(["python", *sys.argv]),
        "commit": _commit(),
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors",
        "threads": torch.get_num_threads(),
        "seed": seed,
        "versions": {name: version(name) for name in PACKAGES},
    }


def _commit() -> str:
    """The commit that was measured; `-dirty` where anything but results/ differs from it."""
    changed = _git("status", "--porcelain", "--", ".", ":!results")
    return _git("rev-parse", "--short=12", "HEAD") + ("-dirty" if changed else "")


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    return done.stdout.strip()
