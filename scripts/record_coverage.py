"""Write results/coverage.json from the JSON of coverage on standard input: see scripts/coverage."""

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from environment_record import environment

from shared.runs.files import write_json

OUTPUT = Path(__file__).resolve().parent.parent / "results" / "coverage.json"


def shares(lines: int, of_lines: int, branches: int, of_branches: int) -> dict[str, Any]:
    """How many lines and branches there are, and what per cent of them is reached."""
    return {
        "lines": of_lines,
        "lines_percent": round(100 * lines / max(of_lines, 1), 2),
        "branches": of_branches,
        "branches_percent": round(100 * branches / max(of_branches, 1), 2)
        if of_branches
        else 100.0,
    }


def counts(summary: dict[str, Any]) -> list[int]:
    """Lines reached and there, branches reached and there."""
    names = ("covered_lines", "num_statements", "covered_branches", "num_branches")
    return [summary[name] for name in names]


def main() -> int:
    measured = json.load(sys.stdin)
    packages: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    left: dict[str, Any] = {}
    for name, file in sorted(measured["files"].items()):
        package = (
            "/".join(Path(name).parts[:2]) if len(Path(name).parts) > 2 else Path(name).parts[0]
        )
        own = counts(file["summary"])
        packages[package] = [a + b for a, b in zip(packages[package], own, strict=True)]
        if file["missing_lines"] or file["missing_branches"]:
            left[name] = {
                "lines": ", ".join(map(str, file["missing_lines"])),
                "branches": ", ".join(f"{a}->{b}" for a, b in file["missing_branches"]),
            }
    record = {
        "environment": environment() | {"command": "scripts/coverage"},
        "all": shares(*counts(measured["totals"])),
        "packages": {name: shares(*own) for name, own in sorted(packages.items())},
        "not_reached": left,
    }
    write_json(OUTPUT, record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
