"""Run a command that prints JSON and keep the result with what it was measured with.

.venv/bin/python scripts/record.py results/search.json grammar-lisa bo --trials 5 --json
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from environment_record import environment


def main() -> int:
    if len(sys.argv) < 3 or "--json" not in sys.argv:
        sys.stderr.write("usage: record.py OUTPUT.json COMMAND … --json\n")
        return 2
    output, command = Path(sys.argv[1]), sys.argv[2:]
    program = Path(sys.executable).with_name(command[0])
    began = time.monotonic()
    done = subprocess.run([program, *command[1:]], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return done.returncode
    record = {
        "environment": environment() | {"command": " ".join(command)},
        "seconds": round(time.monotonic() - began, 1),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
        "result": json.loads(done.stdout),
    }
    output.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
