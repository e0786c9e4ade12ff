"""What a result was made with: versions, machine and, in a checkout, the commit."""

import os
import platform
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from shared.common.distribution import DISTRIBUTION

PACKAGES = (
    "torch",
    "numpy",
    "scipy",
    "scikit-learn",
    "lightning-fabric",
    "joblib",
    "botorch",
    "gpytorch",
    "lark",
    "nltk",
)


def environment() -> dict[str, Any]:
    """Return command, commit, versions, machine and threads as JSON values.

    The command is what this process was started with, to be typed again.

    The commit is that of the checkout which the toolkit runs from, with `-dirty` behind it where
    files other than results differ from it, and None where the toolkit is installed elsewhere.
    """
    return {
        "command": command_line(),
        "commit": commit_of(Path(__file__)),
        "version": version(DISTRIBUTION),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
        "machine": f"{platform.machine()}, {os.cpu_count()} processors",
        "threads": torch.get_num_threads(),
    }


def command_line() -> str:
    """Return the command that started this process, without the folder that the program lies in."""
    program = Path(sys.argv[0])
    if program.name == "__main__.py":
        return shlex.join(["python", "-m", program.parent.name, *sys.argv[1:]])
    return shlex.join([program.name, *sys.argv[1:]])


def commit_of(file: Path) -> str | None:
    """Return the commit of the checkout that a file belongs to; None if git does not track it."""
    if _git(file, "ls-files", "--error-unmatch", "--", file.name) is None:
        return None
    commit = _git(file, "rev-parse", "--short=12", "HEAD")
    changed = _git(file, "status", "--porcelain", "--", ":/", ":(top,exclude)results")
    return commit and commit + ("-dirty" if changed else "")


def _git(file: Path, *words: str) -> str | None:
    """Return what git says in a file's folder; None if it is not there or refuses."""
    try:
        done = subprocess.run(
            ["git", "-C", str(file.parent), *words], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return None if done.returncode else done.stdout.strip()
