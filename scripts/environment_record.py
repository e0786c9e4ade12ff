"""What a measurement was made with: the head of every file in results/."""

import sys
from typing import Any

from shared.environment import environment as versions_and_machine


def environment(seed: int = 0) -> dict[str, Any]:
    """Command, commit, versions, threads and seed."""
    command = " ".join(["python", *sys.argv])
    return {"command": command, "seed": seed, **versions_and_machine()}
