"""Seconds that help, refusals and `check` take in two checkouts, side by side, as JSON.

.venv/bin/python scripts/time_commands.py ../before results/door.json

The first checkout is another one, such as an earlier commit's; the second is this one. Each command
runs in both, one after the other, as often as --repeats says; what is kept is the median of each.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from environment_record import environment

from shared.runs.files import write_json

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = (
    "grammar_lisa --help",
    "grammar_lisa train --help",
    "grammar_lisa bo --help",
    "grammar_lisa benchmark latent-bo --help",
    "grammar_lisa bo --no-such-option",
    "grammar_lisa train --epochs 0",
    "grammar_lisa check grammars/expr.cfg",
    "image_lisa --help",
    "image_lisa train --help",
    "image_lisa sample --count 0",
)


def seconds(checkout: Path, command: str) -> float:
    """The seconds of one command, of a process of its own."""
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", *command.split()],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        check=False,
    )
    return time.monotonic() - began


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("before", type=Path, help="the other checkout")
    arguments.add_argument("output", type=Path, help="the JSON file to write")
    arguments.add_argument("--repeats", type=int, default=5)
    options = arguments.parse_args()
    found = {}
    for command in COMMANDS:
        pairs = [
            (seconds(options.before.resolve(), command), seconds(ROOT, command))
            for _ in range(options.repeats)
        ]
        before, after = (statistics.median(column) for column in zip(*pairs, strict=True))
        found[command] = {"before": round(before, 3), "after": round(after, 3)}
        sys.stdout.write(f"{command}: {before:.2f} s before, {after:.2f} s after\n")
    commit = subprocess.run(
        ["git", "-C", options.before, "rev-parse", "--short=12", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    record = {"environment": environment(), "before": commit.stdout.strip(), "seconds": found}
    write_json(options.output, record)


if __name__ == "__main__":
    main()
