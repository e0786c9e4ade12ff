"""What a measurement was made with: the head of every file in results/."""

import shlex
import sys
from typing import Any

from shared.runs.environment import environment as versions_and_machine


def environment(seed: int = 0) -> dict[str, Any]:
    """Command, commit, versions, threads and seed."""
    command = shlex.join(["python", *sys.argv])
    return {**versions_and_machine(), "command": command, "seed": seed}
